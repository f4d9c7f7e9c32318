// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/reload.h"
#include "broker/daemon/timekeeper.h"
#include "tests/unit/broker/daemon/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* hufud.conf read anew by a broker that has sessions, reservations, and answers on their way. */

#define HOST      "[host]\nhost = db01.finance.example\n"
#define GATE      "[gate]\ngated-uid = 20000-29999\n"
#define DIRECTORY "[directory]\nstatus-max-age = none\n"
#define AS_BEFORE HOST GATE DIRECTORY

static int reload(struct world *w, const char *text)
{
    assert_int_equal(files_write(world_path(w, "hufud.conf"), 0600, text, strlen(text)), 0);
    return broker_reload(w->broker);
}

static const struct grant_entry *entry_of(struct world *w)
{
    return grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF);
}

static const struct session *the_session(struct world *w)
{
    return registry_first(w->broker->registry);
}

static struct gate_pam opening(const struct visitor *v)
{
    struct gate_pam m = world_login(v);

    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    m.caller.audit_session = (uint32_t)v->pid;
    m.caller.login_uid = WORLD_UID;
    return m;
}

static enum reason refused_with(struct world *w, const struct visitor *v)
{
    struct gate_pam m = world_login(v);
    struct gate_reply reply = world_ask(w, v, FRAME_GATE_ACCOUNT, &m);

    assert_int_equal(reply.verdict, VERDICT_DENY);
    return reply.reason;
}

/* The findings of status about this subject; the last one's message in `message`. */
static unsigned findings(struct world *w, const char *subject, char message[static 512])
{
    struct varlink_reply reply = world_call(w, "Status", json_object());
    json_t *list = json_object_get(reply.parameters, "findings"), *finding;
    unsigned n = 0;
    size_t i;

    message[0] = '\0';
    json_array_foreach(list, i, finding)
    {
        if (strcmp(json_string_value(json_object_get(finding, "subject")), subject) != 0)
            continue;
        (void)snprintf(message, 512, "%s", json_string_value(json_object_get(finding, "message")));
        n++;
    }
    varlink_reply_done(&reply);
    return n;
}

/* ---- nothing is lost ---- */

static void test_an_open_session_lives_on(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    when_t deadline;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    deadline = the_session(w)->deadline;
    assert_int_equal(reload(w, AS_BEFORE "[time]\ntolerance = 20s\n"), 0);
    assert_int_equal(the_session(w)->state, SESSION_OPEN);
    assert_true(the_session(w)->deadline == deadline);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_int_equal(entry_of(w)->sessions_live, 1);
    assert_int_equal(w->reaper.leases, 1);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", NULL), 1);
}

static void test_a_reservation_lives_on(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    uint64_t reserved;

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    reserved = the_session(w)->number;
    assert_int_equal(reload(w, AS_BEFORE), 0);
    m = opening(&v);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    assert_true(the_session(w)->number == reserved);
    assert_int_equal(the_session(w)->state, SESSION_OPEN);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_int_equal(entry_of(w)->sessions_live, 1);
    visitor_end(&v);
}

/* Opens a session whose lease the reaper does not answer yet. */
static int open_and_wait(struct world *w, const struct visitor *v)
{
    struct gate_pam m = world_login(v);
    int fd;

    assert_int_equal(world_ask(w, v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    w->reaper.hold_leases = true;
    m = opening(v);
    fd = world_send(w, v, FRAME_GATE_OPEN, &m);
    world_for(w, 100);
    assert_int_equal(the_session(w)->state, SESSION_OPENING);
    assert_false(world_has_answer(w, fd));
    return fd;
}

static void test_an_answer_on_its_way_arrives(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    int fd;

    world_grant(w, (struct grant_plan){0});
    fd = open_and_wait(w, &v);
    assert_int_equal(reload(w, AS_BEFORE), 0);
    fake_reaper_release(&w->reaper);
    assert_int_equal(world_take(w, fd).verdict, VERDICT_ALLOW);
    assert_int_equal(the_session(w)->state, SESSION_OPEN);
    visitor_end(&v);
}

static void test_an_answer_on_its_way_is_judged_again(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_reply reply;
    int fd;

    assert_int_equal(reload(w, HOST "groups = databases\n" GATE DIRECTORY), 0);
    world_grant(w, (struct grant_plan){.host = "@databases"});
    fd = open_and_wait(w, &v);
    assert_int_equal(reload(w, AS_BEFORE), 0);
    fake_reaper_release(&w->reaper);
    reply = world_take(w, fd);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    assert_string_equal(reason_name(reply.reason), reason_name(REASON_WRONG_HOST));
    world_until(w, world_nobody_is_left, NULL);
    visitor_end(&v);
}

/* ---- a wrong file ---- */

static void test_a_wrong_file_changes_nothing(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    const struct config *before = w->broker->config;
    uint64_t generation = w->broker->generation;
    enum reason reason;
    char message[512];

    world_grant(w, (struct grant_plan){0});
    generation = w->broker->generation;
    /* Each is right up to its last line. */
    assert_int_equal(reload(w, "[host]\nhost = other\n" GATE DIRECTORY "[time]\ntolerance = soon\n"),
                     -EINVAL);
    assert_ptr_equal(w->broker->config, before);
    assert_true(w->broker->generation == generation);
    assert_string_equal(w->broker->host.name, "db01.finance.example");
    assert_int_equal(findings(w, "configuration", message), 1);
    assert_non_null(strstr(message, "line 8: \"soon\" is no duration"));
    assert_int_equal(world_records(w, EVENT_RELOAD, "failure", &reason), 1);
    assert_string_equal(reason_name(reason), "bad-request");
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);

    assert_int_equal(unlink(world_path(w, "hufud.conf")), 0);
    assert_int_equal(broker_reload(w->broker), -ENOENT);
    assert_ptr_equal(w->broker->config, before);
    assert_int_equal(findings(w, "configuration", message), 1);
    assert_non_null(strstr(message, strerror(ENOENT)));

    assert_int_equal(reload(w, AS_BEFORE), 0);
    assert_int_equal(findings(w, "configuration", message), 0);
    assert_int_equal(world_records(w, EVENT_RELOAD, "success", NULL), 1);
    visitor_end(&v);
}

/* A file that others may write is nobody's word. */
static void test_a_file_that_is_not_roots_is_not_taken(void **state)
{
    struct world *w = *state;

    assert_int_equal(files_write(world_path(w, "hufud.conf"), 0666, AS_BEFORE, strlen(AS_BEFORE)), 0);
    assert_int_equal(chmod(world_path(w, "hufud.conf"), 0666), 0);
    assert_int_equal(broker_reload(w->broker), -EPERM);
}

/* ---- each key ---- */

static void test_host(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), next = visitor_new();
    char message[512];

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    /* Its grant does not name this host any more; and the store is another host's. */
    assert_int_equal(reload(w, "[host]\nhost = db02.finance.example\n" GATE DIRECTORY), 0);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(refused_with(w, &next), REASON_HOST_UNCONFIRMED);
    assert_int_equal(findings(w, "host", message), 1);
    assert_int_equal(reload(w, AS_BEFORE), 0);
    assert_int_equal(findings(w, "host", message), 0);
    visitor_end(&v);
    world_log_in(w, &next);
    visitor_end(&next);
}

