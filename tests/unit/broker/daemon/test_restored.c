// LAYERS: test_support

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/store/anchor.h"
#include "broker/trust/digest.h"
#include "tests/unit/broker/daemon/world.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A store that was put back from a copy. */

static const struct grant_plan many = {.uses = "9 per-host", .sessions = "9"};

static void copy(const char *from, const char *to)
{
    cleanup_free char *octets = NULL;
    size_t size = 0;

    if (files_read(from, (uid_t)-1, 1 << 27, &octets, &size) < 0)
        (void)unlink(to);
    else
        assert_int_equal(files_write(to, 0600, octets, size), 0);
}

/* The store's files: put aside, or back while nobody runs. */
static void keep(struct world *w)
{
    copy(world_path(w, "hufu.db"), world_path(w, "aside.db"));
    copy(world_path(w, "hufu.db-wal"), world_path(w, "aside.db-wal"));
}

/* And the anchor, which is first: what is written meanwhile leaves it behind, as a kill does, and not ahead.
 */
static void keep_all(struct world *w)
{
    copy(world_path(w, "anchor"), world_path(w, "anchor.aside"));
    keep(w);
}

static void put_back(struct world *w)
{
    world_stop(w);
    copy(world_path(w, "aside.db"), world_path(w, "hufu.db"));
    copy(world_path(w, "aside.db-wal"), world_path(w, "hufu.db-wal"));
    world_start(w);
}

static struct varlink_reply confirm(struct world *w, bool keep_uses)
{
    return world_call(w, "HostConfirm",
                      json_pack("{ss sb}", "why", "disk lost", "keep_uses", (int)keep_uses));
}

static json_t *member(const struct varlink_reply *r, const char *of, const char *name)
{
    return json_object_get(json_object_get(r->parameters, of), name);
}

static bool says(struct world *w, const char *words)
{
    struct varlink_reply r = world_call(w, "Status", NULL);
    json_t *f;
    size_t i;
    bool found = false;

    json_array_foreach(json_object_get(r.parameters, "findings"), i, f)
    {
        found = found || strstr(json_string_value(json_object_get(f, "message")), words) != NULL;
    }
    varlink_reply_done(&r);
    return found;
}

static enum reason asked(struct world *w)
{
    return world_knock(w);
}

static void log_in_and_out(struct world *w)
{
    struct visitor v = visitor_new();

    (void)world_log_in(w, &v);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
}

static void log_nothing_but_refusals(struct world *w)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(asked(w), REASON_NO_GRANT);
}

/* A host with a counted grant of which one use is in the copy, and two were taken since. */
static void make_restored(struct world *w)
{
    world_grant(w, many);
    log_in_and_out(w);
    keep(w);
    log_in_and_out(w);
    log_in_and_out(w);
    put_back(w);
}

/* ---- */

static void test_refused_until_confirmed(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;
    json_int_t has;

    make_restored(w);
    assert_int_equal(asked(w), REASON_STORE_RESTORED);
    assert_true(says(w, "hufuctl host confirm") && says(w, "is an older state"));
    assert_true(world_records(w, "store-restored", "failure", NULL) >= 1);
    r = world_call(w, "HostShow", NULL);
    assert_true(json_is_false(json_object_get(r.parameters, "confirmed")));
    has = json_integer_value(member(&r, "restored", "has"));
    assert_true(json_integer_value(member(&r, "restored", "had")) > has);
    assert_int_equal(json_integer_value(member(&r, "restored", "counted_grants")), 1);
    varlink_reply_done(&r);
    /* It stays so, whatever is written meanwhile; and where it was put back to is what is told. */
    for (int i = 0; i < 30; i++)
        assert_int_equal(asked(w), REASON_STORE_RESTORED);
    world_restart(w);
    assert_int_equal(asked(w), REASON_STORE_RESTORED);
    r = world_call(w, "HostShow", NULL);
    assert_int_equal(json_integer_value(member(&r, "restored", "has")), has);
    varlink_reply_done(&r);
}

/* Uses that were taken after the copy cannot be counted: none is given. */
static void test_confirming_closes_counts(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    make_restored(w);
    r = confirm(w, false);
    assert_null(r.error);
    assert_int_equal(json_integer_value(member(&r, "restored", "closed_grants")), 1);
    assert_true(json_is_false(member(&r, "restored", "uses_kept")));
    varlink_reply_done(&r);
    assert_int_equal(world_records(w, "store-restored", "success", NULL), 1);
    assert_int_equal(world_records(w, "host-confirm", NULL, NULL), 0);
    assert_int_equal(asked(w), REASON_USES_EXHAUSTED);
    world_restart(w);
    assert_int_equal(asked(w), REASON_USES_EXHAUSTED);
    /* A further version is the same grant. */
    world_grant(w, (struct grant_plan){.uses = "20 per-host", .sessions = "9", .version = 4});
    assert_int_equal(asked(w), REASON_USES_EXHAUSTED);
}

static void test_uses_are_kept_if_root_says_so(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    make_restored(w);
    r = confirm(w, true);
    assert_null(r.error);
    assert_true(json_is_true(member(&r, "restored", "uses_kept")));
    varlink_reply_done(&r);
    assert_int_equal(asked(w), REASON_OK);
    assert_int_equal(world_entry(w)->uses_taken, 1);
    world_restart(w);
    assert_int_equal(asked(w), REASON_OK);
}

/* A grant that came and was used after the copy comes again: the copy has never seen it. */
static void test_a_grant_that_the_copy_has_not(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    keep(w);
    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    log_in_and_out(w);
    put_back(w);
    assert_null(world_entry(w));
    r = confirm(w, false);
    varlink_reply_done(&r);
    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    assert_int_equal(asked(w), REASON_USES_EXHAUSTED);
    world_restart(w);
    assert_int_equal(asked(w), REASON_USES_EXHAUSTED);
}

