#ifndef HUFU_COMMON_PROCESS_H
#define HUFU_COMMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** A pidfd (close-on-exec), the caller's to close, or -errno (-ESRCH: no such process; -EINVAL: not the
 * leader of its thread group, or no pid at all). */
int process_pidfd(pid_t pid);

/** Whether the process behind a pidfd has exited (it may still be a zombie). 1, 0 or -errno. */
int process_exited(int pidfd);

/** Whether this kernel (from 6.9 on) counts processes, so that process_number() may be asked. */
bool process_is_counted(void);

/** The number of a process in the kernel's count, which it never gives twice in a boot: another's pid may
 * come again, this does not. 0: there is no such descriptor. */
uint64_t process_number(int pidfd);

#endif
