// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Files that are not what was written. */

static void test_lost_log(void **state)
{
    struct shelf *x = *state;

    shelf_commit_some(x, 3);
    shelf_leave_as_killed(x);
    assert_int_equal(unlink(folder_path(x->folder, "hufu.db-wal")), 0);
    shelf_assert_refused(x, -EBADMSG, "log is missing");
    shelf_assert_refused(x, -EBADMSG, "log is missing"); /* and the first look changed nothing */
}

static void test_emptied_log(void **state)
{
    struct shelf *x = *state;

    shelf_commit_some(x, 3);
    shelf_leave_as_killed(x);
    assert_int_equal(truncate(folder_path(x->folder, "hufu.db-wal"), 0), 0);
    shelf_assert_refused(x, -EBADMSG, "log is missing");
}

static void test_mangled_log(void **state)
{
    struct shelf *x = *state;
    uint8_t octet; /* of the salt, which is any number */
    int fd;

    shelf_commit_some(x, 3);
    shelf_leave_as_killed(x);
    fd = open(folder_path(x->folder, "hufu.db-wal"), O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &octet, 1, 17), 1);
    octet ^= 0x55;
    assert_int_equal(pwrite(fd, &octet, 1, 17), 1);
    (void)close(fd);
    shelf_assert_refused(x, -EBADMSG, "log is missing or mangled");
}

/* The log is found at any age: also when it was copied to the main file and begun anew. */
static void test_lost_log_after_many(void **state)
{
    struct shelf *x = *state;
    struct stat st;

    for (unsigned i = 0; i < 3000; i++) {
        struct answer a;

        shelf_submit(x, "zhang.san", &a);
        (void)store_flush(x->store);
        assert_int_equal(a.result, 0);
    }
    shelf_leave_as_killed(x);
    assert_int_equal(stat(folder_path(x->folder, "hufu.db-wal"), &st), 0);
    assert_true(st.st_size < 6L * 1024 * 1024); /* begun anew: a page and more a commit would be twice that */
    assert_int_equal(unlink(folder_path(x->folder, "hufu.db-wal")), 0);
    shelf_assert_refused(x, -EBADMSG, "log is missing");
}

static void fill_pages(struct shelf *x)
{
    uint8_t octets[3000] = {1};

    for (uint32_t i = 1; i <= 50; i++) {
        struct store_document d = {
            .type = 1, .id = {{7}}, .version = i, .octets = octets, .size = sizeof(octets)};
        struct store_txn *t;

        assert_int_equal(store_txn_new(x->store, &t), 0);
        store_txn_document(t, &d);
        assert_int_equal(store_submit(x->store, t, NULL, NULL), 0);
    }
    assert_int_equal(store_flush(x->store), 0);
    shelf_close(x);
}

static void test_truncated(void **state)
{
    struct shelf *x = *state;
    struct stat st;

    fill_pages(x);
    assert_int_equal(stat(x->path, &st), 0);
    assert_int_equal(truncate(x->path, st.st_size - 4096), 0);
    shelf_assert_refused(x, -EBADMSG, "damaged");
    assert_int_equal(truncate(x->path, 4096), 0);
    shelf_assert_refused(x, -EBADMSG, "damaged");
    assert_int_equal(truncate(x->path, 1000), 0);
    shelf_assert_refused(x, -EBADMSG, "damaged");
}

static void test_overwritten_page(void **state)
{
    struct shelf *x = *state;
    uint8_t junk[4096];
    int fd;

    fill_pages(x);
    memset(junk, 0x5a, sizeof(junk));
    fd = open(x->path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, junk, sizeof(junk), 4096L * 12), sizeof(junk));
    (void)close(fd);
    shelf_assert_refused(x, -EBADMSG, "damaged");
}

static void test_altered_schema(void **state)
{
    static const char *const changes[] = {
        "DROP TRIGGER ledger_delete",
        "DROP INDEX claim_not_settled",
        "ALTER TABLE books ADD COLUMN more INTEGER",
        "CREATE TRIGGER t AFTER INSERT ON session BEGIN DELETE FROM taken; END",
        "DROP TABLE taken",
    };

    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        struct shelf *x = *state;

        shelf_close(x);
        assert_int_equal(shelf_raw_exec(x->path, changes[i]), SQLITE_OK);
        shelf_assert_refused(x, -EBADMSG, "altered");
        assert_int_equal(unlink(x->path), 0);
        (void)unlink(folder_path(x->folder, "hufu.db-wal"));
        assert_int_equal(store_create(&x->options, x->error), 0);
        assert_int_equal(shelf_open(x), 0);
    }
}

#define WITHOUT_TRIGGERS(change)                                                          \
    "CREATE TEMP TABLE kept AS SELECT sql FROM main.sqlite_schema WHERE type = 'trigger'" \
    " AND tbl_name = 'ledger';"                                                           \
    "DROP TRIGGER ledger_append; DROP TRIGGER ledger_update; DROP TRIGGER ledger_delete;" change

/* Changes the ledger behind the store's back, as somebody does who also puts the triggers back. */
static void tamper(struct shelf *x, const char *change)
{
    sqlite3 *db = shelf_raw(x->path);
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_exec(db, change, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT sql FROM kept", -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        assert_int_equal(sqlite3_exec(db, (const char *)sqlite3_column_text(statement, 0), NULL, NULL, NULL),
                         SQLITE_OK);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_tampered_ledger(void **state)
{
    static const char *const changes[] = {
        WITHOUT_TRIGGERS("UPDATE ledger SET result = 'success' WHERE sequence = 3"),
        WITHOUT_TRIGGERS("UPDATE ledger SET detail = 'x' WHERE sequence = 5"),
        WITHOUT_TRIGGERS("DELETE FROM ledger WHERE sequence = 2"),
        WITHOUT_TRIGGERS("DELETE FROM ledger WHERE sequence = 1"),
        WITHOUT_TRIGGERS("UPDATE ledger SET hash = zeroblob(32) WHERE sequence = 5"),
        WITHOUT_TRIGGERS("UPDATE ledger SET previous = zeroblob(32) WHERE sequence = 2"),
        WITHOUT_TRIGGERS("UPDATE ledger SET sequence = 9 WHERE sequence = 5"),
    };

    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        struct shelf *x = *state;
        struct record r = shelf_record("zhang.san");
        struct store_txn *t;

        r.result = "failure";
        for (int n = 0; n < 5; n++) {
            assert_int_equal(store_txn_new(x->store, &t), 0);
            store_txn_record(t, &r);
            assert_int_equal(store_submit(x->store, t, NULL, NULL), 0);
        }
        shelf_close(x);
        tamper(x, changes[i]);
        shelf_assert_refused(x, -EBADMSG, "ledger is broken");
        assert_int_equal(unlink(x->path), 0);
        (void)unlink(folder_path(x->folder, "hufu.db-wal"));
        assert_int_equal(store_create(&x->options, x->error), 0);
        assert_int_equal(shelf_open(x), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lost_log, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_emptied_log, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_mangled_log, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_lost_log_after_many, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_truncated, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_overwritten_page, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_altered_schema, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_tampered_ledger, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
