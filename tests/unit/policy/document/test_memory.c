// LINK: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
/*
 * Each allocation fails once: the answer is -ENOMEM and nothing else, and nothing is left behind (which the
 * sanitizers see).
 */
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

static void test_every_allocation(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        unsigned n = 0;
        int r;

        do {
            cleanup_free char *again = NULL;

            allocations_left = n++;
            r = samples[k].round(samples[k].text, strlen(samples[k].text), &again, NULL);
            allocations_left = UINT_MAX;
            assert_true(r == 0 || r == -ENOMEM);
            assert_true((r == 0) == (again != NULL));
        } while (r != 0);
        /* Reading and writing take more than a handful. */
        assert_true(n > 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
