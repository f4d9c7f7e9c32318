#include "broker/daemon/trust_change.h"

#include "broker/common/i18n.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/trust_file.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <string.h>

const struct ident_id trust_no_id;

static const char *const origins[] = {
    [TRUST_SEEDED] = "seed", [TRUST_REPLACED] = "replace", [TRUST_RESET] = "reset"};

const char *trust_origin_name(enum trust_origin origin)
{
    return origins[origin];
}

void trust_change_done(struct trust_change *c)
{
    trust_set_free(c->set);
    papers_free_one(c->papers);
    *c = (struct trust_change){0};
}

int trust_change_make(struct octets document, const struct octets *approvals, size_t n,
                      enum trust_origin origin, struct trust_set **set, struct trust_change *ret)
{
    int r = digest_sha256(document.data, document.size, ret->sha256);

    if (r == 0)
        r = papers_make(&trust_no_id, trust_set_document(*set)->epoch, document, NULL, approvals, n,
                        &ret->papers);
    if (r < 0)
        return r;
    ret->set = steal_pointer(set);
    ret->origin = origin;
    return 0;
}

/* ---- replacing ---- */

static int refuse_epoch(const struct broker *b, const struct trust *next, struct offer_refusal *refusal)
{
    const struct trust *d = trust_set_document(b->trust);

    refusal->number = d->epoch;
    if (strcmp(next->site, d->site) != 0)
        return offer_refuse(refusal, REASON_WRONG_SITE,
                            N_("It is for another site than the trust in force; only root starts over with "
                               "another, by `hufuctl trust reset`."));
    if (next->epoch < d->epoch)
        return offer_refuse(refusal, REASON_BAD_REQUEST,
                            N_("It is older than the trust in force, which is epoch %u; nothing goes back "
                               "but by root's `hufuctl trust reset`."));
    if (next->epoch == d->epoch)
        return offer_refuse(refusal, REASON_BAD_REQUEST,
                            N_("Epoch %u is in force already, with another content; a changed trust file "
                               "needs the next epoch."));
    refusal->number = d->epoch + 1;
    if (next->epoch - d->epoch > 1)
        return offer_refuse(refusal, REASON_BAD_REQUEST,
                            N_("Epochs follow one another: epoch %u is needed first."));
    return 0;
}

static int refuse_standing(const struct grant_standing *of_old, const struct grant_standing *of_new,
                           struct offer_refusal *refusal)
{
    if (of_old->standing == REASON_TRUST_EXPIRED)
        return offer_refuse(refusal, REASON_TRUST_EXPIRED,
                            N_("The trust in force is outside its own dates, so that nothing can be verified "
                               "with it; root starts over by `hufuctl trust reset`."));
    if (of_new->standing == REASON_TRUST_EXPIRED)
        return offer_refuse(refusal, REASON_TRUST_EXPIRED,
                            N_("It is outside its own dates; compare its not-before and not-after with this "
                               "host's clock."));
    refusal->number = (uint32_t)of_old->n_needed_more;
    if (of_old->standing != REASON_OK)
        return offer_refuse(refusal, REASON_APPROVAL_MISSING,
                            N_("It is not signed by the quorum of the trust in force: approvals of %u more "
                               "of the approvers there, at least."));
    refusal->number = (uint32_t)of_new->n_needed_more;
    if (of_new->standing != REASON_OK)
        return offer_refuse(refusal, REASON_APPROVAL_MISSING,
                            N_("It is not signed by its own quorum: approvals of %u more of the approvers "
                               "that it lists, at least."));
    return 0;
}

/* An approver may be in one of the two files alone: what counted under either counted. */
static void merge_seen(const struct grant_standing *of_old, struct grant_standing *seen)
{
    for (size_t i = 0; i < seen->n_seen && i < of_old->n_seen; i++)
        if (of_old->seen[i].outcome == SIGNATURE_COUNTED)
            seen->seen[i] = of_old->seen[i];
}

static int verify(const struct broker *b, const struct trust_set *next, const struct offer *offer, when_t now,
                  struct trust_change *ret, struct offer_refusal *refusal)
{
    const struct trust *d = trust_set_document(next);
    struct grant_standing of_old;
    int r = verifier_trust(b->verifier, b->trust, d, offer->document, offer->approvals, offer->n_approvals,
                           now, &of_old);

    if (r == 0)
        r = verifier_trust(b->verifier, next, d, offer->document, offer->approvals, offer->n_approvals, now,
                           &ret->standing);
    if (r == 0)
        r = refuse_standing(&of_old, &ret->standing, refusal);
    merge_seen(&of_old, &ret->standing);
    return r;
}

/* Those that admitted it are kept with it, and no others. */
static size_t counted(const struct offer *offer, const struct grant_standing *standing,
                      struct octets approvals[static QUORUM_VOTES_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < standing->n_seen; i++)
        if (standing->seen[i].outcome == SIGNATURE_COUNTED)
            approvals[n++] = offer->approvals[i];
    return n;
}

static bool is_same(const struct grant_papers *papers, struct octets document)
{
    return papers->document.size == document.size &&
           memcmp(papers->document.data, document.data, document.size) == 0;
}

int trust_change_judge(const struct broker *b, const struct offer *offer, when_t now,
                       struct trust_change *ret, struct offer_refusal *refusal)
{
    cleanup(trust_set_free_p) struct trust_set *next = NULL;
    struct octets approvals[QUORUM_VOTES_MAX];
    int r;

    *ret = (struct trust_change){.again = is_same(b->trust_keeper.papers, offer->document)};
    *refusal = (struct offer_refusal){.reason = REASON_OK};
    if (ret->again)
        return 0;
    r = trust_set_new(offer->document.data, offer->document.size, &next, &refusal->error);
    if (r == 0)
        r = refuse_epoch(b, trust_set_document(next), refusal);
    if (r == 0)
        r = verify(b, next, offer, now, ret, refusal);
    if (r < 0)
        return r;
    return trust_change_make(offer->document, approvals, counted(offer, &ret->standing, approvals),
                             TRUST_REPLACED, &next, ret);
}

/* ---- starting over ---- */

int trust_change_read(const struct broker *b, const uint8_t sha256[static 32], struct trust_change *ret,
                      struct offer_refusal *refusal)
{
    cleanup_trust_file struct trust_file f = {0};
    cleanup(trust_set_free_p) struct trust_set *set = NULL;
    int r = trust_file_read(b, &f);

    *ret = (struct trust_change){0};
    *refusal = (struct offer_refusal){.reason = REASON_OK};
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return offer_refuse(refusal, REASON_TRUST_MISSING,
                            N_("The trust file cannot be read: it must be a regular file of root's that "
                               "nobody else can write."));
    if (memcmp(f.sha256, sha256, sizeof(f.sha256)) != 0)
        return offer_refuse(refusal, REASON_BAD_REQUEST,
                            N_("The trust file is not the one whose SHA-256 was given; look at it again."));
    r = trust_set_new(f.octets, f.size, &set, &refusal->error);
    if (r < 0)
        return r;
    return trust_change_make((struct octets){(const uint8_t *)f.octets, f.size}, NULL, 0, TRUST_RESET, &set,
                             ret);
}
