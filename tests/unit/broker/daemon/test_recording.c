// LAYERS: test_support
#include "broker/audit/event.h"
#include "broker/daemon/recording.h"
#include "tests/unit/broker/daemon/world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Sessions whose grant requires recording: let in where a recorder can be, let start what becomes one, and
 * ended where hufu-reaper sees somebody without. As root, since files are given to the recorder's user. */

#define RECORDER 998

static char program[128], folder[128];

static void put_recorder(struct world *w)
{
    (void)snprintf(program, sizeof(program), "%s/hufu-recorder", w->folder);
    (void)snprintf(folder, sizeof(folder), "%s/recordings", w->folder);
    (void)close(open(program, O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
    (void)mkdir(folder, 0700);
    assert_int_equal(chown(program, RECORDER, 0), 0);
    assert_int_equal(chown(folder, RECORDER, 0), 0);
    assert_int_equal(chmod(program, 04750), 0);
    assert_int_equal(chmod(folder, 02750), 0);
    w->broker->options.recorder_program = program;
    w->broker->options.recorder_folder = folder;
    w->broker->options.recorder_tlog = "/bin/sh";
    w->broker->options.accounts.recorder = RECORDER;
    w->broker->config->recorder = true;
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    if (geteuid() == 0)
        put_recorder(*state);
    return 0;
}

static int teardown(void **state)
{
    (void)unlink(program);
    (void)rmdir(folder);
    return world_teardown(state);
}

#define ROOT_OR_SKIP()      \
    do {                    \
        if (geteuid() != 0) \
            skip();         \
    } while (0)

static void grant_recorded(struct world *w)
{
    assert_int_equal(
        world_grant(w, (struct grant_plan){.recording = "required",
                                           .uses = "100 per-host",
                                           .sessions = "50",
                                           .channel = "exec\nchannel: shell\nchannel: transfer"}),
        REASON_OK);
}

static struct gate_reply ask_channel(struct world *w, const struct visitor *v, enum grant_channel channel)
{
    struct gate_channel m = {.caller = world_login(v).caller, .channel = (uint8_t)channel, .command = "id"};
    uint8_t frame[FRAME_MAX];
    int size = gate_encode_channel(&m, frame), fd = visitor_connect(v, world_path(w, "gate"));

    assert_true(size > 0 && send(fd, frame, (size_t)size, 0) == size);
    return world_take(w, fd);
}

static struct gate_reply tell_transfer(struct world *w, const struct visitor *v, uint64_t start_time)
{
    struct gate_transfer m = {
        .caller = world_login(v).caller, .kind = GATE_TRANSFER_FILE, .written = 7, .path = "/a"};
    uint8_t frame[FRAME_MAX];
    int size, fd = visitor_connect(v, world_path(w, "gate"));

    m.caller.start_time = start_time;
    size = gate_encode_transfer(&m, frame);
    assert_true(size > 0 && send(fd, frame, (size_t)size, 0) == size);
    return world_take(w, fd);
}

static void is_possible_only_if_all_of_it_is_right(void **state)
{
    struct world *w = *state;
    struct broker_options *o = &w->broker->options;

    ROOT_OR_SKIP();
    assert_true(recording_is_possible(w->broker));
    w->broker->config->recorder = false;
    assert_false(recording_is_possible(w->broker));
    w->broker->config->recorder = true;
    o->accounts.recorder = (uid_t)-1;
    assert_false(recording_is_possible(w->broker));
    o->accounts.recorder = RECORDER + 1;
    assert_false(recording_is_possible(w->broker));
    o->accounts.recorder = RECORDER;
    o->recorder_tlog = "/nonexistent";
    assert_false(recording_is_possible(w->broker));
    o->recorder_tlog = "/bin/sh";
    for (mode_t mode = 04770; mode == 04770 || mode == 0750; mode -= 04020) {
        assert_int_equal(chmod(program, mode), 0);
        assert_false(recording_is_possible(w->broker));
    }
    assert_int_equal(chmod(program, 04750), 0);
    assert_int_equal(chmod(folder, 02770), 0);
    assert_false(recording_is_possible(w->broker));
    assert_int_equal(chmod(folder, 02750), 0);
    assert_true(recording_is_possible(w->broker));
}

static void without_a_recorder_nobody_is_let_in(void **state)
{
    struct world *w = *state;

    ROOT_OR_SKIP();
    grant_recorded(w);
    assert_int_equal(world_knock(w), REASON_OK);
    w->broker->config->recorder = false;
    assert_int_equal(world_knock(w), REASON_RECORDER_MISSING);
}

static void a_channel_becomes_a_recording(void **state)
{
    struct visitor v = visitor_new(), person;
    struct world *w = *state;
    struct gate_reply reply;
    char options[300];
    uint64_t number;

    ROOT_OR_SKIP();
    person = visitor_new_as(WORLD_UID);
    grant_recorded(w);
    number = world_log_in(w, &v);
    w->reaper.login_uid = WORLD_UID;
    w->reaper.audit_session = (uint32_t)v.pid;
    w->reaper.start_time = 99;
    reply = ask_channel(w, &person, GRANT_CHANNEL_SHELL);
    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    (void)snprintf(options, sizeof(options), "record=%llu-%d-", (unsigned long long)number, person.pid);
    assert_memory_equal(reply.options, options, strlen(options));
    assert_true(recorder_is_name(reply.options + strlen("record="), NULL, NULL));
    assert_int_equal(world_records(w, EVENT_RECORDING, "success", NULL), 1);
    world_for(w, 500);
    assert_true(w->reaper.recordeds > 0);
    assert_int_equal(w->reaper.last_recorded.recorder_uid, RECORDER);
    assert_int_equal(w->reaper.last_recorded.n_channels, 1);
    assert_int_equal(w->reaper.last_recorded.target.scope, REAP_STRAYS);
    assert_int_equal(w->reaper.last_recorded.target.audit_session, (uint32_t)v.pid);
    assert_string_equal(w->reaper.last_recorded.channels[0].name, reply.options + strlen("record="));
    assert_int_equal(w->reaper.last_recorded.channels[0].start_time, 99);
    /* A transfer is told of, by the process that was let start it and no other. */
    reply = ask_channel(w, &person, GRANT_CHANNEL_TRANSFER);
    assert_string_equal(reply.options, "report=required");
    assert_int_equal(tell_transfer(w, &person, 99).verdict, VERDICT_ALLOW);
    assert_int_equal(tell_transfer(w, &person, 98).reason, REASON_NO_SESSION);
    assert_int_equal(tell_transfer(w, &v, 99).reason, REASON_NO_SESSION);
    assert_int_equal(world_records(w, EVENT_TRANSFER, "success", NULL), 1);
    visitor_end(&person);
    visitor_end(&v);
}

/* Also by a broker that did not let it start. */
static void what_was_let_start_is_known_after_a_restart(void **state)
{
    struct visitor v = visitor_new(), person;
    struct world *w = *state;
    char name[sizeof(((struct gate_reply *)NULL)->options)];
    struct gate_reply reply;

    ROOT_OR_SKIP();
    person = visitor_new_as(WORLD_UID);
    grant_recorded(w);
    (void)world_log_in(w, &v);
    w->reaper.login_uid = WORLD_UID;
    w->reaper.audit_session = (uint32_t)v.pid;
    reply = ask_channel(w, &person, GRANT_CHANNEL_EXEC);
    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    (void)snprintf(name, sizeof(name), "%s", reply.options + strlen("record="));
    w->reaper.login_uid = UINT32_MAX;
    w->reaper.start_time = world_login(&v).caller.start_time;
    world_restart(w);
    put_recorder(w);
    w->reaper.recordeds = 0;
    w->reaper.recorders = 1;
    world_for(w, 1500);
    assert_true(w->reaper.recordeds > 0);
    assert_int_equal(w->reaper.last_recorded.n_channels, 1);
    assert_string_equal(w->reaper.last_recorded.channels[0].name, name);
    visitor_end(&person);
    visitor_end(&v);
}

static void who_stays_bare_is_put_out(void **state)
{
    struct visitor v = visitor_new();
    struct world *w = *state;
    enum reason reason;

    ROOT_OR_SKIP();
    grant_recorded(w);
    (void)world_log_in(w, &v);
    w->reaper.bare = 1;
    world_until(w, world_nobody_is_left, NULL);
    assert_true(world_records(w, EVENT_RECORDING, "failure", &reason) >= 1);
    assert_int_equal(reason, REASON_RECORDER_GONE);
    (void)world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
    assert_int_equal(reason, REASON_RECORDER_GONE);
    assert_true(w->reaper.recordeds >= RECORDING_LOOKS);
    visitor_end(&v);
}

static void a_moment_is_held_against_nobody(void **state)
{
    struct visitor v = visitor_new();
    struct world *w = *state;

    ROOT_OR_SKIP();
    grant_recorded(w);
    (void)world_log_in(w, &v);
    for (unsigned i = 0; i < 3; i++) {
        w->reaper.bare = 1;
        world_for(w, 800);
        w->reaper.bare = 0;
        world_for(w, 500);
    }
    assert_int_equal(world_records(w, EVENT_RECORDING, "failure", NULL), 0);
    visitor_end(&v);
}

/* As the first that a command does: it waits until somebody has looked. */
static void sudo_right_away_is_not_too_early(void **state)
{
    struct visitor v = visitor_new(), sudo = visitor_new(), person;
    struct gate_pam m = world_login(&sudo);
    struct world *w = *state;
    struct gate_reply reply;

    ROOT_OR_SKIP();
    person = visitor_new_as(WORLD_UID);
    assert_int_equal(world_grant(w, (struct grant_plan){.recording = "required",
                                                        .command = "/usr/bin/id",
                                                        .channel = "exec\nchannel: shell"}),
                     REASON_OK);
    (void)world_log_in(w, &v);
    (void)snprintf(m.service, sizeof(m.service), "sudo");
    m.ssh_connection[0] = '\0';
    m.caller.audit_session = (uint32_t)v.pid;
    /* Where no recorder was let start there is nothing to wait for. */
    w->reaper.recorders = 0;
    reply = world_ask(w, &sudo, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_RECORDER_MISSING);
    w->reaper.login_uid = WORLD_UID;
    w->reaper.audit_session = (uint32_t)v.pid;
    w->reaper.start_time = 99;
    assert_int_equal(ask_channel(w, &person, GRANT_CHANNEL_SHELL).verdict, VERDICT_ALLOW);
    /* None is seen: it is refused in the end. */
    reply = world_ask(w, &sudo, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_RECORDER_MISSING);
    w->reaper.recorders = 1;
    assert_int_equal(world_ask(w, &sudo, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&person);
    visitor_end(&sudo);
    visitor_end(&v);
}

/* It is on record, each time, though nobody is put out for it. */
static void what_went_unrecorded_for_a_while_is_noted(void **state)
{
    struct visitor v = visitor_new();
    struct world *w = *state;

    ROOT_OR_SKIP();
    grant_recorded(w);
    (void)world_log_in(w, &v);
    for (unsigned i = 0; i < 2; i++) {
        w->reaper.bare = 1;
        world_for(w, 2400);
        w->reaper.bare = 0;
        world_for(w, 500);
    }
    assert_int_equal(world_records(w, EVENT_RECORDING, "failure", NULL), 2);
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    visitor_end(&v);
}

/* A startup file that ends before anybody looks, each time anew. */
static void a_session_of_which_nothing_was_recorded_is_noted(void **state)
{
    struct visitor v = visitor_new();
    struct world *w = *state;

    ROOT_OR_SKIP();
    grant_recorded(w);
    (void)world_log_in(w, &v);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(world_records(w, EVENT_RECORDING, "failure", NULL), 1);
}

/* Each channel is looked after soon; channels without end must not put that off. */
static void nobody_puts_off_being_looked_at(void **state)
{
    struct visitor v = visitor_new();
    struct world *w = *state;
    unsigned before;

    ROOT_OR_SKIP();
    grant_recorded(w);
    (void)world_log_in(w, &v);
    world_for(w, 500);
    before = w->reaper.recordeds;
    for (unsigned i = 0; i < 40; i++) {
        recording_watch(w->broker->recording, registry_first(w->broker->registry));
        world_for(w, 50);
    }
    assert_true(w->reaper.recordeds > before);
    visitor_end(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_possible_only_if_all_of_it_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_recorder_nobody_is_let_in, setup, teardown),
        cmocka_unit_test_setup_teardown(a_channel_becomes_a_recording, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_let_start_is_known_after_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(sudo_right_away_is_not_too_early, setup, teardown),
        cmocka_unit_test_setup_teardown(who_stays_bare_is_put_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_moment_is_held_against_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(what_went_unrecorded_for_a_while_is_noted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_of_which_nothing_was_recorded_is_noted, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_puts_off_being_looked_at, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
