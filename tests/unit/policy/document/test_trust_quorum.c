/*
 * Quorums that can be met, against brute force.
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/document/trust.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define N_PEOPLE 4
#define N_ROLES  3

/* Whether people from `person` on, of n_people, can fill what is left of `needed`. */
static bool can_fill(const unsigned *roles, unsigned person, unsigned n_people, const unsigned *needed)
{
    unsigned left[N_ROLES], open = 0;

    for (unsigned i = 0; i < N_ROLES; i++)
        open += needed[i];
    if (open == 0)
        return true;
    if (person == n_people)
        return false;
    for (unsigned i = 0; i < N_ROLES; i++) {
        memcpy(left, needed, sizeof(left));
        if (!(roles[person] >> i & 1) || left[i] == 0)
            continue;
        left[i]--;
        if (can_fill(roles, person + 1, n_people, left))
            return true;
    }
    return can_fill(roles, person + 1, n_people, needed);
}

/* Four people with the roles of `roles`, and a quorum of `needed`; p0 has a second line with all roles so
 * that each role is known to the file, and is not counted twice. */
static char *small_file(const unsigned *roles, const unsigned *needed)
{
    static const char *const names[] = {"a", "b", "c"};
    cleanup_buf struct buf text = BUF_INIT;
    unsigned total = 0;

    buf_puts(&text, "hufu-trust: 1\nsite: s\nepoch: 1\nnot-before: 2026-11-01T00:00:00Z\n"
                    "not-after: 2027-11-01T00:00:00Z\nanchor: a MA==\nrequester: r o\n");
    for (unsigned p = 0; p < N_PEOPLE; p++) {
        const char *separator = "";

        buf_printf(&text, "approver: p%u o ", p);
        for (unsigned i = 0; i < N_ROLES; i++)
            if (roles[p] >> i & 1) {
                buf_printf(&text, "%s%s", separator, names[i]);
                separator = ",";
            }
        buf_puts(&text, " ed25519 MA==\n");
    }
    buf_puts(&text,
             "limit: emergency validity=1 session=1 any=none\nlimit: normal validity=1 session=1 any=none\n"
             "limit: privileged validity=1 session=1 any=none\nquorum: emergency total=1\n");
    for (unsigned i = 0; i < N_ROLES; i++)
        total += needed[i];
    buf_printf(&text, "quorum: normal total=%u", total);
    for (unsigned i = 0; i < N_ROLES; i++)
        if (needed[i] > 0)
            buf_printf(&text, " %s=%u", names[i], needed[i]);
    buf_puts(&text, "\nquorum: privileged total=1\n");
    return buf_steal_text(&text);
}

static void test_feasibility_against_brute_force(void **state)
{
    size_t met = 0, refused = 0;

    (void)state;
    /* Roles of each person 1..7, person 0 always all three: 343 files for each of the quorums. */
    for (unsigned r = 0; r < 343; r++)
        for (unsigned q = 1; q < 27; q++) {
            unsigned roles[N_PEOPLE] = {7, 1 + r % 7, 1 + r / 7 % 7, 1 + r / 49};
            unsigned needed[N_ROLES] = {q % 3, q / 3 % 3, q / 9};
            cleanup_free char *text = small_file(roles, needed);
            cleanup(trust_free_p) struct trust *t = NULL;
            struct document_error error = {0};
            int expected = can_fill(roles, 0, N_PEOPLE, needed) ? 0 : -EINVAL;

            assert_int_equal(trust_parse(text, strlen(text), &t, &error), expected);
            if (expected == 0)
                met++;
            else
                refused++;
        }
    assert_true(met > 1000 && refused > 1000);
}

/* So many who have every role are added until it is met. */
static uint32_t missing_by_force(const unsigned *roles, unsigned n_people, const unsigned *needed,
                                 unsigned total)
{
    unsigned all[N_PEOPLE + 2 * N_ROLES + 2];
    unsigned more = 0;

    memcpy(all, roles, n_people * sizeof(*roles));
    while (n_people + more < total || !can_fill(all, 0, n_people + more, needed))
        all[n_people + more++] = (1U << N_ROLES) - 1;
    return more;
}

/* Of up to three people, for every quorum of up to two a role and up to two of any. */
static void test_how_many_are_missing(void **state)
{
    size_t by_number[2 * N_ROLES + 3] = {0};

    (void)state;
    for (unsigned n = 0; n <= 3; n++)
        for (unsigned r = 0; r < 343; r++)
            for (unsigned q = 0; q < 81; q++) {
                const unsigned roles[] = {1 + r % 7, 1 + r / 7 % 7, 1 + r / 49};
                const unsigned needed[N_ROLES] = {q % 3, q / 3 % 3, q / 9 % 3};
                const unsigned total = needed[0] + needed[1] + needed[2] + q / 27;
                const uint16_t masks[] = {(uint16_t)roles[0], (uint16_t)roles[1], (uint16_t)roles[2]};
                const struct trust_quorum quorum = {.total = total,
                                                    .role = {needed[0], needed[1], needed[2]}};
                uint32_t missing = trust_quorum_missing(&quorum, masks, n);

                assert_int_equal(missing, missing_by_force(roles, n, needed, total));
                by_number[missing]++;
            }
    for (size_t i = 0; i < ARRAY_SIZE(by_number); i++)
        assert_true(by_number[i] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feasibility_against_brute_force),
        cmocka_unit_test(test_how_many_are_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
