#include "broker/trust/judge.h"

#include "broker/trust/digest.h"
#include "broker/trust/office.h"
#include "broker/trust/signature.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int subject_of_grant(const struct grant *g, struct octets octets, struct subject *ret)
{
    *ret = (struct subject){
        .kind = APPROVAL_SUBJECT_GRANT, .id = g->id, .numbers = {g->version}, .octets = octets, .grant = g};
    return digest_sha256(octets.data, octets.size, ret->sha256);
}

int subject_of_trust(const struct trust *t, struct octets octets, struct subject *ret)
{
    *ret = (struct subject){.kind = APPROVAL_SUBJECT_TRUST, .numbers = {t->epoch}, .octets = octets};
    return digest_sha256(octets.data, octets.size, ret->sha256);
}

int subject_of_revocation(const struct revocation *x, struct octets octets, struct subject *ret)
{
    *ret = (struct subject){.kind = APPROVAL_SUBJECT_REVOCATION, .id = x->id, .octets = octets};
    return digest_sha256(octets.data, octets.size, ret->sha256);
}

int subject_of_status(const struct status *s, struct octets octets, struct subject *ret)
{
    *ret = (struct subject){
        .kind = APPROVAL_SUBJECT_STATUS, .numbers = {s->trust_epoch, s->epoch}, .octets = octets};
    return digest_sha256(octets.data, octets.size, ret->sha256);
}

static bool is_about(const struct approval *a, const struct trust_set *t, const struct subject *s)
{
    return strcmp(a->site, t->document->site) == 0 && a->subject == s->kind &&
           ident_id_equal(&a->subject_id, &s->id) && a->subject_numbers[0] == s->numbers[0] &&
           a->subject_numbers[1] == s->numbers[1] && a->subject_length == s->octets.size &&
           memcmp(a->subject_sha256, s->sha256, sizeof(s->sha256)) == 0;
}

static const struct signer *find_signer(const struct trust_set *t, const struct office *office,
                                        const struct approval *a)
{
    for (size_t i = 0; i < office->holders->count; i++) {
        const struct signer *s = &office->holders->items[i];

        if (strcmp(s->line->person, a->approver) == 0 && office_is_held_by(t, office, s) &&
            s->line->alg == a->alg &&
            memcmp(s->certificate->sha256, a->cert_sha256, sizeof(a->cert_sha256)) == 0)
            return s;
    }
    return NULL;
}

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

/* 1, 0, or -ENOMEM. */
static int is_signed(const struct approval *a, const struct signer *s, struct octets approval,
                     struct octets subject)
{
    cleanup_free uint8_t *tbs = NULL;
    size_t tbs_size = 0;
    int r = approval_tbs_of(approval.data, a, subject.data, subject.size, &tbs, &tbs_size);

    if (r < 0)
        return r;
    return signature_is_valid(a->alg, s->certificate->key, tbs, tbs_size, a->signature, a->signature_size);
}

static int judge_parsed(const struct trust_set *t, const struct subject *subject, const struct approval *a,
                        struct octets octets, when_t now, struct judgement *ret)
{
    const struct signer *s = NULL;
    struct office office;
    int r;

    if (!is_about(a, t, subject))
        return SIGNATURE_OTHER_SUBJECT;
    if (office_find(t, subject->kind, a->role, &office))
        s = find_signer(t, &office, a);
    if (!s)
        return SIGNATURE_UNKNOWN_APPROVER;
    if (!signer_valid_until(s, now, &ret->signature.until))
        return SIGNATURE_CERTIFICATE;
    r = is_signed(a, s, octets, subject->octets);
    if (r < 0)
        return r;
    if (r != 1)
        return SIGNATURE_BAD;
    if (subject->grant && is_requester(t, subject->grant, s))
        return SIGNATURE_OWN_REQUEST;
    if (subject->grant && is_of_vendor(t, subject->grant, s))
        return SIGNATURE_VENDOR;
    ret->signature.vote = (struct quorum_vote){.person = s->voter, .role = office.role};
    memcpy(ret->signature.certificate, s->certificate->sha256, sizeof(s->certificate->sha256));
    return SIGNATURE_COUNTED;
}

int judge_approval(const struct trust_set *t, const struct subject *subject, struct octets octets, when_t now,
                   struct judgement *ret)
{
    cleanup(approval_free_p) struct approval *a = NULL;
    int r;

    *ret = (struct judgement){.seen.outcome = SIGNATURE_MALFORMED};
    r = approval_parse(octets.data, octets.size, &a, NULL);
    if (r == -EINVAL)
        return 0;
    if (r < 0)
        return r;
    (void)snprintf(ret->seen.approver, sizeof(ret->seen.approver), "%s", a->approver);
    (void)snprintf(ret->seen.role, sizeof(ret->seen.role), "%s", a->role);
    r = judge_parsed(t, subject, a, octets, now, ret);
    if (r < 0)
        return r;
    ret->seen.outcome = (enum signature_outcome)r;
    return 0;
}
