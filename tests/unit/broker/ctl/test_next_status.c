// LAYERS: test_support

#include "broker/ctl/next_status.h"
#include "tests/unit/support/papers.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define OTHER "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct status *parse(char *text)
{
    struct document_error error = {0};
    struct status *s = NULL;

    if (status_parse(text, strlen(text), &s, &error) < 0)
        fail_msg("line %u: %s in %s", error.line, error.reason, text);
    free(text);
    return s;
}

static struct next_status_plan plan_after(const struct status *current)
{
    return (struct next_status_plan){
        .site = PAPERS_SITE,
        .current = current,
        .trust_epoch = 4,
        .issued = PAPERS_NOW,
        .expires = PAPERS_NOW + 3600,
    };
}

static struct status *follow(const struct next_status_plan *plan)
{
    struct document_error error = {0};
    char *text = NULL;

    if (next_status(plan, &text, &error) < 0)
        fail_msg("%s", error.reason);
    return parse(text);
}

static void assert_refused(const struct next_status_plan *plan, const char *part)
{
    struct document_error error = {0};
    char *text = NULL;

    assert_int_equal(next_status(plan, &text, &error), -EINVAL);
    assert_null(text);
    if (!strstr(error.reason, part))
        fail_msg("%s", error.reason);
}

static void test_first(void **state)
{
    struct next_status_plan plan = plan_after(NULL);
    cleanup(status_free_p) struct status *s = follow(&plan);

    (void)state;
    assert_string_equal(s->site, PAPERS_SITE);
    assert_int_equal(s->trust_epoch, 4);
    assert_int_equal(s->epoch, 1);
    assert_int_equal(s->issued, PAPERS_NOW);
    assert_int_equal(s->expires, PAPERS_NOW + 3600);
    assert_int_equal(s->n_revoked + s->n_revoked_certificates + s->n_minimum_versions, 0);
}

/* Nothing that was taken away comes back, and each thing stands there once. */
static void test_keeps_and_adds(void **state)
{
    cleanup(status_free_p) struct status *current = parse(paper_status(
        &(struct status_plan){.lines = "revoked: " PAPERS_ID "\n"
                                       "revoked-certificate: "
                                       "1111111111111111111111111111111111111111111111111111111111111111\n"
                                       "minimum-version: " PAPERS_ID " 5\nminimum-version: " OTHER " 3\n"}));
    struct next_status_plan plan = plan_after(current);
    struct ident_id ids[3];
    struct status_certificate certificate = {{1}};
    struct status_minimum minimums[2] = {{.version = 7}, {.version = 2}};
    cleanup(status_free_p) struct status *next = NULL;

    (void)state;
    must(ident_parse_id(PAPERS_ID, 32, &ids[0]) == 0 && ident_parse_id(OTHER, 32, &ids[1]) == 0);
    ids[2] = ids[1];
    minimums[0].id = ids[1];
    minimums[1].id = ids[0];
    plan.revoked = ids + 1; /* not what was revoked before */
    plan.n_revoked = 2;
    plan.certificates = &certificate;
    plan.n_certificates = 1;
    plan.minimums = minimums;
    plan.n_minimums = 2;
    next = follow(&plan);
    assert_int_equal(next->epoch, 18);
    assert_int_equal(next->n_revoked, 2);
    assert_int_equal(next->n_revoked_certificates, 2);
    assert_int_equal(next->n_minimum_versions, 2);
    for (size_t i = 0; i < 2; i++) /* the higher of the two, of each */
        assert_int_equal(next->minimum_versions[i].version,
                         ident_id_equal(&next->minimum_versions[i].id, &ids[1]) ? 7 : 5);
}

static void test_order(void **state)
{
    cleanup(status_free_p) struct status *current = parse(paper_status(&(struct status_plan){0}));
    cleanup(status_free_p) struct status *last =
        parse(paper_status(&(struct status_plan){.epoch = 2147483647}));
    struct next_status_plan plan = plan_after(current);

    (void)state;
    plan.trust_epoch = 3;
    assert_refused(&plan, "trust file is older");
    plan = plan_after(current);
    plan.issued = current->issued - 1;
    assert_refused(&plan, "clock is behind");
    plan = plan_after(current);
    plan.site = "another";
    assert_refused(&plan, "another site");
    plan = plan_after(last);
    assert_refused(&plan, "no epoch");
    plan = plan_after(current);
    plan.expires = plan.issued;
    assert_refused(&plan, "expires");
    /* Under a newer trust epoch it goes on. */
    plan = plan_after(current);
    plan.trust_epoch = 5;
    {
        cleanup(status_free_p) struct status *next = follow(&plan);

        assert_int_equal(next->trust_epoch, 5);
        assert_int_equal(next->epoch, 18);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_keeps_and_adds),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
