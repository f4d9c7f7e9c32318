#ifndef HUFU_TESTS_UNIT_BROKER_TRUST_OFFICE_H
#define HUFU_TESTS_UNIT_BROKER_TRUST_OFFICE_H

#include "broker/trust/trust_set.h"
#include "tests/unit/support/department.h"

/* Fixture of the tests of what only takes away: the department of the other tests has beside its approvers
 * the revoker sun.qi and the status key status-2026. *state of the tests. */
struct office {
    struct department *department;
    struct signatory revoker;
    struct signatory status_key;
    char *trust;      /* the trust file, epoch 4 */
    char *revocation; /* the usual one */
    char *status;     /* the usual one */
};

/* What approvals of the usual revocation and the usual status say they are about. */
#define ABOUT_REVOCATION "revocation " PAPERS_REVOCATION
#define ABOUT_STATUS     "status 4 17"

int office_setup(void **state);
int office_teardown(void **state);

/** The office's trust file in another epoch; the caller's. */
char *office_trust(const struct office *o, unsigned epoch);

/** The octets of a text, which they point into. */
struct octets office_octets(const char *text);

/** Verifies a revocation or a status, and frees its approvals. */
struct grant_standing office_verify(const char *trust, const char *document, char **approvals, size_t n,
                                    when_t now);
/** The standing of `document` with the one approval by this plan. */
struct grant_standing office_standing_by(const struct office *o, const char *document,
                                         struct approval_plan plan);

/** The first approval was enough. */
void assert_takes_away(const struct grant_standing *s);
/** The first approval was skipped for this reason, and there is no other. */
void assert_takes_nothing(const struct grant_standing *s, enum signature_outcome outcome);

#endif
