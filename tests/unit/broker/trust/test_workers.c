// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=pthread_cond_broadcast

#include "broker/trust/verdict.h"
#include "broker/trust/workers.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* Many jobs, each done once and told once on the owner's thread; a full queue; a pool that is freed. */

static pthread_t owner;
static atomic_uint n_run;
static unsigned n_done, n_cancelled;
static sem_t begun, gate; /* jobs that wait until they are let go */

struct job {
    unsigned in, out;
    unsigned told;
    struct workers *again; /* submitted once more from its callback */
};

static void setup_globals(void)
{
    owner = pthread_self();
    atomic_store(&n_run, 0);
    n_done = n_cancelled = 0;
}

static int setup(void **state)
{
    (void)state;
    setup_globals();
    return sem_init(&begun, 0, 0) == 0 && sem_init(&gate, 0, 0) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return sem_destroy(&begun) == 0 && sem_destroy(&gate) == 0 ? 0 : -1;
}

static void square(void *userdata)
{
    struct job *j = userdata;

    j->out = j->in * j->in;
    (void)atomic_fetch_add(&n_run, 1);
}

static void wait_at_gate(void *userdata)
{
    (void)sem_post(&begun);
    while (sem_wait(&gate) != 0)
        ;
    square(userdata);
}

static void told(void *userdata, int result)
{
    struct job *j = userdata;

    assert_true(pthread_equal(pthread_self(), owner));
    j->told++;
    n_done += result == 0;
    n_cancelled += result == -ECANCELED;
    if (j->again && result == 0) {
        struct workers *w = j->again;

        j->again = NULL;
        assert_int_equal(workers_submit(w, square, told, j), 0);
    }
}

static void wait_readable(const struct workers *w)
{
    struct pollfd p = {.fd = workers_fd(w), .events = POLLIN};

    assert_int_equal(poll(&p, 1, 60000), 1);
}

static void test_many_jobs(void **state)
{
    enum { MANY = 2000 };
    static struct job jobs[MANY];
    struct workers *w;

    (void)state;
    memset(jobs, 0, sizeof(jobs));
    assert_int_equal(workers_new(4, 64, &w), 0);
    for (unsigned i = 0; i < MANY; i++) {
        jobs[i].in = i;
        while (workers_submit(w, square, told, &jobs[i]) == -EAGAIN)
            assert_true(workers_wait(w) < 64);
    }
    while (workers_wait(w) > 0)
        ;
    assert_int_equal(atomic_load(&n_run), MANY);
    assert_int_equal(n_done, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(jobs[i].out, i * i);
        assert_int_equal(jobs[i].told, 1);
    }
    assert_null(workers_free(w));
    assert_int_equal(n_done, MANY);
}

/* As in the broker: the loop polls, and a callback submits anew. */
static void test_told_through_the_loop(void **state)
{
    struct workers *w;
    struct job j = {.in = 3};

    (void)state;
    assert_int_equal(workers_new(0, 4, &w), 0);
    j.again = w;
    assert_int_equal(workers_submit(w, square, told, &j), 0);
    while (j.told < 2) {
        wait_readable(w);
        workers_dispatch(w);
    }
    assert_int_equal(j.out, 9);
    workers_dispatch(w); /* with nothing to tell */
    assert_int_equal(j.told, 2);
    workers_free(w);
}

/* The bound counts what was not told yet, so a slow owner holds submitters back as slow workers do. */
static void test_full_queue(void **state)
{
    struct workers *w;
    struct job jobs[4] = {0};

    (void)state;
    assert_int_equal(workers_new(2, 3, &w), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(workers_submit(w, square, told, &jobs[i]), 0);
    assert_int_equal(workers_submit(w, square, told, &jobs[3]), -EAGAIN);
    while (atomic_load(&n_run) < 3)
        wait_readable(w);
    assert_int_equal(workers_submit(w, square, told, &jobs[3]), -EAGAIN);
    while (workers_wait(w) > 0)
        ;
    assert_int_equal(n_done, 3);
    assert_int_equal(workers_submit(w, square, told, &jobs[3]), 0);
    workers_free(w);
    assert_int_equal(jobs[3].told, 1);
}

static bool lets_go; /* once no other job is begun any more */

extern int __real_pthread_cond_broadcast(pthread_cond_t *c);
extern int __wrap_pthread_cond_broadcast(pthread_cond_t *c);
int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
    if (lets_go)
        (void)sem_post(&gate);
    lets_go = false;
    return __real_pthread_cond_broadcast(c);
}

/* What has begun is waited for, what has not is cancelled, and each is told. */
static void test_freed_with_jobs(void **state)
{
    struct workers *w;
    struct job jobs[5] = {{0}};

    (void)state;
    assert_int_equal(workers_new(1, 8, &w), 0);
    jobs[0].again = w; /* which is refused then */
    jobs[0].in = 5;
    assert_int_equal(workers_submit(w, wait_at_gate, told, &jobs[0]), 0);
    while (sem_wait(&begun) != 0)
        ;
    for (size_t i = 1; i < 5; i++)
        assert_int_equal(workers_submit(w, square, told, &jobs[i]), 0);
    jobs[0].again = NULL;
    lets_go = true;
    workers_free(w);
    assert_int_equal(jobs[0].out, 25);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(jobs[i].told, 1);
    assert_int_equal(n_done, 1);
    assert_int_equal(n_cancelled, 4);
    assert_int_equal(atomic_load(&n_run), 1);
}

