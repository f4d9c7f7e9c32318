// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/internal.h"
#include "broker/store/sql.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <string.h>

/* What the store keeps of itself in memory: as much as is said, and no more however long the ledger gets. */

#define RECORDS 64
#define DETAIL  4000

/* Some 256 KiB of ledger. */
static void write_some(struct shelf *x)
{
    static char detail[DETAIL + 1];
    struct record r = shelf_record("zhang.san");
    struct store_txn *t = shelf_txn(x);

    memset(detail, 'x', DETAIL);
    r.detail = detail;
    for (unsigned i = 0; i < RECORDS; i++)
        store_txn_record(t, &r);
    shelf_commit_txn(x, t);
}

static int cached(struct shelf *x)
{
    int octets = 0, highest;

    (void)pthread_mutex_lock(&x->store->connection);
    assert_int_equal(sqlite3_db_status(x->store->db, SQLITE_DBSTATUS_CACHE_USED, &octets, &highest, 0),
                     SQLITE_OK);
    (void)pthread_mutex_unlock(&x->store->connection);
    return octets;
}

static int write_much(struct shelf *x)
{
    for (unsigned written = 0; written < 3 * SQL_CACHE_KIB; written += RECORDS * DETAIL / 1024)
        write_some(x);
    return cached(x);
}

static int64_t asked_for(struct shelf *x)
{
    int64_t size = 0;

    (void)pthread_mutex_lock(&x->store->connection);
    assert_int_equal(sql_get_int(x->store->db, "PRAGMA cache_size;", &size), 0);
    (void)pthread_mutex_unlock(&x->store->connection);
    return size;
}

/* Full, it is a few hundredths more: SQLite divides what it may have by the size of a page and of some of
 * what it notes of a page. */
static void test_bounded(void **state)
{
    struct shelf *x = *state;
    int full = write_much(x);

    assert_int_equal(asked_for(x), -SQL_CACHE_KIB);
    assert_in_range(full, SQL_CACHE_KIB * 1024, SQL_CACHE_KIB * 1024 * 105 / 100);
    assert_int_equal(write_much(x), full);
    (void)shelf_check_ledger(x);
    assert_int_equal(cached(x), full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bounded, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
