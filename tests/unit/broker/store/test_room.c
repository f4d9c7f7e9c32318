// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>

/* A disk that is full while somebody can make room on it; and what is kept in memory until there is some. */

static atomic_uint asked, helps_at, highest;

/* From this attempt on the disk takes everything. */
static bool make_room(void *userdata, unsigned attempt)
{
    (void)userdata;
    asked++;
    highest = attempt;
    if (attempt >= helps_at)
        fault_writes(FAULT_LOG, 0, 0);
    return attempt < 5;
}

static int setup(void **state)
{
    struct shelf *x;

    asked = 0;
    helps_at = 0;
    if (shelf_setup(state) < 0)
        return -1;
    x = *state;
    shelf_close(x);
    x->options.make_room = make_room;
    return shelf_open(x) < 0 ? -1 : shelf_commit(x, "zhang.san");
}

static void submit(struct shelf *x, const char *staff, struct answer *a, void (*how)(struct store_txn *t))
{
    struct record r = shelf_record(staff);
    struct store_txn *t;

    *a = (struct answer){.result = 1};
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_record(t, &r);
    if (how)
        how(t);
    assert_int_equal(store_submit(x->store, t, shelf_answered, a), 0);
}

static void disk_is_full(void)
{
    fault_writes(FAULT_LOG, SQLITE_FULL, 0);
}

static void test_tried_again(void **state)
{
    struct shelf *x = *state;

    disk_is_full();
    helps_at = 2;
    assert_int_equal(shelf_commit(x, "li.si"), 0);
    assert_int_equal(asked, 3);
    assert_int_equal(highest, 2);
    assert_int_equal(store_health(x->store), 0);
    assert_int_equal(shelf_check_ledger(x), 2);
}

static void test_no_room_to_be_had(void **state)
{
    struct shelf *x = *state;

    disk_is_full();
    helps_at = 100;
    assert_int_equal(shelf_commit(x, "li.si"), -ENOSPC);
    assert_int_equal(asked, 6);
    assert_int_equal(shelf_check_ledger(x), 1);
}

/* None is made for what can wait; beside it in a group, for the others. */
static void test_what_can_wait(void **state)
{
    struct shelf *x = *state;
    struct answer first, waits, counts;

    disk_is_full();
    submit(x, "li.si", &waits, store_txn_can_wait);
    assert_int_equal(store_flush(x->store), -ENOSPC);
    assert_int_equal(waits.result, -ENOSPC);
    assert_int_equal(asked, 0);

    fault_writes(FAULT_LOG, 0, 0);
    fault_hold();
    shelf_submit(x, "zhang.san", &first);
    fault_wait_held();
    submit(x, "li.si", &waits, store_txn_can_wait);
    submit(x, "wang.wu", &counts, NULL);
    disk_is_full();
    fault_release();
    (void)store_flush(x->store);
    assert_int_equal(waits.result, -ENOSPC);
    assert_int_equal(counts.result, 0);
    assert_int_equal(asked, 1);
    assert_int_equal(shelf_check_ledger(x), 3);
}

struct found {
    char staff[40];
};

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct found *f = userdata;

    assert_int_equal(result, 0);
    assert_int_equal(n, 1);
    (void)snprintf(f->staff, sizeof(f->staff), "%s", rows[0].staff);
}

static const char *staff_at(struct shelf *x, uint64_t sequence, char text[static 40])
{
    const struct record_filter filter = {.after = sequence - 1, .before = sequence + 1};
    struct found f = {""};

    assert_int_equal(store_read(x->store, &filter, on_rows, &f), 0);
    (void)store_flush(x->store);
    (void)snprintf(text, 40, "%s", f.staff);
    return text;
}

/* What has happened is written when there is room, in its order, before anything else; until then nothing
 * that came later gets in front of it. */
static void test_kept_in_order(void **state)
{
    struct shelf *x = *state;
    struct answer one, two, three, late;
    char text[40];

    disk_is_full();
    helps_at = 100;
    submit(x, "one", &one, store_txn_keep);
    (void)store_flush(x->store); /* and it does not hang */
    submit(x, "two", &two, store_txn_keep);
    assert_int_equal(store_flush(x->store), -ENOSPC);
    assert_int_equal(one.calls + two.calls, 0);
    assert_int_equal(store_kept(x->store), 2);

    submit(x, "refused", &late, NULL);
    (void)store_flush(x->store);
    assert_int_equal(late.result, -ENOSPC);

    fault_writes(FAULT_LOG, 0, 0);
    submit(x, "three", &three, NULL);
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(store_kept(x->store), 0);
    assert_int_equal(one.sequence, 2);
    assert_int_equal(two.sequence, 3);
    assert_int_equal(three.sequence, 4);
    assert_string_equal(staff_at(x, 2, text), "one");
    assert_string_equal(staff_at(x, 4, text), "three");
    assert_int_equal(shelf_check_ledger(x), 4);
}

