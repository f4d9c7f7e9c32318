// LAYERS: engine document wire common base

#include "broker/common/files.h"
#include "tests/unit/broker/sessions/reaper_world.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The connection to the reaper: who is away, silent, talks nonsense or is somebody else, is answered for. The
 * other end is a socket of the test's own. */

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

static const struct reap_request who = {.type = FRAME_REAP_WHO, .pid = 1};

static void test_answers_by_cookie(void **state)
{
    struct reaper_world *w = *state;
    struct answer one = {0}, two = {0};
    struct reap_request first, second;

    reaper_world_listen(w);
    reaper_world_start(w, geteuid());
    reaper_world_accept(w);
    assert_int_equal(w->here, 1);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &one);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &two);
    first = reaper_world_take(w);
    second = reaper_world_take(w);
    assert_int_not_equal(first.cookie, second.cookie);
    reaper_world_say(w, &(struct reap_reply){.cookie = second.cookie, .result = REAP_GONE});
    assert_int_equal(one.n, 0);
    assert_int_equal(two.n, 1);
    assert_int_equal(two.reply, REAP_GONE);
    reaper_world_say(w, &(struct reap_reply){.cookie = first.cookie, .result = REAP_DONE});
    assert_int_equal(one.n, 1);
    reaper_world_say(
        w, &(struct reap_reply){.cookie = first.cookie, .result = REAP_DONE}); /* said twice: heard once */
    assert_int_equal(one.n, 1);
    reaper_world_say(w, &(struct reap_reply){.cookie = 0, .result = REAP_DONE, .session = 7});
    assert_int_equal(w->unasked, 1);
}

#define MANY 3000U

/* More than the socket takes wait here, in their order; nobody is told that they were asked in vain. */
static void test_many_at_once(void **state)
{
    struct reaper_world *w = *state;
    struct answer *answers = calloc(MANY, sizeof(*answers));
    struct reap_request q = {.type = FRAME_REAP_END,
                             .target = {.scope = REAP_SESSION, .uid = 20001, .session = 7}};
    uint32_t before = 0;

    assert_non_null(answers);
    reaper_world_listen(w);
    reaper_world_start(w, geteuid());
    reaper_world_accept(w);
    memset(q.text, 'x', 500);
    for (unsigned i = 0; i < MANY; i++)
        reaper_client_ask(w->client, &q, REAPER_END_US, on_answer, &answers[i]);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(answers[i].n, 0);
    for (unsigned i = 0; i < MANY; i++) {
        struct reap_request taken = reaper_world_take_soon(w);

        assert_int_equal(taken.cookie, before == 0 ? taken.cookie : before + 1);
        before = taken.cookie;
        reaper_world_say_soon(w, &(struct reap_reply){.cookie = taken.cookie, .result = REAP_DONE});
    }
    reaper_world_turn(w, 20);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(answers[i].n, 1);
        assert_int_equal(answers[i].reply, REAP_DONE);
    }
    free(answers);
}

/* What waits for the socket is given up in time, too, and is not sent afterwards. */
static void test_what_waits_has_an_end(void **state)
{
    struct reaper_world *w = *state;
    struct answer soon = {0}, others = {0};
    struct reap_request q = {.type = FRAME_REAP_END,
                             .target = {.scope = REAP_SESSION, .uid = 20001, .session = 7}};

    reaper_world_listen(w);
    reaper_world_start(w, geteuid());
    reaper_world_accept(w);
    for (unsigned i = 0; i < MANY; i++)
        reaper_client_ask(w->client, &q, REAPER_END_US, on_answer, &others);
    reaper_client_ask(w->client, &who, 50000, on_answer, &soon);
    reaper_world_turn(w, 100);
    assert_int_equal(soon.result, -ETIMEDOUT);
    assert_int_equal(others.n, 0);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(reaper_world_take_soon(w).type, FRAME_REAP_END);
    reaper_world_turn(w, 20);
    assert_int_equal(recv(w->fd, &(uint8_t){0}, 1, MSG_DONTWAIT), -1);
}

