// LAYERS: test_support
#include "broker/daemon/clock_guard.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Seconds; the wall clock begins at T with the boot clock at 1000. */
#define T         1795305600 /* 2026-11-22T00:00:00Z */
#define US(s)     ((int64_t)(s)*1000000)
#define TOLERANCE 10

enum act { LOOK, CONFIRM, STATUS, RESTART, REBOOT };

/* After so many seconds by the boot clock the wall clock says T + wall. */
struct step {
    enum act act;
    int64_t after, wall;
    bool synchronised;
    enum clock_standing standing;
    enum clock_news news;
    int64_t highest; /* T + so much afterwards */
    int64_t issued, expires;
};

struct sequence {
    const char *what;
    struct step steps[12];
};

#define SYNC   true
#define UNSYNC false
#define END                                                              \
    {                                                                    \
        LOOK, -1, 0, false, CLOCK_NOT_LOOKED, CLOCK_NOTHING_NEW, 0, 0, 0 \
    }
#define SMOOTH                                                     \
    {                                                              \
        LOOK, 0, 0, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 0, 0, 0 \
    }

/* clang-format off */
static const struct sequence sequences[] = {
    {"smooth progress raises the highest", {SMOOTH,
        {LOOK, 60, 60, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 60, 0, 0},
        {LOOK, 60, 120, SYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 120, 0, 0}, END}},
    {"suspend: both clocks go on", {SMOOTH,
        {LOOK, 400000, 400000, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 400000, 0, 0}, END}},
    {"pause of a virtual machine: the wall clock jumps when it is synchronised again", {SMOOTH,
        {LOOK, 1, 1, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 1, 0, 0},
        {LOOK, 1, 7202, SYNC, CLOCK_SURE, CLOCK_STEPPED, 7202, 0, 0}, END}},
    {"leap second: one second back", {SMOOTH,
        {LOOK, 10, 10, SYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 10, 0, 0},
        {LOOK, 1, 10, SYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 10, 0, 0},
        {LOOK, 1, 11, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 11, 0, 0}, END}},
    {"back by the tolerance is no step", {SMOOTH,
        {LOOK, 100, 90, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 90, 0, 0}, END}},
    {"a step back, which no synchronisation excuses", {SMOOTH,
        {LOOK, 100, 89, SYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 100, 0, 0},
        {LOOK, 5, 94, SYNC, CLOCK_BEHIND, CLOCK_NOTHING_NEW, 100, 0, 0},
        {LOOK, 5, 99, SYNC, CLOCK_BEHIND, CLOCK_NOTHING_NEW, 100, 0, 0},
        {LOOK, 1, 100, SYNC, CLOCK_SURE, CLOCK_SETTLED, 100, 0, 0},
        {LOOK, 1, 101, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 101, 0, 0}, END}},
    {"caught up without synchronisation is still behind the line", {SMOOTH,
        {LOOK, 100, -3500, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 100, 0, 0},
        {LOOK, 3600, 100, UNSYNC, CLOCK_BEHIND, CLOCK_NOTHING_NEW, 100, 0, 0},
        {LOOK, 60, 160, SYNC, CLOCK_SURE, CLOCK_SETTLED, 160, 0, 0}, END}},
    {"the step back is taken back", {SMOOTH,
        {LOOK, 100, -3500, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 100, 0, 0},
        {LOOK, 60, 165, UNSYNC, CLOCK_SURE, CLOCK_SETTLED, 165, 0, 0}, END}},
    {"forward by the tolerance is no step", {SMOOTH,
        {LOOK, 1, 11, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 11, 0, 0}, END}},
    {"forward, synchronised: accepted", {SMOOTH,
        {LOOK, 1, 3600, SYNC, CLOCK_SURE, CLOCK_STEPPED, 3600, 0, 0},
        {LOOK, 1, 3601, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 3601, 0, 0}, END}},
    {"forward, not synchronised: in doubt until it is", {SMOOTH,
        {LOOK, 1, 12, UNSYNC, CLOCK_AHEAD, CLOCK_IN_DOUBT, 0, 0, 0},
        {LOOK, 600, 612, UNSYNC, CLOCK_AHEAD, CLOCK_NOTHING_NEW, 0, 0, 0},
        {LOOK, 60, 672, SYNC, CLOCK_SURE, CLOCK_SETTLED, 672, 0, 0}, END}},
    {"one wrong step of years raises nothing, and is taken back", {SMOOTH,
        {LOOK, 1, 300000000, UNSYNC, CLOCK_AHEAD, CLOCK_IN_DOUBT, 0, 0, 0},
        {LOOK, 100, 101, UNSYNC, CLOCK_SURE, CLOCK_SETTLED, 101, 0, 0}, END}},
    {"forward, then far back", {SMOOTH,
        {LOOK, 1, 300000000, UNSYNC, CLOCK_AHEAD, CLOCK_IN_DOUBT, 0, 0, 0},
        {LOOK, 1, -5000, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 0, 0, 0},
        {LOOK, 1, 3, SYNC, CLOCK_SURE, CLOCK_SETTLED, 3, 0, 0}, END}},
    {"small steps back add up", {SMOOTH,
        {LOOK, 60, 54, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 54, 0, 0},
        {LOOK, 60, 108, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 119, 0, 0}, END}},
    {"small steps back in a synchronised clock add up against the highest", {SMOOTH,
        {LOOK, 1, -4, SYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 0, 0, 0},
        {LOOK, 1, -8, SYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 0, 0, 0},
        {LOOK, 1, -12, SYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 0, 0, 0},
        {LOOK, 12, 0, SYNC, CLOCK_SURE, CLOCK_SETTLED, 0, 0, 0}, END}},
    {"a bad crystal, set right every day by less than the tolerance", {SMOOTH,
        {LOOK, 86400, 86395, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 86395, 0, 0},
        {LOOK, 86400, 172790, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 172790, 0, 0},
        {LOOK, 86400, 259185, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 259185, 0, 0}, END}},
    {"boot with a clock behind, which is synchronised later", {SMOOTH,
        {REBOOT, 5, -90000, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 0, 0, 0},
        {LOOK, 60, -89940, UNSYNC, CLOCK_BEHIND, CLOCK_NOTHING_NEW, 0, 0, 0},
        {LOOK, 60, 3600, SYNC, CLOCK_SURE, CLOCK_SETTLED, 3600, 0, 0}, END}},
    {"boot with a clock behind, set by hand", {SMOOTH,
        {REBOOT, 5, -90000, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 0, 0, 0},
        {LOOK, 60, 3600, UNSYNC, CLOCK_AHEAD, CLOCK_IN_DOUBT, 0, 0, 0},
        {CONFIRM, 1, 3601, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 3601, 0, 0}, END}},
    {"boot with a clock ahead is not noticed", {SMOOTH,
        {REBOOT, 5, 90000, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 90000, 0, 0}, END}},
    {"after a bad boot, confirming lowers the highest", {SMOOTH,
        {REBOOT, 5, 300000000, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 300000000, 0, 0},
        {LOOK, 5, 10, SYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 300000005, 0, 0},
        {CONFIRM, 1, 11, SYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 11, 0, 0},
        {LOOK, 60, 71, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 71, 0, 0}, END}},
    {"a restart forgets neither the highest nor the line", {SMOOTH,
        {RESTART, 60, -3540, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 0, 0, 0},
        {RESTART, 1, 3700, UNSYNC, CLOCK_AHEAD, CLOCK_IN_DOUBT, 0, 0, 0},
        {RESTART, 1, 62, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 62, 0, 0}, END}},
    {"a restart does not make one caught up", {SMOOTH,
        {LOOK, 100, -3500, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 100, 0, 0},
        {RESTART, 3700, 200, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 100, 0, 0},
        {RESTART, 1, 201, SYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 201, 0, 0}, END}},
    {"a status shows that the clock is behind", {SMOOTH,
        {STATUS, 1, 1, SYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 9, 9, 9000},
        {STATUS, 1, 2, SYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 3600, 3600, 9000},
        {LOOK, 1, 3, SYNC, CLOCK_BEHIND, CLOCK_NOTHING_NEW, 3600, 0, 0},
        {LOOK, 1, 3605, SYNC, CLOCK_SURE, CLOCK_SETTLED, 3605, 0, 0}, END}},
    {"a status settles what had caught up", {SMOOTH,
        {LOOK, 100, -3500, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 100, 0, 0},
        {STATUS, 3700, 200, UNSYNC, CLOCK_SURE, CLOCK_SETTLED, 200, 195, 9000},
        {LOOK, 1, 201, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 201, 0, 0}, END}},
    {"a status that was held back settles nothing", {SMOOTH,
        {LOOK, 100, -3500, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 100, 0, 0},
        {STATUS, 1, -3499, UNSYNC, CLOCK_BEHIND, CLOCK_NOTHING_NEW, 100, -3500, 9000},
        {STATUS, 3700, 201, UNSYNC, CLOCK_BEHIND, CLOCK_NOTHING_NEW, 100, 89, 9000},
        {STATUS, 1, 202, UNSYNC, CLOCK_BEHIND, CLOCK_NOTHING_NEW, 150, 150, 202},
        {STATUS, 1, 203, UNSYNC, CLOCK_SURE, CLOCK_SETTLED, 203, 150, 204}, END}},
    {"a status settles a step forward only if it was issued then", {SMOOTH,
        {LOOK, 1, 7200, UNSYNC, CLOCK_AHEAD, CLOCK_IN_DOUBT, 0, 0, 0},
        {STATUS, 1, 7201, UNSYNC, CLOCK_AHEAD, CLOCK_NOTHING_NEW, 2, 2, 90000},
        {STATUS, 1, 7202, UNSYNC, CLOCK_AHEAD, CLOCK_NOTHING_NEW, 7191, 7191, 90000},
        {STATUS, 1, 7203, UNSYNC, CLOCK_SURE, CLOCK_SETTLED, 7203, 7200, 90000}, END}},
    {"before 1970, and at the ends of time", {SMOOTH,
        {LOOK, 1, -T - 86400, SYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 1, 0, 0},
        {LOOK, 1, INT64_C(9000000000000) - T, UNSYNC, CLOCK_AHEAD, CLOCK_IN_DOUBT, 1, 0, 0},
        {LOOK, 1, INT64_C(-9000000000000) - T, UNSYNC, CLOCK_BEHIND, CLOCK_IN_DOUBT, 1, 0, 0},
        {CONFIRM, 1, 4, UNSYNC, CLOCK_SURE, CLOCK_NOTHING_NEW, 4, 0, 0}, END}},
};
/* clang-format on */

