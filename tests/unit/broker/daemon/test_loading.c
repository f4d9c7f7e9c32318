// LAYERS: test_support
// LIBRARIES: sqlite3

#include "broker/daemon/loading.h"
#include "broker/daemon/verdict_writer.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/shop_acts.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Grants that are still on their way from the store: whatever is done meanwhile comes out as if all had been
 * there. Each thing is done once to a broker that loaded everything at its start, and once after every part
 * of the way; what is in memory, and then in the store, must be the same.
 */
#define ALL 1000

static char *whole(struct shop *s, void (*act)(struct shop *))
{
    shop_put_back(s);
    s->o->w->at_once = 0;
    s->o->w->by_hand = false;
    world_start(s->o->w);
    assert_false(loading_is(s->o->w->broker));
    act(s);
    return shop_dump(s->o->w, true);
}

/* True: there was something left when it was done. */
static bool in_between(struct shop *s, void (*act)(struct shop *), unsigned steps, char **ret)
{
    struct world *w = s->o->w;
    bool left;

    shop_put_back(s);
    w->at_once = 1;
    w->by_hand = true;
    world_start(w);
    assert_int_equal(loading_some(w->broker, steps), 0);
    left = loading_is(w->broker);
    act(s);
    assert_int_equal(loading_some(w->broker, ALL), 0);
    assert_false(loading_is(w->broker));
    *ret = shop_dump(w, true);
    return left;
}

static void test_whatever_happens_in_between(void **state)
{
    struct shop *s = *state;

    for (size_t i = 0; i < shop_n_acts; i++) {
        char *expected = whole(s, shop_acts[i].act);
        bool left = true;

        for (unsigned steps = 0; left; steps++) {
            char *is;

            left = in_between(s, shop_acts[i].act, steps, &is);
            shop_compare(shop_acts[i].what, steps, is, expected);
            free(is);
            assert_true(steps < 50);
        }
        free(expected);
    }
}

static bool verdicts_are_written(struct world *w, void *userdata)
{
    (void)userdata;
    return !verdict_writer_is_busy(w->broker);
}

/* A trust that takes the place of another waits until all are there, and so does a list of all. */
static void replace_trust(struct shop *s)
{
    char *next = epoch_without_leader(s->o->w, 5);

    epoch_replace(s->o->w, next, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    assert_false(loading_is(s->o->w->broker));
    world_until(s->o->w, verdicts_are_written, NULL);
    free(next);
}

/* Of many grants the verdicts under it are written afterwards, and made again if that did not come to its
 * end.
 */
static void replace_trust_and_stop(struct shop *s)
{
    char *next = epoch_without_leader(s->o->w, 5);

    epoch_replace(s->o->w, next, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    verdict_writer_stop(s->o->w->broker);
    world_stop(s->o->w);
    s->o->w->at_once = 0;
    world_start(s->o->w);
    free(next);
}

static void list_all(struct shop *s)
{
    struct varlink_reply r = world_call(s->o->w, "GrantList", json_pack("{sb}", "all", 1));

    assert_int_equal(json_array_size(json_object_get(r.parameters, "grants")), 6);
    assert_false(loading_is(s->o->w->broker));
    varlink_reply_done(&r);
}

static void by_itself(struct shop *s, const char *what, void (*act)(struct shop *))
{
    char *expected = whole(s, act), *is;

    shop_put_back(s);
    s->o->w->at_once = 1;
    world_start(s->o->w);
    act(s);
    is = shop_dump(s->o->w, true);
    shop_compare(what, 0, is, expected);
    free(is);
    free(expected);
}

static void test_what_needs_all_waits(void **state)
{
    by_itself(*state, "another trust", replace_trust);
    by_itself(*state, "another trust, and a stop", replace_trust_and_stop);
    by_itself(*state, "a list", list_all);
}

static void damage(const struct world *w, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(world_path(w, "hufu.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What cannot be read is not nothing. */
static void test_a_row_that_cannot_be_read(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;

    shop_put_back(s);
    damage(w, "UPDATE document SET approvals = x'ff' WHERE id = x'0123456789abcdef0123456789abcdef'");
    w->at_once = 1;
    w->by_hand = true;
    world_start(w);
    assert_non_null(w->broker->store);
    assert_int_equal(world_knock(w), REASON_STORE_DAMAGED);
    assert_int_equal(store_health(w->broker->store), -EBADMSG);
    assert_int_equal(loading_some(w->broker, ALL), -EBADMSG);
    assert_string_equal(world_error_of(w, "GrantList", json_object()), "StoreUnavailable");
    assert_true(world_has_finding(w, "problem", "grants"));
    world_stop(w);
}

static bool is_open_and_settled(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->state == SESSION_OPEN && s->settled;
}

/* Somebody is in, under one of two grants, when hufud starts again and cannot read a third one of theirs. */
static void start_damaged(struct shop *s, struct visitor *v)
{
    struct world *w = s->o->w;

    shop_put_back(s);
    w->at_once = 0;
    w->by_hand = false;
    world_start(w);
    assert_int_equal(world_grant(w, (struct grant_plan){.id = ID_JOB, .job = "cron"}), REASON_OK);
    world_log_in(w, v);
    world_stop(w);
    w->reaper.start_time = world_login(v).caller.start_time;
    damage(w, "UPDATE document SET approvals = x'ff' WHERE id = x'" ID_CLOSED "'");
    w->at_once = 1;
    w->by_hand = true;
    world_start(w);
    world_until(w, is_open_and_settled, NULL);
    assert_int_equal(world_knock(w), REASON_STORE_DAMAGED);
}

/* What takes away from somebody who is in does so also where another grant of theirs cannot be read. */
static void test_ended_beside_a_row_that_cannot_be_read(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    struct visitor v = visitor_new();
    struct varlink_reply r;

    start_damaged(s, &v);
    r = issue_hand_in(s->o, (struct issue){.lines = "revoked: 0123456789abcdef0123456789abcdef\n"
                                                    "revoked: " ID_JOB "\n"});
    varlink_reply_done(&r);
    world_until(w, world_nobody_is_left, NULL);
    visitor_end(&v);
    world_stop(w);
}

/* A grant for jobs is there, but what is not may be its next version. */
static void test_no_job_stays_beside_a_row_that_cannot_be_read(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    struct visitor v = visitor_new();

    start_damaged(s, &v);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_PERSON);
    world_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whatever_happens_in_between, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(test_what_needs_all_waits, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(test_a_row_that_cannot_be_read, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(test_ended_beside_a_row_that_cannot_be_read, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(test_no_job_stays_beside_a_row_that_cannot_be_read, shop_setup,
                                        shop_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
