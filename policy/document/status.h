#ifndef HUFU_DOCUMENT_STATUS_H
#define HUFU_DOCUMENT_STATUS_H

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/when.h"
#include "policy/document/document.h"

/*
 * A status: what does not count any more at a site, as of one instant (4-documents, "Revocation and status";
 * hufu-status(5)). It is signed by a status key and can only narrow; since it expires, keeping a newer one
 * from a host helps for a bounded time. Statuses are ordered by (trust-epoch, epoch). What one means for a
 * grant is in policy/engine/status.h.
 *
 * All lists are sorted by their octets and hold each id or certificate once.
 */

struct status_minimum {
    struct ident_id id;
    uint32_t version; /* the lowest that still counts */
};

struct status_certificate {
    uint8_t sha256[32]; /* of the DER */
};

struct status {
    const char *site;
    uint32_t trust_epoch;
    uint32_t epoch;
    when_t issued;
    when_t expires; /* later than issued */
    const struct ident_id *revoked;
    size_t n_revoked;
    const struct status_certificate *revoked_certificates;
    size_t n_revoked_certificates;
    const struct status_minimum *minimum_versions;
    size_t n_minimum_versions;
    void *arena;
};

/** As grant_parse(). Refuses also a grant with two minimum versions. */
int status_parse(const void *octets, size_t size, struct status **ret, struct document_error *error);

/** As grant_write(). The lists are sorted by the writer. */
int status_write(const struct status *s, char **ret, struct document_error *error);

struct status *status_free(struct status *s);
DEFINE_CLEANUP(struct status, status_free);

#endif
