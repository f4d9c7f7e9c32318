// LINK: -Wl,--wrap=look_at
/* The reaper over its socket, with real processes. It needs root (uids and login uids are set). */
#include "broker/common/sockets.h"
#include "broker/reaper/census.h"
#include "broker/reaper/look.h"
#include "broker/reaper/reaper.h"
#include "tests/unit/broker/reaper/lookout.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define UID       20901u
#define STAFF_UID 1901u

struct world {
    sd_event *event;
    struct reaper *reaper;
    char path[32];
    char socket[64];
    int fd;
    int proc;
    uint32_t cookie;
};

/* So many looks miss everybody, as one may that a fork runs past. */
static unsigned blind;

int __real_look_at(int proc, struct census *person, const struct leases *leases,
                   const struct reap_target *target, struct look *ret);
int __wrap_look_at(int proc, struct census *person, const struct leases *leases,
                   const struct reap_target *target, struct look *ret);

int __wrap_look_at(int proc, struct census *person, const struct leases *leases,
                   const struct reap_target *target, struct look *ret)
{
    int r = __real_look_at(proc, person, leases, target, ret);
    if (r == 0 && blind > 0) {
        blind--;
        memset(ret->marked, 0, ret->census.count * sizeof *ret->marked);
    }
    return r;
}

static void no_log(int priority, const char *text)
{
    (void)priority;
    (void)text;
}

