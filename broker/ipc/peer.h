#ifndef HUFU_IPC_PEER_H
#define HUFU_IPC_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Who is at the other end of a connection: what the kernel noted at connect(), and nothing that they say. */
struct peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
    int pidfd;     /* owned; -1 if not asked for */
    gid_t *groups; /* supplementary (SO_PEERGROUPS), owned */
    size_t n_groups;
};

#define PEER_INIT ((struct peer){.pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1, .pidfd = -1})

enum peer_want {
    PEER_PIDFD = 1,
    PEER_GROUPS = 2,
};

/** Fills *ret (peer_done) for connection `fd`; `want` are bits of enum peer_want. 0, -ESRCH (gone already),
 * other -errno; *ret is PEER_INIT then. */
int peer_of(int fd, unsigned want, struct peer *ret);
void peer_done(struct peer *p);

/** Whether the peer had this group, as its own or as a supplementary one, when it connected. */
bool peer_in_group(const struct peer *p, gid_t group);

#endif
