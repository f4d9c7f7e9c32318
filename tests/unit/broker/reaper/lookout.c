#include "tests/unit/broker/reaper/lookout.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void lookout_open(struct lookout *l)
{
    unsigned skipped;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *l = (struct lookout){.folder = "/tmp/hufu-lookout-XXXXXX", .cgroups = {.mount = -1, .proc = proc}};
    assert_true(proc >= 0);
    assert_non_null(mkdtemp(l->folder));
    l->fd = open(l->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(sd_event_new(&l->event), 0);
    struct leases_options o = {.event = l->event, .folder = l->fd};
    assert_int_equal(leases_new(&o, &l->leases, &skipped), 0);
    assert_int_equal(sight_new(l->event, proc, l->leases, &l->sight), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void lookout_close(struct lookout *l)
{
    (void)sight_free(l->sight);
    (void)leases_free(l->leases);
    (void)sd_event_unref(l->event);
    (void)close(l->fd);
    (void)close(l->cgroups.proc);
    assert_int_equal(nftw(l->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void lookout_put(struct lookout *l, const char *path, pid_t pid)
{
    char part[PATH_MAX];
    l->cgroups.mount = l->fd;
    (void)snprintf(part, sizeof part, "%s/cgroup.procs", path);
    for (char *end = strchr(part, '/'); end != NULL; end = strchr(end + 1, '/')) {
        *end = '\0';
        assert_true(mkdirat(l->fd, part, 0700) == 0 || errno == EEXIST);
        *end = '/';
    }
    int fd = openat(l->fd, part, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(dprintf(fd, "%d\n", pid) > 0);
    (void)close(fd);
}

int lookout_terminal(uint32_t uid, char tty[static LOOKOUT_TTY_SIZE])
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
    assert_int_equal(ptsname_r(fd, tty, LOOKOUT_TTY_SIZE), 0);
    assert_int_equal(chown(tty, uid, (gid_t)-1), 0);
    return fd;
}

bool lookout_take_terminal(const char *tty)
{
    int fd = setsid() < 0 ? -1 : open(tty, O_RDWR);
    return fd >= 0 && ioctl(fd, TIOCSCTTY, 0) == 0;
}

pid_t lookout_start(uint32_t uid)
{
    return lookout_start_at(uid, NULL);
}

pid_t lookout_start_at(uint32_t uid, const char *tty)
{
    int ready[2];
    char octet;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if ((tty && !lookout_take_terminal(tty)) || setresgid(uid, uid, uid) < 0 ||
            setresuid(uid, uid, uid) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
            _exit(1);
        (void)!write(ready[1], "x", 1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    (void)close(ready[0]);
    return pid;
}

bool lookout_is_running(pid_t pid)
{
    siginfo_t info = {0};
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
    return info.si_pid == 0;
}

void lookout_wait(pid_t pid)
{
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

void lookout_finish(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static void on_done(void *userdata, const struct reap_reply *reply)
{
    struct lookout_ended *e = userdata;
    e->reply = *reply;
    e->done++;
}

void lookout_end(struct lookout *l, const struct reap_target *target, const char *text,
                 struct lookout_ended *ret)
{
    const struct ending_order order = {.target = target, .text = text};
    *ret = (struct lookout_ended){.done = 0};
    assert_int_equal(ending_start(l->sight, &l->cgroups, &order, on_done, ret), 0);
}

void lookout_run_until_done(struct lookout *l, const struct lookout_ended *e)
{
    while (e->done == 0)
        assert_true(sd_event_run(l->event, 60 * 1000 * 1000) > 0);
    assert_int_equal(e->reply.result, REAP_DONE);
}
