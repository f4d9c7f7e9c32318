#include "broker/common/process.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

int process_pidfd(pid_t pid)
{
    long fd = syscall(SYS_pidfd_open, pid, 0);

    return fd < 0 ? -errno : (int)fd;
}

int process_exited(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};

    if (pidfd < 0)
        return -EBADF;
    if (poll(&p, 1, 0) < 0)
        return -errno;
    if ((p.revents & POLLNVAL) != 0)
        return -EBADF;
    return (p.revents & (POLLIN | POLLHUP)) != 0;
}
