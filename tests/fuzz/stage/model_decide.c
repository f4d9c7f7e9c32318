#include "tests/fuzz/stage/model_decide.h"

#include "tests/fuzz/stage/statuses.h"

#include <string.h>

#define US ((int64_t)1000000)

when_t model_now(const struct model *m)
{
    return m->wall_us / US;
}

const struct site_paper *model_paper(const struct model *m, unsigned grant)
{
    return &site_papers[m->grants[grant].paper];
}

/* ---- what was taken away ---- */

bool model_holds(const struct model_taken *x, when_t now)
{
    return x->there && now < x->until;
}

bool model_is_taken(const struct model *m, const struct model_taken *x)
{
    return model_holds(x, model_now(m));
}

enum reason model_taken_of_person(const struct model *m, unsigned person, when_t now)
{
    if (model_holds(&m->revoked_staff[person], now) || model_holds(&m->said_staff[person], now))
        return REASON_STAFF_REVOKED;
    return model_holds(&m->locked_staff[person], now) ? REASON_STAFF_LOCKED : REASON_OK;
}

static bool is_revoked_by_status(const struct model *m, unsigned grant)
{
    return m->status.there && statuses_revoke(m->status.kind, grant, model_paper(m, grant)->version);
}

bool model_is_signed(const struct model *m, unsigned grant)
{
    unsigned revoked = m->status.there ? statuses_revoked_keys(m->status.kind) : 0;

    return m->grants[grant].verified && keys_suffice(m->trust.list, m->grants[grant].approvals & ~revoked);
}

enum reason model_taken_of_grant(const struct model *m, unsigned grant, when_t now)
{
    unsigned vendor = site_persons[model_paper(m, grant)->person].vendor;

    if (model_holds(&m->revoked_grant[grant], now) || model_holds(&m->said_grant[grant], now) ||
        is_revoked_by_status(m, grant))
        return REASON_REVOKED;
    if (model_holds(&m->revoked_vendor[vendor], now) || model_holds(&m->said_vendor[vendor], now))
        return REASON_VENDOR_REVOKED;
    return model_holds(&m->locked_vendor[vendor], now) ? REASON_VENDOR_LOCKED : REASON_OK;
}

/* ---- hours ---- */

static bool within_hours(const struct site_paper *p, when_t now)
{
    when_t hour = now % 86400 / 3600;

    return p->hours[1] == 0 || (hour >= p->hours[0] && hour < p->hours[1]);
}

/* End of the day's hours; the hours of two days never adjoin here. */
when_t model_hours_end(const struct site_paper *p, when_t now)
{
    return p->hours[1] == 0 ? WHEN_NEVER : now - now % 86400 + (when_t)p->hours[1] * 3600;
}

when_t model_until(const struct model *m, unsigned grant, bool job)
{
    const struct site_paper *p = model_paper(m, grant);
    when_t now = model_now(m), end = model_hours_end(p, now), longest = (when_t)p->max_session;

    if (end > SITE_BEGIN + p->until)
        end = SITE_BEGIN + p->until;
    if (longest > MODEL_CLASS_MAX)
        longest = MODEL_CLASS_MAX;
    return job || end < now + longest ? end : now + longest;
}

/* ---- may a grant admit? In the order in which it is asked. ---- */

/* What is asked whoever asks. */
static enum reason is_valid(const struct model *m, unsigned grant, when_t now)
{
    const struct model_grant *g = &m->grants[grant];
    const struct site_paper *p = model_paper(m, grant);
    enum reason taken = model_taken_of_grant(m, grant, now);

    if (taken != REASON_OK)
        return taken;
    if (g->withdrawn)
        return REASON_WITHDRAWN;
    if (g->closed)
        return REASON_CLOSED;
    if (now >= SITE_BEGIN + p->until)
        return REASON_EXPIRED;
    if (!model_is_signed(m, grant))
        return REASON_APPROVAL_MISSING;
    return now < SITE_BEGIN + p->from ? REASON_NOT_YET_VALID : REASON_OK;
}

/* What is asked of whoever comes in and of whoever is in. */
enum reason model_fits(const struct model *m, unsigned grant, const struct model_caller *c, when_t now)
{
    const struct site_paper *p = model_paper(m, grant);
    enum reason reason = is_valid(m, grant, now);

    if (reason != REASON_OK)
        return reason;
    if (c->job && (!p->job || strcmp(c->job, p->job) != 0))
        return REASON_WRONG_SERVICE;
    if (!c->job && !p->local && (!c->sshd || c->far))
        return REASON_WRONG_SOURCE;
    return within_hours(p, now) ? REASON_OK : REASON_OUTSIDE_HOURS;
}

static enum reason admits(const struct model *m, unsigned grant, const struct model_caller *c, int held,
                          bool claimed)
{
    const struct model_grant *g = &m->grants[grant];
    const struct site_paper *p = model_paper(m, grant);
    unsigned own = held == (int)grant;
    enum reason reason = model_fits(m, grant, c, model_now(m));

    if (reason != REASON_OK || c->job)
        return reason;
    if (p->uses != 0 && g->uses - (g->uses > 0 ? own : 0) >= p->uses)
        return REASON_USES_EXHAUSTED;
    if (p->fleet && !own && !claimed && !m->claims_possible)
        return REASON_CLAIM_UNAVAILABLE;
    return g->live - (g->live > 0 ? own : 0) >= p->sessions ? REASON_SESSIONS_LIMIT : REASON_OK;
}

