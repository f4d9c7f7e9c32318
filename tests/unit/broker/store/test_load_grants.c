// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/load_grants.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Grants found one by one, and in parts. */

#define GRANT(staff, more) "hufu-grant: 1\nvendor: acme\nstaff: " staff "\nstaff-key: password\n" more

static struct ident_id id_of(uint8_t first)
{
    return (struct ident_id){{first}};
}

static void put(struct store_txn *t, uint8_t type, uint8_t id, uint32_t version, const char *text)
{
    const struct store_document d = {.type = type,
                                     .id = id_of(id),
                                     .version = version,
                                     .octets = (const uint8_t *)text,
                                     .size = strlen(text)};

    store_txn_document(t, &d);
}

static int setup(void **state)
{
    int r = shelf_setup(state);
    struct store_txn *t;

    if (r < 0)
        return r;
    t = shelf_txn(*state);
    put(t, 1, 9, 1, GRANT("zhang.san", ""));
    put(t, 5, 0, 2, "trust two");
    put(t, 1, 3, 7, GRANT("li.si", ""));
    put(t, 1, 9, 2, GRANT("zhang.sanfeng", ""));
    put(t, 2, 4, 1, "a revocation of\nstaff: li.si\n");
    put(t, 1, 5, 1, GRANT("zhang.san", "purpose: staff: li.si\n"));
    put(t, 1, 6, 1, "no grant at all");
    put(t, 1, 7, 1, "");
    for (uint8_t i = 1; i < 5; i++)
        store_txn_books(t, &(struct store_books){.id = id_of(i), .uses_taken = i, .verified_version = 1});
    for (uint8_t i = 0; i < 3; i++)
        store_txn_verdict(t, &(struct store_verdict){.key = {i}, .basis = {7}, .octets = {i}, .size = 1});
    shelf_commit_txn(*state, t);
    return 0;
}

/* What was visited: first octets of ids, or rows of them; ends with a zero. */
static uint8_t seen[32];
static unsigned n_seen;
static int64_t last_row;

static void forget(void)
{
    memset(seen, 0, sizeof(seen));
    n_seen = 0;
}

static int see_id(void *u, const struct ident_id *id)
{
    (void)u;
    seen[n_seen++] = id->octets[0];
    return 0;
}

static int see_document(void *u, const struct store_document *d)
{
    (void)u;
    last_row = d->row;
    seen[n_seen++] = d->id.octets[0];
    seen[n_seen++] = (uint8_t)d->version;
    return 0;
}

static int see_books(void *u, const struct store_books *b)
{
    (void)u;
    assert_int_equal(b->uses_taken, b->id.octets[0]);
    seen[n_seen++] = b->id.octets[0];
    return 0;
}

static int see_verdict(void *u, const struct store_verdict *v)
{
    (void)u;
    seen[n_seen++] = (uint8_t)(v->key[0] + 1);
    return 0;
}

static void assert_seen(const char *expected)
{
    assert_int_equal(n_seen, strlen(expected));
    assert_memory_equal(seen, expected, n_seen);
    forget();
}

/* By the document's own line, whole; not by what stands in another line or another type of document. */
static void test_those_of_a_person(void **state)
{
    struct shelf *x = *state;

    forget();
    assert_int_equal(store_load_ids_of(x->store, "zhang.san", see_id, NULL), 0);
    assert_seen("\5\11");
    assert_int_equal(store_load_ids_of(x->store, "zhang.sanfeng", see_id, NULL), 0);
    assert_seen("\11");
    assert_int_equal(store_load_ids_of(x->store, "li.si", see_id, NULL), 0);
    assert_seen("\3");
    assert_int_equal(store_load_ids_of(x->store, "li", see_id, NULL), 0);
    assert_seen("");
}

/* A transaction that replaces a document leaves it where it is, under its person of then. */
static void test_another_document_in_its_place(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t = shelf_txn(x);

    put(t, 1, 5, 1, GRANT("li.si", ""));
    shelf_commit_txn(x, t);
    forget();
    assert_int_equal(store_load_ids_of(x->store, "li.si", see_id, NULL), 0);
    assert_seen("\3\5");
    assert_int_equal(store_load_ids_of(x->store, "zhang.san", see_id, NULL), 0);
    assert_seen("\11");
}

