// LAYERS: engine document wire common base

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "broker/sessions/endings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Endings: until it is proven that nothing is left. */

struct reaper_world {
    char folder[64], path[96];
    sd_event *event;
    int listening, fd;
    struct reaper_client *client;
    struct registry *registry;
    struct endings *endings;
    unsigned here, away, unasked, outcomes;
    struct ending last;
    enum sweep sweep;
    bool remove;
};

static void on_state(void *userdata, bool here)
{
    struct reaper_world *w = userdata;

    w->here += here;
    w->away += !here;
}

static void on_unasked(void *userdata, const struct reap_reply *reply)
{
    struct reaper_world *w = userdata;

    assert_int_equal(reply->session, 7);
    w->unasked++;
}

static void turn(struct reaper_world *w, unsigned milliseconds)
{
    uint64_t until = clock_boot_us() + (uint64_t)milliseconds * 1000;

    while (clock_boot_us() < until)
        assert_true(sd_event_run(w->event, 2000) >= 0);
}

static void listen_here(struct reaper_world *w)
{
    w->listening = socket_listen_unix(w->path, SOCK_SEQPACKET, 0600, 4);
    assert_true(w->listening >= 0);
}

static void accept_here(struct reaper_world *w)
{
    turn(w, 20);
    w->fd = accept4(w->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(w->fd >= 0);
}

static void start(struct reaper_world *w, uid_t uid)
{
    const struct reaper_client_options options = {.event = w->event,
                                                  .path = w->path,
                                                  .uid = uid,
                                                  .state = on_state,
                                                  .unasked = on_unasked,
                                                  .userdata = w};

    assert_int_equal(reaper_client_new(&options, &w->client), 0);
}

static int setup(void **state)
{
    struct reaper_world *w = calloc(1, sizeof(*w));

    (void)snprintf(w->folder, sizeof(w->folder), "/tmp/hufu-reaper.XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof(w->path), "%s/reaper", w->folder);
    assert_true(sd_event_new(&w->event) >= 0);
    w->listening = w->fd = -1;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct reaper_world *w = *state;

    reaper_client_stop(w->client);
    endings_free(w->endings);
    registry_free(w->registry);
    reaper_client_free(w->client);
    close_fd(w->fd);
    close_fd(w->listening);
    sd_event_unref(w->event);
    (void)unlink(w->path);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

static struct reap_request take(struct reaper_world *w)
{
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    struct reap_request q;
    ssize_t n;

    turn(w, 10);
    n = recv(w->fd, frame, sizeof(frame), 0);
    assert_true(n > FRAME_HEADER_SIZE);
    assert_int_equal(frame_parse_header(frame, &header), 0);
    assert_int_equal(reap_decode_request(header.type, frame + FRAME_HEADER_SIZE, header.length, &q), 0);
    return q;
}

static void say(struct reaper_world *w, const struct reap_reply *reply)
{
    uint8_t frame[FRAME_MAX];
    int size = reap_encode_reply(reply, frame);

    assert_true(size > 0);
    assert_int_equal(send(w->fd, frame, (size_t)size, MSG_NOSIGNAL), size);
    turn(w, 10);
}

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

static struct session *prepare(struct reaper_world *w)
{
    static const struct registry_events none = {0};
    static const struct endings_events events = {.sweep = sweep_of, .outcome = on_outcome};
    struct session *s;

    listen_here(w);
    start(w, geteuid());
    accept_here(w);
    assert_int_equal(registry_new(w->event, &none, NULL, &w->registry), 0);
    assert_int_equal(endings_new(w->event, w->client, &events, w, &w->endings), 0);
    s = registry_add(w->registry, 7);
    s->uid = 20001;
    s->audit_session = 99;
    s->leader.pid = 5;
    s->leader.start_time = 6;
    s->state = SESSION_OPEN;
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
    q = take(w);
    assert_int_equal(q.type, FRAME_REAP_END);
    assert_int_equal(q.target.scope, REAP_SESSION);
    assert_int_equal(q.target.uid, 20001);
    assert_int_equal(q.target.session, 7);
    assert_int_equal(q.target.audit_session, 99);
    assert_int_equal(q.target.leader, 5);
    assert_int_equal(q.target.leader_start, 6);
    say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_DONE, .ended = 3});
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
        q = take(w);
        assert_int_equal(q.target.scope, scopes[i]);
        assert_int_equal(q.target.session, 7 + i);
        say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_DONE});
        assert_null(registry_first(w->registry));
        s = registry_add(w->registry, 8 + i);
        s->uid = 20001;
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
    q = take(w);
    assert_int_equal(q.target.scope, REAP_SESSION);
    w->sweep = SWEEP_PERSON;
    say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_DONE, .ended = 2});
    assert_int_equal(w->outcomes, 0);
    q = take(w);
    assert_int_equal(q.target.scope, REAP_PERSON);
    say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_DONE, .ended = 4});
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
        struct reap_request q = take(w);

        say(w, &(struct reap_reply){.cookie = q.cookie, .result = results[i]});
        assert_int_equal(w->outcomes, i + 1);
        assert_int_equal(w->last.result, results[i]);
        assert_int_equal(w->last.first, i == 0);
        assert_ptr_equal(registry_first(w->registry), s);
        assert_int_equal(s->state, SESSION_ENDING);
        endings_retry(w->endings, w->registry);
    }
    struct reap_request q = take(w);
    say(w, &(struct reap_reply){.cookie = q.cookie, .result = REAP_GONE}); /* nobody is there: that is done */
    assert_null(registry_first(w->registry));
}

static void test_ending_while_the_reaper_is_away(void **state)
{
    struct reaper_world *w = *state;
    struct session *s = prepare(w);

    w->fd = close_fd(w->fd);
    turn(w, 20);
    assert_int_equal(endings_start(w->endings, s, REASON_REVOKED), 0);
    assert_int_equal(w->outcomes, 1);
    assert_true(w->last.away);
    assert_int_equal(w->last.result, REAP_FAILED);
    assert_int_equal(s->state, SESSION_ENDING);
}

#define REAPER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

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
