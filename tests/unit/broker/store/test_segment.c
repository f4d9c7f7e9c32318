// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Records of two formats in one chain, and parts of it that were sealed and removed. */

static int sm3(const void *octets, size_t size, uint8_t out[static 32])
{
    return EVP_Digest(octets, size, out, NULL, EVP_sm3(), NULL) == 1 ? 0 : -ENOMEM;
}

static int no_sm3(const void *octets, size_t size, uint8_t out[static 32])
{
    (void)octets;
    (void)size;
    (void)out;
    return -EOPNOTSUPP;
}

static void test_two_formats(void **state)
{
    struct shelf *x = *state;

    shelf_commit_some(x, 3);
    assert_int_equal(store_set_format(x->store, RECORD_FORMAT_2_SM3), -EOPNOTSUPP);
    shelf_close(x);
    x->options.sm3 = sm3;
    x->options.format = RECORD_FORMAT_2_SM3;
    assert_int_equal(shelf_open(x), 0);
    shelf_commit_some(x, 3);
    assert_int_equal(store_set_format(x->store, RECORD_FORMAT_2_SHA256), 0);
    shelf_commit_some(x, 3);
    shelf_close(x);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM ledger WHERE format = 2"), 6);
    assert_int_equal(shelf_raw_int(x->path, "SELECT count(*) FROM ledger WHERE format = 3"), 3);
    x->options.format = 0;
    assert_int_equal(shelf_open(x), 0); /* checks all nine */
}

/* Without SM3 a ledger that needs it is not opened, and it is said why; nor is one that is to have it. */
static void test_without_sm3(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    x->options.sm3 = no_sm3;
    x->options.format = RECORD_FORMAT_2_SM3;
    assert_int_equal(shelf_open(x), -EOPNOTSUPP);
    assert_non_null(strstr(x->error, "hash = sm3"));
    x->options.sm3 = sm3;
    assert_int_equal(shelf_open(x), 0);
    shelf_commit_some(x, 1);
    shelf_close(x);
    x->options.sm3 = no_sm3;
    x->options.format = RECORD_FORMAT_2_SHA256;
    assert_int_equal(shelf_open(x), -EOPNOTSUPP);
    assert_non_null(strstr(x->error, "SM3"));
}

static void hash_of(struct shelf *x, uint64_t sequence, uint8_t hash[static RECORD_HASH_SIZE])
{
    struct record_filter f = {.after = sequence - 1, .limit = 1};
    struct record *rows;
    size_t n;

    assert_int_equal(store_read_wait(x->store, &f, &rows, &n), 0);
    assert_int_equal(n, 1);
    memcpy(hash, rows[0].hash, RECORD_HASH_SIZE);
    record_free_array(rows, n);
}

static void answered(void *userdata, int result, uint64_t sequence)
{
    (void)sequence;
    *(int *)userdata = result;
}

static int submit(struct shelf *x, struct store_txn *t)
{
    int result = 1;

    assert_int_equal(store_submit(x->store, t, answered, &result), 0);
    (void)store_flush(x->store);
    return result;
}

static int seal(struct shelf *x, uint64_t first, uint64_t last, unsigned flip)
{
    struct sealed_segment s = {.first = first, .last = last, .sealed = "sealed"};
    struct store_txn *t = shelf_txn(x);

    hash_of(x, last, s.hash);
    s.hash[0] ^= (uint8_t)flip;
    store_txn_segment(t, &s);
    return submit(x, t);
}

static int trim(struct shelf *x, uint64_t upto)
{
    struct store_txn *t = shelf_txn(x);

    store_txn_trim(t, upto);
    return submit(x, t);
}

static int see_segment(void *u, const struct sealed_segment *s)
{
    uint64_t *last = u;

    assert_int_equal(s->first, *last + 1);
    assert_string_equal(s->sealed, "sealed");
    *last = s->last;
    return 0;
}

static void test_sealed_and_removed(void **state)
{
    struct shelf *x = *state;
    uint64_t last = 0;

    shelf_commit_some(x, 20);
    assert_int_equal(trim(x, 10), 0); /* nothing is sealed: nothing goes */
    assert_int_equal(store_ledger_first(x->store), 1);
    assert_true(seal(x, 2, 10, 0) < 0); /* not from the beginning */
    assert_true(seal(x, 1, 10, 1) < 0); /* not what is there */
    assert_int_equal(seal(x, 1, 10, 0), 0);
    assert_int_equal(trim(x, 4), 0);
    assert_int_equal(store_ledger_first(x->store), 5);
    assert_int_equal(trim(x, 20), 0); /* no further than is sealed */
    assert_int_equal(store_ledger_first(x->store), 11);
    shelf_reopen(x);
    assert_int_equal(store_ledger_first(x->store), 11);
    assert_int_equal(store_head(x->store).sequence, 20);
    shelf_commit_some(x, 1);
    assert_int_equal(store_head(x->store).sequence, 21);
    assert_int_equal(seal(x, 11, 15, 0), 0);
    assert_int_equal(trim(x, 15), 0);
    assert_int_equal(store_load_segments(x->store, see_segment, &last), 0);
    assert_int_equal(last, 15);
    shelf_close(x);

    /* A record behind the joint that does not go on from it; and one that is missing there. */
    assert_int_equal(shelf_raw_exec(x->path, "DELETE FROM ledger WHERE sequence = 16"), SQLITE_CONSTRAINT);
    assert_int_equal(shelf_raw_exec(x->path,
                                    "CREATE TEMP TABLE kept AS SELECT sql FROM main.sqlite_schema"
                                    " WHERE name = 'ledger_delete'; DROP TRIGGER ledger_delete;"
                                    "DELETE FROM ledger WHERE sequence = 16;"
                                    "CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger"
                                    " WHEN OLD.sequence > (SELECT coalesce(max(last), 0) FROM segment)"
                                    " BEGIN SELECT raise(ABORT, 'the ledger is not shortened'); END;"),
                     SQLITE_OK);
    assert_int_equal(shelf_open(x), -EBADMSG);
    assert_non_null(strstr(x->error, "broken at record 17"));
}

/* Killed at each write of sealing and removing: it opens, the chain holds, and nothing unsealed is gone. */
static void test_killed_while_removing(void **state)
{
    struct shelf *x = *state;
    bool died = true;
    unsigned after;

    shelf_commit_some(x, 60);
    shelf_close(x);
    for (after = 0; died && after < 100; after++) {
        uint64_t last = 0;
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
            fault_writes(FAULT_LOG, FAULT_KILL, after);
            if (shelf_open(x) == 0) {
                uint64_t first = store_ledger_first(x->store);

                (void)seal(x, first, first + 4, 0);
                (void)trim(x, first + 1);
                (void)trim(x, first + 4);
                shelf_close(x);
            }
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        died = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        if (shelf_open(x) != 0)
            fail_msg("killed at write %u: %s", after, x->error);
        assert_int_equal(store_load_segments(x->store, see_segment, &last), 0);
        assert_true(store_ledger_first(x->store) <= last + 1);
        if (last > 0)
            assert_int_equal(trim(x, last), 0); /* what was interrupted */
        assert_int_equal(store_ledger_first(x->store), last + 1);
        assert_int_equal(store_head(x->store).sequence, 60);
        shelf_close(x);
    }
    assert_true(after > 3 && !died);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_formats, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_without_sm3, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_sealed_and_removed, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_killed_while_removing, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
