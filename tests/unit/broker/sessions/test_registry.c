// LAYERS: engine document wire common base

#include "broker/common/clock.h"
#include "broker/common/process.h"
#include "broker/sessions/keys.h"
#include "broker/sessions/registry.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Sessions, reservations and their processes: real children, real pidfds. */

struct seen {
    sd_event *event;
    struct registry *registry;
    unsigned leaders, holders, dues;
    struct session *last;
};

static void on_leader(void *userdata, struct session *s)
{
    struct seen *x = userdata;

    x->leaders++;
    x->last = s;
}

static void on_holder(void *userdata, struct session *s)
{
    struct seen *x = userdata;

    x->holders++;
    x->last = s;
}

static void on_due(void *userdata, struct session *s)
{
    struct seen *x = userdata;

    x->dues++;
    x->last = s;
    s->warn_next = WHEN_NEVER;
    s->deadline = 0;
    assert_int_equal(registry_arm(s), 0);
}

static int setup(void **state)
{
    static const struct registry_events events = {on_leader, on_holder, on_due};
    struct seen *x = calloc(1, sizeof(*x));

    assert_true(sd_event_new(&x->event) >= 0);
    assert_int_equal(registry_new(x->event, &events, x, &x->registry), 0);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct seen *x = *state;

    registry_free(x->registry);
    sd_event_unref(x->event);
    free(x);
    return 0;
}

static void turn(struct seen *x, unsigned milliseconds)
{
    uint64_t until = clock_boot_us() + (uint64_t)milliseconds * 1000;

    while (clock_boot_us() < until)
        assert_true(sd_event_run(x->event, 5000) >= 0);
}

