// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "broker/trust/digest.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Whoever changes something is on record with their login uid: every method of the table that is more than
 * reading is called, and a record of it has to name the caller. */

#define OPERATOR 1234

static json_t *document_add(struct world *w)
{
    (void)w;
    return json_pack("{ss s[]}", "document", "hufu-grant: 1\nx\n", "approvals");
}

static json_t *grant_finish(struct world *w)
{
    (void)w;
    return json_pack("{ss}", "id", PAPERS_ID);
}

static json_t *target(struct world *w)
{
    (void)w;
    return json_pack("{ss ss ss}", "scope", "staff", "name", "wang.wu", "why", "test");
}

static json_t *session_end(struct world *w)
{
    const struct session *s = registry_first(w->broker->registry);

    return json_pack("{sI ss}", "number", (json_int_t)s->number, "why", "test");
}

static json_t *trust_reset(struct world *w)
{
    char *octets = NULL, hex[65];
    uint8_t digest[32];
    size_t size;

    assert_int_equal(files_read(world_path(w, "trust"), geteuid(), 1024 * 1024, &octets, &size), 0);
    assert_int_equal(digest_sha256(octets, size, digest), 0);
    free(octets);
    ident_format_hex(digest, sizeof(digest), hex);
    return json_pack("{ss ss}", "sha256", hex, "why", "test");
}

static json_t *nothing(struct world *w)
{
    (void)w;
    return json_object();
}

static json_t *why(struct world *w)
{
    (void)w;
    return json_pack("{ss}", "why", "test");
}

static json_t *review_sign(struct world *w)
{
    (void)w;
    return json_pack("{ss ss ss}", "from", "2026-10-01T00:00:00Z", "until", "2026-11-01T00:00:00Z", "sha256",
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* The host has become another one. */
static json_t *host_confirm(struct world *w)
{
    static const char other[] = "fedcba9876543210fedcba9876543210\n";

    world_stop(w);
    assert_int_equal(files_write(world_path(w, "machine-id"), 0600, other, sizeof(other) - 1), 0);
    world_start(w);
    return why(w);
}

/* What each is called with. A method that is new to the table needs a line here. In this order. */
static const struct {
    const char *method;
    json_t *(*parameters)(struct world *w);
    const char *event;
} calls[] = {
    {"DocumentAdd", document_add, EVENT_GRANT_ADD},
    {"SessionEnd", session_end, EVENT_SESSION_END},
    {"GrantFinish", grant_finish, EVENT_GRANT_FINISH},
    {"Lock", target, EVENT_LOCK},
    {"Unlock", target, EVENT_UNLOCK_TAKEN},
    {"Revoke", target, EVENT_REVOKE},
    {"SyncRefresh", nothing, EVENT_DIRECTORY_REFRESH},
    {"TrustReset", trust_reset, EVENT_TRUST_RESET},
    {"ClockConfirm", why, EVENT_CLOCK_CONFIRM},
    {"ReviewSign", review_sign, EVENT_REVIEW},
    {"Backup", nothing, EVENT_BACKUP},
    {"HostConfirm", host_confirm, EVENT_HOST_CONFIRM},
};

static bool is_called(const char *method)
{
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
        if (strcmp(calls[i].method, method) == 0)
            return true;
    return false;
}

static void test_every_change_is_called(void **state)
{
    (void)state;
    for (size_t i = 0; i < broker_n_control_methods; i++)
        if (broker_control_methods[i].needs != CONTROL_READ && !is_called(broker_control_methods[i].name))
            fail_msg("nobody looks who is put on record for %s", broker_control_methods[i].name);
}

static void assert_on_record(struct world *w, const char *method, const char *event, uint64_t after)
{
    struct varlink_reply r =
        world_call(w, "Audit", json_pack("{ss sI}", "event", event, "after", (json_int_t)after));
    const json_t *record = json_array_get(json_object_get(r.parameters, "records"), 0);

    if (json_integer_value(json_object_get(record, "actor")) != OPERATOR)
        fail_msg("%s: no record of %s names the caller", method, event);
    varlink_reply_done(&r);
}

static void test_each_change_names_its_caller(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    w->reaper.login_uid = OPERATOR;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        json_t *parameters = calls[i].parameters(w);
        struct varlink_reply r;
        uint64_t after;

        assert_int_equal(store_flush(w->broker->store), 0);
        after = w->broker->last_sequence;
        r = world_call(w, calls[i].method, parameters);
        if (r.error && strcmp(calls[i].method, "DocumentAdd") != 0)
            fail_msg("%s: %s", calls[i].method, r.error);
        varlink_reply_done(&r);
        assert_on_record(w, calls[i].method, calls[i].event, after);
    }
    visitor_end(&v);
}

/* Nor does a refusal stay without a name. */
static void test_refusal_names_its_caller(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    w->reaper.login_uid = WORLD_UID;
    r = world_call(w, "Revoke", target(w));
    assert_string_equal(r.error, "org.hufu.control.NotPermitted");
    varlink_reply_done(&r);
    w->reaper.login_uid = OPERATOR;
    r = world_call(w, "Audit", json_pack("{ss}", "event", EVENT_CONTROL_REFUSED));
    assert_int_equal(json_integer_value(json_object_get(
                         json_array_get(json_object_get(r.parameters, "records"), 0), "actor")),
                     WORLD_UID);
    varlink_reply_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_change_is_called),
        cmocka_unit_test_setup_teardown(test_each_change_names_its_caller, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_names_its_caller, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
