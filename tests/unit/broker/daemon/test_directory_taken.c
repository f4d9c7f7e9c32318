// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/daemon/directory.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/broker/daemon/offices.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Revocations and statuses of the directory: signed ones as if they had been handed in, unsigned ones as long
 * as they are there. */

struct site {
    struct offices *o;
    struct ldapd l;
};

static int setup(void **state)
{
    struct site *s = calloc(1, sizeof(*s));

    must(s != NULL && offices_setup((void **)&s->o) == 0);
    s->l = ldapd_new(s->o->w);
    ldapd_connect(&s->l);
    ldapd_begin(&s->l, true);
    ldapd_signed(&s->l, 1, (struct grant_plan){0});
    ldapd_end(&s->l, true, "rid=1,csn=1");
    ldapd_settle(&s->l);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct site *s = *state;

    if (s->l.fd >= 0)
        ldapd_hang_up(&s->l);
    buf_done(&s->l.in);
    offices_free(s->o);
    free(s);
    return 0;
}

static void restart(struct site *s)
{
    ldapd_hang_up(&s->l);
    world_stop(s->o->w);
    world_start(s->o->w);
}

/* The revocation of the usual grant: signed by the revoker, or not. */
static void tell_revocation(struct site *s, bool is_signed, struct revocation_plan plan)
{
    char *document = paper_revocation(&plan);
    char *approval = offices_sign(&s->o->revoker, "revoker", document);

    ldapd_entry(&s->l, 2, document, is_signed ? approval : NULL, NULL);
    free(document);
    free(approval);
}

static void test_unsigned_holds_while_it_is_there(void **state)
{
    struct site *s = *state;
    struct world *w = s->o->w;

    assert_int_equal(world_knock(w), REASON_OK);
    tell_revocation(s, false, (struct revocation_plan){0});
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(w), REASON_REVOKED);
    assert_int_equal(ldapd_count(w, "revocations_unsigned"), 1);
    assert_int_equal(ldapd_count(w, "revocations_signed"), 0);
    assert_int_equal(world_records(w, EVENT_UNSIGNED, "failure", NULL), 1);
    assert_true(ldapd_shows(w, REASON_APPROVAL_MISSING, "nobody signed"));
    restart(s);
    assert_int_equal(world_knock(w), REASON_REVOKED); /* before anybody has connected */
    ldapd_connect(&s->l);
    ldapd_begin(&s->l, false);
    ldapd_present(&s->l, 1, 2);
    ldapd_end(&s->l, false, "rid=1,csn=3");
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(w), REASON_REVOKED);
    ldapd_delete(&s->l, 2);
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(world_records(w, EVENT_UNSIGNED, "success", NULL), 1);
    assert_int_equal(world_records(w, EVENT_UNSIGNED, "failure", NULL), 1);
    restart(s);
    assert_int_equal(world_knock(w), REASON_OK);
}

static bool is_over(struct world *w, void *userdata)
{
    return !registry_find(w->broker->registry, *(uint64_t *)userdata);
}

static void test_unsigned_ends_sessions(void **state)
{
    struct site *s = *state;
    struct visitor v = visitor_new();
    uint64_t number = world_log_in(s->o->w, &v);

    tell_revocation(s, false, (struct revocation_plan){.scope = "staff zhang.san"});
    world_until(s->o->w, is_over, &number);
    assert_int_equal(world_knock(s->o->w), REASON_STAFF_REVOKED);
    visitor_end(&v);
}

/* Said so where people look. */
static void test_unsigned_is_shown_as_such(void **state)
{
    struct site *s = *state;
    struct varlink_reply r;
    const json_t *taken;

    tell_revocation(s, false, (struct revocation_plan){0});
    ldapd_settle(&s->l);
    r = world_call(s->o->w, "TakenList", NULL);
    taken = json_array_get(json_object_get(r.parameters, "taken"), 0);
    assert_true(json_is_true(json_object_get(taken, "unsigned")));
    assert_true(json_is_null(json_object_get(taken, "signer")));
    varlink_reply_done(&r);
    r = world_call(s->o->w, "GrantShow", json_pack("{ss}", "id", PAPERS_ID));
    assert_non_null(strstr(offices_grant_text(&r, "taken_by"), "unsigned"));
    assert_string_equal(offices_grant_text(&r, "state"), "revoked");
    varlink_reply_done(&r);
}

