// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=sd_event_add_time_relative

#include "broker/common/clock.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/held_up.h"
#include "tests/unit/broker/daemon/signed_grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* What changes while a worker verifies. */

/* A higher version that came while the lower one was being verified is there first: the lower is refused. */
static void test_version_became_stale(void **state)
{
    struct world *w = *state;
    struct signed_grant lower = signed_grant_new(w, (struct grant_plan){.version = 3});
    struct signed_grant higher = signed_grant_new(w, (struct grant_plan){.version = 4});
    struct offer_refusal refusal = {0};
    struct grant_standing standing;
    struct grant_entry *e;
    const struct octets approvals[] = {{(uint8_t *)higher.one, strlen(higher.one)},
                                       {(uint8_t *)higher.two, strlen(higher.two)}};
    const struct offer offer = {{(uint8_t *)higher.document, strlen(higher.document)}, approvals, 2};
    int fd;

    held_up_hold();
    fd = signed_grant_begin(w, &lower);
    held_up_until_begun(w, 1);
    assert_int_equal(
        grants_add(w->broker->grants, w->broker->trust, clock_wall(), &offer, &e, &standing, &refusal), 0);
    held_up_let_go();
    signed_grant_assert_refused(w, fd, "grant-superseded");
    assert_int_equal(e->version, 4);
    signed_grant_done(&lower);
    signed_grant_done(&higher);
}

/* The trust changed while a grant was being verified: it is judged by the one in force, whose leader is
 * another. */
static void test_trust_changed_meanwhile(void **state)
{
    struct world *w = *state;
    struct signed_grant p = signed_grant_new(w, (struct grant_plan){0});
    char *next = epoch_without_leader(w, 5);
    int fd;

    held_up_hold();
    fd = signed_grant_begin(w, &p);
    held_up_until_begun(w, 1);
    epoch_put_file(w, next);
    struct varlink_reply r = epoch_reset(w, next);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_false(world_has_answer(w, fd));
    held_up_let_go();
    signed_grant_assert_state(w, fd, "approval-missing");
    assert_int_equal(held_up_n_verified(), 3); /* two under the old one; the unit's under the new */
    assert_int_equal(held_up_n_verified_by_loop(), 0);
    signed_grant_done(&p);
    free(next);
}

/* While all grants are being verified under what is to come, they admit under what is in force; then none
 * that has lost its quorum. */
static void test_change_of_trust(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), other = visitor_new();
    struct gate_pam m = world_login(&v), n = world_login(&other);
    char *next = epoch_without_leader(w, 5), *one, *two;
    unsigned before;
    int fd;

    world_grant(w, (struct grant_plan){.sessions = "2"});
    before = held_up_n_begun();
    one = epoch_approval(&w->department->approvers[DEPARTMENT_BOTH], next, 5);
    two = epoch_approval(&w->department->approvers[DEPARTMENT_UNIT], next, 5);
    held_up_hold();
    fd = world_begin_call(w, "DocumentAdd", json_pack("{ss s[ss]}", "document", next, "approvals", one, two));
    held_up_until_begun(w, before + 1);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    held_up_let_go();
    signed_grant_assert_state(w, fd, "ok");
    assert_int_equal(world_ask(w, &other, FRAME_GATE_ACCOUNT, &n).verdict, VERDICT_DENY);
    assert_int_equal(held_up_n_verified_by_loop(), 0);
    visitor_end(&v);
    visitor_end(&other);
    free(next);
    free(one);
    free(two);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, held_up_setup, held_up_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_version_became_stale),
        TEST(test_trust_changed_meanwhile),
        TEST(test_change_of_trust),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
