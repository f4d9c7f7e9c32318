// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/schema.h"
#include "broker/store/store.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/older.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/broker/store/whole.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A store of an earlier version, with content, opened by this program: all is there, the ledger's chain
 * holds, and the version is the newest. Whatever interrupts that, the store is of one of the versions from
 * the earlier to the newest.
 */
#define RECORDS 40

static struct ident_id id_of(unsigned n)
{
    struct ident_id id = {0};

    id.octets[0] = (uint8_t)n;
    return id;
}

static void put_content(struct store_txn *t, unsigned n)
{
    static const uint8_t octets[] = "hufu-grant: 1\n";
    const struct store_blob approval = {octets, sizeof(octets) - 1};
    const struct store_document d = {.type = 1,
                                     .id = id_of(n),
                                     .version = 3,
                                     .octets = octets,
                                     .size = sizeof(octets) - 1,
                                     .approvals = &approval,
                                     .n_approvals = 1};
    const struct store_books books = {
        .id = id_of(n), .uses_taken = n, .closed = n % 2, .verified_version = 3};
    struct store_session session = {.number = n,
                                    .state = STORE_SESSION_OPEN,
                                    .grant = id_of(n),
                                    .version = 3,
                                    .uid = 20000 + n,
                                    .pid = 4000 + n};
    struct store_taken taken = {.kind = STORE_TOMBSTONE,
                                .scope = STORE_TAKEN_STAFF,
                                .at = 1795219200,
                                .until = WHEN_NEVER,
                                .by = 1000};
    struct record r = shelf_record("zhang.san");

    (void)snprintf(session.staff, sizeof(session.staff), "staff.%u", n);
    (void)snprintf(taken.name, sizeof(taken.name), "gone.%u", n);
    store_txn_record(t, &r);
    store_txn_document(t, &d);
    store_txn_books(t, &books);
    store_txn_session(t, &session);
    session.number += RECORDS;
    session.state = n % 2 ? STORE_SESSION_ENDED : STORE_SESSION_RELEASED;
    store_txn_session(t, &session);
    store_txn_taken(t, &taken);
    store_txn_meta(t, "host", "db01.finance.example");
}

static void fill(struct shelf *x)
{
    for (unsigned n = 1; n <= RECORDS; n++) {
        struct store_txn *t;

        assert_int_equal(store_txn_new(x->store, &t), 0);
        put_content(t, n);
        assert_int_equal(store_submit(x->store, t, NULL, NULL), 0);
    }
    assert_int_equal(store_flush(x->store), 0);
}

static int see_document(void *u, const struct store_document *d)
{
    unsigned *n = u;

    ++*n;
    assert_int_equal(d->id.octets[0], *n);
    assert_int_equal(d->version, 3);
    assert_memory_equal(d->octets, "hufu-grant: 1\n", d->size);
    assert_int_equal(d->n_approvals, 1);
    return 0;
}

static int see_books(void *u, const struct store_books *b)
{
    ++*(unsigned *)u;
    assert_int_equal(b->uses_taken, b->id.octets[0]);
    assert_int_equal(b->closed, b->id.octets[0] % 2);
    return 0;
}

static int see_session(void *u, const struct store_session *s)
{
    ++*(unsigned *)u;
    assert_int_equal(s->uid, 20000 + s->number);
    assert_int_equal(s->pid, 4000 + s->number);
    return 0;
}

static int see_taken(void *u, const struct store_taken *t)
{
    ++*(unsigned *)u;
    assert_int_equal(t->by, 1000);
    return 0;
}

static void check_content(struct shelf *x)
{
    unsigned documents = 0, books = 0, sessions = 0, taken = 0;
    uint64_t next = 0;
    char host[64];

    assert_int_equal(whole_documents(x->store, see_document, &documents), 0);
    assert_int_equal(whole_books(x->store, see_books, &books), 0);
    assert_int_equal(store_load_sessions(x->store, see_session, &sessions, &next), 0);
    assert_int_equal(store_load_taken(x->store, see_taken, &taken), 0);
    assert_int_equal(documents, RECORDS);
    assert_int_equal(books, RECORDS);
    assert_int_equal(sessions, RECORDS);
    assert_int_equal(taken, RECORDS);
    assert_int_equal(next, 2 * RECORDS + 1);
    assert_int_equal(store_load_meta(x->store, "host", host, sizeof(host)), 0);
    assert_string_equal(host, "db01.finance.example");
    assert_int_equal(shelf_check_ledger(x), RECORDS);
}

