// LINK: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free
/* What an entry gives out: the grant that was put, whole, and the octets that were attached to it; and that
 * nothing of it is left when it is gone. */
#include "policy/base/buf.h"
#include "policy/engine/index.h"
#include "tests/unit/memory.h"
#include "tests/unit/policy/engine/sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t seed[GRANT_INDEX_SEED_SIZE] = {3, 1, 4, 1, 5};

#define N_SAMPLES 3

/* With a password, with a key, and with as many as there can be; texts short and long. */
static struct grant *make(unsigned i)
{
    static const struct ident_fingerprint keys[] = {{{1}}, {{2}}, {{3}}, {{4}}, {{5}}, {{6}}, {{7}}, {{8}}};
    static const char *const purposes[N_SAMPLES] = {"p", "one that is some words long", "another"};
    static const char *const tickets[N_SAMPLES] = {"CHG-2026-1142", "t", "T-2"};
    static const char *const staff[N_SAMPLES] = {"zhang.san", "li.wei", "w"};
    struct grant *g = sample_grant((struct sample){.number = i, .vendor = i == 0 ? "acme" : "zenith"});

    g->staff = staff[i];
    g->ticket = tickets[i];
    g->purpose = purposes[i];
    g->password = i == 0;
    g->keys = i == 0 ? NULL : keys;
    g->n_keys = i == 0 ? 0 : i == 1 ? 1 : ARRAY_SIZE(keys);
    return g;
}

static int put(struct grant_index *index, unsigned i, struct grant_entry **ret)
{
    return grant_index_put(index, make(i), REASON_OK, WHEN_NEVER, 3600, ret);
}

/* An index in which that is the only one. */
static struct grant_index *index_of(unsigned i, struct grant_entry **ret)
{
    struct grant_index *index = NULL;

    assert_int_equal(grant_index_new(seed, &index), 0);
    assert_int_equal(put(index, i, ret), 0);
    return index;
}

static void assert_is(const struct grant_entry *entry, unsigned i)
{
    cleanup(grant_free_p) struct grant *made = make(i);
    const struct grant g = grant_entry_grant(entry);
    cleanup_free char *text = NULL, *written = NULL;

    assert_int_equal(grant_write(made, &text, NULL), 0);
    assert_int_equal(grant_write(&g, &written, NULL), 0);
    assert_string_equal(written, text);
    assert_null(g.arena); /* it is nobody's to free */
    assert_string_equal(grant_entry_staff(entry), g.staff);
    assert_string_equal(grant_entry_vendor(entry), g.vendor);
}

static void test_the_grant_comes_out_whole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        struct grant_entry *entry = NULL;
        cleanup(grant_index_free_p) struct grant_index *index = index_of(i, &entry);

        assert_is(entry, i);
    }
}

/* Terms are told apart by the text. */
static void test_a_grant_without_its_text_is_refused(void **state)
{
    cleanup(grant_index_free_p) struct grant_index *index = NULL;
    struct grant *g = make(0);

    (void)state;
    assert_int_equal(grant_index_new(seed, &index), 0);
    g->common.text = NULL;
    assert_int_equal(grant_index_put(index, g, REASON_OK, WHEN_NEVER, 3600, NULL), -EINVAL);
    assert_int_equal(grant_index_count(index), 0);
}

static void assert_attached(const struct grant_entry *entry, const void *octets, size_t size)
{
    size_t attached = 4711;
    const uint8_t *there = grant_entry_attached(entry, &attached);

    assert_int_equal(attached, size);
    if (size == 0)
        assert_null(there);
    else
        assert_memory_equal(there, octets, size);
}

static void test_octets_are_attached(void **state)
{
    static const uint8_t octets[] = {0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x17, 0x28, 0x39};
    static const size_t sizes[] = {1, 8, 0, 1, 2, 7};

    (void)state;
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        struct grant_entry *entry = NULL;
        cleanup(grant_index_free_p) struct grant_index *index = index_of(i, &entry);

        assert_attached(entry, NULL, 0);
        for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
            assert_int_equal(grant_entry_attach(entry, octets + k % 2, sizes[k]), 0);
            assert_attached(entry, octets + k % 2, sizes[k]);
            assert_is(entry, i);
        }
    }
}

static void test_what_was_attached_stays_if_there_is_no_memory(void **state)
{
    struct grant_entry *entry = NULL;
    cleanup(grant_index_free_p) struct grant_index *index = index_of(0, &entry);

    (void)state;
    assert_int_equal(grant_entry_attach(entry, "abc", 3), 0);
    memory_fail_after(0);
    assert_int_equal(grant_entry_attach(entry, "defghi", 6), -ENOMEM);
    assert_int_equal(grant_entry_attach(entry, "", (size_t)UINT32_MAX + 1), -ENOMEM);
    assert_attached(entry, "abc", 3);
    assert_is(entry, 0);
}

#define N_GRANTS 40

/* Many with the same terms and some with their own; a version that takes the place of another; and all
 * removed, or freed with the index. */
static void fill_and_free(bool remove)
{
    cleanup(grant_index_free_p) struct grant_index *index = NULL;

    assert_int_equal(grant_index_new(seed, &index), 0);
    for (unsigned i = 0; i < N_GRANTS; i++) {
        struct grant *g = make(i % N_SAMPLES);

        g->id.octets[0] = (uint8_t)i;
        assert_int_equal(grant_index_put(index, g, REASON_OK, WHEN_NEVER, 3600, NULL), 0);
        g = make(i % N_SAMPLES);
        g->id.octets[0] = (uint8_t)i;
        g->version++;
        assert_int_equal(grant_index_put(index, g, REASON_OK, WHEN_NEVER, 3600, NULL), 0);
    }
    for (unsigned i = 0; remove && i < N_GRANTS; i++) {
        struct grant *g = make(i % N_SAMPLES);

        g->id.octets[0] = (uint8_t)i;
        grant_index_remove(index, &g->id);
        grant_free(g);
    }
    assert_int_equal(grant_index_count(index), remove ? 0 : N_GRANTS);
}

static void test_nothing_is_left(void **state)
{
    const long before = memory.held;

    (void)state;
    fill_and_free(true);
    assert_int_equal(memory.held, before);
    fill_and_free(false);
    assert_int_equal(memory.held, before);
}

/* Terms are kept once, as long as one grant has them. */
static void test_terms_go_with_their_last_grant(void **state)
{
    cleanup(grant_index_free_p) struct grant_index *index = NULL;
    struct grant_entry *entries[2];

    (void)state;
    assert_int_equal(grant_index_new(seed, &index), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct grant *g = make(2);

        g->id.octets[0] = (uint8_t)i;
        assert_int_equal(grant_index_put(index, g, REASON_OK, WHEN_NEVER, 3600, &entries[i]), 0);
    }
    assert_ptr_equal(grant_entry_vendor(entries[0]), grant_entry_vendor(entries[1]));
    grant_index_remove(index, &entries[0]->id);
    assert_string_equal(grant_entry_grant(entries[1]).hosts.items[0], "db01.example");
    assert_string_equal(grant_entry_vendor(entries[1]), "zenith");
    assert_int_equal(grant_index_count(index), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_grant_comes_out_whole),
        cmocka_unit_test(test_a_grant_without_its_text_is_refused),
        cmocka_unit_test(test_octets_are_attached),
        cmocka_unit_test(test_what_was_attached_stays_if_there_is_no_memory),
        cmocka_unit_test(test_nothing_is_left),
        cmocka_unit_test(test_terms_go_with_their_last_grant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
