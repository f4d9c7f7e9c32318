// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "broker/daemon/repetition.h"
#include "tests/unit/broker/daemon/epochs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Who is not root: the person themself at the gate, and the control socket's answers. */

static struct visitor person_or_skip(void)
{
    if (geteuid() != 0)
        skip(); /* two uids are needed: root's and the person's */
    return visitor_new_as(WORLD_UID);
}

static struct gate_pam locker(const struct visitor *v)
{
    struct gate_pam m = world_login(v);

    m.caller.uid = WORLD_UID;
    (void)snprintf(m.service, sizeof(m.service), "xscreensaver");
    return m;
}

static void test_locker_needs_a_session(void **state)
{
    struct visitor person = person_or_skip(), v = visitor_new();
    struct world *w = *state;
    struct gate_pam m = locker(&person);

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &person, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_SESSION);
    world_log_in(w, &v);
    assert_int_equal(world_ask(w, &person, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(world_records(w, EVENT_UNLOCK, "success", NULL), 1);
    visitor_end(&person);
    visitor_end(&v);
}

/* What a person says about where they are counts for nothing: it makes no login of it. */
static void test_person_cannot_log_in_by_asking(void **state)
{
    struct visitor person = person_or_skip();
    struct world *w = *state;
    struct gate_pam m = locker(&person);

    world_grant(w, (struct grant_plan){0});
    (void)snprintf(m.service, sizeof(m.service), "sshd");
    assert_int_equal(world_ask(w, &person, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_SESSION);
    assert_null(registry_first(w->broker->registry));
    visitor_end(&person);
}

static void test_person_asks_about_themself_alone(void **state)
{
    struct visitor person = person_or_skip();
    struct world *w = *state;
    struct gate_pam m = locker(&person), open = locker(&person);

    m.person_uid = m.user_uid = WORLD_UID + 1;
    assert_int_equal(world_ask(w, &person, FRAME_GATE_ACCOUNT, &m).reason, REASON_CALLER_FORBIDDEN);
    m = locker(&person);
    m.caller.uid = 0;
    assert_int_equal(world_ask(w, &person, FRAME_GATE_ACCOUNT, &m).reason, REASON_CALLER_MISMATCH);
    assert_int_equal(world_ask(w, &person, FRAME_GATE_OPEN, &open).reason, REASON_CALLER_FORBIDDEN);
    visitor_end(&person);
}

static const char *command = "id";

static struct gate_reply ask_channel(struct world *w, const struct visitor *v, enum grant_channel channel)
{
    struct gate_channel m = {.caller = world_login(v).caller, .channel = (uint8_t)channel, .command = ""};
    uint8_t frame[FRAME_MAX];
    int size, fd = visitor_connect(v, world_path(w, "gate"));

    (void)snprintf(m.command, sizeof(m.command), "%s", command);
    size = gate_encode_channel(&m, frame);
    assert_true(size > 0 && send(fd, frame, (size_t)size, 0) == size);
    return world_take(w, fd);
}

static void test_channel(void **state)
{
    struct visitor person = person_or_skip(), v = visitor_new();
    struct world *w = *state;
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.channel = "shell"});
    w->reaper.login_uid = WORLD_UID;
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_SHELL).reason, REASON_NO_SESSION);
    world_log_in(w, &v);
    w->reaper.audit_session = (uint32_t)v.pid;
    reply = ask_channel(w, &person, GRANT_CHANNEL_SHELL);
    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    assert_non_null(strstr(reply.message, "you are let in for ticket"));
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_EXEC).reason, REASON_CHANNEL_NOT_GRANTED);
    assert_int_equal(world_records(w, EVENT_CHANNEL, "success", NULL), 1);
    assert_int_equal(world_records(w, EVENT_CHANNEL, "failure", NULL), 2);
    visitor_end(&person);
    visitor_end(&v);
}

/* A version that gives less: what was not used stays refused, what was used ends the session, also if hufud
 * was started anew in between. */
static void test_channel_that_is_taken_away(void **state)
{
    struct visitor person = person_or_skip(), v = visitor_new();
    struct world *w = *state;
    enum reason reason;

    world_grant(w, (struct grant_plan){.version = 3, .channel = "exec\nchannel: shell\nchannel: transfer"});
    w->reaper.login_uid = WORLD_UID;
    world_log_in(w, &v);
    w->reaper.audit_session = (uint32_t)v.pid;
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_EXEC).verdict, VERDICT_ALLOW);
    w->reaper.login_uid = UINT32_MAX;
    world_grant(w, (struct grant_plan){.version = 4, .channel = "exec\nchannel: shell"});
    w->reaper.login_uid = WORLD_UID;
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_TRANSFER).reason, REASON_CHANNEL_NOT_GRANTED);
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_EXEC).verdict, VERDICT_ALLOW);
    w->reaper.login_uid = UINT32_MAX;
    w->reaper.start_time = world_login(&v).caller.start_time;
    world_restart(w);
    world_grant(w, (struct grant_plan){.version = 5, .channel = "shell"});
    world_until(w, world_nobody_is_left, NULL);
    world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
    assert_int_equal(reason, REASON_CHANNEL_NOT_GRANTED);
    visitor_end(&person);
    visitor_end(&v);
}

