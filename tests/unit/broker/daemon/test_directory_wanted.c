// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/daemon/directory_internal.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Once everything is wanted it is asked for until it was told, and until then no cookie says that it was. */

#define CONF "[host]\nhost = %s\n%s[gate]\ngated-uid = %u-%u\n[directory]\nstatus-max-age = none\n"

/* Entry 1 is of this host by name, entry 2 by its group. */
static void tell_both(struct ldapd *l, void *userdata)
{
    (void)userdata;
    ldapd_signed(l, 1, (struct grant_plan){0});
    ldapd_signed(l, 2, (struct grant_plan){.id = "00000000000000000000000000000002", .host = "@db"});
}

static void tell_first(struct ldapd *l, void *userdata)
{
    (void)userdata;
    ldapd_signed(l, 1, (struct grant_plan){0});
}

static void reload(struct world *w, const char *host, const char *groups)
{
    char text[400];

    (void)snprintf(text, sizeof(text), CONF, host, groups, w->first, w->last);
    assert_int_equal(world_reload(w, text), 0);
}

/* A cookie that came alone waits for its time to be written. */
static void have_a_cookie_wait(struct ldapd *l)
{
    ldapd_cookie(l, "rid=1,csn=9");
    ldapd_settle(l);
    assert_true(l->w->broker->directory->wants_cookie);
}

static void test_interrupted_and_asked_for_again(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_first, NULL);
    (void)directory_refresh(w->broker->directory);
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    for (unsigned i = 0; i < 2; i++) {
        ldapd_begin(&l, true);
        ldapd_hang_up(&l);
        ldapd_connect(&l);
        assert_string_equal(l.cookie, "");
    }
    ldapd_refresh(&l, tell_first, NULL);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "rid=1,csn=1"); /* now it was told */
    ldapd_hang_up(&l);
}

/* Whoever tells changes where everything was asked for does not get rid of the question. */
static void test_not_answered_by_changes(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_first, NULL);
    (void)directory_refresh(w->broker->directory);
    ldapd_await_start(&l, 2);
    ldapd_begin(&l, false);
    ldapd_end(&l, true, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_int_equal(world_records(w, EVENT_DIRECTORY_TROUBLE, "failure", NULL) > 0, 1);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "");
    ldapd_hang_up(&l);
}

static void test_no_cookie_meanwhile(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    cleanup_free char *revocation = paper_revocation(&(struct revocation_plan){0});

    reload(w, "db01.finance.example", "groups = db\n");
    ldapd_connect(&l);
    assert_int_equal(l.start.n_groups, 1);
    assert_string_equal(l.start.groups[0], "db");
    ldapd_refresh(&l, tell_both, NULL);
    have_a_cookie_wait(&l);
    reload(w, "db01.finance.example", ""); /* as the world starts */
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    assert_int_equal(l.start.n_groups, 0);
    ldapd_begin(&l, true);
    ldapd_entry(&l, 3, revocation, NULL, NULL); /* tried at once: all is quiet once more */
    ldapd_settle(&l);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "");
    ldapd_hang_up(&l);
    world_restart(w);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, ""); /* what there is for this host was never told */
    ldapd_refresh(&l, tell_first, NULL);
    assert_int_equal(ldapd_count(w, "grants"), 1);
    ldapd_hang_up(&l);
}

/* What concerns this host no longer is told no longer, and is withdrawn. */
static void test_another_group(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    reload(w, "db01.finance.example", "groups = db\n");
    ldapd_connect(&l);
    ldapd_refresh(&l, tell_both, NULL);
    assert_int_equal(ldapd_count(w, "grants"), 2);
    reload(w, "db01.finance.example", "");
    ldapd_await_start(&l, 2);
    assert_int_equal(l.start.n_groups, 0);
    ldapd_refresh(&l, tell_first, NULL);
    assert_int_equal(ldapd_count(w, "grants"), 1);
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

static void test_another_name(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_first, NULL);
    reload(w, "db02.finance.example", "");
    ldapd_await_start(&l, 2);
    assert_string_equal(l.start.host, "db02.finance.example");
    assert_string_equal(l.cookie, "");
    assert_int_not_equal(world_knock(w), REASON_OK);
    ldapd_refresh(&l, tell_first, NULL); /* as a server that does not heed the filter */
    assert_true(ldapd_shows(w, REASON_WRONG_HOST, "does not name this host") || ldapd_count(w, "bad") == 0);
    assert_int_not_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* The same again is nothing new. */
static void test_nothing_changed(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    reload(w, "db01.finance.example", "groups = db\n");
    ldapd_connect(&l);
    ldapd_refresh(&l, tell_first, NULL);
    reload(w, "db01.finance.example", "groups = db\n");
    ldapd_settle(&l);
    world_for(w, 50);
    ldapd_settle(&l);
    assert_int_equal(l.starts, 1);
    ldapd_hang_up(&l);
}

/* By hand, and before anything was asked for again the host loses power: who waits for that trust is not
 * forgotten. */
static void test_another_trust_and_a_cookie_that_waits(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *five = epoch_text(w, (struct trust_plan){.epoch = 5});
    char *six = epoch_text(w, (struct trust_plan){.epoch = 6});
    char *one = epoch_approval(&w->department->approvers[DEPARTMENT_LEADER], six, 6);
    char *two = epoch_approval(&w->department->approvers[DEPARTMENT_UNIT], six, 6);

    ldapd_connect(&l);
    ldapd_begin(&l, true);
    ldapd_entry(&l, 1, six, one, two);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "waiting_trust"), 1);
    w->broker->directory->cookie_written_us = 0; /* long ago: it is time */
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    ldapd_cookie(&l, "rid=1,csn=9");
    epoch_replace(w, five, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    ldapd_settle(&l);
    ldapd_hang_up(&l);
    world_restart(w);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "");
    ldapd_begin(&l, true);
    ldapd_entry(&l, 1, six, one, two);
    ldapd_end(&l, true, "rid=1,csn=9");
    ldapd_settle(&l);
    assert_int_equal(epoch_in_force(w, NULL), 6);
    ldapd_hang_up(&l);
    free(five);
    free(six);
    free(one);
    free(two);
}

/* The same while a search tells what changed. */
static void test_another_trust_during_a_refresh(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *five = epoch_text(w, (struct trust_plan){.epoch = 5});

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_first, NULL);
    have_a_cookie_wait(&l);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "rid=1,csn=1");
    w->broker->directory->cookie_written_us = 0; /* long ago: it is time */
    ldapd_begin(&l, false);
    epoch_replace(w, five, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    ldapd_settle(&l);
    ldapd_hang_up(&l);
    world_restart(w);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "");
    ldapd_hang_up(&l);
    free(five);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_interrupted_and_asked_for_again, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_not_answered_by_changes, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_no_cookie_meanwhile, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_group, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_name, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_changed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_trust_and_a_cookie_that_waits, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_another_trust_during_a_refresh, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
