// LAYERS: test_support
// LINK: -Wl,--wrap=store_submit

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "broker/daemon/taken.h"
#include "policy/base/doubt.h"
#include "tests/unit/broker/daemon/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What sudo may run: asked by its plugin as root, judged by the grant of the session, recorded before it is
 * allowed; and sudo's PAM session, which goes through only for the process that asked. */

#define GRANTED "/usr/bin/systemctl restart oracle"

static struct {
    struct world *world;
    void (*happens)(struct world *w);
    int fails; /* what the next write gives, if not 0 */
} meanwhile;

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    void (*happens)(struct world * w) = meanwhile.happens;
    int fails = meanwhile.fails;

    meanwhile.happens = NULL;
    meanwhile.fails = 0;
    if (happens)
        happens(meanwhile.world);
    if (fails != 0) {
        store_txn_free(t);
        return fails;
    }
    return __real_store_submit(s, t, done, userdata);
}

static int setup(void **state)
{
    int r = world_setup(state);

    meanwhile.world = *state;
    meanwhile.happens = NULL;
    meanwhile.fails = 0;
    return r;
}

/* A person in a session under the usual grant, and a sudo of theirs. */
struct scene {
    struct world *w;
    struct visitor login, sudo;
    uint64_t session;
};

static struct scene scene_begin(void **state)
{
    struct scene s = {.w = *state, .login = visitor_new(), .sudo = visitor_new()};

    world_grant(s.w, (struct grant_plan){.run_as = "oracle", .command = GRANTED});
    s.session = world_log_in(s.w, &s.login);
    return s;
}

static void scene_end(struct scene *s)
{
    visitor_end(&s->sudo);
    visitor_end(&s->login);
}

static struct gate_caller caller_of(const struct scene *s)
{
    struct gate_pam m = world_login(&s->sudo);

    m.caller.audit_session = (uint32_t)s->login.pid;
    m.caller.login_uid = WORLD_UID;
    return m.caller;
}

static struct gate_command granted(const struct scene *s)
{
    return (struct gate_command){.caller = caller_of(s),
                                 .range = {20000, 29999},
                                 .person = WORLD_STAFF,
                                 .person_uid = WORLD_UID,
                                 .target = "oracle",
                                 .target_uid = 54321,
                                 .path = "/usr/bin/systemctl",
                                 .arguments = "restart\noracle\n",
                                 .cwd = "/home/zhang.san",
                                 .tty = "/dev/pts/3"};
}

static struct gate_reply ask(const struct scene *s, const struct gate_command *m)
{
    uint8_t frame[FRAME_MAX];
    int size = gate_encode_command(m, frame), fd = visitor_connect(&s->sudo, world_path(s->w, "gate"));

    assert_true(size > 0 && send(fd, frame, (size_t)size, 0) == size);
    return world_take(s->w, fd);
}

static struct gate_pam phase_of(const struct scene *s, const char *service, const char *user)
{
    struct gate_pam m = world_login(&s->sudo);

    m.caller = caller_of(s);
    (void)snprintf(m.service, sizeof(m.service), "%s", service);
    (void)snprintf(m.user, sizeof(m.user), "%s", user);
    m.user_uid = 54321;
    m.ssh_connection[0] = '\0';
    return m;
}

static enum reason open_reason(const struct scene *s, const struct gate_pam *m)
{
    return world_ask(s->w, &s->sudo, FRAME_GATE_OPEN, m).reason;
}

static unsigned commands(const struct scene *s, const char *result, enum reason *reason)
{
    return world_records(s->w, EVENT_COMMAND, result, reason);
}

static void test_allowed_and_recorded_before(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);
    uint64_t before = s.w->broker->last_sequence;
    struct gate_reply reply = ask(&s, &m);

    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    assert_true(s.w->broker->last_sequence > before);
    assert_int_equal(strlen(reply.reference), 8);
    assert_int_equal(commands(&s, "success", NULL), 1);
    scene_end(&s);
}

