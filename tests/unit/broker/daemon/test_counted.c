// LAYERS: test_support
// LINK: -Wl,--wrap=process_is_counted -Wl,--wrap=process_number -Wl,--wrap=life_hold

#include "broker/audit/event.h"
#include "broker/common/process.h"
#include "broker/daemon/life.h"
#include "tests/unit/broker/daemon/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Reservations of processes that say no start time, on a kernel that counts them; and one that cannot be
 * held. */

static uint64_t others; /* not 0: the pids are others' by now */
static bool full;       /* no descriptor is left for a holder */

bool __wrap_process_is_counted(void);
uint64_t __wrap_process_number(int pidfd);
int __real_life_hold(struct session *s, int holder_pidfd);
int __wrap_life_hold(struct session *s, int holder_pidfd);

bool __wrap_process_is_counted(void)
{
    return true;
}

/* A pid is as good as long as all processes of a test live. */
uint64_t __wrap_process_number(int pidfd)
{
    char path[64], text[512] = "";
    FILE *file;
    uint64_t number = 0;

    (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    file = pidfd < 0 ? NULL : fopen(path, "re");
    while (file && fgets(text, sizeof(text), file))
        if (strncmp(text, "Pid:", 4) == 0)
            number = strtoull(text + 4, NULL, 10) + others;
    if (file)
        (void)fclose(file);
    return number;
}

int __wrap_life_hold(struct session *s, int holder_pidfd)
{
    return full ? -EMFILE : __real_life_hold(s, holder_pidfd);
}

static int setup(void **state)
{
    others = 0;
    full = false;
    return world_setup(state);
}

static const struct grant_entry *entry_of(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

static bool is_settled(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->settled;
}

/* As the module asks on such a kernel. */
static struct gate_reply ask(struct world *w, const struct visitor *v, const struct visitor *monitor)
{
    struct gate_pam m = world_login(v);

    m.caller.parent = (uint32_t)monitor->pid;
    m.caller.start_time = m.caller.parent_start_time = 0;
    return world_ask(w, v, FRAME_GATE_ACCOUNT, &m);
}

static void restart(struct world *w)
{
    world_stop(w);
    w->reaper.start_time = 1; /* nobody's: it is not needed */
    world_start(w);
}

static void open_as(struct world *w, const struct visitor *v)
{
    struct gate_pam m = world_opening(v);

    assert_int_equal(world_ask(w, v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_int_equal(registry_first(w->broker->registry)->number, 1);
    assert_int_equal(registry_first(w->broker->registry)->leader.start_time, m.caller.start_time);
}

static void test_opened_by_who_asked(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    assert_int_equal(ask(w, &v, &monitor).verdict, VERDICT_ALLOW);
    assert_int_equal(ask(w, &v, &monitor).verdict, VERDICT_ALLOW); /* again: the same use */
    assert_int_equal(entry_of(w)->uses_taken, 1);
    open_as(w, &v);
    visitor_end(&v);
    visitor_end(&monitor);
}

static void test_opened_after_a_restart(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    assert_int_equal(ask(w, &v, &monitor).verdict, VERDICT_ALLOW);
    restart(w);
    world_until(w, is_settled, NULL);
    open_as(w, &v);
    visitor_end(&v);
    visitor_end(&monitor);
}

static void test_opened_by_the_parent_after_a_restart(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    assert_int_equal(ask(w, &v, &monitor).verdict, VERDICT_ALLOW);
    world_stop(w);
    visitor_end(&v);
    world_start(w);
    world_until(w, is_settled, NULL);
    open_as(w, &monitor);
    visitor_end(&monitor);
}

/* Both pids are other processes' by now. */
static void test_not_kept_for_another_process(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    assert_int_equal(ask(w, &v, &monitor).verdict, VERDICT_ALLOW);
    others = 1000000;
    restart(w);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 0);
    visitor_end(&v);
    visitor_end(&monitor);
}

/* It is found only after the record was handed to the store. */
static void test_who_cannot_be_held_is_refused(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    full = true;
    assert_int_equal(ask(w, &v, &monitor).verdict, VERDICT_DENY);
    assert_true(world_nobody_is_left(w, NULL));
    assert_int_equal(entry_of(w)->uses_taken, 0);
    assert_int_equal(world_records(w, EVENT_LOGIN, "failure", NULL), 1);
    full = false;
    assert_int_equal(ask(w, &v, &monitor).verdict, VERDICT_ALLOW);
    visitor_end(&v);
    visitor_end(&monitor);
}

#define COUNTED_TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COUNTED_TEST(test_opened_by_who_asked),
        COUNTED_TEST(test_opened_after_a_restart),
        COUNTED_TEST(test_opened_by_the_parent_after_a_restart),
        COUNTED_TEST(test_not_kept_for_another_process),
        COUNTED_TEST(test_who_cannot_be_held_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
