#include "policy/engine/recheck.h"

#include "policy/engine/rules.h"

#include <string.h>

static const when_t warn_before[] = {900, 300, 60}; /* seconds, largest first */

when_t recheck_next_warning(when_t deadline, when_t now)
{
    for (size_t i = 0; i < ARRAY_SIZE(warn_before); i++)
        if (deadline - warn_before[i] > now)
            return deadline - warn_before[i];
    return WHEN_NEVER;
}

static struct recheck end(const struct facts *facts, enum reason reason)
{
    return (struct recheck){.keep = false, .reason = reason, .deadline = facts->now, .warn_next = WHEN_NEVER};
}

static struct recheck keep(const struct facts *facts, when_t deadline)
{
    return (struct recheck){.keep = true,
                            .reason = REASON_OK,
                            .deadline = deadline,
                            .warn_next = recheck_next_warning(deadline, facts->now)};
}

/* Why it may not go on, its length apart. */
static enum reason judge(const struct grant_entry *entry, const struct facts *facts, bool job)
{
    enum reason state = rules_state(facts);

    if (state != REASON_OK)
        return state;
    if (!entry || strcmp(grant_entry_staff(entry), facts->staff) != 0)
        return REASON_NO_GRANT;
    return rules_judge(job ? QUESTION_JOB : QUESTION_LIVE, entry, facts);
}

struct recheck recheck_session(const struct grant_entry *entry, const struct facts *facts, when_t opened)
{
    bool job = facts->kind == SERVICE_JOB;
    enum reason reason = judge(entry, facts, job);
    when_t length_ends;

    if (reason != REASON_OK)
        return end(facts, reason);
    if (job)
        return keep(facts, rules_valid_until(entry, facts));
    /* An opening in the future (the clock was set back) counts as now. */
    length_ends = when_min(opened, facts->now) + (when_t)rules_session_bound(entry);
    if (length_ends <= facts->now)
        return end(facts, REASON_MAX_SESSION);
    return keep(facts, when_min(length_ends, rules_valid_until(entry, facts)));
}
