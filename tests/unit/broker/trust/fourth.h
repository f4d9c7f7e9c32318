#ifndef HUFU_TESTS_UNIT_BROKER_TRUST_FOURTH_H
#define HUFU_TESTS_UNIT_BROKER_TRUST_FOURTH_H

#include "broker/trust/trust_set.h"
#include "tests/unit/support/department.h"

/* Fixture of the tests of trust files: the department's with a fourth approver, yang.er, and what is refused
 * of it. */

/* Lines of the department's trust file: 5, two anchors, one requester, then the approvers. */
#define LINE_ANCHOR   6
#define LINE_APPROVER 9
#define LINE_FOURTH   (LINE_APPROVER + 2)

/** trust_set_new() of a text, with an error that was clean before. */
int load_trust(const char *text, struct trust_set **ret, struct document_error *error);

/** The text is refused for this line, with a reason that has `reason` in it. */
void assert_trust_refused(const char *text, unsigned line, const char *reason);

/** The department's file with a fourth approver, yang.er, whose line sorts between the usual ones; the
 * caller's. */
char *fourth_trust(const struct department *d, const struct signatory *fourth);
/** Such a file is refused for his line. Takes the key and the certificate over. */
void assert_fourth_refused(const struct department *d, enum signature_algorithm alg, EVP_PKEY *key,
                           X509 *certificate, const char *reason);
/** Refused for what `plan` says beside name, key and issuer. */
void assert_fourth_plan_refused(const struct department *d, struct certificate_plan plan, const char *reason);

#endif
