// LAYERS: test_support
// LINK: -Wl,--wrap=store_submit

#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What a hufud that is killed leaves: each use in the books is a session's that is on disk, too, and what an
 * operator was told is on record. */

/* ---- a disk that takes its time ---- */

static struct {
    bool holds;
    struct {
        struct store *store;
        struct store_txn *txn;
        store_done *done;
        void *userdata;
    } held[16];
    size_t n;
} disk;

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    if (!disk.holds || disk.n == sizeof(disk.held) / sizeof(disk.held[0]))
        return __real_store_submit(s, t, done, userdata);
    disk.held[disk.n].store = s;
    disk.held[disk.n].txn = t;
    disk.held[disk.n].done = done;
    disk.held[disk.n].userdata = userdata;
    disk.n++;
    return 0;
}

static void let_go(void)
{
    disk.holds = false;
    for (size_t i = 0; i < disk.n; i++)
        assert_int_equal(__real_store_submit(disk.held[i].store, disk.held[i].txn, disk.held[i].done,
                                             disk.held[i].userdata),
                         0);
    disk.n = 0;
}

/* ---- a kill ---- */

static void copy(const struct world *w, const char *from, const char *to)
{
    char command[400];

    (void)snprintf(command, sizeof(command),
                   "cd %s && for f in hufu.db hufu.db-wal anchor; do rm -f $f%s && cp $f%s $f%s; done",
                   w->folder, to, from, to);
    assert_int_equal(system(command), 0);
}

/* What this broker does from now on never happens. */
static void kill_here(struct world *w)
{
    assert_int_equal(store_flush(w->broker->store), 0);
    copy(w, "", ".killed");
}

static void start_again(struct world *w)
{
    world_stop(w);
    copy(w, ".killed", "");
    world_start(w);
    world_until(w, world_nobody_is_left, NULL);
}

/* ---- uses ---- */

/* The account phase of somebody who does not get further. */
static struct visitor reserve(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    m.caller.parent = 1;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    return v;
}

/* The order that cancels a reservation does not write the count from before. */
static void test_finish_gives_the_use_back(void **state)
{
    struct world *w = *state;
    struct visitor v;

    world_grant_often(w);
    v = reserve(w);
    assert_int_equal(world_entry(w)->uses_taken, 1);
    assert_string_equal(world_error_of(w, "GrantFinish", json_pack("{ss}", "id", PAPERS_ID)), "");
    assert_int_equal(world_entry(w)->uses_taken, 0);
    kill_here(w);
    visitor_end(&v);
    start_again(w);
    assert_int_equal(world_entry(w)->uses_taken, 0);
    assert_true(world_entry(w)->closed);
}

/* The same, ordered by the person themselves, whose session has its grace. */
static void test_own_finish_gives_the_use_back(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), other;

    world_grant_often(w);
    world_log_in(w, &v);
    other = reserve(w);
    assert_int_equal(world_entry(w)->uses_taken, 2);
    w->reaper.login_uid = WORLD_UID;
    assert_string_equal(world_error_of(w, "GrantFinish", NULL), "");
    assert_int_equal(world_entry(w)->uses_taken, 1);
    kill_here(w);
    visitor_end(&other);
    visitor_end(&v);
    start_again(w);
    assert_int_equal(world_entry(w)->uses_taken, 1);
    assert_true(world_entry(w)->closed);
}

/* A session phase without an account phase, as far as the lease: nothing of it is on disk, and what else is
 * written of the grant meanwhile does not have its use. */
static void test_use_comes_with_its_session(void **state)
{
    struct world *w = *state;
    struct visitor coming = visitor_new(), other;
    struct gate_pam m = world_opening(&coming);
    int fd;

    world_grant_often(w);
    w->reaper.hold_leases = true;
    m.caller.parent = 1;
    fd = world_send(w, &coming, FRAME_GATE_OPEN, &m);
    while (!w->reaper.holding)
        world_for(w, 5);
    other = reserve(w);
    assert_int_equal(world_entry(w)->uses_taken, 2);
    kill_here(w);
    close_fd(fd);
    visitor_end(&other);
    visitor_end(&coming);
    w->reaper.hold_leases = w->reaper.holding = false;
    start_again(w);
    assert_int_equal(world_entry(w)->uses_taken, 0);
}

/* Whoever is gone before their session opened had none, also if hufud is killed before their end is proven.
 */
static void test_never_opened(void **state)
{
    struct world *w = *state;
    struct visitor coming = visitor_new();
    struct gate_pam m = world_opening(&coming);
    int fd;

    world_grant_often(w);
    w->reaper.hold_leases = w->reaper.hold_ends = true;
    m.caller.parent = 1;
    fd = world_send(w, &coming, FRAME_GATE_OPEN, &m);
    while (!w->reaper.holding)
        world_for(w, 5);
    visitor_end(&coming);
    world_until(w, world_is_ending, NULL);
    kill_here(w);
    close_fd(fd);
    w->reaper.hold_leases = w->reaper.hold_ends = w->reaper.holding = false;
    start_again(w);
    assert_int_equal(world_entry(w)->uses_taken, 0);
}

/* ---- answers ---- */

/* That a session has ended is known before the disk has the order to end it: it is told afterwards. */
static void test_end_is_told_when_it_is_on_record(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply reply;
    uint64_t number;
    int fd;

    world_grant_often(w);
    number = world_log_in(w, &v);
    disk.holds = true;
    fd = world_begin_call(w, "SessionEnd",
                          json_pack("{sI ss}", "number", (json_int_t)number, "why", "enough"));
    while (w->reaper.ends == 0)
        world_for(w, 5);
    world_for(w, 100);
    assert_null(registry_first(w->broker->registry)); /* its end is proven */
    assert_false(world_has_answer(w, fd));
    let_go();
    reply = world_take_reply(w, fd);
    assert_null(reply.error);
    assert_int_equal(world_records(w, "session-end", "success", NULL), 1);
    varlink_reply_done(&reply);
    visitor_end(&v);
}

static int setup(void **state)
{
    memset(&disk, 0, sizeof(disk));
    return world_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_finish_gives_the_use_back, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_own_finish_gives_the_use_back, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_use_comes_with_its_session, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_never_opened, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_end_is_told_when_it_is_on_record, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
