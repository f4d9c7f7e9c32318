// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/status_findings.h"
#include "tests/unit/broker/daemon/fake_provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A broker that is killed at each step of a claim. Its end is played by the store: what is on disk at that
 * step is put aside, and the next broker starts from it. */

static struct provider p;
static const char *const files[] = {"hufu.db", "hufu.db-wal", "anchor"};

static void copy(const struct world *w, const char *from, const char *to, const char *name)
{
    static char octets[8 << 20];
    char path[160];
    FILE *in, *out;
    size_t n;

    (void)snprintf(path, sizeof(path), "%s/%s%s", w->folder, name, from);
    in = fopen(path, "re");
    (void)snprintf(path, sizeof(path), "%s/%s%s", w->folder, name, to);
    (void)unlink(path);
    if (!in)
        return;
    n = fread(octets, 1, sizeof(octets), in);
    out = fopen(path, "we");
    assert_true(out && n < sizeof(octets) && fwrite(octets, 1, n, out) == n);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(in), 0);
}

static void copy_all(const struct world *w, const char *from, const char *to)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        copy(w, from, to, files[i]);
}

/* What this broker does from now on never happens. */
static void kill_here(struct world *w)
{
    copy_all(w, "", ".killed");
}

static void start_again(struct world *w)
{
    unsigned slots = p.slots;

    provider_stop(&p);
    world_stop(w);
    copy_all(w, ".killed", "");
    world_start(w);
    p.mood = PROVIDER_ANSWERS;
    provider_start(&p, w, slots);
}

static int setup(void **state)
{
    return provider_setup(&p, state, world_setup);
}

static int teardown(void **state)
{
    return provider_teardown(&p, state);
}

static uint32_t uses_taken(const struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id)->uses_taken;
}

static bool is_settled(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->settled;
}

static void test_while_it_is_asked(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    int fd;

    p.mood = PROVIDER_ACTS_SILENTLY;
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    provider_is_asked(&p, FEED_TAKE, 1);
    kill_here(w);
    close_fd(fd);
    start_again(w);
    assert_int_equal(claiming_unresolved(w->broker->claiming), 1);
    assert_int_equal(provider_taken(&p), 1);
    provider_settles_at(&p, 0);
    assert_int_equal(uses_taken(w), 0);
    visitor_end(&v);
}

/* Whether `hufuctl status` speaks of claims, so many seconds from now. */
static bool is_told_of(const struct world *w, when_t later)
{
    struct status_finding found[STATUS_FINDINGS_MAX];
    size_t n = status_findings(w->broker, clock_wall() + later, found);
    bool told = false;

    for (size_t i = 0; i < n; i++)
        told = told || strcmp(found[i].subject, "claims") == 0;
    return told;
}

static void test_not_settled_for_long(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    p.mood = PROVIDER_ACTS_SILENTLY;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_DENY);
    assert_int_equal(claiming_unresolved(w->broker->claiming), 1);
    assert_false(is_told_of(w, 0));
    assert_true(is_told_of(w, 700));
    p.mood = PROVIDER_ANSWERS;
    provider_settles_at(&p, 0);
    assert_false(is_told_of(w, 700));
    visitor_end(&v);
}

static void test_stopped_while_it_is_asked(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;
    int fd;

    p.mood = PROVIDER_ACTS_SILENTLY;
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    provider_is_asked(&p, FEED_TAKE, 1);
    provider_stop(&p);
    world_stop(w);
    world_start(w);
    p.mood = PROVIDER_ANSWERS;
    provider_start(&p, w, 2);
    provider_settles_at(&p, 0);
    reply = world_take(w, fd);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    visitor_end(&v);
}

static void test_reserved(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    kill_here(w);
    w->reaper.start_time = m.caller.start_time;
    start_again(w);
    world_until(w, is_settled, NULL);
    provider_settles_at(&p, 1);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    world_tie(&m);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(p.asked[FEED_TAKE], 1);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    provider_settles_at(&p, 1);
    assert_int_equal(p.asked[FEED_GIVE_BACK], 0);
}

