// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/seen.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/broker/store/whole.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int see_document(void *u, const struct store_document *d)
{
    assert_ptr_equal(u, &seen);
    assert_true(d->n_approvals <= 3);
    seen.documents[seen.n] = *d;
    memcpy(seen.octets[seen.n], d->octets, d->size);
    for (size_t i = 0; i < d->n_approvals; i++)
        memcpy(seen.approvals[seen.n][i], d->approvals[i].data, d->approvals[i].size);
    seen.n++;
    return seen.result;
}

static int see_books(void *u, const struct store_books *b)
{
    assert_ptr_equal(u, &seen);
    seen.books[seen.n++] = *b;
    return seen.result;
}

static int see_taken(void *u, const struct store_taken *t)
{
    assert_ptr_equal(u, &seen);
    seen.taken[seen.n++] = *t;
    return seen.result;
}

static struct store_document document(uint8_t type, uint8_t id, uint32_t version, const char *text)
{
    return (struct store_document){.type = type,
                                   .id = {{id}},
                                   .version = version,
                                   .octets = (const uint8_t *)text,
                                   .size = strlen(text)};
}

static void test_documents(void **state)
{
    const struct store_blob approvals[] = {{(const uint8_t *)"first", 5}, {(const uint8_t *)"second\0x", 8}};
    struct store_document grant = document(1, 9, 1, "grant nine"), trust2 = document(5, 0, 2, "trust two"),
                          other = document(1, 3, 7, "grant three"), trust1 = document(5, 0, 1, "trust one"),
                          empty = document(3, 4, 0, "");
    struct shelf *x = *state;
    struct store_txn *t = shelf_txn(x);

    grant.approvals = approvals;
    grant.n_approvals = 2;
    store_txn_document(t, &grant);
    store_txn_document(t, &trust2);
    store_txn_document(t, &other);
    store_txn_document(t, &trust1);
    store_txn_document(t, &empty);
    shelf_commit_txn(x, t);
    shelf_reopen(x);

    seen_forget();
    assert_int_equal(whole_documents(x->store, see_document, &seen), 0);
    assert_int_equal(seen.n, 5);
    assert_int_equal(seen.documents[0].size, 0); /* by type and version, and grants as they came */
    assert_string_equal(seen.octets[1], "trust one");
    assert_string_equal(seen.octets[2], "trust two");
    assert_string_equal(seen.octets[3], "grant nine");
    assert_string_equal(seen.octets[4], "grant three");
    assert_int_equal(seen.documents[3].type, 1);
    assert_int_equal(seen.documents[3].id.octets[0], 9);
    assert_int_equal(seen.documents[3].version, 1);
    assert_int_equal(seen.documents[3].n_approvals, 2);
    assert_string_equal(seen.approvals[3][0], "first");
    assert_memory_equal(seen.approvals[3][1], "second\0x", 8);
    assert_int_equal(seen.documents[4].n_approvals, 0);
}

static void test_document_versions(void **state)
{
    struct shelf *x = *state;
    struct store_document first = document(1, 9, 1, "one"), second = document(1, 9, 2, "two"),
                          again = document(1, 9, 1, "one, signed once more"),
                          other = document(3, 9, 1, "revocation");
    struct store_txn *t = shelf_txn(x);

    store_txn_document(t, &first);
    store_txn_document(t, &second);
    store_txn_document(t, &other);
    shelf_commit_txn(x, t);
    t = shelf_txn(x);
    store_txn_document(t, &again);
    shelf_commit_txn(x, t);
    seen_forget();
    assert_int_equal(whole_documents(x->store, see_document, &seen), 0);
    assert_int_equal(seen.n, 3);
    assert_string_equal(seen.octets[0], "revocation");
    assert_string_equal(seen.octets[1], "one, signed once more");
    assert_string_equal(seen.octets[2], "two");
}

static void test_damaged_approvals(void **state)
{
    static const char *const approvals[] = {"x''", "x'00000001'", "x'ffffffff'", "x'0000000100000002aa'",
                                            "x'0000000000'"};
    struct shelf *x = *state;
    struct store_document grant = document(1, 9, 1, "one");
    struct store_txn *t = shelf_txn(x);

    store_txn_document(t, &grant);
    shelf_commit_txn(x, t);
    for (size_t i = 0; i < ARRAY_SIZE(approvals); i++) {
        char change[100];

        shelf_close(x);
        (void)snprintf(change, sizeof(change), "UPDATE document SET approvals = %s", approvals[i]);
        assert_int_equal(shelf_raw_exec(x->path, change), SQLITE_OK);
        assert_int_equal(shelf_open(x), 0);
        seen_forget();
        assert_int_equal(whole_documents(x->store, see_document, &seen), -EBADMSG);
        assert_int_equal(seen.n, 0);
    }
}

