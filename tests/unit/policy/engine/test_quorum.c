/* Quorum against brute force over every assignment of persons to roles, and the limits of a class. */
#include "policy/base/cleanup.h"
#include "policy/engine/quorum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LEADER, UNIT, SECURITY, N_ROLES };

#define PERSONS 4
#define PAIRS   (PERSONS * N_ROLES)

/* Tries each way of giving each person one of the roles they signed in, or none. */
static bool brute_force(const struct trust_quorum *needed, unsigned signed_pairs)
{
    unsigned distinct = 0;

    for (unsigned p = 0; p < PERSONS; p++)
        if (signed_pairs & (7u << (p * N_ROLES)))
            distinct++;
    if (distinct < needed->total)
        return false;
    for (unsigned assignment = 0; assignment < 256; assignment++) { /* two bits a person; 3: no role */
        unsigned filled[N_ROLES] = {0};
        bool possible = true;

        for (unsigned p = 0; p < PERSONS; p++) {
            unsigned role = assignment >> (2 * p) & 3u;

            if (role == N_ROLES)
                continue;
            if (!(signed_pairs & (1u << (p * N_ROLES + role))))
                possible = false;
            filled[role]++;
        }
        for (unsigned r = 0; r < N_ROLES; r++)
            possible = possible && filled[r] >= needed->role[r];
        if (possible)
            return true;
    }
    return false;
}

static size_t votes_of(unsigned signed_pairs, struct quorum_vote *votes)
{
    size_t n = 0;

    for (unsigned pair = 0; pair < PAIRS; pair++)
        if (signed_pairs & (1u << pair))
            votes[n++] = (struct quorum_vote){.person = 100 + pair / N_ROLES, .role = pair % N_ROLES};
    return n;
}

static void test_all_small_cases(void **state)
{
    unsigned met = 0, unmet = 0;

    (void)state;
    for (unsigned need = 0; need < 27 * 4; need++) {
        struct trust_quorum needed = {.total = need / 27 + 1, .role = {need % 3, need / 3 % 3, need / 9 % 3}};

        for (unsigned pairs = 0; pairs < 1u << PAIRS; pairs++) {
            struct quorum_vote votes[PAIRS];
            size_t n = votes_of(pairs, votes);
            bool expected = n <= QUORUM_VOTES_MAX && brute_force(&needed, pairs);

            if (quorum_is_met(&needed, N_ROLES, votes, n) != expected)
                fail_msg("quorum total=%u %u,%u,%u votes %#x: expected %d", needed.total, needed.role[0],
                         needed.role[1], needed.role[2], pairs, expected);
            *(expected ? &met : &unmet) += 1;
        }
    }
    assert_true(met > 10000 && unmet > 10000);
}

/* Greedy in order of votes would give the leader's slot to who is needed as unit. */
static void test_person_is_moved_to_the_other_slot(void **state)
{
    struct trust_quorum needed = {.total = 2, .role = {[LEADER] = 1, [UNIT] = 1}};
    struct quorum_vote votes[] = {{1, LEADER}, {1, UNIT}, {2, LEADER}};

    (void)state;
    assert_true(quorum_is_met(&needed, N_ROLES, votes, 3));
    votes[2].role = SECURITY;
    assert_false(quorum_is_met(&needed, N_ROLES, votes, 3));
}

/* An ECDSA signature has a second valid form; a person may own two keys: still one vote. */
static void test_one_person_has_one_vote(void **state)
{
    struct trust_quorum needed = {.total = 2, .role = {[LEADER] = 1, [UNIT] = 1}};
    struct quorum_vote votes[] = {{7, LEADER}, {7, UNIT}, {7, LEADER}, {7, UNIT}};

    (void)state;
    assert_false(quorum_is_met(&needed, N_ROLES, votes, 4));
    needed = (struct trust_quorum){.total = 2};
    assert_false(quorum_is_met(&needed, N_ROLES, votes, 4));
    needed.total = 1;
    assert_true(quorum_is_met(&needed, N_ROLES, votes, 4));
}

static void test_total_counts_persons_beyond_the_slots(void **state)
{
    struct trust_quorum needed = {.total = 3, .role = {[LEADER] = 1}};
    struct quorum_vote votes[] = {{1, LEADER}, {2, UNIT}, {3, SECURITY}};

    (void)state;
    assert_true(quorum_is_met(&needed, N_ROLES, votes, 3));
    assert_false(quorum_is_met(&needed, N_ROLES, votes, 2));
}

