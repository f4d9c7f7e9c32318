#ifndef HUFU_COMMON_FILES_H
#define HUFU_COMMON_FILES_H

#include "policy/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

static inline int close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd);
    return -1;
}
static inline void close_fd_p(int *fd)
{
    *fd = close_fd(*fd);
}
#define cleanup_close cleanup(close_fd_p)

/** Reads a whole regular file, judged by its descriptor (O_NOFOLLOW|O_CLOEXEC, then fstat): its owner must be
 * `owner` ((uid_t)-1: any), it must not be writable by group or others when an owner is given, and holds at
 * most `limit` octets. *ret is the caller's to free and has a NUL behind its last octet. 0; -ENOENT (absent,
 * which is not the same as unreadable); -EPERM (owner, mode, not a regular file, a symbolic link); -EFBIG;
 * other -errno. */
int files_read(const char *path, uid_t owner, size_t limit, char **ret, size_t *ret_size);

/** The same for what nobody else may even read: group and others have no right at all to the file. */
int files_read_private(const char *path, uid_t owner, size_t limit, char **ret, size_t *ret_size);

/** Writes atomically: a temporary file in the same folder, fsync, rename, fsync of the folder. After an error
 * the old file stands as it was and nothing else is left behind (except when the last fsync fails: then the
 * new file stands, but may not outlive a power loss). 0 or -errno. */
int files_write(const char *path, mode_t mode, const void *octets, size_t size);

/** Makes what was created, renamed or removed as `path` last: fsync of the folder it lies in. 0 or -errno. */
int files_sync_folder(const char *path);

#endif
