/* Who belongs to a target: the kernel's login uid and audit session decide, nothing else. */
#include "broker/reaper/census.h"
#include "broker/reaper/terminals.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UID 20001u

static struct census_process process(uint32_t pid, uint32_t parent, uint32_t login_uid,
                                     uint32_t audit_session, uint32_t uid)
{
    return (struct census_process){
        .pid = pid,
        .parent = parent,
        .start_time = pid * 10ULL,
        .login_uid = login_uid,
        .audit_session = audit_session,
        .uids = {uid, uid, uid, uid},
    };
}

static bool matches(const struct census_process *p, enum reap_scope scope, uint32_t audit_session)
{
    uint32_t spared = 7;
    struct census c = {.processes = (struct census_process *)p, .count = 1};
    struct reap_target t = {.scope = scope, .uid = UID, .audit_session = audit_session};
    return census_matches(&c, p, &t, (struct census_spared){&spared, 1});
}

static void session_is_login_uid_and_audit_session(void **state)
{
    (void)state;
    struct census_process own = process(10, 1, UID, 5, UID);
    struct census_process rooted = process(11, 1, UID, 5, 0);
    struct census_process other_session = process(12, 1, UID, 6, UID);
    struct census_process foreign = process(13, 1, 1000, 5, UID);
    assert_true(matches(&own, REAP_SESSION, 5));
    assert_true(matches(&rooted, REAP_SESSION, 5)); /* a vendor who became root is still that vendor */
    assert_false(matches(&other_session, REAP_SESSION, 5));
    assert_false(matches(&foreign, REAP_SESSION, 5)); /* somebody else's login, whatever its uid is now */
}

static void person_is_every_session_and_unset_login_uids(void **state)
{
    (void)state;
    struct census_process manager = process(10, 1, CENSUS_UNSET, CENSUS_UNSET, UID);
    struct census_process daemon = process(11, 1, CENSUS_UNSET, CENSUS_UNSET, 0);
    struct census_process staff = process(12, 1, 1000, 3, 1000);
    struct census_process su_by_staff = process(13, 1, 1000, 3, UID);
    assert_true(matches(&manager, REAP_PERSON, CENSUS_UNSET));
    assert_false(matches(&daemon, REAP_PERSON, CENSUS_UNSET));
    assert_false(matches(&staff, REAP_PERSON, CENSUS_UNSET));
    assert_false(matches(&su_by_staff, REAP_PERSON, CENSUS_UNSET));
}

static void strays_spare_what_is_on_lease(void **state)
{
    (void)state;
    struct census_process leased = process(10, 1, UID, 7, UID);
    struct census_process stray = process(11, 1, UID, 8, UID);
    struct census_process job = process(12, 1, UID, 9, UID);
    job.cgroup = "/system.slice/cron.service";
    assert_false(matches(&leased, REAP_STRAYS, CENSUS_UNSET));
    assert_true(matches(&stray, REAP_STRAYS, CENSUS_UNSET));
    assert_true(matches(&job, REAP_STRAYS, CENSUS_UNSET));
    assert_false(matches(&leased, REAP_LEFTOVERS, CENSUS_UNSET));
    assert_true(matches(&stray, REAP_LEFTOVERS, CENSUS_UNSET));
    assert_false(matches(&job, REAP_LEFTOVERS, CENSUS_UNSET));
    assert_true(matches(&leased, REAP_PERSON, CENSUS_UNSET));
}

/* Without pam_loginuid there is no audit session: the leader's tree, by uid, and no one else's. */
static void without_audit_session_the_leaders_tree(void **state)
{
    (void)state;
    struct census_process p[] = {
        process(20, 10, CENSUS_UNSET, CENSUS_UNSET, UID),
        process(21, 20, CENSUS_UNSET, CENSUS_UNSET, UID),
        process(22, 21, CENSUS_UNSET, CENSUS_UNSET, 0),
        process(30, 1, CENSUS_UNSET, CENSUS_UNSET, UID),
    };
    struct census c = {.processes = p, .count = ARRAY_SIZE(p)};
    struct reap_target t = {.scope = REAP_SESSION, .uid = UID, .audit_session = CENSUS_UNSET, .leader = 10};
    struct census_spared none = {NULL, 0};
    assert_true(census_matches(&c, &p[0], &t, none));
    assert_true(census_matches(&c, &p[1], &t, none));
    assert_false(census_matches(&c, &p[2], &t, none));
    assert_false(census_matches(&c, &p[3], &t, none));
}

