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

static void test_sequence_and_chain(void **state)
{
    struct shelf *x = *state;

    for (uint64_t i = 1; i <= 5; i++) {
        struct answer a;

        shelf_submit(x, "zhang.san", &a);
        assert_int_equal(store_flush(x->store), 0);
        assert_int_equal(a.calls, 1);
        assert_int_equal(a.result, 0);
        assert_int_equal(a.sequence, i);
    }
    assert_int_equal(shelf_check_ledger(x), 5);
    shelf_reopen(x);
    assert_int_equal(shelf_commit(x, "li.si"), 0);
    assert_int_equal(shelf_check_ledger(x), 6);
}

/* Several records of one transaction: the last one's number is told. */
static void test_many_records_in_one(void **state)
{
    struct shelf *x = *state;
    struct record r = shelf_record("zhang.san");
    struct answer a = {.result = 1};
    struct store_txn *t;

    assert_int_equal(store_txn_new(x->store, &t), 0);
    for (int i = 0; i < 3; i++)
        store_txn_record(t, &r);
    assert_int_equal(store_submit(x->store, t, shelf_answered, &a), 0);
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(a.sequence, 3);
    assert_int_equal(shelf_check_ledger(x), 3);
}

static void test_transaction_without_record(void **state)
{
    struct shelf *x = *state;
    struct answer a = {.result = 1};
    struct store_txn *t;
    char value[20];

    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_meta(t, "host", "db01");
    assert_int_equal(store_submit(x->store, t, shelf_answered, &a), 0);
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(a.result, 0);
    assert_int_equal(a.sequence, 0);
    assert_int_equal(store_load_meta(x->store, "host", value, sizeof(value)), 0);
    assert_string_equal(value, "db01");
}

static void test_answers_through_descriptor(void **state)
{
    struct shelf *x = *state;
    struct pollfd p = {.fd = store_fd(x->store), .events = POLLIN};
    struct answer a;

    assert_int_equal(poll(&p, 1, 0), 0);
    shelf_submit(x, "zhang.san", &a);
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(a.calls, 0); /* nobody is called from the store's thread */
    store_dispatch(x->store);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.result, 0);
    assert_int_equal(poll(&p, 1, 0), 0);
}

/* 32 that arrive while a commit is under way share the next one. */
static void test_group_commit(void **state)
{
    struct shelf *x = *state;
    struct answer first, others[32];
    unsigned before = fault_log_syncs();

    fault_hold();
    shelf_submit(x, "zhang.san", &first);
    fault_wait_held();
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        shelf_submit(x, "zhang.san", &others[i]);
    fault_release();
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(first.sequence, 1);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_int_equal(others[i].result, 0);
        assert_int_equal(others[i].sequence, i + 2);
    }
    assert_int_equal(fault_log_syncs() - before, 2);
    assert_int_equal(shelf_check_ledger(x), 33);
}

/* What arrives while others are applied is committed with them: it is submitted by who hashes their record.
 */
static struct {
    struct shelf *shelf;
    void (*submit)(struct shelf *x);
    struct answer first, others[3];
} meanwhile;

static int sha256_and_submit(const void *octets, size_t size, uint8_t out[static 32])
{
    void (*submit)(struct shelf *) = meanwhile.submit;

    meanwhile.submit = NULL;
    if (submit)
        submit(meanwhile.shelf);
    return shelf_sha256(octets, size, out);
}

/* Submits one record, and meanwhile what `submit` does: the syncs that took. */
static unsigned syncs_with(struct shelf *x, void (*submit)(struct shelf *x))
{
    unsigned before;

    shelf_close(x);
    x->options.sha256 = sha256_and_submit;
    meanwhile.submit = NULL;
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_commit(x, "li.si"), 0);
    meanwhile.shelf = x;
    meanwhile.submit = submit;
    before = fault_log_syncs();
    shelf_submit(x, "zhang.san", &meanwhile.first);
    (void)store_flush(x->store); /* of the first at least */
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(meanwhile.first.sequence, 2);
    return fault_log_syncs() - before;
}

static void submit_three(struct shelf *x)
{
    for (size_t i = 0; i < ARRAY_SIZE(meanwhile.others); i++)
        shelf_submit(x, "zhang.san", &meanwhile.others[i]);
}

static void test_what_arrives_meanwhile(void **state)
{
    struct shelf *x = *state;

    assert_int_equal(syncs_with(x, submit_three), 1);
    for (size_t i = 0; i < ARRAY_SIZE(meanwhile.others); i++)
        assert_int_equal(meanwhile.others[i].sequence, i + 3);
    assert_int_equal(shelf_check_ledger(x), 5);
}

static void submit_three_one_wrong(struct shelf *x)
{
    struct record wrong = shelf_record("wrong");
    struct store_session session = {.number = 1, .state = (enum store_session_state)77};
    struct store_txn *t;

    shelf_submit(x, "zhang.san", &meanwhile.others[0]);
    meanwhile.others[1] = (struct answer){.result = 1};
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_record(t, &wrong);
    store_txn_session(t, &session);
    assert_int_equal(store_submit(x->store, t, shelf_answered, &meanwhile.others[1]), 0);
    shelf_submit(x, "zhang.san", &meanwhile.others[2]);
}

