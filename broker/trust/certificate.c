#include "broker/trust/certificate.h"

#include "broker/trust/context.h"
#include "broker/trust/digest.h"
#include "broker/trust/openssl_cleanup.h"
#include "broker/trust/signature.h"
#include "policy/base/words.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/* 112 bits: RSA of 2048, SHA-224, curves of 224. What libcrypto calls level 2. */
#define LEAST_SECURITY_BITS  112
#define LEAST_SECURITY_LEVEL 2

struct certificate *certificate_free(struct certificate *c)
{
    if (!c)
        return NULL;
    EVP_MD_CTX_free(c->prepared);
    X509_free(c->x509);
    free(c);
    return NULL;
}

/* The id that this certificate's issuer signed it under; what its own key will sign under is another
 * matter. Other algorithms refuse to verify as soon as there is an id. */
static int set_distinguishing_id(X509 *x509)
{
    cleanup(ASN1_OCTET_STRING_free_p) ASN1_OCTET_STRING *id = NULL;

    if (X509_get_signature_nid(x509) != NID_SM2_with_SM3)
        return 0;
    id = ASN1_OCTET_STRING_new();
    if (!id || ASN1_OCTET_STRING_set(id, (const uint8_t *)SM2_DISTINGUISHING_ID,
                                     sizeof(SM2_DISTINGUISHING_ID) - 1) != 1)
        return -ENOMEM;
    X509_set0_distinguishing_id(x509, steal_pointer(&id));
    return 0;
}

/* `time` is a part of the certificate, and so never NULL (which would be read as now). */
static int when_of(const ASN1_TIME *time, when_t *ret)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return -EINVAL;
    *ret = timegm(&tm);
    return 0;
}

/* X.509's notAfter is the last second; intervals here are half-open. */
static int read_dates(const X509 *x509, struct when_interval *ret)
{
    if (when_of(X509_get0_notBefore(x509), &ret->from) < 0 ||
        when_of(X509_get0_notAfter(x509), &ret->until) < 0)
        return -EINVAL;
    ret->until++;
    return ret->from < ret->until ? 0 : -EINVAL;
}

static int parse(const struct trust_certificate *der, X509 **ret, const char **fault)
{
    cleanup(X509_free_p) X509 *x509 = X509_new_ex(crypto_context(), NULL);
    const uint8_t *p = der->der;

    *fault = N_("not a certificate");
    if (!x509)
        return -ENOMEM;
    /* On failure d2i_X509() frees what it was given. */
    if (der->size > LONG_MAX || !d2i_X509(&x509, &p, (long)der->size))
        return -EINVAL;
    if (p != der->der + der->size) {
        *fault = N_("octets after the certificate");
        return -EINVAL;
    }
    *ret = steal_pointer(&x509);
    return 0;
}

static int load(const struct trust_certificate *der, struct certificate **ret, const char **fault)
{
    cleanup(certificate_free_p) struct certificate *c = calloc(1, sizeof(*c));
    int r;

    if (!c || !crypto_context())
        return -ENOMEM;
    r = parse(der, &c->x509, fault);
    ERR_clear_error();
    if (r == 0)
        r = set_distinguishing_id(c->x509);
    if (r == 0)
        r = digest_sha256(der->der, der->size, c->sha256);
    if (r < 0)
        return r;
    c->key = X509_get0_pubkey(c->x509);
    *fault = NULL;
    if (!c->key)
        *fault = N_("the certificate's key is of an unknown kind");
    else if (X509_get_version(c->x509) != X509_VERSION_3 ||
             X509_get_extension_flags(c->x509) & EXFLAG_INVALID)
        *fault = N_("the certificate's extensions are missing or malformed");
    else if (read_dates(c->x509, &c->valid) < 0)
        *fault = N_("the certificate's dates are malformed");
    ERR_clear_error();
    if (*fault)
        return -EINVAL;
    *ret = steal_pointer(&c);
    return 0;
}

/* Not X509_check_ca(): it calls CA:TRUE without keyCertSign no authority. */
static bool is_authority(const struct certificate *c)
{
    return (X509_get_extension_flags(c->x509) & EXFLAG_CA) != 0;
}

static const char *anchor_fault(const struct certificate *c)
{
    if (!is_authority(c))
        return N_("an anchor must be a certificate authority's (CA:TRUE)");
    if (!(X509_get_key_usage(c->x509) & KU_KEY_CERT_SIGN))
        return N_("an anchor's key usage must contain keyCertSign");
    if (EVP_PKEY_get_security_bits(c->key) < LEAST_SECURITY_BITS)
        return N_("the anchor's key is too weak");
    return NULL;
}

/* An absent key usage would mean "for anything" (RFC 5280, 4.2.1.3), and is handed out as every bit set;
 * nothing is implied here, so keyCertSign refuses it. */
static const char *signer_fault(const struct certificate *c, enum signature_algorithm alg)
{
    uint32_t usage = X509_get_key_usage(c->x509);

    if (is_authority(c))
        return N_("a certificate authority's certificate cannot sign documents");
    if (!(usage & KU_DIGITAL_SIGNATURE) || (usage & KU_KEY_CERT_SIGN))
        return N_("the certificate's key usage must contain digitalSignature, and not keyCertSign");
    return signature_key_fault(alg, c->key);
}

int certificate_new_anchor(const struct trust_certificate *der, struct certificate **ret, const char **fault)
{
    cleanup(certificate_free_p) struct certificate *c = NULL;
    int r;

    *ret = NULL;
    r = load(der, &c, fault);
    if (r < 0)
        return r;
    *fault = anchor_fault(c);
    if (*fault)
        return -EINVAL;
    *ret = steal_pointer(&c);
    return 0;
}

int certificate_new_signer(const struct trust_certificate *der, enum signature_algorithm alg,
                           struct certificate **ret, const char **fault)
{
    cleanup(certificate_free_p) struct certificate *c = NULL;
    int r;

    *ret = NULL;
    r = load(der, &c, fault);
    if (r < 0)
        return r;
    *fault = signer_fault(c, alg);
    if (*fault)
        return -EINVAL;
    r = signature_prepare(alg, c->key, &c->prepared);
    if (r == -ENOMEM)
        return r;
    *ret = steal_pointer(&c);
    return 0;
}

static int prepare(X509_STORE_CTX *ctx, const struct certificate *signer, STACK_OF(X509) * anchors)
{
    X509_VERIFY_PARAM *param;

    if (X509_STORE_CTX_init(ctx, NULL, signer->x509, NULL) != 1)
        return -ENOMEM;
    X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
    X509_VERIFY_PARAM_set_auth_level(param, LEAST_SECURITY_LEVEL);
    return 0;
}

int certificate_is_issued_by(const struct certificate *signer, const struct certificate *anchor)
{
    cleanup(X509_STORE_CTX_free_p) X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(crypto_context(), NULL);
    STACK_OF(X509) *anchors = sk_X509_new_null();
    int r = -ENOMEM;

    if (ctx && anchors && sk_X509_push(anchors, anchor->x509) > 0 && prepare(ctx, signer, anchors) == 0)
        r = X509_verify_cert(ctx) == 1 && sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) == 2;
    sk_X509_free(anchors);
    ERR_clear_error();
    return r;
}
