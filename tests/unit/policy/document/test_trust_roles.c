/*
 * Roles: which words are names of some, how many there may be, their places, and quorums of them.
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/document/trust.h"
#include "policy/document/value.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define TRUST (&samples[4])

#define N16   "aaaaaaaaaaaaaaaa"

static void test_octets_of_roles(void **state)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz", later_too[] = "0123456789-";

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char first[] = {(char)c, 'a'}, later[] = {'a', (char)c}, alone[] = {(char)c};
        bool is_lower = c && strchr(lower, (int)c);

        assert_int_equal(value_role.is(alone, 1), is_lower);
        assert_int_equal(value_role.is(first, 2), is_lower);
        assert_int_equal(value_role.is(later, 2), is_lower || (c && strchr(later_too, (int)c)));
    }
}

static void test_lengths_of_roles(void **state)
{
    (void)state;
    assert_false(value_role.is("a", 0));
    assert_true(value_role.is(N16 N16, 32));
    assert_false(value_role.is(N16 N16 "a", 33));
}

static void test_seventeen_roles(void **state)
{
    cleanup_buf struct buf roles = BUF_INIT;
    cleanup_free char *sixteen = NULL, *seventeen = NULL, *in_one_line = NULL;

    (void)state;
    buf_puts(&roles, "approver: wang.wu finance leader,r01");
    for (unsigned i = 2; i < 15; i++)
        buf_printf(&roles, ",r%02u", i);
    buf_puts(&roles, " sm2-sm3 MAAC");
    sixteen = buf_steal_text(&roles);
    buf_printf(&roles, "%.*s,r15 sm2-sm3 MAAC", (int)(strlen(sixteen) - strlen(" sm2-sm3 MAAC")), sixteen);
    seventeen = buf_steal_text(&roles);
    sample_edit_accepted(TRUST, "approver: wang.wu finance leader sm2-sm3 MAAC", sixteen);
    /* `unit`, of the next line, is one too many. */
    sample_edit_refused(TRUST, "approver: wang.wu finance leader sm2-sm3 MAAC", seventeen, 11,
                        "more than 16 different roles");
    /* All of them in one line. */
    buf_printf(&roles, "%.*s,r15,r16 sm2-sm3 MAAC", (int)(strlen(sixteen) - strlen(" sm2-sm3 MAAC")),
               sixteen);
    in_one_line = buf_steal_text(&roles);
    sample_edit_refused(TRUST, "approver: wang.wu finance leader sm2-sm3 MAAC", in_one_line, 10,
                        "a sorted list of different roles");
}

/* Whose lines are sorted by name are numbered by bit: a role that begins as another does takes its place
 * behind it, whichever line it comes from. */
static void test_places_of_roles(void **state)
{
    static const char *const second[] = {"leaders", "lead", "unit", "a", "z"};
    static const char *const expected[][2] = {
        {"leader", "leaders"}, {"lead", "leader"}, {"leader", "unit"}, {"a", "leader"}, {"leader", "z"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(second); i++) {
        cleanup_free char *roles = NULL, *lines = NULL, *text = NULL;
        cleanup(trust_free_p) struct trust *t = NULL;

        assert_true(asprintf(&lines, "approver: p o leader ed25519 MA==\napprover: q o %s ed25519 MA==\n",
                             second[i]) > 0);
        assert_true(
            asprintf(&roles, "quorum: emergency total=2 %s=1 %s=1\n", expected[i][0], expected[i][1]) > 0);
        text = sample_edit(sample_trust_small, "approver: p o x ed25519 MA==\n", lines);
        free(lines);
        lines = sample_edit(text, "quorum: emergency total=1 x=1\n", roles);
        free(text);
        text = sample_edit(lines, "privileged total=1 x=1", "privileged total=1");
        sample_accepted(sample_round_trust, text, strlen(text));
        assert_int_equal(trust_parse(text, strlen(text), &t, NULL), 0);
        assert_int_equal(t->n_roles, 2);
        assert_string_equal(t->roles[0], expected[i][0]);
        assert_string_equal(t->roles[1], expected[i][1]);
    }
}

/* As many approvals as are looked at can be asked for, if there are the people. */
static void test_the_largest_quorum(void **state)
{
    cleanup_buf struct buf lines = BUF_INIT;
    cleanup_free char *approvers = NULL, *text = NULL, *more = NULL;

    (void)state;
    for (unsigned i = 0; i <= TRUST_QUORUM_MAX; i++)
        buf_printf(&lines, "approver: p%u o x ed25519 MA==\n", i);
    approvers = buf_steal_text(&lines);
    text = sample_edit(sample_trust_small, "approver: p o x ed25519 MA==\n", approvers);
    more = sample_edit(text, "quorum: normal total=1\n", "quorum: normal total=8\n");
    sample_accepted(sample_round_trust, more, strlen(more));
    free(more);
    more = sample_edit(text, "quorum: normal total=1\n", "quorum: normal total=9\n");
    sample_refused(sample_round_trust, more, strlen(more), sample_line(more, "quorum: normal"),
                   "at most 8 approvals are looked at");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets_of_roles),    cmocka_unit_test(test_lengths_of_roles),
        cmocka_unit_test(test_seventeen_roles),    cmocka_unit_test(test_places_of_roles),
        cmocka_unit_test(test_the_largest_quorum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
