#include "broker/doctor/walk.h"

#include <errno.h>
#include <string.h>

/* As in libpam. */
enum impression { UNDEFINED = 0, POSITIVE = 1, NEGATIVE = 2 };
#define MUST_FAIL STACK_PERM_DENIED

struct mood {
    uint8_t impression, status;
};

struct state {
    uint32_t at; /* the line that is next */
    uint8_t previous_level, asked, yes;
    uint8_t padding[3]; /* states are compared by octets */
    struct mood now;
    struct mood before[WALK_LEVELS]; /* when each substack was entered */
};

_Static_assert(sizeof(struct state) == 4 + 6 + 2 + 2 * WALK_LEVELS, "no octet of a state is undefined");

static const struct state start = {.now = {UNDEFINED, MUST_FAIL}, .before = {{UNDEFINED, MUST_FAIL}}};

bool walk_is_gate(const struct stack_line *line)
{
    return stack_is_module(line, WALK_GATE);
}

/* Goes on to a line that returns something. false: there is none. */
static bool advance(const struct stack_lines *lines, struct state *s)
{
    for (; s->at < lines->n; s->at++) {
        const struct stack_line *line = &lines->items[s->at];

        if (s->previous_level < line->level)
            s->before[line->level] = s->now;
        s->previous_level = (uint8_t)line->level;
        if (line->kind != STACK_SUBSTACK)
            return true;
    }
    return false;
}

static void hear_good(struct state *s, int value)
{
    if (s->now.impression == UNDEFINED || (s->now.impression == POSITIVE && s->now.status == STACK_SUCCESS))
        s->now = (struct mood){POSITIVE, (uint8_t)value};
}

static void hear_bad(struct state *s, int value)
{
    if (s->now.impression != NEGATIVE)
        s->now = (struct mood){NEGATIVE, value == STACK_IGNORE ? MUST_FAIL : (uint8_t)value};
}

static unsigned level_behind(const struct stack_lines *lines, size_t at)
{
    return lines->items[at + 1].level;
}

/* To the last line that is jumped over. A jump too far is an error. */
static void jump(const struct stack_lines *lines, struct state *s, unsigned level, int distance)
{
    while (s->at + 1 < lines->n && level_behind(lines, s->at) >= level && distance > 0) {
        do
            s->at++;
        while (s->at + 1 < lines->n && level_behind(lines, s->at) > level);
        distance--;
    }
    if (distance > 0)
        s->now = (struct mood){NEGATIVE, MUST_FAIL};
}

static void leave_substack(const struct stack_lines *lines, struct state *s, unsigned level)
{
    while (s->at + 1 < lines->n && level_behind(lines, s->at) >= level)
        s->at++;
}

/* The line that is next returns a value. */
static void step(const struct stack_lines *lines, struct state *s, int value)
{
    const struct stack_line *line = &lines->items[s->at];
    int action = line->actions[value];

    switch (action) {
    case STACK_DO_RESET:
        s->now = s->before[line->level];
        break;
    case STACK_DO_OK:
    case STACK_DO_DONE:
        hear_good(s, value);
        if (s->now.impression == POSITIVE && action == STACK_DO_DONE)
            leave_substack(lines, s, line->level);
        break;
    case STACK_DO_BAD:
    case STACK_DO_DIE:
        hear_bad(s, value);
        if (action == STACK_DO_DIE)
            leave_substack(lines, s, line->level);
        break;
    case STACK_DO_IGNORE:
        break;
    default:
        jump(lines, s, line->level, action);
    }
    s->at++;
}

static int end_of(const struct state *s)
{
    if (s->now.status == STACK_SUCCESS && s->now.impression != POSITIVE)
        return MUST_FAIL;
    return s->now.status;
}

int walk_once(const struct stack_lines *lines, const int values[])
{
    struct state s = start;

    while (advance(lines, &s))
        step(lines, &s, lines->items[s.at].kind == STACK_MUST_FAIL ? MUST_FAIL : values[s.at]);
    return end_of(&s);
}

/* ---- all ways ---- */

struct node {
    struct state state;
    uint32_t parent, line; /* how it was reached */
    int value;
};

#define NOBODY UINT32_MAX
#define SLOTS  ((size_t)1 << 16) /* more than twice WALK_STATES_MAX, and a power of 2 */

struct search {
    const struct stack_lines *lines;
    const char *gate;
    struct node *nodes;
    size_t n, capacity;
    uint32_t *slots; /* index of a node and 1; 0: free */
    bool full;
};

