#include "tests/unit/broker/daemon/visitor.h"

#include "broker/common/files.h"
#include "tests/unit/support/issuing.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void send_fd(int control, int fd)
{
    char octet = 'x', space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec iov = {.iov_base = &octet, .iov_len = 1};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    must(sendmsg(control, &m, 0) == 1);
}

static void child(int control)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    for (;;) {
        ssize_t n = recv(control, address.sun_path, sizeof(address.sun_path) - 1, 0);
        int fd;

        if (n <= 0)
            _exit(0);
        address.sun_path[n] = '\0';
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        send_fd(control, fd);
        close_fd(fd);
    }
}

struct visitor visitor_new(void)
{
    return visitor_new_as(geteuid());
}

struct visitor visitor_new_as(uid_t uid)
{
    struct visitor v;
    int pair[2];

    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    v.pid = fork();
    must(v.pid >= 0);
    if (v.pid == 0) {
        /* It must not keep what the test closes: the broker's sockets, the reaper's. */
        must(dup2(pair[1], 3) == 3);
        must(close_range(4, ~0U, 0) == 0);
        must(uid == geteuid() || setresuid(uid, uid, uid) == 0);
        child(3);
    }
    close_fd(pair[1]);
    v.control = pair[0];
    return v;
}

int visitor_connect(const struct visitor *v, const char *path)
{
    char octet, space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec iov = {.iov_base = &octet, .iov_len = 1};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    int fd;

    must(send(v->control, path, strlen(path), 0) == (ssize_t)strlen(path));
    must(recvmsg(v->control, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m));
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
    return fd;
}

void visitor_end(struct visitor *v)
{
    if (v->pid <= 0)
        return;
    must(kill(v->pid, SIGKILL) == 0);
    must(waitpid(v->pid, NULL, 0) == v->pid);
    close_fd(v->control);
    v->pid = 0;
}
