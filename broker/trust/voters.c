#include "broker/trust/voters.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

_Static_assert(TRUST_QUORUM_MAX <= QUORUM_VOTES_MAX, "what a quorum may ask for is looked at");

static bool is_same_voter(const struct signer *a, const struct signer *b)
{
    return strcmp(a->line->person, b->line->person) == 0 ||
           EVP_PKEY_eq(a->certificate->key, b->certificate->key) == 1;
}

static void renumber(struct signers *signers, size_t from, size_t to)
{
    for (size_t i = 0; i < signers->count; i++)
        if (signers->items[i].voter == from)
            signers->items[i].voter = to;
}

void voters_number(struct signers *signers)
{
    for (size_t i = 0; i < signers->count; i++) {
        struct signer *s = &signers->items[i];

        s->voter = i;
        for (size_t j = 0; j < i; j++)
            if (is_same_voter(s, &signers->items[j]))
                renumber(signers, s->voter, signers->items[j].voter);
    }
    ERR_clear_error();
}

bool voters_can_meet(const struct signers *approvers, const struct trust_quorum *needed, const when_t *now)
{
    uint16_t roles[TRUST_APPROVERS_MAX];
    size_t voters[TRUST_APPROVERS_MAX];
    size_t n = 0;
    when_t until;

    for (size_t i = 0; i < approvers->count; i++) {
        const struct signer *s = &approvers->items[i];
        size_t v = 0;

        if (now && !signer_valid_until(s, *now, &until))
            continue;
        while (v < n && voters[v] != s->voter)
            v++;
        if (v == TRUST_APPROVERS_MAX)
            break;
        if (v == n) {
            voters[n] = s->voter;
            roles[n++] = 0;
        }
        roles[v] = (uint16_t)(roles[v] | s->line->roles);
    }
    return needed->total >= 1 && trust_quorum_missing(needed, roles, n) == 0;
}
