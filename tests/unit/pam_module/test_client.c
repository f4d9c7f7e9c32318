// LAYERS: test_support wire
#include "pam_module/client.h"
#include "tests/unit/support/fake_gate.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t request[FRAME_MAX], reply[FRAME_MAX + 64];
static size_t request_size, reply_size;

/* A request near the largest, so that a peer that does not read shows. */
static int set_up(void **state)
{
    static struct gate_keys m = {.pid = 7, .parent = 8, .user = "zhang.san", .key_type = "ssh-rsa"};
    struct gate_reply r = {
        .verdict = VERDICT_ALLOW,
        .reason = REASON_OK,
        .valid_until = 1795478400,
        .runtime_max = 28800,
        .reference = "A1-0042",
        .message = "You may stay until 18:00.",
        .options = "restrict",
    };

    (void)state;
    memset(m.key, 'A', sizeof(m.key) - 1);
    request_size = (size_t)gate_encode_keys(&m, request);
    reply_size = (size_t)gate_encode_reply(&r, reply);
    (void)alarm(60); /* a call that never comes back ends the program */
    return 0;
}

static int count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n;
}

/* Calls a server of that manner. An error has to come with a refusal, and nothing may stay open. */
static int call_reply(enum fake_gate_manner manner, size_t size, struct gate_reply *ret)
{
    int before = count_descriptors(), r;
    struct fake_gate *g = fake_gate_new(manner, reply, size, (uid_t)-1);

    memset(ret, 0xff, sizeof(*ret));
    r = client_call(fake_gate_path(g), request, request_size, ret);
    fake_gate_free(g); /* joined: all that is open beyond `before` would be the client's */
    assert_int_equal(count_descriptors(), before);
    if (r < 0) {
        assert_int_equal(ret->verdict, VERDICT_DENY);
        assert_int_equal(ret->reason, REASON_BROKER_ERROR);
        assert_int_equal(ret->message[0], 0);
        assert_int_equal(ret->options[0], 0);
    }
    return r;
}

static int call(enum fake_gate_manner manner)
{
    struct gate_reply ret;

    return call_reply(manner, reply_size, &ret);
}

static void an_answer_comes_back_whole(void **state)
{
    struct fake_gate *g = fake_gate_new(FAKE_GATE_ANSWERS, reply, reply_size, (uid_t)-1);
    static uint8_t seen[FRAME_MAX];
    struct gate_reply ret;

    (void)state;
    assert_int_equal(client_call(fake_gate_path(g), request, request_size, &ret), 0);
    assert_int_equal(ret.verdict, VERDICT_ALLOW);
    assert_int_equal(ret.runtime_max, 28800);
    assert_string_equal(ret.message, "You may stay until 18:00.");
    assert_int_equal(fake_gate_request(g, seen, sizeof(seen)), request_size);
    assert_memory_equal(seen, request, request_size);
    assert_int_equal(fake_gate_accepted(g), 1);
    fake_gate_free(g);
}

static void a_denial_is_no_error(void **state)
{
    struct gate_reply m = {.verdict = VERDICT_DENY, .reason = REASON_EXPIRED}, ret;

    (void)state;
    reply_size = (size_t)gate_encode_reply(&m, reply);
    assert_int_equal(call_reply(FAKE_GATE_ANSWERS, reply_size, &ret), 0);
    assert_int_equal(ret.verdict, VERDICT_DENY);
    assert_int_equal(ret.reason, REASON_EXPIRED);
}

static void an_answer_in_pieces_is_one(void **state)
{
    (void)state;
    assert_int_equal(call(FAKE_GATE_STUTTERS), 0);
}

static void who_closes_has_said_nothing(void **state)
{
    struct gate_reply ret;
    int r;

    (void)state;
    assert_int_equal(call(FAKE_GATE_LEAVES), -EBADMSG);
    /* Closed on a request that was not read yet: the kernel may call it a reset. */
    r = call(FAKE_GATE_HANGS_UP);
    assert_true(r == -EBADMSG || r == -ECONNRESET || r == -EPIPE);
    for (size_t cut = 0; cut < reply_size; cut += 5)
        assert_int_equal(call_reply(FAKE_GATE_ANSWERS, cut, &ret), -EBADMSG);
}

/* A broker that refuses a peer by its credentials does not read first. */
static void an_answer_before_the_request_counts(void **state)
{
    (void)state;
    assert_int_equal(call(FAKE_GATE_BLURTS), 0);
}

