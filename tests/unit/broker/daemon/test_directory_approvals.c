// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/daemon/directory.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Approvals beside a document in the directory: anybody who can write there can put there what they like. */

struct desk {
    struct world *w;
    struct ldapd l;
    char *document, *leader, *unit; /* of the usual grant */
    struct signatory stranger;      /* wang.wu by name, with a key of their own */
};

static int setup(void **state)
{
    struct desk *k = calloc(1, sizeof(*k));
    const struct department *d;

    must(k != NULL && world_setup((void **)&k->w) == 0);
    d = k->w->department;
    k->l = ldapd_new(k->w);
    k->document = world_document((struct grant_plan){0});
    k->leader = department_approval(d, DEPARTMENT_LEADER, k->document);
    k->unit = department_approval(d, DEPARTMENT_UNIT, k->document);
    k->stranger = department_signatory(d, "wang.wu", "finance", "leader", SIGNATURE_SM2_SM3);
    ldapd_connect(&k->l);
    ldapd_refresh(&k->l, NULL, NULL);
    *state = k;
    return 0;
}

static int teardown(void **state)
{
    struct desk *k = *state;

    if (k->l.fd >= 0)
        ldapd_hang_up(&k->l);
    signatory_done(&k->stranger);
    free(k->document);
    free(k->leader);
    free(k->unit);
    world_free(k->w);
    free(k);
    return 0;
}

static enum reason told(struct desk *k, const char *const *approvals, size_t n)
{
    ldapd_entry_of(&k->l, 1, k->document, approvals, n);
    ldapd_settle(&k->l);
    return world_knock(k->w);
}

/* One that says that wang.wu signed this very document, and is not theirs. */
static char *forged(struct desk *k, unsigned n)
{
    const struct signatory *leader = &k->w->department->approvers[DEPARTMENT_LEADER];
    char at[WHEN_TEXT_SIZE];

    when_format(1795000000 + (when_t)n, at);
    return paper_approval(&(struct approval_plan){
        .by = leader, .document = k->document, .key = k->stranger.key, .approved_at = at});
}

static void test_thirty_junk_ones_in_front(void **state)
{
    struct desk *k = *state;
    const char *approvals[FEED_APPROVALS_MAX];
    char *junk[FEED_APPROVALS_MAX - 2];

    for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
        approvals[i] = junk[i] = forged(k, (unsigned)i);
    approvals[FEED_APPROVALS_MAX - 2] = k->leader;
    approvals[FEED_APPROVALS_MAX - 1] = k->unit;
    assert_int_equal(told(k, approvals, FEED_APPROVALS_MAX), REASON_OK);
    for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
        free(junk[i]);
}

static void test_nothing_but_junk(void **state)
{
    struct desk *k = *state;
    const char *approvals[FEED_APPROVALS_MAX];
    char *junk[FEED_APPROVALS_MAX];

    for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
        approvals[i] = junk[i] = i % 2 == 0 ? forged(k, (unsigned)i) : strdup("no approval at all\n");
    approvals[5] = k->unit;
    assert_int_equal(told(k, approvals, FEED_APPROVALS_MAX), REASON_APPROVAL_MISSING);
    for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
        free(junk[i]);
}

static void test_duplicates(void **state)
{
    struct desk *k = *state;
    const char *approvals[] = {k->leader, k->leader, k->leader, k->leader, k->leader,
                               k->leader, k->leader, k->leader, k->leader};

    assert_int_equal(told(k, approvals, ARRAY_SIZE(approvals)), REASON_APPROVAL_MISSING);
}

/* Good signatures of one person in one role, as many as they like, crowd out nobody. */
static void test_many_good_ones_of_one(void **state)
{
    struct desk *k = *state;
    const struct signatory *leader = &k->w->department->approvers[DEPARTMENT_LEADER];
    const char *approvals[FEED_APPROVALS_MAX];
    char *many[FEED_APPROVALS_MAX - 1];

    for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
        char at[WHEN_TEXT_SIZE];

        when_format(1795000000 + (when_t)i, at);
        approvals[i] = many[i] =
            paper_approval(&(struct approval_plan){.by = leader, .document = k->document, .approved_at = at});
    }
    approvals[FEED_APPROVALS_MAX - 1] = k->unit;
    assert_int_equal(told(k, approvals, FEED_APPROVALS_MAX), REASON_OK);
    for (size_t i = 0; i < ARRAY_SIZE(many); i++)
        free(many[i]);
}

/* Nor together with junk in the name of whom they would crowd out: of one signer one is enough, and the rest
 * is looked through. */
static void test_many_good_ones_and_junk(void **state)
{
    struct desk *k = *state;
    const struct signatory *unit = &k->w->department->approvers[DEPARTMENT_UNIT];
    const char *approvals[FEED_APPROVALS_MAX];
    char *made[FEED_APPROVALS_MAX - 1];

    for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
        char at[WHEN_TEXT_SIZE];

        when_format(1795000000 + (when_t)i, at);
        approvals[i] = made[i] = i % 2 == 0 ? forged(k, (unsigned)i)
                                            : paper_approval(&(struct approval_plan){
                                                  .by = unit, .document = k->document, .approved_at = at});
    }
    approvals[FEED_APPROVALS_MAX - 1] = k->leader;
    assert_int_equal(told(k, approvals, FEED_APPROVALS_MAX), REASON_OK);
    for (size_t i = 0; i < ARRAY_SIZE(made); i++)
        free(made[i]);
}

