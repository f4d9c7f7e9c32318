#include "broker/ipc/peer.h"

#include "broker/common/files.h"
#include "broker/common/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

void peer_done(struct peer *p)
{
    p->pidfd = close_fd(p->pidfd);
    free(p->groups);
    *p = PEER_INIT;
}

/* The kernel says -ERANGE and the size it needs: ask with none, then with that. */
static int peer_read_groups(int fd, struct peer *p)
{
    socklen_t size = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0)
        return 0;
    if (errno != ERANGE)
        return -errno;
    p->groups = malloc(size);
    if (!p->groups)
        return -ENOMEM;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, p->groups, &size) < 0)
        return -errno;
    p->n_groups = size / sizeof(gid_t);
    return 0;
}

static int peer_fill(int fd, unsigned want, struct peer *p)
{
    int r = socket_peer(fd, &p->pid, &p->uid, &p->gid);

    if (r < 0)
        return r;
    if (want & PEER_PIDFD) {
        p->pidfd = socket_peer_pidfd(fd);
        if (p->pidfd < 0)
            return p->pidfd;
    }
    return want & PEER_GROUPS ? peer_read_groups(fd, p) : 0;
}

int peer_of(int fd, unsigned want, struct peer *ret)
{
    int r;

    *ret = PEER_INIT;
    r = peer_fill(fd, want, ret);
    if (r < 0)
        peer_done(ret);
    return r;
}

bool peer_in_group(const struct peer *p, gid_t group)
{
    if (p->gid == group)
        return true;
    for (size_t i = 0; i < p->n_groups; i++)
        if (p->groups[i] == group)
            return true;
    return false;
}
