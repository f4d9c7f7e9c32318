#ifndef HUFU_TESTS_PAM_HOST_H
#define HUFU_TESTS_PAM_HOST_H

#include <stdint.h>

/*
 * A host as the module sees it, without being root: the executable defines getpwnam_r, getpwuid_r,
 * getgrnam_r, getuid, uname and open (of the audit files) itself, and is linked so that the shipped .so binds
 * to them. The accounts:
 *
 *   root 0, wang 1000 (the department's), zhang.san 20001 and zhao.liu 20002 (gated, primary group
 *   hufu-gated), before 19999 and after 30000 (next to the range)
 */
struct host {
    uint32_t uid;       /* what getuid() says */
    uint32_t login_uid; /* what /proc/self/loginuid says; UINT32_MAX: unset */
    int database_error; /* errno of every look-up; 0: they work */
    int has_no_gated_group;
    const char *release; /* of the kernel */
};

extern struct host host;

/** Back to: root's daemon without a login uid, everything works, on Debian 12's kernel. */
void host_reset(void);

#endif
