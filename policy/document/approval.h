#ifndef HUFU_DOCUMENT_APPROVAL_H
#define HUFU_DOCUMENT_APPROVAL_H

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/when.h"
#include "policy/document/document.h"

/*
 * An approval: one person's signature over one subject document (4-documents, "Approval"). The signed
 * octets ("tbs") are the header lines, all but `signature`, then an empty line, then the subject.
 */

enum signature_algorithm {
    SIGNATURE_ED25519 = 1,
    SIGNATURE_ECDSA_P256_SHA256,
    SIGNATURE_RSA_PSS_SHA256,
    SIGNATURE_SM2_SM3,
};

enum approval_subject {
    APPROVAL_SUBJECT_GRANT = 1,  /* grant ID VERSION */
    APPROVAL_SUBJECT_TRUST,      /* trust EPOCH */
    APPROVAL_SUBJECT_REVOCATION, /* revocation ID */
    APPROVAL_SUBJECT_STATUS,     /* status TRUST-EPOCH EPOCH */
};

struct approval {
    const char *site;
    const char *approver; /* person */
    const char *role;     /* a role of the trust file, or `revoker`, `status` */
    enum signature_algorithm alg;
    uint8_t cert_sha256[32];
    when_t approved_at; /* a claim, never evidence */
    enum approval_subject subject;
    struct ident_id subject_id;  /* grant, revocation */
    uint32_t subject_numbers[2]; /* grant: version; trust: epoch; status: trust-epoch, epoch */
    uint32_t subject_length;     /* octets */
    uint8_t subject_sha256[32];
    const uint8_t *signature; /* NULL only in a value made for approval_write_tbs() */
    size_t signature_size;
    size_t header_size; /* octets before the `signature` line, when parsed */
    void *arena;
};

/** As grant_parse(). */
int approval_parse(const void *octets, size_t size, struct approval **ret, struct document_error *error);

/** The octets to be signed for header `a` and this subject: header lines, empty line, subject. The
 * caller's to free. -EINVAL also if the subject has another length than `a` states. Used by the signer; a
 * verifier uses approval_tbs_of(), never a re-serialisation. */
int approval_write_tbs(const struct approval *a, const void *subject, size_t subject_size, uint8_t **ret,
                       size_t *ret_size, struct document_error *error);

/** The octets that were signed, taken from the approval's received octets. `a` is what approval_parse() made
 * of them. Returns 0, -EINVAL if the subject has not the length that the header states, -ENOMEM. Whether it
 * has the digest that the header states is the verifier's question: policy/ has no digests. */
int approval_tbs_of(const void *approval_octets, const struct approval *a, const void *subject,
                    size_t subject_size, uint8_t **ret, size_t *ret_size);

/** The whole document as text, signature included; reads itself back. */
int approval_write(const struct approval *a, char **ret, struct document_error *error);

struct approval *approval_free(struct approval *a);
DEFINE_CLEANUP(struct approval, approval_free);

const char *signature_algorithm_name(enum signature_algorithm alg);
/** Returns 0 or -EINVAL. */
int signature_algorithm_from_name(const char *text, size_t length, enum signature_algorithm *ret);

#endif