static void more_than_one_frame_is_nonsense(void **state)
{
    struct gate_reply ret;

    (void)state;
    memcpy(reply + reply_size, reply, 20);
    assert_int_equal(call_reply(FAKE_GATE_ANSWERS, reply_size + 1, &ret), -EBADMSG);
    assert_int_equal(call_reply(FAKE_GATE_ANSWERS, reply_size + 20, &ret), -EBADMSG);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    reply[0] = 'X';
    assert_int_equal(call(FAKE_GATE_ANSWERS), -EBADMSG);
    reply[0] = 'H';
    reply[5] = 2;
    assert_int_equal(call(FAKE_GATE_ANSWERS), -EPROTONOSUPPORT);
    reply[5] = 1;
    reply[7] = 1; /* a request is no reply */
    assert_int_equal(call(FAKE_GATE_ANSWERS), -EBADMSG);
    reply[7] = 0x80;
    reply[FRAME_HEADER_SIZE] ^= 1; /* a verdict that is none */
    assert_int_equal(call(FAKE_GATE_ANSWERS), -EBADMSG);
    reply[FRAME_HEADER_SIZE] ^= 1;
    assert_int_equal(call(FAKE_GATE_ANSWERS), 0);
    memset(reply, 0, sizeof(reply));
    assert_int_equal(call(FAKE_GATE_ANSWERS), -EBADMSG);
}

static void a_length_that_lies_is_refused(void **state)
{
    struct gate_reply ret;

    (void)state;
    reply[8] = 0xff; /* far more than a body may have */
    assert_int_equal(call(FAKE_GATE_ANSWERS), -EBADMSG);
    reply[8] = 0;
    reply[11] = (uint8_t)(reply[11] - 1);
    assert_int_equal(call_reply(FAKE_GATE_ANSWERS, reply_size - 1, &ret), -EBADMSG);
}

static void a_frozen_peer_is_waited_for_until_the_deadline(void **state)
{
    (void)state;
    assert_int_equal(call(FAKE_GATE_FROZEN), -ETIMEDOUT);
    assert_int_equal(call(FAKE_GATE_SILENT), -ETIMEDOUT);
}

static void a_full_backlog_is_waited_for_until_the_deadline(void **state)
{
    (void)state;
    assert_int_equal(call(FAKE_GATE_FULL), -ETIMEDOUT);
}

/* If each octet started the wait anew, the whole reply would come, after many seconds. */
static void an_octet_now_and_then_does_not_move_the_deadline(void **state)
{
    (void)state;
    assert_true(reply_size > 30);
    assert_int_equal(call(FAKE_GATE_DRIPS), -ETIMEDOUT);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

/* A host process with a ticking timer: every system call is interrupted again and again. */
static void signals_do_not_move_the_deadline(void **state)
{
    static const struct itimerval tick = {.it_interval.tv_usec = 3000, .it_value.tv_usec = 3000};
    static const struct itimerval none;
    struct sigaction act = {.sa_handler = on_alarm}, old;
    static const enum fake_gate_manner manners[] = {FAKE_GATE_SILENT, FAKE_GATE_FULL};

    (void)state;
    (void)alarm(0); /* the same timer */
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        struct fake_gate *g = fake_gate_new(manners[i], NULL, 0, (uid_t)-1);
        struct gate_reply ret;
        int r;

        (void)sigaction(SIGALRM, &act, &old);
        (void)setitimer(ITIMER_REAL, &tick, NULL);
        r = client_call(fake_gate_path(g), request, request_size, &ret);
        (void)setitimer(ITIMER_REAL, &none, NULL);
        (void)sigaction(SIGALRM, &old, NULL);
        fake_gate_free(g);
        assert_int_equal(r, -ETIMEDOUT);
    }
}

static void nobody_there_is_said_at_once(void **state)
{
    struct fake_gate *g = fake_gate_new(FAKE_GATE_FROZEN, NULL, 0, (uid_t)-1);
    char path[128];
    struct gate_reply ret;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/none", fake_gate_path(g));
    assert_int_equal(client_call(path, request, request_size, &ret), -ENOTDIR);
    (void)snprintf(path, sizeof(path), "%s2", fake_gate_path(g));
    assert_int_equal(client_call(path, request, request_size, &ret), -ENOENT);
    fake_gate_free(g);
    assert_int_equal(client_call("/etc/passwd", request, request_size, &ret), -ECONNREFUSED);
    assert_int_equal(ret.verdict, VERDICT_DENY);
}

static void paths_are_absolute_and_fit(void **state)
{
    char path[200];
    struct gate_reply ret;

    (void)state;
    assert_int_equal(client_call("run/gate", request, request_size, &ret), -EINVAL);
    assert_int_equal(client_call("", request, request_size, &ret), -EINVAL);
    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = 0;
    assert_int_equal(client_call(path, request, request_size, &ret), -ENAMETOOLONG);
    path[108] = 0;
    assert_int_equal(client_call(path, request, request_size, &ret), -ENAMETOOLONG);
    path[107] = 0;
    assert_int_equal(client_call(path, request, request_size, &ret), -ENOENT);
    assert_int_equal(ret.verdict, VERDICT_DENY);
}

