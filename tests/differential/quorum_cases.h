#ifndef HUFU_DIFFERENTIAL_QUORUM_CASES_H
#define HUFU_DIFFERENTIAL_QUORUM_CASES_H

#include "policy/document/grant.h"

#include <stdbool.h>
#include <stddef.h>

/** Whose signatures are enough, until when, and what a status leaves of them. `words`:
 *
 *   TOTAL NEEDED,NEEDED...                   of the quorum, one number a role
 *   PERSON:ROLE:UNTIL:CERTIFICATE,...        signatures; empty: none
 *   CERTIFICATE,...                          those that the status revokes; empty: none
 *   REVOKED MINIMUM VERSION UNTIL            whether the status revokes the grant (yes, no), the least
 *                                            version that it lets stand (0: says nothing), the grant's
 *                                            own, and the trust file's end
 *
 * Prints "MET MISSING UNTIL REASON UNTIL": whether the quorum is met, how many persons it still wants, until
 * when it holds, and the same of what the status leaves. A certificate is a number from 0 to 255. */
void quorum_case(char **words, size_t n);

/** Whether a grant is within a class's limit: seconds of validity, of a session, and the fields that may be
 * left open, separated by commas. `fields` is cut into words. */
bool limit_case(const char *validity, const char *session, char *fields, const struct grant *g);

#endif