struct host {
    struct clock_guard guard;
    uint64_t boot_us;
};

static void start_again(struct host *h, bool reboot)
{
    struct clock_guard old = h->guard;

    clock_guard_init(&h->guard, TOLERANCE);
    clock_guard_load(&h->guard, old.highest_us, reboot ? NULL : &old.line);
    if (reboot)
        h->boot_us = 0;
}

static enum clock_news take(struct host *h, const struct step *at)
{
    struct clock_sample s = {.wall_us = US(T + at->wall), .synchronised = at->synchronised};

    if (at->act == RESTART || at->act == REBOOT)
        start_again(h, at->act == REBOOT);
    h->boot_us += (uint64_t)US(at->after);
    s.boot_us = h->boot_us;
    if (at->act == STATUS)
        return clock_guard_trusted(&h->guard, T + at->issued, T + at->expires, &s);
    if (at->act != CONFIRM)
        return clock_guard_sample(&h->guard, &s);
    (void)clock_guard_confirm(&h->guard, &s);
    return CLOCK_NOTHING_NEW;
}

static void run(const struct sequence *q)
{
    struct host h = {.boot_us = US(1000)};

    clock_guard_init(&h.guard, TOLERANCE);
    for (const struct step *at = q->steps; at->after >= 0; at++) {
        enum clock_news news = take(&h, at);

        if (news != at->news || h.guard.standing != at->standing ||
            h.guard.highest_us / US(1) != T + at->highest)
            fail_msg("%s, step %td: news %d, standing %d, highest T%+lld", q->what, at - q->steps, (int)news,
                     (int)h.guard.standing, (long long)(h.guard.highest_us / US(1) - T));
    }
}

