// LAYERS: test_support

#include "broker/common/files.h"
#include "broker/daemon/identity.h"
#include "tests/unit/broker/daemon/world.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Which host the store belongs to. */

#define ID    "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static void put_machine_id(const struct world *w, const char *text)
{
    assert_int_equal(files_write(world_path(w, "machine-id"), 0600, text, strlen(text)), 0);
}

/* What one login reserved, and its sshd may still open, is not in the way of the next. */
static const struct grant_plan many = {.uses = "9 per-host", .sessions = "9"};

static enum reason asked(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);

    visitor_end(&v);
    return reply.verdict == VERDICT_ALLOW ? REASON_OK : reply.reason;
}

static struct varlink_reply confirm(struct world *w)
{
    return world_call(w, "HostConfirm", json_pack("{ss}", "why", "new mainboard"));
}

static const char *text_of(const struct varlink_reply *r, const char *member)
{
    const char *text = json_string_value(json_object_get(r->parameters, member));

    return text ? text : "(null)";
}

static void restart_on(struct world *w, const char *machine_id)
{
    world_stop(w);
    put_machine_id(w, machine_id);
    world_start(w);
}

/* ---- */

static void test_confirm(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    world_grant(w, many);
    restart_on(w, OTHER "\n");
    assert_int_equal(asked(w), REASON_HOST_UNCONFIRMED);
    r = world_call(w, "HostShow", NULL);
    assert_string_equal(text_of(&r, "machine_id"), OTHER);
    assert_string_equal(text_of(&r, "store_machine_id"), ID);
    assert_string_equal(text_of(&r, "store_host"), "db01.finance.example");
    assert_true(json_is_false(json_object_get(r.parameters, "confirmed")));
    varlink_reply_done(&r);
    r = confirm(w);
    assert_null(r.error);
    assert_true(json_is_true(json_object_get(r.parameters, "changed")));
    assert_string_equal(text_of(&r, "was_machine_id"), ID);
    assert_string_equal(text_of(&r, "machine_id"), OTHER);
    varlink_reply_done(&r);
    assert_int_equal(asked(w), REASON_OK);
    assert_int_equal(world_records(w, "host-confirm", "success", NULL), 1);
    restart_on(w, OTHER "\n");
    assert_int_equal(asked(w), REASON_OK);
    restart_on(w, ID "\n");
    assert_int_equal(asked(w), REASON_HOST_UNCONFIRMED);
}

/* Confirming what is so already records nothing. */
static void test_nothing_to_confirm(void **state)
{
    struct world *w = *state;
    struct varlink_reply r = confirm(w);

    assert_null(r.error);
    assert_true(json_is_false(json_object_get(r.parameters, "changed")));
    varlink_reply_done(&r);
    assert_int_equal(world_records(w, "host-confirm", NULL, NULL), 0);
}

/* The name alone is another: what was granted to the old name is another host's. */
static void test_renamed(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    world_grant(w, many);
    free(w->broker->config->host);
    w->broker->config->host = strdup("db02.finance.example");
    w->broker->host.name = w->broker->config->host;
    identity_check(w->broker);
    assert_int_equal(asked(w), REASON_HOST_UNCONFIRMED);
    r = confirm(w);
    assert_null(r.error);
    assert_string_equal(text_of(&r, "was_host"), "db01.finance.example");
    assert_string_equal(text_of(&r, "host"), "db02.finance.example");
    varlink_reply_done(&r);
    assert_int_equal(asked(w), REASON_WRONG_HOST);
}

/* Who is in under the old name does not stay for a timer to notice. */
static void test_confirming_judges_who_is_in(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    const struct session *s;
    struct varlink_reply r;
    uint64_t generation;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    s = registry_first(w->broker->registry);
    free(w->broker->config->host);
    w->broker->config->host = strdup("db02.finance.example");
    w->broker->host.name = w->broker->config->host;
    identity_check(w->broker);
    assert_int_equal(s->state, SESSION_OPEN);
    w->reaper.hold_ends = true;
    generation = w->broker->generation;
    r = confirm(w);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(s->state, SESSION_ENDING);
    assert_int_equal(s->end_reason, REASON_WRONG_HOST);
    assert_true(w->broker->generation > generation);
    visitor_end(&v);
}

/* An admission that waits for the disk is judged again. */
static void test_check_raises_the_generation(void **state)
{
    struct world *w = *state;
    uint64_t generation = w->broker->generation;

    identity_check(w->broker);
    assert_true(w->broker->generation == generation);
    put_machine_id(w, OTHER "\n");
    identity_check(w->broker);
    assert_true(w->broker->generation > generation);
}

static void test_machine_ids(void **state)
{
    static const struct {
        const char *content;
        int result;
    } cases[] = {{ID, 0},
                 {ID "\n", 0},
                 {"", -ENODATA},
                 {"\n", -ENODATA},
                 {"uninitialized\n", -ENODATA},
                 {"uninit\n", -EBADMSG},
                 {"00000000000000000000000000000000\n", -EBADMSG},
                 {ID "\n\n", -EBADMSG},
                 {ID "0\n", -EBADMSG},
                 {"0123456789abcdef0123456789abcde\n", -EBADMSG},
                 {"0123456789abcdef0123456789abcdeg\n", -EBADMSG}};
    struct world *w = *state;
    char text[IDENTITY_ID_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        put_machine_id(w, cases[i].content);
        assert_int_equal(identity_machine_id(&w->broker->options, text), cases[i].result);
        assert_string_equal(text, cases[i].result == 0 ? ID : "");
    }
    assert_int_equal(unlink(world_path(w, "machine-id")), 0);
    assert_int_equal(identity_machine_id(&w->broker->options, text), -ENOENT);
}

/* Without a machine-id nobody is let in, nothing can be confirmed, and status says what to do. */
static void test_no_machine_id(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    world_grant(w, many);
    restart_on(w, "uninitialized\n");
    assert_int_equal(asked(w), REASON_HOST_UNCONFIRMED);
    assert_non_null(strstr(w->broker->host_trouble, "systemd-machine-id-setup"));
    r = confirm(w);
    assert_string_equal(r.error, "org.hufu.control.Refused");
    varlink_reply_done(&r);
    put_machine_id(w, ID "\n");
    r = confirm(w); /* it is what the store knows: then there is nothing to record either */
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(asked(w), REASON_OK);
}

/* Not an operator's to say. */
static void test_root_alone(void **state)
{
    unsigned n = 0;

    (void)state;
    for (size_t i = 0; i < broker_n_control_methods; i++) {
        const struct control_method *m = &broker_control_methods[i];

        if (strcmp(m->name, "HostConfirm") != 0 && strcmp(m->name, "ClockConfirm") != 0)
            continue;
        assert_int_equal(m->needs, CONTROL_ROOT);
        assert_false(m->blind);
        n++;
    }
    assert_int_equal(n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_confirm, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_to_confirm, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_renamed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_confirming_judges_who_is_in, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_check_raises_the_generation, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_machine_ids, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_no_machine_id, world_setup, world_teardown),
        cmocka_unit_test(test_root_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
