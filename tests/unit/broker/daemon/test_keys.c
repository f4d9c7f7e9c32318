// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Which key a person may log in with, asked before, and judged when it was used. */

static const struct grant_entry *entry_of(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

static const char *key_type = "ssh-ed25519";

static struct gate_reply ask_key(struct world *w, const struct visitor *helper, const char *key,
                                 pid_t monitor)
{
    struct gate_keys m = {.pid = (uint32_t)helper->pid, .parent = (uint32_t)monitor, .user = WORLD_STAFF};
    uint8_t frame[FRAME_MAX];
    int size, fd = visitor_connect(helper, world_path(w, "gate"));

    (void)snprintf(m.key_type, sizeof(m.key_type), "%s", key_type);
    (void)snprintf(m.key, sizeof(m.key), "%s", key);
    size = gate_encode_keys(&m, frame);
    assert_true(size > 0 && write(fd, frame, (size_t)size) == size);
    return world_take(w, fd);
}

/* printf 'a' | sha256sum, as ssh-keygen -l prints it; "YQ==" is its base64. */
#define KEY_BLOB   "YQ=="
#define KEY_PRINT  "SHA256:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs"
#define OTHER_BLOB "Yg=="

static void test_key_known_and_not(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&monitor);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.key = KEY_PRINT});
    reply = world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_KEY_REQUIRED);
    assert_int_equal(ask_key(w, &helper, OTHER_BLOB, monitor.pid).verdict, VERDICT_DENY);
    reply = ask_key(w, &helper, KEY_BLOB, monitor.pid);
    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    assert_string_equal(reply.options, "restrict,pty");
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "publickey ssh-ed25519 %s\n", KEY_BLOB);
    world_tie(&m);
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    visitor_end(&helper);
    visitor_end(&monitor);
}

/* The key that was judged is not the key that was used: refused, ended, and the use given back. */
static void test_key_mismatch(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&monitor);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.key = KEY_PRINT});
    assert_int_equal(ask_key(w, &helper, KEY_BLOB, monitor.pid).verdict, VERDICT_ALLOW);
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    world_tie(&m);
    reply = world_ask(w, &monitor, FRAME_GATE_OPEN, &m);
    world_assert_denied(&reply, REASON_KEY_MISMATCH);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(w->reaper.ends, 1);
    assert_int_equal(entry_of(w)->uses_taken, 0);
    visitor_end(&helper);
    visitor_end(&monitor);
}

/* A certificate for the key that is granted is not that key. */
static void test_certificate(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&monitor);

    world_grant(w, (struct grant_plan){.key = KEY_PRINT});
    key_type = "ssh-ed25519-cert-v01@openssh.com";
    assert_int_equal(ask_key(w, &helper, KEY_BLOB, monitor.pid).verdict, VERDICT_DENY);
    key_type = "ssh-ed25519";
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m).reason, REASON_KEY_REQUIRED);
    assert_int_equal(world_records(w, EVENT_KEY, "failure", NULL), 1);
    visitor_end(&helper);
    visitor_end(&monitor);
}

/* Offered first, then another one, which sshd may take from elsewhere. */
static void test_a_key_that_is_refused_is_the_last_one(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&monitor);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.key = KEY_PRINT});
    assert_int_equal(ask_key(w, &helper, KEY_BLOB, monitor.pid).verdict, VERDICT_ALLOW);
    assert_int_equal(ask_key(w, &helper, OTHER_BLOB, monitor.pid).verdict, VERDICT_DENY);
    reply = world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_KEY_REQUIRED);
    visitor_end(&helper);
    visitor_end(&monitor);
}

static void log_in_with_the_key(struct world *w, const struct visitor *helper, const struct visitor *monitor,
                                const char *options)
{
    struct gate_pam m = world_login(monitor);
    struct gate_reply reply = ask_key(w, helper, KEY_BLOB, monitor->pid);

    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    assert_string_equal(reply.options, options);
    assert_int_equal(world_ask(w, monitor, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    m = world_opening(monitor);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "publickey ssh-ed25519 %s\n", KEY_BLOB);
    assert_int_equal(world_ask(w, monitor, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
}

/* sshd cannot be told later that this connection may not forward any more: so it ends, also if hufud was
 * started anew in between. */
static void test_forwarding_that_is_taken_away(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    enum reason reason;

    world_grant(w, (struct grant_plan){.key = KEY_PRINT, .version = 3, .channel = "forward\nchannel: shell"});
    log_in_with_the_key(w, &helper, &monitor, "restrict,pty,port-forwarding");
    w->reaper.start_time = world_login(&monitor).caller.start_time;
    world_restart(w);
    world_grant(w, (struct grant_plan){.key = KEY_PRINT, .version = 4, .channel = "shell"});
    world_until(w, world_nobody_is_left, NULL);
    world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
    assert_int_equal(reason, REASON_CHANNEL_NOT_GRANTED);
    visitor_end(&helper);
    visitor_end(&monitor);
}

/* hufud forgets the monitors' keys when it stops. What the login may do is in the books since the account
 * phase. */
static void test_started_anew_between_the_phases(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&monitor);

    world_grant(w, (struct grant_plan){.key = KEY_PRINT});
    assert_int_equal(ask_key(w, &helper, KEY_BLOB, monitor.pid).verdict, VERDICT_ALLOW);
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    w->reaper.start_time = m.caller.start_time;
    world_restart(w);
    m = world_opening(&monitor);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "publickey ssh-ed25519 %s\n", KEY_BLOB);
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    visitor_end(&helper);
    visitor_end(&monitor);
}

/* Between the key and the account phase a version took forwarding away: sshd would go on letting it happen.
 */
static void test_forwarding_that_was_taken_away_on_the_way(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&monitor);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.key = KEY_PRINT, .version = 3, .channel = "forward\nchannel: shell"});
    assert_int_equal(ask_key(w, &helper, KEY_BLOB, monitor.pid).verdict, VERDICT_ALLOW);
    world_grant(w, (struct grant_plan){.key = KEY_PRINT, .version = 4, .channel = "shell"});
    reply = world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_CHANNEL_NOT_GRANTED);
    /* Nothing is taken away that such a key had not. */
    assert_string_equal(ask_key(w, &helper, KEY_BLOB, monitor.pid).options, "restrict,pty");
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&helper);
    visitor_end(&monitor);
}

#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_key_known_and_not),
        BROKER_TEST(test_key_mismatch),
        BROKER_TEST(test_certificate),
        BROKER_TEST(test_a_key_that_is_refused_is_the_last_one),
        BROKER_TEST(test_forwarding_that_is_taken_away),
        BROKER_TEST(test_forwarding_that_was_taken_away_on_the_way),
        BROKER_TEST(test_started_anew_between_the_phases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
