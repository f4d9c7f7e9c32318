#include "tests/crash/supervisor.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/crash/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_PATIENCE_MS 30000

/* ---- folders and files ---- */

/* So little that records have to leave in each round. */
#define KEEP_SIZE "96K"

static void put(const struct lane *l, const char *name, const char *text)
{
    must(files_write(lane_path(l, name), 0644, text, strlen(text)) == 0);
}

static void put_conf(const struct lane *l, bool leaving)
{
    char text[512];

    must(snprintf(text, sizeof(text),
                  "[host]\nhost = db01.finance.example\n[gate]\ngated-uid = 20000-29999\n"
                  "[directory]\nstatus-max-age = none\n[ledger]\nreserve = 1M\nhash = %s\n%s%s\n",
                  l->round % 2 == 0 ? "sha256" : "sm3",
                  leaving ? "keep-size = " KEEP_SIZE "\narchive = " : "",
                  leaving ? lane_path(l, ARCHIVE_FOLDER) : "") < (int)sizeof(text));
    put(l, "hufud.conf", text);
    must(mkdir(lane_path(l, ARCHIVE_FOLDER), 0700) == 0);
}

static void put_trust(struct lane *l)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], *text;
    struct trust_plan plan = lane_trust_plan(l);

    when_format(clock_wall() - 86400, from);
    when_format(clock_wall() + (when_t)86400 * 60, until);
    plan.from = from;
    plan.until = until;
    text = paper_trust(&plan);
    put(l, "trust", text);
    free(text);
}

static void listen_for_notices(struct supervisor *s)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", lane_path(s->lane, "notify"));
    s->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    must(s->notify >= 0 && bind(s->notify, (struct sockaddr *)&address, sizeof(address)) == 0);
}

void supervisor_prepare(struct supervisor *s, struct lane *l, bool store)
{
    *s = (struct supervisor){.lane = l, .pidfd = -1, .notify = -1};
    must(mkdir(lane_path(l, "state"), 0700) == 0 && mkdir(lane_path(l, "run"), 0755) == 0);
    put_conf(l, store);
    put_trust(l);
    listen_for_notices(s);
    if (store)
        must(supervisor_create_store(l, NULL) == 0);
}

void supervisor_done(struct supervisor *s)
{
    while (s->n_kept > 0)
        close_fd(s->kept[--s->n_kept]);
    s->notify = close_fd(s->notify);
}

/* ---- the program ---- */

