// LAYERS: test_support

#include "broker/audit/event.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Jobs of cron and at: they end with their grant as sessions do, and are none. */

static struct gate_pam job_of(const struct visitor *v)
{
    struct gate_pam m = world_login(v);

    (void)snprintf(m.service, sizeof(m.service), "cron");
    m.tty[0] = m.remote_host[0] = m.ssh_connection[0] = m.auth_info[0] = '\0';
    return m;
}

static void begin_job(struct world *w, const struct visitor *v)
{
    struct gate_pam m = job_of(v);

    assert_int_equal(world_ask(w, v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    world_tie(&m);
    assert_int_equal(world_ask(w, v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
}

static const struct grant_entry *entry_of(struct world *w)
{
    return grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF);
}

static void test_job_is_on_lease_and_takes_no_use(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){.job = "cron", .uses = "1 per-host"});
    begin_job(w, &v);
    assert_non_null(registry_first(w->broker->registry));
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    assert_int_equal(entry_of(w)->uses_taken, 0);
    assert_int_equal(entry_of(w)->sessions_live, 0);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_SESSION);
    assert_int_equal(entry_of(w)->uses_taken, 0);
    assert_int_equal(entry_of(w)->sessions_live, 0);
    assert_false(entry_of(w)->closed);
}

/* With the last login of a counted grant the grant is closed, and its jobs end with it. */
static void test_job_ends_with_the_last_use(void **state)
{
    struct world *w = *state;
    struct visitor login = visitor_new(), job = visitor_new();

    world_grant(w, (struct grant_plan){.job = "cron", .uses = "1 per-host"});
    world_log_in(w, &login);
    begin_job(w, &job);
    visitor_end(&login);
    world_until(w, world_nobody_is_left, NULL);
    assert_true(entry_of(w)->closed);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", NULL), 2);
    visitor_end(&job);
}

static void test_job_is_no_session_to_rest_on(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), other = visitor_new();
    struct gate_pam m = world_login(&other);

    world_grant(w, (struct grant_plan){.job = "cron"});
    begin_job(w, &v);
    (void)snprintf(m.service, sizeof(m.service), "systemd-user");
    assert_int_equal(world_ask(w, &other, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_SESSION);
    assert_int_equal(world_records(w, EVENT_USER_MANAGER, "failure", NULL), 1);
    assert_int_equal(world_records(w, EVENT_LOGIN, "failure", NULL), 0);
    m = job_of(&v);
    (void)snprintf(m.service, sizeof(m.service), "sudo");
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_SESSION);
    visitor_end(&v);
    visitor_end(&other);
}

