// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/schema.h"
#include "broker/store/store.h"
#include "tests/unit/broker/store/older.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/broker/store/whole.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Verdicts as rows: kept, replaced, forgotten, damaged; and a store of version 1 that has none yet. */

static struct store_txn *txn(struct shelf *x)
{
    struct store_txn *t;

    assert_int_equal(store_txn_new(x->store, &t), 0);
    return t;
}

static int commit(struct shelf *x, struct store_txn *t)
{
    struct answer a = {.result = 1};
    int r = store_submit(x->store, t, shelf_answered, &a);

    (void)store_flush(x->store);
    return r < 0 ? r : a.result;
}

static struct store_verdict verdict(uint8_t key, uint8_t basis, const char *text)
{
    struct store_verdict v = {.key = {key}, .basis = {basis}, .size = strlen(text)};

    memcpy(v.octets, text, v.size);
    return v;
}

static struct {
    struct store_verdict rows[20];
    size_t n;
    int result;
} seen;

static int see(void *u, const struct store_verdict *v)
{
    assert_ptr_equal(u, &seen);
    seen.rows[seen.n++] = *v;
    return seen.result;
}

static int load(struct shelf *x)
{
    memset(&seen, 0, sizeof(seen));
    return whole_verdicts(x->store, see, &seen);
}

static void put(struct shelf *x, struct store_verdict v)
{
    struct store_txn *t = txn(x);

    store_txn_verdict(t, &v);
    assert_int_equal(commit(x, t), 0);
}

static void test_kept_and_replaced(void **state)
{
    struct shelf *x = *state;
    struct store_verdict full = verdict(2, 9, "");

    memset(full.octets, 0xff, sizeof(full.octets));
    full.size = sizeof(full.octets);
    put(x, verdict(1, 9, "one"));
    put(x, full);
    put(x, verdict(1, 9, "one, and later another"));
    shelf_reopen(x);
    assert_int_equal(load(x), 0);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.rows[0].key[0], 1);
    assert_int_equal(seen.rows[0].basis[0], 9);
    assert_int_equal(seen.rows[0].size, 22);
    assert_memory_equal(seen.rows[0].octets, "one, and later another", 22);
    assert_memory_equal(&seen.rows[1], &full, sizeof(full));
}

static void test_forgotten(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t;

    put(x, verdict(1, 8, "old trust"));
    put(x, verdict(2, 9, "new trust"));
    put(x, verdict(3, 9, "new trust, too"));
    t = txn(x);
    store_txn_keep_verdicts(t, verdict(0, 9, "").basis, 0, 1);
    assert_int_equal(commit(x, t), 0);
    assert_int_equal(load(x), 0);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.rows[0].key[0], 2);
    assert_int_equal(seen.rows[1].key[0], 3);
}

/* Each part is about as large, and together they are all. */
static void test_forgotten_in_parts(void **state)
{
    enum { OLD = 16, PARTS = 5 };
    struct shelf *x = *state;
    size_t before = OLD + 2;

    for (unsigned i = 0; i < OLD; i++)
        put(x, verdict((uint8_t)(i * 17), 8, "old trust"));
    put(x, verdict(1, 9, "new trust"));
    put(x, verdict(254, 9, "new trust, too"));
    for (unsigned i = 0; i < PARTS; i++) {
        struct store_txn *t = txn(x);

        store_txn_keep_verdicts(t, verdict(0, 9, "").basis, i, PARTS);
        assert_int_equal(commit(x, t), 0);
        assert_int_equal(load(x), 0);
        assert_in_range(before - seen.n, OLD / PARTS, OLD / PARTS + 1);
        before = seen.n;
    }
    assert_int_equal(before, 2);
}

static void test_sizes(void **state)
{
    struct shelf *x = *state;
    struct store_verdict v = verdict(1, 9, "");
    struct store_txn *t = txn(x);

    store_txn_verdict(t, &v);
    assert_int_equal(commit(x, t), -EINVAL);
    v.size = STORE_VERDICT_SIZE + 1;
    t = txn(x);
    store_txn_verdict(t, &v);
    assert_int_equal(commit(x, t), -EINVAL);
}

/* Past the table's own CHECKs, as damage would be: such a store is not opened. */
static void test_damaged_rows(void **state)
{
    static const char *const rows[] = {
        "x'00', zeroblob(32), x'01'",
        "zeroblob(32), zeroblob(33), x'01'",
        "zeroblob(32), zeroblob(32), x''",
        "zeroblob(32), zeroblob(32), zeroblob(65)",
    };
    struct shelf *x = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char sql[300];

        shelf_close(x);
        (void)snprintf(sql, sizeof(sql),
                       "PRAGMA ignore_check_constraints = ON; DELETE FROM verdict;"
                       " INSERT INTO verdict (key, basis, verdict) VALUES (%s);",
                       rows[i]);
        assert_int_equal(shelf_raw_exec(x->path, sql), SQLITE_OK);
        assert_int_equal(shelf_open(x), -EBADMSG);
    }
}

static void test_visitor_stops(void **state)
{
    struct shelf *x = *state;

    put(x, verdict(1, 9, "one"));
    put(x, verdict(2, 9, "two"));
    memset(&seen, 0, sizeof(seen));
    seen.result = -EBADMSG;
    assert_int_equal(whole_verdicts(x->store, see, &seen), -EBADMSG);
    assert_int_equal(seen.n, 1);
}

/* A store of the version before is taken over with what is in it. */
static void test_from_version_1(void **state)
{
    const struct store_document grant = {
        .type = 1, .id = {{1}}, .version = 1, .octets = (const uint8_t *)"a", .size = 1};
    struct shelf *x = *state;
    struct store_txn *t = txn(x);

    store_txn_document(t, &grant);
    assert_int_equal(commit(x, t), 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    shelf_close(x);
    older_make(x->path, 1);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(load(x), 0);
    assert_int_equal(seen.n, 0);
    put(x, verdict(1, 9, "one"));
    assert_int_equal(shelf_check_ledger(x), 1);
    shelf_close(x);
    assert_int_equal(shelf_raw_int(x->path, "PRAGMA user_version"), schema_n_steps);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM document"), 1);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM verdict"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_and_replaced, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_forgotten, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_in_parts, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_sizes, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_rows, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_visitor_stops, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_from_version_1, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
