#ifndef HUFU_COMMON_PROCESS_H
#define HUFU_COMMON_PROCESS_H

#include <sys/types.h>

/** A pidfd (close-on-exec), the caller's to close, or -errno (-ESRCH: no such process; -EINVAL: not the
 * leader of its thread group, or no pid at all). */
int process_pidfd(pid_t pid);

/** Whether the process behind a pidfd has exited (it may still be a zombie). 1, 0 or -errno. */
int process_exited(int pidfd);

#endif