/* It fails alone, and the others are still one commit. */
static void test_what_arrives_meanwhile_fails(void **state)
{
    struct shelf *x = *state;

    assert_int_equal(syncs_with(x, submit_three_one_wrong), 1);
    assert_int_equal(meanwhile.others[0].sequence, 3);
    assert_int_equal(meanwhile.others[1].result, -EINVAL);
    assert_int_equal(meanwhile.others[1].sequence, 0);
    assert_int_equal(meanwhile.others[2].sequence, 4);
    assert_int_equal(shelf_check_ledger(x), 4);
}

/* A single commit is synced before it is answered. */
static void test_answer_waits_for_sync(void **state)
{
    struct shelf *x = *state;
    struct pollfd p = {.fd = store_fd(x->store), .events = POLLIN};
    struct answer a;

    fault_hold();
    shelf_submit(x, "zhang.san", &a);
    fault_wait_held();
    assert_int_equal(poll(&p, 1, 20), 0);
    fault_release();
    assert_int_equal(poll(&p, 1, 5000), 1);
    store_dispatch(x->store);
    assert_int_equal(a.result, 0);
}

static void test_triggers_refuse(void **state)
{
    static const char *const changes[] = {
        "UPDATE ledger SET result = 'failure' WHERE sequence = 1",
        "UPDATE ledger SET sequence = 5 WHERE sequence = 2",
        "DELETE FROM ledger WHERE sequence = 2",
        "DELETE FROM ledger",
        "INSERT INTO ledger SELECT 4, at_us, event, result, reason, staff, vendor, account, service, "
        "address, tty,"
        " grant_id, version, ticket, session, deadline, latency_us, reference, actor, detail, previous, "
        "hash, format,"
        " count, first_us, sources FROM ledger WHERE sequence = 1",
        "REPLACE INTO ledger SELECT sequence, at_us, event, 'failure', reason, staff, vendor, account, "
        "service, address,"
        " tty, grant_id, version, ticket, session, deadline, latency_us, reference, actor, detail, previous, "
        "hash, format, count, first_us, sources"
        " FROM ledger WHERE sequence = 1",
        /* a part is sealed as it is, from where the last one ended, and for ever */
        "INSERT INTO segment SELECT sequence, 2, hash, 'sealed' FROM ledger WHERE sequence = 2",
        "INSERT INTO segment SELECT sequence, 1, zeroblob(32), 'sealed' FROM ledger WHERE sequence = 2",
        "INSERT INTO segment SELECT sequence + 1, 1, hash, 'sealed' FROM ledger WHERE sequence = 2",
        "INSERT INTO segment SELECT sequence, 1, hash, 'sealed' FROM ledger WHERE sequence = 1;"
        "DELETE FROM ledger WHERE sequence = 2",
        "UPDATE segment SET last = 2",
        "DELETE FROM segment",
    };
    struct shelf *x = *state;

    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    shelf_close(x);
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
        if (shelf_raw_exec(x->path, changes[i]) != SQLITE_CONSTRAINT)
            fail_msg("%s", changes[i]);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_check_ledger(x), 2);
}

static void test_submit_returns_errors(void **state)
{
    struct shelf *x = *state;
    struct answer a = {.result = 1};
    struct store_txn *t;
    char name[100];

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_untaken(t, STORE_LOCK, STORE_TAKEN_STAFF, name);
    store_txn_meta(t, "a", "b");
    assert_int_equal(store_submit(x->store, t, shelf_answered, &a), -EINVAL);
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(a.calls, 0);
    assert_int_equal(store_txn_new(x->store, &t), 0);
    assert_null(store_txn_free(t));
    assert_null(store_txn_free(NULL));
}

/* A record too long to be hashed is its transaction's fault. */
static void test_record_too_long(void **state)
{
    struct shelf *x = *state;
    char *huge = malloc(70000);
    int r;

    assert_non_null(huge);
    memset(huge, 'a', 69999);
    huge[69999] = '\0';
    r = shelf_commit(x, huge);
    free(huge);
    assert_int_equal(r, -EMSGSIZE);
    assert_int_equal(store_health(x->store), 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(shelf_check_ledger(x), 1);
}

static void submit_again(void *userdata, int result, uint64_t sequence)
{
    struct {
        struct shelf *x;
        struct answer a;
    } *chain = userdata;

    assert_int_equal(result, 0);
    assert_int_equal(sequence, 1);
    shelf_submit(chain->x, "li.si", &chain->a);
}

/* A callback may submit; close commits and answers that, too. */
static void test_close_answers_all(void **state)
{
    struct shelf *x = *state;
    struct {
        struct shelf *x;
        struct answer a;
    } chain = {.x = x};
    struct record r = shelf_record("zhang.san");
    struct store_txn *t;

    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_record(t, &r);
    assert_int_equal(store_submit(x->store, t, submit_again, &chain), 0);
    shelf_close(x);
    assert_int_equal(chain.a.calls, 1);
    assert_int_equal(chain.a.result, 0);
    assert_int_equal(chain.a.sequence, 2);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_check_ledger(x), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sequence_and_chain, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_many_records_in_one, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_transaction_without_record, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_answers_through_descriptor, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_group_commit, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_what_arrives_meanwhile, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_what_arrives_meanwhile_fails, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_answer_waits_for_sync, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_triggers_refuse, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_submit_returns_errors, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_record_too_long, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_close_answers_all, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
