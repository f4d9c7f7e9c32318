// LAYERS: trust engine document base
// LIBRARIES: libcrypto
// COVERS: broker/trust/certificate.c broker/trust/private_key.c broker/trust/ledger_public.c
// COVERS: broker/trust/signature.c:-signature_make,signature_verify_prepared
// COVERS: broker/trust/ledger_key.c:-ledger_key_make,ledger_key_sign
// OPTIONS: -max_len=4096
// CUTS: 16
/*
 * Keys, certificates and signatures that others made. The first octet says as what: an anchor's certificate,
 * a signer's (the second octet is the algorithm), a signature under a key that is known (again the
 * algorithm), a private key, a public key in PEM or DER. Whatever is accepted is as its rules say and comes
 * back the same; a refusal says why and leaves nothing.
 */
#include "broker/trust/certificate.h"
#include "broker/trust/ledger_key.h"
#include "broker/trust/private_key.h"
#include "broker/trust/signature.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <openssl/x509.h>
#include <string.h>

/* What the signatures of the corpus are over. */
static const char message[] = "hufu-approval: 1\n";

static const char *const public_keys[] = {
    [SIGNATURE_ED25519] = "MCowBQYDK2VwAyEAXUJCMEjZrfOaybZ4pfsK70NfDvQCH2xKSJlX1yHTFBY=",
    [SIGNATURE_ECDSA_P256_SHA256] =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE87q0E+a8PrnyffMPUs6Bn8xobGJIQK6bM2bUOE7hshT5"
        "pQdI2x3TecVG+S2+8u/iQvgtjQ1lmvnGEphJDhSqcQ==",
    [SIGNATURE_RSA_PSS_SHA256] =
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAncp6y50+L42WsCXYDLaJeoDAPT700osGXonJ5rBkEpQ0"
        "FK0REtSWU0chIFu+aUF1JmuqGHVWrgF6qd/TkTiPHQiifYotAktd3WpJf417m1cAVYltvLVsq17yeidqmiuyZoFu"
        "qPEXNCxAh+tJ41RyFaUVmlETYu0saGWhL+LpX5JLQ3HhlUklHouhKy/sh03Vzb3UVcKfx16I34RYSKlvemt1K8Yv"
        "ZNDCSrdkrNfKuENRexAwZTM5gbOKiYtNHzmAL9PE62TyCDpZxqIwDEsHy2OugcL4dHigfELj9FBDS8KZZHo0GELQ"
        "IWSiDGffEcuHy7vO+K/fnD3QPXQDZo2dhwIDAQAB",
    [SIGNATURE_SM2_SM3] =
        "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAESMS9pFHNS7ALoFk94nD8LTxGylTs4mf3f9RbPq4JVYBNdPQA"
        "hbA5jgdCMt8SMrKB4QsIzafHTYYoWUn5hUc/mg==",
};

static bool is_algorithm(unsigned n)
{
    return n >= SIGNATURE_ED25519 && n <= SIGNATURE_SM2_SM3;
}

static void try_certificate(const uint8_t *data, size_t size, unsigned alg)
{
    const struct trust_certificate der = {data, size};
    struct certificate *c = NULL;
    const char *fault = NULL;
    int r = alg == 0 ? certificate_new_anchor(&der, &c, &fault)
                     : certificate_new_signer(&der, (enum signature_algorithm)alg, &c, &fault);

    demand((r == 0) == (c != NULL), "refused, and a certificate is left");
    demand(r == 0 || (r == -EINVAL && fault && fault[0] != '\0'), "refused without a reason");
    if (!c)
        return;
    demand(c->key && c->valid.from < c->valid.until, "a key and a time");
    demand(alg == 0 || !signature_key_fault((enum signature_algorithm)alg, c->key), "a key that is fit");
    demand(certificate_is_issued_by(c, c) >= 0, "who issued it can be told");
    certificate_free(c);
}

