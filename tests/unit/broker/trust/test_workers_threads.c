// LINK: -Wl,--wrap=sched_getaffinity -Wl,--wrap=pthread_create

#include "broker/trust/workers.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

/* How many threads a pool has. */

static int processors = -1;          /* that this process may use; -1: as it is */
static unsigned threads_left = 1000; /* that the kernel has for us */
static unsigned n_threads;

extern int __real_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
extern int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    assert_int_equal(pid, 0); /* ours */
    if (processors < 0)
        return __real_sched_getaffinity(pid, size, set);
    CPU_ZERO_S(size, set);
    for (int i = 0; i < processors; i++)
        CPU_SET_S((size_t)i, size, set);
    return processors > 0 ? 0 : -1;
}

extern int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                                 void *userdata);
extern int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                                 void *userdata);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *userdata)
{
    if (threads_left == 0)
        return EAGAIN;
    threads_left--;
    n_threads++;
    return __real_pthread_create(thread, attributes, run, userdata);
}

static void run(void *ran)
{
    *(bool *)ran = true;
}

static void told(void *ran, int result)
{
    (void)ran;
    assert_int_equal(result, 0);
}

/* How many threads a pool has that wants `wanted` of them, on so many processors; and that it works. */
static unsigned threads_of(size_t wanted, int on, unsigned there_are)
{
    struct workers *w = (struct workers *)&processors;
    bool ran = false;
    int fd, r;

    processors = on;
    threads_left = there_are;
    n_threads = 0;
    r = workers_new(wanted, 1, &w);
    processors = -1;
    threads_left = 1000;
    if (n_threads == 0) {
        assert_int_equal(r, -EAGAIN);
        assert_null(w);
        return 0;
    }
    assert_int_equal(r, 0);
    assert_int_equal(workers_submit(w, run, told, &ran), 0);
    assert_int_equal(workers_wait(w), 0);
    assert_true(ran);
    fd = workers_fd(w);
    workers_free(w);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    return n_threads;
}

static void test_threads(void **state)
{
    (void)state;
    assert_int_equal(threads_of(0, 3, 1000), 3);
    assert_int_equal(threads_of(0, 1, 1000), 1);
    assert_int_equal(threads_of(0, 0, 1000), 1); /* not told */
    assert_int_equal(threads_of(0, WORKERS_MAX + 4, 1000), WORKERS_MAX);
    assert_int_equal(threads_of(2, 3, 1000), 2);
    assert_int_equal(threads_of(WORKERS_MAX + 1, 3, 1000), WORKERS_MAX);
    /* Fewer than wanted do as well, and none does not. */
    assert_int_equal(threads_of(2, 3, 1), 1);
    assert_int_equal(threads_of(2, 3, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
