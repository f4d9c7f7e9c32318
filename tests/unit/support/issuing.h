#ifndef HUFU_TESTS_SUPPORT_ISSUING_H
#define HUFU_TESTS_SUPPORT_ISSUING_H

#include "policy/base/when.h"
#include "policy/document/approval.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keys, certificates and signatures for tests, made at run time with libcrypto alone and with its
 * default context: nothing here goes through broker/trust, so the code under test is never checked
 * against itself. What cannot be made ends the test program. Everything returned is the caller's.
 */

/** Ends the program, naming the place, unless `ok`. */
#define must(ok) issuing_must((ok), #ok, __FILE__, __LINE__)
void issuing_must(bool ok, const char *what, const char *file, int line);

#define ISSUING_SM2_ID "1234567812345678"

EVP_PKEY *issue_key(enum signature_algorithm alg);
EVP_PKEY *issue_rsa_key(unsigned bits);
EVP_PKEY *issue_ec_key(const char *group);

/* Dates of a certificate whose plan has none. */
#define ISSUING_FROM  ((when_t)1767225600) /* 2026-01-01T00:00:00Z */
#define ISSUING_UNTIL ((when_t)2493072000) /* 2049-01-01T00:00:00Z */

struct certificate_plan {
    const char *name; /* CN */
    EVP_PKEY *key;
    X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
    bool ca;
    const char *usage;  /* keyUsage; NULL: what is usual; "": none */
    const char *extra;  /* one more extension as "name=value", or NULL */
    const char *sm2_id; /* under which an SM2 issuer signs; NULL: ISSUING_SM2_ID */
    const char *digest; /* NULL: what is usual for the issuer's key */
    when_t from;        /* 0: ISSUING_FROM */
    when_t last;        /* notAfter, the last second; 0: that before ISSUING_UNTIL */
};
X509 *issue_certificate(const struct certificate_plan *plan);

/** Signature over octets, as the stock commands make it. `sm2_id` NULL: ISSUING_SM2_ID. */
uint8_t *issue_signature(enum signature_algorithm alg, EVP_PKEY *key, const void *octets, size_t size,
                         const char *sm2_id, size_t *ret_size);

/** PKCS#8 in PEM, encrypted if there is a passphrase. */
char *issue_key_pem(EVP_PKEY *key, const char *passphrase);
char *issue_certificate_base64(X509 *certificate);
void issue_certificate_sha256(X509 *certificate, char text[static 65]);
void issue_sha256(const void *octets, size_t size, char text[static 65]);

/** Removes a folder below /tmp with everything in it. */
void issuing_remove_folder(const char *path);

/** printf() into memory. */
__attribute__((format(printf, 1, 2))) char *issue_text(const char *format, ...);

#endif
