/* The index: versions, books, order within a person, and 100,000 entries put, found and removed. */
#include "policy/engine/index.h"
#include "tests/unit/policy/engine/sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UNTIL ((when_t)1900000000)

static const uint8_t seed[GRANT_INDEX_SEED_SIZE] = {3, 1, 4, 1, 5};

static int setup(void **state)
{
    struct grant_index *index = NULL;

    if (grant_index_new(seed, &index) < 0)
        return -1;
    *state = index;
    return 0;
}

static int teardown(void **state)
{
    grant_index_free((struct grant_index *)*state);
    return 0;
}

static int put(struct grant_index *index, struct sample s, enum reason standing)
{
    return grant_index_put(index, sample_grant(s), standing, UNTIL, 3600, NULL);
}

static struct grant_entry *find(const struct grant_index *index, uint32_t number)
{
    struct ident_id id = sample_id(number);

    return grant_index_find(index, &id);
}

static void drop(struct grant_index *index, uint32_t number)
{
    struct ident_id id = sample_id(number);

    grant_index_remove(index, &id);
}

static void test_free_takes_null(void **state)
{
    (void)state;
    assert_null(grant_index_free(NULL));
}

static void test_empty(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;

    assert_int_equal(grant_index_count(index), 0);
    assert_null(find(index, 1));
    assert_null(grant_index_first_of(index, "zhang.san"));
    drop(index, 1);
    assert_int_equal(grant_index_count(index), 0);
}

static void test_fields_of_a_new_entry(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;
    struct grant_entry *e = NULL;

    assert_int_equal(
        grant_index_put(index, sample_grant((struct sample){.number = 7}), REASON_OK, UNTIL, 3600, &e), 0);
    assert_ptr_equal(e, find(index, 7));
    assert_ptr_equal(e, grant_index_first_of(index, "zhang.san"));
    assert_null(e->next_of_staff);
    assert_int_equal(e->standing, REASON_OK);
    assert_int_equal(e->taken_away, REASON_OK);
    assert_int_equal(e->by_status, REASON_OK);
    assert_true(e->by_status_until == WHEN_NEVER);
    assert_int_equal(e->votes_until, UNTIL);
    assert_int_equal(e->session_max, 3600);
    assert_int_equal(e->uses_taken, 0);
    assert_int_equal(e->sessions_live, 0);
    assert_int_equal(e->verified_version, 1);
    assert_false(e->closed);
}

/* Also if somebody asks while they come, and whichever go in between. */
static void test_order_of_many_of_a_person(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;
    uint32_t n = 1000;

    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(put(index, (struct sample){.number = i * 377 % n + 1}, REASON_OK), 0);
        if (i % 61 == 7)
            (void)grant_index_first_of(index, "zhang.san");
        if (i % 100 == 99)
            drop(index, i * 377 % n + 1);
    }
    n = 0;
    for (struct grant_entry *e = grant_index_first_of(index, "zhang.san"); e; e = e->next_of_staff) {
        assert_ptr_equal(e, grant_index_find(index, &e->id));
        assert_true(!e->next_of_staff ||
                    memcmp(e->id.octets, e->next_of_staff->id.octets, IDENT_ID_SIZE) < 0);
        assert_false(e->unordered); /* who asks next need not order it again */
        n++;
    }
    assert_int_equal(n, 990);
}

static void test_order_of_a_person_is_by_id(void **state)
{
    static const uint32_t order[] = {5, 2, 9, 1, 7};
    static const uint32_t sorted[] = {1, 2, 5, 7, 9};
    struct grant_index *index = (struct grant_index *)*state;
    struct grant_entry *e;
    size_t i = 0;

    for (size_t k = 0; k < ARRAY_SIZE(order); k++)
        assert_int_equal(put(index, (struct sample){.number = order[k]}, REASON_OK), 0);
    assert_int_equal(put(index, (struct sample){.number = 3, .staff = "li.wei"}, REASON_OK), 0);
    for (e = grant_index_first_of(index, "zhang.san"); e; e = e->next_of_staff)
        assert_ptr_equal(e, find(index, sorted[i++]));
    assert_int_equal(i, ARRAY_SIZE(sorted));

    /* first, middle and last of the list */
    drop(index, 1);
    drop(index, 5);
    drop(index, 9);
    e = grant_index_first_of(index, "zhang.san");
    assert_ptr_equal(e, find(index, 2));
    assert_ptr_equal(e->next_of_staff, find(index, 7));
    assert_null(e->next_of_staff->next_of_staff);
    drop(index, 2);
    drop(index, 7);
    assert_null(grant_index_first_of(index, "zhang.san"));
    assert_ptr_equal(grant_index_first_of(index, "li.wei"), find(index, 3));
}

