// LINK: -Wl,--wrap=pthread_cond_broadcast -Wl,--wrap=eventfd_write

#include "broker/trust/workers.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <time.h>

/* A worker takes a share of what waits and gives it back at once: what that may not change. */

enum { JOBS = 64 };

static unsigned jobs[JOBS]; /* how often each was told */
static unsigned n_done, n_cancelled;
static atomic_uint n_run, n_written;
static sem_t begun, gate;

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < JOBS; i++)
        jobs[i] = 0;
    n_done = n_cancelled = 0;
    atomic_store(&n_run, 0);
    atomic_store(&n_written, 0);
    return sem_init(&begun, 0, 0) == 0 && sem_init(&gate, 0, 0) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return sem_destroy(&begun) == 0 && sem_destroy(&gate) == 0 ? 0 : -1;
}

extern int __real_eventfd_write(int fd, eventfd_t value);
extern int __wrap_eventfd_write(int fd, eventfd_t value);
int __wrap_eventfd_write(int fd, eventfd_t value)
{
    (void)atomic_fetch_add(&n_written, 1);
    return __real_eventfd_write(fd, value);
}

static void count(void *job)
{
    (void)job;
    (void)atomic_fetch_add(&n_run, 1);
}

static void wait_at_gate(void *job)
{
    (void)sem_post(&begun);
    while (sem_wait(&gate) != 0)
        ;
    count(job);
}

static void told(void *job, int result)
{
    (*(unsigned *)job)++;
    n_done += result == 0;
    n_cancelled += result == -ECANCELED;
}

static void submit(struct workers *w, workers_run *run, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        assert_int_equal(workers_submit(w, run, told, &jobs[i]), 0);
}

static void open_gate(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        (void)sem_post(&gate);
}

/* The bound tells one that never begins from a slow one. */
static void await_begun(unsigned n)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(sem_timedwait(&begun, &until), 0);
}

static bool is_readable(const struct workers *w, int timeout_ms)
{
    struct pollfd p = {.fd = workers_fd(w), .events = POLLIN};

    return poll(&p, 1, timeout_ms) == 1;
}

/* What waits while both are busy is for both: none of the two keeps for later what the other could do now. */
static void test_leaves_others_theirs(void **state)
{
    struct workers *w;

    (void)state;
    assert_int_equal(workers_new(2, JOBS, &w), 0);
    for (unsigned n = 2; n <= JOBS - 2; n += 5) {
        n_done = 0;
        submit(w, wait_at_gate, 0, 2);
        await_begun(2);
        submit(w, wait_at_gate, 2, 2 + n);
        open_gate(2);
        await_begun(2); /* however few they are, two of them are under way */
        open_gate(n);
        await_begun(n - 2);
        while (workers_wait(w) > 0)
            ;
        assert_int_equal(n_done, n + 2);
    }
    workers_free(w);
}

/* A worker that has done the first of 17, and then takes the others as two shares of eight. */
static struct workers *one_with_shares(void)
{
    struct workers *w;

    assert_int_equal(workers_new(1, JOBS, &w), 0);
    submit(w, wait_at_gate, 0, 1);
    await_begun(1);
    submit(w, wait_at_gate, 1, 17);
    open_gate(1);
    return w;
}

/* Told once, of all that was done together, when the last of it is. */
static void test_given_back_together(void **state)
{
    struct workers *w;

    (void)state;
    w = one_with_shares();
    assert_true(is_readable(w, 30000));
    workers_dispatch(w);
    assert_int_equal(n_done, 1);
    await_begun(1); /* the first of a share of eight */
    open_gate(1);
    await_begun(1);
    assert_false(is_readable(w, 0));
    open_gate(7);
    assert_true(is_readable(w, 30000));
    assert_int_equal(atomic_load(&n_written), 2);
    workers_dispatch(w);
    assert_int_equal(n_done, 9);
    open_gate(8);
    while (workers_wait(w) > 0)
        ;
    assert_int_equal(n_done, 17);
    assert_false(is_readable(w, 0));
    workers_free(w);
}

/* Who waited left nothing to read, and whoever polls after that is told of the next again. */
static void test_waits_and_polls(void **state)
{
    struct workers *w;

    (void)state;
    assert_int_equal(workers_new(1, JOBS, &w), 0);
    for (unsigned i = 0; i < 20; i++) {
        submit(w, count, 0, 3);
        while (workers_wait(w) > 0)
            ;
        assert_false(is_readable(w, 0));
        submit(w, count, 3, 4);
        assert_true(is_readable(w, 30000));
        if (i % 2 == 0)
            workers_dispatch(w);
        else
            assert_int_equal(workers_wait(w), 0);
        assert_false(is_readable(w, 0));
    }
    assert_int_equal(n_done, 80);
    workers_free(w);
}

static bool lets_go; /* once no other job is begun any more */

extern int __real_pthread_cond_broadcast(pthread_cond_t *c);
extern int __wrap_pthread_cond_broadcast(pthread_cond_t *c);
int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
    if (lets_go)
        open_gate(JOBS);
    lets_go = false;
    return __real_pthread_cond_broadcast(c);
}

/* What a worker took and did not begin is cancelled, as is what waits. */
static void test_share_is_cancelled(void **state)
{
    struct workers *w;

    (void)state;
    w = one_with_shares();
    await_begun(1); /* the first of a share of eight */
    lets_go = true;
    workers_free(w);
    assert_int_equal(atomic_load(&n_run), 2);
    assert_int_equal(n_done, 2);
    assert_int_equal(n_cancelled, 15);
    for (size_t i = 0; i < 17; i++)
        assert_int_equal(jobs[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_leaves_others_theirs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_given_back_together, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waits_and_polls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_share_is_cancelled, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
