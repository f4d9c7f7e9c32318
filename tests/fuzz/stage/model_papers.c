#include "tests/fuzz/stage/keys.h"
#include "tests/fuzz/stage/model_decide.h"
#include "tests/fuzz/stage/model_parts.h"

/* Documents: what counts of a grant's versions, and by which trust file. */

static void judge(const struct model *m, struct model_grant *g)
{
    g->verified = keys_suffice(m->trust.list, g->approvals);
    g->stands |= g->verified;
}

/* One that its quorum signed takes the place of what is lower, and of what nobody signed; from then on it
 * stands against both, whatever later trust files make of its signatures. */
void model_hand_in(struct model *m, unsigned paper, unsigned approvals)
{
    const struct site_paper *p = &site_papers[paper];
    struct model_grant *g = &m->grants[p->grant];
    const struct site_paper *old = g->paper < 0 ? NULL : &site_papers[g->paper];
    unsigned all = approvals | (g->paper == (int)paper ? g->approvals : 0);
    bool verified = keys_suffice(m->trust.list, all), again = g->paper == (int)paper;

    if (old && g->stands && !again && (p->version < old->version || p->person != old->person || !verified))
        return;
    if (old && !verified && p->version < old->version)
        return;
    g->paper = (int)paper;
    g->approvals = all;
    judge(m, g);
    model_look_at_sessions(m);
}

static void judge_all(struct model *m)
{
    for (unsigned i = 0; i < SITE_GRANTS; i++)
        if (m->grants[i].paper >= 0)
            judge(m, &m->grants[i]);
}

/* Whoever is in or comes in is judged anew; a use that is held under what nobody signed is given back. */
static void look_at_all(struct model *m)
{
    m->changes++;
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        if (s->state == MODEL_RESERVED && model_has_lost_its_grant(m, s))
            model_release(m, s);
        else if (s->state == MODEL_OPENING || s->state == MODEL_OPEN)
            model_look_at(m, s);
    }
}

void model_trust(struct model *m, unsigned list, unsigned epoch)
{
    if (list == m->trust.list && epoch == m->trust.epoch)
        return;
    m->trust.list = list;
    m->trust.epoch = epoch;
    judge_all(m);
    look_at_all(m);
}

/* Nobody can tell who signed it before its trust epoch is there; from then on it gives way to what is higher
 * alone, also when its signer is gone. */
bool model_status_counts(const struct model *m, const struct model_status *s, unsigned approvals)
{
    const struct model_status *is = &m->status;

    if (s->trust_epoch > m->trust.epoch || !keys_sign_statuses(m->trust.list, approvals))
        return false;
    return !is->there || s->trust_epoch > is->trust_epoch ||
           (s->trust_epoch == is->trust_epoch && s->epoch > is->epoch);
}

void model_heed_status(struct model *m, const struct model_status *s)
{
    m->status = *s;
    look_at_all(m);
}

void model_keep_trust(struct model *m)
{
    m->trust_kept = m->trust;
}

void model_forget_trust(struct model *m)
{
    m->trust = m->trust_kept;
    judge_all(m);
}
