#ifndef HUFU_LDAP_SANDBOX_H
#define HUFU_LDAP_SANDBOX_H

#include "broker/ldap/config.h"

/*
 * What this process takes away from itself before it reads anything from the network, so that whoever takes
 * it over finds nothing: new privileges, core dumps, writing and executing files (landlock), listening and
 * connecting elsewhere than to the ports of the configuration and DNS (landlock, from Linux 6.7), and every
 * system call that the work does not need (seccomp).
 *
 * A call that is not on the list fails with ENOSYS, as if the kernel did not have it: libraries live with
 * that, so that a newer libc does not take the directory away from the host. The ones that nothing here ever
 * calls, and that an intruder would (exec, ptrace, bpf, namespaces, mounts, kernel modules, keys, io_uring),
 * end the process at once.
 */

/** Of this thread and those it starts later. 0; 1: done, but this kernel has no landlock; -errno: nothing may
 * be trusted to be in force, and the process should end. */
int sandbox_enter(const struct ldapd_config *config);

#endif
