#ifndef HUFU_CTL_REVIEW_PERIOD_H
#define HUFU_CTL_REVIEW_PERIOD_H

#include "broker/ctl/cli.h"

/* Which period is reviewed. */

#define REVIEW_PERIOD_DEFAULT ((when_t)31 * 86400) /* without any review before */

struct review_period {
    when_t from, until;
    int utc_offset_minutes; /* of this machine, at its end */
};

/** What --since, --until and --period (NULL: not given) say. `reviewed_until` is the end of the latest period
 * that was signed off, 0: none was or nobody knows; the review goes on there if nothing says where it begins.
 * `month`, `week` and `quarter` are the last whole one in this machine's time zone. EXIT_DONE, or EXIT_USAGE,
 * said. */
enum exit_code review_period_settle(const struct cli *cli, const char *since, const char *until,
                                    const char *period, when_t reviewed_until, struct review_period *ret);

#endif
