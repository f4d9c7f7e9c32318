#ifndef HUFU_TESTS_SUPPORT_MANY_H
#define HUFU_TESTS_SUPPORT_MANY_H

#include "policy/base/when.h"
#include "tests/unit/support/department.h"

/*
 * Grants by the thousand, all of them good: the usual one with two hosts and two networks, each with an id of
 * its own, and two approvals (Ed25519) that a quorum is made of. A hundred are of one contract: those of
 * another are of another vendor, who comes from another network.
 */

#define MANY_VERSION  3
#define MANY_HOST     "db01.finance.example" /* and the group `database` */
#define MANY_SOURCE   "10.1.2.3"             /* an address that they let in */
#define MANY_CONTRACT 100                    /* grants */
#define MANY_STAFF    16                     /* octets of a name, with its end */

struct many_plan {
    const struct department *department;
    when_t from, until;
    unsigned grants_each; /* of one person; 0: 1 */
};

struct many_grant {
    char id[33];
    char *document;
    char *approvals[2];
};

/** Number `i`, always with the same id. Any thread. */
struct many_grant many_grant(const struct many_plan *plan, unsigned i);
void many_grant_done(struct many_grant *g);

/** The person that number `i` is for: v0000000 and on. */
void many_staff(const struct many_plan *plan, unsigned i, char name[static MANY_STAFF]);

/** The vendor of number `i`, who has MANY_CONTRACT of them. The caller's. */
char *many_vendor(unsigned i);

#endif
