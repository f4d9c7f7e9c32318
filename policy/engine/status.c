#include "policy/engine/status.h"

#include <string.h>

int status_compare(const struct status *a, const struct status *b)
{
    if (a->trust_epoch != b->trust_epoch)
        return a->trust_epoch < b->trust_epoch ? -1 : 1;
    return (a->epoch > b->epoch) - (a->epoch < b->epoch);
}

when_t status_holds_until(const struct status *s, when_t max_age)
{
    if (max_age > WHEN_NEVER - s->issued)
        return s->expires;
    return when_min(s->expires, s->issued + max_age);
}

/* The lists are sorted by their octets, and may be long. */
static int compare_ids(const void *a, const void *b)
{
    return memcmp(((const struct ident_id *)a)->octets, ((const struct ident_id *)b)->octets, IDENT_ID_SIZE);
}

static int compare_minimum(const void *id, const void *minimum)
{
    return compare_ids(id, &((const struct status_minimum *)minimum)->id);
}

static int compare_certificate(const void *sha256, const void *certificate)
{
    const struct status_certificate *c = certificate;

    return memcmp(sha256, c->sha256, sizeof(c->sha256));
}

bool status_revokes_certificate(const struct status *s, const uint8_t sha256[static 32])
{
    return s->n_revoked_certificates > 0 &&
           bsearch(sha256, s->revoked_certificates, s->n_revoked_certificates,
                   sizeof(*s->revoked_certificates), compare_certificate) != NULL;
}

static bool is_revoked(const struct status *s, const struct grant *g)
{
    const struct status_minimum *minimum = NULL;

    if (s->n_revoked > 0 && bsearch(&g->id, s->revoked, s->n_revoked, sizeof(*s->revoked), compare_ids))
        return true;
    if (s->n_minimum_versions > 0)
        minimum = bsearch(&g->id, s->minimum_versions, s->n_minimum_versions, sizeof(*s->minimum_versions),
                          compare_minimum);
    return minimum && g->version < minimum->version;
}

enum reason status_of_grant(const struct status *s, const struct trust *t, const struct grant *g,
                            const struct quorum_signature *signatures, size_t n, when_t *votes_until)
{
    bool says_nothing = strcmp(s->site, g->site) != 0;
    struct quorum_signature left[QUORUM_VOTES_MAX];
    size_t n_left = 0;

    *votes_until = 0;
    if (!says_nothing && is_revoked(s, g))
        return REASON_REVOKED;
    for (size_t i = 0; i < n && i < QUORUM_VOTES_MAX; i++)
        if (says_nothing || !status_revokes_certificate(s, signatures[i].certificate))
            left[n_left++] = signatures[i];
    *votes_until =
        when_min(quorum_holds_until(&t->quorum[g->class], t->n_roles, left, n_left), t->valid.until);
    return *votes_until == 0 ? REASON_APPROVAL_MISSING : REASON_OK;
}