static struct workers *being_freed;

static void submits_while_freed(void *userdata, int result)
{
    (void)result;
    assert_int_equal(workers_submit(being_freed, square, told, userdata), -ESHUTDOWN);
    ((struct job *)userdata)->told++;
}

static void test_no_job_while_freed(void **state)
{
    struct job j = {0};

    (void)state;
    assert_int_equal(workers_new(1, 1, &being_freed), 0);
    assert_int_equal(workers_submit(being_freed, square, submits_while_freed, &j), 0);
    workers_free(being_freed);
    assert_int_equal(j.told, 1);
}

/* Two at a time, if there are two threads: the second begins while the first waits. */
static void test_at_once(void **state)
{
    struct workers *w;
    struct job jobs[2] = {{0}};

    (void)state;
    assert_int_equal(workers_new(2, 2, &w), 0);
    assert_int_equal(workers_submit(w, wait_at_gate, told, &jobs[0]), 0);
    assert_int_equal(workers_submit(w, wait_at_gate, told, &jobs[1]), 0);
    while (sem_wait(&begun) != 0)
        ;
    while (sem_wait(&begun) != 0)
        ;
    (void)sem_post(&gate);
    (void)sem_post(&gate);
    workers_free(w);
    assert_int_equal(n_done, 2);
}

static void sees_no_signal(void *userdata)
{
    sigset_t blocked;

    (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    ((struct job *)userdata)->out = (unsigned)(sigismember(&blocked, SIGTERM) == 1);
}

/* Signals are the owner's loop's. */
static void test_signals(void **state)
{
    struct workers *w;
    struct job j = {0};
    sigset_t mine;

    (void)state;
    assert_int_equal(workers_new(1, 1, &w), 0);
    assert_int_equal(workers_submit(w, sees_no_signal, told, &j), 0);
    assert_int_equal(workers_wait(w), 0);
    assert_int_equal(j.out, 1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mine), 0);
    assert_int_equal(sigismember(&mine, SIGTERM), 0);
    workers_free(w);
}

/* ---- with what they are for: one trust set, many verifications at once ---- */

struct verifying {
    const struct trust_set *trust;
    const struct subject *subject;
    struct octets approval;
    struct trust_verdict verdict;
    int result;
};

static void verify(void *userdata)
{
    struct verifying *v = userdata;

    v->result = trust_verdict_make(v->trust, v->subject, v->approval, &v->verdict);
}

static void verified(void *userdata, int result)
{
    const struct verifying *v = userdata;

    assert_int_equal(result, 0);
    assert_int_equal(v->result, 0);
    n_done++;
}

#define KINDS 5 /* one an algorithm, and a forgery */
#define TIMES 20

static void test_verifying_at_once(void **state)
{
    static const enum signature_algorithm algorithms[] = {SIGNATURE_ED25519, SIGNATURE_ECDSA_P256_SHA256,
                                                          SIGNATURE_RSA_PSS_SHA256, SIGNATURE_SM2_SM3};
    static struct verifying jobs[KINDS * TIMES];
    cleanup(department_free_p) struct department *d = department_new();
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup(grant_free_p) struct grant *g = NULL;
    cleanup_free char *text = paper_grant(&(struct grant_plan){0});
    struct signatory signers[ARRAY_SIZE(algorithms)];
    char *approvals[KINDS];
    struct subject subject;
    struct workers *w;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        const char name[] = {(char)('a' + (int)i), 0};

        signers[i] = department_signatory(d, strdup(name), "finance", "leader,unit", algorithms[i]);
        approvals[i] = paper_approval(&(struct approval_plan){.by = &signers[i], .document = text});
    }
    approvals[4] = paper_approval(
        &(struct approval_plan){.by = &signers[0], .document = text, .key = d->anchors[0].key});
    struct trust_plan plan = department_plan(d);
    plan.approvers = signers;
    plan.n_approvers = ARRAY_SIZE(signers);
    cleanup_free char *trust = paper_trust(&plan);
    assert_int_equal(trust_set_new(trust, strlen(trust), &t, NULL), 0);
    assert_int_equal(grant_parse(text, strlen(text), &g, NULL), 0);
    assert_int_equal(subject_of_grant(g, (struct octets){(uint8_t *)text, strlen(text)}, &subject), 0);

    assert_int_equal(workers_new(4, KINDS * TIMES, &w), 0);
    for (size_t i = 0; i < KINDS * TIMES; i++) {
        const char *approval = approvals[i % KINDS];

        jobs[i] = (struct verifying){.trust = trust_set_ref(t),
                                     .subject = &subject,
                                     .approval = {(const uint8_t *)approval, strlen(approval)}};
        assert_int_equal(workers_submit(w, verify, verified, &jobs[i]), 0);
    }
    while (workers_wait(w) > 0)
        ;
    workers_free(w);
    assert_int_equal(n_done, KINDS * TIMES);
    for (size_t i = 0; i < KINDS * TIMES; i++) {
        assert_int_equal(jobs[i].verdict.outcome, i % KINDS == 4 ? SIGNATURE_BAD : SIGNATURE_COUNTED);
        trust_set_free(t);
    }
    for (size_t i = 0; i < KINDS; i++)
        free(approvals[i]);
    for (size_t i = 0; i < ARRAY_SIZE(signers); i++) {
        free((char *)signers[i].person);
        signatory_done(&signers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_jobs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_told_through_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(test_freed_with_jobs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_job_while_freed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_verifying_at_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
