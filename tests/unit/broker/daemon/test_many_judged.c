// LAYERS: test_support
// LINK: -Wl,--wrap=grant_index_each -Wl,--wrap=grant_index_next
#include "broker/daemon/grants_verdicts.h"
#include "broker/daemon/judging.h"
#include "broker/daemon/verdict_writer.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/support/many.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Another trust goes through all grants, but never in one turn of the loop. */

#define GRANTS 120
#define TURN   32 /* grants that are verified at a time */

static unsigned walks, steps, n_judged;

void __real_grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *),
                             void *userdata);
void __wrap_grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *),
                             void *userdata);
bool __real_grant_index_next(const struct grant_index *index, struct hash_walk *walk,
                             void (*f)(struct grant_entry *, void *), void *userdata);
bool __wrap_grant_index_next(const struct grant_index *index, struct hash_walk *walk,
                             void (*f)(struct grant_entry *, void *), void *userdata);

void __wrap_grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *),
                             void *userdata)
{
    walks++;
    __real_grant_index_each(index, f, userdata);
}

bool __wrap_grant_index_next(const struct grant_index *index, struct hash_walk *walk,
                             void (*f)(struct grant_entry *, void *), void *userdata)
{
    steps++;
    return __real_grant_index_next(index, walk, f, userdata);
}

static int setup(void **state)
{
    struct world *w;
    struct many_plan plan;

    if (world_setup(state) < 0)
        return -1;
    w = *state;
    plan = (struct many_plan){
        .department = w->department, .from = time(NULL) - 3600, .until = time(NULL) + 3600};
    for (unsigned i = 0; i < GRANTS; i++) {
        struct many_grant g = many_grant(&plan, i);
        struct varlink_reply r = world_hand_in(w, g.document, g.approvals[0], g.approvals[1]);

        assert_null(r.error);
        varlink_reply_done(&r);
        many_grant_done(&g);
    }
    world_stop(w);
    w->at_once = 1;
    world_start(w);
    return 0;
}

static bool is_settled(struct world *w, void *userdata)
{
    (void)userdata;
    return !judging_is(w->broker) && !verdict_writer_is_busy(w->broker);
}

static void count_judged(struct grant_entry *e, void *userdata)
{
    struct world *w = userdata;
    struct grant_papers *papers = NULL;

    assert_int_equal(grants_papers(w->broker->grants, e, &papers), 0);
    n_judged += e->standing == REASON_OK && papers_have_verdicts(papers, w->broker->trust);
    papers_free_one(papers);
}

/* ---- a change ---- */

static void test_all_in_parts(void **state)
{
    struct world *w = *state;
    char *without = epoch_without_leader(w, 5);

    walks = steps = 0;
    epoch_replace(w, without, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    world_until(w, is_settled, NULL);
    assert_int_equal(walks, 0);
    assert_true(steps > 3 * GRANTS); /* verified, judged, written */
    n_judged = 0;
    __real_grant_index_each(grants_index(w->broker->grants), count_judged, w);
    assert_int_equal(n_judged, GRANTS);
    free(without);
}

/* ---- verifying before it ---- */

struct prepared {
    bool done;
    int result;
};

static void on_prepared(void *userdata, int result)
{
    *(struct prepared *)userdata = (struct prepared){true, result};
}

static void begin(struct world *w, struct trust_set *next, struct prepared *x)
{
    *x = (struct prepared){.done = false};
    steps = 0;
    grants_prepare(w->broker->grants, w->broker->verifier, next, on_prepared, x);
}

/* The most in one turn, of which the beginning is one. */
static unsigned finish(struct world *w, const struct prepared *x)
{
    unsigned most = steps;

    while (!x->done) {
        steps = 0;
        assert_true(sd_event_run(w->event, 10000000) > 0);
        most = steps > most ? steps : most;
    }
    assert_int_equal(x->result, 0);
    return most;
}

static struct trust_set *next_trust(const struct world *w)
{
    struct trust_set *next = NULL;
    char *text = epoch_without_leader(w, 5);

    assert_int_equal(trust_set_new(text, strlen(text), &next, NULL), 0);
    free(text);
    return next;
}

/* What is known already needs no worker, who would give the turn back. */
static void test_verified_in_parts(void **state)
{
    struct world *w = *state;
    struct trust_set *next = next_trust(w);
    struct prepared x;

    for (unsigned i = 0; i < 2; i++) {
        begin(w, next, &x);
        assert_false(x.done);
        assert_in_range(finish(w, &x), 1, TURN);
    }
    trust_set_free(next);
}

static void test_stopped_half_way(void **state)
{
    struct world *w = *state;
    struct trust_set *next = next_trust(w);
    struct prepared x;

    begin(w, next, &x);
    (void)finish(w, &x);
    begin(w, next, &x);
    world_stop(w);
    assert_true(x.done);
    assert_int_equal(x.result, -ECANCELED);
    trust_set_free(next);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_in_parts),
        TEST(test_verified_in_parts),
        TEST(test_stopped_half_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
