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

static struct gate_reply ask_key(struct world *w, const struct visitor *helper, const char *key,
                                 pid_t monitor)
{
    struct gate_keys m = {.pid = (uint32_t)helper->pid, .parent = (uint32_t)monitor, .user = WORLD_STAFF};
    uint8_t frame[FRAME_MAX];
    int size, fd = visitor_connect(helper, world_path(w, "gate"));

    (void)snprintf(m.key_type, sizeof(m.key_type), "ssh-ed25519");
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

#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_key_known_and_not),
        BROKER_TEST(test_key_mismatch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
