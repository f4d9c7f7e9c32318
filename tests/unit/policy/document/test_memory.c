// LINK: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
/*
 * Each allocation fails once: the answer is -ENOMEM and nothing else, and nothing is left behind (which the
 * sanitizers see).
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static unsigned allocations_left = UINT_MAX;

static bool has_memory(void)
{
    if (allocations_left == UINT_MAX)
        return true;
    if (allocations_left == 0)
        return false;
    allocations_left--;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    return has_memory() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return has_memory() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    return has_memory() ? __real_realloc(old, size) : NULL;
}

static void exhaust(sample_round *round, const char *text)
{
    unsigned n = 0;
    int r;

    do {
        cleanup_free char *again = NULL;

        allocations_left = n++;
        r = round(text, strlen(text), &again, NULL);
        allocations_left = UINT_MAX;
        assert_true(r == 0 || r == -ENOMEM);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_later_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
