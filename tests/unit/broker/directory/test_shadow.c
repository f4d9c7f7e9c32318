#include "broker/directory/shadow.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t seed[SHADOW_SEED_SIZE] = {1, 2, 3};

static int setup(void **state)
{
    struct shadow *s = NULL;

    assert_int_equal(shadow_new(seed, &s), 0);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    shadow_free(*state);
    return 0;
}

static struct shadow_record record_of(uint32_t uuid, uint32_t document)
{
    struct shadow_record r = {.version = 3, .outcome = REASON_OK, .type = 1, .name = "cn=1"};

    memcpy(r.uuid, &uuid, sizeof(uuid));
    memcpy(r.digest + 28, &document, sizeof(document));
    memset(r.id.octets, 7, sizeof(r.id.octets));
    return r;
}

static int put(struct shadow *s, uint32_t uuid, uint32_t document)
{
    struct shadow_record r = record_of(uuid, document);

    return shadow_put(s, &r, NULL);
}

static void assert_record(const struct shadow_record *a, const struct shadow_record *b)
{
    assert_memory_equal(a->uuid, b->uuid, sizeof(a->uuid));
    assert_memory_equal(a->digest, b->digest, sizeof(a->digest));
    assert_true(ident_id_equal(&a->id, &b->id));
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->type, b->type);
    assert_true(!a->name == !b->name);
    if (a->name)
        assert_string_equal(a->name, b->name);
}

static void test_what_was_put_is_found(void **state)
{
    struct shadow *s = *state;
    struct shadow_record a = record_of(1, 10), b = record_of(1, 11), found, was;
    char name[] = "cn=a";

    a.name = name;
    b.name = NULL;
    b.version = 4;
    b.outcome = REASON_REVOKED;
    b.type = 2;
    assert_false(shadow_find(s, a.uuid, &found));
    assert_true(found.version == 0 && !found.name);
    assert_int_equal(shadow_put(s, &a, &was), SHADOW_NEW);
    assert_true(was.version == 0 && !was.name);
    name[3] = 'x'; /* it was copied */
    assert_true(shadow_find(s, a.uuid, &found));
    name[3] = 'a';
    assert_record(&found, &a);
    assert_int_equal(shadow_put(s, &b, &was), SHADOW_REPLACED);
    a.name = NULL;
    assert_record(&was, &a);
    assert_true(shadow_find(s, a.uuid, &found));
    assert_record(&found, &b);
    assert_true(shadow_set_outcome(s, b.uuid, REASON_OK, 7, true));
    b.outcome = REASON_OK;
    assert_true(shadow_remove(s, b.uuid, &was));
    assert_record(&was, &b);
    assert_false(shadow_remove(s, b.uuid, &was));
    assert_int_equal(was.version, 0);
    assert_false(shadow_set_outcome(s, b.uuid, REASON_OK, 7, true));
    assert_int_equal(shadow_count(s), 0);
}

/* The same octets in several entries: they are there as long as one of them is. */
static void test_a_document_is_there_as_long_as_an_entry_holds_it(void **state)
{
    struct shadow *s = *state;
    struct shadow_record a = record_of(1, 10), other = record_of(1, 11);

    assert_int_equal(shadow_count_of(s, a.digest), 0);
    for (uint32_t i = 1; i <= 3; i++)
        assert_int_equal(put(s, i, 10), SHADOW_NEW);
    assert_int_equal(put(s, 1, 10), SHADOW_REPLACED); /* said again */
    assert_int_equal(shadow_count_of(s, a.digest), 3);
    assert_int_equal(put(s, 1, 11), SHADOW_REPLACED);
    assert_int_equal(shadow_count_of(s, a.digest), 2);
    assert_int_equal(shadow_count_of(s, other.digest), 1);
    shadow_begin(s);
    a = record_of(3, 10);
    assert_true(shadow_mark(s, a.uuid));
    shadow_sweep(s, NULL, NULL);
    assert_int_equal(shadow_count_of(s, a.digest), 1);
    assert_int_equal(shadow_count_of(s, other.digest), 0);
    assert_true(shadow_remove(s, a.uuid, NULL));
    assert_int_equal(shadow_count_of(s, a.digest), 0);
}

