#include "broker/common/sockets.h"

#include "broker/common/files.h"
#include "broker/common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Debian 12's headers are older than the option. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static int socket_address(const char *path, struct sockaddr_un *address)
{
    size_t length = strlen(path);

    if (length == 0)
        return -EINVAL;
    if (length >= sizeof(address->sun_path))
        return -ENAMETOOLONG;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, length);
    return 0;
}

/* Removes a socket on which nobody listens. */
static int socket_remove_stale(const struct sockaddr_un *address, int type)
{
    cleanup_close int fd = -1;
    struct stat st;

    if (lstat(address->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* EAGAIN (its queue is full) and EPROTOTYPE (it is of another type) are answers of somebody who is there.
     */
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno != ECONNREFUSED)
        return -EADDRINUSE;
    return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static int socket_bind(int fd, const struct sockaddr_un *address)
{
    return bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
}

int socket_listen_unix(const char *path, int type, mode_t mode, int backlog)
{
    cleanup_close int fd = -1;
    struct sockaddr_un address;
    int r = socket_address(path, &address);

    if (r < 0)
        return r;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* bind() takes the mode from the unbound socket, so that the file is never wider; chmod() gives back what
     * the umask took. */
    if (fchmod(fd, mode) < 0)
        return -errno;
    r = socket_bind(fd, &address);
    if (r == -EADDRINUSE) {
        r = socket_remove_stale(&address, type);
        if (r == 0)
            r = socket_bind(fd, &address);
    }
    if (r < 0)
        return r;
    if (chmod(path, mode) < 0 || listen(fd, backlog) < 0) {
        r = -errno;
        (void)unlink(path);
        return r;
    }
    r = fd;
    fd = -1;
    return r;
}

int socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid)
{
    struct ucred peer = {.pid = 0};
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    if (size != sizeof(peer) || peer.pid <= 0)
        return -ESRCH;
    if (pid)
        *pid = peer.pid;
    if (uid)
        *uid = peer.uid;
    if (gid)
        *gid = peer.gid;
    return 0;
}

static bool socket_is_open(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) >= 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

static int socket_peer_pidfd_by_pid(int fd)
{
    cleanup_close int pidfd = -1;
    pid_t pid = 0;
    int r = socket_peer(fd, &pid, NULL, NULL);

    if (r < 0)
        return r;
    pidfd = process_pidfd(pid);
    if (pidfd < 0)
        return pidfd;
    if (!socket_is_open(fd))
        return -ESRCH;
    r = pidfd;
    pidfd = -1;
    return r;
}

int socket_peer_pidfd(int fd)
{
    int pidfd = -1;
    socklen_t size = sizeof(pidfd);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0)
        return pidfd;
    return errno == ENOPROTOOPT ? socket_peer_pidfd_by_pid(fd) : -errno;
}

void socket_never_wait(int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}
