#include "broker/trust/verdict.h"

#include "broker/trust/office.h"
#include "broker/trust/signature.h"
#include "broker/trust/signers.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <string.h>

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

/* 1, 0, or why it could not be told. */
static int is_signed(const struct approval *a, const struct signer *s, struct octets approval,
                     struct octets subject)
{
    cleanup_free uint8_t *tbs = NULL;
    size_t tbs_size = 0;
    int r = approval_tbs_of(approval.data, a, subject.data, subject.size, &tbs, &tbs_size);

    if (r < 0)
        return r;
    if (!s->certificate->prepared)
        return signature_verify(a->alg, s->certificate->key, tbs, tbs_size, a->signature, a->signature_size);
    return signature_verify_prepared(s->certificate->prepared, tbs, tbs_size, a->signature,
                                     a->signature_size);
}

/* Puts outcome, signer and role. */
static int examine(const struct trust_set *t, const struct subject *subject, const struct approval *a,
                   struct octets octets, struct trust_verdict *ret)
{
    const struct signer *s = NULL;
    struct office office;
    int r;

    ret->outcome = SIGNATURE_OTHER_SUBJECT;
    if (!is_about(a, t, subject))
        return 0;
    if (office_find(t, subject->kind, a->role, &office))
        s = find_signer(t, &office, a);
    ret->outcome = SIGNATURE_UNKNOWN_APPROVER;
    if (!s)
        return 0;
    r = is_signed(a, s, octets, subject->octets);
    if (r < 0)
        return r;
    ret->outcome = r == 1 ? SIGNATURE_COUNTED : SIGNATURE_BAD;
    ret->signer = (uint8_t)(s - office.holders->items);
    ret->role = (uint8_t)office.role;
    return 0;
}

int trust_verdict_make(const struct trust_set *t, const struct subject *subject, struct octets approval,
                       struct trust_verdict *ret)
{
    cleanup(approval_free_p) struct approval *a = NULL;
    struct trust_verdict v = {.outcome = SIGNATURE_MALFORMED};
    int r = approval_parse(approval.data, approval.size, &a, NULL);

    *ret = (struct trust_verdict){0};
    if (r == 0)
        r = examine(t, subject, a, approval, &v);
    if (r < 0 && r != -EINVAL)
        return r;
    *ret = v;
    return 0;
}