static pid_t child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static void end(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct session_process process(pid_t pid, uint64_t start)
{
    int pidfd = process_pidfd(pid);

    assert_true(pidfd >= 0);
    return (struct session_process){.pid = (uint32_t)pid, .start_time = start, .pidfd = pidfd};
}

static struct session *reserve(struct seen *x, uint64_t number, const char *service, pid_t holder,
                               pid_t parent)
{
    struct session *s = registry_add(x->registry, number, 20001);

    assert_non_null(s);
    (void)snprintf(s->service, sizeof(s->service), "%s", service);
    s->leader = process(holder, 100);
    if (parent)
        s->parent = process(parent, 50);
    assert_int_equal(registry_watch_holder(s), 0);
    return s;
}

static struct session *find(const struct seen *x, uint32_t uid, uint32_t pid, uint64_t start)
{
    return registry_find_reservation(x->registry, uid,
                                     &(struct session_process){.pid = pid, .start_time = start});
}

static void test_reservation_goes_with_its_holder(void **state)
{
    struct seen *x = *state;
    pid_t holder = child();
    struct session *s = reserve(x, 1, "login", holder, 0);

    turn(x, 20);
    assert_int_equal(x->holders, 0);
    assert_ptr_equal(find(x, 20001, (uint32_t)holder, 100), s);
    assert_null(find(x, 20001, (uint32_t)holder, 101)); /* that pid, reused */
    assert_null(find(x, 20002, (uint32_t)holder, 100));
    end(holder);
    turn(x, 20);
    assert_int_equal(x->holders, 1);
    assert_ptr_equal(x->last, s);
}

static void test_parent_may_open_after_the_holder(void **state)
{
    struct seen *x = *state;
    pid_t holder = child(), parent = child();
    struct session *s = reserve(x, 1, "sshd", holder, parent);

    end(holder);
    turn(x, 20);
    assert_int_equal(x->holders, 0);
    assert_null(find(x, 20001, (uint32_t)holder, 100));
    assert_ptr_equal(find(x, 20001, (uint32_t)parent, 50), s);
    end(parent);
    turn(x, 20);
    assert_int_equal(x->holders, 1);
}

/* Only sshd opens a session from another process than the one that asked. */
static void test_parent_of_another_service_may_not(void **state)
{
    struct seen *x = *state;
    pid_t holder = child(), parent = child();

    reserve(x, 1, "login", holder, parent);
    assert_null(find(x, 20001, (uint32_t)parent, 50));
    end(holder);
    end(parent);
}

/* Many of one person's, one of them this process's; and each is found as what it is now. */
static void test_one_among_many(void **state)
{
    struct seen *x = *state;
    pid_t holder = child(), parent = child(), other = child();
    struct session *s = reserve(x, 1, "sshd", holder, parent);

    for (uint64_t i = 2; i < 200; i++)
        reserve(x, i, "sshd", other, other);
    assert_ptr_equal(find(x, 20001, (uint32_t)holder, 100), s);
    assert_ptr_equal(find(x, 20001, (uint32_t)parent, 50), s);
    assert_int_equal(registry_count(x->registry, 20001, SESSION_BIT(SESSION_RESERVED), NULL), 199);
    assert_false(registry_is_ending(x->registry, 20001));
    s->channels = 5;
    registry_set_state(s, SESSION_ENDING);
    assert_null(find(x, 20001, (uint32_t)holder, 100));
    assert_null(find(x, 20001, (uint32_t)parent, 50));
    assert_int_equal(registry_count(x->registry, 20001, SESSION_BIT(SESSION_RESERVED), NULL), 198);
    assert_int_equal(registry_count(x->registry, 20001, SESSION_ANY, NULL), 199);
    assert_int_equal(registry_channels(x->registry, 20001, SESSION_BIT(SESSION_ENDING)), 5);
    assert_int_equal(registry_channels(x->registry, 20001, SESSION_BIT(SESSION_RESERVED)), 0);
    assert_true(registry_is_ending(x->registry, 20001));
    assert_false(registry_is_ending(x->registry, 20002));
    registry_remove(s);
    assert_false(registry_is_ending(x->registry, 20001));
    end(holder);
    end(parent);
    end(other);
}

/* A process that asked, and whose child asked after it, opens what the child was promised; or the other way
 * round. */
static void test_the_later_of_two(void **state)
{
    struct seen *x = *state;
    pid_t holder = child(), parent = child();
    struct session *first = reserve(x, 1, "sshd", parent, holder),
                   *second = reserve(x, 2, "sshd", holder, parent);

    first->leader.start_time = first->parent.start_time = second->leader.start_time = 50;
    assert_ptr_equal(find(x, 20001, (uint32_t)parent, 50), second);
    assert_ptr_equal(find(x, 20001, (uint32_t)holder, 50), second);
    registry_set_state(second, SESSION_OPEN);
    assert_ptr_equal(find(x, 20001, (uint32_t)parent, 50), first);
    assert_ptr_equal(find(x, 20001, (uint32_t)holder, 50), first);
    end(holder);
    end(parent);
}

/* One that was read from the store has no pidfd yet: it is known by pid and start time, and its parent's. */
static void test_one_of_before(void **state)
{
    struct seen *x = *state;
    struct session *s = registry_add(x->registry, 1, 20001);

    (void)snprintf(s->service, sizeof(s->service), "sshd");
    s->leader = (struct session_process){.pid = 300, .start_time = 100, .pidfd = -1};
    s->parent = (struct session_process){.pid = 200, .start_time = 50, .pidfd = -1};
    s->settled = false;
    registry_set_holder(s);
    assert_ptr_equal(find(x, 20001, 300, 100), s);
    assert_ptr_equal(find(x, 20001, 200, 50), s);
    assert_null(find(x, 20001, 300, 0));
    s->settled = true;
    assert_null(find(x, 20001, 300, 100));
}

static void test_bound_session_tells_of_its_leader_alone(void **state)
{
    struct seen *x = *state;
    pid_t holder = child(), leader = child();
    struct session *s = reserve(x, 1, "sshd", holder, leader);

    registry_set_state(s, SESSION_OPEN);
    assert_int_equal(registry_bind_leader(s, process(leader, 50)), 0);
    assert_null(find(x, 20001, (uint32_t)leader, 50)); /* it is one no longer */
    end(holder);
    turn(x, 20);
    assert_int_equal(x->leaders + x->holders, 0);
    end(leader);
    turn(x, 20);
    assert_int_equal(x->leaders, 1);
    assert_int_equal(x->holders, 0);
}

static void test_current_session(void **state)
{
    struct seen *x = *state;
    struct session *one = registry_add(x->registry, 1, 20001), *two;

    one->uid = 20001;
    one->audit_session = 7;
    assert_null(registry_find_current(x->registry, 20001, 7)); /* reserved is not live */
    registry_set_state(one, SESSION_OPEN);
    assert_ptr_equal(registry_find_current(x->registry, 20001, 7), one);
    assert_ptr_equal(registry_find_current(x->registry, 20001, UINT32_MAX), one); /* the only one */
    two = registry_add(x->registry, 2, 20001);
    two->uid = 20001;
    registry_set_state(two, SESSION_OPEN);
    two->audit_session = 8;
    assert_ptr_equal(registry_find_current(x->registry, 20001, 8), two);
    assert_null(registry_find_current(x->registry, 20001, UINT32_MAX));
    assert_null(registry_find_current(x->registry, 20001, 9));
    assert_null(registry_find_current(x->registry, 20002, 7));
    assert_int_equal(registry_count(x->registry, 20001, SESSION_ANY, one), 1);
    assert_int_equal(registry_count(x->registry, 20001, SESSION_BIT(SESSION_OPEN), NULL), 2);
    assert_int_equal(registry_count(x->registry, 20001, SESSION_BIT(SESSION_ENDING), NULL), 0);
}

static void test_due(void **state)
{
    struct seen *x = *state;
    struct session *s = registry_add(x->registry, 1, 20001);

    s->deadline = clock_wall() + 1;
    s->warn_next = WHEN_NEVER;
    assert_int_equal(registry_arm(s), 0);
    turn(x, 1100);
    assert_int_equal(x->dues, 1);
}

/* The wall clock was set back by an hour since the session began: the boot clock still ends it in time. */
static void test_due_by_the_boot_clock(void **state)
{
    struct seen *x = *state;
    struct session *s = registry_add(x->registry, 1, 20001);

    s->wall_base_us += (int64_t)3600 * 1000000;
    s->deadline = s->wall_base_us / 1000000 + 1;
    assert_int_equal(registry_arm(s), 0);
    turn(x, 1100);
    assert_int_equal(x->dues, 1);
    assert_true(session_now(s, clock_wall_us(), clock_boot_us()) >= clock_wall() + 3600);
}

/* The wall clock was set forward: it counts. */
static void test_due_by_the_wall_clock(void **state)
{
    struct seen *x = *state;
    struct session *s = registry_add(x->registry, 1, 20001);

    s->wall_base_us -= (int64_t)3600 * 1000000;
    s->deadline = clock_wall() + 1;
    assert_int_equal(registry_arm(s), 0);
    turn(x, 1100);
    assert_int_equal(x->dues, 1);
}

static void test_unwatched_is_silent(void **state)
{
    struct seen *x = *state;
    pid_t leader = child();
    struct session *s = registry_add(x->registry, 1, 20001);

    assert_int_equal(registry_bind_leader(s, process(leader, 1)), 0);
    s->deadline = clock_wall();
    assert_int_equal(registry_arm(s), 0);
    registry_unwatch(s);
    end(leader);
    turn(x, 30);
    assert_int_equal(x->leaders + x->dues, 0);
}

/* ---- keys of monitors ---- */

static void test_keys(void **state)
{
    const struct key_accepted a = {{{1}}, false}, b = {{{2}}, true};
    struct key_accepted found;
    struct seen *x = *state;
    struct keys *k;
    pid_t monitor = child();

    assert_int_equal(keys_new(x->event, &k), 0);
    assert_false(keys_find(k, (uint32_t)monitor, "zhang.san", &found));
    assert_int_equal(keys_remember(k, (uint32_t)monitor, process_pidfd(monitor), "zhang.san", &a), 0);
    assert_int_equal(keys_remember(k, (uint32_t)monitor, process_pidfd(monitor), "zhang.san", &b), 0);
    assert_true(keys_find(k, (uint32_t)monitor, "zhang.san", &found));
    assert_true(ident_fingerprint_equal(&found.fingerprint, &b.fingerprint)); /* the last one */
    assert_true(found.forward);
    assert_false(keys_find(k, (uint32_t)monitor, "zhao.liu", &found));
    assert_false(keys_find(k, (uint32_t)monitor + 1, "zhang.san", &found));
    keys_forget(k, (uint32_t)monitor + 1);
    assert_true(keys_find(k, (uint32_t)monitor, "zhang.san", &found));
    keys_forget(k, (uint32_t)monitor);
    assert_false(keys_find(k, (uint32_t)monitor, "zhang.san", &found));
    assert_int_equal(keys_remember(k, (uint32_t)monitor, process_pidfd(monitor), "zhang.san", &a), 0);
    end(monitor);
    turn(x, 20);
    assert_false(keys_find(k, (uint32_t)monitor, "zhang.san", &found)); /* whoever gets this pid is another */
    keys_free(k);
}

#define REGISTRY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGISTRY_TEST(test_reservation_goes_with_its_holder),
        REGISTRY_TEST(test_parent_may_open_after_the_holder),
        REGISTRY_TEST(test_parent_of_another_service_may_not),
        REGISTRY_TEST(test_one_among_many),
        REGISTRY_TEST(test_the_later_of_two),
        REGISTRY_TEST(test_one_of_before),
        REGISTRY_TEST(test_bound_session_tells_of_its_leader_alone),
        REGISTRY_TEST(test_current_session),
        REGISTRY_TEST(test_due),
        REGISTRY_TEST(test_due_by_the_boot_clock),
        REGISTRY_TEST(test_due_by_the_wall_clock),
        REGISTRY_TEST(test_unwatched_is_silent),
        REGISTRY_TEST(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
