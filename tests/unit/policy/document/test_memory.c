// LINK: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free
/*
 * Each allocation fails once: the answer is -ENOMEM and nothing else, and nothing is left behind.
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/document/approval.h"
#include "tests/unit/memory.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static void exhaust(sample_round *round, const char *text)
{
    const long before = memory.held;
    unsigned n = 0;
    int r;

    do {
        cleanup_free char *again = NULL;

        memory_fail_after(n++);
        r = round(text, strlen(text), &again, NULL);
        memory.left = UINT_MAX;
        assert_int_equal(memory.held - before, again ? 1 : 0);
        assert_int_equal(r, memory.failed ? -ENOMEM : 0);
        assert_true((r == 0) == (again != NULL));
    } while (r != 0);
    /* Reading and writing take more than a handful. */
    assert_true(n > 6);
}

static void test_every_allocation(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++)
        exhaust(samples[k].round, samples[k].text);
}

/* n lines of one key, numbered, in place of `from`. */
static char *with_lines(const char *text, const char *from, unsigned n, const char *before,
                        const char *behind)
{
    cleanup_buf struct buf lines = BUF_INIT;
    cleanup_free char *to = NULL;

    for (unsigned i = 0; i < n; i++)
        buf_printf(&lines, "%s%u%s\n", before, 100 + i, behind);
    to = buf_steal_text(&lines);
    assert_non_null(to);
    return sample_edit(text, from, to);
}

/* Short values in great number: they outgrow the first block, whichever key has them. */
static void test_later_blocks(void **state)
{
    static const struct {
        size_t sample;
        unsigned n;
        const char *from, *before, *behind;
    } rows[] = {
        {0, 64, "host: db01.finance.example\n", "host: h", ""},
        {0, 32, "source: 10.1.2.0/24\nsource: local\n", "source: ::", "/128"},
        {5, 8, "anchor: a MA==\n", "anchor: a", " MA=="},
        {5, 256, "requester: r o\n", "requester: r", " o"},
        {5, 64, "approver: p o x ed25519 MA==\n", "approver: p", " o x ed25519 MA=="},
        {8, 64, "minimum-version: 11111111111111111111111111111111 3\n",
         "minimum-version: 00000000000000000000000000000", " 3"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct sample *s = &samples[rows[i].sample];
        cleanup_free char *text =
            with_lines(s->text, rows[i].from, rows[i].n, rows[i].before, rows[i].behind);

        exhaust(s->round, text);
    }
}

/* What is signed is whole, or there is none. */
static void test_signed_octets(void **state)
{
    cleanup(approval_free_p) struct approval *a = NULL;
    unsigned n = 0;
    int r;

    (void)state;
    assert_int_equal(approval_parse(sample_approval, strlen(sample_approval), &a, NULL), 0);
    a->subject_length = 6;
    do {
        cleanup_free uint8_t *tbs = NULL;
        size_t size;

        memory_fail_after(n++);
        r = approval_write_tbs(a, "octets", 6, &tbs, &size, NULL);
        memory.left = UINT_MAX;
        assert_int_equal(r, memory.failed ? -ENOMEM : 0);
        assert_true((r == 0) == (tbs != NULL));
        assert_true((size > 0) == (r == 0));
    } while (r != 0);
    assert_true(n > 6);
}

/* What is written unsorted comes out sorted, or not at all. */
static void test_sorting(void **state)
{
    cleanup(grant_free_p) struct grant *valid = sample_parse_grant(sample_grant);
    static const char *const hosts[] = {"z.example", "y.example", "x.example", "w.example", "v.example",
                                        "u.example", "t.example", "s.example", "r.example", "q.example"};
    struct grant g = *valid;
    unsigned n = 0;
    int r;

    (void)state;
    g.hosts = (struct grant_strings){hosts, ARRAY_SIZE(hosts)};
    do {
        cleanup_free char *text = NULL;

        memory_fail_after(n++);
        r = grant_write(&g, &text, NULL);
        memory.left = UINT_MAX;
        assert_int_equal(r, memory.failed ? -ENOMEM : 0);
        assert_true((r == 0) == (text != NULL));
    } while (r != 0);
    assert_true(n > 6);
}

/* A host has as many of them as contracts. */
static void test_what_grants_have_in_common_is_one_block(void **state)
{
    static const char *const grants[] = {sample_grant, sample_grant_emergency, sample_grant_full};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(grants); i++) {
        cleanup(grant_free_p) struct grant *g = sample_parse_grant(grants[i]), *copy = NULL;

        memory_fail_after(UINT_MAX);
        assert_int_equal(grant_common_copy(g, &copy), 0);
        assert_int_equal(memory.asked, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_later_blocks),
        cmocka_unit_test(test_sorting),
        cmocka_unit_test(test_signed_octets),
        cmocka_unit_test(test_what_grants_have_in_common_is_one_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