static void test_verified_version_supersedes_and_keeps_the_books(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;
    struct grant_entry *e;

    assert_int_equal(put(index, (struct sample){.number = 1}, REASON_OK), 0);
    e = find(index, 1);
    e->uses_taken = 4;
    e->sessions_live = 2;
    e->closed = true;
    e->taken_away = REASON_REVOKED;
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 5}, REASON_OK), 0);
    assert_ptr_equal(find(index, 1), e); /* whoever holds the entry sees the new version */
    assert_int_equal(e->version, 5);
    assert_int_equal(e->verified_version, 5);
    assert_int_equal(e->uses_taken, 4);
    assert_int_equal(e->sessions_live, 2);
    assert_true(e->closed);
    assert_int_equal(e->taken_away, REASON_REVOKED);
    assert_int_equal(grant_index_count(index), 1);
}

static void test_versions_refused(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;

    assert_int_equal(put(index, (struct sample){.number = 1, .version = 3}, REASON_OK), 0);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 3}, REASON_OK), -ESTALE);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 2}, REASON_OK), -ESTALE);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 2}, REASON_APPROVAL_MISSING),
                     -ESTALE);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 4}, REASON_APPROVAL_MISSING), -EPERM);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 4, .vendor = "zenith"}, REASON_OK),
                     -EINVAL);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 4, .staff = "li.wei"}, REASON_OK),
                     -EINVAL);
    assert_int_equal(find(index, 1)->version, 3);
    assert_int_equal(find(index, 1)->standing, REASON_OK);
    assert_null(grant_index_first_of(index, "li.wei"));
}

static void test_unverified_versions(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;

    assert_int_equal(put(index, (struct sample){.number = 1, .version = 3}, REASON_APPROVAL_MISSING), 0);
    assert_int_equal(find(index, 1)->verified_version, 0);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 2}, REASON_APPROVAL_MISSING),
                     -ESTALE);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 3}, REASON_CLASS_LIMIT), 0);
    assert_int_equal(find(index, 1)->standing, REASON_CLASS_LIMIT);
    /* a verified one takes the place of any that did not verify, whoever that named */
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 1, .staff = "li.wei"}, REASON_OK), 0);
    assert_ptr_equal(grant_index_first_of(index, "li.wei"), find(index, 1));
    assert_null(grant_index_first_of(index, "zhang.san"));
    assert_int_equal(grant_index_count(index), 1);
}

/* Trust epochs come and go; what was superseded stays superseded. */
static void test_lost_standing_does_not_revive_lower_versions(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;
    struct grant_entry *e;

    assert_int_equal(put(index, (struct sample){.number = 1, .version = 3}, REASON_OK), 0);
    e = find(index, 1);
    grant_entry_judge(e, REASON_APPROVAL_MISSING, 0, 0);
    assert_int_equal(e->standing, REASON_APPROVAL_MISSING);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 2}, REASON_OK), -ESTALE);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 4}, REASON_APPROVAL_MISSING), -EPERM);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 3}, REASON_OK), 0);
    assert_int_equal(e->standing, REASON_OK);
    grant_entry_judge(e, REASON_APPROVAL_MISSING, 0, 0);
    grant_entry_judge(e, REASON_OK, UNTIL, 1800);
    assert_int_equal(e->session_max, 1800);
    assert_int_equal(e->votes_until, UNTIL);
}

/* What the store remembers from before a restart counts, also when the version itself does not verify now. */
static void test_remembered_version(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;

    assert_int_equal(put(index, (struct sample){.number = 1, .version = 1}, REASON_APPROVAL_MISSING), 0);
    find(index, 1)->verified_version = 3;
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 2}, REASON_OK), -ESTALE);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 3}, REASON_OK), 0);
}

