#include "tests/unit/broker/trust/fourth.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

int load_trust(const char *text, struct trust_set **ret, struct document_error *error)
{
    *error = (struct document_error){0};
    return trust_set_new(text, strlen(text), ret, error);
}

void assert_trust_refused(const char *text, unsigned line, const char *reason)
{
    struct document_error error = {0};
    struct trust_set *t = NULL;

    assert_int_equal(load_trust(text, &t, &error), -EINVAL);
    assert_null(t);
    if (!strstr(error.reason, reason))
        fail_msg("refused with \"%s\", not with \"%s\"", error.reason, reason);
    assert_int_equal(error.line, line);
}

char *fourth_trust(const struct department *d, const struct signatory *fourth)
{
    struct signatory approvers[DEPARTMENT_APPROVERS + 1];
    struct trust_plan plan = department_plan(d);

    memcpy(approvers, d->approvers, sizeof(d->approvers));
    approvers[DEPARTMENT_APPROVERS] = *fourth;
    plan.approvers = approvers;
    plan.n_approvers = DEPARTMENT_APPROVERS + 1;
    return paper_trust(&plan);
}

void assert_fourth_refused(const struct department *d, enum signature_algorithm alg, EVP_PKEY *key,
                           X509 *certificate, const char *reason)
{
    struct signatory s = {"yang.er", "finance", "unit", alg, key, certificate};
    cleanup_free char *text = fourth_trust(d, &s);

    assert_trust_refused(text, LINE_FOURTH, reason);
    signatory_done(&s);
}

void assert_fourth_plan_refused(const struct department *d, struct certificate_plan plan, const char *reason)
{
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];

    plan.name = "yang.er";
    plan.key = issue_key(SIGNATURE_ED25519);
    plan.issuer = a->certificate;
    plan.issuer_key = a->key;
    assert_fourth_refused(d, SIGNATURE_ED25519, plan.key, issue_certificate(&plan), reason);
}