static void test_sequences(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sequences); i++)
        run(&sequences[i]);
}

/* What the record says: what was expected, and what was found. */
static void test_expected_and_found(void **state)
{
    struct clock_guard g;

    (void)state;
    clock_guard_init(&g, TOLERANCE);
    assert_false(clock_guard_is_sure(&g));
    assert_int_equal(clock_guard_sample(&g, &(struct clock_sample){US(T), 5, false}), CLOCK_NOTHING_NEW);
    assert_int_equal(clock_guard_sample(&g, &(struct clock_sample){US(T - 100), 5 + US(60), false}),
                     CLOCK_IN_DOUBT);
    assert_true(g.expected_us == US(T + 60) && g.found_us == US(T - 100));
    assert_true(clock_guard_at_least(&g, &(struct clock_sample){US(T - 90), 5 + US(70), false}) ==
                US(T + 70));
    assert_int_equal(clock_guard_sample(&g, &(struct clock_sample){US(T + 500), 5 + US(80), true}),
                     CLOCK_SETTLED);
    assert_true(g.expected_us == US(T + 80) && g.found_us == US(T + 500));
    assert_true(clock_guard_confirm(&g, &(struct clock_sample){US(T + 7), 5 + US(81), false}) == US(T + 500));
    assert_true(g.highest_us == US(T + 7));
}