/* A session that lives beside it gives a job nothing: what it began would stay with the job. */
static void test_job_beside_a_session(void **state)
{
    struct world *w = *state;
    struct visitor login = visitor_new(), job = visitor_new();
    struct gate_pam m = job_of(&job);

    world_grant(w, (struct grant_plan){.job = "cron", .uses = "9 per-host"});
    (void)world_log_in(w, &login);
    world_tie(&m);
    assert_int_equal(world_ask(w, &job, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(m.service, sizeof(m.service), "sudo");
    assert_int_equal(world_ask(w, &job, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_SESSION);
    /* Who is in neither may be in the user manager's, which goes with the session. */
    m.caller.audit_session++;
    assert_int_not_equal(world_ask(w, &job, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_SESSION);
    visitor_end(&job);
    visitor_end(&login);
}

/* The person's systemd runs what it finds in their home: not for those who may run nothing. */
static void test_user_manager_of_those_who_run_commands(void **state)
{
    static const struct {
        const char *channel;
        enum reason reason;
    } rows[] = {{"transfer", REASON_CHANNEL_NOT_GRANTED},
                {"forward", REASON_CHANNEL_NOT_GRANTED},
                {"none", REASON_CHANNEL_NOT_GRANTED},
                {"exec", REASON_SESSION_LIVE},
                {"shell", REASON_SESSION_LIVE}};
    struct world *w = *state;
    enum reason reason;

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct visitor v = visitor_new(), manager = visitor_new();
        struct gate_pam m = world_login(&manager);

        world_grant(w,
                    (struct grant_plan){.version = i + 1, .channel = rows[i].channel, .uses = "9 per-host"});
        (void)world_log_in(w, &v);
        (void)snprintf(m.service, sizeof(m.service), "systemd-user");
        assert_int_equal(world_ask(w, &manager, FRAME_GATE_ACCOUNT, &m).reason, rows[i].reason);
        visitor_end(&manager);
        visitor_end(&v);
        world_until(w, world_nobody_is_left, NULL);
    }
    /* A version that lets nothing run any more ends it, with the session that it came with. */
    {
        struct visitor v = visitor_new();

        (void)world_log_in(w, &v);
        world_grant(w, (struct grant_plan){.version = 9, .channel = "transfer", .uses = "9 per-host"});
        world_until(w, world_nobody_is_left, NULL);
        world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
        assert_int_equal(reason, REASON_CHANNEL_NOT_GRANTED);
        visitor_end(&v);
    }
}

static void test_job_ends_with_its_grant(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    json_t *ending;

    world_grant(w, (struct grant_plan){.job = "cron"});
    begin_job(w, &v);
    r = world_call(w, "Revoke", json_pack("{ssssss}", "scope", "grant", "name", PAPERS_ID, "why", ""));
    assert_null(r.error);
    ending = json_object_get(r.parameters, "ending");
    assert_true(json_is_true(json_object_get(ending, "proven")));
    assert_int_equal(json_integer_value(json_object_get(ending, "sessions")), 1);
    assert_null(registry_first(w->broker->registry));
    varlink_reply_done(&r);
    visitor_end(&v);
}

static void test_no_job_without_the_reaper(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = job_of(&v);

    world_grant(w, (struct grant_plan){.job = "cron"});
    fake_reaper_stop(&w->reaper);
    world_for(w, 50);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).reason, REASON_REAPER_AWAY);
    visitor_end(&v);
}

/* The last login session goes, the job under a grant that is valid stays; without it everything goes. */
static void test_last_session_leaves_a_valid_job(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), login = visitor_new();
    const struct session *s;

    world_grant(w, (struct grant_plan){.job = "cron"});
    begin_job(w, &v);
    world_log_in(w, &login);
    visitor_end(&login);
    while (!(s = registry_first(w->broker->registry)) || registry_next(s))
        world_for(w, 5);
    assert_true(s->job);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_LEFTOVERS);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
}

/* The grant that names cron is revoked while the person is in under another: nothing is left for it to keep.
 */
static void test_last_session_leaves_no_revoked_job(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    uint64_t number;

    world_grant(w, (struct grant_plan){0});
    number = world_log_in(w, &v);
    world_grant(w, (struct grant_plan){.id = "00000000000000000000000000000001", .job = "cron"});
    assert_true(registry_find(w->broker->registry, number) != NULL);
    r = world_call(
        w, "Revoke",
        json_pack("{ssssss}", "scope", "grant", "name", "00000000000000000000000000000001", "why", ""));
    assert_null(r.error);
    varlink_reply_done(&r);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_PERSON);
}

static void test_job_is_still_a_job_after_a_restart(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){.job = "cron"});
    begin_job(w, &v);
    world_stop(w);
    world_start(w);
    assert_non_null(registry_first(w->broker->registry));
    assert_true(registry_first(w->broker->registry)->job);
    assert_int_equal(entry_of(w)->sessions_live, 0);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_job_is_on_lease_and_takes_no_use, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_job_is_no_session_to_rest_on, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_job_beside_a_session, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_user_manager_of_those_who_run_commands, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_job_ends_with_its_grant, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_job_ends_with_the_last_use, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_no_job_without_the_reaper, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_last_session_leaves_a_valid_job, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_last_session_leaves_no_revoked_job, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_job_is_still_a_job_after_a_restart, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
