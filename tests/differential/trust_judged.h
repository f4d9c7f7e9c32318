#ifndef HUFU_DIFFERENTIAL_TRUST_JUDGED_H
#define HUFU_DIFFERENTIAL_TRUST_JUDGED_H

#include "broker/trust/trust_set.h"

/*
 * One document with its approvals, judged under a trust file by the ways that the product has.
 */

enum {
    JUDGED_APPROVALS_MAX = 16,
};

struct judged;

/** Takes a copy of the octets. NULL for a type that is none, or octets that are no such document. */
struct judged *judged_new(const char *type, const void *octets, size_t size);
struct judged *judged_free(struct judged *j);
DEFINE_CLEANUP(struct judged, judged_free);

/** `octets` are given away. */
void judged_add_approval(struct judged *j, char *octets, size_t size);

/** Prints the standing at each instant: "REASON UNTIL MORE OUTCOME:APPROVER:ROLE... /
 * ROLE:UNTIL:CERTIFICATE... | ". Of the next trust file, then also what it is worth under itself.
 * `whole`: by trust_verify_*(), as hufuctl does; else by verdicts that were written and read again, as
 * hufud does. */
void judged_print(const struct judged *j, const struct trust_set *trust, bool whole, char *const *instants,
                  size_t n);

#endif
