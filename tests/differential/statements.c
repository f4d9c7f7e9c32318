#include "tests/differential/statements.h"

#include <stddef.h>

/* Signed by its quorum, unexpired, unrevoked, and made for this host. An emergency grant is made for an
 * incident. */
static bool is_good(const struct small_world *w, int which)
{
    const struct small_grant *g = &w->grants[which];

    return g->quorum && g->valid.from <= w->now && w->now < g->valid.until && !g->revoked &&
           g->on_host[w->host] && (!g->emergency || w->incident) && !(which == 0 && w->act == ACT_WITHDRAWN);
}

static bool rests_on_session(enum small_question q)
{
    return q == ASK_SUDO || q == ASK_CHANNEL || q == ASK_LIVE;
}

/* "No gated account gets in without a grant that is signed by its quorum, unexpired, unrevoked, and made for
 * this site, host, account, service and source. An error of any kind is a refusal, never a pass." */
static bool statement_1(const struct small_world *w, enum small_question q, const struct small_answer *a)
{
    if (!a->in)
        return true;
    if (w->trouble != TROUBLE_NONE)
        return false;
    switch (q) {
    case ASK_OTHER_SITE:
    case ASK_OTHER_ACCOUNT:
    case ASK_OTHER_SERVICE:
    case ASK_OTHER_SOURCE:
    case ASK_SUDO_OTHER_ACCOUNT:
    case ASK_CHANNEL_OTHER_ACCOUNT:
    case ASK_LIVE_OTHER_ACCOUNT:
        return false;
    case ASK_MANAGER:
    case ASK_LOCKER:
        return w->live && a->grant == SMALL_NOBODY;
    default:
        break;
    }
    return a->grant != SMALL_NOBODY && is_good(w, a->grant) && (!rests_on_session(q) || a->grant == 0);
}

/* Statement 1, "unexpired", of the time after: who is in is out, or asked for again, when the grant ends. */
static bool statement_1_until(const struct small_world *w, enum small_question q,
                              const struct small_answer *a)
{
    (void)q;
    if (!a->in || a->grant == SMALL_NOBODY)
        return true;
    return w->now < a->until && a->until <= w->grants[a->grant].valid.until;
}

/* su and sudo "need a live session of that person on this host". */
static bool statement_1_session(const struct small_world *w, enum small_question q,
                                const struct small_answer *a)
{
    return !a->in || !rests_on_session(q) || w->live;
}

/* "The directory (LDAP) and the network can take rights away": a directory that is away keeps nobody's
 * revocation from this host for longer than the host allows. */
static bool statement_3_silence(const struct small_world *w, enum small_question q,
                                const struct small_answer *a)
{
    (void)q;
    return !a->in || !w->stale;
}

/* "When `revoke` returns 0, no new login under that grant succeeds on this host and none of its processes is
 * alive": nor does anything begin in its session, and its session does not go on. `lock` is its reversible
 * form. */
static bool statement_4(const struct small_world *w, enum small_question q, const struct small_answer *a)
{
    if (!a->in)
        return true;
    if (w->locked || (rests_on_session(q) && w->grants[0].revoked))
        return false;
    return a->grant == SMALL_NOBODY || !w->grants[a->grant].revoked;
}

/* "No session opens before its record is on disk." */
static bool statement_5(const struct small_world *w, enum small_question q, const struct small_answer *a)
{
    (void)q;
    return !a->in || w->trouble != TROUBLE_STORE;
}

/* "A grant for n uses is used n times at most": a single one that was used lets nobody in anew. */
static bool statement_6(const struct small_world *w, enum small_question q, const struct small_answer *a)
{
    if (q != ASK_LOGIN || !a->in || a->grant == SMALL_NOBODY)
        return true;
    return !w->grants[a->grant].single_use || !w->grants[a->grant].used;
}

static bool use_is_left(const struct small_grant *g)
{
    return !g->single_use || !g->used;
}

/* The other way round, without which all of this would hold where nobody ever gets in: Hufu "decides whether
 * a member of an outside vendor's staff may come in now", and who may, may. */
static bool who_may_gets_in(const struct small_world *w, enum small_question q, const struct small_answer *a)
{
    bool may = false;

    if (w->trouble != TROUBLE_NONE || w->stale || w->locked)
        return true;
    if (q == ASK_LOGIN)
        may = (is_good(w, 0) && use_is_left(&w->grants[0])) || (is_good(w, 1) && use_is_left(&w->grants[1]));
    else if (q == ASK_JOB)
        may = is_good(w, 0) || is_good(w, 1);
    else if (rests_on_session(q))
        may = w->live && is_good(w, 0);
    else if (q == ASK_MANAGER || q == ASK_LOCKER)
        may = w->live;
    return a->in || !may;
}

const struct small_statement small_statements[] = {
    {"1: signed, unexpired, unrevoked, made for this", statement_1},
    {"1: until it ends, and no longer", statement_1_until},
    {"1: inside a live session", statement_1_session},
    {"3: silence of the directory", statement_3_silence},
    {"4: revoked and locked", statement_4},
    {"5: no record, no session", statement_5},
    {"6: used up", statement_6},
    {"who may come in, comes in", who_may_gets_in},
    {NULL, NULL},
};

/* "They can never give or widen one. A directory rolled back to an older state does not bring a revoked or
 * used-up grant back." */
bool small_statement_3(const struct small_world *w, const struct small_answer *before,
                       const struct small_answer *a)
{
    if (a->in && !before->in)
        return false;
    if (w->act == ACT_WITHDRAWN)
        return !a->in || a->grant != 0;
    return !a->in || (a->grant == before->grant && a->until == before->until);
}

/* "A grant for n uses is used n times at most." */
bool small_statement_6(const struct small_world *w, const unsigned used[static SMALL_GRANTS])
{
    for (size_t i = 0; i < SMALL_GRANTS; i++)
        if (w->grants[i].single_use && used[i] > 1)
            return false;
    return true;
}