/* Who must not wait for the first turn of the loop. */
static void test_connects_now(void **state)
{
    struct reaper_world *w = *state;

    reaper_world_start(w, geteuid());
    assert_int_equal(reaper_client_connect(w->client), 0);
    assert_false(reaper_client_is_here(w->client)); /* nobody listens, which is no error */
    reaper_world_listen(w);
    assert_int_equal(reaper_client_connect(w->client), 0);
    assert_true(reaper_client_is_here(w->client));
    assert_int_equal(w->here, 1);
    assert_int_equal(reaper_client_connect(w->client), 0);
    assert_int_equal(w->here, 1);
}

static void test_away_is_answered_at_once(void **state)
{
    struct reaper_world *w = *state;
    struct answer a = {0};

    reaper_world_start(w, geteuid());
    reaper_world_turn(w, 20);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &a);
    assert_int_equal(a.n, 1);
    assert_int_equal(a.result, -ENOTCONN);
    assert_int_equal(w->here, 0);
    reaper_world_listen(w);
    reaper_world_turn(w, 400);
    assert_int_equal(w->here, 1); /* it came */
}

static void test_silence_has_an_end(void **state)
{
    struct reaper_world *w = *state;
    struct answer soon = {0}, late = {0};

    reaper_world_listen(w);
    reaper_world_start(w, geteuid());
    reaper_world_accept(w);
    reaper_client_ask(w->client, &who, 50000, on_answer, &soon);
    reaper_client_ask(w->client, &who, 150000, on_answer, &late);
    reaper_world_turn(w, 100);
    assert_int_equal(soon.n, 1);
    assert_int_equal(soon.result, -ETIMEDOUT);
    assert_int_equal(late.n, 0);
    reaper_world_turn(w, 100);
    assert_int_equal(late.n, 1);
}

static void test_its_end_answers_what_is_under_way(void **state)
{
    struct reaper_world *w = *state;
    struct answer a = {0};

    reaper_world_listen(w);
    reaper_world_start(w, geteuid());
    reaper_world_accept(w);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &a);
    w->fd = close_fd(w->fd);
    reaper_world_turn(w, 20);
    assert_int_equal(a.n, 1);
    assert_int_equal(a.result, -ECONNRESET);
    assert_int_equal(w->away, 1);
    reaper_world_turn(w, 400);
    assert_int_equal(w->here, 2);
}

static void test_nonsense_is_hung_up_on(void **state)
{
    struct reaper_world *w = *state;
    struct answer a = {0};

    reaper_world_listen(w);
    reaper_world_start(w, geteuid());
    reaper_world_accept(w);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &a);
    assert_int_equal(send(w->fd, "HUFU nonsense", 13, MSG_NOSIGNAL), 13);
    reaper_world_turn(w, 20);
    assert_int_equal(a.result, -ECONNRESET);
    assert_int_equal(w->away, 1);
}

/* hufud's own user can put a socket there: only root's is the reaper's. */
static void test_somebody_else_is_not_the_reaper(void **state)
{
    struct reaper_world *w = *state;

    reaper_world_listen(w);
    reaper_world_start(w, geteuid() + 1);
    reaper_world_turn(w, 50);
    assert_false(reaper_client_is_here(w->client));
    assert_int_equal(w->here, 0);
}

static void test_stop_answers_everything(void **state)
{
    struct reaper_world *w = *state;
    struct answer a = {0}, b = {0};

    reaper_world_listen(w);
    reaper_world_start(w, geteuid());
    reaper_world_accept(w);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &a);
    reaper_client_stop(w->client);
    assert_int_equal(a.result, -ECANCELED);
    reaper_client_ask(w->client, &who, REAPER_ASK_US, on_answer, &b);
    assert_int_equal(b.result, -ENOTCONN);
}

#define REAPER_TEST(f) cmocka_unit_test_setup_teardown(f, reaper_world_setup, reaper_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REAPER_TEST(test_answers_by_cookie),
        REAPER_TEST(test_many_at_once),
        REAPER_TEST(test_what_waits_has_an_end),
        REAPER_TEST(test_connects_now),
        REAPER_TEST(test_away_is_answered_at_once),
        REAPER_TEST(test_silence_has_an_end),
        REAPER_TEST(test_its_end_answers_what_is_under_way),
        REAPER_TEST(test_nonsense_is_hung_up_on),
        REAPER_TEST(test_somebody_else_is_not_the_reaper),
        REAPER_TEST(test_stop_answers_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