/* An approval that arrives makes it a tombstone, which no deletion lifts. */
static void test_unsigned_becomes_signed(void **state)
{
    struct site *s = *state;

    tell_revocation(s, false, (struct revocation_plan){0});
    ldapd_settle(&s->l);
    tell_revocation(s, true, (struct revocation_plan){0});
    ldapd_settle(&s->l);
    assert_int_equal(ldapd_count(s->o->w, "revocations_unsigned"), 0);
    assert_int_equal(ldapd_count(s->o->w, "revocations_signed"), 1);
    assert_int_equal(world_records(s->o->w, EVENT_REVOCATION, "success", NULL), 1);
    ldapd_delete(&s->l, 2);
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(s->o->w), REASON_REVOKED);
    restart(s);
    assert_int_equal(world_knock(s->o->w), REASON_REVOKED);
}

/* Whoever may sign by another trust file: then it is one, too. */
static void test_unsigned_is_signed_under_another_trust(void **state)
{
    struct site *s = *state;

    offices_replace_trust(s->o, 5, false, &s->o->status_key);
    tell_revocation(s, true, (struct revocation_plan){0});
    ldapd_settle(&s->l);
    assert_int_equal(ldapd_count(s->o->w, "revocations_unsigned"), 1);
    offices_replace_trust(s->o, 6, true, &s->o->status_key);
    ldapd_await_start(&s->l, 2);
    assert_string_equal(s->l.cookie, "");
    ldapd_begin(&s->l, true);
    ldapd_signed(&s->l, 1, (struct grant_plan){0});
    tell_revocation(s, true, (struct revocation_plan){0});
    ldapd_end(&s->l, true, "rid=1,csn=4");
    ldapd_settle(&s->l);
    assert_int_equal(ldapd_count(s->o->w, "revocations_unsigned"), 0);
    assert_int_equal(ldapd_count(s->o->w, "revocations_signed"), 1);
}

static void test_of_another_site(void **state)
{
    struct site *s = *state;

    tell_revocation(s, false, (struct revocation_plan){.site = "cn.example.other"});
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(s->o->w), REASON_OK);
    assert_int_equal(ldapd_count(s->o->w, "bad"), 1);
    assert_true(ldapd_shows(s->o->w, REASON_WRONG_SITE, "another site"));
}

/* Whoever cuts each refresh short keeps no signed revocation away. */
static void test_signed_before_the_end(void **state)
{
    struct site *s = *state;

    (void)directory_refresh(s->o->w->broker->directory);
    ldapd_await_start(&s->l, 2);
    ldapd_begin(&s->l, true);
    tell_revocation(s, true, (struct revocation_plan){0});
    ldapd_settle(&s->l);
    ldapd_hang_up(&s->l);
    assert_int_equal(world_knock(s->o->w), REASON_REVOKED);
    assert_int_equal(ldapd_count(s->o->w, "entries"), 1);
    restart(s);
    assert_int_equal(world_knock(s->o->w), REASON_REVOKED);
    ldapd_connect(&s->l);
    ldapd_begin(&s->l, s->l.cookie[0] == '\0');
    ldapd_signed(&s->l, 1, (struct grant_plan){0});
    tell_revocation(s, true, (struct revocation_plan){0});
    ldapd_end(&s->l, true, "rid=1,csn=5");
    ldapd_settle(&s->l);
    assert_int_equal(ldapd_count(s->o->w, "revocations_signed"), 1);
    assert_int_equal(ldapd_count(s->o->w, "revocations_unsigned"), 0);
}

/* An unsigned one means nothing before the end. */
static void test_unsigned_only_with_the_end(void **state)
{
    struct site *s = *state;

    (void)directory_refresh(s->o->w->broker->directory);
    ldapd_await_start(&s->l, 2);
    ldapd_begin(&s->l, true);
    ldapd_signed(&s->l, 1, (struct grant_plan){0});
    tell_revocation(s, false, (struct revocation_plan){0});
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(s->o->w), REASON_OK);
    ldapd_end(&s->l, true, "rid=1,csn=5");
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(s->o->w), REASON_REVOKED);
}

