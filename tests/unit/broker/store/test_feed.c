// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/broker/store/whole.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Entries of the directory and what came of them, as rows: kept, replaced, gone, damaged. */

static struct store_txn *txn(struct shelf *x)
{
    struct store_txn *t;

    assert_int_equal(store_txn_new(x->store, &t), 0);
    return t;
}

static void commit(struct shelf *x, struct store_txn *t)
{
    struct answer a = {.result = 1};

    assert_int_equal(store_submit(x->store, t, shelf_answered, &a), 0);
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(a.result, 0);
}

static struct store_feed row(uint8_t n, const char *text)
{
    struct store_feed x = {.uuid = {n},
                           .digest = {n, 1},
                           .approvals = {n, 2},
                           .type = n,
                           .id = {{n}},
                           .reason = REASON_OK,
                           .name = "cn=1,ou=grants",
                           .text = text};

    return x;
}

struct seen {
    char text[200];
    int result;
};

static int see_feed(void *u, const struct store_feed *x)
{
    struct seen *seen = u;
    size_t length = strlen(seen->text);

    assert_int_equal(x->digest[0], x->uuid[0]);
    assert_int_equal(x->approvals[1], 2);
    assert_int_equal(x->id.octets[0], x->uuid[0]);
    (void)snprintf(seen->text + length, sizeof(seen->text) - length, "%u %s %s %s %d %.*s;", x->uuid[0],
                   x->name, x->text, reason_name(x->reason), x->again, (int)x->size, (const char *)x->octets);
    return seen->result;
}

static int see_published(void *u, const struct store_published *x)
{
    struct seen *seen = u;
    size_t length = strlen(seen->text);

    (void)snprintf(seen->text + length, sizeof(seen->text) - length, "%u/%u ", x->id.octets[0], x->digest[0]);
    return seen->result;
}

static void assert_feed(struct shelf *x, const char *expected)
{
    struct seen seen = {.text = ""};

    assert_int_equal(store_load_feed(x->store, see_feed, &seen), 0);
    assert_string_equal(seen.text, expected);
}

static void assert_published(struct shelf *x, const char *expected)
{
    struct seen seen = {.text = ""};

    assert_int_equal(store_load_published(x->store, see_published, &seen), 0);
    assert_string_equal(seen.text, expected);
}

static void test_kept_replaced_gone(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t = txn(x);
    struct store_feed one = row(1, ""), two = row(2, "line 3: no"), three = row(3, "");

    store_txn_feed(t, &one);
    store_txn_feed(t, &two);
    store_txn_feed(t, &three);
    commit(x, t);
    t = txn(x);
    one.reason = REASON_WRONG_SITE;
    one.again = true;
    one.octets = (const uint8_t *)"octets";
    one.size = 6;
    store_txn_feed(t, &one);
    store_txn_unfeed(t, three.uuid);
    commit(x, t);
    shelf_reopen(x);
    assert_feed(x, "1 cn=1,ou=grants  wrong-site 1 octets;2 cn=1,ou=grants line 3: no ok 0 ;");
}

static void test_published(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t = txn(x);

    store_txn_published(t, &(struct store_published){{{1}}, {1}});
    store_txn_published(t, &(struct store_published){{{2}}, {1}});
    store_txn_published(t, &(struct store_published){{{1}}, {7}});
    commit(x, t);
    shelf_reopen(x);
    assert_published(x, "1/7 2/1 ");
}

static int count(void *u, const struct store_document *d)
{
    (void)d;
    ++*(int *)u;
    return 0;
}

static int count_books(void *u, const struct store_books *b)
{
    (void)b;
    ++*(int *)u;
    return 0;
}

static void put_grant(struct store_txn *t, uint8_t n, struct store_books books)
{
    const struct store_document d = {
        .type = 1, .id = {{n}}, .version = 1, .octets = (const uint8_t *)"x", .size = 1};

    books.id = d.id;
    store_txn_document(t, &d);
    store_txn_books(t, &books);
    store_txn_published(t, &(struct store_published){d.id, {n}});
    store_txn_forget_grant(t, &d.id);
}

/* Whatever once gave anything is not forgotten. */
static void test_forget(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t = txn(x);
    int documents = 0, books = 0;

    put_grant(t, 1, (struct store_books){.uses_taken = 0});
    put_grant(t, 2, (struct store_books){.uses_taken = 1});
    put_grant(t, 3, (struct store_books){.closed = true});
    put_grant(t, 4, (struct store_books){.verified_version = 1});
    commit(x, t);
    shelf_reopen(x);
    assert_int_equal(whole_documents(x->store, count, &documents), 0);
    assert_int_equal(whole_books(x->store, count_books, &books), 0);
    assert_int_equal(documents, 3);
    assert_int_equal(books, 3);
    assert_published(x, "2/2 3/3 4/4 ");
}

static void test_visitor_stops(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t = txn(x);
    struct store_feed one = row(1, ""), two = row(2, "");
    struct seen seen = {.result = -ECANCELED};

    store_txn_feed(t, &one);
    store_txn_feed(t, &two);
    store_txn_published(t, &(struct store_published){{{1}}, {1}});
    commit(x, t);
    assert_int_equal(store_load_feed(x->store, see_feed, &seen), -ECANCELED);
    assert_int_equal(store_load_published(x->store, see_published, &seen), -ECANCELED);
}

/* Past the tables' own CHECKs, as damage would be: such a store is not opened. */
static void test_damaged_rows(void **state)
{
    static const char *const rows[] = {
        "feed VALUES (x'00', zeroblob(32), zeroblob(32), 1, zeroblob(16), 1, 0, '', '', x'')",
        "feed VALUES (zeroblob(16), x'00', zeroblob(32), 1, zeroblob(16), 1, 0, '', '', x'')",
        "feed VALUES (zeroblob(16), zeroblob(32), x'', 1, zeroblob(16), 1, 0, '', '', x'')",
        "feed VALUES (zeroblob(16), zeroblob(32), zeroblob(32), 1, x'', 1, 0, '', '', x'')",
        "published VALUES (x'00', zeroblob(32))",
        "published VALUES (zeroblob(16), x'00')",
    };
    struct shelf *x = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char sql[300];

        shelf_close(x);
        (void)snprintf(sql, sizeof(sql),
                       "PRAGMA ignore_check_constraints = ON; DELETE FROM feed; DELETE FROM published;"
                       " INSERT INTO %s;",
                       rows[i]);
        assert_int_equal(shelf_raw_exec(x->path, sql), SQLITE_OK);
        assert_int_equal(shelf_open(x), -EBADMSG);
    }
}

/* A reason that is none cannot come from here. */
static void test_unknown_reason(void **state)
{
    struct shelf *x = *state;
    struct seen seen = {.text = ""};

    shelf_close(x);
    assert_int_equal(shelf_raw_exec(x->path, "INSERT INTO feed VALUES (zeroblob(16), zeroblob(32),"
                                             " zeroblob(32), 1, zeroblob(16), 9999, 0, '', '', x'')"),
                     SQLITE_OK);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(store_load_feed(x->store, see_feed, &seen), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_replaced_gone, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_published, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_forget, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_visitor_stops, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_rows, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_unknown_reason, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
