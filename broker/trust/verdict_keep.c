#include "broker/trust/digest.h"
#include "broker/trust/verdict.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <string.h>

/*
 * How verdicts are named and written. The letters are the format: an enum that is renumbered must not turn
 * what lies on disk into something else, and one flipped bit turns no letter into another that is known.
 */

#define FORMAT 1

static const struct {
    uint8_t outcome, letter;
    bool has_signer;
} letters[] = {
    {SIGNATURE_COUNTED, 'G', true},           {SIGNATURE_BAD, 'b', true},
    {SIGNATURE_MALFORMED, 'm', false},        {SIGNATURE_OTHER_SUBJECT, 's', false},
    {SIGNATURE_UNKNOWN_APPROVER, 'u', false},
};

static void put_octets(struct buf *b, struct octets x)
{
    buf_put_u64(b, x.size);
    buf_put(b, x.data, x.size);
}

int trust_verdict_key_of(const struct trust_set *t, struct octets document, const struct octets *approvals,
                         size_t n_approvals, struct trust_verdict_key *ret)
{
    cleanup_buf struct buf b = BUF_INIT;
    uint8_t order[QUORUM_VOTES_MAX];
    size_t n = trust_verdict_order(approvals, n_approvals, order);

    buf_put(&b, trust_set_basis(t), TRUST_BASIS_SIZE);
    put_octets(&b, document);
    for (size_t i = 0; i < n; i++)
        put_octets(&b, approvals[order[i]]);
    return buf_error(&b) < 0 ? -ENOMEM : digest_sha256(b.data, b.size, ret->octets);
}

static int checksum(const uint8_t *octets, size_t size, const struct trust_verdict_key *key,
                    uint8_t ret[static VERDICT_CHECKSUM_SIZE])
{
    uint8_t all[VERDICT_KEY_SIZE + VERDICT_SIZE_MAX], sha256[32];
    int r;

    memcpy(all, key->octets, sizeof(key->octets));
    memcpy(all + sizeof(key->octets), octets, size);
    r = digest_sha256(all, sizeof(key->octets) + size, sha256);
    memcpy(ret, sha256, VERDICT_CHECKSUM_SIZE);
    return r;
}

static uint8_t letter_of(uint8_t outcome)
{
    for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
        if (letters[i].outcome == outcome)
            return letters[i].letter;
    return 0;
}

int trust_verdict_encode(const struct trust_verdict *v, const struct trust_verdict_key *key,
                         uint8_t ret[static VERDICT_SIZE_MAX], size_t *ret_size)
{
    size_t size = 0;

    ret[size++] = FORMAT;
    ret[size++] = v->n;
    for (size_t i = 0; i < v->n; i++) {
        ret[size++] = letter_of(v->approvals[i].outcome);
        ret[size++] = v->approvals[i].signer;
        ret[size++] = v->approvals[i].role;
    }
    *ret_size = size + VERDICT_CHECKSUM_SIZE;
    return checksum(ret, size, key, ret + size);
}

static int decode_approval(struct view *v, struct trust_verdict_approval *ret)
{
    uint8_t letter = view_get_u8(v);

    ret->signer = view_get_u8(v);
    ret->role = view_get_u8(v);
    for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
        if (letters[i].letter == letter) {
            ret->outcome = letters[i].outcome;
            return letters[i].has_signer || (ret->signer == 0 && ret->role == 0) ? 0 : -EBADMSG;
        }
    return -EBADMSG;
}

static int decode(struct view *v, struct trust_verdict *ret)
{
    if (view_get_u8(v) != FORMAT)
        return -EBADMSG;
    ret->n = view_get_u8(v);
    if (ret->n > QUORUM_VOTES_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < ret->n; i++)
        if (decode_approval(v, &ret->approvals[i]) < 0)
            return -EBADMSG;
    return view_end(v);
}

int trust_verdict_decode(const void *octets, size_t size, const struct trust_verdict_key *key,
                         struct trust_verdict *ret)
{
    uint8_t expected[VERDICT_CHECKSUM_SIZE];
    const uint8_t *end;
    struct trust_verdict decoded = {0};
    struct view v;
    int r;

    *ret = (struct trust_verdict){0};
    if (size < VERDICT_CHECKSUM_SIZE || size > VERDICT_SIZE_MAX)
        return -EBADMSG;
    v = view_of(octets, size - VERDICT_CHECKSUM_SIZE);
    end = v.data + v.left;
    r = checksum(v.data, v.left, key, expected);
    if (r == 0 && memcmp(expected, end, sizeof(expected)) != 0)
        r = -EBADMSG;
    if (r == 0)
        r = decode(&v, &decoded);
    if (r == 0)
        *ret = decoded;
    return r;
}
