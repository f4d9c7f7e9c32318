/*
 * What grants have in common, as a grant of its own: nothing of it is lost, and it stands by itself.
 */
#include "policy/base/cleanup.h"
#include "policy/document/grant.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <malloc.h>
#include <string.h>

static const char *const grants[] = {sample_grant, sample_grant_emergency, sample_grant_full};

static void give_own(struct grant *g, const struct grant *from)
{
    g->id = from->id;
    g->version = from->version;
    g->staff = from->staff;
    g->password = from->password;
    g->keys = from->keys;
    g->n_keys = from->n_keys;
    g->valid = from->valid;
    g->ticket = from->ticket;
    g->purpose = from->purpose;
}

/* The grant that it was copied from is gone by then. */
static void test_nothing_is_lost(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(grants); i++) {
        cleanup(grant_free_p) struct grant *g = sample_parse_grant(grants[i]), *copy = NULL;
        cleanup(grant_free_p) struct grant *again = sample_parse_grant(grants[i]);
        cleanup_buf struct buf joined = BUF_INIT;
        cleanup_free char *written = NULL;

        assert_int_equal(grant_common_copy(g, &copy), 0);
        g = grant_free(g);
        give_own(copy, again);
        assert_int_equal(grant_write(copy, &written, NULL), 0);
        assert_string_equal(written, grants[i]);
        grant_common_join(copy, &joined);
        assert_int_equal(joined.size, strlen(grants[i]));
        assert_memory_equal(joined.data, grants[i], joined.size);
    }
}

static void test_own_is_empty(void **state)
{
    cleanup(grant_free_p) struct grant *g = sample_parse_grant(sample_grant_full), *copy = NULL;
    static const struct ident_id none = {{0}};

    (void)state;
    g->password = true;
    assert_int_equal(grant_common_copy(g, &copy), 0);
    assert_memory_equal(&copy->id, &none, sizeof(none));
    assert_int_equal(copy->version, 0);
    assert_string_equal(copy->staff, "");
    assert_string_equal(copy->ticket, "");
    assert_string_equal(copy->purpose, "");
    assert_int_equal(copy->n_keys, 0);
    assert_null(copy->keys);
    assert_false(copy->password);
    assert_int_equal(copy->valid.from, 0);
    assert_int_equal(copy->valid.until, 0);
}

/* A host has as many of them as contracts. */
static void test_takes_no_more_than_it_needs(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    (void)state;
    skip(); /* its allocator does not say */
#else
    cleanup(grant_free_p) struct grant *g = sample_parse_grant(sample_grant_full), *copy = NULL;
    size_t before;

    (void)state;
    before = mallinfo2().uordblks;
    assert_int_equal(grant_common_copy(g, &copy), 0);
    assert_in_range(mallinfo2().uordblks - before, sizeof(*g),
                    sizeof(*g) + 2 * strlen(sample_grant_full) + 256);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost),
        cmocka_unit_test(test_own_is_empty),
        cmocka_unit_test(test_takes_no_more_than_it_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
