#include "broker/trust/sign.h"

#include "broker/trust/judge.h"
#include "broker/trust/office.h"
#include "broker/trust/openssl_cleanup.h"
#include "broker/trust/private_key.h"
#include "broker/trust/signature.h"
#include "broker/trust/token_key.h"
#include "policy/base/words.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void say(struct document_error *error, const char *format, ...)
{
    va_list arguments;

    if (error) {
        error->line = 0;
        va_start(arguments, format);
        (void)vsnprintf(error->reason, sizeof(error->reason), document_words(error, format), arguments);
        va_end(arguments);
    }
}

#define refuse(error, ...) (say((error), __VA_ARGS__), -EINVAL)

/* What is to be signed, its site, and the parsed document that the subject points into. */
struct parsed_subject {
    struct subject subject;
    const char *site;
    struct grant *grant;
    struct trust *trust;
    struct revocation *revocation;
    struct status *status;
};

static void parsed_subject_done(struct parsed_subject *p)
{
    grant_free(p->grant);
    trust_free(p->trust);
    revocation_free(p->revocation);
    status_free(p->status);
}

static int parse_subject(enum document_type type, struct octets octets, struct parsed_subject *ret,
                         struct document_error *error)
{
    int r;

    switch (type) {
    case DOCUMENT_GRANT:
        r = grant_parse(octets.data, octets.size, &ret->grant, error);
        if (r < 0)
            return r;
        ret->site = ret->grant->site;
        return subject_of_grant(ret->grant, octets, &ret->subject);
    case DOCUMENT_TRUST:
        r = trust_parse(octets.data, octets.size, &ret->trust, error);
        if (r < 0)
            return r;
        ret->site = ret->trust->site;
        return subject_of_trust(ret->trust, octets, &ret->subject);
    case DOCUMENT_REVOCATION:
        r = revocation_parse(octets.data, octets.size, &ret->revocation, error);
        if (r < 0)
            return r;
        ret->site = ret->revocation->site;
        return subject_of_revocation(ret->revocation, octets, &ret->subject);
    case DOCUMENT_STATUS:
        r = status_parse(octets.data, octets.size, &ret->status, error);
        if (r < 0)
            return r;
        ret->site = ret->status->site;
        return subject_of_status(ret->status, octets, &ret->subject);
    case DOCUMENT_APPROVAL:
        break;
    }
    return refuse(error, N_("an approval is not approved; sign the document that it is about"));
}

/* What the holders of an office are called. */
static const char *office_title(const struct trust_set *t, const struct office *office)
{
    if (office->holders == &t->revokers)
        return N_("revoker");
    return office->holders == &t->status_keys ? N_("status key") : N_("approver");
}

static int find_signer(const struct trust_set *t, enum approval_subject kind, const struct trust_signing *x,
                       EVP_PKEY *key, const struct signer **ret, struct document_error *error)
{
    struct office office;
    bool person_known = false;
    bool role_known = false;

    if (!office_find(t, kind, x->role, &office))
        return refuse(error, N_("nobody may sign such a document as %s"), x->role);
    for (size_t i = 0; i < office.holders->count; i++) {
        const struct signer *s = &office.holders->items[i];

        if (strcmp(s->line->person, x->person) != 0)
            continue;
        person_known = true;
        if (!office_is_held_by(t, &office, s))
            continue;
        role_known = true;
        if (EVP_PKEY_eq(s->certificate->key, key) == 1) {
            *ret = s;
            return 0;
        }
    }
    ERR_clear_error();
    if (!person_known)
        return refuse(error, N_("the trust file has no %s %s"),
                      document_words(error, office_title(t, &office)), x->person);
    if (!role_known)
        return refuse(error, N_("%s may not sign as %s"), x->person, x->role);
    return refuse(error,
                  N_("the key belongs to none of the certificates that the trust file has for %s as %s"),
                  x->person, x->role);
}

static int write_signed(struct approval *a, EVP_PKEY *key, struct octets subject, char **ret,
                        struct document_error *error)
{
    cleanup_free uint8_t *tbs = NULL;
    cleanup_free uint8_t *signature = NULL;
    size_t tbs_size = 0;
    int r = approval_write_tbs(a, subject.data, subject.size, &tbs, &tbs_size, error);

