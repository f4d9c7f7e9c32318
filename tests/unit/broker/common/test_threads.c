#include "broker/common/threads.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

static bool is_blocked(int signal)
{
    sigset_t mine;

    (void)pthread_sigmask(SIG_BLOCK, NULL, &mine);
    return sigismember(&mine, signal) == 1;
}

static void *look(void *argument)
{
    bool *blocked = argument;

    *blocked = is_blocked(SIGTERM) && is_blocked(SIGHUP);
    return NULL;
}

static void test_gets_no_signals(void **state)
{
    bool blocked = false;
    pthread_t thread;

    (void)state;
    assert_int_equal(thread_start(&thread, NULL, look, &blocked), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(blocked);
    assert_false(is_blocked(SIGTERM));
}

/* No room for its stack: more than all of the address space. */
static void test_cannot_be_made(void **state)
{
    pthread_attr_t attributes;
    bool blocked = false;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, (size_t)1 << 62), 0);
    assert_int_equal(thread_start(&thread, &attributes, look, &blocked), -EAGAIN);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    assert_false(blocked);
    assert_false(is_blocked(SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gets_no_signals),
        cmocka_unit_test(test_cannot_be_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
