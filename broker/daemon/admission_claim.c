#include "broker/daemon/admission.h"
#include "broker/daemon/claiming.h"

/*
 * A login under an `N fleet` grant: one of its uses is claimed from the count of all hosts, and then it is
 * judged again, since that took its time. The claim is the admission's until it is bound to a session, and
 * goes back with its refusal.
 */

bool admission_needs_claim(const struct admission *a)
{
    const struct broker *b = a->broker;
    const struct grant_entry *e = a->decision.entry;
    const struct session *held = registry_find(b->registry, a->q.reservation);

    if (a->claim || a->q.facts.kind != SERVICE_LOGIN || grant_entry_grant(e).uses.scope != GRANT_USES_FLEET)
        return false;
    return !held || !ident_id_equal(&held->grant, &e->id) || !claiming_of(b->claiming, held->number);
}

bool admission_has_other_claim(const struct admission *a)
{
    return a->claim && !ident_id_equal(claiming_grant(a->claim), &a->decision.entry->id);
}

static void on_claim(void *userdata, struct claim *claim, enum reason reason)
{
    struct admission *a = userdata;

    a->claim = claim;
    a->q.claimed = claim != NULL;
    if (claim)
        admission_judge(a);
    else if (a->q.facts.phase == PHASE_SESSION)
        admission_open_refuse(a, reason);
    else
        admission_refuse(a, reason);
}

void admission_claim(struct admission *a)
{
    a->waited = true; /* there is no time for both */
    claiming_take(a->broker->claiming, a->decision.entry, gate_call_since(a->call) + CLAIMING_PATIENCE_US,
                  on_claim, a);
}

void admission_bind_claim(struct admission *a, const struct session *s, struct store_txn *t)
{
    if (!a->claim)
        return;
    if (claiming_of(a->broker->claiming, s->number))
        claiming_give_back(a->claim); /* one is enough */
    else
        claiming_bind(a->claim, s, t);
    a->claim = NULL;
    a->q.claimed = false;
}
