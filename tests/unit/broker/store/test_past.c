// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/common/files.h"
#include "broker/store/anchor.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether a store is the one that was here. */

static char anchor[220];

static int anchored_setup(void **state)
{
    struct shelf *x;

    if (shelf_setup_bare(state) < 0)
        return -1;
    x = *state;
    if (mkdir(folder_path(x->folder, "beside"), 0700) < 0)
        return -1;
    (void)snprintf(anchor, sizeof(anchor), "%s/beside/anchor", (const char *)x->folder);
    x->options.anchor_path = anchor;
    if (store_create(&x->options, x->error) < 0 || shelf_open(x) < 0)
        return -1;
    shelf_commit_some(x, 3);
    return 0;
}

static int anchored_teardown(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    (void)unlink(anchor);
    (void)rmdir(folder_path(x->folder, "beside"));
    return shelf_teardown(state);
}

static enum store_past_kind kind(struct shelf *x)
{
    return store_past(x->store).kind;
}

static uint64_t anchored(void)
{
    cleanup(anchor_free_p) struct anchor *a = NULL;
    struct anchor_mark m = {0};

    return anchor_open(anchor, shelf_sha256, &a, &m) == 0 ? m.sequence : 0;
}

static void keep(const char *from, const char *to)
{
    cleanup_free char *octets = NULL;
    size_t size = 0;

    if (files_read(from, (uid_t)-1, 1 << 26, &octets, &size) < 0)
        (void)unlink(to);
    else
        assert_int_equal(files_write(to, 0600, octets, size), 0);
}

/* The store's files as they lie, put aside or back. */
static void keep_store(struct shelf *x, bool back)
{
    static const char *const tails[] = {"", "-wal"};

    for (size_t i = 0; i < 2; i++) {
        char here[260], aside[260];

        (void)snprintf(here, sizeof(here), "%s%s", x->path, tails[i]);
        (void)snprintf(aside, sizeof(aside), "%s.aside%s", x->path, tails[i]);
        keep(back ? aside : here, back ? here : aside);
    }
}

static void accept(struct shelf *x)
{
    struct store_txn *t = shelf_txn(x);

    store_txn_accept_past(x->store, t);
    shelf_commit_txn(x, t);
    store_accept_past(x->store);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
}

/* ---- what is no restored store ---- */

static void test_follows_each_commit(void **state)
{
    struct shelf *x = *state;

    assert_int_equal(kind(x), STORE_PAST_KNOWN);
    assert_int_equal(anchored(), 3);
    shelf_commit_some(x, 2);
    assert_int_equal(anchored(), 5);
    assert_int_equal(store_anchor_error(x->store), 0);
    for (int i = 0; i < 3; i++) {
        shelf_reopen(x);
        assert_int_equal(kind(x), STORE_PAST_KNOWN);
        shelf_commit_some(x, 1);
    }
    assert_int_equal(anchored(), 8);
}

static void test_killed(void **state)
{
    struct shelf *x = *state;

    shelf_leave_as_killed(x);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
}