static void test_only_who_asked_opens(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);
    struct gate_pam open = phase_of(&s, "sudo", "oracle"), other;
    struct gate_reply reply;

    reply = world_ask(s.w, &s.sudo, FRAME_GATE_OPEN, &open);
    world_assert_denied(&reply, REASON_COMMAND_NOT_ASKED);
    assert_int_equal(ask(&s, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(open_reason(&s, &open), REASON_OK);
    other = open;
    other.caller.start_time++; /* another process with the same number */
    assert_int_equal(open_reason(&s, &other), REASON_COMMAND_NOT_ASKED);
    other = phase_of(&s, "sudo", "root");
    assert_int_equal(open_reason(&s, &other), REASON_RUN_AS_NOT_GRANTED);
    other = open;
    other.caller.start_time = 0; /* not readable */
    assert_int_equal(open_reason(&s, &other), REASON_COMMAND_NOT_ASKED);
    scene_end(&s);
}

static void test_refused_is_not_asked(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);
    struct gate_pam open = phase_of(&s, "sudo", "oracle");

    m.arguments[0] = '\0';
    assert_int_equal(ask(&s, &m).reason, REASON_COMMAND_NOT_GRANTED);
    assert_int_equal(open_reason(&s, &open), REASON_COMMAND_NOT_ASKED);
    /* Without a start time nobody could be told from a later process of that number. */
    m = granted(&s);
    m.caller.start_time = 0;
    open.caller.start_time = 0;
    assert_int_equal(ask(&s, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(open_reason(&s, &open), REASON_COMMAND_NOT_ASKED);
    scene_end(&s);
}

static void test_not_granted(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);
    struct gate_reply reply;
    enum reason reason;

    (void)snprintf(m.arguments, sizeof(m.arguments), "stop\nora cle\n\n\033[2J\n");
    reply = ask(&s, &m);
    world_assert_denied(&reply, REASON_COMMAND_NOT_GRANTED);
    assert_non_null(strstr(reply.message, "/usr/bin/systemctl stop ora\\040cle '' \\033[2J"));
    assert_int_equal(commands(&s, "failure", &reason), 1);
    assert_int_equal(reason, REASON_COMMAND_NOT_GRANTED);
    scene_end(&s);
}

static void test_unsafe(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);
    struct gate_reply reply;

    m.doubts = DOUBT_ENVIRONMENT | DOUBT_NAME;
    (void)snprintf(m.concern, sizeof(m.concern), "LD_PRELOAD");
    reply = ask(&s, &m);
    world_assert_denied(&reply, REASON_COMMAND_UNSAFE);
    assert_non_null(strstr(reply.message, "other-name, environment (LD_PRELOAD)"));
    assert_int_equal(commands(&s, "failure", NULL), 1);
    scene_end(&s);
}

static void test_needs_a_session_and_its_account(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);

    (void)snprintf(m.target, sizeof(m.target), "root");
    m.target_uid = 0;
    assert_int_equal(ask(&s, &m).reason, REASON_RUN_AS_NOT_GRANTED);
    m = granted(&s);
    m.person_uid = WORLD_UID + 1; /* another person, without a session */
    assert_int_equal(ask(&s, &m).reason, REASON_NO_SESSION);
    m = granted(&s);
    m.caller.pid++;
    assert_int_equal(ask(&s, &m).reason, REASON_CALLER_MISMATCH);
    m = granted(&s);
    m.range = (struct gate_range){1000, 1999};
    m.person_uid = 1000;
    assert_int_equal(ask(&s, &m).reason, REASON_NOT_GATED);
    scene_end(&s);
}

static void test_su_needs_any(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);
    static const char *const services[] = {"su", "su-l", "runuser", "runuser-l", "polkit-1"};

    assert_int_equal(ask(&s, &m).verdict, VERDICT_ALLOW); /* which is for sudo alone */
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        struct gate_pam p = phase_of(&s, services[i], "oracle");

        assert_int_equal(open_reason(&s, &p), REASON_COMMAND_NOT_GRANTED);
        assert_int_equal(world_ask(s.w, &s.sudo, FRAME_GATE_ACCOUNT, &p).reason, REASON_COMMAND_NOT_GRANTED);
    }
    scene_end(&s);
}

static void lock_person(struct world *w)
{
    static const struct store_taken lock = {
        .kind = STORE_LOCK, .scope = STORE_TAKEN_STAFF, .name = WORLD_STAFF, .until = WHEN_NEVER};

    assert_int_equal(taken_put(w->broker->taken, &lock, NULL), 0);
}

static void test_taken_away_while_it_is_written(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);

    meanwhile.happens = lock_person;
    assert_int_equal(ask(&s, &m).reason, REASON_STAFF_LOCKED);
    scene_end(&s);
}

static void test_not_written_not_run(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command m = granted(&s);
    struct gate_pam open = phase_of(&s, "sudo", "oracle");

    meanwhile.fails = -EIO;
    assert_int_equal(ask(&s, &m).reason, REASON_STORE_UNAVAILABLE);
    assert_int_equal(open_reason(&s, &open), REASON_COMMAND_NOT_ASKED);
    scene_end(&s);
}

