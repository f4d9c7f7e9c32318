// LINK: -Wl,--wrap=openat
/* /proc as other machines have it: cgroup version 1, hybrid, a kernel without audit, hidepid. What a box
 * cannot be given. */
#include "broker/reaper/look.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAT "1 (systemd) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 0 0\n"

struct proc {
    char path[40];
    int fd;
};

static void put(const struct proc *p, const char *name, const char *text)
{
    int fd = openat(p->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static const char *const files[] = {"1/stat",      "1/status",       "1/cgroup", "1/loginuid",
                                    "1/sessionid", "self/mountinfo", "loadavg"};

/* A machine as usual. */
static struct proc proc_new(void)
{
    struct proc p = {.path = "/tmp/hufu-proc-XXXXXX"};
    assert_non_null(mkdtemp(p.path));
    p.fd = open(p.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(p.fd, "1", 0700), 0);
    assert_int_equal(mkdirat(p.fd, "self", 0700), 0);
    put(&p, "1/stat", STAT);
    put(&p, "1/status", "Name:\tsystemd\nUid:\t0\t0\t0\t0\n");
    put(&p, "1/cgroup", "0::/init.scope\n");
    put(&p, "1/loginuid", "4294967295");
    put(&p, "1/sessionid", "4294967295");
    put(&p, "self/mountinfo", "22 1 0:20 / /proc rw,nosuid - proc proc rw\n");
    put(&p, "loadavg", "0.00 0.01 0.05 1/97 1301\n");
    return p;
}

static void proc_end(struct proc *p)
{
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        (void)unlinkat(p->fd, files[i], 0);
    (void)unlinkat(p->fd, "1", AT_REMOVEDIR);
    (void)unlinkat(p->fd, "self", AT_REMOVEDIR);
    (void)close(p->fd);
    assert_int_equal(rmdir(p->path), 0);
}

static void assert_cgroup(const struct proc *p, const char *text, const char *expected)
{
    struct census_process found;
    put(p, "1/cgroup", text);
    assert_int_equal(census_read(p->fd, 1, &found), 0);
    if (expected == NULL)
        assert_null(found.cgroup);
    else
        assert_string_equal(found.cgroup, expected);
    census_process_done(&found);
}

/* Only the unified hierarchy can be killed whole; without one each process is ended by pidfd. */
static void test_cgroup_versions(void **state)
{
    struct proc p = proc_new();
    (void)state;
    assert_cgroup(&p, "0::/user.slice/session-1.scope\n", "/user.slice/session-1.scope");
    assert_cgroup(&p, "12:pids:/user.slice\n1:name=systemd:/user.slice/session-1.scope\n0::/unified\n",
                  "/unified");
    assert_cgroup(&p, "12:pids:/user.slice\n1:name=systemd:/user.slice/session-1.scope\n", NULL);
    assert_cgroup(&p, "0::/../../outside.scope\n", NULL);
    assert_cgroup(&p, "", NULL);
    proc_end(&p);
}

/* Without login uids nothing tells whose a process is: the reaper does not start. */
static void test_a_kernel_without_audit(void **state)
{
    char reason[200] = "";
    struct proc p = proc_new();
    (void)state;
    assert_int_equal(census_check_sight(p.fd, reason), 0);
    assert_int_equal(unlinkat(p.fd, "1/loginuid", 0), 0);
    assert_int_equal(census_check_sight(p.fd, reason), -EPERM);
    assert_non_null(strstr(reason, "/proc/1/loginuid"));
    proc_end(&p);
}

static void test_a_proc_that_hides(void **state)
{
    static const struct {
        const char *mountinfo;
        int sight;
    } cases[] = {
        {"22 1 0:20 / /proc rw - proc proc rw\n", 0},
        {"22 1 0:20 / /proc rw - proc proc rw,hidepid=0\n", 0},
        {"22 1 0:20 / /proc rw - proc proc rw,hidepid=off\n", 0},
        {"22 1 0:20 / /proc rw - proc proc rw,hidepid=1\n", -EPERM},
        {"22 1 0:20 / /proc rw - proc proc rw,hidepid=2,gid=100\n", -EPERM},
        {"22 1 0:20 / /proc rw - proc proc rw,gid=0,hidepid=noaccess\n", -EPERM},
        {"22 1 0:20 / /proc rw - proc proc rw,hidepid=invisible\n", -EPERM},
        {"22 1 0:20 / /proc rw - proc proc rw,hidepid=ptraceable,subset=pid\n", -EPERM},
        /* What hides somewhere else hides nothing here; what is mounted over it does. */
        {"22 1 0:20 / /proc rw - proc proc rw\n23 1 0:21 / /jail/proc rw - proc proc rw,hidepid=2\n", 0},
        {"22 1 0:20 / /proc rw - proc proc rw\n23 22 0:21 / /proc rw - proc proc rw,hidepid=2\n", -EPERM},
    };
    char reason[200] = "";
    struct proc p = proc_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        put(&p, "self/mountinfo", cases[i].mountinfo);
        assert_int_equal(census_check_sight(p.fd, reason), cases[i].sight);
    }
    assert_int_equal(unlinkat(p.fd, "self/mountinfo", 0), 0);
    assert_int_equal(census_check_sight(p.fd, reason), -EPERM);
    proc_end(&p);
}

#define LET_GO_OF "1 (sh) X 0 -1 -1 0 -1 4212996 0 0 0 0 0 0 0 0 20 0 0 0 7 0 0\n"

/* What happens to 1/stat before it is opened once more. */
static const struct proc *watched;
static const char *then; /* NULL: it is not there any more */
static unsigned opened;

int __real_openat(int folder, const char *name, int flags, mode_t mode);
int __wrap_openat(int folder, const char *name, int flags, mode_t mode);
int __wrap_openat(int folder, const char *name, int flags, mode_t mode)
{
    if (watched != NULL && strcmp(name, "1/stat") == 0 && opened++ == 1) {
        const struct proc *p = watched;
        watched = NULL;
        if (then == NULL)
            (void)unlinkat(p->fd, name, 0);
        else
            put(p, name, then);
    }
    return __real_openat(folder, name, flags, mode);
}

static int read_twice(const struct proc *p, const char *second)
{
    struct census_process found;
    put(p, "1/stat", LET_GO_OF);
    watched = p;
    then = second;
    opened = 0;
    int r = census_read(p->fd, 1, &found);
    watched = NULL;
    if (r == 0)
        census_process_done(&found);
    return r;
}

/* Who is read while the kernel lets go of them is gone, and no riddle; but not who ran execve(2) in another
 * thread than their first. */
static void test_a_process_that_is_let_go_of(void **state)
{
    struct census_process found;
    struct proc p = proc_new();
    (void)state;
    assert_int_equal(read_twice(&p, NULL), -ESRCH);
    assert_int_equal(read_twice(&p, STAT), 0);
    assert_int_equal(read_twice(&p, LET_GO_OF), -EBADMSG); /* the kernel shows it once */
    put(&p, "1/stat", "1 (a) -1 -1 (-1) X 0 -1 -1 0 -1 4212996 0 0 0 0 0 0 0 0 20 0 0 0 7 0 0\n");
    assert_int_equal(census_read(p.fd, 1, &found), -EBADMSG);
    put(&p, "1/stat", "1 (sh) S 0 1 -2 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 0 0\n");
    assert_int_equal(census_read(p.fd, 1, &found), -EBADMSG);
    proc_end(&p);
}

/* A /proc that is mounted with subset=pid. */
static void test_a_proc_of_processes_alone(void **state)
{
    char reason[200] = "";
    struct proc p = proc_new();
    (void)state;
    assert_int_equal(census_check_sight(p.fd, reason), 0);
    assert_int_equal(unlinkat(p.fd, "loadavg", 0), 0);
    assert_int_equal(census_check_sight(p.fd, reason), -EPERM);
    assert_non_null(strstr(reason, "/proc/loadavg"));
    proc_end(&p);
}

/* Who sees nobody says so only if they could see everybody, at each look. */
static void test_nobody_is_seen(void **state)
{
    const struct reap_target target = {.scope = REAP_PERSON, .uid = 20001};
    struct leases_options options = {.maximum_seconds = {0, 1, 1, 1}};
    struct leases *leases cleanup(leases_free_p) = NULL;
    struct proc p = proc_new();
    struct look found = {0};
    unsigned skipped = 0;
    (void)state;
    options.folder = p.fd;
    assert_int_equal(leases_new(&options, &leases, &skipped), 0);
    assert_int_equal(look_take(p.fd, leases, &target, &found), 0);
    look_done(&found);
    put(&p, "self/mountinfo", "22 1 0:20 / /proc rw - proc proc rw,hidepid=invisible\n");
    assert_int_equal(look_take(p.fd, leases, &target, &found), -EPERM);
    proc_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cgroup_versions),
        cmocka_unit_test(test_a_kernel_without_audit),
        cmocka_unit_test(test_a_proc_that_hides),
        cmocka_unit_test(test_a_proc_of_processes_alone),
        cmocka_unit_test(test_a_process_that_is_let_go_of),
        cmocka_unit_test(test_nobody_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
