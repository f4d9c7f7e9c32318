#ifndef HUFU_COMMON_FILES_H
#define HUFU_COMMON_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "policy/base/cleanup.h"

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

/** Reads a whole regular file, judged by its descriptor (O_NOFOLLOW|O_CLOEXEC, then fstat): owner must be
 * `owner` (or (uid_t)-1: any), not writable by group or others when owner is given, at most `limit`
 * octets. *ret has a NUL after its last octet. 0, -ENOENT (absent: not the same as unreadable), -EPERM (owner, mode, not
 * regular), -EFBIG, other -errno. */
int files_read(const char *path, uid_t owner, size_t limit, char **ret, size_t *ret_size);

/** Writes atomically: temporary file in the same folder, fsync, rename, fsync of the folder. */
int files_write(const char *path, mode_t mode, const void *octets, size_t size);

#endif
