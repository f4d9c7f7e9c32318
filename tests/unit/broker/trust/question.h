#ifndef HUFU_TESTS_TRUST_QUESTION_H
#define HUFU_TESTS_TRUST_QUESTION_H

#include "broker/trust/trust_set.h"
#include "tests/unit/support/department.h"

/* Fixture of the tests of trust_verify_grant(): one question to it, and what is asserted of its answer. */

#define APPROVALS_MAX 12

/* One question to trust_verify_grant(). What is NULL or 0 is the usual. */
struct question {
    const struct department *department;
    char *trust;                    /* taken over; NULL: the department's */
    char *grant;                    /* taken over; NULL: the usual grant */
    char *verified;                 /* taken over: octets verified instead of those that were signed */
    char *approvals[APPROVALS_MAX]; /* taken over */
    size_t n;
    when_t now;
};

/** The usual grant under the usual department, without approvals. */
struct question ask(const struct department *d);
void add(struct question *q, char *approval);
void add_by(struct question *q, int who);
/** `plan.document` is the question's grant. */
void add_planned(struct question *q, struct approval_plan plan);
void free_question(struct question *q);

/** Asks, and frees the question. */
struct grant_standing answer(struct question *q);

void assert_outcome(const struct grant_standing *s, size_t at, enum signature_outcome outcome);
void assert_standing(const struct grant_standing *s, enum reason standing);

/** The question's only approval is skipped for this reason, and beside it the unit's genuine one counts,
 * which is not enough. */
void assert_not_counted(struct question q, enum signature_outcome outcome);
/** The same for an approval by the leader but for what `plan` says. */
void assert_forgery(const struct department *d, struct approval_plan plan, enum signature_outcome outcome);

/** Another signatory with the same key. */
struct signatory with_key_of(const struct department *d, const struct signatory *other, const char *person,
                             const char *organisation, const char *roles);

int setup_department(void **state);
int teardown_department(void **state);

#endif
