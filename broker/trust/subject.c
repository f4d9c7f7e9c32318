#include "broker/trust/subject.h"

#include "broker/trust/digest.h"

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
