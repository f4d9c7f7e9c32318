#include "broker/common/process.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Debian 12's headers are older. */
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

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

/* Before there was a file system of pidfds, all of them had one inode. */
bool process_is_counted(void)
{
    int pidfd = process_pidfd(getpid());
    struct statfs fs;
    bool counted = pidfd >= 0 && fstatfs(pidfd, &fs) == 0 && fs.f_type == PID_FS_MAGIC;

    if (pidfd >= 0)
        (void)close(pidfd);
    return counted;
}

uint64_t process_number(int pidfd)
{
    struct stat st;

    return pidfd >= 0 && fstat(pidfd, &st) == 0 ? st.st_ino : 0;
}
