// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/internal.h"
#include "broker/store/store.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Numbers of the records that came, in order. */
struct numbers {
    uint64_t items[64];
    size_t n;
    int calls, result;
    uint64_t first_hash; /* keeps the reader honest: looks into what it is given */
    struct record_filter asked;
};

/* SQL and record_filter_matches() are two readings of one filter: what the one found, the other takes. */
static void take(void *userdata, int result, const struct record *rows, size_t n)
{
    struct numbers *x = userdata;

    x->calls++;
    x->result = result;
    x->n = n;
    for (size_t i = 0; i < n && i < ARRAY_SIZE(x->items); i++) {
        x->items[i] = rows[i].sequence;
        assert_non_null(rows[i].detail);
        assert_true(record_filter_matches(&x->asked, &rows[i]));
        x->first_hash += rows[i].hash[0];
    }
}

static struct numbers read_all(struct shelf *x, struct record_filter f)
{
    struct numbers n = {.result = 1, .asked = f};

    assert_int_equal(store_read(x->store, &f, take, &n), 0);
    (void)store_flush(x->store);
    assert_int_equal(n.calls, 1);
    return n;
}

static void expect(struct shelf *x, struct record_filter f, const char *expected)
{
    struct numbers n = read_all(x, f);
    char text[400] = "";
    size_t length = 0;

    assert_int_equal(n.result, 0);
    for (size_t i = 0; i < n.n; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%llu", i > 0 ? " " : "",
                                   (unsigned long long)n.items[i]);
    assert_string_equal(text, expected);
}

static void add(struct shelf *x, const struct record *r, unsigned times)
{
    struct store_txn *t;

    assert_int_equal(store_txn_new(x->store, &t), 0);
    for (unsigned i = 0; i < times; i++)
        store_txn_record(t, r);
    assert_int_equal(store_submit(x->store, t, NULL, NULL), 0);
    assert_int_equal(store_flush(x->store), 0);
}

/* Eight records; each differs from the first in one field. */
static void add_eight(struct shelf *x)
{
    struct record r = shelf_record("zhang.san");

    add(x, &r, 1);
    r = shelf_record("li.si");
    r.account = "zhang.san";
    add(x, &r, 1);
    r = shelf_record("zhang.san");
    r.vendor = "other";
    add(x, &r, 1);
    r = shelf_record("zhang.san");
    r.event = "session-open";
    r.account = "oracle";
    add(x, &r, 1);
    r = shelf_record("zhang.san");
    r.result = "failure";
    r.reason = REASON_REVOKED;
    add(x, &r, 1);
    r = shelf_record("zhang.san");
    r.grant = "ffffffffffffffffffffffffffffffff";
    r.session = 18;
    add(x, &r, 1);
    r = shelf_record("zhang.san");
    r.ticket = "CHG-2";
    r.at_us += 1000000;
    add(x, &r, 1);
    r = shelf_record("zhang.san");
    r.service = "login";
    r.address = "local";
    r.at_us -= 1000000;
    add(x, &r, 1);
}

static void test_filters(void **state)
{
    struct shelf *x = *state;

    add_eight(x);
    expect(x, (struct record_filter){0}, "1 2 3 4 5 6 7 8");
    expect(x, (struct record_filter){.staff = "li.si"}, "2");
    expect(x, (struct record_filter){.vendor = "other"}, "3");
    expect(x, (struct record_filter){.event = "session-open"}, "4");
    expect(x, (struct record_filter){.account = "oracle"}, "4");
    expect(x, (struct record_filter){.result = "failure"}, "5");
    expect(x, (struct record_filter){.reason = "revoked"}, "5");
    expect(x, (struct record_filter){.grant = "ffffffffffffffffffffffffffffffff"}, "6");
    expect(x, (struct record_filter){.session = 18}, "6");
    expect(x, (struct record_filter){.ticket = "CHG-2"}, "7");
    expect(x, (struct record_filter){.service = "login"}, "8");
    expect(x, (struct record_filter){.address = "local"}, "8");
    expect(
        x,
        (struct record_filter){.staff = "zhang.san", .vendor = "acme", .event = "login", .result = "success"},
        "1 6 7 8");
    expect(x, (struct record_filter){.staff = "nobody"}, "");
    expect(x, (struct record_filter){.staff = "' OR 1 = 1 --"}, "");
    expect(x, (struct record_filter){.from = 1795219201}, "7");
    expect(x, (struct record_filter){.until = 1795219200}, "8");
    expect(x, (struct record_filter){.from = 1795219200, .until = 1795219201}, "1 2 3 4 5 6");
    expect(x, (struct record_filter){.until = WHEN_NEVER}, "1 2 3 4 5 6 7 8");
}

