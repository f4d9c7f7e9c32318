// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/papers_packed.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What a broker does without reaper, store or trust, and on a host that is not its own. */

static void test_reaper_away(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    fake_reaper_stop(&w->reaper);
    world_for(w, 50);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_REAPER_AWAY);
    visitor_end(&v);
}

static void test_store_missing(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;
    struct varlink_reply r;

    world_stop(w);
    assert_int_equal(unlink(world_path(w, "hufu.db")), 0);
    world_start(w);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_STORE_DAMAGED);
    assert_int_not_equal(access(world_path(w, "hufu.db"), F_OK), 0);
    r = world_call(w, "Status", NULL);
    assert_null(r.error);
    assert_true(json_is_false(json_object_get(r.parameters, "deciding")));
    assert_true(json_array_size(json_object_get(r.parameters, "findings")) >= 2);
    varlink_reply_done(&r);
    visitor_end(&v);
}

static void test_trust_missing(void **state)
{
    struct world *w = world_new();
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    (void)state;
    assert_int_equal(unlink(world_path(w, "trust")), 0);
    world_start(w);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_TRUST_MISSING);
    visitor_end(&v);
    world_free(w);
}

static void test_clone(void **state)
{
    static const char other[] = "fedcba9876543210fedcba9876543210\n";
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_stop(w);
    assert_int_equal(files_write(world_path(w, "machine-id"), 0600, other, strlen(other)), 0);
    world_start(w);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_HOST_UNCONFIRMED);
    visitor_end(&v);
}

/* Since its signatures were judged. */
static void a_minute_goes_by(struct grant_entry *e)
{
    cleanup_buf struct buf packed = BUF_INIT;
    size_t size;
    const uint8_t *octets = grant_entry_attached(e, &size);

    buf_put_u8(&packed, 0);
    buf_put_u32(&packed, (uint32_t)papers_packed_judged_at(octets, size) - 61);
    buf_put(&packed, octets + packed.size, size - packed.size);
    assert_int_equal(grant_entry_attach(e, packed.data, packed.size), 0);
}

/* Whose approvers' certificates were not valid yet when the grant came. */
static void test_judged_again(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct grant_entry *e;
    struct ident_id id;
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    e = grant_index_find(grants_index(w->broker->grants), &id);
    e->standing = REASON_APPROVAL_MISSING;
    e->verified_version = 0;
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_APPROVAL_MISSING); /* it was looked at a moment ago */
    a_minute_goes_by(e);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&v);
}

#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_reaper_away), BROKER_TEST(test_store_missing), cmocka_unit_test(test_trust_missing),
        BROKER_TEST(test_clone),       BROKER_TEST(test_judged_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