static void test_reserved_by_who_is_gone(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&v);

    m.caller.parent = (uint32_t)monitor.pid;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    kill_here(w);
    p.mood = PROVIDER_IGNORES;
    visitor_end(&v);
    visitor_end(&monitor);
    start_again(w);
    world_until(w, world_nobody_is_left, NULL);
    provider_settles_at(&p, 0);
    assert_int_equal(uses_taken(w), 0);
}

static void test_open(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_log_in(w, &v);
    kill_here(w);
    visitor_end(&v);
    start_again(w);
    world_until(w, world_nobody_is_left, NULL);
    provider_settles_at(&p, 1);
    assert_int_equal(p.asked[FEED_GIVE_BACK], 0);
    assert_int_equal(uses_taken(w), 1);
}

/* A session that is over keeps its claim as well. */
static void test_ended(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_log_in(w, &v);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(store_flush(w->broker->store), 0); /* its end is on disk */
    kill_here(w);
    start_again(w);
    provider_settles_at(&p, 1);
    assert_int_equal(p.asked[FEED_GIVE_BACK], 0);
}

/* Who is perhaps another host's copy gives nothing back: it may be the other's. */
static void test_perhaps_a_copy(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&v);

    m.caller.parent = (uint32_t)monitor.pid;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(w->broker->host_trouble, sizeof(w->broker->host_trouble), "another machine-id");
    visitor_end(&v);
    visitor_end(&monitor);
    world_until(w, world_nobody_is_left, NULL);
    world_for(w, 300);
    assert_int_equal(p.asked[FEED_GIVE_BACK], 0);
    w->broker->host_trouble[0] = '\0';
    provider_settles_at(&p, 0);
}

/* Released on disk, and not yet given back. */
static void test_owed(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&v);

    m.caller.parent = (uint32_t)monitor.pid;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    p.mood = PROVIDER_IGNORES;
    visitor_end(&v);
    visitor_end(&monitor);
    provider_is_asked(&p, FEED_GIVE_BACK, 1);
    kill_here(w);
    start_again(w);
    provider_settles_at(&p, 0);
    assert_int_equal(p.asked[FEED_LOOK], 0);
}

/* The release is on disk and what comes behind it is not: the claim is nobody's. */
static void test_released_alone(void **state)
{
    struct world *w = *state;
    struct store_claim row = {.nonce = {7}, .state = STORE_CLAIM_HELD, .session = 4711, .at = 1};
    struct store_txn *t = NULL;

    p.holder[1].taken = true;
    p.holder[1].nonce[0] = 7;
    assert_int_equal(store_txn_new(w->broker->store, &t), 0);
    store_txn_claim(t, &row);
    assert_int_equal(store_submit(w->broker->store, t, NULL, NULL), 0);
    assert_int_equal(store_flush(w->broker->store), 0);
    kill_here(w);
    start_again(w);
    provider_settles_at(&p, 0);
}

/* Nothing is given back before it is on disk that nobody has it: else a broker that is killed then would find
 * a reservation with a claim that it has no more. */
static void test_not_given_back_before_it_is_written(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct session *s;

    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    s = registry_first(w->broker->registry);
    claiming_give_back(claiming_of(w->broker->claiming, s->number));
    assert_int_equal(p.asked[FEED_GIVE_BACK], 0);
    provider_settles_at(&p, 0);
    /* ... and the session, which has none now, takes another. */
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    world_tie(&m);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(provider_taken(&p), 1);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_while_it_is_asked),
        TEST(test_not_settled_for_long),
        TEST(test_stopped_while_it_is_asked),
        TEST(test_reserved),
        TEST(test_reserved_by_who_is_gone),
        TEST(test_open),
        TEST(test_ended),
        TEST(test_perhaps_a_copy),
        TEST(test_owed),
        TEST(test_released_alone),
        TEST(test_not_given_back_before_it_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