static void test_bounds_and_order(void **state)
{
    struct shelf *x = *state;

    add_eight(x);
    expect(x, (struct record_filter){.after = 6}, "7 8");
    expect(x, (struct record_filter){.before = 3}, "1 2");
    expect(x, (struct record_filter){.after = 2, .before = 5}, "3 4");
    expect(x, (struct record_filter){.after = 4, .before = 5}, "");
    expect(x, (struct record_filter){.after = 8}, "");
    expect(x, (struct record_filter){.after = UINT64_MAX}, "");
    expect(x, (struct record_filter){.before = 1}, "");
    expect(x, (struct record_filter){.before = UINT64_MAX}, "1 2 3 4 5 6 7 8");
    expect(x, (struct record_filter){.limit = 3}, "1 2 3");
    expect(x, (struct record_filter){.limit = 3, .newest_first = true}, "8 7 6");
    expect(x, (struct record_filter){.before = 6, .limit = 2, .newest_first = true, .staff = "zhang.san"},
           "5 4");
}

static void test_empty_ledger(void **state)
{
    expect(*state, (struct record_filter){0}, "");
    expect(*state, (struct record_filter){.newest_first = true}, "");
}

static void test_no_such_reason(void **state)
{
    struct shelf *x = *state;
    struct record_filter f = {.reason = "because"};
    struct record *rows;
    struct numbers n = {.result = 1};
    size_t n_rows;

    assert_int_equal(store_read(x->store, &f, take, &n), -EINVAL);
    assert_int_equal(store_read_wait(x->store, &f, &rows, &n_rows), -EINVAL);
    (void)store_flush(x->store);
    assert_int_equal(n.calls, 0);
}

static void test_default_limit(void **state)
{
    struct shelf *x = *state;
    struct record r = shelf_record("zhang.san");

    add(x, &r, 1200);
    assert_int_equal(read_all(x, (struct record_filter){0}).n, 1000);
    assert_int_equal(read_all(x, (struct record_filter){.limit = UINT32_MAX}).n, 1200);
}

/* Rows that lie several steps apart are found in both directions. */
static void test_long_ledger(void **state)
{
    struct shelf *x = *state;
    struct record many = shelf_record("zhang.san"), rare = shelf_record("li.si");

    add(x, &rare, 1);
    add(x, &many, 2046);
    add(x, &rare, 2); /* 2048 and 2049: on both sides of a step */
    add(x, &many, 5000);
    add(x, &rare, 1); /* 7050 */
    expect(x, (struct record_filter){.staff = "li.si"}, "1 2048 2049 7050");
    expect(x, (struct record_filter){.staff = "li.si", .newest_first = true}, "7050 2049 2048 1");
    expect(x, (struct record_filter){.staff = "li.si", .newest_first = true, .limit = 2}, "7050 2049");
    assert_int_equal(shelf_check_ledger(x), 7050);
}

/* A review of the whole ledger does not hold an admission back: it is answered between two steps. */
static void test_commit_between_steps(void **state)
{
    struct shelf *x = *state;
    struct record r = shelf_record("zhang.san");
    struct record_filter f = {.staff = "nobody"};
    struct numbers reads[20] = {{.calls = 0}};
    struct answer a;

    add(x, &r, 20000);
    for (size_t i = 0; i < ARRAY_SIZE(reads); i++)
        assert_int_equal(store_read(x->store, &f, take, &reads[i]), 0);
    shelf_submit(x, "li.si", &a);
    while (a.calls == 0)
        store_dispatch(x->store);
    assert_int_equal(a.result, 0);
    assert_int_equal(reads[ARRAY_SIZE(reads) - 1].calls, 0); /* 200 steps were before it in the queue */
    (void)store_flush(x->store);
    assert_int_equal(reads[ARRAY_SIZE(reads) - 1].calls, 1);
}

