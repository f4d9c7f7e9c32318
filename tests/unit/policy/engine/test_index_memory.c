// LINK: -Wl,--wrap=calloc
/* The index without memory: -ENOMEM, the grant freed (ASan sees it), and everything there still found. */
#include "policy/engine/index.h"
#include "tests/unit/policy/engine/sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static int fail_at = -1; /* this call from now on fails, 0 the next; negative: none */

void *__wrap_calloc(size_t n, size_t size)
{
    if (fail_at >= 0 && fail_at-- == 0)
        return NULL;
    return __real_calloc(n, size);
}

static const uint8_t seed[GRANT_INDEX_SEED_SIZE];

static void test_new(void **state)
{
    struct grant_index *index = NULL;

    (void)state;
    for (int nth = 0; nth < 4; nth++) {
        fail_at = nth;
        assert_int_equal(grant_index_new(seed, &index), -ENOMEM);
        assert_null(index);
    }
}

/* Each allocation of a put fails once, alone; some puts need a larger table, too. */
static void test_put(void **state)
{
    struct grant_index *index = NULL;
    size_t refused = 0;

    (void)state;
    assert_int_equal(grant_index_new(seed, &index), 0);
    for (uint32_t i = 0; i < 100; i++) {
        for (int nth = 0;; nth++) {
            char staff[16];
            struct grant *g;
            int r;

            snprintf(staff, sizeof staff, "p%u", i);
            g = sample_grant((struct sample){.number = i, .staff = staff});
            fail_at = nth;
            r = grant_index_put(index, g, REASON_OK, 1, 1, NULL);
            fail_at = -1;
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
