// LINK: -Wl,--wrap=calloc
/* The index without memory: -ENOMEM, the grant freed (ASan sees it), and everything there still found. */
#include "policy/engine/index.h"
#include "tests/unit/policy/engine/sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static int succeed = -1; /* calls that still succeed; negative: all */

void *__wrap_calloc(size_t n, size_t size)
{
    if (succeed == 0)
        return NULL;
    if (succeed > 0)
        succeed--;
    return __real_calloc(n, size);
}

static const uint8_t seed[GRANT_INDEX_SEED_SIZE];

static void test_new(void **state)
{
    struct grant_index *index = NULL;

    (void)state;
    for (int allowed = 0; allowed < 3; allowed++) {
        succeed = allowed;
        assert_int_equal(grant_index_new(seed, &index), -ENOMEM);
        assert_null(index);
    }
    succeed = -1;
}

/* Each put is tried without memory first; some of them need a larger table, too. */
static void test_put(void **state)
{
    struct grant_index *index = NULL;
    size_t refused = 0;

    (void)state;
    assert_int_equal(grant_index_new(seed, &index), 0);
    for (uint32_t i = 0; i < 100; i++) {
        for (int allowed = 0;; allowed++) {
            struct grant *g = sample_grant((struct sample){.number = i});
            int r;

            succeed = allowed;
            r = grant_index_put(index, g, REASON_OK, 1, 1, NULL);
            succeed = -1;
            if (r == 0)
                break;
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(grant_index_count(index), i);
            refused++;
        }
        for (uint32_t k = 0; k <= i; k++) {
            struct ident_id id = sample_id(k);

            assert_non_null(grant_index_find(index, &id));
        }
    }
    assert_true(refused > 100);
    grant_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
