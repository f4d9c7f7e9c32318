#include "broker/trust/trust_set.h"

#include "broker/trust/digest.h"
#include "broker/trust/signers.h"
#include "broker/trust/voters.h"
#include "policy/base/buf.h"
#include "policy/base/words.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines of a trust file before the first anchor: type, site, epoch, not-before, not-after. Every later
 * line is one item, in the order of the document's arrays. */
#define LINES_BEFORE_ANCHORS 5U

static void signers_free(struct signers *s)
{
    for (size_t i = 0; i < s->count; i++) {
        certificate_free(s->items[i].certificate);
        free(s->items[i].chains);
    }
    free(s->items);
}

struct trust_set *trust_set_ref(struct trust_set *t)
{
    (void)atomic_fetch_add(&t->n_references, 1);
    return t;
}

struct trust_set *trust_set_free(struct trust_set *t)
{
    if (!t || atomic_fetch_sub(&t->n_references, 1) > 1)
        return NULL;
    signers_free(&t->approvers);
    signers_free(&t->revokers);
    signers_free(&t->status_keys);
    for (size_t i = 0; i < t->n_anchors; i++)
        certificate_free(t->anchors[i]);
    free(t->anchors);
    trust_free(t->document);
    free(t);
    return NULL;
}

const struct trust *trust_set_document(const struct trust_set *t)
{
    return t->document;
}

/* `r` with a reason for -EINVAL. */
static int refuse(struct document_error *error, size_t line, const char *who, const char *fault, int r)
{
    if (r == -EINVAL && error) {
        error->line = (unsigned)line;
        (void)snprintf(error->reason, sizeof(error->reason), "%s%s%s", who, *who ? ": " : "",
                       document_words(error, fault));
    }
    return r;
}

static int load_anchors(struct trust_set *t, struct document_error *error)
{
    const struct trust *d = t->document;

    t->anchors = calloc(d->n_anchors, sizeof(struct certificate *));
    if (!t->anchors)
        return -ENOMEM;
    for (size_t i = 0; i < d->n_anchors; i++) {
        const char *fault = NULL;
        int r = certificate_new_anchor(&d->anchors[i].certificate, &t->anchors[i], &fault);

        if (r < 0)
            return refuse(error, LINES_BEFORE_ANCHORS + 1 + i, d->anchors[i].name, fault, r);
        t->n_anchors = i + 1;
    }
    return 0;
}

static struct when_interval within(struct when_interval a, struct when_interval b)
{
    return (struct when_interval){a.from > b.from ? a.from : b.from, when_min(a.until, b.until)};
}

static int find_chains(const struct trust_set *t, struct signer *s, const char **fault)
{
    *fault = N_("no anchor issued the certificate");
    s->chains = calloc(t->n_anchors, sizeof(*s->chains));
    if (!s->chains)
        return -ENOMEM;
    for (size_t i = 0; i < t->n_anchors; i++) {
        struct when_interval both = within(s->certificate->valid, t->anchors[i]->valid);
        int r = certificate_is_issued_by(s->certificate, t->anchors[i]);

        if (r < 0)
            return r;
        if (r == 1 && both.from < both.until)
            s->chains[s->n_chains++] = both;
        else if (r == 1)
            *fault = N_("the certificate is never valid at the same time as its issuer's");
    }
    return s->n_chains > 0 ? 0 : -EINVAL;
}

/* Judges `count` lines, the first of which stands at `line`. */
static int load_signers(const struct trust_set *t, const struct trust_signer *lines, size_t count,
                        size_t line, struct signers *ret, struct document_error *error)
{
    if (count == 0)
        return 0;
    ret->items = calloc(count, sizeof(*ret->items));
    if (!ret->items)
        return -ENOMEM;
    ret->count = count;
    for (size_t i = 0; i < count; i++) {
        struct signer *s = &ret->items[i];
        const char *fault = NULL;
        int r;

        s->line = &lines[i];
        r = certificate_new_signer(&s->line->certificate, s->line->alg, &s->certificate, &fault);
        if (r == 0)
            r = find_chains(t, s, &fault);
        if (r < 0)
            return refuse(error, line + i, s->line->person, fault, r);
    }
    return 0;
}