/* In the child. */
static void become_hufud(const struct lane *l, const char *option, const char *failpoint)
{
    char config[140], trust[140], state[140], run[140];
    int log = open(lane_path(l, "hufud.log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    (void)snprintf(config, sizeof(config), "--config=%s", lane_path(l, "hufud.conf"));
    (void)snprintf(trust, sizeof(trust), "--trust=%s", lane_path(l, "trust"));
    (void)snprintf(state, sizeof(state), "--state-dir=%s", lane_path(l, "state"));
    (void)snprintf(run, sizeof(run), "--run-dir=%s", lane_path(l, "run"));
    if (failpoint)
        (void)setenv("HUFU_FAILPOINT", failpoint, 1);
    (void)execl(l->hufud, "hufud", config, trust, state, run, option, NULL);
    _exit(127);
}

int supervisor_create_store(struct lane *l, const char *failpoint)
{
    pid_t pid = fork();
    int status;

    must(pid >= 0);
    if (pid == 0)
        become_hufud(l, "--create-store", failpoint);
    must(waitpid(pid, &status, 0) == pid);
    return status;
}

/* As sd_listen_fds(3) wants them: from 3 on, in order. */
static void hand_over_kept(const struct supervisor *s)
{
    char names[SUPERVISOR_KEPT * 33] = "", number[16];

    for (int i = 0; i < s->n_kept; i++) { /* first out of each other's way */
        int fd = fcntl(s->kept[i], F_DUPFD, 100);

        (void)dup3(fd, 200 + i, 0);
    }
    for (int i = 0; i < s->n_kept; i++) {
        (void)dup2(200 + i, 3 + i);
        (void)snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i > 0 ? ":" : "",
                       s->names[i]);
    }
    (void)close_range(3 + (unsigned)s->n_kept, ~0U, 0);
    (void)snprintf(number, sizeof(number), "%d", s->n_kept);
    (void)setenv("LISTEN_FDS", number, 1);
    (void)setenv("LISTEN_FDNAMES", names, 1);
    (void)snprintf(number, sizeof(number), "%d", (int)getpid());
    (void)setenv("LISTEN_PID", number, 1);
}

static void spawn(struct supervisor *s, const char *failpoint)
{
    s->pid = fork();
    must(s->pid >= 0);
    if (s->pid == 0) {
        (void)setenv("NOTIFY_SOCKET", lane_path(s->lane, "notify"), 1);
        hand_over_kept(s);
        become_hufud(s->lane, NULL, failpoint);
    }
    s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
    must(s->pidfd >= 0);
    s->lane->pidfd = s->pidfd;
    s->ready = false;
}

/* ---- what it tells ---- */

static void keep_socket(struct supervisor *s, const char *text, int fd)
{
    const char *name = strstr(text, "FDNAME=");

    must(name != NULL && s->n_kept < SUPERVISOR_KEPT);
    (void)snprintf(s->names[s->n_kept], sizeof(s->names[0]), "%.*s", (int)strcspn(name + 7, "\n"), name + 7);
    for (int i = 0; i < s->n_kept; i++)
        if (strcmp(s->names[i], s->names[s->n_kept]) == 0) { /* the one before was of no use */
            close_fd(s->kept[i]);
            s->kept[i] = fd;
            return;
        }
    s->kept[s->n_kept++] = fd;
}

static bool take_notice(struct supervisor *s)
{
    char text[512], space[CMSG_SPACE(4 * sizeof(int))];
    struct iovec iov = {.iov_base = text, .iov_len = sizeof(text) - 1};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    ssize_t n = recvmsg(s->notify, &m, MSG_CMSG_CLOEXEC);
    int fd;

    if (n < 0)
        return false;
    text[n] = '\0';
    if (strstr(text, "READY=1"))
        s->ready = true;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
        keep_socket(s, text, fd);
    }
    return true;
}

/* True: it is dead. */
static bool attend(struct supervisor *s, int milliseconds)
{
    struct pollfd p[] = {{.fd = s->pidfd, .events = POLLIN}, {.fd = s->notify, .events = POLLIN}};

    must(poll(p, ARRAY_SIZE(p), milliseconds) >= 0 || errno == EINTR);
    while (p[1].revents && take_notice(s))
        ;
    return p[0].revents != 0;
}

bool supervisor_start(struct supervisor *s, const char *failpoint)
{
    uint64_t until = clock_boot_us() + (uint64_t)START_PATIENCE_MS * 1000;

    atomic_fetch_add(&s->lane->totals->starts, 1);
    spawn(s, failpoint);
    while (!s->ready) {
        if (attend(s, 1000))
            return false;
        if (clock_boot_us() > until)
            lane_violation(s->lane, "hufud was started and did not get ready");
    }
    return true;
}

bool supervisor_await_death(struct supervisor *s, unsigned milliseconds)
{
    uint64_t now = clock_boot_us(), until = now + (uint64_t)milliseconds * 1000;

    for (; now < until; now = clock_boot_us())
        if (attend(s, (int)((until - now) / 1000) + 1))
            return true;
    return attend(s, 0);
}

void supervisor_signal(struct supervisor *s, int signal)
{
    must(kill(s->pid, signal) == 0);
}

int supervisor_reap(struct supervisor *s)
{
    int status;

    must(waitpid(s->pid, &status, 0) == s->pid);
    s->pidfd = close_fd(s->pidfd);
    while (take_notice(s))
        ;
    s->pid = 0;
    return status;
}
