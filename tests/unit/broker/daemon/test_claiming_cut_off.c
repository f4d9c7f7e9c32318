// LAYERS: test_support
// LINK: -Wl,--wrap=store_submit
// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us

#include "broker/common/files.h"
#include "tests/unit/broker/daemon/fake_provider.h"
#include "tests/unit/broker/daemon/set_clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Logins that got their claim, and were cut off behind it: by the disk, by the reaper, by the feed. */

static struct provider p;
static unsigned good; /* so many transactions are taken, and then none while `full` */
static bool full;
static bool slow; /* the next one takes two seconds */

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    if (slow)
        set_clock_wait(2);
    slow = false;
    if (!full || good > 0) {
        good -= full;
        return __real_store_submit(s, t, done, userdata);
    }
    store_txn_free(t);
    return -ENOSPC;
}

static int setup(void **state)
{
    full = slow = false;
    return provider_setup(&p, state, set_clock_setup);
}

static int teardown(void **state)
{
    full = false;
    return provider_teardown(&p, state);
}

static void assert_refused(struct gate_reply reply, enum reason reason)
{
    world_assert_denied(&reply, reason);
}

static void test_intent_is_not_written(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    full = true;
    good = 0;
    assert_refused(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m), REASON_STORE_FULL);
    assert_int_equal(p.asked[FEED_TAKE], 0);
    assert_int_equal(claiming_unresolved(w->broker->claiming), 0);
    visitor_end(&v);
}

/* Its time is over when it may be asked: then it is not. */
static void test_intent_is_written_late(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    slow = true;
    assert_refused(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m), REASON_CLAIM_UNAVAILABLE);
    assert_int_equal(p.asked[FEED_TAKE], 0);
    provider_settles_at(&p, 0);
    visitor_end(&v);
}

static void test_reservation_is_not_written(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    full = true;
    good = 1;
    assert_refused(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m), REASON_STORE_FULL);
    assert_int_equal(p.asked[FEED_TAKE], 1);
    assert_int_equal(provider_taken(&p), 1); /* not before it is written that nobody has it */
    full = false;
    provider_settles_at(&p, 0);
    visitor_end(&v);
}

static void open_refused(struct world *w, bool reserved, enum reason reason)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    if (reserved)
        assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    w->reaper.lease_result = reason == REASON_REAPER_AWAY ? REAP_REFUSED : REAP_DONE;
    full = reason == REASON_STORE_FULL;
    good = reserved ? 0 : 1;
    world_tie(&m);
    assert_refused(world_ask(w, &v, FRAME_GATE_OPEN, &m), reason);
    full = false;
    world_until(w, world_nobody_is_left, NULL);
    provider_settles_at(&p, 0);
    visitor_end(&v);
}

static void test_no_lease(void **state)
{
    open_refused(*state, true, REASON_REAPER_AWAY);
    open_refused(*state, false, REASON_REAPER_AWAY);
}

static void test_opening_is_not_written(void **state)
{
    open_refused(*state, true, REASON_STORE_FULL);
    open_refused(*state, false, REASON_STORE_FULL);
}

/* The provider goes right behind its answer: what is held is held. */
static void test_provider_goes_behind_its_answer(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    int fd;

    p.mood = PROVIDER_ACTS_SILENTLY;
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    provider_is_asked(&p, FEED_TAKE, 1);
    provider_says_possible(&p, false);
    provider_answers_now(&p);
    assert_int_equal(world_take(w, fd).verdict, VERDICT_ALLOW);
    assert_int_equal(provider_taken(&p), 1);
    visitor_end(&v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_intent_is_not_written),      TEST(test_intent_is_written_late),
        TEST(test_reservation_is_not_written), TEST(test_no_lease),
        TEST(test_opening_is_not_written),     TEST(test_provider_goes_behind_its_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
