// LAYERS: test_support
// LINK: -Wl,--wrap=store_submit

#include "broker/daemon/directory_internal.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <string.h>

/* A login whose answer waits for the disk while the directory takes away what it rests on. */

static struct {
    bool hold; /* the next transaction */
    bool is_held;
    struct store *store;
    struct store_txn *txn;
    store_done *done;
    void *userdata;
} disk;

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    if (!disk.hold)
        return __real_store_submit(s, t, done, userdata);
    disk.hold = false;
    disk.is_held = true;
    disk.store = s;
    disk.txn = t;
    disk.done = done;
    disk.userdata = userdata;
    return 0;
}

static bool is_held(struct world *w, void *userdata)
{
    (void)w;
    (void)userdata;
    return disk.is_held;
}

static int setup(void **state)
{
    memset(&disk, 0, sizeof(disk));
    return world_setup(state);
}

static void tell_grant(struct ldapd *l, void *userdata)
{
    (void)userdata;
    ldapd_signed(l, 1, (struct grant_plan){0});
}

static void withdraw(struct ldapd *l)
{
    ldapd_delete(l, 1);
}

static void take_away(struct ldapd *l)
{
    char *document = paper_revocation(&(struct revocation_plan){0});

    ldapd_entry(l, 2, document, NULL, NULL);
    free(document);
}

/* In this phase of a login, what `happens` makes of its answer. */
static void assert_denied(struct world *w, enum frame_type phase, void (*happens)(struct ldapd *l),
                          enum reason reason)
{
    struct ldapd l = ldapd_new(w);
    struct visitor v = visitor_new();
    struct gate_pam m = phase == FRAME_GATE_OPEN ? world_opening(&v) : world_login(&v);
    struct gate_pam account = world_login(&v);
    struct gate_reply reply;
    int fd;

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    if (phase == FRAME_GATE_OPEN)
        assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &account).reason, REASON_OK);
    disk.hold = true;
    fd = world_send(w, &v, phase, &m);
    world_until(w, is_held, NULL);
    happens(&l);
    for (unsigned i = 0; i < 20; i++)
        assert_true(sd_event_run(w->event, 5000) >= 0);
    assert_int_equal(__real_store_submit(disk.store, disk.txn, disk.done, disk.userdata), 0);
    reply = world_take(w, fd);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    assert_string_equal(reason_name(reply.reason), reason_name(reason));
    ldapd_settle(&l);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    ldapd_hang_up(&l);
}

static void test_withdrawn_while_it_is_reserved(void **state)
{
    assert_denied(*state, FRAME_GATE_ACCOUNT, withdraw, REASON_WITHDRAWN);
}

/* The session is gone by then, and with it what ended it. */
static void test_withdrawn_while_it_opens(void **state)
{
    assert_denied(*state, FRAME_GATE_OPEN, withdraw, REASON_REVOKED);
}

static void test_revoked_while_it_is_reserved(void **state)
{
    assert_denied(*state, FRAME_GATE_ACCOUNT, take_away, REASON_REVOKED);
}

static void test_revoked_while_it_opens(void **state)
{
    assert_denied(*state, FRAME_GATE_OPEN, take_away, REASON_REVOKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_withdrawn_while_it_is_reserved, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_withdrawn_while_it_opens, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_revoked_while_it_is_reserved, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_revoked_while_it_opens, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