static void test_books(void **state)
{
    struct store_books one = {.id = {{1}}, .uses_taken = 2},
                       two = {.id = {{2}}, .uses_taken = UINT32_MAX, .closed = true, .verified_version = 7};
    struct shelf *x = *state;
    struct store_txn *t = shelf_txn(x);

    store_txn_books(t, &one);
    store_txn_books(t, &two);
    one.uses_taken = 3;
    store_txn_books(t, &one);
    two.verified_version = 5;
    store_txn_books(t, &two);
    shelf_commit_txn(x, t);
    shelf_reopen(x);
    seen_forget();
    assert_int_equal(whole_books(x->store, see_books, &seen), 0);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.books[0].id.octets[0], 1);
    assert_int_equal(seen.books[0].uses_taken, 3);
    assert_false(seen.books[0].closed);
    assert_int_equal(seen.books[1].uses_taken, UINT32_MAX);
    assert_true(seen.books[1].closed);
    assert_int_equal(seen.books[0].verified_version, 0);
    assert_int_equal(seen.books[1].verified_version, 7); /* what was higher once stays */
}

static void test_taken(void **state)
{
    struct shelf *x = *state;
    struct store_taken tomb = {.kind = STORE_TOMBSTONE,
                               .scope = STORE_TAKEN_STAFF,
                               .name = "zhang.san",
                               .at = 1795219200,
                               .until = WHEN_NEVER,
                               .by = UINT32_MAX,
                               .why = "合同终止"},
                       lock = tomb;
    struct store_txn *t = shelf_txn(x);

    lock.kind = STORE_LOCK;
    store_txn_taken(t, &lock);
    store_txn_taken(t, &tomb);
    tomb.until = 1795300000; /* the same again: one row */
    tomb.by = 1000;
    store_txn_taken(t, &tomb);
    lock.scope = STORE_TAKEN_HOST;
    lock.name[0] = '\0';
    store_txn_taken(t, &lock);
    shelf_commit_txn(x, t);
    shelf_reopen(x);
    seen_forget();
    assert_int_equal(store_load_taken(x->store, see_taken, &seen), 0);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.taken[0].kind, STORE_TOMBSTONE);
    assert_int_equal(seen.taken[0].scope, STORE_TAKEN_STAFF);
    assert_string_equal(seen.taken[0].name, "zhang.san");
    assert_int_equal(seen.taken[0].at, 1795219200);
    assert_int_equal(seen.taken[0].until, 1795300000);
    assert_int_equal(seen.taken[0].by, 1000);
    assert_string_equal(seen.taken[0].why, "合同终止");
    assert_int_equal(seen.taken[1].by, UINT32_MAX);
    assert_int_equal(seen.taken[1].until, WHEN_NEVER);

    t = shelf_txn(x);
    store_txn_untaken(t, STORE_LOCK, STORE_TAKEN_STAFF, "zhang.san"); /* the lock, not the tombstone */
    store_txn_untaken(t, STORE_LOCK, STORE_TAKEN_STAFF, "li.si");     /* nothing to lift */
    shelf_commit_txn(x, t);
    seen_forget();
    assert_int_equal(store_load_taken(x->store, see_taken, &seen), 0);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.taken[0].kind, STORE_TOMBSTONE);
    assert_int_equal(seen.taken[1].scope, STORE_TAKEN_HOST);
}

static void test_meta(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t = shelf_txn(x);
    char value[5] = "kept";

    assert_int_equal(store_load_meta(x->store, "host", value, sizeof(value)), -ENOENT);
    assert_string_equal(value, "");
    store_txn_meta(t, "host", "db01");
    store_txn_meta(t, "host", "db02");
    shelf_commit_txn(x, t);
    shelf_reopen(x);
    assert_int_equal(store_load_meta(x->store, "host", value, sizeof(value)), 0);
    assert_string_equal(value, "db02");
    assert_int_equal(store_load_meta(x->store, "host", value, 4), -ERANGE);
    assert_string_equal(value, "");
}

static void test_visitor_stops(void **state)
{
    struct shelf *x = *state;
    struct store_books one = {.id = {{1}}}, two = {.id = {{2}}};
    struct store_txn *t = shelf_txn(x);

    store_txn_books(t, &one);
    store_txn_books(t, &two);
    shelf_commit_txn(x, t);
    seen_forget();
    seen.result = -ENOMEM;
    assert_int_equal(whole_books(x->store, see_books, &seen), -ENOMEM);
    assert_int_equal(seen.n, 1);
    shelf_commit_txn(x, shelf_txn(x)); /* the store goes on */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_documents, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_document_versions, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_approvals, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_books, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_taken, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_meta, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_visitor_stops, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