/* A boot clock that goes back, and a highest time that nobody lives to see. */
static void test_impossible(void **state)
{
    struct clock_guard g;

    (void)state;
    clock_guard_init(&g, TOLERANCE);
    (void)clock_guard_sample(&g, &(struct clock_sample){US(T), (uint64_t)US(1000), false});
    assert_int_equal(clock_guard_sample(&g, &(struct clock_sample){US(T), 0, false}), CLOCK_NOTHING_NEW);
    assert_int_equal(clock_guard_sample(&g, &(struct clock_sample){US(T), UINT64_MAX, false}),
                     CLOCK_IN_DOUBT);
    clock_guard_init(&g, TOLERANCE);
    clock_guard_load(&g, INT64_MAX, NULL);
    assert_int_equal(clock_guard_sample(&g, &(struct clock_sample){US(T), 1, true}), CLOCK_IN_DOUBT);
    assert_int_equal(clock_guard_sample(&g, &(struct clock_sample){US(T), UINT64_MAX, true}),
                     CLOCK_NOTHING_NEW);
    (void)clock_guard_confirm(&g, &(struct clock_sample){US(T), 2, false});
    assert_true(clock_guard_is_sure(&g));
    assert_int_equal(clock_guard_trusted(&g, INT64_MAX, INT64_MAX, &(struct clock_sample){US(T), 3, true}),
                     CLOCK_IN_DOUBT);
}

/* ---- against a model ---- */

/* Of a clock that is never synchronised, everything since the last time somebody vouched for it is known: how
 * far it was stepped in all. Sure means that it was never further from its best than the tolerance, but for
 * what a bad crystal loses. */
struct model {
    int64_t offset,
        best;        /* of the wall clock against the boot clock, now and at most since it was vouched for */
    int64_t elapsed; /* since then */
};

static uint64_t state_of_random = 20261122;

static int64_t random_below(int64_t n)
{
    state_of_random = state_of_random * 6364136223846793005U + 1442695040888963407U;
    return (int64_t)((state_of_random >> 33) % (uint64_t)n);
}

static int64_t random_step(void)
{
    int64_t kind = random_below(8);

    if (kind == 0)
        return US(random_below(200000)) - US(100000);
    return kind < 3 ? US(random_below(24)) - US(12) : 0;
}

static void check(const struct clock_guard *before, const struct clock_guard *g, const struct clock_sample *s,
                  const struct model *m)
{
    bool sure = clock_guard_is_sure(g);

    assert_true(g->highest_us >= before->highest_us);
    if (sure && s->wall_us + US(TOLERANCE) < before->highest_us)
        fail_msg("sure behind the highest");
    if (sure && g->highest_us < s->wall_us)
        fail_msg("sure, and the highest was not raised");
    if (!sure && g->highest_us > before->highest_us && before->standing != CLOCK_SURE)
        fail_msg("raised in doubt");
    if (sure && m->best - m->offset > US(TOLERANCE) + m->elapsed / 2000 + 1)
        fail_msg("sure after steps back of %lld us in all", (long long)(m->best - m->offset));
}

static void test_against_model(void **state)
{
    (void)state;
    for (unsigned run_number = 0; run_number < 300; run_number++) {
        struct clock_guard g;
        struct model m = {0};
        uint64_t boot = (uint64_t)US(1 + random_below(1000));

        clock_guard_init(&g, TOLERANCE);
        for (unsigned i = 0; i < 400; i++) {
            struct clock_guard before = g;
            struct clock_sample s = {.synchronised = false};
            int64_t passed = US(random_below(120)), moved = i == 0 ? 0 : random_step();

            boot += (uint64_t)passed;
            m.elapsed += passed;
            m.offset += moved;
            s.boot_us = boot;
            s.wall_us = US(T) + (int64_t)boot + m.offset;
            (void)clock_guard_sample(&g, &s);
            check(&before, &g, &s, &m);
            if (clock_guard_is_sure(&before) && moved == 0)
                assert_true(clock_guard_is_sure(&g));
            if (clock_guard_is_sure(&before) && (moved > US(2 * TOLERANCE) || moved < -US(TOLERANCE)))
                assert_false(clock_guard_is_sure(&g));
            if (clock_guard_is_sure(&g) && m.offset > m.best)
                m.best = m.offset;
            if (random_below(20) == 0) {
                (void)clock_guard_confirm(&g, &s);
                m = (struct model){.offset = m.offset, .best = m.offset};
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_expected_and_found),
        cmocka_unit_test(test_impossible),
        cmocka_unit_test(test_against_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
