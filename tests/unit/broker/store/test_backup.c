// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/common/files.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 60000

struct outcome {
    int calls, result;
    struct store_copy copy;
};

static void on_copied(void *userdata, int result, const struct store_copy *copy)
{
    struct outcome *o = userdata;

    o->calls++;
    o->result = result;
    assert_true((copy != NULL) == (result == 0));
    if (copy)
        o->copy = *copy;
}

static const char *target(const struct shelf *x)
{
    return folder_path(x->folder, "backup.db");
}

/* Rounds until it is answered; in each, a few commits, if asked for. */
static struct outcome back_up(struct shelf *x, const char *path, unsigned n_commits)
{
    struct outcome o = {0};
    struct pollfd p = {.fd = store_fd(x->store), .events = POLLIN};

    assert_int_equal(store_backup(x->store, path, on_copied, &o), 0);
    while (o.calls == 0) {
        shelf_commit_some(x, n_commits);
        if (o.calls == 0)
            assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        store_dispatch(x->store);
    }
    assert_int_equal(o.calls, 1);
    return o;
}

/* So many that copying takes many steps. */
static void fill(struct shelf *x)
{
    static char detail[4000];
    struct store_txn *t = shelf_txn(x);

    memset(detail, 'x', sizeof(detail) - 1);
    for (int i = 0; i < 2000; i++) {
        struct record r = shelf_record("zhang.san");

        r.detail = detail;
        store_txn_record(t, &r);
    }
    shelf_commit_txn(x, t);
}

/* Of the copy nothing but itself: no log, and nothing under the name it had on its way. */
static void assert_alone(const char *path)
{
    cleanup_free char *pattern = NULL;
    glob_t found = {0};

    assert_true(asprintf(&pattern, "%s?*", path) > 0);
    assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
    globfree(&found);
}

static void assert_sound(const struct outcome *o, const char *path)
{
    cleanup_free char *octets = NULL;
    uint8_t digest[32];
    struct stat st;
    size_t size = 0;

    assert_int_equal(o->result, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, o->copy.size);
    assert_int_equal(files_read(path, geteuid(), 1 << 28, &octets, &size), 0);
    assert_int_equal(shelf_sha256(octets, size, digest), 0);
    assert_memory_equal(digest, o->copy.sha256, sizeof(digest));
    assert_alone(path);
}

/* The copy is a store that opens, with a ledger that holds to its last record, and says that it is one. */
static void assert_opens(struct shelf *x, const struct outcome *o, const char *path)
{
    struct store_options options = x->options;
    struct shelf other = *x;
    char anchor[240];

    (void)snprintf(anchor, sizeof(anchor), "%s.anchor", path);
    options.path = path;
    options.anchor_path = anchor;
    other.options = options;
    assert_int_equal(shelf_open(&other), 0);
    assert_int_equal(store_past(other.store).kind, STORE_PAST_COPY);
    assert_int_equal(store_past(other.store).has, o->copy.sequence);
    assert_int_equal(shelf_check_ledger(&other), o->copy.sequence);
    shelf_close(&other);
}

static void test_whole(void **state)
{
    struct shelf *x = *state;
    struct outcome o;

    shelf_commit_some(x, 7);
    o = back_up(x, target(x), 0);
    assert_sound(&o, target(x));
    assert_int_equal(o.copy.sequence, 7);
    assert_opens(x, &o, target(x));
    /* The store itself is none. */
    shelf_reopen(x);
    assert_int_equal(store_past(x->store).kind, STORE_PAST_KNOWN);
    assert_int_equal(shelf_check_ledger(x), 7);
}

/* Each commit on the way is in it, or came after all that is: one state that was committed. */
static void test_under_load(void **state)
{
    struct shelf *x = *state;
    uint64_t before, after;
    struct outcome o;

    fill(x);
    before = shelf_check_ledger(x);
    o = back_up(x, target(x), 2);
    after = shelf_check_ledger(x);
    assert_sound(&o, target(x));
    assert_true(o.copy.sequence >= before + 2 && o.copy.sequence <= after);
    assert_opens(x, &o, target(x));
}

/* A commit is not kept waiting until all is copied. */
static void test_commits_go_on(void **state)
{
    struct shelf *x = *state;
    struct outcome o = {0};
    unsigned n = 0;

    fill(x);
    assert_int_equal(store_backup(x->store, target(x), on_copied, &o), 0);
    assert_int_equal(store_backup(x->store, target(x), on_copied, &o), -EBUSY);
    for (; o.calls == 0 && n < 5; n++)
        shelf_commit_some(x, 1);
    assert_int_equal(n, 5);
    while (o.calls == 0)
        shelf_commit_some(x, 1);
    assert_int_equal(o.result, 0);
}

static void test_disk_full(void **state)
{
    struct shelf *x = *state;
    size_t before;
    struct outcome o;

    fill(x);
    shelf_reopen(x); /* the log is copied: the main file is not written from here on */
    before = folder_count(x->folder);
    for (unsigned after = 0; after < 2000; after = after * 2 + 1) {
        fault_writes(FAULT_MAIN, SQLITE_FULL, after);
        o = back_up(x, target(x), 1);
        fault_writes(FAULT_MAIN, 0, 0);
        assert_int_equal(o.result, -ENOSPC);
        assert_int_equal(folder_count(x->folder),
                         before + (access(folder_path(x->folder, "hufu.db-wal"), F_OK) == 0 && before == 1));
        assert_int_equal(store_health(x->store), 0);
    }
    o = back_up(x, target(x), 0);
    assert_sound(&o, target(x));
}

static void test_takes_no_place(void **state)
{
    struct shelf *x = *state;
    size_t before;
    struct outcome o;

    folder_put(x->folder, "backup.db", "mine", 4);
    before = folder_count(x->folder);
    o = back_up(x, target(x), 0);
    assert_int_equal(o.result, -EEXIST);
    assert_int_equal(folder_count(x->folder), before);
    o = back_up(x, folder_path(x->folder, "no/such/backup.db"), 0);
    assert_int_equal(o.result, -ENOENT);
}

static void test_closing(void **state)
{
    struct shelf *x = *state;
    struct outcome o = {0};

    fill(x);
    assert_int_equal(store_backup(x->store, target(x), on_copied, &o), 0);
    shelf_close(x);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.result, -ECANCELED);
    assert_int_equal(folder_count(x->folder), 1);
    assert_int_equal(shelf_open(x), 0);
}

#define BACKUP_TEST(f) cmocka_unit_test_setup_teardown(f, shelf_setup, shelf_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKUP_TEST(test_whole),     BACKUP_TEST(test_under_load),     BACKUP_TEST(test_commits_go_on),
        BACKUP_TEST(test_disk_full), BACKUP_TEST(test_takes_no_place), BACKUP_TEST(test_closing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
