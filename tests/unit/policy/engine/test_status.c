/* What a status takes away: ids, versions, certificates; its order, and how long it holds. */
#include "policy/base/cleanup.h"
#include "policy/engine/status.h"
#include "tests/unit/policy/engine/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LEADER, UNIT, N_ROLES };

#define END_OF_TRUST ((when_t)1000)

static const struct trust trust = {
    .site = "cn.example",
    .epoch = 4,
    .valid = {0, END_OF_TRUST},
    .roles = {"leader", "unit"},
    .n_roles = N_ROLES,
    .quorum = {[GRANT_CLASS_NORMAL] = {.total = 2, .role = {1, 1}}},
};

static const struct quorum_signature by_leader = {{1, LEADER}, {1}, 900};
static const struct quorum_signature by_unit = {{2, UNIT}, {2}, 800};
static const struct quorum_signature by_both = {{3, UNIT}, {3}, 700};

static struct status status_with(uint32_t trust_epoch, uint32_t epoch)
{
    return (struct status){
        .site = "cn.example", .trust_epoch = trust_epoch, .epoch = epoch, .issued = 100, .expires = 500};
}

static void test_order(void **state)
{
    static const uint32_t sorted[][2] = {{1, 1}, {1, 2}, {1, 2147483647}, {2, 1}, {2, 2}, {2147483647, 1}};
    const size_t n = sizeof(sorted) / sizeof(sorted[0]);

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            struct status a = status_with(sorted[i][0], sorted[i][1]);
            struct status b = status_with(sorted[k][0], sorted[k][1]);
            int order = status_compare(&a, &b);

            assert_true((order < 0) == (i < k) && (order > 0) == (i > k));
        }
}

static void test_holds_until(void **state)
{
    struct status s = status_with(4, 1);

    (void)state;
    assert_int_equal(status_holds_until(&s, 399), 499);
    assert_int_equal(status_holds_until(&s, 400), 500);
    assert_int_equal(status_holds_until(&s, 401), 500);
    assert_int_equal(status_holds_until(&s, WHEN_NEVER), 500);
    assert_int_equal(status_holds_until(&s, WHEN_NEVER - 100), 500);
    assert_int_equal(status_holds_until(&s, WHEN_NEVER - 99), 500);
}

/* Grants 1 to 9 with each status: found wherever in the list, and no neighbour with it. */
static void test_revoked(void **state)
{
    struct ident_id ids[3] = {sample_id(2), sample_id(5), sample_id(8)};
    const struct quorum_signature votes[] = {by_leader, by_unit};
    struct status s = status_with(4, 1);

    (void)state;
    s.revoked = ids;
    s.n_revoked = 3;
    for (uint32_t number = 1; number <= 9; number++) {
        cleanup(grant_free_p) struct grant *g = sample_grant((struct sample){.number = number, .version = 7});
        when_t until = 1;

        assert_int_equal(status_of_grant(&s, &trust, g, votes, 2, &until),
                         number % 3 == 2 ? REASON_REVOKED : REASON_OK);
        assert_int_equal(until, number % 3 == 2 ? 0 : 800);
    }
}

static void test_minimum_version(void **state)
{
    struct status_minimum minimums[] = {{sample_id(2), 9}, {sample_id(5), 3}};
    const struct quorum_signature votes[] = {by_leader, by_unit};
    struct status s = status_with(4, 1);

    (void)state;
    s.minimum_versions = minimums;
    s.n_minimum_versions = 2;
    for (uint32_t version = 1; version <= 5; version++) {
        cleanup(grant_free_p) struct grant *g =
            sample_grant((struct sample){.number = 5, .version = version});
        cleanup(grant_free_p) struct grant *other =
            sample_grant((struct sample){.number = 6, .version = version});
        when_t until;

        assert_int_equal(status_of_grant(&s, &trust, g, votes, 2, &until),
                         version < 3 ? REASON_REVOKED : REASON_OK);
        assert_int_equal(status_of_grant(&s, &trust, other, votes, 2, &until), REASON_OK);
        /* One that stands alone, too. */
        s.minimum_versions = &minimums[1];
        s.n_minimum_versions = 1;
        assert_int_equal(status_of_grant(&s, &trust, g, votes, 2, &until),
                         version < 3 ? REASON_REVOKED : REASON_OK);
        s.minimum_versions = minimums;
        s.n_minimum_versions = 2;
    }
}

static void test_revoked_certificates(void **state)
{
    const struct quorum_signature two[] = {by_leader, by_unit}, three[] = {by_leader, by_unit, by_both};
    static const struct {
        uint8_t revoked;
        when_t two_until, three_until; /* 0: APPROVAL_MISSING */
    } rows[] = {{1, 0, 0}, {2, 0, 700}, {3, 800, 800}, {9, 800, 800}};
    cleanup(grant_free_p) struct grant *g = sample_grant((struct sample){.number = 1});

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct status_certificate certificate = {{rows[i].revoked}};
        struct status s = status_with(4, 1);
        when_t until;

        s.revoked_certificates = &certificate;
        s.n_revoked_certificates = 1;
        assert_int_equal(status_of_grant(&s, &trust, g, two, 2, &until),
                         rows[i].two_until ? REASON_OK : REASON_APPROVAL_MISSING);
        assert_int_equal(until, rows[i].two_until);
        assert_int_equal(status_of_grant(&s, &trust, g, three, 3, &until),
                         rows[i].three_until ? REASON_OK : REASON_APPROVAL_MISSING);
        assert_int_equal(until, rows[i].three_until);
    }
}

/* It cannot mend what was not approved, nor outlive the trust file. */
static void test_only_narrows(void **state)
{
    const struct quorum_signature long_lived[] = {{{1, LEADER}, {1}, 5000}, {{2, UNIT}, {2}, 4000}};
    cleanup(grant_free_p) struct grant *g = sample_grant((struct sample){.number = 1});
    struct status s = status_with(4, 1);
    when_t until;

    (void)state;
    assert_int_equal(status_of_grant(&s, &trust, g, &by_leader, 1, &until), REASON_APPROVAL_MISSING);
    assert_int_equal(status_of_grant(&s, &trust, g, NULL, 0, &until), REASON_APPROVAL_MISSING);
    assert_int_equal(status_of_grant(&s, &trust, g, long_lived, 2, &until), REASON_OK);
    assert_int_equal(until, END_OF_TRUST);
}

static void test_other_site(void **state)
{
    struct ident_id id = sample_id(1);
    struct status_certificate certificate = {{1}};
    const struct quorum_signature votes[] = {by_leader, by_unit};
    cleanup(grant_free_p) struct grant *g = sample_grant((struct sample){.number = 1});
    struct status s = status_with(4, 1);
    when_t until;

    (void)state;
    s.revoked = &id;
    s.n_revoked = 1;
    s.revoked_certificates = &certificate;
    s.n_revoked_certificates = 1;
    assert_int_equal(status_of_grant(&s, &trust, g, votes, 2, &until), REASON_REVOKED);
    s.site = "cn.other";
    assert_int_equal(status_of_grant(&s, &trust, g, votes, 2, &until), REASON_OK);
    assert_int_equal(until, 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_holds_until),
        cmocka_unit_test(test_revoked),
        cmocka_unit_test(test_minimum_version),
        cmocka_unit_test(test_revoked_certificates),
        cmocka_unit_test(test_only_narrows),
        cmocka_unit_test(test_other_site),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
