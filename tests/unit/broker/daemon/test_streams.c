// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/watch.h"
#include "tests/unit/broker/daemon/listener.h"
#include "tests/unit/broker/daemon/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

/* Following the ledger and watching sessions: one connection is one stream, and costs little. */

static bool streams_are_gone(struct world *w, void *userdata)
{
    (void)userdata;
    return !w->broker->followers && !w->broker->watchers;
}

/* ---- the ledger ---- */

static void write_one(struct world *w, const char *staff)
{
    struct record r = ledger_record(EVENT_LOGIN, REASON_NO_GRANT, false);

    r.staff = staff;
    ledger_write(w->broker, &r);
}

static json_int_t sequence_of(const json_t *record)
{
    return json_integer_value(json_object_get(record, "sequence"));
}

/* Hears `n` records, whose sequences rise one by one from `first`. */
static void hear_records(struct listener *l, json_int_t first, size_t n)
{
    while (n > 0) {
        struct varlink_reply reply = hear(l);
        json_t *record;
        size_t i;

        assert_null(reply.error);
        assert_true(reply.continues);
        json_array_foreach(json_object_get(reply.parameters, "records"), i, record)
        {
            assert_int_equal(sequence_of(record), first++);
            n--;
        }
        varlink_reply_done(&reply);
    }
}

static void test_follow(void **state)
{
    struct world *w = *state;
    struct listener *l;
    json_int_t last;

    for (int i = 0; i < 5; i++)
        write_one(w, WORLD_STAFF);
    assert_int_equal(store_flush(w->broker->store), 0);
    last = (json_int_t)w->broker->last_sequence;
    l = listen_to(w, "Audit", json_pack("{si}", "limit", 3));
    hear_records(l, last - 2, 3);
    write_one(w, WORLD_STAFF);
    hear_records(l, last + 1, 1);
    for (int i = 0; i < 250; i++)
        write_one(w, WORLD_STAFF);
    hear_records(l, last + 2, 250);
    listener_end(l);
    world_until(w, streams_are_gone, NULL);
    write_one(w, WORLD_STAFF);
    world_for(w, 50);
}

static void test_follow_from_a_sequence(void **state)
{
    struct world *w = *state;
    struct listener *l;
    json_int_t first;

    for (int i = 0; i < 230; i++)
        write_one(w, WORLD_STAFF);
    assert_int_equal(store_flush(w->broker->store), 0);
    first = (json_int_t)w->broker->last_sequence - 229;
    l = listen_to(w, "Audit", json_pack("{sI}", "after", first - 1));
    hear_records(l, first, 230);
    listener_end(l);
}

/* What does not fit the filter is passed over, also where it is most of the ledger. */
static void test_follow_with_a_filter(void **state)
{
    struct world *w = *state;
    struct listener *l = listen_to(w, "Audit", json_pack("{ss si}", "staff", "wang.wu", "limit", 10));
    struct varlink_reply reply = hear(l);

    assert_int_equal(json_array_size(json_object_get(reply.parameters, "records")), 0);
    varlink_reply_done(&reply);
    for (int i = 0; i < 300; i++)
        write_one(w, i % 150 == 149 ? "wang.wu" : WORLD_STAFF);
    for (size_t n = 0; n < 2;) {
        json_t *record;
        size_t i;

        reply = hear(l);
        json_array_foreach(json_object_get(reply.parameters, "records"), i, record)
        {
            assert_string_equal(json_string_value(json_object_get(record, "staff")), "wang.wu");
            n++;
        }
        varlink_reply_done(&reply);
    }
    assert_int_equal(store_flush(w->broker->store), 0);
    write_one(w, "wang.wu");
    hear_records(l, (json_int_t)w->broker->last_sequence + 1, 1);
    listener_end(l);
}

/* Who does not read gets nothing kept for them but what is on its way, and misses nothing. */
static void test_slow_follower(void **state)
{
    enum { RECORDS = 3000 };
    struct world *w = *state;
    struct listener *slow = listen_to(w, "Audit", json_pack("{si}", "limit", 1));
    struct listener *quick = listen_to(w, "Audit", json_pack("{si}", "limit", 1));
    json_int_t first;
    char octet;

    assert_int_equal(store_flush(w->broker->store), 0);
    first = (json_int_t)w->broker->last_sequence;
    hear_records(quick, first, 1);
    for (int i = 0; i < RECORDS; i++)
        write_one(w, WORLD_STAFF);
    hear_records(quick, first + 1, RECORDS);
    /* Its connection is full, and nothing more was taken out of the ledger for it. */
    assert_int_equal(recv(slow->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT), 1);
    hear_records(slow, first, RECORDS + 1);
    write_one(w, WORLD_STAFF);
    hear_records(slow, first + RECORDS + 1, 1);
    listener_end(slow);
    listener_end(quick);
}

static void test_many_followers(void **state)
{
    enum { FOLLOWERS = 30 };
    struct world *w = *state;
    struct listener *listeners[FOLLOWERS];
    json_int_t first;

    assert_int_equal(store_flush(w->broker->store), 0);
    first = (json_int_t)w->broker->last_sequence + 1;
    for (size_t i = 0; i < FOLLOWERS; i++)
        listeners[i] = listen_to(w, "Audit", json_pack("{sI}", "after", first));
    world_for(w, 50);
    for (int i = 0; i < 20; i++)
        write_one(w, WORLD_STAFF);
    for (size_t i = 0; i < FOLLOWERS; i++)
        hear_records(listeners[i], first + 1, 19);
    for (size_t i = 0; i < FOLLOWERS; i += 2)
        listener_end(listeners[i]);
    write_one(w, WORLD_STAFF);
    for (size_t i = 1; i < FOLLOWERS; i += 2)
        listener_end(listeners[i]);
    world_until(w, streams_are_gone, NULL);
}