/* After a power cut the anchor may be an older one: that says nothing against the ledger. */
static void test_anchor_behind(void **state)
{
    struct shelf *x = *state;
    char older[240];

    (void)snprintf(older, sizeof(older), "%s.older", anchor);
    keep(anchor, older);
    shelf_commit_some(x, 4);
    shelf_close(x);
    assert_int_equal(rename(older, anchor), 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
    shelf_commit_some(x, 1);
    assert_int_equal(anchored(), 8);
}

static unsigned digests_left;

static int digest_while_there_is_memory(const void *octets, size_t size, uint8_t out[static 32])
{
    return digests_left-- == 0 ? -ENOMEM : shelf_sha256(octets, size, out);
}

/* What cannot be read for want of memory is neither missing nor damaged. */
static void test_no_memory(void **state)
{
    struct shelf *x = *state;
    unsigned refused = 0;

    shelf_close(x);
    x->options.sha256 = digest_while_there_is_memory;
    for (unsigned n = 0; n < 10; n++) {
        digests_left = n;
        if (shelf_open(x) < 0) {
            refused++;
            continue;
        }
        assert_int_equal(kind(x), STORE_PAST_KNOWN);
        shelf_close(x);
    }
    assert_in_range(refused, 1, 9);
    x->options.sha256 = shelf_sha256;
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
}

/* A store from before there were anchors gets one, once. */
static void test_upgrade(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    assert_int_equal(shelf_raw_exec(x->path, "DELETE FROM meta WHERE name = 'anchored'"), SQLITE_OK);
    assert_int_equal(unlink(anchor), 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
    assert_int_equal(anchored(), 3);
    shelf_close(x);
    assert_int_equal(unlink(anchor), 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_UNANCHORED);
}

/* Without its folder a store works on, and it is said. */
static void test_no_folder(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    assert_int_equal(shelf_raw_exec(x->path, "DELETE FROM meta WHERE name = 'anchored'"), SQLITE_OK);
    assert_int_equal(unlink(anchor), 0);
    assert_int_equal(rmdir(folder_path(x->folder, "beside")), 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
    assert_int_equal(store_anchor_error(x->store), -ENOENT);
    shelf_commit_some(x, 1);
    shelf_close(x);
    assert_int_equal(mkdir(folder_path(x->folder, "beside"), 0700), 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(store_anchor_error(x->store), 0);
    assert_int_equal(anchored(), 4);
}

/* A full disk hides nothing: what could not be written is found again. */
static void test_disk_full(void **state)
{
    struct shelf *x = *state;

    keep_store(x, false);
    shelf_commit_some(x, 2);
    shelf_close(x);
    keep_store(x, true);
    fault_writes(FAULT_LOG, SQLITE_FULL, 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_BEHIND);
    fault_writes(FAULT_LOG, 0, 0);
    shelf_commit_some(x, 6);
    assert_int_equal(anchored(), 5);
    shelf_reopen(x);
    assert_int_equal(kind(x), STORE_PAST_BEHIND);
}

/* ---- what is one ---- */

static void assert_put_back(struct shelf *x)
{
    struct store_past p;

    assert_int_equal(shelf_open(x), 0);
    p = store_past(x->store);
    assert_int_equal(p.kind, STORE_PAST_BEHIND);
    assert_int_equal(p.had, 5);
    assert_int_equal(p.has, 3);
    assert_true(p.had_us > 0);
    /* It stays so, whatever is written meanwhile, and the anchor is left alone. */
    shelf_commit_some(x, 9);
    assert_int_equal(anchored(), 5);
    shelf_reopen(x);
    p = store_past(x->store);
    assert_int_equal(p.kind, STORE_PAST_BEHIND);
    assert_int_equal(p.had, 5);
    assert_int_equal(p.has, 3);
}

static void test_file_put_back(void **state)
{
    struct shelf *x = *state;

    shelf_reopen(x); /* closed in between: it needs no log */
    shelf_close(x);
    keep_store(x, false);
    assert_int_equal(shelf_open(x), 0);
    shelf_commit_some(x, 2);
    shelf_close(x);
    keep_store(x, true);
    assert_put_back(x);
}

static void test_file_and_log_put_back(void **state)
{
    struct shelf *x = *state;

    keep_store(x, false);
    shelf_commit_some(x, 2);
    shelf_leave_as_killed(x);
    keep_store(x, true);
    assert_put_back(x);
}

/* As long as the ledger that was here, or longer: the hash is another. */
static void test_another_history(void **state)
{
    struct shelf *x = *state;

    keep_store(x, false);
    shelf_commit_some(x, 2);
    shelf_close(x);
    keep_store(x, true);
    x->options.anchor_path = NULL; /* grown where nobody looked */
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_commit(x, "li.si"), 0);
    shelf_commit_some(x, 5);
    shelf_close(x);
    x->options.anchor_path = anchor;
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_FORKED);
}

static void test_another_ledger(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    assert_int_equal(shelf_raw_exec(x->path, "INSERT OR REPLACE INTO meta (name, value) VALUES"
                                             " ('ledger-id', '00112233445566778899aabbccddeeff')"),
                     SQLITE_OK);
    assert_int_equal(shelf_open(x), 0);
    shelf_commit_some(x, 1);
    shelf_close(x);
    assert_int_equal(shelf_raw_exec(x->path, "UPDATE meta SET value = 'ffeeddccbbaa99887766554433221100'"
                                             " WHERE name = 'ledger-id'"),
                     SQLITE_OK);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_FOREIGN);
}

static void test_no_anchor(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    assert_int_equal(truncate(anchor, 0), 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_UNANCHORED);
    assert_int_equal(store_past(x->store).had, 0);
    shelf_close(x);
    assert_int_equal(unlink(anchor), 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_UNANCHORED);
    accept(x);
    shelf_commit_some(x, 1);
    assert_int_equal(anchored(), 4);
    shelf_reopen(x);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
}

/* ---- accepting ---- */

static void put_back(struct shelf *x)
{
    keep_store(x, false);
    shelf_commit_some(x, 2);
    shelf_close(x);
    keep_store(x, true);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_BEHIND);
}

static void test_accepted(void **state)
{
    struct shelf *x = *state;

    put_back(x);
    accept(x);
    shelf_commit_some(x, 1);
    assert_int_equal(anchored(), 4);
    shelf_reopen(x);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
    /* The same again is found again. */
    put_back(x);
}

/* Killed when it was accepted, and the anchor was not made anew. */
static void test_killed_while_accepting(void **state)
{
    struct shelf *x = *state;
    struct store_txn *t;

    put_back(x);
    t = shelf_txn(x);
    store_txn_accept_past(x->store, t);
    shelf_commit_txn(x, t);
    shelf_leave_as_killed(x);
    assert_int_equal(anchored(), 5);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(kind(x), STORE_PAST_KNOWN);
    shelf_commit_some(x, 1);
    assert_int_equal(anchored(), 4);
}

#define PAST_TEST(f) cmocka_unit_test_setup_teardown(f, anchored_setup, anchored_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAST_TEST(test_follows_each_commit),
        PAST_TEST(test_killed),
        PAST_TEST(test_anchor_behind),
        PAST_TEST(test_no_memory),
        PAST_TEST(test_upgrade),
        PAST_TEST(test_no_folder),
        PAST_TEST(test_disk_full),
        PAST_TEST(test_file_put_back),
        PAST_TEST(test_file_and_log_put_back),
        PAST_TEST(test_another_history),
        PAST_TEST(test_another_ledger),
        PAST_TEST(test_no_anchor),
        PAST_TEST(test_accepted),
        PAST_TEST(test_killed_while_accepting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
