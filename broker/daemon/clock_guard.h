#ifndef HUFU_DAEMON_CLOCK_GUARD_H
#define HUFU_DAEMON_CLOCK_GUARD_H

#include "policy/base/when.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether this host's wall clock may decide about dates (3-rules, "Time"). It reads no clock: it is fed with
 * samples.
 *
 * Two things are known about the true time. It is not before the highest time that was trusted, also by a
 * broker before this one. And since the last sample that was trusted, as much has passed as CLOCK_BOOTTIME
 * says: the line. Slewing moves wall and boot clock alike, and so does a suspend; whatever moves one against
 * the other is a step.
 *
 * - Behind the line or the highest by more than the tolerance: what has expired would be valid again. In
 *   doubt until the wall clock is back on the line, or has caught up with the highest and the kernel says
 *   that it is synchronised.
 * - Ahead of the line by more than the tolerance: what has not begun would be valid already. Trusted if the
 *   kernel says that the clock is synchronised; else in doubt until it is, or is back on the line. The
 * highest stays where it is meanwhile, so that one wrong step does not lock the host for years.
 * - Small steps back add up: without synchronisation the line follows them only as fast as a bad crystal
 *   could explain.
 *
 * A doubt is also settled by a signed status (clock_guard_trusted) or a person (clock_guard_confirm). Before
 * the first sample of a boot there is no line, so a clock that is ahead at boot is not noticed.
 */
struct clock_sample {
    int64_t wall_us;   /* CLOCK_REALTIME */
    uint64_t boot_us;  /* CLOCK_BOOTTIME, read at the same moment */
    bool synchronised; /* what the kernel says */
};

enum clock_standing {
    CLOCK_NOT_LOOKED = 0, /* no sample yet: not sure either */
    CLOCK_SURE = 1,
    CLOCK_BEHIND,
    CLOCK_AHEAD,
};

/* What a sample brought, for the record. */
enum clock_news {
    CLOCK_NOTHING_NEW = 0,
    CLOCK_STEPPED,  /* a forward step beyond tolerance was accepted */
    CLOCK_IN_DOUBT, /* behind or ahead from now on */
    CLOCK_SETTLED,  /* sure again */
};

struct clock_point {
    int64_t wall_us;
    uint64_t boot_us;
};

struct clock_guard {
    int64_t tolerance_us;
    int64_t highest_us;      /* highest time that was trusted */
    struct clock_point line; /* last trusted sample */
    bool has_line;
    enum clock_standing standing;
    int64_t expected_us, found_us; /* at the last step or when the doubt began: the time by the line (at
                                      least the highest, if behind), and what the wall clock said */
};

void clock_guard_init(struct clock_guard *g, uint32_t tolerance_seconds);

/** What a broker before this one knew: the highest time, and its line if that was in this boot (NULL: not).
 * Before the first sample. */
void clock_guard_load(struct clock_guard *g, int64_t highest_us, const struct clock_point *line);

/** Takes a look. */
enum clock_news clock_guard_sample(struct clock_guard *g, const struct clock_sample *s);

static inline bool clock_guard_is_sure(const struct clock_guard *g)
{
    return g->standing == CLOCK_SURE;
}

/** The time it is at least, as far as is known here: the wall clock, or the line (without one, the highest)
 * if that is later. */
int64_t clock_guard_at_least(const struct clock_guard *g, const struct clock_sample *s);

/**
 * A signed status, higher in order than any before it, was verified: it is not before `issued`. So the
 * highest is raised to that, and a wall clock behind it is in doubt. What it does not say is how long ago it
 * was issued; one that was held back must not open what has expired, nor what has not begun. Hence it settles
 * a doubt only if the wall clock agrees with it (issued - tolerance <= wall < expires), lies nowhere behind
 * the highest, and the status was not issued before the highest (of a clock that is behind), or before what
 * the wall clock says (of one that is ahead), give or take the tolerance.
 */
enum clock_news clock_guard_trusted(struct clock_guard *g, when_t issued, when_t expires,
                                    const struct clock_sample *s);

/** A person vouches for the wall clock. May lower the highest. Returns what the highest was. */
int64_t clock_guard_confirm(struct clock_guard *g, const struct clock_sample *s);

#endif