/* The broker stops with followers on it: they are hung up on, and what was being read is let go. */
static void test_stop_while_followed(void **state)
{
    struct world *w = *state;
    struct listener *l = listen_to(w, "Audit", json_pack("{si}", "limit", 1000));
    struct listener *sessions = listen_to(w, "SessionWatch", NULL);

    for (int i = 0; i < 50; i++)
        write_one(w, WORLD_STAFF);
    world_for(w, 20);
    write_one(w, WORLD_STAFF);
    world_stop(w);
    listener_end(l);
    listener_end(sessions);
    world_start(w);
}

/* A stream's connection carries nothing else. */
static void test_speaking_in_a_stream(void **state)
{
    struct world *w = *state;
    struct listener *l = listen_to(w, "SessionWatch", NULL);
    struct varlink_reply reply = hear(l);

    varlink_reply_done(&reply);
    assert_int_equal(send(l->fd, "{", 1, 0), 1);
    world_until(w, is_hung_up, l);
    assert_null(w->broker->watchers);
    listener_end(l);
}

static void test_one_reply_without_more(void **state)
{
    struct world *w = *state;
    struct listener *l;
    struct varlink_reply reply = world_call(w, "SessionWatch", NULL);

    assert_string_equal(reply.error, "org.varlink.service.ExpectedMore");
    varlink_reply_done(&reply);
    reply = world_call(w, "Audit", NULL);
    assert_false(reply.continues);
    varlink_reply_done(&reply);
    /* and `more` where there is nothing more to come */
    l = listen_to(w, "Status", NULL);
    reply = hear(l);
    assert_null(reply.error);
    assert_false(reply.continues);
    varlink_reply_done(&reply);
    listener_end(l);
}

/* ---- sessions ---- */

static void hear_change(struct listener *l, const char *change, const char *state, const char *reason)
{
    struct varlink_reply reply = hear(l);
    const json_t *session = json_array_get(json_object_get(reply.parameters, "sessions"), 0);
    const char *is;

    assert_string_equal(json_string_value(json_object_get(reply.parameters, "change")), change);
    is = json_string_value(json_object_get(session, "state"));
    if (state)
        assert_string_equal(is, state);
    is = json_string_value(json_object_get(session, "reason"));
    if (reason)
        assert_string_equal(is, reason);
    varlink_reply_done(&reply);
}

static void test_watch(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct listener *l = listen_to(w, "SessionWatch", json_pack("{ss}", "staff", WORLD_STAFF));
    struct listener *other = listen_to(w, "SessionWatch", json_pack("{ss}", "staff", "wang.wu"));
    struct listener *late;

    world_grant(w, (struct grant_plan){.version = 3, .max_session = "600"});
    hear_change(l, "live", NULL, NULL);
    hear_change(other, "live", NULL, NULL);
    world_log_in(w, &v);
    hear_change(l, "opened", "open", NULL);
    late = listen_to(w, "SessionWatch", NULL);
    hear_change(late, "live", "open", NULL);
    world_grant(w, (struct grant_plan){.version = 4, .max_session = "1200"});
    hear_change(l, "extended", "open", NULL);
    world_grant(w, (struct grant_plan){.version = 5, .max_session = "900"});
    hear_change(l, "narrowed", "open", NULL);
    w->reaper.end_result = REAP_SURVIVORS;
    visitor_end(&v);
    hear_change(l, "ending", "ending", "logged-out");
    hear_change(l, "remains", "ending", "logged-out");
    w->reaper.end_result = REAP_DONE;
    endings_retry(w->broker->endings, w->broker->registry);
    hear_change(l, "ended", "ended", "logged-out");
    hear_change(late, "extended", NULL, NULL);
    assert_false(world_has_answer(w, other->fd));
    listener_end(l);
    listener_end(other);
    listener_end(late);
    world_until(w, streams_are_gone, NULL);
}

/* Who stays behind for too long is hung up on, not kept for. */
static void test_slow_watcher(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct listener *l = listen_to(w, "SessionWatch", NULL);

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    for (int i = 0; i < 100000 && w->broker->watchers; i++) {
        watch_tell(w->broker, registry_first(w->broker->registry), WATCH_WARNED);
        if (i % 16 == 0)
            assert_true(sd_event_run(w->event, 0) >= 0);
    }
    assert_null(w->broker->watchers);
    world_until(w, is_hung_up, l);
    listener_end(l);
    visitor_end(&v);
}

#define STREAM_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TEST(test_follow),
        STREAM_TEST(test_follow_from_a_sequence),
        STREAM_TEST(test_follow_with_a_filter),
        STREAM_TEST(test_slow_follower),
        STREAM_TEST(test_many_followers),
        STREAM_TEST(test_stop_while_followed),
        STREAM_TEST(test_speaking_in_a_stream),
        STREAM_TEST(test_one_reply_without_more),
        STREAM_TEST(test_watch),
        STREAM_TEST(test_slow_watcher),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
