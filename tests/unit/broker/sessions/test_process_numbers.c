// LAYERS: engine document wire common base

#include "broker/common/process.h"
#include "broker/sessions/registry.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Processes that are known by what the kernel counts them by, instead of a start time. */

static void nobody_asks(void *userdata, struct session *s)
{
    (void)userdata;
    (void)s;
}

struct books {
    sd_event *event;
    struct registry *registry;
    struct session *s;
};

static int setup(void **state)
{
    static const struct registry_events events = {nobody_asks, nobody_asks, nobody_asks};
    struct books *x = calloc(1, sizeof(*x));

    assert_true(sd_event_new(&x->event) >= 0);
    assert_int_equal(registry_new(x->event, &events, x, &x->registry), 0);
    x->s = registry_add(x->registry, 1, 20001);
    assert_non_null(x->s);
    (void)strcpy(x->s->service, "sshd");
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct books *x = *state;

    registry_free(x->registry);
    sd_event_unref(x->event);
    free(x);
    return 0;
}

static bool is_found(const struct books *x, uint32_t pid, uint64_t start, uint64_t number)
{
    const struct session_process who = {.pid = pid, .start_time = start, .number = number, .pidfd = -1};

    return registry_find_reservation(x->registry, 20001, &who) == x->s;
}

/* The holder says its start time only when it opens. */
static void test_holder_is_known_by_number(void **state)
{
    struct books *x = *state;
    uint32_t pid = (uint32_t)getpid();

    x->s->leader = (struct session_process){.pid = pid, .number = 7, .pidfd = process_pidfd(getpid())};
    assert_int_equal(registry_watch_holder(x->s), 0);
    assert_true(is_found(x, pid, 0, 7));
    assert_true(is_found(x, pid, 1000, 7));
    assert_false(is_found(x, pid, 0, 8)); /* that pid, reused */
    assert_false(is_found(x, pid, 1000, 8));
    assert_true(is_found(x, pid, 1000, 0)); /* its pidfd has not fired */
    assert_false(is_found(x, pid + 1, 0, 7));
}

/* After a restart there is no pidfd until it is settled. */
static void test_one_of_before_is_known_by_number(void **state)
{
    struct books *x = *state;

    x->s->settled = false;
    session_process_take_mark(&x->s->leader, session_process_mark(&(struct session_process){.number = 7}));
    session_process_take_mark(&x->s->parent, session_process_mark(&(struct session_process){.number = 9}));
    x->s->leader.pid = 300;
    x->s->parent.pid = 200;
    registry_set_holder(x->s);
    assert_true(is_found(x, 300, 1000, 7));
    assert_true(is_found(x, 200, 1000, 9));
    assert_false(is_found(x, 300, 1000, 9));
    assert_false(is_found(x, 300, 1000, 0));
    assert_false(is_found(x, 300, 0, 0));
    x->s->settled = true;
    assert_false(is_found(x, 300, 1000, 7));
}

static void test_marks(void **state)
{
    static const struct session_process rows[] = {
        {.start_time = 0}, {.start_time = 567890}, {.start_time = ((uint64_t)1 << 62) - 1},
        {.number = 1},     {.number = 11223344},   {.start_time = UINT64_MAX}};
    struct session_process p;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        p = (struct session_process){.start_time = 99, .number = 99};
        session_process_take_mark(&p, session_process_mark(&rows[i]));
        assert_int_equal(p.start_time, rows[i].start_time);
        assert_int_equal(p.number, rows[i].number);
    }
    assert_int_not_equal(session_process_mark(&(struct session_process){.number = 5}), 5);
}

/* Each process has its own, whoever asks, and keeps it. Before Linux 6.9 they all have one. */
static void test_the_kernel_counts(void **state)
{
    int self = process_pidfd(getpid()), again = process_pidfd(getpid()), other;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    other = process_pidfd(child);
    assert_true(self >= 0 && again >= 0 && other >= 0);
    assert_int_equal(process_number(self), process_number(again));
    assert_int_equal(process_is_counted(), process_number(self) != process_number(other));
    assert_int_equal(process_number(-1), 0);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    (void)close(self);
    (void)close(again);
    (void)close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_holder_is_known_by_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_of_before_is_known_by_number, setup, teardown),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_the_kernel_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