static int setup(void **state)
{
    if (getuid() != 0)
        return 0;
    struct world *w = calloc(1, sizeof *w);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(w->path, "/tmp/hufu-reaper-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    (void)snprintf(w->socket, sizeof w->socket, "%s/s", w->path);
    w->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(sd_event_new(&w->event), 0);
    struct reaper_options o = {
        .event = w->event,
        .config = {20000, 29999, {0, 1000, 1000, 1000}},
        .listener = socket_listen_unix(w->socket, SOCK_SEQPACKET, 0600, 4),
        .peer_uid = 0,
        .lease_folder = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .proc = w->proc,
        .log = no_log,
    };
    assert_int_equal(reaper_new(&o, &w->reaper), 0);
    w->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    strcpy(address.sun_path, w->socket);
    assert_int_equal(connect(w->fd, (struct sockaddr *)&address, sizeof address), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    if (w == NULL)
        return 0;
    char lease[64];
    (void)snprintf(lease, sizeof lease, "%s/5.lease", w->path);
    (void)unlink(lease);
    (void)reaper_free(w->reaper);
    (void)sd_event_unref(w->event);
    (void)close(w->fd);
    (void)close(w->proc);
    (void)unlink(w->socket);
    assert_int_equal(rmdir(w->path), 0);
    free(w);
    return 0;
}

static void receive(struct world *w, struct reap_reply *reply)
{
    uint8_t frame[FRAME_MAX];
    ssize_t n = -1;
    while ((n = recv(w->fd, frame, sizeof frame, MSG_DONTWAIT)) < 0 && errno == EAGAIN)
        assert_true(sd_event_run(w->event, 15 * 1000 * 1000) > 0);
    assert_true(n > FRAME_HEADER_SIZE);
    assert_int_equal(reap_decode_reply(frame + FRAME_HEADER_SIZE, (size_t)n - FRAME_HEADER_SIZE, reply), 0);
}

static struct reap_reply ask(struct world *w, struct reap_request q)
{
    uint8_t frame[FRAME_MAX];
    struct reap_reply reply;
    q.cookie = ++w->cookie;
    int size = reap_encode_request(&q, frame);
    assert_true(size > 0);
    assert_int_equal(send(w->fd, frame, (size_t)size, 0), size);
    receive(w, &reply);
    assert_int_equal(reply.cookie, q.cookie);
    return reply;
}

static bool set_login_uid(uint32_t uid)
{
    char text[16];
    int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
    int n = snprintf(text, sizeof text, "%u", uid);
    bool set = fd >= 0 && write(fd, text, (size_t)n) == n;
    if (fd >= 0)
        (void)close(fd);
    return set;
}

static void become(uint32_t login_uid, uint32_t uid)
{
    if ((login_uid != CENSUS_UNSET && !set_login_uid(login_uid)) || setresgid(uid, uid, uid) < 0 ||
        setresuid(uid, uid, uid) < 0)
        _exit(1);
}

/* A test that fails half-way must not leave what it started. */
static void die_with_the_test(void)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        _exit(1);
}

/* A process of its own session that ignores what can be ignored and has `n` children like it. */
static pid_t spawn(uint32_t login_uid, uint32_t uid, unsigned n)
{
    int ready[2];
    char octet = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        become(login_uid, uid);
        die_with_the_test();
        (void)setsid();
        (void)signal(SIGTERM, SIG_IGN);
        (void)signal(SIGHUP, SIG_IGN);
        for (unsigned i = 0; i < n; i++)
            if (fork() == 0) {
                die_with_the_test();
                (void)setsid();
                for (;;)
                    (void)pause();
            }
        (void)!write(ready[1], "x", 1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    (void)close(ready[0]);
    return pid;
}

static bool is_running(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

static void finish(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static struct census_process process_of(struct world *w, pid_t pid)
{
    struct census_process p;
    assert_int_equal(census_read(w->proc, (uint32_t)pid, &p), 0);
    census_process_done(&p);
    return p;
}

static struct reap_request about(struct world *w, enum frame_type type, enum reap_scope scope, pid_t leader)
{
    struct census_process p = process_of(w, leader);
    return (struct reap_request){
        .type = type,
        .target = {.scope = scope,
                   .uid = UID,
                   .session = scope == REAP_SESSION ? 5 : 0,
                   .audit_session = p.audit_session,
                   .leader = (uint32_t)leader,
                   .leader_start = p.start_time},
        .class = 1,
    };
}

static void ends_a_tree_and_nobody_else(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    pid_t vendor = spawn(CENSUS_UNSET, UID, 50);
    pid_t staff = spawn(CENSUS_UNSET, STAFF_UID, 0);
    struct reap_reply r = ask(w, about(w, FRAME_REAP_SCAN, REAP_PERSON, vendor));
    assert_int_equal(r.result, REAP_SURVIVORS);
    assert_int_equal(r.n_total, 51);
    r = ask(w, about(w, FRAME_REAP_END, REAP_PERSON, vendor));
    assert_int_equal(r.result, REAP_DONE);
    assert_int_equal(r.ended, 51);
    assert_int_equal(r.n_total, 0);
    assert_false(is_running(vendor));
    assert_true(is_running(staff));
    finish(staff);
}

static void one_empty_look_is_no_proof(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    pid_t vendor = spawn(CENSUS_UNSET, UID, 0);
    struct reap_request q = about(w, FRAME_REAP_END, REAP_PERSON, vendor);
    blind = 1;
    assert_int_equal(ask(w, q).result, REAP_DONE);
    assert_int_equal(blind, 0);
    assert_false(is_running(vendor));
}

static void a_login_uid_outlives_becoming_root(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    pid_t probe = fork();
    if (probe == 0)
        _exit(set_login_uid(UID) ? 0 : 1);
    int status = 0;
    (void)waitpid(probe, &status, 0);
    if (status != 0)
        skip(); /* no audit in this kernel, or no CAP_AUDIT_CONTROL */
    pid_t rooted = spawn(UID, 0, 0);
    pid_t other = spawn(UID, UID, 0); /* another login of the same person */
    struct reap_request q = about(w, FRAME_REAP_END, REAP_SESSION, rooted);
    assert_int_not_equal(q.target.audit_session, CENSUS_UNSET);
    assert_int_equal(ask(w, q).result, REAP_DONE);
    assert_false(is_running(rooted));
    assert_true(is_running(other));
    finish(other);
}

static void refuses_who_is_not_gated(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    pid_t staff = spawn(CENSUS_UNSET, STAFF_UID, 0);
    static const enum frame_type types[] = {FRAME_REAP_END, FRAME_REAP_LEASE, FRAME_REAP_SCAN,
                                            FRAME_REAP_WARN};
    static const uint32_t uids[] = {0, STAFF_UID, 19999, 30000, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        for (size_t j = 0; j < ARRAY_SIZE(uids); j++) {
            struct reap_request q = about(w, types[i], REAP_SESSION, staff);
            q.target.uid = uids[j];
            q.seconds = 10;
            strcpy(q.text, "You have 5 minutes left.");
            assert_int_equal(ask(w, q).result, REAP_REFUSED);
        }
    assert_true(is_running(staff));
    finish(staff);
}

static void a_lapsed_lease_ends_without_an_order(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    pid_t vendor = spawn(CENSUS_UNSET, UID, 3), left = spawn(CENSUS_UNSET, UID, 0);
    struct reap_request q = about(w, FRAME_REAP_LEASE, REAP_SESSION, vendor), other = q;
    other.target.session = 6;
    other.seconds = 2;
    q.seconds = 1;
    (void)ask(w, other);
    struct reap_reply r = ask(w, q);
    assert_int_equal(r.result, REAP_DONE);
    assert_int_equal(r.seconds_left, 1);
    receive(w, &r);
    assert_int_equal(r.cookie, 0); /* unasked */
    assert_int_equal(r.session, 5);
    assert_int_equal(r.result, REAP_DONE);
    assert_int_equal(r.ended, 4);
    assert_false(is_running(vendor));
    assert_true(is_running(left));
    receive(w, &r); /* the last one takes what the person left elsewhere */
    assert_int_equal(r.ended, 1);
    assert_false(is_running(left));
}

static void a_lease_names_its_leader_truly(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    pid_t vendor = spawn(CENSUS_UNSET, UID, 0);
    struct reap_request q = about(w, FRAME_REAP_LEASE, REAP_SESSION, vendor);
    q.seconds = 10;
    q.target.leader_start++;
    assert_int_equal(ask(w, q).result, REAP_REFUSED);
    finish(vendor);
}

static void who_is_told_by_the_kernel(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    pid_t vendor = spawn(CENSUS_UNSET, UID, 0);
    struct reap_reply r = ask(w, (struct reap_request){.type = FRAME_REAP_WHO, .pid = (uint32_t)vendor});
    assert_int_equal(r.result, REAP_DONE);
    assert_int_equal(r.n_processes, 1);
    assert_int_equal(r.processes[0].pid, vendor);
    assert_int_equal(r.processes[0].uid, UID);
    assert_int_equal(r.processes[0].parent, getpid());
    finish(vendor);
    r = ask(w, (struct reap_request){.type = FRAME_REAP_WHO, .pid = (uint32_t)vendor});
    assert_int_equal(r.result, REAP_GONE);
}

static void another_configuration_moves_the_range_and_keeps_leases(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    const struct reaper_config narrow = {20000, 20100, {0, 1, 1000, 1000}};
    pid_t vendor = spawn(CENSUS_UNSET, UID, 1);
    struct reap_request q = about(w, FRAME_REAP_LEASE, REAP_SESSION, vendor);
    struct reap_reply r;
    q.class = 1;
    q.seconds = 600;
    assert_int_equal(ask(w, q).result, REAP_DONE);
    reaper_configure(w->reaper, &narrow);
    assert_int_equal(ask(w, q).result, REAP_REFUSED);
    r = ask(w, (struct reap_request){.type = FRAME_REAP_LEASED});
    assert_true(r.session == 5 && r.n_processes == 1 && r.processes[0].login_uid == UID);
    assert_int_equal(ask(w, (struct reap_request){FRAME_REAP_LEASED, .target.session = 5}).result, REAP_GONE);
    /* The deadline that was promised while the uid was gated is kept, under the maximum of now. */
    receive(w, &r);
    assert_int_equal(r.session, 5);
    assert_int_equal(r.result, REAP_DONE);
    assert_false(is_running(vendor));
}

static void garbage_ends_its_connection_only(void **state)
{
    NEEDS_ROOT(state);
    struct world *w = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char octet = 0;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    strcpy(address.sun_path, w->socket);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, "garbage", 7, 0), 7);
    ssize_t n = -1;
    while ((n = recv(fd, &octet, 1, MSG_DONTWAIT)) < 0 && errno == EAGAIN)
        assert_true(sd_event_run(w->event, 5 * 1000 * 1000) > 0);
    assert_int_equal(n, 0);
    (void)close(fd);
    struct reap_reply r = ask(w, (struct reap_request){.type = FRAME_REAP_WHO, .pid = (uint32_t)getpid()});
    assert_int_equal(r.result, REAP_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_a_tree_and_nobody_else, setup, teardown),
        cmocka_unit_test_setup_teardown(one_empty_look_is_no_proof, setup, teardown),
        cmocka_unit_test_setup_teardown(a_login_uid_outlives_becoming_root, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_who_is_not_gated, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lapsed_lease_ends_without_an_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lease_names_its_leader_truly, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_told_by_the_kernel, setup, teardown),
        cmocka_unit_test_setup_teardown(another_configuration_moves_the_range_and_keeps_leases, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(garbage_ends_its_connection_only, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
