// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/doctor/walk.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/*
 * Every way through a stack, against trying them all: small stacks by chance, each combination of return
 * values of each module, walked by a plain copy of libpam's loop.
 */

#define LINES_MAX 5
#define ROUNDS    300

static const int values[] = {STACK_SUCCESS, STACK_NEW_AUTHTOK_REQD, STACK_PERM_DENIED, STACK_IGNORE,
                             STACK_MODULE_UNKNOWN};
#define N_VALUES ARRAY_SIZE(values)

static unsigned below(uint64_t *chance, unsigned n)
{
    *chance = *chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((*chance >> 33) % n);
}

/* ---- libpam's loop (1.5.2, _pam_dispatch_aux), with the gate watched ---- */

struct outcome {
    int status;
    unsigned asked;
    bool yes;
};

enum { UNDEFINED, POSITIVE, NEGATIVE };

static struct outcome dispatch(const struct stack_lines *l, const int returned[])
{
    struct outcome o = {.status = STACK_PERM_DENIED};
    int impression = UNDEFINED, kept_impression[16] = {0}, kept_status[16] = {0};
    unsigned previous = 0;

    kept_status[0] = STACK_PERM_DENIED;
    for (size_t h = 0; h < l->n; h++) {
        const struct stack_line *line = &l->items[h];
        unsigned level = line->level;
        int value = returned[h], action = line->actions[value];
        bool decided = false;

        if (previous < level) {
            kept_impression[level] = impression;
            kept_status[level] = o.status;
        }
        previous = level;
        if (line->kind == STACK_SUBSTACK)
            continue;
        o.asked += walk_is_gate(line);
        o.yes = o.yes || (walk_is_gate(line) && value == STACK_SUCCESS);
        if (action == STACK_DO_RESET) {
            impression = kept_impression[level];
            o.status = kept_status[level];
        } else if (action == STACK_DO_OK || action == STACK_DO_DONE) {
            if (impression == UNDEFINED || (impression == POSITIVE && o.status == STACK_SUCCESS)) {
                impression = POSITIVE;
                o.status = value;
            }
            decided = impression == POSITIVE && action == STACK_DO_DONE;
        } else if (action == STACK_DO_BAD || action == STACK_DO_DIE) {
            if (impression != NEGATIVE) {
                impression = NEGATIVE;
                o.status = value == STACK_IGNORE ? STACK_PERM_DENIED : value;
            }
            decided = action == STACK_DO_DIE;
        } else if (action > 0) {
            while (h + 1 < l->n && l->items[h + 1].level >= level && action > 0) {
                do
                    h++;
                while (h + 1 < l->n && l->items[h + 1].level > level);
                action--;
            }
            if (action > 0) {
                impression = NEGATIVE;
                o.status = STACK_PERM_DENIED;
            }
        }
        while (decided && h + 1 < l->n && l->items[h + 1].level >= level)
            h++;
    }
    if (o.status == STACK_SUCCESS && impression != POSITIVE)
        o.status = STACK_PERM_DENIED;
    return o;
}

/* ---- stacks ---- */

static void put_control(uint64_t *chance, int actions[static STACK_RETURNS])
{
    static const char *const words[] = {"required", "requisite", "optional", "sufficient"};

    stack_parse_control(words[below(chance, ARRAY_SIZE(words))], actions);
    for (size_t i = 0; i < N_VALUES && below(chance, 2) == 0; i++)
        actions[values[below(chance, N_VALUES)]] = (int)below(chance, 9) - 5;
}

static void make_stack(uint64_t *chance, struct stack_lines *l)
{
    static char gate[] = "pam_hufu.so", other[] = "pam_x.so";
    unsigned level = 0;

    l->n = 1 + below(chance, LINES_MAX);
    for (size_t i = 0; i < l->n; i++) {
        struct stack_line *line = &l->items[i];

        *line = (struct stack_line){.kind = STACK_MODULE, .level = level, .file = "f", .number = (unsigned)i};
        line->module = below(chance, 3) == 0 ? gate : other;
        put_control(chance, line->actions);
        if (below(chance, 4) == 0 && level < 3) {
            line->kind = STACK_SUBSTACK;
            level++;
        } else if (below(chance, 3) == 0 && level > 0) {
            level--;
        }
    }
}

static uint32_t any_value(const void *userdata, const struct stack_line *line)
{
    uint32_t bits = 0;

    (void)userdata;
    (void)line;
    for (size_t i = 0; i < N_VALUES; i++)
        bits |= WALK_BIT(values[i]);
    return bits;
}

static void try_all(const struct stack_lines *l, uint32_t passing, struct walk *ret)
{
    size_t combinations = 1;

    for (size_t i = 0; i < l->n; i++)
        combinations *= N_VALUES;
    for (size_t n = 0; n < combinations; n++) {
        int returned[LINES_MAX];
        struct outcome o;
        bool passes;

        for (size_t i = 0, rest = n; i < l->n; i++, rest /= N_VALUES)
            returned[i] = values[rest % N_VALUES];
        o = dispatch(l, returned);
        assert_int_equal(walk_once(l, returned), o.status);
        passes = (passing & WALK_BIT(o.status)) != 0;
        ret->passes = ret->passes || passes;
        ret->fails = ret->fails || !passes;
        ret->open = ret->open || (passes && !o.yes);
        ret->asked_twice = ret->asked_twice || (passes && o.yes && o.asked > 1);
    }
}

/* The way that is told is one: its values lead there. */
static void check_path(const struct stack_lines *l, const struct walk *w, uint32_t passing)
{
    int returned[LINES_MAX] = {0};
    struct outcome o;

    for (size_t i = 0; i < w->n_path; i++) {
        returned[w->path[i].line - l->items] = w->path[i].value;
        assert_int_equal(w->path[i].action, w->path[i].line->actions[w->path[i].value]);
    }
    o = dispatch(l, returned);
    assert_true(passing & WALK_BIT(o.status));
    assert_false(o.yes);
}

static void test_all_ways_are_found(void **state)
{
    static const uint32_t passings[] = {WALK_BIT(STACK_SUCCESS),
                                        WALK_BIT(STACK_SUCCESS) | WALK_BIT(STACK_NEW_AUTHTOK_REQD)};
    uint64_t chance = 1;
    struct stack_line lines[LINES_MAX];
    struct stack_lines l = {.items = lines};
    size_t open = 0, closed = 0;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t passing = passings[i % 2];
        cleanup_walk struct walk found = {0};
        struct walk tried = {0};

        make_stack(&chance, &l);
        try_all(&l, passing, &tried);
        assert_int_equal(walk_all(&l, WALK_GATE, any_value, NULL, passing, &found), 0);
        assert_true(found.complete);
        assert_int_equal(found.passes, tried.passes);
        assert_int_equal(found.fails, tried.fails);
        assert_int_equal(found.open, tried.open);
        assert_int_equal(found.asked_twice, tried.asked_twice);
        if (found.open)
            check_path(&l, &found, passing);
        open += found.open;
        closed += found.passes && !found.open;
    }
    assert_true(open > ROUNDS / 10 && closed > ROUNDS / 100);
}

/* No line at all: libpam refuses. */
static void test_an_empty_phase(void **state)
{
    const struct stack_lines none = {.n = 0};
    cleanup_walk struct walk w = {0};

    (void)state;
    assert_int_equal(walk_all(&none, WALK_GATE, any_value, NULL, WALK_BIT(STACK_SUCCESS), &w), 0);
    assert_false(w.passes || w.open);
    assert_true(w.fails);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_ways_are_found),
        cmocka_unit_test(test_an_empty_phase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