static void jobs_are_told_by_cgroup(void **state)
{
    (void)state;
    assert_true(census_is_job("/system.slice/cron.service"));
    assert_true(census_is_job("/system.slice/atd.service/x"));
    assert_false(census_is_job("/user.slice/user-20001.slice/mycron.service"));
    /* Users give their own units whatever name they like. */
    assert_false(census_is_job("/user.slice/user-20001.slice/user@20001.service/app.slice/cron.service"));
    assert_false(census_is_job("/user.slice/user-20001.slice/user@20001.service/system.slice/cron.service"));
    assert_false(census_is_job("/system.slice/cron.servicex"));
    assert_false(census_is_job(NULL));
}

static void reads_itself_with_a_hostile_name(void **state)
{
    (void)state;
    struct census_process p;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY);
    assert_int_equal(prctl(PR_SET_NAME, ") Z 0 (x"), 0);
    assert_int_equal(census_read(proc, (uint32_t)getpid(), &p), 0);
    assert_int_equal(p.pid, getpid());
    assert_int_equal(p.parent, getppid());
    assert_int_equal(p.uids[0], getuid());
    assert_true(p.start_time > 0);
    assert_string_equal(p.name, ") Z 0 (x");
    census_process_done(&p);
    (void)close(proc);
}

static void a_zombie_is_gone(void **state)
{
    (void)state;
    struct census_process p;
    siginfo_t info;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(census_read(proc, (uint32_t)child, &p), -ESRCH);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(census_read(proc, (uint32_t)child, &p), -ESRCH);
    (void)close(proc);
}

static void *outlive(void *argument)
{
    (void)argument;
    (void)pause();
    return NULL;
}

/* proc(5) shows the first thread as Z while the others go on. */
static void a_process_without_its_first_thread_is_there(void **state)
{
    (void)state;
    struct census_process p;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, outlive, NULL) == 0)
            (void)syscall(SYS_exit, 0);
        _exit(1);
    }
    char path[40];
    char stat[512] = "";
    (void)snprintf(path, sizeof path, "%d/stat", child);
    /* Behind the last parenthesis: it has the name of the test before it. */
    for (char *end = NULL; end == NULL || strncmp(end, ") Z ", 4) != 0; end = strrchr(stat, ')')) {
        int fd = openat(proc, path, O_RDONLY);
        ssize_t n = read(fd, stat, sizeof stat - 1);
        assert_true(n > 0);
        stat[n] = '\0';
        (void)close(fd);
    }
    int found = census_read(proc, (uint32_t)child, &p);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(found, 0);
    census_process_done(&p);
    (void)close(proc);
}

/* Its uids, which are in the largest file, are read for those who ask for them. It needs root, and audit in
 * the kernel. */
static void a_login_uid_tells_whose_it_is(void **state)
{
    (void)state;
    const uint32_t uid = UID, other = UID + 1;
    struct census_process p;
    siginfo_t info;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY), ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open("/proc/self/loginuid", O_WRONLY);
        bool set = dprintf(fd, "%u", uid) > 0 && write(ready[1], "", 1) == 1;
        (void)(set ? pause() : 0);
        _exit(1);
    }
    char octet;
    (void)close(ready[1]);
    bool set = read(ready[0], &octet, 1) == 1;
    int with =
        census_read_of_persons(proc, (uint32_t)child, (struct census_persons){&uid, 1, .whole = true}, &p);
    uint32_t read_uid = with == 1 ? p.uids[0] : 0;
    if (with == 1)
        census_process_done(&p);
    int without =
        census_read_of_persons(proc, (uint32_t)child, (struct census_persons){&uid, 1, .whole = false}, &p);
    uint32_t unread_uid = without == 1 ? p.uids[0] : 0;
    if (without == 1)
        census_process_done(&p);
    int others =
        census_read_of_persons(proc, (uint32_t)child, (struct census_persons){&other, 1, .whole = true}, &p);
    (void)kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    int dead =
        census_read_of_persons(proc, (uint32_t)child, (struct census_persons){&uid, 1, .whole = false}, &p);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ready[0]);
    (void)close(proc);
    if (!set)
        skip();
    assert_int_equal(with, 1);
    assert_int_equal(read_uid, getuid());
    assert_int_equal(without, 1);
    assert_int_equal(unread_uid, CENSUS_UNSET);
    assert_int_equal(others, 0);
    assert_int_equal(dead, -ESRCH);
}