/* Statuses that mean the same in the end are one, and so is what no line can see any more. */
static void forget(struct state *s)
{
    if (s->now.status != STACK_SUCCESS && s->now.status != STACK_NEW_AUTHTOK_REQD)
        s->now.status = MUST_FAIL;
    for (size_t i = s->previous_level + 1U; i < WALK_LEVELS; i++)
        s->before[i] = (struct mood){0, 0};
}

static size_t hash(const struct state *s)
{
    const uint8_t *octets = (const uint8_t *)s;
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < sizeof(*s); i++)
        h = (h ^ octets[i]) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ (h >> 32)) & (SLOTS - 1);
}

static int add_node(struct search *s, const struct node *node)
{
    size_t slot = hash(&node->state);

    for (; s->slots[slot] > 0; slot = (slot + 1) & (SLOTS - 1))
        if (memcmp(&s->nodes[s->slots[slot] - 1].state, &node->state, sizeof(node->state)) == 0)
            return 0;
    if (s->n == WALK_STATES_MAX) {
        s->full = true;
        return 0;
    }
    if (s->n == s->capacity) {
        size_t capacity = s->capacity > 0 ? s->capacity * 2 : 64;
        struct node *grown = reallocarray(s->nodes, capacity, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        s->nodes = grown;
        s->capacity = capacity;
    }
    s->nodes[s->n] = *node;
    s->slots[slot] = (uint32_t)++s->n;
    return 0;
}

static int add_child(struct search *s, uint32_t parent, int value)
{
    struct node child = {
        .state = s->nodes[parent].state, .parent = parent, .line = s->nodes[parent].state.at, .value = value};
    bool gate = stack_is_module(&s->lines->items[child.line], s->gate);

    if (gate && child.state.asked < 2)
        child.state.asked++;
    if (gate && value == STACK_SUCCESS)
        child.state.yes = 1;
    step(s->lines, &child.state, value);
    (void)advance(s->lines, &child.state);
    forget(&child.state);
    return add_node(s, &child);
}

static int copy_path(const struct search *s, uint32_t last, struct walk *w)
{
    size_t n = 0;

    for (uint32_t i = last; s->nodes[i].parent != NOBODY; i = s->nodes[i].parent)
        n++;
    w->path = calloc(n > 0 ? n : 1, sizeof(*w->path));
    if (!w->path)
        return -ENOMEM;
    w->n_path = n;
    for (uint32_t i = last; n > 0; i = s->nodes[i].parent) {
        const struct stack_line *line = &s->lines->items[s->nodes[i].line];

        w->path[--n] = (struct walk_step){line, s->nodes[i].value, line->actions[s->nodes[i].value]};
    }
    return 0;
}

static int note_end(const struct search *s, uint32_t at, uint32_t passing, struct walk *w)
{
    const struct state *state = &s->nodes[at].state;

    if ((passing & WALK_BIT(end_of(state))) == 0) {
        w->fails = true;
        return 0;
    }
    w->passes = true;
    if (state->yes && state->asked > 1)
        w->asked_twice = true;
    if (state->yes || w->open)
        return 0;
    w->open = true;
    return copy_path(s, at, w);
}

static int follow(struct search *s, walk_returns *returns, const void *userdata, uint32_t at,
                  uint32_t passing, struct walk *w)
{
    const struct stack_line *line;
    uint32_t values;
    int r = 0;

    if (s->nodes[at].state.at >= s->lines->n)
        return note_end(s, at, passing, w);
    line = &s->lines->items[s->nodes[at].state.at];
    values = line->kind == STACK_MUST_FAIL ? WALK_BIT(MUST_FAIL) : returns(userdata, line);
    for (int value = 0; value < STACK_RETURNS && r == 0; value++)
        if (values & WALK_BIT(value))
            r = add_child(s, at, value);
    return r;
}

int walk_all(const struct stack_lines *lines, const char *gate, walk_returns *returns, const void *userdata,
             uint32_t passing, struct walk *ret)
{
    struct search s = {.lines = lines, .gate = gate, .slots = calloc(SLOTS, sizeof(*s.slots))};
    struct node first = {.state = start, .parent = NOBODY};
    int r = s.slots ? 0 : -ENOMEM;

    *ret = (struct walk){.complete = false};
    if (r == 0) {
        (void)advance(lines, &first.state);
        forget(&first.state);
        r = add_node(&s, &first);
    }
    for (uint32_t i = 0; i < s.n && r == 0; i++)
        r = follow(&s, returns, userdata, i, passing, ret);
    ret->complete = r == 0 && !s.full;
    free(s.slots);
    free(s.nodes);
    if (r < 0)
        walk_done(ret);
    return r;
}

void walk_done(struct walk *w)
{
    free(w->path);
    *w = (struct walk){.complete = false};
}
