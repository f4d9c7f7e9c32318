#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/doctor/doctor.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

struct running {
    pid_t pid;
    int ends[2]; /* what it writes: its output, its errors; -1: closed */
    struct buf said[2];
};

static int put_descriptors(posix_spawn_file_actions_t *actions, const int theirs[2])
{
    int r = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, theirs[0], STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, theirs[1], STDERR_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return r;
}

/* A process group of its own, so that what it starts in turn can be ended with it. */
static int spawn(const char *const argv[], const int theirs[2], pid_t *pid)
{
    static char locale[] = "LC_ALL=C.UTF-8";
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char *const environment[] = {locale, path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int r = posix_spawn_file_actions_init(&actions);

    if (r != 0)
        return -r;
    r = posix_spawnattr_init(&attributes);
    if (r != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return -r;
    }
    r = put_descriptors(&actions, theirs);
    if (r == 0)
        r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    if (r == 0)
        r = posix_spawn(pid, argv[0], &actions, &attributes, (char *const *)argv, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return -r;
}

/* Above those that it gets, so that none of them is written over before it was copied. */
static int make_pipe(int *ours, int *theirs)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    *ours = ends[0];
    *theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close_fd(ends[1]);
    return *theirs < 0 ? -errno : 0;
}

static int start(struct running *p, const char *const argv[])
{
    int theirs[2] = {-1, -1};
    int r = make_pipe(&p->ends[0], &theirs[0]);

    if (r == 0)
        r = make_pipe(&p->ends[1], &theirs[1]);
    if (r == 0)
        r = spawn(argv, theirs, &p->pid);
    close_fd(theirs[0]);
    close_fd(theirs[1]);
    return r;
}

static int hear(struct running *p, int which)
{
    char part[4096];
    ssize_t got = read(p->ends[which], part, sizeof(part));

    if (got < 0)
        return errno == EINTR ? 0 : -errno;
    if (got == 0)
        p->ends[which] = close_fd(p->ends[which]);
    else
        buf_put(&p->said[which], part, (size_t)got);
    return buf_error(&p->said[which]) == -EMSGSIZE ? -EFBIG : buf_error(&p->said[which]);
}

/* Until both outputs are closed. */
static int hear_all(struct running *p, uint64_t deadline)
{
    int r = 0;

    while (r == 0 && (p->ends[0] >= 0 || p->ends[1] >= 0)) {
        struct pollfd polled[2] = {{.fd = p->ends[0], .events = POLLIN},
                                   {.fd = p->ends[1], .events = POLLIN}};
        uint64_t now = clock_boot_us();

        if (now >= deadline)
            return -ETIMEDOUT;
        if (poll(polled, 2, (int)((deadline - now) / 1000 + 1)) < 0 && errno != EINTR)
            return -errno;
        for (int i = 0; i < 2 && r == 0; i++)
            if (polled[i].revents)
                r = hear(p, i);
    }
    return r;
}

/* Who closed both outputs ends soon; who does not is waited for no longer than the rest. */
static int wait_for(struct running *p, uint64_t deadline, int *status)
{
    pid_t ended;

    while ((ended = waitpid(p->pid, status, WNOHANG)) == 0) {
        if (clock_boot_us() >= deadline)
            return -ETIMEDOUT;
        (void)poll(NULL, 0, 2);
    }
    if (ended < 0)
        return -errno;
    p->pid = 0;
    return 0;
}

static void stop(struct running *p)
{
    if (p->pid > 0) {
        (void)kill(-p->pid, SIGKILL);
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    for (int i = 0; i < 2; i++) {
        close_fd(p->ends[i]);
        buf_done(&p->said[i]);
    }
}

int doctor_run_program(void *userdata, const char *const argv[], struct doctor_output *ret)
{
    struct running p = {.ends = {-1, -1},
                        .said = {{.limit = DOCTOR_OUTPUT_MAX}, {.limit = DOCTOR_OUTPUT_MAX}}};
    uint64_t began = clock_boot_us();
    uint64_t deadline = began + (uint64_t)DOCTOR_RUN_MS * 1000;
    int status = 0;
    int r = start(&p, argv);

    (void)userdata;
    *ret = (struct doctor_output){.status = 0};
    if (r == 0)
        r = hear_all(&p, deadline);
    if (r == 0)
        r = wait_for(&p, deadline, &status);
    if (r == 0) {
        ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        ret->elapsed_ms = (unsigned)((clock_boot_us() - began) / 1000);
        ret->out = buf_steal_text(&p.said[0]);
        ret->error = buf_steal_text(&p.said[1]);
        r = ret->out && ret->error ? 0 : -ENOMEM;
    }
    if (r < 0)
        doctor_output_done(ret);
    stop(&p);
    return r;
}
