// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=sd_event_add_time_relative

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/world.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What the loop does while signatures are being verified: the library is held up on every thread but the
 * loop's, until it is let go. */

static pthread_t owner;
static atomic_uint begun, verified, verified_by_owner;
static atomic_bool held;
static sem_t gate;

int __real_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size)
{
    bool mine = pthread_equal(pthread_self(), owner) != 0;

    (void)atomic_fetch_add(&begun, 1);
    if (mine)
        (void)atomic_fetch_add(&verified_by_owner, 1);
    while (!mine && atomic_load(&held))
        if (sem_wait(&gate) == 0)
            break;
    (void)atomic_fetch_add(&verified, 1);
    return __real_EVP_DigestVerify(ctx, s, size, tbs, tbs_size);
}

static void hold(void)
{
    atomic_store(&held, true);
}

static void let_go(void)
{
    atomic_store(&held, false);
    for (int i = 0; i < 64; i++)
        (void)sem_post(&gate);
}

#define ORDER_PATIENCE_US 10500000 /* orders.c */

static bool impatient; /* an order is no longer waited for at all */

int __real_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata)
{
    if (impatient && us >= ORDER_PATIENCE_US)
        us = 0;
    return __real_sd_event_add_time_relative(event, ret, clock, us, accuracy, call, userdata);
}

static int setup(void **state)
{
    owner = pthread_self();
    atomic_store(&held, false);
    impatient = false;
    must(sem_init(&gate, 0, 0) == 0);
    if (world_setup(state) < 0)
        return -1;
    atomic_store(&begun, 0);
    atomic_store(&verified, 0);
    atomic_store(&verified_by_owner, 0);
    return 0;
}

static int teardown(void **state)
{
    let_go();
    return world_teardown(state);
}

static bool has_begun(struct world *w, void *userdata)
{
    (void)w;
    return atomic_load(&begun) >= *(unsigned *)userdata;
}

static void until_begun(struct world *w, unsigned n)
{
    world_until(w, has_begun, &n);
}

/* A grant and what two sign of it. */
struct papers_of {
    char *document, *one, *two;
};

static struct papers_of papers_new_of(struct world *w, struct grant_plan plan)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], about[64];
    struct papers_of p;

    when_format(clock_wall() - 3600, from);
    when_format(clock_wall() + 3600, until);
    plan.from = from;
    plan.until = until;
    (void)snprintf(about, sizeof(about), "grant %s %u", plan.id ? plan.id : PAPERS_ID,
                   plan.version ? plan.version : 3);
    p.document = paper_grant(&plan);
    p.one = paper_approval(&(struct approval_plan){
        .by = &w->department->approvers[DEPARTMENT_LEADER], .document = p.document, .about = about});
    p.two = paper_approval(&(struct approval_plan){
        .by = &w->department->approvers[DEPARTMENT_UNIT], .document = p.document, .about = about});
    return p;
}

static void papers_done(struct papers_of *p)
{
    free(p->document);
    free(p->one);
    free(p->two);
}

static int begin(struct world *w, const struct papers_of *p)
{
    return world_begin_call(w, "DocumentAdd",
                            json_pack("{ss s[ss]}", "document", p->document, "approvals", p->one, p->two));
}

static void assert_state(struct world *w, int fd, const char *state)
{
    struct varlink_reply r = world_take_reply(w, fd);

    if (r.error)
        fail_msg("%s %s", r.error, json_dumps(r.parameters, 0));
    assert_string_equal(json_string_value(json_object_get(r.parameters, "state")), state);
    varlink_reply_done(&r);
}

static void assert_refused(struct world *w, int fd, const char *reason)
{
    struct varlink_reply r = world_take_reply(w, fd);

    assert_string_equal(r.error ? r.error : "", "org.hufu.control.Refused");
    assert_string_equal(json_string_value(json_object_get(r.parameters, "reason")), reason);
    varlink_reply_done(&r);
}

/* Logins are answered meanwhile: by the grant that is there, and not by the one that is not verified yet. */
static void test_gate_answers_meanwhile(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct papers_of p = papers_new_of(w, (struct grant_plan){0});
    struct varlink_reply r;
    int fd;

    hold();
    fd = begin(w, &p);
    until_begun(w, 1);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_GRANT);
    r = world_call(w, "Status", json_object());
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_false(world_has_answer(w, fd));
    let_go();
    assert_state(w, fd, "ok");
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(atomic_load(&verified_by_owner), 0);
    visitor_end(&v);
    papers_done(&p);
}