struct gone {
    struct shadow *shadow;
    size_t n;
    bool still_there;
    uint32_t sum;
};

static void on_gone(void *userdata, const struct shadow_record *r)
{
    struct gone *g = userdata;
    struct shadow_record found;
    uint32_t uuid;

    memcpy(&uuid, r->uuid, sizeof(uuid));
    assert_string_equal(r->name, "cn=1");
    g->n++;
    g->sum += uuid;
    g->still_there |= shadow_find(g->shadow, r->uuid, &found) || shadow_count_of(g->shadow, r->digest) > 0;
}

/* Only what was neither put nor marked since the beginning goes, and how much that is can be asked before. */
static void test_mark_and_sweep(void **state)
{
    struct shadow *s = *state;
    struct shadow_record r = record_of(9, 9);
    struct gone gone = {.shadow = s};

    for (uint32_t i = 1; i <= 6; i++)
        assert_int_equal(put(s, i, i), SHADOW_NEW);
    assert_int_equal(shadow_count_unseen(s), 0);
    shadow_begin(s);
    assert_int_equal(shadow_count_unseen(s), 6);
    assert_false(shadow_mark(s, r.uuid));
    r = record_of(2, 2);
    assert_true(shadow_mark(s, r.uuid));
    assert_true(shadow_mark(s, r.uuid));
    assert_int_equal(put(s, 2, 2), SHADOW_REPLACED);
    assert_int_equal(put(s, 3, 33), SHADOW_REPLACED);
    assert_int_equal(put(s, 7, 7), SHADOW_NEW);
    r = record_of(4, 4);
    assert_true(shadow_remove(s, r.uuid, NULL));
    r = record_of(7, 7);
    assert_true(shadow_remove(s, r.uuid, NULL));
    assert_int_equal(shadow_count_unseen(s), 3);
    /* Begun anew, what was seen then counts no more. */
    shadow_begin(s);
    assert_int_equal(shadow_count_unseen(s), 5);
    r = record_of(2, 2);
    assert_true(shadow_mark(s, r.uuid));
    r = record_of(6, 6);
    assert_true(shadow_mark(s, r.uuid));
    shadow_sweep(s, on_gone, &gone);
    assert_int_equal(gone.n, 3);
    assert_int_equal(gone.sum, 1 + 3 + 5);
    assert_false(gone.still_there);
    assert_int_equal(shadow_count(s), 2);
    assert_int_equal(shadow_count_unseen(s), 0);
    shadow_sweep(s, on_gone, &gone);
    assert_int_equal(gone.n, 3);
}

/* The same content under another seed lies elsewhere: whoever chooses the ids cannot choose where. */
static void on_first(void *userdata, const struct shadow_record *r)
{
    uint32_t **at = userdata;

    memcpy((*at)++, r->uuid, sizeof(uint32_t));
}

static void test_places_depend_on_the_seed(void **state)
{
    static const uint8_t other_seed[SHADOW_SEED_SIZE] = {9};
    cleanup(shadow_free_p) struct shadow *other = NULL;
    uint32_t one[100], two[100], *at;
    struct shadow *s = *state;

    assert_int_equal(shadow_new(other_seed, &other), 0);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(put(s, i, i), SHADOW_NEW);
        assert_int_equal(put(other, i, i), SHADOW_NEW);
    }
    at = one;
    shadow_each(s, on_first, &at);
    assert_ptr_equal(at, one + 100);
    at = two;
    shadow_each(other, on_first, &at);
    assert_memory_not_equal(one, two, sizeof(one));
}

/* Full is full, for others than those that are there. */
static void test_so_many_and_no_more(void **state)
{
    struct shadow *s = *state;
    struct shadow_record r = record_of(5, 5);

    for (uint32_t i = 0; i < SHADOW_ENTRIES_MAX; i++)
        if (put(s, i, i % 1000) != SHADOW_NEW)
            fail_msg("entry %u", i);
    assert_int_equal(put(s, SHADOW_ENTRIES_MAX, 1), -ENOSPC);
    assert_int_equal(shadow_count(s), SHADOW_ENTRIES_MAX);
    assert_int_equal(put(s, 5, 1), SHADOW_REPLACED);
    assert_true(shadow_remove(s, r.uuid, NULL));
    assert_int_equal(put(s, SHADOW_ENTRIES_MAX, 1), SHADOW_NEW);
    shadow_begin(s);
    shadow_sweep(s, NULL, NULL);
    assert_int_equal(shadow_count(s), 0);
    assert_int_equal(put(s, 5, 5), SHADOW_NEW);
    assert_int_equal(shadow_count_of(s, r.digest), 1);
}