#define HOPPER 20971u

static _Noreturn void hop(int ready, const atomic_bool *enough)
{
    (void)signal(SIGCHLD, SIG_IGN);
    if (setresuid(HOPPER, HOPPER, HOPPER) < 0 || write(ready, "", 1) != 1)
        _exit(1);
    (void)close(ready);
    for (time_t end = time(NULL) + 60; !atomic_load(enough) && time(NULL) < end;)
        if (fork() > 0)
            _exit(0);
    _exit(0);
}

/* Who forks and ends for ever is never where a list says, and mostly has the highest pid of all. It needs
 * root. */
static void who_forks_and_ends_is_seen(void **state)
{
    (void)state;
    if (getuid() != 0)
        skip();
    const uint32_t uid = HOPPER;
    unsigned missed = 0, seen = 0, failed = 0;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY), ready[2];
    atomic_bool *enough =
        mmap(NULL, sizeof *enough, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(enough, MAP_FAILED);
    assert_int_equal(pipe(ready), 0);
    pid_t first = fork();
    if (first == 0)
        hop(ready[1], enough);
    char octet;
    (void)close(ready[1]);
    bool hops = read(ready[0], &octet, 1) == 1;
    (void)close(ready[0]);
    for (time_t end = time(NULL) + 2; time(NULL) < end;) {
        struct census c = {0};
        int r = census_take(proc, (struct census_persons){&uid, 1, .whole = false}, &c);
        seen += r == 0 && c.count > 0;
        failed += r != 0;
        missed += r == 0 && c.count == 0 && !c.cut;
        census_done(&c);
    }
    atomic_store(enough, true);
    (void)waitpid(first, NULL, 0);
    (void)munmap(enough, sizeof *enough);
    (void)close(proc);
    assert_true(hops);
    assert_true(seen > 0);
    assert_int_equal(missed, 0);
    assert_int_equal(failed, 0);
}

static void sight_needs_a_proc(void **state)
{
    (void)state;
    char reason[200] = "";
    int folder = open("/tmp", O_RDONLY | O_DIRECTORY);
    assert_int_equal(census_check_sight(folder, reason), -EPERM);
    assert_non_null(strstr(reason, "/proc/1/stat"));
    (void)close(folder);
}

static uint32_t device(unsigned class, unsigned number)
{
    return (number & 0xff) | (class << 8) | ((number & 0xfff00) << 12);
}

static void terminals_have_known_names(void **state)
{
    (void)state;
    char path[32];
    assert_int_equal(terminals_path(device(136, 3), path), 0);
    assert_string_equal(path, "/dev/pts/3");
    assert_int_equal(terminals_path(device(136, 300), path), 0);
    assert_string_equal(path, "/dev/pts/300");
    assert_int_equal(terminals_path(device(4, 1), path), 0);
    assert_string_equal(path, "/dev/tty1");
    assert_int_equal(terminals_path(device(4, 64), path), 0);
    assert_string_equal(path, "/dev/ttyS0");
    assert_int_equal(terminals_path(device(1, 3), path), -ENODEV); /* /dev/null */
    assert_int_equal(terminals_path(device(8, 0), path), -ENODEV); /* a disk */
    assert_int_equal(terminals_path(device(4, 0), path), -ENODEV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_is_login_uid_and_audit_session),
        cmocka_unit_test(person_is_every_session_and_unset_login_uids),
        cmocka_unit_test(strays_spare_what_is_on_lease),
        cmocka_unit_test(without_audit_session_the_leaders_tree),
        cmocka_unit_test(jobs_are_told_by_cgroup),
        cmocka_unit_test(reads_itself_with_a_hostile_name),
        cmocka_unit_test(a_zombie_is_gone),
        cmocka_unit_test(a_process_without_its_first_thread_is_there),
        cmocka_unit_test(a_login_uid_tells_whose_it_is),
        cmocka_unit_test(who_forks_and_ends_is_seen),
        cmocka_unit_test(sight_needs_a_proc),
        cmocka_unit_test(terminals_have_known_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
