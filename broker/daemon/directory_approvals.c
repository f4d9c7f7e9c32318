#include "broker/daemon/directory_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Which approvals of an entry go to the taker, who looks at eight. Anybody who can write a value beside a
 * document can put junk before the good ones, also junk in the name of an approver. So, of up to 32, those
 * are candidates that are well-formed, about this very document, and by somebody of the trust file: in turns
 * by approver, so that no name can crowd out another. They are verified, eight at a time, until eight are
 * good or all were tried; of one signer in one role one is enough. What was verified once costs nothing the
 * next time.
 */

static bool is_about(const struct approval *a, const struct subject *s)
{
    bool numbers = a->subject_numbers[0] == s->numbers[0] &&
                   (s->kind != APPROVAL_SUBJECT_STATUS || a->subject_numbers[1] == s->numbers[1]);

    return a->subject == s->kind && a->subject_length == s->octets.size &&
           memcmp(a->subject_sha256, s->sha256, sizeof(s->sha256)) == 0 &&
           (s->kind == APPROVAL_SUBJECT_REVOCATION || numbers) &&
           ((s->kind != APPROVAL_SUBJECT_GRANT && s->kind != APPROVAL_SUBJECT_REVOCATION) ||
            ident_id_equal(&a->subject_id, &s->id));
}

static bool lists(const struct trust_signer *signers, size_t n, const char *person)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(signers[i].person, person) == 0)
            return true;
    return false;
}

static bool knows(const struct trust_set *set, const char *person)
{
    const struct trust *t = set ? trust_set_document(set) : NULL;

    return t && (lists(t->approvers, t->n_approvers, person) || lists(t->revokers, t->n_revokers, person) ||
                 lists(t->status_keys, t->n_status_keys, person));
}

/* The so-manieth of its approver. */
struct candidate {
    char approver[IDENT_NAME_MAX + 1];
    unsigned turn;
};

static bool take_candidate(const struct directory_task *t, struct octets approval, struct candidate *all,
                           size_t i)
{
    cleanup(approval_free_p) struct approval *a = NULL;

    all[i] = (struct candidate){.approver = ""};
    if (approval_parse(approval.data, approval.size, &a, NULL) < 0 || !is_about(a, &t->subject) ||
        (!knows(t->trust, a->approver) && !knows(t->next_trust, a->approver)))
        return false;
    (void)snprintf(all[i].approver, sizeof(all[i].approver), "%s", a->approver);
    for (size_t j = 0; j < i; j++)
        all[i].turn += strcmp(all[j].approver, all[i].approver) == 0;
    return true;
}

static void put_in_order(struct directory_task *t)
{
    struct candidate all[FEED_APPROVALS_MAX];
    bool is[FEED_APPROVALS_MAX];

    t->n_order = 0;
    for (size_t i = 0; i < t->n_approvals; i++)
        is[i] = take_candidate(t, t->approvals[i], all, i);
    for (unsigned turn = 0; turn < t->n_approvals; turn++)
        for (size_t i = 0; i < t->n_approvals; i++)
            if (is[i] && all[i].turn == turn)
                t->order[t->n_order++] = (uint8_t)i;
}

static int make_subject(struct directory_task *t)
{
    cleanup(grant_free_p) struct grant *g = NULL;
    cleanup(revocation_free_p) struct revocation *x = NULL;
    cleanup(status_free_p) struct status *s = NULL;
    const struct octets o = t->document;
    int r = -EINVAL;

    switch ((enum document_type)t->entry.type) {
    case DOCUMENT_GRANT:
        r = grant_parse(o.data, o.size, &g, NULL);
        r = r < 0 ? r : subject_of_grant(g, o, &t->subject);
        break;
    case DOCUMENT_REVOCATION:
        r = revocation_parse(o.data, o.size, &x, NULL);
        r = r < 0 ? r : subject_of_revocation(x, o, &t->subject);
        break;
    case DOCUMENT_STATUS:
        r = status_parse(o.data, o.size, &s, NULL);
        r = r < 0 ? r : subject_of_status(s, o, &t->subject);
        break;
    case DOCUMENT_TRUST:
        r = trust_set_new(o.data, o.size, &t->next_trust, NULL);
        r = r < 0 ? r : subject_of_trust(trust_set_document(t->next_trust), o, &t->subject);
        break;
    case DOCUMENT_APPROVAL:
        break;
    }
    t->subject.grant = NULL; /* it was ours */
    return r;
}

static bool has_signer(const struct directory_task *t, uint16_t signer)
{
    for (size_t i = 0; i < t->n_good; i++)
        if (t->signers[i] == signer)
            return true;
    return false;
}

static const struct trust_set *set_of(const struct directory_task *t)
{
    return t->under_next ? t->next_trust : t->trust;
}

/* Lines of the two trust files are told apart. */
static uint16_t signer_of(const struct directory_task *t, const struct trust_verdict *v)
{
    return (uint16_t)((t->under_next ? 0x8000U : 0U) | (unsigned)(v->signer & 0x7fU) << 8 | v->role);
}

static bool is_good_already(const struct directory_task *t, struct octets approval)
{
    for (size_t i = 0; i < t->n_good; i++)
        if (t->good[i].data == approval.data)
            return true;
    return false;
}

static int keep_good(struct directory_task *t)
{
    struct trust_verdict verdicts[QUORUM_VOTES_MAX];
    int r = verifier_verdicts(t->directory->broker->verifier, set_of(t), &t->subject, t->trying, t->batch,
                              verdicts);

    for (size_t i = 0; r == 0 && i < t->batch && t->n_good < QUORUM_VOTES_MAX; i++) {
        if (verdicts[i].outcome != SIGNATURE_COUNTED || has_signer(t, signer_of(t, &verdicts[i])) ||
            is_good_already(t, t->trying[i]))
            continue;
        t->signers[t->n_good] = signer_of(t, &verdicts[i]);
        t->good[t->n_good++] = t->trying[i];
    }
    return r;
}

static void on_verified(void *userdata, int result);

static void verify_batch(struct directory_task *t)
{
    struct trust_set *set = t->under_next ? t->next_trust : t->trust;

    verifier_prepare(t->directory->broker->verifier, set, &t->subject, t->trying, t->batch, on_verified, t);
}

static void try_more(struct directory_task *t)
{
    t->under_next = false;
    t->batch = 0;
    while (t->batch < QUORUM_VOTES_MAX && t->tried < t->n_order)
        t->trying[t->batch++] = t->approvals[t->order[t->tried++]];
    if (t->batch == 0 || t->n_good == QUORUM_VOTES_MAX)
        directory_sifted(t, 0);
    else
        verify_batch(t);
}

static void on_verified(void *userdata, int result)
{
    struct directory_task *t = userdata;
    int r = result < 0 ? result : keep_good(t);

    if (r < 0) {
        directory_sifted(t, r);
    } else if (t->next_trust && !t->under_next) {
        t->under_next = true;
        verify_batch(t);
    } else {
        try_more(t);
    }
}

void directory_sift(struct directory_task *t)
{
    int r;

    t->n_good = t->tried = 0;
    t->next_trust = trust_set_free(t->next_trust);
    r = make_subject(t);
    if (r < 0) {
        directory_sifted(t, r);
        return;
    }
    put_in_order(t);
    try_more(t);
}
