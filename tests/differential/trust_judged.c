#include "tests/differential/trust_judged.h"

#include "broker/trust/verdict.h"
#include "tests/differential/case_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct judged {
    enum approval_subject kind;
    uint8_t *data;
    struct octets octets;
    struct grant *grant;
    struct revocation *revocation;
    struct status *status;
    struct trust_set *trust;
    char *texts[JUDGED_APPROVALS_MAX];
    struct octets approvals[JUDGED_APPROVALS_MAX]; /* those texts */
    size_t n_approvals;
    struct subject subject;
};

static int read_document(struct judged *j, const char *type)
{
    const void *data = j->octets.data;
    size_t size = j->octets.size;

    if (strcmp(type, "grant") == 0)
        return grant_parse(data, size, &j->grant, NULL) < 0
                   ? -1
                   : subject_of_grant(j->grant, j->octets, &j->subject);
    if (strcmp(type, "revocation") == 0)
        return revocation_parse(data, size, &j->revocation, NULL) < 0
                   ? -1
                   : subject_of_revocation(j->revocation, j->octets, &j->subject);
    if (strcmp(type, "status") == 0)
        return status_parse(data, size, &j->status, NULL) < 0
                   ? -1
                   : subject_of_status(j->status, j->octets, &j->subject);
    if (strcmp(type, "trust") != 0 || trust_set_new(data, size, &j->trust, NULL) < 0)
        return -1;
    return subject_of_trust(trust_set_document(j->trust), j->octets, &j->subject);
}

struct judged *judged_new(const char *type, const void *octets, size_t size)
{
    struct judged *j = calloc(1, sizeof *j);

    if (!j || !(j->data = malloc(size + 1)))
        case_fail(type, "no memory");
    memcpy(j->data, octets, size);
    j->octets = (struct octets){j->data, size};
    if (read_document(j, type) == 0)
        return j;
    return judged_free(j);
}

struct judged *judged_free(struct judged *j)
{
    if (!j)
        return NULL;
    for (size_t i = 0; i < j->n_approvals; i++)
        free(j->texts[i]);
    grant_free(j->grant);
    revocation_free(j->revocation);
    status_free(j->status);
    trust_set_free(j->trust);
    free(j->data);
    free(j);
    return NULL;
}

void judged_add_approval(struct judged *j, char *octets, size_t size)
{
    if (j->n_approvals == JUDGED_APPROVALS_MAX)
        case_fail("approval", "too many");
    j->texts[j->n_approvals] = octets;
    j->approvals[j->n_approvals++] = (struct octets){(const uint8_t *)octets, size};
}

/* ---- by trust_verify_*() ---- */

static int verify(const struct judged *j, const struct trust_set *t, when_t now, struct grant_standing *ret)
{
    if (j->grant)
        return trust_verify_grant(t, j->grant, j->octets, j->approvals, j->n_approvals, now, ret);
    if (j->revocation)
        return trust_verify_revocation(t, j->revocation, j->octets, j->approvals, j->n_approvals, now, ret);
    if (j->status)
        return trust_verify_status(t, j->status, j->octets, j->approvals, j->n_approvals, now, ret);
    return trust_verify_trust(t, trust_set_document(j->trust), j->octets, j->approvals, j->n_approvals, now,
                              ret);
}

/* ---- by verdicts ---- */

/* What is read is what the store gave back. */
static int keep_and_read(const struct judged *j, const struct trust_set *t, struct octets approval,
                         struct trust_verdict *x)
{
    struct trust_verdict_key key;
    uint8_t row[VERDICT_SIZE];
    int r = trust_verdict_key_of(t, &j->subject, approval, &key);

    if (r == 0)
        r = trust_verdict_encode(x, &key, row);
    return r < 0 ? r : trust_verdict_decode(row, sizeof row, &key, x);
}

static int make_verdicts(const struct judged *j, const struct trust_set *t, struct trust_verdict *items)
{
    for (size_t i = 0; i < j->n_approvals && i < QUORUM_VOTES_MAX; i++) {
        int r = trust_verdict_make(t, &j->subject, j->approvals[i], &items[i]);

        if (r == 0)
            r = keep_and_read(j, t, j->approvals[i], &items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int judge(const struct judged *j, const struct trust_set *t, const struct trust_verdict *items,
                 when_t now, struct grant_standing *ret)
{
    size_t n = j->n_approvals < QUORUM_VOTES_MAX ? j->n_approvals : QUORUM_VOTES_MAX;
    const struct trust_verdicts v = {j->approvals, items, n};

    if (j->grant)
        return trust_judge_grant(t, j->grant, &v, now, ret);
    if (j->revocation)
        return trust_judge_revocation(t, j->revocation, &v, now, ret);
    if (j->status)
        return trust_judge_status(t, j->status, &v, now, ret);
    return trust_judge_trust(t, trust_set_document(j->trust), &v, now, ret);
}

/* ---- what is printed ---- */

static const char *role_name(const struct trust *d, const struct judged *j, unsigned role)
{
    if (role < d->n_roles)
        return d->roles[role];
    return j->status ? "status" : "revoker";
}

static void print(const struct judged *j, const struct trust_set *t, const struct grant_standing *s)
{
    printf("%s %" PRId64 " %zu", reason_name(s->standing), s->votes_until, s->n_needed_more);
    for (size_t i = 0; i < s->n_seen; i++)
        printf(" %s:%s:%s", signature_outcome_name(s->seen[i].outcome), s->seen[i].approver, s->seen[i].role);
    printf(" /");
    for (size_t i = 0; i < s->n_votes; i++) {
        char sha256[65];

        ident_format_hex(s->votes[i].certificate, sizeof s->votes[i].certificate, sha256);
        printf(" %s:%" PRId64 ":%s", role_name(trust_set_document(t), j, s->votes[i].vote.role),
               s->votes[i].until, sha256);
    }
    printf(" | ");
}

static void print_under(const struct judged *j, const struct trust_set *t, bool whole, char *const *instants,
                        size_t n)
{
    struct trust_verdict items[QUORUM_VOTES_MAX];

    if (!whole && make_verdicts(j, t, items) < 0) {
        printf("no verdict | ");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        when_t now = strtoll(instants[i], NULL, 10);
        struct grant_standing s;

        if ((whole ? verify(j, t, now, &s) : judge(j, t, items, now, &s)) == 0)
            print(j, t, &s);
        else
            printf("no standing | ");
    }
}

void judged_print(const struct judged *j, const struct trust_set *trust, bool whole, char *const *instants,
                  size_t n)
{
    print_under(j, trust, whole, instants, n);
    if (j->trust)
        print_under(j, j->trust, whole, instants, n);
}
