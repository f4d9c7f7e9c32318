// LINK: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free
/* The index without memory: -ENOMEM, the grant freed (ASan sees it), and everything there still found. */
#include "policy/engine/index.h"
#include "policy/engine/terms.h"
#include "tests/unit/memory.h"
#include "tests/unit/policy/engine/sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const uint8_t seed[GRANT_INDEX_SEED_SIZE];

static void test_new(void **state)
{
    struct grant_index *index = NULL;

    (void)state;
    for (unsigned nth = 0; nth < 4; nth++) {
        memory_fail_after(nth);
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
        for (unsigned nth = 0;; nth++) {
            char staff[16], vendor[16];
            struct grant *g;
            int r;

            snprintf(staff, sizeof staff, "p%u", i);
            snprintf(vendor, sizeof vendor, "v%u", i); /* terms of its own */
            g = sample_grant((struct sample){.number = i, .staff = staff, .vendor = vendor});
            memory_fail_after(nth);
            r = grant_index_put(index, g, REASON_OK, 1, 1, NULL);
            memory_fail_after(UINT_MAX);
            if (r == 0)
                break;
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(grant_index_count(index), i);
            refused++;
        }
        for (uint32_t k = 0; k <= i; k++) {
            struct ident_id id = sample_id(k);
            struct grant_entry *e = grant_index_find(index, &id);
            char vendor[16];

            assert_non_null(e);
            snprintf(vendor, sizeof vendor, "v%u", k);
            assert_string_equal(grant_entry_grant(e).vendor, vendor);
        }
    }
    assert_true(refused > 100);
    grant_index_free(index);
}

/* Terms that find no room in the pool are not half there. */
static void test_terms(void **state)
{
    struct grant_terms *terms[100];
    struct terms_pool pool;
    size_t refused = 0;

    (void)state;
    assert_int_equal(terms_pool_init(&pool, seed), 0);
    for (uint32_t i = 0; i < ARRAY_SIZE(terms); i++) {
        char vendor[16];
        struct grant *g;

        snprintf(vendor, sizeof vendor, "v%u", i);
        g = sample_grant((struct sample){.number = i, .vendor = vendor});
        /* Where the pool must grow, that fails first. */
        for (unsigned nth = 0;; nth++) {
            int r;

            terms[i] = NULL;
            memory_fail_after(nth);
            r = terms_take(&pool, g, &terms[i]);
            memory_fail_after(UINT_MAX);
            if (terms[i])
                break;
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(pool.table.used, i);
            refused++;
        }
        assert_string_equal(terms[i]->grant->vendor, vendor);
        grant_free(g);
    }
    assert_true(refused > ARRAY_SIZE(terms));
    for (size_t i = 0; i < ARRAY_SIZE(terms); i++)
        terms_release(&pool, terms[i]);
    assert_int_equal(pool.table.used, 0);
    terms_pool_done(&pool);
}

/* A version that finds no memory leaves the one that is there. */
static void test_replace(void **state)
{
    struct grant_index *index = NULL;
    struct ident_id id = sample_id(1);
    unsigned nth = 0;
    int r;

    (void)state;
    assert_int_equal(grant_index_new(seed, &index), 0);
    assert_int_equal(
        grant_index_put(index, sample_grant((struct sample){.number = 1}), REASON_OK, 1, 1, NULL), 0);
    do {
        struct grant *g = sample_grant((struct sample){.number = 1, .version = 2, .days = 2});
        bool failed;

        memory_fail_after(nth++);
        r = grant_index_put(index, g, REASON_OK, 1, 1, NULL);
        failed = memory.failed;
        memory_fail_after(UINT_MAX);
        assert_int_equal(r, failed ? -ENOMEM : 0);
        assert_int_equal(grant_index_find(index, &id)->version, failed ? 1 : 2);
        assert_int_equal(grant_index_find(index, &id)->verified_version, failed ? 1 : 2);
    } while (r != 0);
    assert_true(nth > 1);
    grant_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_terms),
        cmocka_unit_test(test_replace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
