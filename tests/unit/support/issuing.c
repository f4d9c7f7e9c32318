#include "tests/unit/support/issuing.h"

#include "policy/base/ident.h"

#include <ftw.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void issuing_must(bool ok, const char *what, const char *file, int line)
{
    if (ok)
        return;
    (void)fprintf(stderr, "%s:%d: cannot prepare the test: %s\n", file, line, what);
    ERR_print_errors_fp(stderr);
    abort();
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void issuing_remove_folder(const char *path)
{
    must(strncmp(path, "/tmp/", 5) == 0 && nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

char *issue_text(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    must(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}

static EVP_PKEY *made(EVP_PKEY *key)
{
    must(key != NULL);
    return key;
}

EVP_PKEY *issue_rsa_key(unsigned bits)
{
    return made(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits));
}

EVP_PKEY *issue_ec_key(const char *group)
{
    return made(EVP_PKEY_Q_keygen(NULL, NULL, "EC", group));
}

EVP_PKEY *issue_key(enum signature_algorithm alg)
{
    switch (alg) {
    case SIGNATURE_ED25519:
        return made(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    case SIGNATURE_ECDSA_P256_SHA256:
        return issue_ec_key("P-256");
    case SIGNATURE_RSA_PSS_SHA256:
        return issue_rsa_key(2048);
    case SIGNATURE_SM2_SM3:
        return made(EVP_PKEY_Q_keygen(NULL, NULL, "SM2"));
    }
    must(false);
    return NULL;
}

static void add_extension(X509 *x, X509V3_CTX *ctx, const char *name, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf(NULL, ctx, name, value);

    must(e && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static void add_extensions(X509 *x, const struct certificate_plan *plan)
{
    const char *usage = plan->usage ? plan->usage
                        : plan->ca  ? "critical,keyCertSign,cRLSign"
                                    : "critical,digitalSignature";
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, plan->issuer ? plan->issuer : x, x, NULL, NULL, 0);
    add_extension(x, &ctx, "basicConstraints", plan->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (*usage)
        add_extension(x, &ctx, "keyUsage", usage);
    add_extension(x, &ctx, "subjectKeyIdentifier", "hash");
    if (plan->extra) {
        char *name = issue_text("%s", plan->extra);
        char *value = strchr(name, '=');

        must(value != NULL);
        *value++ = '\0';
        add_extension(x, &ctx, name, value);
        free(name);
    }
}

/* The distinguishing id goes into the issuer's digest, so it is set on the context that signs. */
static void sign_certificate(X509 *x, const struct certificate_plan *plan)
{
    EVP_PKEY *key = plan->issuer_key ? plan->issuer_key : plan->key;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;
    const char *digest = plan->digest                    ? plan->digest
                         : EVP_PKEY_is_a(key, "ED25519") ? NULL
                         : EVP_PKEY_is_a(key, "SM2")     ? "SM3"
                                                         : "SHA256";

    must(ctx && EVP_DigestSignInit_ex(ctx, &key_ctx, digest, NULL, NULL, key, NULL) == 1);
    if (EVP_PKEY_is_a(key, "SM2")) {
        const char *id = plan->sm2_id ? plan->sm2_id : ISSUING_SM2_ID;

        must(EVP_PKEY_CTX_set1_id(key_ctx, id, (int)strlen(id)) > 0);
    }
    must(X509_sign_ctx(x, ctx) > 0);
    EVP_MD_CTX_free(ctx);
}

X509 *issue_certificate(const struct certificate_plan *plan)
{
    static long serial;
    X509 *x = X509_new();
    X509_NAME *name;

    must(x && X509_set_version(x, X509_VERSION_3) == 1);
    must(ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial) == 1);
    name = X509_get_subject_name(x);
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)plan->name, -1, -1, 0) == 1);
    must(X509_set_issuer_name(x, plan->issuer ? X509_get_subject_name(plan->issuer) : name) == 1);
    must(ASN1_TIME_set(X509_getm_notBefore(x), plan->from ? plan->from : ISSUING_FROM) != NULL);
    must(ASN1_TIME_set(X509_getm_notAfter(x), plan->last ? plan->last : ISSUING_UNTIL - 1) != NULL);
    must(X509_set_pubkey(x, plan->key) == 1);
    add_extensions(x, plan);
    sign_certificate(x, plan);
    return x;
}

static void set_parameters(enum signature_algorithm alg, EVP_PKEY_CTX *ctx, const char *sm2_id)
{
    if (alg == SIGNATURE_SM2_SM3) {
        const char *id = sm2_id ? sm2_id : ISSUING_SM2_ID;

        /* An empty id stays unset: that is how it comes about. */
        must(!*id || EVP_PKEY_CTX_set1_id(ctx, id, (int)strlen(id)) > 0);
    }
    if (alg == SIGNATURE_RSA_PSS_SHA256)
        must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32) > 0);
}

uint8_t *issue_signature(enum signature_algorithm alg, EVP_PKEY *key, const void *octets, size_t size,
                         const char *sm2_id, size_t *ret_size)
{
    const char *digest = alg == SIGNATURE_ED25519 ? NULL : alg == SIGNATURE_SM2_SM3 ? "SM3" : "SHA256";
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;
    uint8_t *signature;

    must(ctx && EVP_DigestSignInit_ex(ctx, &key_ctx, digest, NULL, NULL, key, NULL) == 1);
    set_parameters(alg, key_ctx, sm2_id);
    must(EVP_DigestSign(ctx, NULL, ret_size, octets, size) == 1);
    signature = malloc(*ret_size);
    must(signature && EVP_DigestSign(ctx, signature, ret_size, octets, size) == 1);
    EVP_MD_CTX_free(ctx);
    return signature;
}

char *issue_key_pem(EVP_PKEY *key, const char *passphrase)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    char *text;
    long size;

    must(bio && PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase ? EVP_aes_256_cbc() : NULL, passphrase,
                                              passphrase ? (int)strlen(passphrase) : 0, NULL, NULL) == 1);
    size = BIO_get_mem_data(bio, &data);
    text = strndup(data, (size_t)size);
    must(text != NULL);
    BIO_free(bio);
    return text;
}

static uint8_t *der_of(X509 *certificate, size_t *ret_size)
{
    uint8_t *der = NULL;
    int size = i2d_X509(certificate, &der);

    must(size > 0);
    *ret_size = (size_t)size;
    return der;
}

char *issue_certificate_base64(X509 *certificate)
{
    size_t size;
    uint8_t *der = der_of(certificate, &size);
    char *text = ident_base64_encode(der, size);

    must(text != NULL);
    OPENSSL_free(der);
    return text;
}

void issue_sha256(const void *octets, size_t size, char text[static 65])
{
    uint8_t digest[32];

    must(EVP_Digest(octets, size, digest, NULL, EVP_sha256(), NULL) == 1);
    ident_format_hex(digest, sizeof(digest), text);
}

void issue_certificate_sha256(X509 *certificate, char text[static 65])
{
    size_t size;
    uint8_t *der = der_of(certificate, &size);

    issue_sha256(der, size, text);
    OPENSSL_free(der);
}
