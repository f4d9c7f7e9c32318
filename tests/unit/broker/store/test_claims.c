// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Claims as rows: one a nonce, those of opened sessions kept and not loaded. */

static struct {
    struct store_claim rows[8];
    size_t n;
} seen;

static int see(void *u, const struct store_claim *c)
{
    assert_ptr_equal(u, &seen);
    seen.rows[seen.n++] = *c;
    return 0;
}

static int load(struct shelf *x)
{
    memset(&seen, 0, sizeof(seen));
    return store_load_claims(x->store, see, &seen);
}

static struct store_claim claim(uint8_t nonce, enum store_claim_state state, uint64_t session)
{
    return (struct store_claim){
        .nonce = {nonce}, .grant = {{9}}, .state = state, .session = session, .at = 100 + nonce};
}

static void put(struct shelf *x, struct store_claim c)
{
    struct store_txn *t = shelf_txn(x);

    store_txn_claim(t, &c);
    shelf_commit_txn(x, t);
}

static void test_kept(void **state)
{
    struct shelf *x = *state;
    const struct store_claim held = claim(2, STORE_CLAIM_HELD, 0xfffffffffffffff0);

    put(x, claim(3, STORE_CLAIM_OWED, 0));
    put(x, claim(1, STORE_CLAIM_ASKED, 0));
    put(x, claim(2, STORE_CLAIM_ASKED, 0));
    put(x, held);
    put(x, claim(4, STORE_CLAIM_HELD, 7));
    put(x, claim(4, STORE_CLAIM_USED, 7));
    shelf_reopen(x);
    assert_int_equal(load(x), 0);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.rows[0].nonce[0], 1);
    assert_int_equal(seen.rows[0].state, STORE_CLAIM_ASKED);
    assert_memory_equal(seen.rows[1].nonce, held.nonce, sizeof(held.nonce));
    assert_true(ident_id_equal(&seen.rows[1].grant, &held.grant));
    assert_int_equal(seen.rows[1].state, STORE_CLAIM_HELD);
    assert_true(seen.rows[1].session == held.session);
    assert_int_equal(seen.rows[1].at, 102);
    assert_int_equal(seen.rows[2].state, STORE_CLAIM_OWED);
    shelf_close(x);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM claim WHERE state = 3 AND session = 7"), 1);
}

static void test_dropped(void **state)
{
    struct shelf *x = *state;
    const struct store_claim gone = claim(1, STORE_CLAIM_ASKED, 0);
    struct store_txn *t;

    put(x, gone);
    put(x, claim(2, STORE_CLAIM_ASKED, 0));
    t = shelf_txn(x);
    store_txn_drop_claim(t, gone.nonce);
    shelf_commit_txn(x, t);
    assert_int_equal(load(x), 0);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.rows[0].nonce[0], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_dropped, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