/* ---- against a list ---- */

enum {
    MODEL_UUIDS = 300,
    MODEL_DOCUMENTS = 40,
    MODEL_STEPS = 200000,
};

struct model {
    bool present, seen;
    uint32_t document;
    uint32_t version;
};

static struct model model[MODEL_UUIDS];

static uint32_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*random >> 33);
}

static size_t count_model(bool unseen_only)
{
    size_t n = 0;

    for (size_t i = 0; i < MODEL_UUIDS; i++)
        n += model[i].present && !(unseen_only && model[i].seen);
    return n;
}

static size_t count_model_of(uint32_t document)
{
    size_t n = 0;

    for (size_t i = 0; i < MODEL_UUIDS; i++)
        n += model[i].present && model[i].document == document;
    return n;
}

static void compare_model(const struct shadow *s, uint32_t uuid, uint32_t document)
{
    struct shadow_record key = record_of(uuid, document), found;

    assert_int_equal(shadow_find(s, key.uuid, &found), model[uuid].present);
    if (model[uuid].present) {
        key = record_of(uuid, model[uuid].document);
        key.version = model[uuid].version;
        assert_record(&found, &key);
    }
    key = record_of(uuid, document);
    assert_int_equal(shadow_count_of(s, key.digest), count_model_of(document));
    assert_int_equal(shadow_count(s), count_model(false));
    assert_int_equal(shadow_count_unseen(s), count_model(true));
}

static void model_gone(void *userdata, const struct shadow_record *r)
{
    uint32_t uuid;

    (void)userdata;
    memcpy(&uuid, r->uuid, sizeof(uuid));
    assert_true(uuid < MODEL_UUIDS && model[uuid].present && !model[uuid].seen);
    model[uuid].present = false;
}

static void model_step(struct shadow *s, uint64_t *random)
{
    uint32_t uuid = next_random(random) % MODEL_UUIDS, document = next_random(random) % MODEL_DOCUMENTS;
    uint32_t what = next_random(random) % 1000;
    struct model *m = &model[uuid];
    struct shadow_record r = record_of(uuid, document), was;

    if (what < 500) {
        r.version = next_random(random);
        assert_int_equal(shadow_put(s, &r, &was), m->present ? SHADOW_REPLACED : SHADOW_NEW);
        assert_int_equal(was.version, m->present ? m->version : 0);
        *m = (struct model){.present = true, .seen = true, .document = document, .version = r.version};
    } else if (what < 750) {
        assert_int_equal(shadow_remove(s, r.uuid, &was), m->present);
        assert_int_equal(was.version, m->present ? m->version : 0);
        m->present = false;
    } else if (what < 990) {
        assert_int_equal(shadow_mark(s, r.uuid), m->present);
        m->seen = true;
    } else if (what < 996) {
        shadow_begin(s);
        for (size_t i = 0; i < MODEL_UUIDS; i++)
            model[i].seen = false;
    } else {
        shadow_sweep(s, model_gone, NULL);
        assert_int_equal(count_model(true), 0);
    }
    compare_model(s, uuid, document);
    compare_model(s, next_random(random) % MODEL_UUIDS, next_random(random) % MODEL_DOCUMENTS);
}

static void test_random_operations(void **state)
{
    uint64_t random = 20261122;

    memset(model, 0, sizeof(model));
    for (unsigned i = 0; i < MODEL_STEPS; i++)
        model_step(*state, &random);
}

int main(void)
{
#define SHADOW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        SHADOW(test_what_was_put_is_found), SHADOW(test_a_document_is_there_as_long_as_an_entry_holds_it),
        SHADOW(test_mark_and_sweep),        SHADOW(test_places_depend_on_the_seed),
        SHADOW(test_so_many_and_no_more),   SHADOW(test_random_operations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