static void test_versions_of_a_grant(void **state)
{
    const struct ident_id nine = id_of(9), revocation = id_of(4);
    struct shelf *x = *state;
    int64_t last;

    forget();
    assert_int_equal(store_load_grant(x->store, &nine, 0, see_document, NULL), 0);
    assert_seen("\11\1\11\2");
    assert_int_equal(store_load_grant(x->store, &nine, last_row - 1, see_document, NULL), 0);
    assert_seen("\11\2");
    assert_int_equal(store_load_grant(x->store, &nine, last_row, see_document, NULL), 0);
    assert_int_equal(store_load_grant(x->store, &revocation, 0, see_document, NULL), 0);
    assert_seen("");
    assert_int_equal(store_last_document(x->store, &last), 0);
    assert_int_equal(last, 8);
}

static void test_grants_in_parts(void **state)
{
    struct shelf *x = *state;

    forget();
    assert_int_equal(store_load_grants(x->store, 0, 2, see_document, NULL), 0);
    assert_seen("\11\1\3\7");
    assert_int_equal(store_load_grants(x->store, last_row, 3, see_document, NULL), 0);
    assert_seen("\11\2\5\1\6\1");
    assert_int_equal(store_load_grants(x->store, last_row, 3, see_document, NULL), 0);
    assert_seen("\7\1");
    assert_int_equal(store_load_grants(x->store, last_row, 3, see_document, NULL), 0);
    assert_seen("");
}

static void test_those_that_are_no_grants(void **state)
{
    struct shelf *x = *state;

    forget();
    assert_int_equal(store_load_few(x->store, see_document, NULL), 0);
    assert_int_equal(n_seen, 4);
    assert_memory_equal(seen, "\4\1\0\2", 4);
}

static void test_ids_in_a_range(void **state)
{
    const struct ident_id three = id_of(3), six = id_of(6);
    struct shelf *x = *state;

    forget();
    assert_int_equal(store_load_ids_between(x->store, &three, &six, see_id, NULL), 0);
    assert_seen("\3\5\6");
}

static void test_books(void **state)
{
    const struct ident_id two = id_of(2), nine = id_of(9);
    struct store_books books;
    struct shelf *x = *state;

    forget();
    assert_int_equal(store_load_books_of(x->store, &two, &books), 1);
    assert_int_equal(books.uses_taken, 2);
    assert_int_equal(store_load_books_of(x->store, &nine, &books), 0);
    assert_int_equal(store_load_some_books(x->store, NULL, 3, see_books, NULL), 0);
    assert_seen("\1\2\3");
    assert_int_equal(store_load_some_books(x->store, &two, 3, see_books, NULL), 0);
    assert_seen("\3\4");
}

static void test_verdicts(void **state)
{
    const uint8_t one[STORE_VERDICT_KEY] = {1}, nine[STORE_VERDICT_KEY] = {9};
    struct store_verdict v;
    struct shelf *x = *state;

    forget();
    assert_int_equal(store_find_verdict(x->store, one, &v), 1);
    assert_int_equal(v.octets[0], 1);
    assert_int_equal(store_find_verdict(x->store, nine, &v), 0);
    assert_int_equal(store_load_some_verdicts(x->store, NULL, 2, see_verdict, NULL), 0);
    assert_seen("\1\2");
    assert_int_equal(store_load_some_verdicts(x->store, one, 2, see_verdict, NULL), 0);
    assert_seen("\3");
}

static void test_damage_stays(void **state)
{
    struct shelf *x = *state;

    store_set_damaged(x->store);
    assert_int_equal(store_health(x->store), -EBADMSG);
    assert_true(shelf_commit(x, "li.si") < 0);
    assert_int_equal(store_health(x->store), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_those_of_a_person, setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_another_document_in_its_place, setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_versions_of_a_grant, setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_grants_in_parts, setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_those_that_are_no_grants, setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_ids_in_a_range, setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_books, setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_verdicts, setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_damage_stays, setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
