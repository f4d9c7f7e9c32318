#include "tests/unit/broker/trust/question.h"

#include "tests/unit/unit.h"

#include <string.h>

int setup_department(void **state)
{
    *state = department_new();
    return 0;
}

int teardown_department(void **state)
{
    department_free(*state);
    return 0;
}

struct question ask(const struct department *d)
{
    return (struct question){
        .department = d, .grant = paper_grant(&(struct grant_plan){0}), .now = PAPERS_NOW};
}

void add(struct question *q, char *approval)
{
    assert_true(q->n < APPROVALS_MAX);
    q->approvals[q->n++] = approval;
}

void add_by(struct question *q, int who)
{
    add(q, department_approval(q->department, who, q->grant));
}

void add_planned(struct question *q, struct approval_plan plan)
{
    plan.document = q->grant;
    add(q, paper_approval(&plan));
}

void free_question(struct question *q)
{
    for (size_t i = 0; i < q->n; i++)
        free(q->approvals[i]);
    free(q->trust);
    free(q->grant);
    free(q->verified);
}

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

struct grant_standing answer(struct question *q)
{
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup(grant_free_p) struct grant *g = NULL;
    const char *trust = q->trust ? q->trust : q->department->trust;
    const char *text = q->verified ? q->verified : q->grant;
    struct octets approvals[APPROVALS_MAX];
    struct document_error error = {0};
    struct grant_standing s;

    if (trust_set_new(trust, strlen(trust), &t, &error) < 0)
        fail_msg("trust file, line %u: %s", error.line, error.reason);
    if (grant_parse(text, strlen(text), &g, &error) < 0)
        fail_msg("grant, line %u: %s", error.line, error.reason);
    for (size_t i = 0; i < q->n; i++)
        approvals[i] = octets_of(q->approvals[i]);
    assert_int_equal(trust_verify_grant(t, g, octets_of(text), approvals, q->n, q->now, &s), 0);
    free_question(q);
    return s;
}

void assert_outcome(const struct grant_standing *s, size_t at, enum signature_outcome outcome)
{
    assert_true(at < s->n_seen);
    assert_string_equal(signature_outcome_name(s->seen[at].outcome), signature_outcome_name(outcome));
}

void assert_standing(const struct grant_standing *s, enum reason standing)
{
    assert_string_equal(reason_name(s->standing), reason_name(standing));
}

/* The unit's genuine signature, and beside it one that must not count as the leader's. */
void assert_not_counted(struct question q, enum signature_outcome outcome)
{
    struct grant_standing s;

    add_by(&q, DEPARTMENT_UNIT);
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, outcome);
    assert_outcome(&s, 1, SIGNATURE_COUNTED);
    assert_int_equal(s.n_needed_more, 1);
    assert_int_equal(s.votes_until, 0);
}

/* By the leader, but for what `plan` says. */
void assert_forgery(const struct department *d, struct approval_plan plan, enum signature_outcome outcome)
{
    struct question q = ask(d);

    plan.by = &d->approvers[DEPARTMENT_LEADER];
    add_planned(&q, plan);
    assert_not_counted(q, outcome);
}

/* The same key, certified a second time under another name. */
struct signatory with_key_of(const struct department *d, const struct signatory *other, const char *person,
                             const char *organisation, const char *roles)
{
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];
    struct signatory s = {person, organisation, roles, other->alg, other->key, NULL};

    EVP_PKEY_up_ref(s.key);
    s.certificate = issue_certificate(&(struct certificate_plan){
        .name = person, .key = s.key, .issuer = a->certificate, .issuer_key = a->key});
    return s;
}
