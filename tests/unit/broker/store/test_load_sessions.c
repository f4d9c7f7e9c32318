// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/seen.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Sessions, as the next start finds them. */

static int see_session(void *u, const struct store_session *x)
{
    assert_ptr_equal(u, &seen);
    seen.sessions[seen.n++] = *x;
    return seen.result;
}

/* Every field full to its brim. */
static struct store_session full_session(uint64_t number, enum store_session_state state)
{
    struct store_session s = {
        .number = number,
        .state = state,
        .grant = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
        .version = UINT32_MAX,
        .uid = UINT32_MAX,
        .pid = UINT32_MAX,
        .start_time = UINT64_MAX,
        .parent = UINT32_MAX - 1,
        .parent_start_time = UINT64_MAX - 1,
        .audit_session = UINT32_MAX - 2,
        .counts = 1,
        .reserved_at = 1795219200,
        .opened_at = 1795219201,
        .ended_at = 1795219202,
        .deadline = WHEN_NEVER,
        .end_reason = REASON_MAX_SESSION,
        .channels = 21,
    };

    memset(s.staff, 'a', sizeof(s.staff) - 1);
    memset(s.service, 'b', sizeof(s.service) - 1);
    memset(s.source, 'c', sizeof(s.source) - 1);
    memset(s.tty, 'd', sizeof(s.tty) - 1);
    memset(s.key, 'e', sizeof(s.key) - 1);
    memset(s.boot_id, 'f', sizeof(s.boot_id) - 1);
    return s;
}

static void expect_session(const struct store_session *a, const struct store_session *b)
{
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->state, b->state);
    assert_true(ident_id_equal(&a->grant, &b->grant));
    assert_int_equal(a->version, b->version);
    assert_string_equal(a->staff, b->staff);
    assert_int_equal(a->uid, b->uid);
    assert_string_equal(a->service, b->service);
    assert_string_equal(a->source, b->source);
    assert_string_equal(a->tty, b->tty);
    assert_string_equal(a->key, b->key);
    assert_string_equal(a->boot_id, b->boot_id);
    assert_int_equal(a->pid, b->pid);
    assert_int_equal(a->start_time, b->start_time);
    assert_int_equal(a->parent, b->parent);
    assert_int_equal(a->parent_start_time, b->parent_start_time);
    assert_int_equal(a->audit_session, b->audit_session);
    assert_int_equal(a->counts, b->counts);
    assert_int_equal(a->reserved_at, b->reserved_at);
    assert_int_equal(a->opened_at, b->opened_at);
    assert_int_equal(a->ended_at, b->ended_at);
    assert_int_equal(a->deadline, b->deadline);
    assert_int_equal(a->end_reason, b->end_reason);
    assert_int_equal(a->channels, b->channels);
}

static void test_sessions(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t = shelf_txn(x);
    struct store_session s[5];
    uint64_t next;

    seen_forget();
    assert_int_equal(store_load_sessions(x->store, see_session, &seen, &next), 0);
    assert_int_equal(seen.n, 0);
    assert_int_equal(next, 1);
    for (unsigned i = 0; i < 5; i++) {
        s[i] = full_session(i + 1, (enum store_session_state)(i + 1));
        store_txn_session(t, &s[i]);
    }
    shelf_commit_txn(x, t);
    shelf_reopen(x);
    assert_int_equal(store_load_sessions(x->store, see_session, &seen, &next), 0);
    assert_int_equal(seen.n, 3); /* ended and released ones are over */
    for (unsigned i = 0; i < 3; i++)
        expect_session(&seen.sessions[i], &s[i]);
    assert_int_equal(next, 6); /* but their numbers stay used */
}

static void test_session_is_replaced(void **state)
{
    struct shelf *x = *state;
    const struct store_session before = {.number = 12, .state = STORE_SESSION_RESERVED};
    struct store_session s = full_session(12, STORE_SESSION_OPEN);
    struct store_txn *t = shelf_txn(x);
    uint64_t next;

    store_txn_session(t, &before); /* nothing of it stays */
    shelf_commit_txn(x, t);
    t = shelf_txn(x);
    store_txn_session(t, &s);
    shelf_commit_txn(x, t);
    seen_forget();
    assert_int_equal(store_load_sessions(x->store, see_session, &seen, &next), 0);
    assert_int_equal(seen.n, 1);
    expect_session(&seen.sessions[0], &s);
    s.state = STORE_SESSION_ENDED;
    t = shelf_txn(x);
    store_txn_session(t, &s);
    shelf_commit_txn(x, t);
    seen_forget();
    assert_int_equal(store_load_sessions(x->store, see_session, &seen, &next), 0);
    assert_int_equal(seen.n, 0);
    assert_int_equal(next, 13);
    shelf_close(x);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM session WHERE number = 12 AND state = 4"
                                            " AND pid = 4294967295 AND channels = 21 AND end_reason <> 0"),
                     1); /* that it was stays for good */
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM session_live"), 0);
}

static void test_session_too_long_a_text(void **state)
{
    struct shelf *x = *state;
    struct store_session s = full_session(1, STORE_SESSION_OPEN);
    struct store_txn *t = shelf_txn(x);
    uint64_t next;

    store_txn_session(t, &s);
    shelf_commit_txn(x, t);
    shelf_close(x);
    assert_int_equal(shelf_raw_exec(x->path, "UPDATE session_live SET staff = staff || 'a'"), SQLITE_OK);
    assert_int_equal(shelf_open(x), 0);
    seen_forget();
    assert_int_equal(store_load_sessions(x->store, see_session, &seen, &next), -EBADMSG);
    assert_int_equal(seen.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sessions, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_session_is_replaced, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_session_too_long_a_text, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