static void no_descriptor_left_is_a_refusal(void **state)
{
    struct fake_gate *g = fake_gate_new(FAKE_GATE_ANSWERS, reply, reply_size, (uid_t)-1);
    struct rlimit old, none;
    struct gate_reply ret;
    int r;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    r = client_call(fake_gate_path(g), request, request_size, &ret);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    fake_gate_free(g);
    assert_int_equal(r, -EMFILE);
    assert_int_equal(ret.verdict, VERDICT_DENY);
}

static void nothing_is_said_before_it_is_asked(void **state)
{
    int before = count_descriptors();
    struct fake_gate *g = fake_gate_new(FAKE_GATE_ANSWERS, reply, reply_size, (uid_t)-1);
    static uint8_t seen[FRAME_MAX];
    struct gate_reply ret;
    struct client c;

    (void)state;
    assert_int_equal(client_connect(fake_gate_path(g), &c), 0);
    assert_int_equal(fake_gate_request(g, seen, sizeof(seen)), 0);
    assert_int_equal(client_ask(&c, request, request_size, &ret), 0);
    assert_int_equal(ret.verdict, VERDICT_ALLOW);
    assert_int_equal(fake_gate_request(g, seen, sizeof(seen)), request_size);
    client_close(&c);
    client_close(&c);
    fake_gate_free(g);
    assert_int_equal(count_descriptors(), before);
}

static void the_deadline_is_the_connections(void **state)
{
    struct fake_gate *g = fake_gate_new(FAKE_GATE_SILENT, NULL, 0, (uid_t)-1);
    struct gate_reply ret = {.verdict = VERDICT_ALLOW};
    struct client c;

    (void)state;
    assert_int_equal(client_connect(fake_gate_path(g), &c), 0);
    c.deadline -= CLIENT_DEADLINE_MS;
    assert_int_equal(client_ask(&c, request, request_size, &ret), -ETIMEDOUT);
    assert_int_equal(ret.verdict, VERDICT_DENY);
    assert_int_equal(ret.reason, REASON_BROKER_ERROR);
    client_close(&c);
    fake_gate_free(g);
}

/* The folder is root's; a server that neither root nor the folder's owner started is somebody else's. */
static void a_server_of_another_uid_is_told_nothing(void **state)
{
    pid_t child;
    int status;

    (void)state;
    if (getuid() != 0)
        skip();
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* The uid that SO_PEERCRED shows is that of listen(); the folder is handed to a third one. */
        struct fake_gate *g;
        struct gate_reply ret;
        char folder[128];
        int r;

        if (seteuid(65534) < 0)
            _exit(3);
        g = fake_gate_new(FAKE_GATE_ANSWERS, reply, reply_size, (uid_t)-1);
        if (seteuid(0) < 0)
            _exit(4);
        r = client_call(fake_gate_path(g), request, request_size, &ret);
        if (r != 0 || ret.verdict != VERDICT_ALLOW)
            _exit(5);
        (void)snprintf(folder, sizeof(folder), "%s", fake_gate_path(g));
        *strrchr(folder, '/') = 0;
        if (chown(folder, 1, (gid_t)-1) < 0)
            _exit(6);
        r = client_call(fake_gate_path(g), request, request_size, &ret);
        if (r != -EPERM || ret.verdict != VERDICT_DENY || ret.reason != REASON_BROKER_ERROR)
            _exit(7);
        fake_gate_free(g);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes_back_whole),
        TEST(a_denial_is_no_error),
        TEST(an_answer_in_pieces_is_one),
        TEST(who_closes_has_said_nothing),
        TEST(an_answer_before_the_request_counts),
        TEST(more_than_one_frame_is_nonsense),
        TEST(nonsense_is_refused),
        TEST(a_length_that_lies_is_refused),
        TEST(a_frozen_peer_is_waited_for_until_the_deadline),
        TEST(a_full_backlog_is_waited_for_until_the_deadline),
        TEST(an_octet_now_and_then_does_not_move_the_deadline),
        TEST(signals_do_not_move_the_deadline),
        TEST(nobody_there_is_said_at_once),
        TEST(paths_are_absolute_and_fit),
        TEST(no_descriptor_left_is_a_refusal),
        TEST(nothing_is_said_before_it_is_asked),
        TEST(the_deadline_is_the_connections),
        TEST(a_server_of_another_uid_is_told_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
