// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* What is being counted, as rows: one a key, until the record that takes its place is there. */

static struct {
    struct {
        char key[40], sample[40], addresses[40];
        uint64_t count;
        int64_t first_us, last_us;
    } rows[8];
    size_t n;
} seen;

static int see(void *u, const struct store_repetition *x)
{
    assert_ptr_equal(u, &seen);
    (void)snprintf(seen.rows[seen.n].key, 40, "%s", x->key);
    (void)snprintf(seen.rows[seen.n].sample, 40, "%.*s", (int)x->sample_size, (const char *)x->sample);
    (void)snprintf(seen.rows[seen.n].addresses, 40, "%.*s", (int)x->addresses_size,
                   (const char *)x->addresses);
    seen.rows[seen.n].count = x->count;
    seen.rows[seen.n].first_us = x->first_us;
    seen.rows[seen.n].last_us = x->last_us;
    seen.n++;
    return 0;
}

static int load(struct shelf *x)
{
    memset(&seen, 0, sizeof(seen));
    return store_load_repetitions(x->store, see, &seen);
}

static void put(struct store_txn *t, const char *key, uint64_t count, const char *sample)
{
    store_txn_repetition(t, &(struct store_repetition){.key = key,
                                                       .sample = (const uint8_t *)sample,
                                                       .sample_size = strlen(sample),
                                                       .count = count,
                                                       .first_us = 1,
                                                       .last_us = (int64_t)count,
                                                       .addresses = (const uint8_t *)"",
                                                       .addresses_size = 0});
}

static void test_kept(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t = shelf_txn(x);

    put(t, "b", 5, "older");
    put(t, "a", 7, "newer");
    shelf_commit_txn(x, t);
    t = shelf_txn(x);
    put(t, "b", 6, "counted on");
    shelf_commit_txn(x, t);
    shelf_reopen(x);
    assert_int_equal(load(x), 0);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.rows[0].key, "b");
    assert_string_equal(seen.rows[0].sample, "counted on");
    assert_int_equal(seen.rows[0].count, 6);
    assert_int_equal(seen.rows[0].first_us, 1);
    assert_int_equal(seen.rows[0].last_us, 6);
    assert_string_equal(seen.rows[1].key, "a");
}

/* Record and row, in one transaction, and whatever becomes of it. */
static void test_the_record_takes_its_place(void **state)
{
    struct shelf *x = *state;
    struct record r = shelf_record("zhang.san");
    struct store_txn *t = shelf_txn(x);

    put(t, "a", 7, "counted");
    shelf_commit_txn(x, t);
    r.count = 7;
    t = shelf_txn(x);
    store_txn_record(t, &r);
    store_txn_drop_repetition(t, "a");
    store_txn_drop_repetition(t, "never there");
    shelf_commit_txn(x, t);
    assert_int_equal(load(x), 0);
    assert_int_equal(seen.n, 0);
    assert_int_equal(shelf_check_ledger(x), 1);
    shelf_close(x);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count FROM ledger"), 7);
}

static void test_a_transaction_that_fails_leaves_the_row(void **state)
{
    struct shelf *x = *state;
    struct record r = shelf_record("zhang.san");
    struct answer a = {0};
    struct store_txn *t = shelf_txn(x);

    put(t, "a", 7, "counted");
    shelf_commit_txn(x, t);
    t = shelf_txn(x);
    store_txn_record(t, &r);
    store_txn_drop_repetition(t, "a");
    put(t, "b", 0, "no count is none"); /* against the schema */
    assert_int_equal(store_submit(x->store, t, shelf_answered, &a), 0);
    assert_int_equal(store_flush(x->store), 0);
    assert_true(a.result < 0);
    assert_int_equal(load(x), 0);
    assert_int_equal(seen.n, 1);
    assert_int_equal(shelf_check_ledger(x), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_the_record_takes_its_place, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_a_transaction_that_fails_leaves_the_row, shelf_setup,
                                        shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
