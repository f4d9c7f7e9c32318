#include "broker/daemon/room_guard.h"

#define KIB            ((uint64_t)1024)
#define MIB            (KIB * 1024)
#define MARGIN_MIN     (256 * KIB)
#define MARGIN_MAX     (16 * MIB)
#define PIECE_MIN      (64 * KIB)
#define PIECE_MAX      (1 * MIB)
#define GROWTH         (4 * MIB)
#define ATTEMPTS       5
#define END_OF_SESSION (64 * KIB) /* what recording the end of one takes at most, checkpoint included */

static uint64_t between(uint64_t low, uint64_t value, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t room_guard_margin(uint64_t wanted)
{
    return between(MARGIN_MIN, wanted / 16, MARGIN_MAX);
}

/* Large transactions need more at once; small ones must not use it all up where somebody else takes each
 * piece first. */
uint64_t room_guard_piece(uint64_t wanted, unsigned attempt)
{
    return attempt < ATTEMPTS ? between(PIECE_MIN, wanted / 256, PIECE_MAX) << attempt : 0;
}

static uint64_t sure(const struct room_sample *s)
{
    return sum(s->beside, s->held);
}

/* Below this the ends of all who are in may be all that can still be recorded. */
static uint64_t last_mark(const struct room_guard *g, const struct room_sample *s)
{
    return between(g->wanted / 16, s->sessions * END_OF_SESSION, g->wanted / 8);
}

static bool is_ample(const struct room_guard *g, const struct room_sample *s)
{
    bool new = g->standing != ROOM_AMPLE;
    uint64_t margin = room_guard_margin(g->wanted) * (new ? 2 : 1);

    if (s->failed || s->unsettled || sure(s) < sum(g->wanted, margin))
        return false;
    return !new || s->held >= g->wanted || s->cannot_grow;
}

static enum room_standing without_room(const struct room_guard *g, const struct room_sample *s)
{
    /* A disk that is nearly full is no reason to end anybody while nothing had to be taken from the reserve.
     */
    if (!g->used || sure(s) >= g->wanted / 2)
        return ROOM_FULL;
    if (sure(s) < last_mark(g, s))
        return ROOM_LAST;
    if (g->standing == ROOM_LAST)
        return ROOM_LAST;
    return sure(s) < g->wanted / 4 || g->standing == ROOM_SPENT ? ROOM_SPENT : ROOM_FULL;
}

bool room_guard_sample(struct room_guard *g, const struct room_sample *s)
{
    enum room_standing before = g->standing;

    g->used = g->used || s->failed;
    g->standing = is_ample(g, s) ? ROOM_AMPLE : without_room(g, s);
    if (g->standing == ROOM_AMPLE)
        g->used = false;
    return g->standing != before;
}

uint64_t room_guard_growth(const struct room_guard *g, const struct room_sample *s)
{
    uint64_t missing = g->wanted > s->held ? g->wanted - s->held : 0;

    if (missing == 0 || s->beside < sum(missing, 2 * room_guard_margin(g->wanted)))
        return 0;
    return missing < GROWTH ? missing : GROWTH;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

int room_guard_order(const struct session *a, const struct session *b)
{
    if (a->job != b->job)
        return a->job ? -1 : 1;
    if (a->class != b->class)
        return compare((uint64_t)a->class, (uint64_t)b->class);
    return compare(b->number, a->number);
}