/* Of another version, another site, another grant: they are of this one only if they say so, and were signed
 * so. */
static void test_swapped(void **state)
{
    struct desk *k = *state;
    const struct department *d = k->w->department;
    char *version = world_document((struct grant_plan){.version = 4});
    char *site = world_document((struct grant_plan){.site = "cn.example.other"});
    char *other = world_document((struct grant_plan){.id = "fedcba9876543210fedcba9876543210"});
    const char *documents[] = {version, site, other};

    for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
        char *one = department_approval(d, DEPARTMENT_LEADER, documents[i]);
        const char *approvals[] = {one, k->unit};

        assert_int_equal(told(k, approvals, 2), REASON_APPROVAL_MISSING);
        free(one);
    }
    free(version);
    free(site);
    free(other);
}

/* Certified by the site's own authority, and not in its trust file. */
static void test_foreign_certificate(void **state)
{
    struct desk *k = *state;
    char *one = paper_approval(&(struct approval_plan){.by = &k->stranger, .document = k->document});
    const char *approvals[] = {one, k->unit};

    assert_int_equal(told(k, approvals, 2), REASON_APPROVAL_MISSING);
    free(one);
}

/* They come one by one, also with the first gone by then. */
static void test_one_by_one(void **state)
{
    struct desk *k = *state;
    const char *first[] = {k->leader}, *second[] = {k->unit};

    assert_int_equal(told(k, first, 1), REASON_APPROVAL_MISSING);
    assert_int_equal(told(k, second, 1), REASON_OK);
    assert_int_equal(told(k, NULL, 0), REASON_OK); /* what was verified stays so */
}

/* An old entry replayed: a lower version gives nothing back. */
static void test_old_version_replayed(void **state)
{
    struct desk *k = *state;
    const char *approvals[] = {k->leader, k->unit};

    assert_int_equal(told(k, approvals, 2), REASON_OK);
    ldapd_signed(&k->l, 2, (struct grant_plan){.version = 4, .source = "10.9.9.0/24"});
    ldapd_settle(&k->l);
    assert_int_equal(world_knock(k->w), REASON_WRONG_SOURCE);
    assert_int_equal(told(k, approvals, 1), REASON_WRONG_SOURCE);
    assert_int_equal(told(k, approvals, 2), REASON_WRONG_SOURCE);
    ldapd_delete(&k->l, 2);
    ldapd_settle(&k->l);
    assert_int_equal(world_knock(k->w), REASON_WITHDRAWN);
    assert_int_equal(told(k, approvals, 1), REASON_WITHDRAWN);
    assert_int_equal(ldapd_count(k->w, "bad"), 0);
}

/* The attribute that the search goes by is never believed. */
static void test_for_another_host(void **state)
{
    struct desk *k = *state;

    ldapd_signed(&k->l, 1, (struct grant_plan){.host = "db02.finance.example"});
    ldapd_settle(&k->l);
    assert_int_equal(world_knock(k->w), REASON_NO_GRANT);
    assert_true(ldapd_shows(k->w, REASON_WRONG_HOST, "does not name this host"));
    assert_int_equal(world_records(k->w, EVENT_DIRECTORY_ENTRY, "failure", NULL), 1);
    /* One that takes this host away from a grant that is here is taken in, and takes it away. */
    ldapd_signed(&k->l, 2, (struct grant_plan){0});
    ldapd_signed(&k->l, 3, (struct grant_plan){.version = 5, .host = "db02.finance.example"});
    ldapd_settle(&k->l);
    assert_int_equal(world_knock(k->w), REASON_WRONG_HOST);
}

/* Bad ones are skipped, said once, also at the next refresh and after a start. */
static void test_bad_ones_are_said_once(void **state)
{
    struct desk *k = *state;
    const char *approvals[] = {k->leader, k->unit};

    for (unsigned i = 0; i < 3; i++) {
        (void)directory_refresh(k->w->broker->directory);
        ldapd_await_start(&k->l, k->l.starts + 1);
        ldapd_begin(&k->l, true);
        ldapd_entry(&k->l, 7, "hufu-grant: 1\nnonsense\n", NULL, NULL);
        ldapd_entry(&k->l, 8, "", NULL, NULL);
        ldapd_entry_of(&k->l, 1, k->document, approvals, 2);
        ldapd_end(&k->l, true, "rid=1,csn=2");
        ldapd_settle(&k->l);
        assert_int_equal(world_knock(k->w), REASON_OK);
        assert_int_equal(ldapd_count(k->w, "bad"), 2);
        assert_true(ldapd_shows(k->w, REASON_BAD_REQUEST, "line 2"));
        assert_int_equal(world_records(k->w, EVENT_DIRECTORY_ENTRY, "failure", NULL), 2);
        ldapd_hang_up(&k->l);
        world_stop(k->w);
        world_start(k->w);
        ldapd_connect(&k->l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_thirty_junk_ones_in_front, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_but_junk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_duplicates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_good_ones_of_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_good_ones_and_junk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_swapped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_version_replayed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_for_another_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_ones_are_said_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