struct waiter {
    pthread_t thread;
    struct store *store;
    uint64_t after;
    atomic_bool cancelled, done;
    int result;
    uint64_t n;
};

static void *wait_beyond(void *userdata)
{
    struct waiter *w = userdata;

    w->result = store_wait_beyond(w->store, w->after, &w->cancelled);
    atomic_store(&w->done, true);
    return NULL;
}

static void *wait_and_read(void *userdata)
{
    struct waiter *w = userdata;
    struct record *rows = NULL;
    size_t n = 0;

    w->result = store_read_wait(w->store, &(struct record_filter){.limit = UINT32_MAX}, &rows, &n);
    w->n = n;
    record_free_array(rows, n);
    atomic_store(&w->done, true);
    return NULL;
}

static void start(struct waiter *w, void *(*run)(void *))
{
    assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
}

static void test_wait_beyond(void **state)
{
    struct shelf *x = *state;
    struct waiter w = {.store = x->store, .after = 1};

    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(store_wait_beyond(x->store, 0, NULL), 0);
    start(&w, wait_beyond);
    assert_false(atomic_load(&w.done));
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(pthread_join(w.thread, NULL), 0);
    assert_int_equal(w.result, 0);
}

static void test_wait_is_cancelled(void **state)
{
    struct shelf *x = *state;
    struct waiter w = {.store = x->store};

    start(&w, wait_beyond);
    atomic_store(&w.cancelled, true);
    store_wake_waiting(x->store);
    assert_int_equal(pthread_join(w.thread, NULL), 0);
    assert_int_equal(w.result, -ECANCELED);
}

static void test_close_ends_waiting(void **state)
{
    struct shelf *x = *state;
    struct waiter w = {.store = x->store};
    unsigned waiting = 0;

    start(&w, wait_beyond);
    while (waiting == 0) {
        (void)pthread_mutex_lock(&x->store->lock);
        waiting = x->store->n_waiting;
        (void)pthread_mutex_unlock(&x->store->lock);
    }
    shelf_close(x);
    assert_int_equal(pthread_join(w.thread, NULL), 0);
    assert_int_equal(w.result, -ECANCELED);
}

static void test_read_wait(void **state)
{
    struct shelf *x = *state;
    struct record r = shelf_record("zhang.san");
    struct waiter readers[4];

    add(x, &r, 3000);
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        readers[i] = (struct waiter){.store = x->store};
        start(&readers[i], wait_and_read);
    }
    for (int i = 0; i < 50; i++)
        assert_int_equal(shelf_commit(x, "li.si"), 0);
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_int_equal(readers[i].result, 0);
        assert_in_range(readers[i].n, 3000, 3050);
    }
}

static void test_fed(void **state)
{
    struct shelf *x = *state;

    assert_int_equal(store_fed(x->store), 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(store_set_fed(x->store, 1), 0);
    assert_int_equal(store_fed(x->store), 1);
    shelf_reopen(x);
    assert_int_equal(store_fed(x->store), 1);
    assert_int_equal(store_set_fed(x->store, 77), 0); /* nothing beyond the ledger can have been fed */
    assert_int_equal(store_fed(x->store), 2);
}

/* With the next commit it is on disk, whatever happens then. */
static void test_fed_survives_kill(void **state)
{
    struct shelf *x = *state;
    struct shelf copy = {.options = {.sha256 = shelf_sha256}};

    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    assert_int_equal(store_set_fed(x->store, 1), 0);
    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    copy.options.path = shelf_copy(x);
    assert_int_equal(shelf_open(&copy), 0);
    assert_int_equal(store_fed(copy.store), 1);
    shelf_close(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_filters, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_bounds_and_order, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_empty_ledger, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_no_such_reason, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_default_limit, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_long_ledger, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_commit_between_steps, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_wait_beyond, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_wait_is_cancelled, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_close_ends_waiting, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_read_wait, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_fed, shelf_setup, shelf_teardown),
        cmocka_unit_test_setup_teardown(test_fed_survives_kill, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