static int load_all_signers(struct trust_set *t, struct document_error *error)
{
    const struct trust *d = t->document;
    size_t line = LINES_BEFORE_ANCHORS + 1 + d->n_anchors + d->n_requesters;
    int r;

    r = load_signers(t, d->approvers, d->n_approvers, line, &t->approvers, error);
    line += d->n_approvers;
    if (r == 0)
        r = load_signers(t, d->revokers, d->n_revokers, line, &t->revokers, error);
    line += d->n_revokers;
    if (r == 0)
        r = load_signers(t, d->status_keys, d->n_status_keys, line, &t->status_keys, error);
    return r;
}

static int check_quorums(const struct trust_set *t, struct document_error *error)
{
    const struct trust *d = t->document;

    for (enum grant_class c = GRANT_CLASS_NORMAL; c <= GRANT_CLASS_COUNT; c++) {
        if (voters_can_meet(&t->approvers, &d->quorum[c], NULL))
            continue;
        return refuse(error, 0, grant_class_name(c),
                      N_("the quorum cannot be met by distinct persons with distinct keys"), -EINVAL);
    }
    return 0;
}

/* Whoever changes what a verdict says or how it is reached changes this text. */
#define VERDICT_RULES "hufu-verdict-1"

static int find_basis(struct trust_set *t, const void *octets, size_t size)
{
    cleanup_buf struct buf b = BUF_INIT;
    uint8_t sha256[32];
    int r = digest_sha256(octets, size, sha256);

    if (r < 0)
        return r;
    buf_put_string(&b, VERDICT_RULES);
    buf_put_string(&b, HUFU_VERSION);
    buf_put_string(&b, OpenSSL_version(OPENSSL_VERSION));
    /* A distribution's repair changes this and not the version. */
    buf_put_string(&b, OpenSSL_version(OPENSSL_BUILT_ON));
    buf_put_u32(&b, t->document->epoch);
    buf_put(&b, sha256, sizeof(sha256));
    return buf_error(&b) < 0 ? -ENOMEM : digest_sha256(b.data, b.size, t->basis);
}

const uint8_t *trust_set_basis(const struct trust_set *t)
{
    return t->basis;
}

int trust_set_new(const void *octets, size_t size, struct trust_set **ret, struct document_error *error)
{
    cleanup(trust_set_free_p) struct trust_set *t = calloc(1, sizeof(*t));
    int r;

    *ret = NULL;
    if (!t)
        return -ENOMEM;
    atomic_init(&t->n_references, 1);
    r = trust_parse(octets, size, &t->document, error);
    if (r == 0)
        r = load_anchors(t, error);
    if (r == 0)
        r = load_all_signers(t, error);
    if (r == 0)
        r = find_basis(t, octets, size);
    if (r < 0)
        return r;
    voters_number(&t->approvers);
    voters_number(&t->revokers);
    voters_number(&t->status_keys);
    r = check_quorums(t, error);
    if (r < 0)
        return r;
    *ret = steal_pointer(&t);
    return 0;
}

bool signer_valid_until(const struct signer *s, when_t now, when_t *ret)
{
    bool valid = false;

    for (size_t i = 0; i < s->n_chains; i++) {
        if (!when_interval_contains(s->chains[i], now))
            continue;
        *ret = valid && *ret > s->chains[i].until ? *ret : s->chains[i].until;
        valid = true;
    }
    return valid;
}

bool trust_set_class_is_open(const struct trust_set *t, enum grant_class class, when_t now)
{
    const struct trust *d = t->document;

    return class >= GRANT_CLASS_NORMAL && class <= GRANT_CLASS_COUNT &&
           when_interval_contains(d->valid, now) && voters_can_meet(&t->approvers, &d->quorum[class], &now);
}

/* The end of everything a person can sign with, in one list. */
static when_t person_valid_until(const struct signers *s, const char *person, when_t now)
{
    when_t end = 0, until = 0;

    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->items[i].line->person, person) == 0 && signer_valid_until(&s->items[i], now, &until) &&
            until > end)
            end = until;
    return end;
}

when_t trust_set_approver_until(const struct trust_set *t, const char *person, when_t now)
{
    return person_valid_until(&t->approvers, person, now);
}

const char *trust_set_first_to_end(const struct trust_set *t, when_t now, when_t *until)
{
    const struct signers *const lists[] = {&t->approvers, &t->revokers, &t->status_keys};
    const char *first = NULL;

    for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
        for (size_t i = 0; i < lists[k]->count; i++) {
            const char *person = lists[k]->items[i].line->person;
            when_t end = person_valid_until(lists[k], person, now);

            if (end == 0 || (first && end >= *until))
                continue;
            first = person;
            *until = end;
        }
    return first;
}
