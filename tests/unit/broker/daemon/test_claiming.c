// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/fake_provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Logins under grants whose uses are counted over all hosts: what each answer of the claim provider comes to,
 * and that nothing is taken for ever by what was no session. */

static struct provider p;

static int setup(void **state)
{
    return provider_setup(&p, state, world_setup);
}

static int teardown(void **state)
{
    return provider_teardown(&p, state);
}

static struct gate_reply knock(struct world *w, const struct visitor *v)
{
    struct gate_pam m = world_login(v);

    return world_ask(w, v, FRAME_GATE_ACCOUNT, &m);
}

static void test_session_keeps_its_claim(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_log_in(w, &v);
    assert_int_equal(p.asked[FEED_TAKE], 1);
    assert_int_equal(provider_taken(&p), 1);
    assert_int_equal(world_records(w, EVENT_CLAIM, "success", NULL), 1);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    world_for(w, 100);
    provider_settles_at(&p, 1);
    assert_int_equal(p.asked[FEED_GIVE_BACK], 0);
}

/* Root's frame without an account phase before it. */
static void test_session_phase_alone(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    m.caller.audit_session = (uint32_t)v.pid;
    world_tie(&m);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    provider_settles_at(&p, 1);
    assert_int_equal(world_records(w, EVENT_CLAIM, "success", NULL), 1);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    provider_settles_at(&p, 1);
}

static void test_session_phase_alone_refused(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    p.slots = 0;
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    world_tie(&m);
    reply = world_ask(w, &v, FRAME_GATE_OPEN, &m);
    world_assert_denied(&reply, REASON_USES_EXHAUSTED);
    world_until(w, world_nobody_is_left, NULL);
    visitor_end(&v);
}

static void test_exhausted(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_reply reply;

    p.slots = 0;
    reply = knock(w, &v);
    world_assert_denied(&reply, REASON_USES_EXHAUSTED);
    assert_non_null(strstr(reply.message, "on all hosts"));
    provider_settles_at(&p, 0);
    assert_int_equal(p.asked[FEED_LOOK], 0);
    visitor_end(&v);
}

static void test_unavailable(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_reply reply;

    p.mood = PROVIDER_REFUSES;
    reply = knock(w, &v);
    world_assert_denied(&reply, REASON_CLAIM_UNAVAILABLE);
    provider_settles_at(&p, 0);
    assert_int_equal(p.asked[FEED_LOOK], 0);
    visitor_end(&v);
}

static void test_nobody_to_ask(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_reply reply;

    claiming_on_feed_gone(w->broker->claiming);
    reply = knock(w, &v);
    world_assert_denied(&reply, REASON_CLAIM_UNAVAILABLE);
    assert_int_equal(p.asked[FEED_TAKE], 0);
    visitor_end(&v);
}

/* Whatever the first answer was: it is found out whether it is held, and then it is not. */
static void resolves(struct world *w, unsigned given_back)
{
    assert_int_equal(claiming_unresolved(w->broker->claiming), 1);
    assert_int_equal(world_records(w, EVENT_CLAIM, "failure", NULL), 1);
    p.mood = PROVIDER_ANSWERS;
    provider_settles_at(&p, 0);
    assert_true(p.asked[FEED_LOOK] > 0);
    assert_int_equal(world_records(w, EVENT_CLAIM_RESOLVED, "success", NULL), 1);
    assert_int_equal(world_records(w, EVENT_CLAIM_BACK, "success", NULL), given_back);
}

static void refused_in(struct world *w, enum provider_mood mood)
{
    struct visitor v = visitor_new();
    struct gate_reply reply;

    p.mood = mood;
    reply = knock(w, &v);
    world_assert_denied(&reply, REASON_CLAIM_UNAVAILABLE);
    visitor_end(&v);
}

static void test_no_answer_and_held(void **state)
{
    refused_in(*state, PROVIDER_ACTS_SILENTLY);
    assert_int_equal(provider_taken(&p), 1);
    resolves(*state, 1);
}

static void test_no_answer_and_not_held(void **state)
{
    refused_in(*state, PROVIDER_IGNORES);
    resolves(*state, 0);
}

static void test_unknown(void **state)
{
    refused_in(*state, PROVIDER_IS_UNSURE);
    resolves(*state, 1);
}

/* The provider stood still, and looks for the claim before it finds the question in its socket. */
static void test_takes_effect_late(void **state)
{
    struct world *w = *state;

    refused_in(w, PROVIDER_IGNORES);
    p.mood = PROVIDER_REFUSES;
    world_for(w, 500);
    p.mood = PROVIDER_ANSWERS;
    provider_is_asked(&p, FEED_LOOK, p.asked[FEED_LOOK] + 2);
    p.holder[0].taken = true;
    memcpy(p.holder[0].nonce, p.last.nonce, FEED_NONCE_SIZE);
    provider_settles_at(&p, 0);
    assert_int_equal(world_records(w, EVENT_CLAIM_BACK, "success", NULL), 1);
}

/* A login that waits for its claim, which is taken already. */
static int ask_without_answer(struct world *w, const struct visitor *v)
{
    struct gate_pam m = world_login(v);
    int fd;

    p.mood = PROVIDER_ACTS_SILENTLY;
    fd = world_send(w, v, FRAME_GATE_ACCOUNT, &m);
    provider_is_asked(&p, FEED_TAKE, 1);
    return fd;
}

