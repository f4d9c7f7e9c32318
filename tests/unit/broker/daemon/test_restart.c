// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/epochs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* What a broker takes up that another one left. */

static const struct grant_entry *entry_of(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

static bool is_open_and_settled(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->state == SESSION_OPEN && s->settled;
}

static void test_restart_picks_up(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    world_stop(w);
    w->reaper.start_time = m.caller.start_time;
    world_start(w);
    world_until(w, is_open_and_settled, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_int_equal(entry_of(w)->sessions_live, 1);
    assert_int_equal(registry_first(w->broker->registry)->key, KEY_NONE);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->sessions_live, 0);
}

static void test_restart_closes_what_ended(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    world_log_in(w, &v);
    world_stop(w);
    visitor_end(&v);
    world_start(w);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_true(entry_of(w)->closed);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", NULL), 1);
}

/* The pid is somebody else's by now: its start time tells. */
static void test_restart_pid_reused(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    world_stop(w);
    w->reaper.start_time = 1;
    world_start(w);
    world_until(w, world_nobody_is_left, NULL);
    visitor_end(&v);
}

static void test_restart_releases_reservation(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    m.caller.parent = (uint32_t)monitor.pid;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    world_stop(w);
    visitor_end(&v);
    visitor_end(&monitor);
    world_start(w);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 0);
}

static void test_restart_keeps_tombstones(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    r = world_call(w, "Revoke", json_pack("{ss ss ss}", "scope", "vendor", "name", "acme", "why", "test"));
    assert_null(r.error);
    varlink_reply_done(&r);
    world_stop(w);
    world_start(w);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_VENDOR_REVOKED);
    visitor_end(&v);
}

/* A login that is refused in its session phase is ended, with a number on record and without a row. */
static void test_restart_gives_no_number_twice(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_opening(&v);
    uint64_t refused = w->broker->next_session;
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_OPEN, &m);

    world_assert_denied(&reply, REASON_NO_GRANT);
    world_until(w, world_nobody_is_left, NULL);
    visitor_end(&v);
    assert_int_equal(w->broker->next_session, refused + 1);
    world_restart(w);
    assert_int_equal(w->broker->next_session, refused + 1);
    world_grant(w, (struct grant_plan){0});
    v = visitor_new();
    assert_int_equal(world_log_in(w, &v), refused + 1);
    visitor_end(&v);
}

/* Loading holds the loop up, and whoever watches it must not think that it hangs: it would be begun anew for
 * ever. */
static int hear_service_manager(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = (socklen_t)offsetof(struct sockaddr_un, sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char name[64];

    (void)snprintf(name, sizeof(name), "@hufu-test-notify-%d", (int)getpid());
    memcpy(address.sun_path, name, strlen(name));
    address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, size + (socklen_t)strlen(name)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static void was_told(int fd)
{
    char text[256] = "";

    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_true(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
    assert_non_null(strstr(text, "WATCHDOG=1"));
    assert_non_null(strstr(text, "EXTEND_TIMEOUT_USEC="));
    assert_int_equal(close(fd), 0);
}

static void test_loading_is_told(void **state)
{
    struct world *w = *state;
    int fd;

    world_grant(w, (struct grant_plan){0});
    world_stop(w);
    fd = hear_service_manager();
    world_start(w);
    was_told(fd);
}

static void test_judging_all_anew_is_told(void **state)
{
    struct world *w = *state;
    char *next = epoch_text(w, (struct trust_plan){.epoch = 5});
    int fd;

    world_grant(w, (struct grant_plan){0});
    fd = hear_service_manager();
    epoch_replace(w, next, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    was_told(fd);
    free(next);
}

#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_restart_picks_up),         BROKER_TEST(test_restart_closes_what_ended),
        BROKER_TEST(test_restart_pid_reused),       BROKER_TEST(test_restart_releases_reservation),
        BROKER_TEST(test_restart_keeps_tombstones), BROKER_TEST(test_restart_gives_no_number_twice),
        BROKER_TEST(test_loading_is_told),          BROKER_TEST(test_judging_all_anew_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
