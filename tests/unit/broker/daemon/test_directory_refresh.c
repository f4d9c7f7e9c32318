// LAYERS: test_support
// LINK: -Wl,--wrap=registry_next

#include "broker/audit/event.h"
#include "broker/daemon/directory.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* A refresh is all or nothing: what comes between its beginning and an end that counts the same is what there
 * is; cut short or miscounted it is nothing. */

static unsigned n_sessions; /* that were looked at */

struct session *__real_registry_next(const struct session *s);
struct session *__wrap_registry_next(const struct session *s);
struct session *__wrap_registry_next(const struct session *s)
{
    n_sessions++;
    return __real_registry_next(s);
}

static void tell_grant(struct ldapd *l, void *userdata)
{
    ldapd_signed(l, 1, userdata ? *(struct grant_plan *)userdata : (struct grant_plan){0});
}

static void test_a_grant_comes_with_the_end(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    assert_string_equal(l.start.host, "db01.finance.example");
    assert_string_equal(l.cookie, "");
    ldapd_begin(&l, true);
    tell_grant(&l, NULL);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_NO_GRANT);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(ldapd_count(w, "entries"), 1);
    assert_int_equal(ldapd_count(w, "grants"), 1);
    assert_int_equal(world_records(w, EVENT_GRANT_ADD, "success", NULL), 1);
    ldapd_hang_up(&l);
    assert_int_equal(world_knock(w), REASON_OK);
}

/* The record says where it came from. */
static void test_the_record_names_the_entry(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    struct varlink_reply r;
    const json_t *record;

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    r = world_call(w, "Audit", json_pack("{ss}", "event", EVENT_GRANT_ADD));
    record = json_array_get(json_object_get(r.parameters, "records"), 0);
    assert_true(json_is_null(json_object_get(record, "actor")));
    assert_string_equal(json_string_value(json_object_get(record, "detail")), "directory, cn=1,ou=test");
    varlink_reply_done(&r);
    ldapd_hang_up(&l);
}

static void test_cut_short(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_begin(&l, true);
    tell_grant(&l, NULL);
    ldapd_hang_up(&l);
    assert_int_equal(world_knock(w), REASON_NO_GRANT);
    assert_int_equal(ldapd_count(w, "entries"), 0);
    ldapd_connect(&l);
    ldapd_begin(&l, true);
    ldapd_end(&l, true, "rid=1,csn=1"); /* nothing of what was staged before is in this one */
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_NO_GRANT);
    ldapd_hang_up(&l);
}

/* One grant is there, and everything is being told once more. */
static void begin_anew(struct ldapd *l)
{
    ldapd_connect(l);
    ldapd_refresh(l, tell_grant, NULL);
    (void)directory_refresh(l->w->broker->directory);
    ldapd_await_start(l, 2);
    assert_string_equal(l->cookie, "");
    ldapd_begin(l, true);
}

/* And it takes nothing away either. */
static void test_cut_short_takes_nothing_away(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    begin_anew(&l);
    ldapd_hang_up(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_connect(&l);
    ldapd_begin(&l, true);
    ldapd_begin(&l, true);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* Whoever hangs up in the middle does not get around being asked for everything. */
static void test_a_full_one_stays_owed(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    begin_anew(&l);
    ldapd_settle(&l);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "");
    ldapd_refresh(&l, tell_grant, NULL);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "rid=1,csn=1");
    ldapd_hang_up(&l);
}

static void test_wrong_count(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    for (uint32_t count = 0; count <= 2; count += 2) {
        ldapd_begin(&l, true);
        tell_grant(&l, NULL);
        ldapd_end_as(&l, true, "rid=1,csn=1", count);
        ldapd_settle(&l);
        assert_int_equal(ldapd_count(w, "entries"), 0);
        assert_int_equal(world_knock(w), REASON_NO_GRANT);
    }
    assert_int_equal(world_records(w, EVENT_DIRECTORY_REFRESH, "failure", NULL), 2);
    ldapd_begin(&l, true);
    tell_grant(&l, NULL);
    ldapd_end_as(&l, true, "rid=1,csn=1", 1);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* After a miscounted end nothing that comes is believed but a refresh. */
static void test_nothing_outside_of_a_search(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    tell_grant(&l, NULL);
    ldapd_delete(&l, 1);
    ldapd_present(&l, 1, 2);
    ldapd_end_as(&l, true, "rid=1,csn=1", 0);
    ldapd_cookie(&l, "rid=1,csn=1");
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "entries"), 0);
    assert_int_equal(world_knock(w), REASON_NO_GRANT);
    assert_true(world_records(w, EVENT_DIRECTORY_TROUBLE, "failure", NULL) >= 4);
    ldapd_hang_up(&l);
}

