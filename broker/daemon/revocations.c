#include "broker/daemon/revocations.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/i18n.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/taking.h"
#include "broker/daemon/timekeeper.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const enum store_taken_scope scopes[] = {[REVOCATION_SCOPE_GRANT] = STORE_TAKEN_GRANT,
                                                [REVOCATION_SCOPE_STAFF] = STORE_TAKEN_STAFF,
                                                [REVOCATION_SCOPE_VENDOR] = STORE_TAKEN_VENDOR};

/* As much of it as fits, in whole characters. */
static void copy_text(char *to, size_t size, const char *from)
{
    size_t n = strnlen(from, size - 1);

    while (from[n] != '\0' && n > 0 && ((uint8_t)from[n] & 0xc0) == 0x80)
        n--;
    memcpy(to, from, n);
    to[n] = '\0';
}

/* The tombstone that a document is. Row and signer are the caller's. 0 or -ENOMEM. */
static int tombstone_of(const struct revocation *x, struct octets document, struct taken_entry *ret)
{
    *ret = (struct taken_entry){.what = {.kind = STORE_TOMBSTONE,
                                         .scope = scopes[x->scope],
                                         .at = x->revoked_at,
                                         .until = x->until,
                                         .by = UINT32_MAX},
                                .is_signed = true,
                                .revocation = x->id};
    if (x->scope == REVOCATION_SCOPE_GRANT)
        ident_format_id(&x->grant, ret->what.name);
    else
        (void)snprintf(ret->what.name, sizeof(ret->what.name), "%s", x->name);
    copy_text(ret->what.why, sizeof(ret->what.why), x->reason);
    return digest_sha256(document.data, document.size, ret->sha256);
}

static void sign(struct taken_entry *entry, const char *signer, const char *role)
{
    (void)snprintf(entry->signer, sizeof(entry->signer), "%s", signer);
    (void)snprintf(entry->role, sizeof(entry->role), "%s", role);
}

/* ---- at start ---- */

int revocations_load(struct broker *b, const struct store_document *d)
{
    cleanup(revocation_free_p) struct revocation *x = NULL;
    cleanup(approval_free_p) struct approval *approval = NULL;
    struct taken_entry entry;
    int r = revocation_parse(d->octets, d->size, &x, NULL);

    if (r == 0 && d->n_approvals == 0)
        r = -EINVAL;
    if (r == 0)
        r = approval_parse(d->approvals[0].data, d->approvals[0].size, &approval, NULL);
    if (r == 0)
        r = tombstone_of(x, (struct octets){d->octets, d->size}, &entry);
    if (r != 0)
        return r == -EINVAL ? -EBADMSG : r;
    entry.row = d->version;
    sign(&entry, approval->approver, approval->role);
    return taken_put_signed(b->taken, &entry);
}

int revocations_unsigned(struct octets document, const char *site, struct taken_entry *ret)
{
    cleanup(revocation_free_p) struct revocation *x = NULL;
    int r = revocation_parse(document.data, document.size, &x, NULL);

    if (r == 0 && strcmp(x->site, site) != 0)
        r = -EINVAL;
    if (r == 0)
        r = tombstone_of(x, document, ret);
    if (r == 0) {
        ret->is_signed = false;
        ret->is_unsigned = true;
    }
    return r;
}

/* ---- handed in, or in the directory ---- */

static int refuse(const struct grant_standing *standing, struct offer_refusal *refusal)
{
    switch (standing->standing) {
    case REASON_OK:
        return 0;
    case REASON_WRONG_SITE:
        return offer_refuse(refusal, REASON_WRONG_SITE,
                            N_("The revocation is for another site than the trust file."));
    case REASON_TRUST_EXPIRED:
        return offer_refuse(
            refusal, REASON_TRUST_EXPIRED,
            N_("The trust file is not valid at this time, so nobody's signature counts. Use revoke."));
    default:
        return offer_refuse(refusal, REASON_APPROVAL_MISSING,
                            N_("No approver or revoker of the trust file signed this revocation, so it "
                               "changes nothing. To take access away on this host alone, use revoke."));
    }
}

/* Those that count, which say for ever who revoked. */
static size_t counted(const struct offer *offer, const struct grant_standing *standing,
                      struct store_blob kept[static QUORUM_VOTES_MAX], struct taken_entry *entry)
{
    size_t n = 0;