/* In one group, too. */
static void test_nothing_passes_it(void **state)
{
    struct shelf *x = *state;
    struct answer first, large = {.result = 1}, small;
    struct store_txn *t;
    const size_t size = 24U * 1024 * 1024;
    uint8_t *octets = calloc(1, size);
    struct store_document d = {.type = 1, .id = {{1}}, .version = 1, .octets = octets, .size = size};

    assert_non_null(octets);
    helps_at = 100;
    fault_hold();
    shelf_submit(x, "zhang.san", &first);
    fault_wait_held();
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_document(t, &d);
    store_txn_keep(t);
    assert_int_equal(store_submit(x->store, t, shelf_answered, &large), 0);
    submit(x, "li.si", &small, NULL);
    fault_log_room(8LL * 1024 * 1024);
    fault_release();
    (void)store_flush(x->store);
    assert_int_equal(large.calls, 0);
    assert_int_equal(small.result, -ENOSPC);
    submit(x, "li.si", &small, NULL); /* nor in a later one */
    (void)store_flush(x->store);
    assert_int_equal(small.result, -ENOSPC);
    fault_log_room(0);
    submit(x, "li.si", &small, NULL);
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(large.result, 0);
    assert_int_equal(small.result, 0);
    free(octets);
}

static void test_as_many_as_there_is_memory_for(void **state)
{
    struct shelf *x = *state;
    struct answer many, late;

    disk_is_full();
    helps_at = 100;
    for (unsigned i = 0; i < STORE_KEPT_MAX; i++)
        submit(x, "li.si", &many, store_txn_keep);
    (void)store_flush(x->store);
    assert_int_equal(store_kept(x->store), STORE_KEPT_MAX);
    submit(x, "li.si", &late, store_txn_keep);
    (void)store_flush(x->store);
    assert_int_equal(late.result, -ENOSPC);
    fault_writes(FAULT_LOG, 0, 0);
    assert_int_equal(shelf_commit(x, "wang.wu"), 0);
    assert_int_equal(shelf_check_ledger(x), STORE_KEPT_MAX + 2);
}

static void test_at_close(void **state)
{
    struct shelf *x = *state;
    struct answer kept, lost;

    disk_is_full();
    helps_at = 100;
    submit(x, "li.si", &kept, store_txn_keep);
    (void)store_flush(x->store);
    fault_writes(FAULT_LOG, 0, 0);
    shelf_reopen(x); /* tried once more */
    assert_int_equal(kept.result, 0);
    assert_int_equal(shelf_check_ledger(x), 2);

    assert_int_equal(shelf_commit(x, "zhang.san"), 0);
    disk_is_full();
    submit(x, "li.si", &lost, store_txn_keep);
    shelf_close(x);
    assert_int_equal(lost.calls, 1);
    assert_int_equal(lost.result, -ENOSPC);
    fault_writes(FAULT_LOG, 0, 0);
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(shelf_check_ledger(x), 3);
}

/* A start on a full disk. */
static void test_at_open(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    disk_is_full();
    asked = 0;
    helps_at = 1;
    assert_int_equal(shelf_open(x), 0);
    assert_int_equal(asked, 2);
    assert_int_equal(store_health(x->store), 0);
}

static bool room_in_main(void *userdata, unsigned attempt)
{
    (void)userdata;
    asked++;
    fault_writes(FAULT_MAIN, 0, 0);
    return attempt == 0;
}

/* The log is copied back with the reserve's help; else it would grow for as long as the disk is full. */
static void test_log_is_copied_back(void **state)
{
    struct shelf *x = *state;

    shelf_close(x);
    x->options.make_room = room_in_main;
    assert_int_equal(shelf_open(x), 0);
    shelf_commit_some(x, 10);
    fault_writes(FAULT_MAIN, SQLITE_FULL, 0);
    for (unsigned i = 0; i < 1000 && asked == 0; i++)
        shelf_commit_some(x, 1);
    assert_int_equal(asked, 1);
    assert_int_equal(store_health(x->store), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, shelf_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tried_again),   TEST(test_no_room_to_be_had), TEST(test_what_can_wait),
        TEST(test_kept_in_order), TEST(test_nothing_passes_it), TEST(test_as_many_as_there_is_memory_for),
        TEST(test_at_close),      TEST(test_at_open),           TEST(test_log_is_copied_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