static void test_groups(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), next = visitor_new();

    world_grant(w, (struct grant_plan){.host = "@databases"});
    assert_int_equal(refused_with(w, &v), REASON_WRONG_HOST);
    assert_int_equal(reload(w, HOST "groups = storage, databases\n" GATE DIRECTORY), 0);
    world_log_in(w, &v);
    assert_int_equal(reload(w, HOST "groups = storage\n" GATE DIRECTORY), 0);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(refused_with(w, &next), REASON_WRONG_HOST);
    visitor_end(&v);
    visitor_end(&next);
}

static bool status_is_refused(struct world *w)
{
    struct varlink_reply reply = world_call(w, "Status", json_object());
    bool refused = reply.error && strcmp(reply.error, "org.hufu.control.NotPermitted") == 0;

    varlink_reply_done(&reply);
    return refused;
}

static void test_gated_uid(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    w->reaper.login_uid = 31000;
    assert_false(status_is_refused(w));
    assert_int_equal(reload(w, HOST "[gate]\ngated-uid = 30000-39999\n" DIRECTORY), 0);
    assert_true(status_is_refused(w));
    w->reaper.login_uid = UINT32_MAX;
    assert_int_equal(refused_with(w, &v), REASON_NOT_GATED);
    assert_int_equal(w->broker->range_differs, 1);
    assert_int_equal(reload(w, AS_BEFORE), 0);
    assert_int_equal(w->broker->range_differs, 0);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&v);
}

static void test_serial_lines(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    (void)snprintf(m.service, sizeof(m.service), "login");
    (void)snprintf(m.tty, sizeof(m.tty), "ttyS1");
    m.remote_host[0] = m.ssh_connection[0] = '\0';
    world_grant(w, (struct grant_plan){.source = "local"});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_DENY);
    assert_int_equal(reload(w, HOST GATE "serial-lines = ttyS0, ttyS1\n" DIRECTORY), 0);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&v);
}

static void test_status_max_age(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(reload(w, HOST GATE "[directory]\nstatus-max-age = 24h\n"), 0);
    assert_int_equal(refused_with(w, &v), REASON_STATUS_STALE);
    assert_int_equal(reload(w, AS_BEFORE), 0);
    world_log_in(w, &v);
    visitor_end(&v);
}

static void test_tolerance(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){0});
    timekeeper_trust_status(w->broker->timekeeper, clock_wall() + 100, clock_wall() + 1000);
    assert_int_equal(refused_with(w, &v), REASON_CLOCK_UNSURE);
    assert_int_equal(reload(w, AS_BEFORE "[time]\ntolerance = 10m\n"), 0);
    world_log_in(w, &v);
    visitor_end(&v);
}

static void test_language(void **state)
{
    struct world *w = *state;

    assert_int_equal(reload(w, AS_BEFORE "[texts]\nlanguage = zh_CN\n"), 0);
    assert_string_equal(w->broker->config->language, "zh_CN");
}

/* A broker without a store says so before and after, and does not fall over it. */
static void test_without_store(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_stop(w);
    assert_int_equal(unlink(world_path(w, "hufu.db")), 0);
    world_start(w);
    assert_int_equal(reload(w, AS_BEFORE), 0);
    assert_int_equal(reload(w, "nonsense\n"), -EINVAL);
    assert_int_equal(refused_with(w, &v), REASON_STORE_DAMAGED);
    visitor_end(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_open_session_lives_on, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_reservation_lives_on, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_on_its_way_arrives, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_on_its_way_is_judged_again, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_a_wrong_file_changes_nothing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_not_roots_is_not_taken, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_host, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_groups, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_gated_uid, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_serial_lines, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_status_max_age, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_tolerance, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_language, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_without_store, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