    if (r < 0)
        return r;
    r = signature_make(a->alg, key, tbs, tbs_size, &signature, &a->signature_size);
    if (r == -EINVAL)
        return refuse(error, N_("the key cannot sign"));
    if (r < 0)
        return r;
    a->signature = signature;
    r = approval_write(a, ret, error);
    a->signature = NULL;
    return r;
}

static int make(const struct trust_set *t, const struct subject *subject, const struct signer *signer,
                const struct trust_signing *s, EVP_PKEY *key, char **ret, struct document_error *error)
{
    struct approval a = {
        .site = t->document->site,
        .approver = signer->line->person,
        .role = s->role,
        .alg = signer->line->alg,
        .approved_at = s->now,
        .subject = subject->kind,
        .subject_id = subject->id,
        .subject_numbers = {subject->numbers[0], subject->numbers[1]},
        .subject_length = (uint32_t)subject->octets.size,
    };

    memcpy(a.cert_sha256, signer->certificate->sha256, sizeof(a.cert_sha256));
    memcpy(a.subject_sha256, subject->sha256, sizeof(a.subject_sha256));
    return write_signed(&a, key, subject->octets, ret, error);
}

static int check(const struct trust_set *t, const struct subject *subject, const char *text, when_t now,
                 struct document_error *error)
{
    struct octets octets = {(const uint8_t *)text, strlen(text)};
    struct judgement j;
    struct trust_verdict v;
    int r = trust_verdict_make(t, subject, octets, &v);

    if (r == 0)
        r = judge_approval(t, subject->kind, subject->grant, octets, &v, now, &j);
    if (r == 0 && j.seen.outcome != SIGNATURE_COUNTED)
        return refuse(error, N_("this approval would not count: %s"),
                      document_words(error, signature_outcome_sentence(j.seen.outcome)));
    return r;
}

/* One of the two is there; `key` is theirs. */
struct signing_key {
    struct token_key *token;
    EVP_PKEY *file;
    EVP_PKEY *key;
};

static void signing_key_done(struct signing_key *k)
{
    token_key_close(k->token);
    EVP_PKEY_free(k->file);
}

static int open_token(const struct trust_signing *s, struct signing_key *k, struct document_error *error)
{
    int r = token_key_open(s->token, s->passphrase, &k->token);

    switch (r) {
    case 0:
        k->key = token_key_pkey(k->token);
        return 0;
    case -EINVAL:
        return refuse(error,
                      N_("leave the PIN out of the URI, where everybody can read it; you are asked for it, "
                         "or pin-source=file:PATH names a file"));
    case -ENOENT:
        return refuse(error, N_("no token here has such a private key; `pkcs11-tool --login --list-objects` "
                                "shows what there is"));
    case -ENOSYS:
    case -EACCES:
        return refuse(error, "%s", document_words(error, token_key_fault(r)));
    default:
        return r;
    }
}

static int open_key(const struct trust_signing *s, struct signing_key *k, struct document_error *error)
{
    int r;

    if (s->token)
        return open_token(s, k, error);
    r = private_key_parse((const char *)s->key.data, s->key.size, s->passphrase, &k->file);
    if (r == -EINVAL)
        return refuse(error, N_("the key file holds no private key that can be read"));
    k->key = k->file;
    return r;
}

int trust_sign(const struct trust_set *t, const struct trust_signing *s, char **ret,
               struct document_error *error)
{
    cleanup(parsed_subject_done) struct parsed_subject parsed = {0};
    cleanup(signing_key_done) struct signing_key key = {0};
    cleanup_free char *text = NULL;
    const struct signer *signer = NULL;
    int r;

    *ret = NULL;
    r = parse_subject(s->type, s->subject, &parsed, error);
    if (r < 0)
        return r;
    if (strcmp(parsed.site, t->document->site) != 0)
        return refuse(error, N_("the document is for site %s, the trust file for %s"), parsed.site,
                      t->document->site);
    if (parsed.status && parsed.status->trust_epoch != t->document->epoch)
        return refuse(error, N_("the status is of trust epoch %u, the trust file of %u"),
                      parsed.status->trust_epoch, t->document->epoch);
    r = open_key(s, &key, error);
    if (r < 0)
        return r;
    r = find_signer(t, parsed.subject.kind, s, key.key, &signer, error);
    if (r == 0)
        r = make(t, &parsed.subject, signer, s, key.key, &text, error);
    if (r == 0)
        r = check(t, &parsed.subject, text, s->now, error);
    if (r < 0)
        return r;
    *ret = steal_pointer(&text);
    return 0;
}