static void try_signature(unsigned alg, const uint8_t *data, size_t size)
{
    static EVP_PKEY *keys[SIGNATURE_SM2_SM3 + 1];
    int r, other;

    if (!is_algorithm(alg)) {
        demand(signature_verify((enum signature_algorithm)alg, NULL, message, 1, data, size) == 0,
               "no such algorithm, and it verifies");
        return;
    }
    if (!keys[alg]) {
        cleanup_free uint8_t *der = NULL;
        const uint8_t *at;
        size_t n;

        demand(ident_base64_decode(public_keys[alg], strlen(public_keys[alg]), &der, &n) == 0, "a key");
        at = der;
        keys[alg] = d2i_PUBKEY(NULL, &at, (long)n);
        demand(keys[alg] != NULL, "a key");
    }
    r = signature_verify((enum signature_algorithm)alg, keys[alg], message, sizeof(message) - 1, data, size);
    other =
        signature_verify((enum signature_algorithm)alg, keys[alg], message, sizeof(message) - 2, data, size);
    demand(r == 0 || r == 1, "a signature is one or is none");
    demand(other == 0, "a signature over something else");
}

static void try_private_key(const char *pem, size_t size)
{
    EVP_PKEY *key = NULL;
    struct ledger_key *ledger = NULL;
    int r = private_key_parse(pem, size, "hufu", &key), without;

    demand((r == 0) == (key != NULL), "refused, and a key is left");
    EVP_PKEY_free(key);
    without = private_key_parse(pem, size, NULL, &key);
    demand(without == r || without == -EKEYREJECTED, "a passphrase opens what had none");
    EVP_PKEY_free(key);
    r = ledger_key_parse(pem, size, &ledger);
    demand((r == 0) == (ledger != NULL), "refused, and a key is left");
    if (!ledger)
        return;
    demand(ledger_public_fingerprint(ledger_key_public(ledger)) != NULL, "a key has a fingerprint");
    ledger_key_free(ledger);
}

static void demand_same(const struct ledger_public *p)
{
    cleanup(ledger_public_free_p) struct ledger_public *from_pem = NULL, *from_der = NULL;
    cleanup_free char *pem = ledger_public_pem(p);
    const char *fault = NULL;
    const uint8_t *spki;
    size_t size;

    demand(pem != NULL, "a key is written");
    spki = ledger_public_spki(p, &size);
    if (ledger_public_from_pem(pem, strlen(pem), &from_pem, &fault) < 0 ||
        ledger_public_from_der(spki, size, &from_der, &fault) < 0) {
        /* Whether a modulus that nobody chose is one is tried with random numbers, which may find out later.
         */
        demand(strncmp(ledger_public_algorithm(p), "rsa-pss-", 8) == 0, "a key that was written is read");
        return;
    }
    demand(strcmp(ledger_public_fingerprint(p), ledger_public_fingerprint(from_pem)) == 0 &&
               strcmp(ledger_public_fingerprint(p), ledger_public_fingerprint(from_der)) == 0 &&
               strcmp(ledger_public_algorithm(p), ledger_public_algorithm(from_der)) == 0,
           "a key comes back");
    demand(ledger_public_verify(p, "none", "", 0, (const uint8_t *)"", 0) == 0, "no such algorithm");
    demand(ledger_public_verify(p, ledger_public_algorithm(p), message, 1, spki, size) == 0, "no signature");
}

static void try_public_key(bool pem, const uint8_t *data, size_t size)
{
    struct ledger_public *p = NULL;
    const char *fault = NULL;
    int r = pem ? ledger_public_from_pem((const char *)data, size, &p, &fault)
                : ledger_public_from_der(data, size, &p, &fault);

    demand((r == 0) == (p != NULL), "refused, and a key is left");
    demand(r == 0 || (r == -EINVAL && fault), "refused without a reason");
    if (!p)
        return;
    demand_same(p);
    ledger_public_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned alg = size > 1 ? (unsigned)(data[1] - '0') : 0;

    switch (size > 2 ? data[0] : 0) {
    case 'a':
        try_certificate(data + 1, size - 1, 0);
        break;
    case 'g':
        if (alg > 0 && alg <= 9)
            try_certificate(data + 2, size - 2, alg);
        break;
    case 's':
        if (alg <= 9)
            try_signature(alg, data + 2, size - 2);
        break;
    case 'p': {
        cleanup_free char *pem = fuzz_text(data + 1, size - 1);

        try_private_key(pem, size - 1);
        break;
    }
    case 'b':
    case 'd':
        try_public_key(data[0] == 'b', data + 1, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
