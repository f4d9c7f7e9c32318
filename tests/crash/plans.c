#include "tests/crash/plans.h"

#include <stdio.h>

static const char *const names[FAILPOINT_COUNT] = {
#define ROW(symbol, name) [FAILPOINT_##symbol] = (name),
    FAILPOINT_TABLE(ROW)
#undef ROW
};

const char *plan_failpoint_name(enum failpoint at)
{
    return names[at];
}

enum plan_kind plan_kind_of(enum failpoint at)
{
    switch (at) {
    case FAILPOINT_CREATE_EMPTY:
    case FAILPOINT_CREATE_MADE:
    case FAILPOINT_CREATE_SYNCED:
    case FAILPOINT_CREATE_PLACED:
        return PLAN_CREATE;
    case FAILPOINT_TRUST_SEEDING:
    case FAILPOINT_TRUST_SEEDED:
    case FAILPOINT_ANCHOR_MAKING:
    case FAILPOINT_ANCHOR_MADE:
    case FAILPOINT_RESERVE_GROWING:
    case FAILPOINT_RESERVE_GROWN:
        return PLAN_FIRST_START;
    case FAILPOINT_RESERVE_GIVEN:
        return PLAN_FULL;
    case FAILPOINT_VERDICTS_MADE:
        return PLAN_VERIFY;
    case FAILPOINT_MIGRATE_BEGUN:
    case FAILPOINT_MIGRATE_STEPPED:
    case FAILPOINT_MIGRATE_COMMITTED:
        return PLAN_MIGRATE;
    case FAILPOINT_STORE_SETTLING:
    case FAILPOINT_STORE_UNMARKED:
    case FAILPOINT_STORE_SETTLED:
    case FAILPOINT_REPETITION_CLOSING:
    case FAILPOINT_REPETITION_CLOSED:
        return PLAN_STOP;
    default:
        return PLAN_LOAD;
    }
}

/* Until a kill at a random moment. In a long life something of all is done, also what takes its time. */
#define SHORT_MS 30
#define LONG_MS  600

/* For so long hufud is kept busy, for the failpoint to be passed. The log is copied only when it is long,
 * which takes hundreds of commits in one life; and some things are done more seldom than others. */
static unsigned patience_ms(enum failpoint at)
{
    switch (at) {
    case FAILPOINT_STORE_TRIMMING:
    case FAILPOINT_STORE_TRIMMED:
        return 2000;
    case FAILPOINT_CLAIM_INTENDED:
    case FAILPOINT_CLAIM_TAKEN:
    case FAILPOINT_CLAIM_OWED:
    case FAILPOINT_CLAIM_BACK:
    case FAILPOINT_CLAIM_DROPPED:
    case FAILPOINT_CHECKPOINT_SIGNED:
    case FAILPOINT_CHECKPOINT_WRITTEN:
    case FAILPOINT_ARCHIVE_WRITTEN:
    case FAILPOINT_ARCHIVE_NAMED:
    case FAILPOINT_SEGMENT_SEALING:
    case FAILPOINT_SEGMENT_SEALED:
    case FAILPOINT_SEGMENT_LEAVING:
    case FAILPOINT_SEGMENT_LEFT:
    case FAILPOINT_REVOCATION_TAKEN:
    case FAILPOINT_REPETITION_FLUSHING:
    case FAILPOINT_REPETITION_FLUSHED:
    case FAILPOINT_REPETITION_CLOSING:
    case FAILPOINT_REPETITION_CLOSED:
    case FAILPOINT_TRUST_CHANGED:
    case FAILPOINT_UNLOCK_WRITTEN:
    case FAILPOINT_BACKUP_BEGUN:
    case FAILPOINT_BACKUP_STEPPED:
    case FAILPOINT_BACKUP_MARKED:
    case FAILPOINT_BACKUP_PLACING:
    case FAILPOINT_BACKUP_PLACED:
        return 400;
    default:
        return 100;
    }
}

enum wish plan_wish(const struct plan *p)
{
    if (p->kind == PLAN_LOAD && p->stand_ms > 0)
        return WISH_ENDS;
    switch (p->kind == PLAN_RANDOM ? FAILPOINT_COUNT : p->at) {
    case FAILPOINT_CHECKPOINT_SIGNED:
    case FAILPOINT_CHECKPOINT_WRITTEN:
    case FAILPOINT_ARCHIVE_WRITTEN:
    case FAILPOINT_ARCHIVE_NAMED:
    case FAILPOINT_SEGMENT_SEALING:
    case FAILPOINT_SEGMENT_SEALED:
    case FAILPOINT_SEGMENT_LEAVING:
    case FAILPOINT_SEGMENT_LEFT:
        return WISH_CHECKPOINT;
    case FAILPOINT_REVOCATION_TAKEN:
        return WISH_REVOCATION;
    case FAILPOINT_BACKUP_BEGUN:
    case FAILPOINT_BACKUP_STEPPED:
    case FAILPOINT_BACKUP_MARKED:
    case FAILPOINT_BACKUP_PLACING:
    case FAILPOINT_BACKUP_PLACED:
        return WISH_BACKUP;
    case FAILPOINT_REPETITION_FLUSHING:
    case FAILPOINT_REPETITION_FLUSHED:
    case FAILPOINT_REPETITION_CLOSING:
    case FAILPOINT_REPETITION_CLOSED:
        return WISH_REFUSALS;
    default:
        return WISH_NONE;
    }
}

