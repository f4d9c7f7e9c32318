#ifndef HUFU_COMMON_SOCKETS_H
#define HUFU_COMMON_SOCKETS_H

#include <sys/types.h>

/** Listens on a unix socket at `path` of `type` (SOCK_STREAM or SOCK_SEQPACKET), close-on-exec and
 * non-blocking. The socket's file has exactly `mode`, whatever the umask, and at no time more. A socket that
 * is already there is replaced only if nobody listens on it. Returns the descriptor, the caller's to close,
 * or -errno: -EADDRINUSE (somebody listens), -EEXIST (something else than a socket is there), -ENAMETOOLONG.
 */
int socket_listen_unix(const char *path, int type, mode_t mode, int backlog);

/** Who connected, as the kernel noted it at connect(). Each of the pointers may be NULL. 0; -ESRCH (the
 * peer's pid namespace is not seen from here); other -errno. */
int socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid);

/** A pidfd of who connected, the caller's to close, or -errno (-ESRCH: gone). From Linux 6.5 the kernel tells
 * it (SO_PEERPIDFD). Before that it is opened by pid, and the connection must still be open afterwards: a
 * peer that exited, and whose pid was given to another process, has closed it. (Unless it left its end to
 * somebody else; that takes a peer that means harm, so a caller that believes what the peer says must have
 * judged its uid.) */
int socket_peer_pidfd(int fd);

/** Whoever writes to `fd` from now on does not wait, if it is a socket: what does not fit is lost. For what a
 * service says to journald, which may hang for longer than its stream holds. Anything else is left as it is.
 */
void socket_never_wait(int fd);

#endif
