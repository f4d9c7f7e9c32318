// LAYERS: test_support
#include "broker/directory/claims.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* Questions to the claim provider: whatever comes back, or does not, each is answered once. */

static struct {
    sd_event *event;
    struct claims *claims;
    struct feed_message sent[2 * CLAIMS_MAX];
    unsigned n_sent;
    int refuses; /* what sending returns */
} w;

struct asked {
    unsigned answers;
    enum feed_outcome outcome;
    bool asks_again;
};

static int send_it(void *userdata, const struct feed_message *m)
{
    assert_ptr_equal(userdata, &w);
    assert_int_equal(m->type, FEED_CLAIM);
    if (w.refuses == 0)
        w.sent[w.n_sent++] = *m;
    return w.refuses;
}

static void say_possible(bool possible)
{
    const struct feed_message m = {.type = FEED_STATE, .state = FEED_LIVE, .claims_possible = possible};

    claims_state(w.claims, &m);
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    assert_true(sd_event_new(&w.event) >= 0);
    assert_int_equal(claims_new(w.event, send_it, &w, &w.claims), 0);
    say_possible(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    claims_free(w.claims);
    sd_event_unref(w.event);
    return 0;
}

static int ask(struct asked *a, uint8_t nonce, uint64_t patience_us);

static void on_answer(void *userdata, enum feed_outcome outcome)
{
    struct asked *a = userdata;

    a->answers++;
    a->outcome = outcome;
    if (a->asks_again) {
        a->asks_again = false;
        assert_int_equal(ask(a, 9, 1000000), claims_possible(w.claims) ? 0 : -ENOTCONN);
    }
}

static int ask(struct asked *a, uint8_t nonce, uint64_t patience_us)
{
    const struct claims_question q = {.operation = FEED_TAKE, .grant = {{1}}, .nonce = {nonce}};

    return claims_ask(w.claims, &q, patience_us, on_answer, a);
}

static struct feed_message answer_to(unsigned n, enum feed_outcome outcome)
{
    struct feed_message m = w.sent[n];

    m.type = FEED_CLAIMED;
    m.outcome = outcome;
    return m;
}

static void test_answered_once(void **state)
{
    struct asked one = {0}, two = {0};
    struct feed_message m;

    (void)state;
    assert_int_equal(ask(&one, 1, 1000000), 0);
    assert_int_equal(ask(&two, 2, 1000000), 0);
    m = answer_to(0, FEED_EXHAUSTED);
    claims_answer(w.claims, &m);
    assert_int_equal(one.answers, 1);
    assert_int_equal(one.outcome, FEED_EXHAUSTED);
    assert_int_equal(two.answers, 0);
    claims_answer(w.claims, &m);
    claims_gone(w.claims);
    assert_int_equal(one.answers, 1);
    assert_int_equal(two.answers, 1);
    assert_int_equal(two.outcome, FEED_UNKNOWN);
}

/* An answer is about number, operation, grant and nonce, all of them. */
static void test_answer_to_something_else(void **state)
{
    struct asked a = {0};
    struct feed_message m;

    (void)state;
    assert_int_equal(ask(&a, 1, 1000000), 0);
    for (unsigned i = 0; i < 4; i++) {
        m = answer_to(0, FEED_HELD);
        m.number += i == 0;
        m.operation = i == 1 ? FEED_LOOK : m.operation;
        m.grant.octets[15] ^= i == 2;
        m.nonce[15] ^= i == 3;
        claims_answer(w.claims, &m);
        assert_int_equal(a.answers, 0);
    }
    m = answer_to(0, FEED_HELD);
    claims_answer(w.claims, &m);
    assert_int_equal(a.outcome, FEED_HELD);
}

static void test_no_answer_in_time(void **state)
{
    struct asked a = {0};
    struct feed_message m;

    (void)state;
    assert_int_equal(ask(&a, 1, 20000), 0);
    while (a.answers == 0)
        assert_true(sd_event_run(w.event, 5000000) > 0);
    assert_int_equal(a.outcome, FEED_UNKNOWN);
    m = answer_to(0, FEED_HELD);
    claims_answer(w.claims, &m);
    assert_int_equal(a.answers, 1);
}

/* What was not sent is known not to be. */
static void test_not_sent(void **state)
{
    struct asked a = {0};

    (void)state;
    w.refuses = -ENOBUFS;
    assert_int_equal(ask(&a, 1, 1000000), -ENOBUFS);
    w.refuses = 0;
    say_possible(false);
    assert_int_equal(ask(&a, 1, 1000000), -ENOTCONN);
    assert_int_equal(w.n_sent, 0);
    claims_gone(w.claims);
    assert_int_equal(a.answers, 0);
}

static void test_not_too_many(void **state)
{
    static struct asked a[CLAIMS_MAX + 1];
    struct feed_message m;

    (void)state;
    memset(a, 0, sizeof(a));
    for (unsigned i = 0; i < CLAIMS_MAX; i++)
        assert_int_equal(ask(&a[i], (uint8_t)i, 1000000), 0);
    assert_int_equal(ask(&a[CLAIMS_MAX], 0, 1000000), -EBUSY);
    m = answer_to(7, FEED_HELD);
    claims_answer(w.claims, &m);
    assert_int_equal(ask(&a[CLAIMS_MAX], 0, 1000000), 0);
}

/* Whoever is told may ask again, also while all are told. */
static void test_asks_again(void **state)
{
    struct asked a = {.asks_again = true};
    struct feed_message m;

    (void)state;
    assert_int_equal(ask(&a, 1, 1000000), 0);
    m = answer_to(0, FEED_UNAVAILABLE);
    claims_answer(w.claims, &m);
    assert_int_equal(w.n_sent, 2);
    a.asks_again = true;
    claims_gone(w.claims);
    assert_int_equal(a.answers, 2);
    assert_int_equal(w.n_sent, 2);
}

static void test_freed(void **state)
{
    struct asked a = {0};

    (void)state;
    assert_int_equal(ask(&a, 1, 1000000), 0);
    w.claims = claims_free(w.claims);
    assert_int_equal(a.answers, 1);
    assert_int_equal(a.outcome, FEED_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_answered_once),
        TEST(test_answer_to_something_else),
        TEST(test_no_answer_in_time),
        TEST(test_not_sent),
        TEST(test_not_too_many),
        TEST(test_asks_again),
        TEST(test_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