    for (size_t i = 0; i < standing->n_seen && i < offer->n_approvals; i++) {
        if (standing->seen[i].outcome != SIGNATURE_COUNTED)
            continue;
        if (n == 0)
            sign(entry, standing->seen[i].approver, standing->seen[i].role);
        kept[n++] = (struct store_blob){offer->approvals[i].data, offer->approvals[i].size};
    }
    return n;
}

static void record(const struct addition *a, const struct taken_entry *entry, struct store_txn *t)
{
    struct record r = addition_record(a, REASON_REVOKED, true);
    const struct store_taken *what = &entry->what;
    char detail[512], id[IDENT_ID_TEXT_SIZE], text[ADDITION_DETAIL_SIZE];

    ident_format_id(&entry->revocation, id);
    (void)snprintf(detail, sizeof(detail), "revocation %s signed by %s (%s): %s", id, entry->signer,
                   entry->role, what->why);
    r.detail = addition_detail(a, detail, text);
    if (what->scope == STORE_TAKEN_GRANT)
        r.grant = what->name;
    else if (what->scope == STORE_TAKEN_STAFF)
        r.staff = what->name;
    else
        r.vendor = what->name;
    r.deadline = what->until;
    store_txn_record(t, &r);
}

static void accept(struct addition *a, const struct taken_entry *entry, const struct grant_standing *standing,
                   struct store_txn *t)
{
    bool over = clock_wall() >= entry->what.until;
    char id[IDENT_ID_TEXT_SIZE];

    ident_format_id(&entry->revocation, id);
    a->broker->generation++;
    taking_end(a->broker, a->order);
    addition_accept(a,
                    &(struct addition_answer){.id = id,
                                              .version = entry->row,
                                              .state = over ? REASON_EXPIRED : REASON_OK,
                                              .standing = standing},
                    t);
}

/* One that is known is written again: its first commit may have failed. */
static void keep(struct addition *a, const struct offer *offer, const struct grant_standing *standing,
                 struct taken_entry *entry)
{
    struct store_blob approvals[QUORUM_VOTES_MAX];
    struct store_document d = {.type = DOCUMENT_REVOCATION,
                               .id = entry->revocation,
                               .version = entry->row,
                               .octets = offer->document.data,
                               .size = offer->document.size,
                               .approvals = approvals};
    struct store_txn *t;

    d.n_approvals = counted(offer, standing, approvals, entry);
    if (taken_put_signed(a->broker->taken, entry) < 0) {
        addition_fail(a, -ENOMEM);
        return;
    }
    FAILPOINT(REVOCATION_TAKEN);
    t = ledger_txn(a->broker);
    if (t) {
        store_txn_document(t, &d);
        record(a, entry, t);
    }
    accept(a, entry, standing, t);
}

/* Parses and verifies. 0; -EINVAL: refused; -ENOMEM. What is known already holds, whoever may sign by now. */
static int judge(struct broker *b, const struct offer *offer, struct taken_entry *entry, bool *known,
                 struct grant_standing *standing, struct offer_refusal *refusal)
{
    cleanup(revocation_free_p) struct revocation *x = NULL;
    const struct taken_entry *same;
    uint32_t row;
    int r;

    *refusal = (struct offer_refusal){.reason = REASON_OK};
    r = revocation_parse(offer->document.data, offer->document.size, &x, &refusal->error);
    if (r == 0)
        r = tombstone_of(x, offer->document, entry);
    if (r == 0)
        r = verifier_revocation(b->verifier, b->trust, x, offer->document, offer->approvals,
                                offer->n_approvals, timekeeper_now(b->timekeeper), standing);
    if (r != 0)
        return r;
    same = taken_find_document(b->taken, &entry->revocation, entry->sha256, &row);
    *known = same != NULL;
    entry->row = same ? same->row : row;
    return same ? 0 : refuse(standing, refusal);
}

void documents_take_revocation(struct addition *a, const struct offer *offer)
{
    struct grant_standing standing = {.standing = REASON_APPROVAL_MISSING};
    struct offer_refusal refusal = {0};
    struct taken_entry entry;
    bool known = false;
    int r = judge(a->broker, offer, &entry, &known, &standing, &refusal);

    if (r == -EINVAL)
        addition_refuse(a, &refusal);
    else if (r != 0)
        addition_fail(a, r);
    else if (known && standing.standing != REASON_OK)
        accept(a, &entry, &standing, ledger_txn(a->broker));
    else
        keep(a, offer, &standing, &entry);
}