static bool is_over(enum reason reason)
{
    return reason == REASON_REVOKED || reason == REASON_VENDOR_REVOKED || reason == REASON_VENDOR_LOCKED ||
           reason == REASON_WITHDRAWN || reason == REASON_CLOSED || reason == REASON_EXPIRED;
}

/* What is over came equally far: there the later end is nearer. */
static bool is_nearer(const struct model *m, unsigned a, enum reason why_a, int b, enum reason why_b)
{
    if (b < 0)
        return true;
    if (is_over(why_a) && is_over(why_b))
        return model_paper(m, a)->until > model_paper(m, (unsigned)b)->until;
    if (is_over(why_a) || is_over(why_b))
        return is_over(why_b);
    return why_a > why_b;
}

static bool is_better(const struct model *m, unsigned a, int b)
{
    const struct site_paper *x = model_paper(m, a), *y = b < 0 ? NULL : model_paper(m, (unsigned)b);

    if (!y)
        return true;
    if ((x->uses == 0) != (y->uses == 0))
        return x->uses == 0;
    return x->until > y->until;
}

/* The grant that admits, in *ret. */
static enum reason choose(const struct model *m, const struct model_caller *c, int held, bool claimed,
                          unsigned *ret)
{
    int best = -1, nearest = -1;
    enum reason why = REASON_NO_GRANT;

    for (unsigned i = 0; i < SITE_GRANTS; i++) {
        enum reason reason;

        if (m->grants[i].paper < 0 || model_paper(m, i)->person != c->person)
            continue;
        reason = admits(m, i, c, held, claimed);
        if (reason == REASON_OK) {
            if (is_better(m, i, best))
                best = (int)i;
        } else if (is_nearer(m, i, reason, nearest, why)) {
            nearest = (int)i;
            why = reason;
        }
    }
    if (best < 0)
        return why;
    *ret = (unsigned)best;
    return REASON_OK;
}

static bool is_being_ended(const struct model *m, unsigned person)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++)
        if (m->sessions[i].state == MODEL_ENDING && m->sessions[i].person == person)
            return true;
    return false;
}

/* Of the host and of the person. */
static enum reason state_of(const struct model *m, unsigned person, bool begins)
{
    enum reason reason;

    if (begins && m->full)
        return REASON_STORE_FULL;
    if (!m->sure)
        return REASON_CLOCK_UNSURE;
    if (model_holds(&m->locked_host, model_now(m)))
        return REASON_HOST_LOCKED;
    if (begins && m->reaper_away)
        return REASON_REAPER_AWAY;
    reason = model_taken_of_person(m, person, model_now(m));
    if (reason != REASON_OK)
        return reason;
    return is_being_ended(m, person) ? REASON_REMAINS : REASON_OK;
}

enum reason model_decide(const struct model *m, const struct model_caller *c, int held, bool claimed,
                         unsigned *ret)
{
    enum reason reason = state_of(m, c->person, true);

    return reason == REASON_OK ? choose(m, c, held, claimed, ret) : reason;
}

/* ---- su and sudo ---- */

/* The session that somebody is in: their own, or the only one that the person has; but whoever is in a job is
 * in none. */
static const struct model_session *session_around(const struct model *m, const struct model_switch *x)
{
    const struct model_session *only = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        const struct model_session *s = &m->sessions[i];

        if (s->state != MODEL_NONE && s->job && s->person == x->person && s->pid == x->leader)
            return NULL;
        if (s->state != MODEL_OPEN || s->job || s->person != x->person)
            continue;
        if (s->pid == x->leader)
            return s;
        only = s;
        n++;
    }
    return n == 1 ? only : NULL;
}

static enum reason may_run(const struct site_paper *p, const struct model_switch *x)
{
    bool lists = p->command && strcmp(p->command, "any") != 0;

    if (x->step != MODEL_ACCOUNT && (!p->run_as || strcmp(p->run_as, x->target) != 0))
        return REASON_RUN_AS_NOT_GRANTED;
    if (p->command && !lists)
        return REASON_OK;
    if (x->step == MODEL_SU || (x->step == MODEL_ACCOUNT && !lists))
        return REASON_COMMAND_NOT_GRANTED;
    if (x->step == MODEL_COMMAND && (!lists || strcmp(p->command, x->command) != 0))
        return REASON_COMMAND_NOT_GRANTED;
    return x->step == MODEL_UNASKED ? REASON_COMMAND_NOT_ASKED : REASON_OK;
}

/* By the grant of the session alone, and neither source nor counts. */
enum reason model_judge_switch(const struct model *m, const struct model_switch *x)
{
    const struct model_session *s = session_around(m, x);
    enum reason reason = state_of(m, x->person, false);

    if (reason != REASON_OK)
        return reason;
    if (!s)
        return REASON_NO_SESSION;
    reason = is_valid(m, s->grant, model_now(m));
    if (reason != REASON_OK)
        return reason;
    if (!within_hours(model_paper(m, s->grant), model_now(m)))
        return REASON_OUTSIDE_HOURS;
    return may_run(model_paper(m, s->grant), x);
}
