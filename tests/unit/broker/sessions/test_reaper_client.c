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

/* The connection to the reaper: who is away, silent, talks nonsense or is somebody else, is answered for. The
 * other end is a socket of the test's own. */

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

struct answer {
    unsigned n;
    int result;
    enum reap_result reply;
};

static void on_answer(void *userdata, int result, const struct reap_reply *reply)
{
    struct answer *a = userdata;

    a->n++;
    a->result = result;
    assert_int_equal(result == 0, reply != NULL);
    a->reply = reply ? reply->result : 0;
}

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

static const struct reap_request who = {.type = FRAME_REAP_WHO, .pid = 1};

static void test_answers_by_cookie(void **state)
{
    struct reaper_world *w = *state;
    struct answer one = {0}, two = {0};
    struct reap_request first, second;

    listen_here(w);
    start(w, geteuid());
    accept_here(w);
    assert_int_equal(w->here, 1);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &one);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &two);
    first = take(w);
    second = take(w);
    assert_int_not_equal(first.cookie, second.cookie);
    say(w, &(struct reap_reply){.cookie = second.cookie, .result = REAP_GONE});
    assert_int_equal(one.n, 0);
    assert_int_equal(two.n, 1);
    assert_int_equal(two.reply, REAP_GONE);
    say(w, &(struct reap_reply){.cookie = first.cookie, .result = REAP_DONE});
    assert_int_equal(one.n, 1);
    say(w, &(struct reap_reply){.cookie = first.cookie, .result = REAP_DONE}); /* said twice: heard once */
    assert_int_equal(one.n, 1);
    say(w, &(struct reap_reply){.cookie = 0, .result = REAP_DONE, .session = 7});
    assert_int_equal(w->unasked, 1);
}

static void test_away_is_answered_at_once(void **state)
{
    struct reaper_world *w = *state;
    struct answer a = {0};

    start(w, geteuid());
    turn(w, 20);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &a);
    assert_int_equal(a.n, 1);
    assert_int_equal(a.result, -ENOTCONN);
    assert_int_equal(w->here, 0);
    listen_here(w);
    turn(w, 400);
    assert_int_equal(w->here, 1); /* it came */
}

static void test_silence_has_an_end(void **state)
{
    struct reaper_world *w = *state;
    struct answer soon = {0}, late = {0};

    listen_here(w);
    start(w, geteuid());
    accept_here(w);
    reaper_client_ask(w->client, &who, 50000, on_answer, &soon);
    reaper_client_ask(w->client, &who, 150000, on_answer, &late);
    turn(w, 100);
    assert_int_equal(soon.n, 1);
    assert_int_equal(soon.result, -ETIMEDOUT);
    assert_int_equal(late.n, 0);
    turn(w, 100);
    assert_int_equal(late.n, 1);
}

static void test_its_end_answers_what_is_under_way(void **state)
{
    struct reaper_world *w = *state;
    struct answer a = {0};

    listen_here(w);
    start(w, geteuid());
    accept_here(w);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &a);
    w->fd = close_fd(w->fd);
    turn(w, 20);
    assert_int_equal(a.n, 1);
    assert_int_equal(a.result, -ECONNRESET);
    assert_int_equal(w->away, 1);
    turn(w, 400);
    assert_int_equal(w->here, 2);
}

static void test_nonsense_is_hung_up_on(void **state)
{
    struct reaper_world *w = *state;
    struct answer a = {0};

    listen_here(w);
    start(w, geteuid());
    accept_here(w);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &a);
    assert_int_equal(send(w->fd, "HUFU nonsense", 13, MSG_NOSIGNAL), 13);
    turn(w, 20);
    assert_int_equal(a.result, -ECONNRESET);
    assert_int_equal(w->away, 1);
}

/* hufud's own user can put a socket there: only root's is the reaper's. */
static void test_somebody_else_is_not_the_reaper(void **state)
{
    struct reaper_world *w = *state;

    listen_here(w);
    start(w, geteuid() + 1);
    turn(w, 50);
    assert_false(reaper_client_is_here(w->client));
    assert_int_equal(w->here, 0);
}

static void test_stop_answers_everything(void **state)
{
    struct reaper_world *w = *state;
    struct answer a = {0}, b = {0};

    listen_here(w);
    start(w, geteuid());
    accept_here(w);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &a);
    reaper_client_stop(w->client);
    assert_int_equal(a.result, -ECANCELED);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &b);
    assert_int_equal(b.result, -ENOTCONN);
}

#define REAPER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REAPER_TEST(test_answers_by_cookie),       REAPER_TEST(test_away_is_answered_at_once),
        REAPER_TEST(test_silence_has_an_end),      REAPER_TEST(test_its_end_answers_what_is_under_way),
        REAPER_TEST(test_nonsense_is_hung_up_on),  REAPER_TEST(test_somebody_else_is_not_the_reaper),
        REAPER_TEST(test_stop_answers_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
