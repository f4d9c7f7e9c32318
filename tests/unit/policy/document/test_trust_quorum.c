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

/* Whether people from `person` on can fill what is left of `needed`. */
static bool can_fill(const unsigned *roles, unsigned person, const unsigned *needed)
{
    unsigned left[N_ROLES], open = 0;

    for (unsigned i = 0; i < N_ROLES; i++)
        open += needed[i];
    if (open == 0)
        return true;
    if (person == N_PEOPLE)
        return false;
    for (unsigned i = 0; i < N_ROLES; i++) {
        memcpy(left, needed, sizeof(left));
        if (!(roles[person] >> i & 1) || left[i] == 0)
            continue;
        left[i]--;
        if (can_fill(roles, person + 1, left))
            return true;
    }
    return can_fill(roles, person + 1, needed);
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
            struct document_error error;
            int expected = can_fill(roles, 0, needed) ? 0 : -EINVAL;

            assert_int_equal(trust_parse(text, strlen(text), &t, &error), expected);
            if (expected == 0)
                met++;
            else
                refused++;
        }
    assert_true(met > 1000 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feasibility_against_brute_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