static void as_of(struct shelf *x, size_t version)
{
    fill(x);
    shelf_close(x);
    older_make(x->path, version);
}

/* Closed. Sessions that are over are kept apart, and as many as there were. */
static void check_newest(struct shelf *x)
{
    assert_int_equal(shelf_raw_int(x->path, "PRAGMA user_version"), schema_n_steps);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM session WHERE state IN (4, 5)"), RECORDS);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM session"), RECORDS);
}

static void check_upgraded(struct shelf *x)
{
    if (shelf_open(x) != 0)
        fail_msg("%s", x->error);
    check_content(x);
    assert_int_equal(shelf_commit(x, "li.si"), 0);
    shelf_close(x);
    check_newest(x);
}

static void test_each_earlier_version(void **state)
{
    struct shelf *x = *state;

    fill(x);
    shelf_close(x);
    for (size_t version = 1; version < schema_n_steps; version++) {
        older_make(x->path, version);
        if (shelf_open(x) != 0)
            fail_msg("from version %zu: %s", version, x->error);
        check_content(x);
        shelf_close(x);
        check_newest(x);
    }
}

/* One that was not closed: its last commits are in the log. */
static void test_one_that_was_killed(void **state)
{
    struct shelf *x = *state;
    const char *copy;

    as_of(x, 1);
    assert_int_equal(shelf_raw_exec(x->path, "UPDATE state SET opened = 1"), SQLITE_OK);
    assert_true(shelf_open(x) < 0); /* without its log that is lost commits, in any version */
    assert_int_equal(shelf_raw_int(x->path, "PRAGMA user_version"), 1);
    assert_int_equal(shelf_raw_exec(x->path, "UPDATE state SET opened = 0"), SQLITE_OK);
    assert_int_equal(shelf_open(x), 0);
    copy = shelf_copy(x); /* as a kill right after the migration leaves it */
    shelf_close(x);
    assert_int_equal(rename(copy, x->path), 0);
    assert_int_equal(rename(folder_path(x->folder, "copy-wal"), folder_path(x->folder, "hufu.db-wal")), 0);
    check_upgraded(x);
}

/* Looking at the store itself would settle its log. */
static long long version_as_it_lies(struct shelf *x)
{
    return shelf_raw_int(shelf_copy(x), "PRAGMA user_version");
}

/* A disk that is full at each of the migration's writes: refused, and all is there once there is room. */
static void test_disk_full_in_between(void **state)
{
    struct shelf *x = *state;
    unsigned after = 0;

    as_of(x, 1);
    for (;; after++) {
        long long version;
        int r;

        fault_writes(FAULT_LOG, SQLITE_FULL, after);
        r = shelf_open(x);
        shelf_close(x);
        fault_writes(FAULT_LOG, 0, 0);
        version = version_as_it_lies(x);
        if (r == 0)
            break;
        assert_true(version >= 1 && version <= (long long)schema_n_steps);
        assert_true(after < 100);
    }
    assert_true(after > 1);
    check_upgraded(x);
}

/* The child dies at its so-manieth write: true if it did, false if it was done before. */
static bool open_and_die(struct shelf *x, enum fault_file file, unsigned after)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        fault_writes(file, FAULT_KILL, after);
        if (shelf_open(x) == 0)
            shelf_close(x);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void die_at_each_write(struct shelf *x, enum fault_file file)
{
    unsigned after = 0, older = 0;

    for (bool died = true; died; after++) {
        older_make(x->path, 1);
        died = open_and_die(x, file, after);
        older += version_as_it_lies(x) == 1;
        if (shelf_open(x) != 0)
            fail_msg("killed at write %u: %s", after, x->error);
        check_content(x);
        shelf_close(x);
        check_newest(x);
        assert_true(after < 200);
    }
    assert_true(after > 1);
    if (file == FAULT_LOG)
        assert_true(older > 0 && older < after);
}

static void test_killed_at_each_write(void **state)
{
    struct shelf *x = *state;

    as_of(x, 1);
    die_at_each_write(x, FAULT_LOG);
    die_at_each_write(x, FAULT_MAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_earlier_version, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_one_that_was_killed, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_disk_full_in_between, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_killed_at_each_write, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
