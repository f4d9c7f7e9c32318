// LAYERS: test_support
/* What a grant costs in memory, all told, and that what is kept packed comes back octet for octet. */
#include "broker/common/clock.h"
#include "broker/daemon/grants.h"
#include "tests/unit/support/many.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GRANTS 10000
#define BOUND  400 /* octets a grant, docs/architecture.md */

struct many {
    sd_event *event;
    struct verifier *verifier;
    struct grants *grants;
    struct department *department;
    struct trust_set *trust;
    struct many_plan plan;
};

static int setup(void **state)
{
    static struct many m;

    must(sd_event_new(&m.event) >= 0);
    must(verifier_new(m.event, &m.verifier) == 0);
    must(grants_new(m.verifier, &m.grants) == 0);
    m.department = department_new();
    must(trust_set_new(m.department->trust, strlen(m.department->trust), &m.trust, NULL) == 0);
    m.plan = (struct many_plan){.department = m.department, .from = PAPERS_NOW, .until = PAPERS_NOW + 86400};
    *state = &m;
    return 0;
}

static int teardown(void **state)
{
    struct many *m = *state;

    grants_free(m->grants);
    verifier_free(m->verifier);
    trust_set_free(m->trust);
    department_free(m->department);
    sd_event_unref(m->event);
    return 0;
}

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

/* Signatures are verified in other tests: here they only have to be there, and a verdict on them. */
static void remember_good(struct many *m, const struct many_grant *g, const struct octets *approvals)
{
    static const struct trust_verdict good[] = {{SIGNATURE_COUNTED, 0, 0}, {SIGNATURE_COUNTED, 2, 1}};
    cleanup(grant_free_p) struct grant *grant = NULL;
    struct subject subject;

    must(grant_parse(g->document, strlen(g->document), &grant, NULL) == 0);
    must(subject_of_grant(grant, octets_of(g->document), &subject) == 0);
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct trust_verdict_key key;

        must(trust_verdict_key_of(m->trust, &subject, approvals[i], &key) == 0);
        verifier_remember(m->verifier, &key, &good[i]);
    }
}

static struct grant_entry *add(struct many *m, const struct many_grant *g, bool verified)
{
    const struct octets approvals[] = {octets_of(g->approvals[0]), octets_of(g->approvals[1])};
    const struct offer offer = {octets_of(g->document), approvals, 2};
    struct grant_entry *e = NULL;
    struct grant_standing standing;
    struct offer_refusal refusal = {0};

    if (!verified)
        remember_good(m, g, approvals);
    must(grants_add(m->grants, m->trust, PAPERS_NOW, &offer, &e, &standing, &refusal) == 0);
    return e;
}

static void assert_same(const char *text, struct octets octets)
{
    assert_int_equal(strlen(text), octets.size);
    assert_memory_equal(text, octets.data, octets.size);
}

static void test_papers_come_back(void **state)
{
    struct many *m = *state;

    for (unsigned i = 0; i < 50; i++) {
        struct many_grant g = many_grant(&m->plan, GRANTS + i);
        const struct grant_entry *e = add(m, &g, true);
        cleanup(papers_free_one_p) struct grant_papers *papers = NULL;

        assert_int_equal(e->standing, REASON_OK);
        assert_int_equal(grants_papers(m->grants, e, &papers), 0);
        assert_same(g.document, papers->document);
        assert_int_equal(papers->n_approvals, 2);
        assert_same(g.approvals[0], papers->approvals[0]);
        assert_same(g.approvals[1], papers->approvals[1]);
        assert_true(papers_have_verdicts(papers, m->trust));
        assert_int_equal(papers->n_votes, 2);
        many_grant_done(&g);
    }
}

/* As many verdicts as it ever remembers, so that they do not count. */
static void fill_verifier(struct many *m)
{
    static const struct trust_verdict bad = {.outcome = SIGNATURE_BAD};

    for (uint32_t i = 0; i < GRANTS; i++) {
        struct trust_verdict_key key = {{0}};

        memcpy(key.octets, &i, sizeof(i));
        verifier_remember(m->verifier, &key, &bad);
    }
}

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void test_octets_a_grant(void **state)
{
    struct many *m = *state;
    size_t before, each;

    fill_verifier(m);
    before = in_use();

    for (unsigned i = 0; i < GRANTS; i++) {
        struct many_grant g = many_grant(&m->plan, i);

        add(m, &g, false);
        many_grant_done(&g);
    }
    each = (in_use() - before) / GRANTS;
    print_message("%zu octets a grant\n", each);
#ifndef __SANITIZE_ADDRESS__
    assert_in_range(each, 100, BOUND);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_papers_come_back),
        cmocka_unit_test(test_octets_a_grant),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
