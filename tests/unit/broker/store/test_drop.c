// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/broker/store/whole.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Documents that are dropped: the higher versions of one id and type, and nothing else. */

static int put_seen(void *u, const struct store_document *d)
{
    char *text = u;
    size_t length = strlen(text);

    (void)snprintf(text + length, 64 - length, "%u/%u/%u ", d->type, d->id.octets[0], d->version);
    return 0;
}

static void put(struct store_txn *t, uint8_t type, uint8_t id, uint32_t version)
{
    const struct store_document d = {
        .type = type, .id = {{id}}, .version = version, .octets = (const uint8_t *)"x", .size = 1};

    store_txn_document(t, &d);
}

static void commit(struct shelf *x, struct store_txn *t)
{
    struct answer a = {.result = 1};

    assert_int_equal(store_submit(x->store, t, shelf_answered, &a), 0);
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(a.result, 0);
}

static void assert_kept(struct shelf *x, const char *expected)
{
    char seen[64] = "";

    assert_int_equal(whole_documents(x->store, put_seen, seen), 0);
    assert_string_equal(seen, expected);
}

static void test_drop_documents(void **state)
{
    static const struct ident_id zero, one = {{1}};
    struct shelf *x = *state;
    struct store_txn *t;

    assert_int_equal(store_txn_new(x->store, &t), 0);
    for (uint32_t version = 1; version <= 3; version++)
        put(t, 5, 0, version);
    put(t, 4, 0, 3);
    put(t, 5, 1, 3);
    commit(x, t);
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_drop_documents(t, 5, &zero, 1);
    commit(x, t);
    assert_kept(x, "4/0/3 5/0/1 5/1/3 ");
    /* In the order of the transaction: what is put afterwards stays. */
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_drop_documents(t, 5, &zero, 0);
    put(t, 5, 0, 7);
    store_txn_drop_documents(t, 5, &one, 0);
    commit(x, t);
    shelf_reopen(x);
    assert_kept(x, "4/0/3 5/0/7 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_drop_documents, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
