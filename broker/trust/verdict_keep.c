#include "broker/trust/digest.h"
#include "broker/trust/verdict.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <string.h>

/*
 * How verdicts are named and written. The letters are the format: an enum that is renumbered must not turn
 * what lies on disk into something else, and one flipped bit turns no letter into another that is known.
 */

#define FORMAT    1
#define BODY_SIZE (VERDICT_SIZE - VERDICT_CHECKSUM_SIZE)

static const struct {
    uint8_t outcome, letter;
    bool has_signer;
} letters[] = {
    {SIGNATURE_COUNTED, 'G', true},           {SIGNATURE_BAD, 'b', true},
    {SIGNATURE_MALFORMED, 'm', false},        {SIGNATURE_OTHER_SUBJECT, 's', false},
    {SIGNATURE_UNKNOWN_APPROVER, 'u', false},
};

int trust_verdict_key_of(const struct trust_set *t, const struct subject *subject, struct octets approval,
                         struct trust_verdict_key *ret)
{
    cleanup_buf struct buf b = BUF_INIT;

    buf_put(&b, trust_set_basis(t), TRUST_BASIS_SIZE);
    buf_put_u64(&b, subject->octets.size);
    buf_put(&b, subject->sha256, sizeof(subject->sha256));
    buf_put_u64(&b, approval.size);
    buf_put(&b, approval.data, approval.size);
    return buf_error(&b) < 0 ? -ENOMEM : digest_sha256(b.data, b.size, ret->octets);
}

/* Over the first octets of what is written. */
static int checksum(const uint8_t octets[static BODY_SIZE], const struct trust_verdict_key *key,
                    uint8_t ret[static VERDICT_CHECKSUM_SIZE])
{
    uint8_t all[VERDICT_KEY_SIZE + BODY_SIZE], sha256[32];
    int r;

    memcpy(all, key->octets, VERDICT_KEY_SIZE);
    memcpy(all + VERDICT_KEY_SIZE, octets, BODY_SIZE);
    r = digest_sha256(all, sizeof(all), sha256);
    if (r == 0)
        memcpy(ret, sha256, VERDICT_CHECKSUM_SIZE);
    return r;
}

int trust_verdict_encode(const struct trust_verdict *v, const struct trust_verdict_key *key,
                         uint8_t ret[static VERDICT_SIZE])
{
    uint8_t letter = 0;

    for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
        if (letters[i].outcome == v->outcome)
            letter = letters[i].letter;
    memcpy(ret, (const uint8_t[BODY_SIZE]){FORMAT, letter, v->signer, v->role}, BODY_SIZE);
    return checksum(ret, key, ret + BODY_SIZE);
}

static int decode(const uint8_t octets[static BODY_SIZE], struct trust_verdict *ret)
{
    if (octets[0] != FORMAT)
        return -EBADMSG;
    for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
        if (letters[i].letter != octets[1])
            continue;
        if (!letters[i].has_signer && (octets[2] != 0 || octets[3] != 0))
            return -EBADMSG;
        *ret = (struct trust_verdict){letters[i].outcome, octets[2], octets[3]};
        return 0;
    }
    return -EBADMSG;
}

int trust_verdict_decode(const void *octets, size_t size, const struct trust_verdict_key *key,
                         struct trust_verdict *ret)
{
    uint8_t expected[VERDICT_CHECKSUM_SIZE];
    int r;

    *ret = (struct trust_verdict){0};
    if (size != VERDICT_SIZE)
        return -EBADMSG;
    r = checksum(octets, key, expected);
    if (r < 0)
        return r;
    if (memcmp(expected, (const uint8_t *)octets + BODY_SIZE, sizeof(expected)) != 0)
        return -EBADMSG;
    return decode(octets, ret);
}