static struct gate_reply tell_end(const struct scene *s, const struct gate_command_end *m)
{
    uint8_t frame[FRAME_MAX];
    int size = gate_encode_command_end(m, frame), fd = visitor_connect(&s->sudo, world_path(s->w, "gate"));

    assert_true(size > 0 && send(fd, frame, (size_t)size, 0) == size);
    return world_take(s->w, fd);
}

static void test_end_is_recorded(void **state)
{
    struct scene s = scene_begin(state);
    struct gate_command_end m = {.caller = caller_of(&s),
                                 .range = {20000, 29999},
                                 .person = WORLD_STAFF,
                                 .person_uid = WORLD_UID,
                                 .reference = "K7TQ2MXA",
                                 .outcome = GATE_COMMAND_EXITED};

    assert_int_equal(tell_end(&s, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(world_records(s.w, EVENT_COMMAND_END, "success", NULL), 1);
    m.status = 3;
    assert_int_equal(tell_end(&s, &m).verdict, VERDICT_ALLOW);
    m.outcome = GATE_COMMAND_SIGNALLED;
    m.status = 9;
    assert_int_equal(tell_end(&s, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(world_records(s.w, EVENT_COMMAND_END, "failure", NULL), 2);
    scene_end(&s);
}

/* Any uid may ask about itself elsewhere; here nobody but root. */
static void test_root_alone(void **state)
{
    struct scene s;
    struct gate_command m;
    uint8_t frame[FRAME_MAX];
    struct visitor person;
    int size, fd;
    char octet;

    if (geteuid() != 0)
        skip(); /* two uids are needed: root's and the person's */
    s = scene_begin(state);
    person = visitor_new_as(WORLD_UID);
    m = granted(&s);
    m.caller.pid = (uint32_t)person.pid;
    m.caller.uid = WORLD_UID;
    size = gate_encode_command(&m, frame);
    fd = visitor_connect(&person, world_path(s.w, "gate"));
    assert_true(send(fd, frame, (size_t)size, 0) == size);
    world_for(s.w, 50);
    if (recv(fd, frame, sizeof(frame), MSG_DONTWAIT) > FRAME_HEADER_SIZE) {
        struct gate_reply reply;
        struct frame_header h;

        assert_int_equal(frame_parse_header(frame, &h), 0);
        assert_int_equal(gate_decode_reply(frame + FRAME_HEADER_SIZE, h.length, &reply), 0);
        assert_int_equal(reply.reason, REASON_CALLER_FORBIDDEN);
    } else {
        assert_true(read(fd, &octet, 1) <= 0);
    }
    close_fd(fd);
    assert_int_equal(commands(&s, NULL, NULL), 0);
    visitor_end(&person);
    scene_end(&s);
}

static void hung_up_on(const struct scene *s, enum frame_type type)
{
    uint8_t frame[FRAME_HEADER_SIZE + 4] = {0};
    int fd = visitor_connect(&s->sudo, world_path(s->w, "gate"));

    frame_write_header(frame, type, 4);
    assert_true(send(fd, frame, sizeof(frame), 0) == sizeof(frame));
    world_until_answer(s->w, fd);
    assert_true(read(fd, frame, sizeof(frame)) <= 0);
    close_fd(fd);
}

static void test_garbage(void **state)
{
    struct scene s = scene_begin(state);

    hung_up_on(&s, FRAME_GATE_COMMAND);
    hung_up_on(&s, FRAME_GATE_COMMAND_END);
    assert_int_equal(commands(&s, NULL, NULL), 0);
    assert_int_equal(world_records(s.w, EVENT_COMMAND_END, NULL, NULL), 0);
    assert_int_equal(world_records(s.w, EVENT_REQUEST_REFUSED, "failure", NULL), 2);
    scene_end(&s);
}

#define COMMAND_TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_allowed_and_recorded_before),
        COMMAND_TEST(test_only_who_asked_opens),
        COMMAND_TEST(test_refused_is_not_asked),
        COMMAND_TEST(test_not_granted),
        COMMAND_TEST(test_unsafe),
        COMMAND_TEST(test_needs_a_session_and_its_account),
        COMMAND_TEST(test_su_needs_any),
        COMMAND_TEST(test_taken_away_while_it_is_written),
        COMMAND_TEST(test_not_written_not_run),
        COMMAND_TEST(test_end_is_recorded),
        COMMAND_TEST(test_root_alone),
        COMMAND_TEST(test_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