static void test_judge_verifies_the_version_there(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;

    assert_int_equal(put(index, (struct sample){.number = 1, .version = 2}, REASON_APPROVAL_MISSING), 0);
    grant_entry_judge(find(index, 1), REASON_OK, UNTIL, 3600);
    assert_int_equal(find(index, 1)->verified_version, 2);
    assert_int_equal(put(index, (struct sample){.number = 1, .version = 1}, REASON_OK), -ESTALE);
}

static void test_state_of_another_vendor_is_dropped(void **state)
{
    static const enum reason of_vendor[] = {REASON_VENDOR_LOCKED, REASON_VENDOR_REVOKED};
    static const enum reason of_grant[] = {REASON_REVOKED, REASON_WITHDRAWN};
    struct grant_index *index = (struct grant_index *)*state;

    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(
            put(index, (struct sample){.number = i, .vendor = "zenith"}, REASON_APPROVAL_MISSING), 0);
        find(index, i)->taken_away = of_vendor[i];
        assert_int_equal(put(index, (struct sample){.number = i}, REASON_OK), 0);
        assert_int_equal(find(index, i)->taken_away, REASON_OK);
        find(index, i)->taken_away = of_vendor[i];
        assert_int_equal(put(index, (struct sample){.number = i, .version = 2}, REASON_OK), 0);
        assert_int_equal(find(index, i)->taken_away, of_vendor[i]);

        assert_int_equal(
            put(index, (struct sample){.number = 10 + i, .vendor = "zenith"}, REASON_APPROVAL_MISSING), 0);
        find(index, 10 + i)->taken_away = of_grant[i];
        assert_int_equal(put(index, (struct sample){.number = 10 + i}, REASON_OK), 0);
        assert_int_equal(find(index, 10 + i)->taken_away, of_grant[i]);
    }
}

enum {
    MANY = 100000,
    PER_PERSON = 4,
};

static const char *person(uint32_t n, char name[static 16])
{
    snprintf(name, 16, "p%u", n % (MANY / PER_PERSON));
    return name;
}

static void count_entry(struct grant_entry *entry, void *userdata)
{
    size_t *sum = (size_t *)userdata;

    assert_non_null(entry->own);
    ++*sum;
}

static size_t count_of_person(const struct grant_index *index, uint32_t n)
{
    const struct grant_entry *before = NULL;
    char name[16];
    size_t count = 0;

    for (const struct grant_entry *e = grant_index_first_of(index, person(n, name)); e;
         e = e->next_of_staff) {
        assert_string_equal(grant_entry_staff(e), name);
        assert_true(!before || memcmp(before->id.octets, e->id.octets, IDENT_ID_SIZE) < 0);
        before = e;
        count++;
    }
    return count;
}

static void test_hundred_thousand(void **state)
{
    struct grant_index *index = (struct grant_index *)*state;
    char name[16];
    size_t seen = 0;

    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(put(index, (struct sample){.number = i, .staff = person(i, name)}, REASON_OK), 0);
    assert_int_equal(grant_index_count(index), MANY);
    grant_index_each(index, count_entry, &seen);
    assert_int_equal(seen, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_non_null(find(index, i));
    for (uint32_t p = 0; p < MANY / PER_PERSON; p++)
        assert_int_equal(count_of_person(index, p), PER_PERSON);
    assert_null(find(index, MANY));
    assert_null(grant_index_first_of(index, "p25000"));

    /* Removal shifts back what had probed over a slot: everything else must still be found. */
    for (uint32_t i = 0; i < MANY; i++)
        if (i % 3 != 0)
            drop(index, i);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(find(index, i) != NULL, i % 3 == 0);
    seen = 0;
    for (uint32_t p = 0; p < MANY / PER_PERSON; p++)
        seen += count_of_person(index, p);
    assert_int_equal(seen, (MANY + 2) / 3);
    assert_int_equal(grant_index_count(index), seen);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_takes_null),
        EACH(test_empty),
        EACH(test_fields_of_a_new_entry),
        EACH(test_order_of_many_of_a_person),
        EACH(test_order_of_a_person_is_by_id),
        EACH(test_verified_version_supersedes_and_keeps_the_books),
        EACH(test_versions_refused),
        EACH(test_unverified_versions),
        EACH(test_lost_standing_does_not_revive_lower_versions),
        EACH(test_remembered_version),
        EACH(test_judge_verifies_the_version_there),
        EACH(test_state_of_another_vendor_is_dropped),
        EACH(test_hundred_thousand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
