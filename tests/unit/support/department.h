#ifndef HUFU_TESTS_SUPPORT_DEPARTMENT_H
#define HUFU_TESTS_SUPPORT_DEPARTMENT_H

#include "policy/base/cleanup.h"
#include "tests/unit/support/papers.h"

/*
 * The usual department: an Ed25519 and an SM2 anchor; the leader wang.wu signs with SM2, zhou.ming of
 * the unit with Ed25519, chen.liu may sign as both with Ed25519; li.si requests.
 */

enum {
    DEPARTMENT_LEADER, /* wang.wu */
    DEPARTMENT_UNIT,   /* zhou.ming */
    DEPARTMENT_BOTH,   /* chen.liu */
    DEPARTMENT_APPROVERS,
};

enum {
    DEPARTMENT_ED25519,
    DEPARTMENT_SM2,
    DEPARTMENT_ANCHORS,
};

struct department {
    struct authority anchors[DEPARTMENT_ANCHORS];
    struct signatory approvers[DEPARTMENT_APPROVERS];
    char *trust; /* text of the trust file */
};

struct department *department_new(void);
struct department *department_free(struct department *d);
DEFINE_CLEANUP(struct department, department_free);

/** A trust file's plan with this department's anchors and approvers, to change and give to paper_trust(). */
struct trust_plan department_plan(const struct department *d);

/** A signatory whose new key is certified by the anchor of its kind (SM2 by SM2, all others by Ed25519). */
struct signatory department_signatory(const struct department *d, const char *person,
                                      const char *organisation, const char *roles,
                                      enum signature_algorithm alg);
void signatory_done(struct signatory *s);

/** An approval of grant `document` (its id and version are read from it) by approver number `who`. */
char *department_approval(const struct department *d, int who, const char *document);

#endif
