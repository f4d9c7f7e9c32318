#include "tests/crash/processes.h"

#include "broker/common/files.h"
#include "tests/crash/lane.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

/* One octet, and with it a descriptor if there is one. */
static bool send_fd(int to, int fd, char octet)
{
    char space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec iov = {.iov_base = &octet, .iov_len = 1};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *c;

    if (fd < 0)
        return sendmsg(to, &m, MSG_NOSIGNAL) == 1;
    m.msg_control = space;
    m.msg_controllen = sizeof(space);
    c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    return sendmsg(to, &m, MSG_NOSIGNAL) == 1;
}

static void connect_when_told(int control)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, error;

    for (;;) {
        ssize_t n = recv(control, address.sun_path, sizeof(address.sun_path) - 1, 0);

        if (n <= 0)
            _exit(0);
        address.sun_path[n] = '\0';
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        error = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
        if (!send_fd(control, error == 0 ? fd : -1, (char)error))
            _exit(0);
        if (fd >= 0)
            (void)close(fd);
    }
}

static struct process *free_place(struct lane *l)
{
    for (size_t i = 0; i < PROCESSES_MAX; i++)
        if (l->processes.all[i].pid == 0)
            return &l->processes.all[i];
    return NULL;
}

struct process *process_new(struct lane *l)
{
    struct process *p;
    int pair[2];

    (void)pthread_mutex_lock(&l->lock);
    p = free_place(l);
    if (p) {
        must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
        *p = (struct process){
            .control = pair[0], .start_time = ++l->processes.last_start, .person = UINT32_MAX};
        p->pid = fork();
        must(p->pid >= 0);
        if (p->pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)dup2(pair[1], 3);
            (void)close_range(4, ~0U, 0);
            connect_when_told(3);
        }
        close_fd(pair[1]);
    }
    (void)pthread_mutex_unlock(&l->lock);
    return p;
}

int process_connect(const struct process *p, const char *path)
{
    char octet, space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec iov = {.iov_base = &octet, .iov_len = 1};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    int fd;

    if (send(p->control, path, strlen(path), MSG_NOSIGNAL) < 0 ||
        recvmsg(p->control, &m, MSG_CMSG_CLOEXEC) != 1)
        return -ESRCH;
    if (!CMSG_FIRSTHDR(&m))
        return octet == 0 ? -EIO : -octet;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
    return fd;
}

struct process *process_find(struct lane *l, uint32_t pid)
{
    for (size_t i = 0; i < PROCESSES_MAX; i++)
        if (l->processes.all[i].pid == (pid_t)pid && pid != 0 && !l->processes.all[i].killed)
            return &l->processes.all[i];
    return NULL;
}

bool process_kill(struct process *p)
{
    bool lived = !p->killed;

    p->killed = true;
    if (lived)
        must(kill(p->pid, SIGKILL) == 0);
    return lived;
}

void process_end(struct lane *l, struct process *p)
{
    (void)pthread_mutex_lock(&l->lock);
    (void)process_kill(p);
    must(waitpid(p->pid, NULL, 0) == p->pid);
    close_fd(p->control);
    p->pid = 0;
    (void)pthread_mutex_unlock(&l->lock);
}
