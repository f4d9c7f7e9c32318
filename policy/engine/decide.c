#include "policy/engine/decide.h"

#include "policy/engine/rules.h"

#include <string.h>

static struct decision refuse(const struct facts *facts, enum reason reason, struct grant_entry *closest)
{
    return (struct decision){
        .verdict = VERDICT_DENY, .reason = reason, .entry = closest, .valid_until = facts->now};
}

static struct decision allow(enum reason reason, struct grant_entry *entry, when_t valid_until)
{
    return (struct decision){
        .verdict = VERDICT_ALLOW, .reason = reason, .entry = entry, .valid_until = valid_until};
}

static when_t login_deadline(const struct grant_entry *entry, const struct facts *facts)
{
    /* `now` lies before not-after here, so nothing overflows. */
    return when_min(rules_valid_until(entry, facts), facts->now + (when_t)rules_session_bound(entry));
}

/* Whether `a` is to be used rather than `b`, both of which admit. Entries come in ascending id. */
static bool preferred(const struct grant_entry *a, const struct grant_entry *b)
{
    const struct grant x = grant_entry_grant(a), y = grant_entry_grant(b);
    bool x_unlimited = x.uses.scope == GRANT_USES_UNLIMITED;
    bool y_unlimited = y.uses.scope == GRANT_USES_UNLIMITED;

    if (x_unlimited != y_unlimited)
        return x_unlimited;
    return x.valid.until > y.valid.until;
}

/* Revoked, closed, expired and their like: the end of it, whichever of them it was. */
static bool is_over(enum reason reason)
{
    return reason >= REASON_REVOKED && reason <= REASON_EXPIRED;
}

/* Whether `a` came further than `b`, NULL: none yet. Of what is over the one is meant that would have lasted
 * longest, not a forgotten one that happened to expire. */
static bool came_further(const struct grant_entry *a, enum reason why_a, const struct grant_entry *b,
                         enum reason why_b)
{
    if (b && is_over(why_a) && is_over(why_b))
        return grant_entry_grant(a).valid.until > grant_entry_grant(b).valid.until;
    return why_a > why_b;
}

/* Logins and jobs: any grant of the person. */
static struct decision decide_among(const struct grant_index *index, const struct facts *facts,
                                    enum question question, decide_trace *trace, void *userdata)
{
    struct grant_entry *best = NULL, *closest = NULL;
    enum reason closest_reason = REASON_NO_GRANT;

    for (struct grant_entry *e = grant_index_first_of(index, facts->staff); e; e = e->next_of_staff) {
        enum reason reason = rules_judge(question, e, facts);

        if (trace)
            trace(userdata, e, reason);
        if (reason == REASON_OK) {
            if (!best || preferred(e, best))
                best = e;
        } else if (came_further(e, reason, closest, closest_reason)) {
            closest = e;
            closest_reason = reason;
        }
    }
    if (!best)
        return refuse(facts, closest_reason, closest);
    return allow(REASON_OK, best,
                 question == QUESTION_LOGIN ? login_deadline(best, facts) : rules_valid_until(best, facts));
}

static struct decision decide_login(const struct grant_index *index, const struct facts *facts,
                                    decide_trace *trace, void *userdata)
{
    if (facts->source == SOURCE_NOT_ADDRESS)
        return refuse(facts, REASON_SOURCE_NOT_ADDRESS, NULL);
    return decide_among(index, facts, QUESTION_LOGIN, trace, userdata);
}

static struct decision decide_switch(const struct grant_index *index, const struct facts *facts,
                                     decide_trace *trace, void *userdata)
{
    struct grant_entry *entry;
    enum reason reason;

    if (!facts->session_live || !facts->session_grant)
        return refuse(facts, REASON_NO_SESSION, NULL);
    entry = grant_index_find(index, facts->session_grant);
    if (!entry || strcmp(grant_entry_staff(entry), facts->staff) != 0)
        return refuse(facts, REASON_NO_GRANT, NULL);
    reason = rules_judge(QUESTION_SWITCH, entry, facts);
    if (trace)
        trace(userdata, entry, reason);
    if (reason != REASON_OK)
        return refuse(facts, reason, entry);
    return allow(REASON_OK, entry, rules_valid_until(entry, facts));
}

static struct decision decide_by_live_session(const struct facts *facts)
{
    if (!facts->session_live)
        return refuse(facts, REASON_NO_SESSION, NULL);
    if (facts->kind == SERVICE_USER_MANAGER && !(facts->channels & FACTS_UNITS))
        return refuse(facts, REASON_CHANNEL_NOT_GRANTED, NULL);
    return allow(REASON_SESSION_LIVE, NULL, facts->now);
}

struct decision decide(const struct grant_index *index, const struct facts *facts, decide_trace *trace,
                       void *userdata)
{
    enum reason state = rules_state(facts);

    if (state != REASON_OK)
        return refuse(facts, state, NULL);
    switch (facts->kind) {
    case SERVICE_LOGIN:
        return decide_login(index, facts, trace, userdata);
    case SERVICE_JOB:
        return decide_among(index, facts, QUESTION_JOB, trace, userdata);
    case SERVICE_SWITCH:
        return decide_switch(index, facts, trace, userdata);
    case SERVICE_USER_MANAGER:
    case SERVICE_LOCKER:
        return decide_by_live_session(facts);
    case SERVICE_OTHER:
        break;
    }
    return refuse(facts, REASON_SERVICE_UNKNOWN, NULL);
}

static bool names_key(const struct grant *g, const struct ident_fingerprint *fingerprint)
{
    for (size_t i = 0; i < g->n_keys; i++)
        if (ident_fingerprint_equal(&g->keys[i], fingerprint))
            return true;
    return false;
}

bool decide_key_is_known(const struct grant_index *index, const struct facts *facts, bool *forward)
{
    bool known = false, withheld = false;

    *forward = false;
    if (!facts->host || !facts->staff)
        return false;
    for (struct grant_entry *e = grant_index_first_of(index, facts->staff); e; e = e->next_of_staff) {
        const struct grant g = grant_entry_grant(e);

        if (!names_key(&g, &facts->fingerprint))
            continue;
        known = true;
        if (rules_judge(QUESTION_VALID, e, facts) != REASON_OK)
            continue;
        if (g.channels & GRANT_CHANNEL_FORWARD)
            *forward = true;
        else
            withheld = true;
    }
    *forward = *forward && !withheld;
    return known;
}

struct decision decide_channel(struct grant_entry *entry, const struct facts *facts,
                               enum grant_channel channel)
{
    enum reason state = rules_state(facts);
    struct facts asked = *facts;
    enum reason reason;

    if (state != REASON_OK)
        return refuse(facts, state, NULL);
    if (!entry)
        return refuse(facts, REASON_NO_SESSION, NULL);
    if (strcmp(grant_entry_staff(entry), facts->staff) != 0)
        return refuse(facts, REASON_NO_GRANT, NULL);
    /* A channel is for the account itself: there is no target to judge, and nothing runs as another. */
    asked.phase = PHASE_ACCOUNT;
    asked.target = NULL;
    asked.command = COMMAND_JUDGED;
    reason = rules_judge(QUESTION_SWITCH, entry, &asked);
    if (reason == REASON_OK && (channel == 0 || (grant_entry_grant(entry).channels & channel) != channel))
        reason = REASON_CHANNEL_NOT_GRANTED;
    if (reason != REASON_OK)
        return refuse(facts, reason, entry);
    return allow(REASON_OK, entry, rules_valid_until(entry, facts));
}