/* ---- status ---- */

static void tell_status(struct site *s, unsigned n, struct issue x)
{
    char *document = issue_status(x);
    char *approval = offices_sign(x.by ? x.by : &s->o->status_key, "status", document);

    ldapd_entry(&s->l, n, document, approval, NULL);
    free(document);
    free(approval);
}

static void test_status_revokes(void **state)
{
    struct site *s = *state;

    tell_status(s, 3, (struct issue){.lines = "revoked: " PAPERS_ID "\n"});
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(s->o->w), REASON_REVOKED);
    assert_int_equal(ldapd_count(s->o->w, "status_epoch"), 17);
    tell_status(s, 3, (struct issue){.epoch = 18});
    ldapd_settle(&s->l);
    assert_int_equal(world_knock(s->o->w), REASON_OK);
}

/* A directory that was rolled back: what was seen stays, and it is said once. */
static void test_status_rolled_back(void **state)
{
    struct site *s = *state;

    tell_status(s, 3, (struct issue){.epoch = 18, .lines = "revoked: " PAPERS_ID "\n"});
    ldapd_settle(&s->l);
    for (unsigned i = 0; i < 3; i++) {
        tell_status(s, 3, (struct issue){.epoch = 17, .lasts = 86400 + i});
        ldapd_settle(&s->l);
        assert_int_equal(world_knock(s->o->w), REASON_REVOKED);
    }
    assert_int_equal(ldapd_count(s->o->w, "status_epoch"), 18);
    assert_true(ldapd_shows(s->o->w, REASON_STATUS_STALE, "never goes back"));
    assert_int_equal(world_records(s->o->w, EVENT_DIRECTORY_ENTRY, "failure", NULL), 3);
}

/* Any amount of junk for the trust epoch that comes next displaces none of the genuine ones. */
static void test_junk_statuses_displace_nothing(void **state)
{
    struct site *s = *state;
    char *trust = offices_trust(s->o, 5, true, &s->o->next_key);
    char *one = epoch_approval(&s->o->w->department->approvers[DEPARTMENT_LEADER], trust, 5);
    char *two = epoch_approval(&s->o->w->department->approvers[DEPARTMENT_UNIT], trust, 5);

    tell_status(
        s, 3,
        (struct issue){
            .trust_epoch = 5, .epoch = 2, .lines = "revoked: " PAPERS_ID "\n", .by = &s->o->next_key});
    for (unsigned i = 0; i < 20; i++)
        tell_status(s, 10 + i, (struct issue){.trust_epoch = 5, .epoch = 100 + i, .by = &s->o->status_key});
    ldapd_settle(&s->l);
    assert_int_equal(ldapd_count(s->o->w, "waiting_trust"), 21);
    assert_int_equal(world_knock(s->o->w), REASON_OK);
    ldapd_entry(&s->l, 4, trust, one, two);
    ldapd_await_start(&s->l, 2);
    ldapd_begin(&s->l, true);
    ldapd_signed(&s->l, 1, (struct grant_plan){0});
    ldapd_entry(&s->l, 4, trust, one, two);
    for (unsigned i = 0; i < 20; i++)
        tell_status(s, 10 + i, (struct issue){.trust_epoch = 5, .epoch = 100 + i, .by = &s->o->status_key});
    tell_status(
        s, 3,
        (struct issue){
            .trust_epoch = 5, .epoch = 2, .lines = "revoked: " PAPERS_ID "\n", .by = &s->o->next_key});
    ldapd_end(&s->l, true, "rid=1,csn=6");
    ldapd_settle(&s->l);
    assert_int_equal(ldapd_count(s->o->w, "trust_epoch"), 5);
    assert_int_equal(ldapd_count(s->o->w, "status_epoch"), 2);
    assert_int_equal(world_knock(s->o->w), REASON_REVOKED);
    free(trust);
    free(one);
    free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unsigned_holds_while_it_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_ends_sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_is_shown_as_such, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_becomes_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_is_signed_under_another_trust, setup, teardown),
        cmocka_unit_test_setup_teardown(test_of_another_site, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signed_before_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_only_with_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status_revokes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status_rolled_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_junk_statuses_displace_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