static void test_more_than_eight_votes_are_refused(void **state)
{
    struct trust_quorum needed = {.total = 8, .role = {[LEADER] = 8}};
    struct quorum_vote votes[QUORUM_VOTES_MAX + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(votes); i++)
        votes[i] = (struct quorum_vote){.person = i, .role = LEADER};
    assert_true(quorum_is_met(&needed, N_ROLES, votes, QUORUM_VOTES_MAX));
    assert_false(quorum_is_met(&needed, N_ROLES, votes, QUORUM_VOTES_MAX + 1));
    assert_false(quorum_is_met(&needed, N_ROLES, votes, QUORUM_VOTES_MAX - 1));
    needed = (struct trust_quorum){.total = 9, .role = {[LEADER] = 9}};
    assert_false(quorum_is_met(&needed, N_ROLES, votes, QUORUM_VOTES_MAX));
    needed = (struct trust_quorum){.total = 8, .role = {[LEADER] = 5, [UNIT] = 8, [SECURITY] = 8}};
    assert_false(quorum_is_met(&needed, N_ROLES, votes, QUORUM_VOTES_MAX));
    needed = (struct trust_quorum){.total = 1, .role = {[LEADER] = UINT32_MAX, [UNIT] = UINT32_MAX}};
    assert_false(quorum_is_met(&needed, N_ROLES, votes, QUORUM_VOTES_MAX));
}

static void test_malformed_needs_and_votes(void **state)
{
    struct trust_quorum nothing = {0};
    struct trust_quorum one = {.total = 1};
    struct quorum_vote unknown_role = {.person = 1, .role = N_ROLES};
    struct quorum_vote huge_role = {.person = 1, .role = 4000000000u};
    struct quorum_vote good = {.person = 1, .role = TRUST_ROLES_MAX - 1};

    (void)state;
    assert_false(quorum_is_met(&nothing, N_ROLES, &good, 1));
    assert_false(quorum_is_met(&nothing, N_ROLES, NULL, 0));
    assert_false(quorum_is_met(&one, N_ROLES, NULL, 0));
    assert_false(quorum_is_met(&one, N_ROLES, &unknown_role, 1));
    assert_false(quorum_is_met(&one, N_ROLES, &huge_role, 1));
    assert_true(quorum_is_met(&one, TRUST_ROLES_MAX, &good, 1));
    assert_false(quorum_is_met(&one, TRUST_ROLES_MAX + 1, &good, 1));
    good.role = LEADER;
    assert_true(quorum_is_met(&one, N_ROLES, &good, 1));
    one.role[N_ROLES] = 1; /* needed of a role that the trust file does not have */
    assert_false(quorum_is_met(&one, N_ROLES, &good, 1));
}

static struct grant modest(void)
{
    return (struct grant){
        .valid = {1000, 1000 + 3600},
        .uses = {GRANT_USES_PER_HOST, 1},
        .sessions = {.value = 1},
        .max_session = {.value = 600},
    };
}

static void test_limit_validity_and_session(void **state)
{
    struct trust_limit limit = {.validity = 3600, .session = 600};
    struct grant g = modest();

    (void)state;
    assert_true(quorum_within_limit(&limit, &g));
    g.valid.until++;
    assert_false(quorum_within_limit(&limit, &g));
    g = modest();
    g.max_session.value = 601;
    assert_false(quorum_within_limit(&limit, &g));
}

static void test_limit_on_each_field_that_may_be_open(void **state)
{
    static const uint8_t bits[] = {TRUST_ANY_COMMAND,  TRUST_ANY_HOURS,  TRUST_ANY_MAX_SESSION,
                                   TRUST_ANY_SESSIONS, TRUST_ANY_SOURCE, TRUST_ANY_USES};
    uint8_t all = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
        all |= bits[i];
    for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
        struct trust_limit limit = {.validity = 3600, .session = 600, .any = bits[i]};
        struct grant g = modest();

        g.any_command = bits[i] == TRUST_ANY_COMMAND;
        g.any_hours = bits[i] == TRUST_ANY_HOURS;
        g.any_source = bits[i] == TRUST_ANY_SOURCE;
        if (bits[i] == TRUST_ANY_MAX_SESSION)
            g.max_session = (struct grant_bound){.unlimited = true};
        if (bits[i] == TRUST_ANY_SESSIONS)
            g.sessions = (struct grant_bound){.unlimited = true};
        if (bits[i] == TRUST_ANY_USES)
            g.uses = (struct grant_uses){.scope = GRANT_USES_UNLIMITED};
        assert_true(quorum_within_limit(&limit, &g));
        limit.any = (uint8_t)(all & ~bits[i]);
        assert_false(quorum_within_limit(&limit, &g));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_small_cases),
        cmocka_unit_test(test_person_is_moved_to_the_other_slot),
        cmocka_unit_test(test_one_person_has_one_vote),
        cmocka_unit_test(test_total_counts_persons_beyond_the_slots),
        cmocka_unit_test(test_more_than_eight_votes_are_refused),
        cmocka_unit_test(test_malformed_needs_and_votes),
        cmocka_unit_test(test_limit_validity_and_session),
        cmocka_unit_test(test_limit_on_each_field_that_may_be_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