static void test_stale_search_number(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    (void)directory_refresh(w->broker->directory);
    ldapd_await_start(&l, 2);
    l.search--;
    ldapd_delete(&l, 1);
    ldapd_begin(&l, true);
    ldapd_end(&l, true, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "entries"), 1);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* Who was asked for everything cannot tell changes only. */
static void test_full_means_full(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_begin(&l, false);
    tell_grant(&l, NULL);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "entries"), 0);
    ldapd_hang_up(&l);
}

static void tell_many(struct ldapd *l, void *userdata)
{
    const unsigned *range = userdata;

    for (unsigned n = range[0]; n <= range[1]; n++) {
        char id[IDENT_ID_TEXT_SIZE];

        (void)snprintf(id, sizeof(id), "%032x", n);
        ldapd_signed(l, n, (struct grant_plan){.id = id});
    }
}

/* A list of what is there that was cut short must not close the house. */
static void test_large_purge_contradicted(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    unsigned range[2] = {1, 24};

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_many, range);
    assert_int_equal(ldapd_count(w, "entries"), 24);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "rid=1,csn=1");
    ldapd_begin(&l, false);
    ldapd_present(&l, 1, 11);
    ldapd_end(&l, false, "rid=1,csn=2");
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, ""); /* everything is asked for */
    assert_int_equal(ldapd_count(w, "purge_held_back"), 13);
    assert_int_equal(ldapd_count(w, "entries"), 24);
    assert_int_equal(ldapd_count(w, "withdrawn"), 0);
    assert_int_equal(world_records(w, EVENT_DIRECTORY_PURGE, "failure", NULL), 1);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_refresh(&l, tell_many, range);
    assert_int_equal(ldapd_count(w, "purge_held_back"), 0);
    assert_int_equal(ldapd_count(w, "withdrawn"), 0);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

static void test_large_purge_confirmed(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    unsigned range[2] = {1, 24}, rest[2] = {24, 24};

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_many, range);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    ldapd_begin(&l, false);
    ldapd_present(&l, 24, 24);
    ldapd_end(&l, false, "rid=1,csn=2");
    ldapd_await_start(&l, 2);
    ldapd_refresh(&l, tell_many, rest);
    assert_int_equal(ldapd_count(w, "withdrawn"), 23);
    assert_int_equal(ldapd_count(w, "entries"), 1);
    assert_int_equal(world_records(w, EVENT_DIRECTORY_PURGE, "success", NULL), 1);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "failure", NULL), 1); /* one of all */
    ldapd_hang_up(&l);
}

/* Who is in under which of them is looked up, and not looked for once for each. */
static void test_large_purge_with_sessions(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    unsigned range[2] = {1, 40};
    struct visitor v[3];

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_many, range);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        v[i] = visitor_new();
        (void)world_log_in(w, &v[i]);
    }
    ldapd_begin(&l, true);
    n_sessions = 0;
    ldapd_end(&l, true, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_in_range(n_sessions, 1, 40);
    assert_int_equal(ldapd_count(w, "withdrawn"), 40);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "failure", NULL), 4); /* three, and the others */
    world_until(w, world_nobody_is_left, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        visitor_end(&v[i]);
    ldapd_hang_up(&l);
}

/* Few may always go. */
static void test_small_purge(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    unsigned range[2] = {1, 11};

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_many, range);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    ldapd_begin(&l, false);
    ldapd_present(&l, 11, 11);
    ldapd_end(&l, false, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "withdrawn"), 10);
    assert_int_equal(ldapd_count(w, "entries"), 1);
    ldapd_hang_up(&l);
}

/* Though they are few: a server that forgot to say that it tells deletions tells nothing, if nothing changed.
 */
static void test_everything_is_asked_about(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    unsigned range[2] = {1, 3};

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_many, range);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    ldapd_begin(&l, false);
    ldapd_end(&l, false, "rid=1,csn=2");
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    assert_int_equal(ldapd_count(w, "withdrawn"), 0);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_begin(&l, true);
    ldapd_end(&l, false, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "withdrawn"), 3);
    ldapd_hang_up(&l);
}

/* What is named as there and is not known here was lost: everything is asked for. */
static void test_unknown_is_present(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    ldapd_begin(&l, false);
    ldapd_present(&l, 1, 2);
    ldapd_end(&l, false, "rid=1,csn=2");
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    ldapd_hang_up(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_grant_comes_with_the_end, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_the_record_names_the_entry, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_cut_short, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_cut_short_takes_nothing_away, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_full_one_stays_owed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_wrong_count, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_outside_of_a_search, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_stale_search_number, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_full_means_full, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_large_purge_contradicted, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_large_purge_confirmed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_large_purge_with_sessions, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_small_purge, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_everything_is_asked_about, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_unknown_is_present, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