static void test_feed_lost(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    int fd = ask_without_answer(w, &v);
    struct gate_reply reply;

    claiming_on_feed_gone(w->broker->claiming);
    reply = world_take(w, fd);
    world_assert_denied(&reply, REASON_CLAIM_UNAVAILABLE);
    assert_int_equal(claiming_unresolved(w->broker->claiming), 1);
    p.mood = PROVIDER_ANSWERS;
    provider_start(&p, w, 2);
    provider_settles_at(&p, 0);
    visitor_end(&v);
}

/* For an sshd whose monitor is another process than the caller. */
static void reserve(struct world *w, const struct visitor *v, const struct visitor *monitor)
{
    struct gate_pam m = world_login(v);

    m.caller.parent = (uint32_t)monitor->pid;
    assert_int_equal(world_ask(w, v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
}

static void test_reservation_without_a_session(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();

    reserve(w, &v, &monitor);
    assert_int_equal(provider_taken(&p), 1);
    visitor_end(&v);
    visitor_end(&monitor);
    provider_settles_at(&p, 0);
    assert_int_equal(world_records(w, EVENT_CLAIM_BACK, "success", NULL), 1);
}

/* Giving back is tried until it is done. */
static void test_given_back_at_last(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();

    reserve(w, &v, &monitor);
    p.mood = PROVIDER_REFUSES;
    visitor_end(&v);
    visitor_end(&monitor);
    provider_is_asked(&p, FEED_GIVE_BACK, 3);
    assert_int_equal(claiming_unresolved(w->broker->claiming), 1);
    p.mood = PROVIDER_ANSWERS;
    provider_settles_at(&p, 0);
}

static void revoke_it(struct world *w)
{
    struct varlink_reply r =
        world_call(w, "Revoke", json_pack("{ss ss ss}", "scope", "grant", "name", PAPERS_ID, "why", "test"));

    assert_null(r.error);
    varlink_reply_done(&r);
}

static void test_revoked_meanwhile(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    int fd = ask_without_answer(w, &v);
    struct gate_reply reply;

    revoke_it(w);
    p.mood = PROVIDER_ANSWERS;
    provider_answers_now(&p);
    reply = world_take(w, fd);
    world_assert_denied(&reply, REASON_REVOKED);
    provider_settles_at(&p, 0);
    visitor_end(&v);
}

/* A reservation that was made before a version that counts over all hosts has no claim yet. */
static void test_version_counts_over_all_hosts(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){.version = 4, .uses = "2 per-host"});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(p.asked[FEED_TAKE], 0);
    world_grant(w, (struct grant_plan){.version = 5, .uses = "2 fleet"});
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    world_tie(&m);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(provider_taken(&p), 1);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    provider_settles_at(&p, 1);
}

#define MANY 12

/* As many as the directory has, and never more than the grant says on this host. */
static void many_at_once(struct world *w, unsigned slots, unsigned expected, enum reason others)
{
    struct visitor v[MANY];
    unsigned admitted = 0;
    int fds[MANY];

    p.slots = slots;
    for (size_t i = 0; i < MANY; i++) {
        struct gate_pam m;

        v[i] = visitor_new();
        m = world_login(&v[i]);
        m.caller.parent = 1;
        fds[i] = world_send(w, &v[i], FRAME_GATE_ACCOUNT, &m);
    }
    for (size_t i = 0; i < MANY; i++) {
        struct gate_reply reply = world_take(w, fds[i]);

        admitted += reply.verdict == VERDICT_ALLOW;
        if (reply.verdict != VERDICT_ALLOW)
            world_assert_denied(&reply, others);
    }
    assert_int_equal(admitted, expected);
    provider_settles_at(&p, expected);
    for (size_t i = 0; i < MANY; i++)
        visitor_end(&v[i]);
    provider_settles_at(&p, 0);
}

static void test_as_many_as_the_directory_has(void **state)
{
    world_grant(*state, (struct grant_plan){.version = 4, .uses = "12 fleet", .sessions = "12"});
    many_at_once(*state, 3, 3, REASON_USES_EXHAUSTED);
}

static void test_as_many_as_the_grant_says(void **state)
{
    world_grant(*state, (struct grant_plan){.version = 4, .uses = "3 fleet", .sessions = "12"});
    many_at_once(*state, PROVIDER_SLOTS, 3, REASON_USES_EXHAUSTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_session_keeps_its_claim),
        TEST(test_session_phase_alone),
        TEST(test_session_phase_alone_refused),
        TEST(test_exhausted),
        TEST(test_unavailable),
        TEST(test_nobody_to_ask),
        TEST(test_no_answer_and_held),
        TEST(test_no_answer_and_not_held),
        TEST(test_unknown),
        TEST(test_takes_effect_late),
        TEST(test_feed_lost),
        TEST(test_reservation_without_a_session),
        TEST(test_given_back_at_last),
        TEST(test_revoked_meanwhile),
        TEST(test_version_counts_over_all_hosts),
        TEST(test_as_many_as_the_directory_has),
        TEST(test_as_many_as_the_grant_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