static bool is_settled(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    assert_non_null(s);
    return s->settled;
}

/* The same, if it comes only after the next start. */
static void test_a_grant_after_a_restart(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    keep(w);
    log_nothing_but_refusals(w);
    put_back(w);
    r = confirm(w, false);
    varlink_reply_done(&r);
    world_restart(w);
    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    assert_int_equal(asked(w), REASON_USES_EXHAUSTED);
}

/* Who is in stays in, as long as their grant lets them. */
static void test_sessions_live_on(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct varlink_reply r;

    world_grant(w, many);
    (void)world_log_in(w, &v);
    keep(w);
    assert_int_equal(asked(w), REASON_OK);
    w->reaper.start_time = m.caller.start_time;
    put_back(w);
    world_until(w, is_settled, NULL);
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    r = confirm(w, false);
    varlink_reply_done(&r);
    world_for(w, 50);
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    visitor_end(&v);
}

/* An older store is put back, and root has confirmed it, uses and all. */
static void roll_back_and_confirm(struct world *w)
{
    struct varlink_reply r;

    world_grant(w, many);
    keep(w);
    log_in_and_out(w);
    put_back(w);
    r = confirm(w, true);
    varlink_reply_done(&r);
}

/* A lease of the reaper's may bear a number that the copy does not know to be given. */
static void test_numbers_of_sessions_go_on(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    roll_back_and_confirm(w);
    assert_true(world_log_in(w, &v) > 1000000);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    world_restart(w);
    v = visitor_new();
    assert_true(world_log_in(w, &v) > 1000001);
    visitor_end(&v);
}

static void test_numbers_go_on_after_a_restart(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    roll_back_and_confirm(w);
    world_restart(w);
    assert_true(world_log_in(w, &v) > 1000000);
    visitor_end(&v);
}

/* The store has come farther than the anchor, by another way: both were rolled back once, and one is put
 * back. */
static void test_another_history(void **state)
{
    struct world *w = *state;

    keep_all(w);
    log_nothing_but_refusals(w);
    world_stop(w);
    copy(world_path(w, "anchor"), world_path(w, "anchor.first"));
    copy(world_path(w, "anchor.aside"), world_path(w, "anchor"));
    copy(world_path(w, "aside.db"), world_path(w, "hufu.db"));
    copy(world_path(w, "aside.db-wal"), world_path(w, "hufu.db-wal"));
    world_start(w);
    world_grant(w, many);
    for (int i = 0; i < 3; i++)
        log_in_and_out(w);
    world_stop(w);
    copy(world_path(w, "anchor.first"), world_path(w, "anchor"));
    world_start(w);
    assert_int_equal(asked(w), REASON_STORE_RESTORED);
    assert_true(says(w, "has other records"));
}

/* A store that was made anew, where another one had been. */
static void test_another_store(void **state)
{
    static const struct anchor_mark other = {.ledger = "ffffffffffffffffffffffffffffffff"};
    struct world *w = *state;
    struct anchor *a;

    world_grant(w, many);
    world_stop(w);
    assert_int_equal(anchor_make(world_path(w, "anchor"), digest_sha256, &other, &a), 0);
    anchor_free(a);
    world_start(w);
    assert_int_equal(asked(w), REASON_STORE_RESTORED);
    assert_true(says(w, "is another one"));
}

static void test_lost_anchor(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    world_grant(w, many);
    world_stop(w);
    assert_int_equal(unlink(world_path(w, "anchor")), 0);
    world_start(w);
    assert_int_equal(asked(w), REASON_STORE_RESTORED);
    assert_true(says(w, "hufu-anchor"));
    r = confirm(w, true);
    varlink_reply_done(&r);
    assert_int_equal(asked(w), REASON_OK);
    world_restart(w);
    assert_int_equal(asked(w), REASON_OK);
}

/* One that cannot have been used before counts as ever. */
static void test_a_grant_from_afterwards(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

    keep(w);
    world_grant(w, many);
    put_back(w);
    r = confirm(w, false);
    varlink_reply_done(&r);
    when_format(clock_wall() + 600, from);
    when_format(clock_wall() + 3600, until);
    world_grant(w, (struct grant_plan){.version = 1, .from = from, .until = until, .uses = "2 per-host"});
    assert_int_equal(world_entry(w)->uses_taken, 0);
    world_grant(w, (struct grant_plan){.version = 2, .from = from, .until = until, .uses = "3 per-host"});
    assert_int_equal(world_entry(w)->version, 2);
    assert_int_equal(world_entry(w)->uses_taken, 0);
}

/* A restart and a kill are no restoring. */
static void test_not_noticed_falsely(void **state)
{
    struct world *w = *state;

    world_grant(w, many);
    world_restart(w);
    assert_int_equal(asked(w), REASON_OK);
    keep_all(w); /* as a kill leaves them */
    world_stop(w);
    copy(world_path(w, "anchor.aside"), world_path(w, "anchor"));
    copy(world_path(w, "aside.db"), world_path(w, "hufu.db"));
    copy(world_path(w, "aside.db-wal"), world_path(w, "hufu.db-wal"));
    world_start(w);
    assert_int_equal(asked(w), REASON_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refused_until_confirmed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_confirming_closes_counts, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_uses_are_kept_if_root_says_so, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_grant_that_the_copy_has_not, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_grant_from_afterwards, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_sessions_live_on, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_numbers_of_sessions_go_on, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_numbers_go_on_after_a_restart, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_grant_after_a_restart, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_history, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_store, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_lost_anchor, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_not_noticed_falsely, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