bool plan_may_miss(const struct plan *p)
{
    return p->at == FAILPOINT_REPETITION_CLOSING || p->at == FAILPOINT_REPETITION_CLOSED;
}

static bool is_of_a_life(enum failpoint at)
{
    return plan_kind_of(at) == PLAN_LOAD || plan_kind_of(at) == PLAN_STOP;
}

static unsigned of_lives(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < FAILPOINT_COUNT; i++)
        n += is_of_a_life((enum failpoint)i);
    return n;
}

/* The n-th of those, which begin anew behind the last. */
static enum failpoint failpoint_of(unsigned n)
{
    unsigned i = 0;

    for (n %= of_lives(); !is_of_a_life((enum failpoint)i) || n-- > 0; i++)
        ;
    return (enum failpoint)i;
}

static bool is_once_in_a_life(enum failpoint at)
{
    switch (at) {
    case FAILPOINT_STORE_MARKED:
    case FAILPOINT_STORE_MARK_COPIED:
    case FAILPOINT_START_OPENED:
    case FAILPOINT_START_LOADED:
    case FAILPOINT_START_LISTENING:
    case FAILPOINT_START_SETTLING:
        return true;
    default:
        return false;
    }
}

/* Passed by the worker before a commit, as the loop goes on. */
static bool is_of_worker(enum failpoint at)
{
    return at == FAILPOINT_STORE_BEGUN || at == FAILPOINT_STORE_APPLIED || at == FAILPOINT_STORE_RELEASED ||
           at == FAILPOINT_STORE_COMMITTING;
}

/* What stands still there, for a while, holds up others the less: the worker, and the feeder. */
static unsigned draw_stand(uint64_t *random, enum failpoint at)
{
    switch (at) {
    case FAILPOINT_STORE_BEGUN:
    case FAILPOINT_STORE_APPLIED:
    case FAILPOINT_STORE_RELEASED:
    case FAILPOINT_STORE_COMMITTING:
    case FAILPOINT_STORE_COMMITTED:
    case FAILPOINT_ANCHOR_SETTING:
    case FAILPOINT_FEEDER_SENT:
        return lane_draw(random, 2) == 0 ? 0 : 5 + (unsigned)lane_draw(random, 25);
    case FAILPOINT_FEEDER_SENDING:     /* for the next commit, with which it would be noted */
    case FAILPOINT_REPETITION_CLOSING: /* for that of what was submitted apart */
        return 30;
    default:
        return 0;
    }
}

/* The first hit comes most often: it is that of start, of what is rare, and of where few died yet. */
#define FEW 3
static unsigned draw_hit(const struct lane *l, uint64_t *random, enum failpoint at)
{
    if (l->totals->at[at] < FEW || is_once_in_a_life(at) || patience_ms(at) > 100 ||
        plan_kind_of(at) == PLAN_STOP || lane_draw(random, 3) == 0)
        return 1;
    return 1 + (unsigned)lane_draw(random, lane_draw(random, 2) == 0 ? 4 : 40);
}

struct plan plan_next(const struct lane *l, uint64_t *random, unsigned n)
{
    struct plan p = {.kind = PLAN_RANDOM,
                     .load_ms = (unsigned)lane_draw(random, n % 24 == 2 ? LONG_MS : SHORT_MS)};

    if (n % 3 == 2)
        return p;
    p.at = failpoint_of(n - n / 3);
    p.kind = plan_kind_of(p.at);
    p.hit = draw_hit(l, random, p.at);
    p.stand_ms = draw_stand(random, p.at);
    if (is_of_worker(p.at) && p.stand_ms > 0)
        p.hit = 2 + (unsigned)lane_draw(random, 8);
    if (p.kind == PLAN_LOAD || plan_may_miss(&p))
        p.load_ms = patience_ms(p.at);
    (void)snprintf(p.setting, sizeof(p.setting), "%s:%u:%u", names[p.at], p.hit, p.stand_ms);
    return p;
}
