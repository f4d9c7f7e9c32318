#include "broker/trust/judge.h"

#include "broker/trust/office.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Whether `s` is, as a voter, the grant's requester: by name, or by a key that stands under both. */
static bool is_requester(const struct trust_set *t, const struct grant *g, const struct signer *s)
{
    for (size_t i = 0; i < t->approvers.count; i++)
        if (t->approvers.items[i].voter == s->voter &&
            strcmp(t->approvers.items[i].line->person, g->requester) == 0)
            return true;
    return false;
}

static bool is_of_vendor(const struct trust_set *t, const struct grant *g, const struct signer *s)
{
    for (size_t i = 0; i < t->approvers.count; i++) {
        const struct signer *same = &t->approvers.items[i];

        if (same->voter == s->voter && (strcmp(same->line->organisation, g->vendor) == 0 ||
                                        strcmp(same->line->organisation, g->employer) == 0))
            return true;
    }
    return false;
}

static void name_seen(struct signature_seen *seen, const char *approver, const char *role)
{
    (void)snprintf(seen->approver, sizeof(seen->approver), "%s", approver);
    (void)snprintf(seen->role, sizeof(seen->role), "%s", role);
}

/* Of one that nobody of the trust file made: as it claims. */
static int name_claimed(struct octets octets, struct signature_seen *seen)
{
    cleanup(approval_free_p) struct approval *a = NULL;
    int r = approval_parse(octets.data, octets.size, &a, NULL);

    if (r == 0)
        name_seen(seen, a->approver, a->role);
    return r == -EINVAL ? -EBADMSG : r;
}

/* The order in which outcomes are told: who cannot sign now is told that first. */
static enum signature_outcome judge_signer(const struct trust_set *t, const struct grant *g,
                                           const struct signer *s, enum signature_outcome verified,
                                           when_t now, when_t *until)
{
    if (!signer_valid_until(s, now, until))
        return SIGNATURE_CERTIFICATE;
    if (verified != SIGNATURE_COUNTED)
        return SIGNATURE_BAD;
    if (g && is_requester(t, g, s))
        return SIGNATURE_OWN_REQUEST;
    if (g && is_of_vendor(t, g, s))
        return SIGNATURE_VENDOR;
    return SIGNATURE_COUNTED;
}

static int judge_known(const struct trust_set *t, enum approval_subject kind, const struct grant *g,
                       const struct trust_verdict *v, when_t now, struct judgement *ret)
{
    const struct signer *s;
    struct office office;

    if (!office_of_role(t, kind, v->role, &office) || v->signer >= office.holders->count)
        return -EBADMSG;
    s = &office.holders->items[v->signer];
    if (!office_is_held_by(t, &office, s))
        return -EBADMSG;
    name_seen(&ret->seen, s->line->person, office_role_name(t, kind, &office));
    ret->seen.outcome = judge_signer(t, g, s, v->outcome, now, &ret->signature.until);
    ret->signature.vote = (struct quorum_vote){.person = s->voter, .role = office.role};
    memcpy(ret->signature.certificate, s->certificate->sha256, sizeof(s->certificate->sha256));
    return 0;
}

int judge_approval(const struct trust_set *t, enum approval_subject kind, const struct grant *g,
                   struct octets octets, const struct trust_verdict *v, when_t now, struct judgement *ret)
{
    *ret = (struct judgement){.seen.outcome = v->outcome};
    switch (v->outcome) {
    case SIGNATURE_MALFORMED:
        return 0;
    case SIGNATURE_OTHER_SUBJECT:
    case SIGNATURE_UNKNOWN_APPROVER:
        return name_claimed(octets, &ret->seen);
    case SIGNATURE_BAD:
    case SIGNATURE_COUNTED:
        return judge_known(t, kind, g, v, now, ret);
    default:
        return -EBADMSG;
    }
}