/* The patience that is had with what ends is not used up by verifying, which may take longer. */
static void test_takes_long(void **state)
{
    struct world *w = *state;
    struct papers_of p = papers_new_of(w, (struct grant_plan){0});
    int fd;

    hold();
    impatient = true;
    fd = begin(w, &p);
    until_begun(w, 1);
    world_for(w, 50);
    impatient = false;
    assert_false(world_has_answer(w, fd));
    let_go();
    assert_state(w, fd, "ok");
    papers_done(&p);
}

/* The second waits for what the first has verified. */
static void test_same_document_twice_at_once(void **state)
{
    struct world *w = *state;
    struct papers_of p = papers_new_of(w, (struct grant_plan){0});
    int first, second;

    hold();
    first = begin(w, &p);
    until_begun(w, 1);
    second = begin(w, &p);
    world_for(w, 50);
    assert_int_equal(atomic_load(&begun), 1);
    let_go();
    assert_state(w, first, "ok");
    assert_state(w, second, "ok");
    assert_int_equal(atomic_load(&verified), 2);
    papers_done(&p);
}

/* Who asked has hung up: what was signed is taken in all the same. */
static void test_caller_is_gone(void **state)
{
    struct world *w = *state;
    struct papers_of p = papers_new_of(w, (struct grant_plan){0});
    int fd;

    hold();
    fd = begin(w, &p);
    until_begun(w, 1);
    close_fd(fd);
    world_for(w, 50);
    let_go();
    while (atomic_load(&verified) < 2)
        world_for(w, 10);
    world_for(w, 50);
    assert_non_null(grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF));
    papers_done(&p);
}

static void *let_go_later(void *userdata)
{
    (void)userdata;
    let_go();
    return NULL;
}

/* What has begun is waited for, and then nothing is taken in any more. */
static void test_stop_meanwhile(void **state)
{
    struct world *w = *state;
    struct papers_of p = papers_new_of(w, (struct grant_plan){0});
    struct papers_of q = papers_new_of(w, (struct grant_plan){.id = "00000000000000000000000000000001"});
    pthread_t thread;
    int first, same, second;

    hold();
    first = begin(w, &p);
    same = begin(w, &p);
    second = begin(w, &q);
    until_begun(w, 1);
    world_for(w, 50);
    must(pthread_create(&thread, NULL, let_go_later, NULL) == 0);
    world_stop(w);
    must(pthread_join(thread, NULL) == 0);
    assert_refused(w, first, "stopping");
    assert_refused(w, same, "stopping");
    assert_refused(w, second, "stopping");
    world_start(w);
    assert_null(grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF));
    papers_done(&p);
    papers_done(&q);
}

#define MANY 100

static void on_prepared(void *userdata, int result)
{
    assert_int_equal(result, 0);
    ++*(unsigned *)userdata;
}

static bool are_prepared(struct world *w, void *userdata)
{
    (void)w;
    return *(unsigned *)userdata == MANY;
}

static void prepare(struct world *w, const struct papers_of *p, unsigned *n_done)
{
    const struct octets approvals[] = {{(uint8_t *)p->one, strlen(p->one)},
                                       {(uint8_t *)p->two, strlen(p->two)}};
    cleanup(grant_free_p) struct grant *g = NULL;
    struct subject subject;

    assert_int_equal(grant_parse(p->document, strlen(p->document), &g, NULL), 0);
    assert_int_equal(
        subject_of_grant(g, (struct octets){(uint8_t *)p->document, strlen(p->document)}, &subject), 0);
    verifier_prepare(w->broker->verifier, w->broker->trust, &subject, approvals, 2, on_prepared, n_done);
}

/* More than the workers take at a time: all come through, and what was copied is not looked at any more. */
static void test_many_at_once(void **state)
{
    struct world *w = *state;
    unsigned n_done = 0;

    hold();
    for (unsigned i = 0; i < MANY; i++) {
        char id[IDENT_ID_TEXT_SIZE];
        struct papers_of p;

        (void)snprintf(id, sizeof(id), "%032x", i + 1);
        p = papers_new_of(w, (struct grant_plan){.id = id});
        prepare(w, &p, &n_done);
        papers_done(&p);
    }
    assert_int_equal(n_done, 0);
    let_go();
    world_until(w, are_prepared, &n_done);
    assert_int_equal(atomic_load(&verified), 2 * MANY);
    assert_int_equal(atomic_load(&verified_by_owner), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gate_answers_meanwhile), TEST(test_takes_long),     TEST(test_same_document_twice_at_once),
        TEST(test_caller_is_gone),         TEST(test_stop_meanwhile), TEST(test_many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