/* A command of octets that are no text is on record, and does not keep the auditor from reading the others.
 */
static void test_channel_with_a_hostile_command(void **state)
{
    struct visitor person = person_or_skip(), v = visitor_new();
    struct world *w = *state;
    struct gate_reply reply;
    struct varlink_reply r;

    world_grant(w, (struct grant_plan){.channel = "exec"});
    w->reaper.login_uid = WORLD_UID;
    world_log_in(w, &v);
    w->reaper.audit_session = (uint32_t)v.pid;
    command = "rm\xff\n\x1b[2J";
    reply = ask_channel(w, &person, GRANT_CHANNEL_EXEC);
    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    assert_string_equal(reply.message, ""); /* a program may be reading */
    command = "id";
    w->reaper.login_uid = UINT32_MAX;
    r = world_call(w, "Audit", json_pack("{ss}", "event", EVENT_CHANNEL));
    assert_null(r.error);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(r.parameters, "records"), 0), "detail")),
                        "exec: rm???[2J");
    varlink_reply_done(&r);
    visitor_end(&person);
    visitor_end(&v);
}

/* The kernel says which session a caller is in, and whose: not the caller. */
static void test_channel_of_another(void **state)
{
    struct visitor person = person_or_skip(), v = visitor_new();
    struct world *w = *state;

    world_grant(w, (struct grant_plan){.channel = "shell"});
    world_log_in(w, &v);
    w->reaper.audit_session = (uint32_t)v.pid;
    w->reaper.login_uid = WORLD_UID + 1;
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_SHELL).reason, REASON_CALLER_MISMATCH);
    w->reaper.login_uid = WORLD_UID;
    w->reaper.gone = true;
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_SHELL).reason, REASON_CALLER_MISMATCH);
    visitor_end(&person);
    visitor_end(&v);
}

static void test_channel_without_the_reaper(void **state)
{
    struct visitor person = person_or_skip(), v = visitor_new();
    struct world *w = *state;

    world_grant(w, (struct grant_plan){.channel = "shell"});
    world_log_in(w, &v);
    fake_reaper_stop(&w->reaper);
    world_for(w, 50);
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_SHELL).reason, REASON_REAPER_AWAY);
    visitor_end(&person);
    visitor_end(&v);
}

static void test_gated_peer_is_refused(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    w->reaper.login_uid = WORLD_UID; /* a vendor who became root */
    r = world_call(w, "Status", NULL);
    assert_string_equal(r.error, "org.hufu.control.NotPermitted");
    varlink_reply_done(&r);
    assert_int_equal(world_records(w, EVENT_CONTROL_REFUSED, "failure", NULL), 1);
}

/* Anybody can ask without end; the ledger does not grow with it. */
static void test_refusals_without_end(void **state)
{
    struct world *w = *state;

    w->reaper.login_uid = WORLD_UID;
    for (int i = 0; i < 100; i++) {
        struct varlink_reply r = world_call(w, "Status", NULL);

        varlink_reply_done(&r);
    }
    assert_int_equal(world_records(w, EVENT_CONTROL_REFUSED, "failure", NULL), REPETITION_FEW);
}

static void test_explain(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    world_grant(w, (struct grant_plan){0});
    r = world_call(w, "Explain", json_pack("{ss ss}", "staff", WORLD_STAFF, "source", "10.1.2.3"));
    assert_string_equal(json_string_value(json_object_get(r.parameters, "verdict")), "allow");
    assert_string_equal(json_string_value(json_object_get(r.parameters, "grant")), PAPERS_ID);
    varlink_reply_done(&r);
    r = world_call(w, "Explain", json_pack("{ss ss}", "staff", WORLD_STAFF, "source", "10.9.2.3"));
    assert_string_equal(json_string_value(json_object_get(r.parameters, "verdict")), "deny");
    assert_string_equal(json_string_value(json_object_get(r.parameters, "reason")), "wrong-source");
    assert_int_equal(json_array_size(json_object_get(r.parameters, "considered")), 1);
    assert_true(json_string_length(json_object_get(r.parameters, "message")) > 20);
    varlink_reply_done(&r);
    r = world_call(
        w, "Explain",
        json_pack("{ss ss ss}", "staff", WORLD_STAFF, "source", "10.1.2.3", "at", "2031-01-01T00:00:00Z"));
    assert_string_not_equal(json_string_value(json_object_get(r.parameters, "verdict")), "allow");
    varlink_reply_done(&r);
    r = world_call(w, "Explain", json_pack("{ss ss}", "staff", WORLD_STAFF, "source", "host.example"));
    assert_string_equal(r.error, "org.varlink.service.InvalidParameter");
    varlink_reply_done(&r);
    r = world_call(
        w, "Explain",
        json_pack("{ss ss sI}", "staff", WORLD_STAFF, "source", "10.1.2.3", "uid", (json_int_t)WORLD_UID));
    assert_string_equal(json_string_value(json_object_get(r.parameters, "verdict")), "allow");
    varlink_reply_done(&r);
    r = world_call(w, "Explain", json_pack("{ss sI}", "staff", "root", "uid", (json_int_t)0));
    assert_string_equal(json_string_value(json_object_get(r.parameters, "verdict")), "not-judged");
    varlink_reply_done(&r);
    /* the question is put, and nothing is used up by it */
    assert_null(registry_first(w->broker->registry));
}

