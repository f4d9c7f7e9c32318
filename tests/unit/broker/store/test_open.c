// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/schema.h"
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

static void test_create(void **state)
{
    struct shelf *x = *state;
    struct stat st;
    mode_t mask = umask(0);

    assert_int_equal(store_create(&x->options, x->error), 0);
    (void)umask(mask);
    assert_int_equal(stat(x->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(folder_count(x->folder), 1);
    assert_int_equal(shelf_raw_int(x->path, "PRAGMA application_id"), 0x48554655);
    assert_int_equal(shelf_raw_int(x->path, "PRAGMA user_version"), schema_n_steps);
    assert_int_equal(shelf_raw_int(x->path,
                                   "SELECT count(*) FROM pragma_table_list"
                                   " WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'"),
                     0);
}

/* What it is to know is there from its first moment on: there is no store that knows nothing of it. */
static void test_create_with_facts(void **state)
{
    static const struct store_meta metas[] = {{"host", "db1"}, {"machine-id", "0123"}};
    struct shelf *x = *state;
    char value[16];

    x->options.metas = metas;
    x->options.n_metas = 2;
    assert_int_equal(store_create(&x->options, x->error), 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(store_load_meta(x->store, "host", value, sizeof(value)), 0);
    assert_string_equal(value, "db1");
    assert_int_equal(store_load_meta(x->store, "machine-id", value, sizeof(value)), 0);
    assert_string_equal(value, "0123");
}

static void test_create_takes_no_place(void **state)
{
    struct shelf *x = *state;
    char log[220];

    assert_int_equal(store_create(&x->options, x->error), 0);
    assert_int_equal(store_create(&x->options, x->error), -EEXIST);
    assert_true(x->error[0] != '\0');
    assert_int_equal(shelf_open(x), 0);
    shelf_close(x);

    assert_int_equal(unlink(x->path), 0);
    assert_int_equal(symlink("nowhere", x->path), 0);
    assert_int_equal(store_create(&x->options, x->error), -EEXIST);
    assert_int_equal(unlink(x->path), 0);
    (void)snprintf(log, sizeof(log), "%s-wal", x->path);
    folder_put(x->folder, "hufu.db-wal", "old", 3);
    assert_int_equal(store_create(&x->options, x->error), -EEXIST);
    assert_int_equal(folder_count(x->folder), 1);
}

static void test_create_leaves_nothing_half_made(void **state)
{
    struct shelf *x = *state;

    for (unsigned after = 0; after < 6; after++) {
        fault_writes(FAULT_LOG, SQLITE_FULL, after);
        assert_int_equal(store_create(&x->options, x->error), -ENOSPC);
        assert_int_equal(folder_count(x->folder), 0);
    }
    fault_writes(FAULT_MAIN, SQLITE_IOERR_WRITE, 0);
    assert_true(store_create(&x->options, x->error) < 0);
    assert_int_equal(folder_count(x->folder), 0);
    fault_writes(FAULT_LOG, 0, 0);
    x->options.path = "/nowhere/hufu.db";
    assert_int_equal(store_create(&x->options, x->error), -ENOENT);
}

static void test_missing(void **state)
{
    struct shelf *x = *state;

    shelf_assert_refused(x, -ENOENT, "no store");
    assert_int_equal(folder_count(x->folder), 0);
}

static void test_empty_file(void **state)
{
    struct shelf *x = *state;

    folder_put(x->folder, "hufu.db", "", 0);
    shelf_assert_refused(x, -EBADMSG, "empty");
    shelf_assert_refused(x, -EBADMSG, "empty");
}

static void test_foreign_file(void **state)
{
    struct shelf *x = *state;
    char text[5000];

    memset(text, 'x', sizeof(text));
    folder_put(x->folder, "hufu.db", text, sizeof(text));
    shelf_assert_refused(x, -EBADMSG, "not a database");
    folder_put(x->folder, "hufu.db", "SQLite format 3", 16);
    shelf_assert_refused(x, -EBADMSG, "not a database");
    memcpy(text, "SQLite format 3", 16);
    folder_put(x->folder, "hufu.db", text, sizeof(text));
    shelf_assert_refused(x, -EBADMSG, "damaged");
}

static void test_other_database(void **state)
{
    struct shelf *x = *state;

    folder_put(x->folder, "hufu.db", "", 0);
    assert_int_equal(shelf_raw_exec(x->path, "CREATE TABLE state (opened INTEGER); CREATE TABLE ledger (x)"),
                     SQLITE_OK);
    shelf_assert_refused(x, -EBADMSG, "something else");
}

static void test_not_regular(void **state)
{
    struct shelf *x = *state;

    assert_int_equal(mkfifo(x->path, 0600), 0);
    assert_int_equal(shelf_open(x), -EPERM);
    assert_int_equal(unlink(x->path), 0);
    assert_int_equal(store_create(&x->options, x->error), 0);
    assert_int_equal(rename(x->path, folder_path(x->folder, "elsewhere")), 0);
    assert_int_equal(symlink("elsewhere", x->path), 0);
    assert_int_equal(shelf_open(x), -ELOOP);
}

static void test_closed_store_is_one_file(void **state)
{
    struct shelf *x = *state;

    shelf_commit_some(x, 3);
    shelf_close(x);
    assert_int_equal(folder_count(x->folder), 1);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_check_ledger(x), 3);
}

static void test_killed_store_is_whole(void **state)
{
    struct shelf *x = *state;

    shelf_commit_some(x, 3);
    shelf_leave_as_killed(x);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_check_ledger(x), 3);
    shelf_commit_some(x, 1);
    assert_int_equal(shelf_check_ledger(x), 4);
}

/* Also right after opening, when nothing was committed yet. */
static void test_killed_at_once(void **state)
{
    struct shelf *x = *state;

    shelf_leave_as_killed(x);
    assert_int_equal(shelf_open(x), 0);
    shelf_leave_as_killed(x);
    assert_int_equal(shelf_open(x), 0);
}

static void test_newer(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    assert_int_equal(shelf_raw_exec(x->path, "PRAGMA user_version = 99"), SQLITE_OK);
    shelf_assert_refused(x, -EPROTO, "newer");
}

/* Nobody else has the file while a broker has. */
static void test_open_once(void **state)
{
    struct shelf *x = *state;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct store *other;
        char error[200];
        sqlite3 *db;
        int r = store_open(&x->options, &other, error);
        int raw;

        if (sqlite3_open_v2(x->path, &db, SQLITE_OPEN_READONLY, "unix") != SQLITE_OK)
            _exit(2);
        raw = sqlite3_exec(db, "SELECT * FROM ledger", NULL, NULL, NULL);
        _exit(r == -EBUSY && strstr(error, "another process") && raw == SQLITE_BUSY ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
}

/* What the store knows can be read on a full disk; it commits nothing until there is room. */
static void test_open_on_full_disk(void **state)
{
    struct shelf *x = *state;

    shelf_commit_some(x, 2);
    shelf_close(x);
    fault_writes(FAULT_LOG, SQLITE_FULL, 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(store_health(x->store), -ENOSPC);
    assert_int_equal(shelf_check_ledger(x), 2);
    assert_int_equal(shelf_commit(x, "zhang.san"), -ENOSPC);
    fault_writes(FAULT_LOG, 0, 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(store_health(x->store), 0);
    shelf_leave_as_killed(x);
    assert_int_equal(unlink(folder_path(x->folder, "hufu.db-wal")), 0);
    shelf_assert_refused(x, -EBADMSG, "log is missing");
}

/* A disk that is full when the broker stops: the log stays, and the next start reads it. */
static void test_close_on_full_disk(void **state)
{
    struct shelf *x = *state;

    shelf_commit_some(x, 2);
    fault_writes(FAULT_MAIN, SQLITE_FULL, 0);
    shelf_close(x);
    fault_writes(FAULT_MAIN, 0, 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_check_ledger(x), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_create, shelf_setup_bare, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_create_with_facts, shelf_setup_bare, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_create_takes_no_place, shelf_setup_bare, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_create_leaves_nothing_half_made, shelf_setup_bare,
                                        shelf_teardown),
        cmocka_unit_test_setup_teardown(test_missing, shelf_setup_bare, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_empty_file, shelf_setup_bare, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_foreign_file, shelf_setup_bare, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_other_database, shelf_setup_bare, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_not_regular, shelf_setup_bare, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_closed_store_is_one_file, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_killed_store_is_whole, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_killed_at_once, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_newer, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_open_once, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_open_on_full_disk, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_close_on_full_disk, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
