// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Commits that fail. */

/* Books that no column takes: the transaction is wrong, and fails alone, with all it had done before. */
static void submit_wrong(struct shelf *x, struct answer *a)
{
    struct record r = shelf_record("wrong");
    struct store_session session = {.number = 1, .state = (enum store_session_state)77};
    struct store_txn *t;

    *a = (struct answer){.result = 1};
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_meta(t, "left", "behind");
    store_txn_record(t, &r);
    store_txn_record(t, &r);
    store_txn_session(t, &session);
    assert_int_equal(store_submit(x->store, t, shelf_answered, a), 0);
}

static void test_one_fails_alone(void **state)
{
    struct shelf *x = *state;
    struct answer first, good, wrong, last;
    char value[20];

    fault_hold();
    shelf_submit(x, "zhang.san", &first);
    fault_wait_held();
    shelf_submit(x, "zhang.san", &good);
    submit_wrong(x, &wrong);
    shelf_submit(x, "li.si", &last);
    fault_release();
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(good.result, 0);
    assert_int_equal(wrong.result, -EINVAL);
    assert_int_equal(wrong.sequence, 0);
    assert_int_equal(last.result, 0);
    assert_int_equal(last.sequence, 3);
    assert_int_equal(store_load_meta(x->store, "left", value, sizeof(value)), -ENOENT);
    assert_int_equal(shelf_check_ledger(x), 3);
    assert_int_equal(store_health(x->store), 0);

    submit_wrong(x, &wrong); /* also as a group of its own */
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(wrong.result, -EINVAL);
    assert_int_equal(shelf_commit(x, "li.si"), 0);
    shelf_reopen(x);
    assert_int_equal(shelf_check_ledger(x), 4);
}

static void test_full_disk(void **state)
{
    struct shelf *x = *state;

    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    for (unsigned after = 0; after < 2; after++) { /* a frame is written as head and page */
        fault_writes(FAULT_LOG, SQLITE_FULL, after);
        assert_int_equal(shelf_commit(x, "li.si"), -ENOSPC);
        assert_int_equal(store_health(x->store), -ENOSPC);
    }
    assert_int_equal(shelf_check_ledger(x), 1);
    fault_writes(FAULT_LOG, 0, 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(store_health(x->store), 0);
    shelf_reopen(x);
    assert_int_equal(shelf_check_ledger(x), 2);
}

static void test_io_error(void **state)
{
    struct shelf *x = *state;

    fault_writes(FAULT_LOG, SQLITE_IOERR_WRITE, 1);
    assert_int_equal(shelf_commit(x, "zhang.san"), -EIO);
    assert_int_equal(store_health(x->store), -EIO);
    fault_writes(FAULT_LOG, 0, 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(shelf_check_ledger(x), 1);
}

/* A whole group meets the full disk: all of it is answered so, and nothing of it stays. */
static void test_group_on_full_disk(void **state)
{
    struct shelf *x = *state;
    struct answer first, others[8];

    fault_hold();
    shelf_submit(x, "zhang.san", &first);
    fault_wait_held();
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        shelf_submit(x, "li.si", &others[i]);
    fault_writes(FAULT_LOG, SQLITE_FULL, 0);
    fault_release();
    assert_int_equal(store_flush(x->store), -ENOSPC);
    assert_int_equal(first.result, 0);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_int_equal(others[i].result, -ENOSPC);
    fault_writes(FAULT_LOG, 0, 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(shelf_check_ledger(x), 2);
}

static uint64_t ledger_of(struct shelf *x, const char *path)
{
    struct shelf other = {.options = {.path = path, .sha256 = shelf_sha256}};
    uint64_t n;

    if (shelf_open(&other) != 0)
        fail_msg("%s", other.error);
    n = shelf_check_ledger(&other);
    shelf_close(&other);
    (void)x;
    return n;
}

/* A failed sync has written the commit all the same. Killed right then, it must not have happened: its answer
 * was an error. */
static void test_failed_sync_does_not_come_back(void **state)
{
    struct shelf *x = *state;

    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    for (unsigned times = 1; times <= 3; times++) {
        fault_syncs(FAULT_LOG, times);
        assert_int_equal(shelf_commit(x, "li.si"), -EIO);
        fault_syncs(FAULT_LOG, 0);
        assert_int_equal(ledger_of(x, shelf_copy(x)), 1);
    }
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(ledger_of(x, shelf_copy(x)), 2);
    assert_int_equal(shelf_check_ledger(x), 2);
}

/* A transaction so large that SQLite writes before the commit, and rolls the whole group back by itself when
 * it cannot: the small ones of the group are done again. */
static void test_group_is_done_again(void **state)
{
    struct shelf *x = *state;
    struct answer first, good, large = {.result = 1}, last;
    struct store_txn *t;
    const size_t size = 24U * 1024 * 1024;
    uint8_t *octets = calloc(1, size);
    struct store_document d = {.type = 1, .id = {{1}}, .version = 1, .octets = octets, .size = size};

    assert_non_null(octets);
    fault_hold();
    shelf_submit(x, "zhang.san", &first);
    fault_wait_held();
    shelf_submit(x, "zhang.san", &good);
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_document(t, &d);
    assert_int_equal(store_submit(x->store, t, shelf_answered, &large), 0);
    shelf_submit(x, "li.si", &last);
    fault_log_room(8LL * 1024 * 1024);
    fault_release();
    (void)store_flush(x->store);
    assert_int_equal(first.result, 0);
    assert_int_equal(good.result, 0);
    assert_int_equal(good.sequence, 2);
    assert_int_equal(large.result, -ENOSPC);
    assert_int_equal(last.result, 0);
    assert_int_equal(last.sequence, 3);
    assert_int_equal(shelf_check_ledger(x), 3);
    free(octets);
}

/* Damage that SQLite meets in the middle of work: this transaction and every later one is refused. */
static void test_damage_meanwhile(void **state)
{
    struct shelf *x = *state;

    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    fault_writes(FAULT_LOG, SQLITE_CORRUPT, 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), -EBADMSG);
    fault_writes(FAULT_LOG, 0, 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), -EBADMSG);
    assert_int_equal(store_health(x->store), -EBADMSG);
    assert_int_equal(shelf_check_ledger(x), 1);
}

/* No room in earnest: the kernel refuses to let the log grow. */
static void test_file_size_limit(void **state)
{
    struct shelf *x = *state;
    pid_t pid;
    int status;

    shelf_close(x);
    fault_remove();
    pid = fork();
    if (pid == 0) {
        const struct rlimit limit = {.rlim_cur = 160UL * 1024, .rlim_max = 160UL * 1024};
        uint64_t good = 0;
        int r = 0;

        (void)signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) < 0 || shelf_open(x) != 0)
            _exit(2);
        for (int i = 0; i < 100 && r == 0; i++) {
            r = shelf_commit(x, "zhang.san");
            good += r == 0;
        }
        _exit(r < 0 && good > 3 && shelf_check_ledger(x) == good ? (int)good : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) > 3);
    fault_install();
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_check_ledger(x), WEXITSTATUS(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_fails_alone, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_io_error, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_group_on_full_disk, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_failed_sync_does_not_come_back, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_group_is_done_again, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_damage_meanwhile, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_file_size_limit, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
