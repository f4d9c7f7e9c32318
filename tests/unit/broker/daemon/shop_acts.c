#include "tests/unit/broker/daemon/shop_acts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void do_nothing(struct shop *s)
{
    (void)s;
}

static void do_higher(struct shop *s)
{
    shop_hand_in(s->o->w, s->higher, "");
}

static void do_lower(struct shop *s)
{
    shop_hand_in(s->o->w, s->lower, "Refused");
}

static void do_approve(struct shop *s)
{
    shop_hand_in(s->o->w, s->unsigned_one, "");
}

static void do_new(struct shop *s)
{
    struct varlink_reply r;

    shop_hand_in(s->o->w, s->new, "");
    r = world_call(s->o->w, "GrantList", json_pack("{ss}", "staff", "li.wu"));
    assert_int_equal(json_array_size(json_object_get(r.parameters, "grants")), 3);
    varlink_reply_done(&r);
}

static void do_revoke_vendor(struct shop *s)
{
    assert_string_equal(
        world_error_of(s->o->w, "Revoke",
                       json_pack("{ss ss ss}", "scope", "vendor", "name", "beta", "why", "x")),
        "");
}

static void do_revoke_prefix(struct shop *s)
{
    assert_string_equal(
        world_error_of(s->o->w, "Revoke",
                       json_pack("{ss ss ss}", "scope", "grant", "name", "55555555", "why", "x")),
        "");
}

static void do_lock(struct shop *s)
{
    assert_string_equal(
        world_error_of(s->o->w, "Lock",
                       json_pack("{ss ss ss}", "scope", "vendor", "name", "acme", "why", "x")),
        "");
    assert_int_equal(world_knock(s->o->w), REASON_VENDOR_LOCKED);
    assert_string_equal(
        world_error_of(s->o->w, "Unlock",
                       json_pack("{ss ss ss}", "scope", "vendor", "name", "acme", "why", "x")),
        "");
}

static void do_finish(struct shop *s)
{
    assert_string_equal(world_error_of(s->o->w, "GrantFinish", json_pack("{ss}", "id", "55555555")), "");
}

static void do_log_in(struct shop *s)
{
    shop_use_one(s->o->w);
}

static void do_status(struct shop *s)
{
    issue_take_in(s->o, (struct issue){.lines = "revoked: " ID_LEADERS "\n"});
}

static void do_explain(struct shop *s)
{
    struct varlink_reply r =
        world_call(s->o->w, "Explain", json_pack("{ss ss}", "staff", "li.wu", "source", "10.1.2.3"));

    assert_string_equal(world_text(&r, "verdict"), "allow");
    assert_int_equal(json_array_size(json_object_get(r.parameters, "considered")), 2);
    varlink_reply_done(&r);
}

static void do_nobody(struct shop *s)
{
    struct varlink_reply r =
        world_call(s->o->w, "Explain", json_pack("{ss ss}", "staff", "nobody.here", "source", "10.1.2.3"));

    assert_string_equal(world_text(&r, "reason"), "no-grant");
    varlink_reply_done(&r);
}

static void do_stop(struct shop *s)
{
    world_stop(s->o->w);
    world_start(s->o->w);
}

const struct shop_act shop_acts[] = {
    {"nothing", do_nothing},
    {"a higher version", do_higher},
    {"a lower version", do_lower},
    {"approvals", do_approve},
    {"a new grant", do_new},
    {"a vendor revoked", do_revoke_vendor},
    {"a grant revoked by its first digits", do_revoke_prefix},
    {"a vendor locked", do_lock},
    {"a grant finished", do_finish},
    {"a use", do_log_in},
    {"a status", do_status},
    {"a question", do_explain},
    {"a question about nobody", do_nobody},
    {"a stop", do_stop},
};
const size_t shop_n_acts = ARRAY_SIZE(shop_acts);

void shop_compare(const char *what, unsigned steps, const char *is, const char *expected)
{
    size_t same = 0;

    if (strcmp(is, expected) == 0)
        return;
    while (is[same] == expected[same])
        same++;
    while (same > 0 && is[same - 1] != '\n')
        same--;
    fail_msg("%s after %u steps\n--- is\n%.400s\n--- should be\n%.400s", what, steps, is + same,
             expected + same);
}
