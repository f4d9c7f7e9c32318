#ifndef HUFU_TRUST_SIGNERS_H
#define HUFU_TRUST_SIGNERS_H

#include "broker/trust/certificate.h"
#include "broker/trust/trust_set.h"

#include <stdatomic.h>

/* What is inside a trust set; seen by broker/trust alone. */

/* One approver, revoker or status-key line. */
struct signer {
    const struct trust_signer *line;
    struct certificate *certificate;
    struct when_interval *chains; /* the certificate's dates within those of each anchor that issued it */
    size_t n_chains;
    size_t voter; /* equal for one person and for one key: one vote (see voters.h) */
};

struct signers {
    struct signer *items; /* in the order of the document's lines */
    size_t count;
};

struct trust_set {
    atomic_uint n_references;
    uint8_t basis[TRUST_BASIS_SIZE];
    struct trust *document;
    struct certificate **anchors;
    size_t n_anchors;
    struct signers approvers;
    struct signers revokers;
    struct signers status_keys;
};

/** End of the longest chain that is valid at `now`. Returns true, or false if none is. */
bool signer_valid_until(const struct signer *s, when_t now, when_t *ret);

#endif
