/*
 * What every parser says when it refuses, and that it refuses the documents of others.
 */
#include "policy/base/cleanup.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void test_error_may_be_null(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        cleanup_free char *again = NULL, *same = NULL;

        assert_int_equal(samples[k].round("x: 1\n", 5, &again, NULL), -EINVAL);
        assert_null(again);
        assert_int_equal(samples[k].round(samples[k].text, strlen(samples[k].text), &same, NULL), 0);
    }
}

static void test_other_documents_are_refused(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++)
        for (size_t i = 0; i < n_samples; i++)
            if (samples[i].round != samples[k].round)
                sample_refused(samples[k].round, samples[i].text, strlen(samples[i].text), 1,
                               "first line is not");
    sample_edit_refused(&samples[0], "hufu-grant: 1\n", "hufu-grant: 2\n", 1, "version known here");
    sample_edit_refused(&samples[0], "hufu-grant: 1\n", "hufu-grant: 01\n", 1, "version known here");
    sample_edit_refused(&samples[3], "hufu-approval: 1\n", "hufu-approval: 1.0\n", 1, "version known here");
}

/* A reason shows a hostile token without what would act on a terminal, and cut. */
static void test_quotes_are_harmless(void **state)
{
    struct document_error error = {0};
    cleanup_free char *text = NULL, *again = NULL;
    char token[301] = {0};

    (void)state;
    memset(token, 'A', 300);
    memcpy(token, "<\xe2\x80\xae\xc2\x9b\xff>", 8);
    text = sample_edit(sample_grant, "vendor: acme", "vendor: ?");
    free(text);
    assert_true(asprintf(&text, "hufu-grant: 1\nsite: %s\n", token) > 0);
    assert_int_equal(sample_round_grant(text, strlen(text), &again, &error), -EINVAL);
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.reason, "site: `<>AAAA"));
    assert_non_null(strstr(error.reason, "AAA...` is not a name"));
    for (const char *c = error.reason; *c; c++)
        assert_in_range((unsigned char)*c, 0x20, 0x7e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_may_be_null),
        cmocka_unit_test(test_other_documents_are_refused),
        cmocka_unit_test(test_quotes_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
