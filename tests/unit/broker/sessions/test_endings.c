// LAYERS: engine document wire common base

#include "broker/common/files.h"
#include "tests/unit/broker/sessions/reaper_world.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

/* Endings: until it is proven that nothing is left. */

static enum sweep sweep_of(void *userdata, const struct session *s)
{
    const struct reaper_world *w = userdata;

    (void)s;
    return w->sweep;
}

static void on_outcome(void *userdata, struct session *s, const struct ending *e)
{
    struct reaper_world *w = userdata;

    w->outcomes++;
    w->last = *e;
    if (e->result == REAP_DONE)
        registry_remove(s);
}

static void farewell(void *userdata, const struct session *s, char *text, size_t size)
{
    (void)userdata;
    (void)snprintf(text, size, "%s", reason_name(s->end_reason));
}

static struct session *prepare(struct reaper_world *w)
{
    static const struct registry_events none = {0};
    static const struct endings_events events = {
        .sweep = sweep_of, .farewell = farewell, .outcome = on_outcome};
    struct session *s;

    reaper_world_listen(w);
    reaper_world_start(w, geteuid());
    reaper_world_accept(w);
    assert_int_equal(registry_new(w->event, &none, NULL, &w->registry), 0);
    assert_int_equal(endings_new(w->event, w->client, &events, w, &w->endings), 0);
    s = registry_add(w->registry, 7, 20001);
    s->audit_session = 99;
    s->leader.pid = 5;
    s->leader.start_time = 6;
    registry_set_state(s, SESSION_OPEN);
    w->sweep = SWEEP_SESSION;
    return s;
}

static void test_ending_is_proven(void **state)
{
    struct reaper_world *w = *state;
    struct session *s = prepare(w);
    struct reap_request q;

    assert_int_equal(endings_start(w->endings, s, REASON_REVOKED), 0);
    assert_int_equal(s->state, SESSION_ENDING);
    assert_int_equal(s->end_reason, REASON_REVOKED);
    assert_true(endings_are_under_way(w->endings, 20001));
    assert_false(endings_are_under_way(w->endings, 20002));
    q = reaper_world_take(w);
    assert_int_equal(q.type, FRAME_REAP_END);
    assert_int_equal(q.target.scope, REAP_SESSION);
    assert_int_equal(q.target.uid, 20001);
    assert_int_equal(q.target.session, 7);
    assert_int_equal(q.target.audit_session, 99);
    assert_int_equal(q.target.leader, 5);
    assert_int_equal(q.target.leader_start, 6);
    assert_string_equal(q.text, "revoked");
    reaper_world_say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_DONE, .ended = 3});
    assert_int_equal(w->outcomes, 1);
    assert_int_equal(w->last.result, REAP_DONE);
    assert_int_equal(w->last.processes, 3);
    assert_true(w->last.first);
    assert_null(registry_first(w->registry));
    assert_false(endings_are_under_way(w->endings, 20001));
}

static void test_whole_person(void **state)
{
    static const enum sweep sweeps[] = {SWEEP_PERSON, SWEEP_LEFTOVERS, SWEEP_STRAYS};
    static const enum reap_scope scopes[] = {REAP_PERSON, REAP_LEFTOVERS, REAP_STRAYS};
    struct reaper_world *w = *state;
    struct session *s = prepare(w);

    for (size_t i = 0; i < 3; i++) {
        struct reap_request q;

        w->sweep = sweeps[i];
        assert_int_equal(endings_start(w->endings, s, REASON_LOGGED_OUT), 0);
        q = reaper_world_take(w);
        assert_int_equal(q.target.scope, scopes[i]);
        assert_int_equal(q.target.session, 7 + i);
        reaper_world_say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_DONE});
        assert_null(registry_first(w->registry));
        s = registry_add(w->registry, 8 + i, 20001);
    }
}

/* It was not the last when it was ordered to end, and is by now: the rest goes as well, before anything is
 * proven. */
static void test_becomes_the_last(void **state)
{
    struct reaper_world *w = *state;
    struct session *s = prepare(w);
    struct reap_request q;

    assert_int_equal(endings_start(w->endings, s, REASON_LOGGED_OUT), 0);
    q = reaper_world_take(w);
    assert_int_equal(q.target.scope, REAP_SESSION);
    w->sweep = SWEEP_PERSON;
    reaper_world_say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_DONE, .ended = 2});
    assert_int_equal(w->outcomes, 0);
    q = reaper_world_take(w);
    assert_int_equal(q.target.scope, REAP_PERSON);
    assert_string_equal(q.text, ""); /* it is said once */
    reaper_world_say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_DONE, .ended = 4});
    assert_int_equal(w->outcomes, 1);
    assert_int_equal(w->last.processes, 6);
}

static void test_everything_but_done_goes_on(void **state)
{
    static const enum reap_result results[] = {REAP_SURVIVORS, REAP_REFUSED, REAP_NOT_PROVABLE, REAP_FAILED};
    struct reaper_world *w = *state;
    struct session *s = prepare(w);

    assert_int_equal(endings_start(w->endings, s, REASON_REVOKED), 0);
    for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
        struct reap_request q = reaper_world_take(w);

        reaper_world_say(w, &(struct reap_reply){.cookie = q.cookie, .result = results[i]});
        assert_int_equal(w->outcomes, i + 1);
        assert_int_equal(w->last.result, results[i]);
        assert_int_equal(w->last.first, i == 0);
        assert_ptr_equal(registry_first(w->registry), s);
        assert_int_equal(s->state, SESSION_ENDING);
        endings_retry(w->endings, w->registry);
    }
    struct reap_request q = reaper_world_take(w);
    reaper_world_say(
        w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_GONE}); /* nobody is there: that is done */
    assert_null(registry_first(w->registry));
}

static void test_ending_while_the_reaper_is_away(void **state)
{
    struct reaper_world *w = *state;
    struct session *s = prepare(w);

    w->fd = close_fd(w->fd);
    reaper_world_turn(w, 20);
    assert_int_equal(endings_start(w->endings, s, REASON_REVOKED), 0);
    assert_int_equal(w->outcomes, 1);
    assert_true(w->last.away);
    assert_int_equal(w->last.result, REAP_FAILED);
    assert_int_equal(s->state, SESSION_ENDING);
}

#define REAPER_TEST(f) cmocka_unit_test_setup_teardown(f, reaper_world_setup, reaper_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REAPER_TEST(test_ending_is_proven),
        REAPER_TEST(test_whole_person),
        REAPER_TEST(test_becomes_the_last),
        REAPER_TEST(test_everything_but_done_goes_on),
        REAPER_TEST(test_ending_while_the_reaper_is_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
