#include "tests/differential/trust_pki.h"

#include "policy/base/ident.h"
#include "tests/differential/case_input.h"
#include "tests/unit/support/issuing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEYS_MAX = 32,
    CERTIFICATES_MAX = 128,
};

struct named_key {
    char *name;
    enum signature_algorithm alg;
    EVP_PKEY *key;
};

struct named_certificate {
    char *name;
    const struct named_key *key;
    X509 *certificate;
};

static struct named_key keys[KEYS_MAX];
static size_t n_keys;
static struct named_certificate certificates[CERTIFICATES_MAX];
static size_t n_certificates;

static const struct named_key *find_key(const char *name)
{
    for (size_t i = 0; i < n_keys; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    case_fail("no such key", name);
}

static const struct named_certificate *find_certificate(const char *name)
{
    for (size_t i = 0; i < n_certificates; i++)
        if (strcmp(certificates[i].name, name) == 0)
            return &certificates[i];
    case_fail("no such certificate", name);
}

void pki_key(const char *name, const char *kind)
{
    struct named_key *k = &keys[n_keys++];

    must(n_keys <= KEYS_MAX && (k->name = strdup(name)) != NULL);
    if (strcmp(kind, "rsa-1024") == 0) {
        k->alg = SIGNATURE_RSA_PSS_SHA256;
        k->key = issue_rsa_key(1024);
    } else if (strcmp(kind, "p-384") == 0) {
        k->alg = SIGNATURE_ECDSA_P256_SHA256;
        k->key = issue_ec_key("P-384");
    } else {
        must(signature_algorithm_from_name(kind, strlen(kind), &k->alg) == 0);
        k->key = issue_key(k->alg);
    }
}

void pki_certificate(const struct pki_plan *plan)
{
    struct named_certificate *c = &certificates[n_certificates];
    const struct named_certificate *issuer =
        strcmp(plan->issuer, "-") == 0 ? NULL : find_certificate(plan->issuer);
    char sha256[65];
    char *base64;

    must(++n_certificates <= CERTIFICATES_MAX && (c->name = strdup(plan->name)) != NULL);
    c->key = find_key(plan->key);
    c->certificate = issue_certificate(&(struct certificate_plan){
        .name = plan->subject,
        .key = c->key->key,
        .issuer = issuer ? issuer->certificate : NULL,
        .issuer_key = issuer ? issuer->key->key : NULL,
        .ca = strcmp(plan->kind, "authority") == 0,
        .usage = strcmp(plan->usage, "-") == 0 ? "" : plan->usage,
        .from = strtoll(plan->from, NULL, 10),
        .last = strtoll(plan->until, NULL, 10) - 1,
    });
    base64 = issue_certificate_base64(c->certificate);
    issue_certificate_sha256(c->certificate, sha256);
    printf("%s %s\n", base64, sha256);
    free(base64);
}

char *pki_sign(const char *key, const void *octets, size_t size)
{
    const struct named_key *k = find_key(key);
    size_t signature_size;
    uint8_t *signature = issue_signature(k->alg, k->key, octets, size, NULL, &signature_size);
    char *base64 = ident_base64_encode(signature, signature_size);

    must(base64 != NULL);
    free(signature);
    return base64;
}

void pki_done(void)
{
    for (size_t i = 0; i < n_certificates; i++) {
        free(certificates[i].name);
        X509_free(certificates[i].certificate);
    }
    for (size_t i = 0; i < n_keys; i++) {
        free(keys[i].name);
        EVP_PKEY_free(keys[i].key);
    }
}