static void test_sessions_and_records(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    json_t *session;
    uint64_t number;

    world_grant(w, (struct grant_plan){0});
    number = world_log_in(w, &v);
    r = world_call(w, "SessionList", NULL);
    session = json_array_get(json_object_get(r.parameters, "sessions"), 0);
    assert_string_equal(json_string_value(json_object_get(session, "state")), "open");
    assert_string_equal(json_string_value(json_object_get(session, "vendor")), "acme");
    assert_string_equal(json_string_value(json_object_get(session, "source")), "10.1.2.3");
    assert_int_equal(json_integer_value(json_object_get(session, "number")), number);
    assert_true(json_integer_value(json_object_get(session, "seconds_left")) > 3500);
    varlink_reply_done(&r);
    r = world_call(w, "SessionShow", json_pack("{sI}", "number", (json_int_t)number));
    assert_null(r.error);
    varlink_reply_done(&r);
    r = world_call(w, "SessionEnd", json_pack("{sI ss}", "number", (json_int_t)number, "why", "enough"));
    assert_true(json_is_true(json_object_get(json_object_get(r.parameters, "ending"), "proven")));
    varlink_reply_done(&r);
    r = world_call(w, "SessionShow", json_pack("{sI}", "number", (json_int_t)number));
    assert_string_equal(r.error, "org.hufu.control.NotFound");
    assert_string_equal(json_string_value(json_object_get(r.parameters, "what")), "session 1");
    varlink_reply_done(&r);
    r = world_call(w, "SessionList", json_pack("{sb}", "all", 1));
    session = json_array_get(json_object_get(r.parameters, "sessions"), 0);
    assert_string_equal(json_string_value(json_object_get(session, "state")), "ended");
    assert_string_equal(json_string_value(json_object_get(session, "reason")), "ended-by-operator");
    varlink_reply_done(&r);
    r = world_call(w, "Audit", json_pack("{ss}", "event", EVENT_SESSION_END));
    assert_int_equal(json_array_size(json_object_get(r.parameters, "records")), 1);
    varlink_reply_done(&r);
    r = world_call(w, "Audit", json_pack("{ss}", "event", "sesion-end"));
    assert_string_equal(r.error, "org.varlink.service.InvalidParameter");
    varlink_reply_done(&r);
    visitor_end(&v);
}

/* Without the person's login uid nobody could tell whose the session's processes are. */
static void test_untied_sessions_are_refused(void **state)
{
    static const char *const services[] = {"sshd", "cron", "systemd-user"};
    struct world *w = *state;
    struct visitor inside = visitor_new();

    world_grant(w, (struct grant_plan){.job = "cron"});
    for (size_t i = 0; i < ARRAY_SIZE(services); i++)
        for (unsigned wrong = 0; wrong < 4; wrong++) {
            struct visitor v = visitor_new();
            struct gate_pam m = world_opening(&v);
            struct gate_reply reply;

            if (i == 2 && wrong == 0)
                (void)world_log_in(w, &inside);
            (void)snprintf(m.service, sizeof(m.service), "%s", services[i]);
            if (wrong < 2)
                m.caller.login_uid = wrong == 0 ? UINT32_MAX : WORLD_UID + 1;
            if (wrong == 2)
                m.caller.audit_session = UINT32_MAX;
            reply = world_ask(w, &v, FRAME_GATE_OPEN, &m);
            if (wrong == 3)
                assert_int_equal(reply.verdict, VERDICT_ALLOW);
            else
                world_assert_denied(&reply, REASON_LOGIN_UID_MISSING);
            visitor_end(&v);
        }
    visitor_end(&inside);
    world_until(w, world_nobody_is_left, NULL);
    /* sshd goes on with a connection whose session was refused: it is ended. */
    assert_true(world_records(w, EVENT_SESSION_CLOSE, "success", NULL) >= 2);
}

#define CALLER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(test_locker_needs_a_session),
        CALLER_TEST(test_person_cannot_log_in_by_asking),
        CALLER_TEST(test_person_asks_about_themself_alone),
        CALLER_TEST(test_channel),
        CALLER_TEST(test_channel_that_is_taken_away),
        CALLER_TEST(test_channel_with_a_hostile_command),
        CALLER_TEST(test_channel_of_another),
        CALLER_TEST(test_channel_without_the_reaper),
        CALLER_TEST(test_gated_peer_is_refused),
        CALLER_TEST(test_refusals_without_end),
        CALLER_TEST(test_explain),
        CALLER_TEST(test_sessions_and_records),
        CALLER_TEST(test_untied_sessions_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
