#ifndef HUFU_DOCTOR_HOST_H
#define HUFU_DOCTOR_HOST_H

#include "broker/doctor/doctor.h"
#include "broker/doctor/users.h"

/* What several checks of the host ask. */

/** Accounts and groups as the host's user database gives them (getent(1)), or, where that does not answer, as
 * /etc/passwd and /etc/group do. *ret is the caller's; NULL (said by doctor_unseen) if neither can be read.
 */
struct users *host_users(struct doctor *d);

/** The next gated account from *i on; NULL: no more. */
const struct user *host_next_gated(const struct doctor *d, const struct users *users, size_t *i);

/** Whether something is there, a symbolic link followed. What one may not look at is told of by
 * doctor_unseen(), and taken to be there. */
bool host_has(struct doctor *d, const char *path);

/** Whether others than `owner` may write it: another owner, or a mode with w for others, or for a group that
 * is not `group`. */
bool host_is_writable(const struct stat *st, uid_t owner, gid_t group);

/** Root of a host is whose its root folder is. */
uid_t host_root_uid(struct doctor *d);
/** Whether root alone may write it, and its group. */
bool host_is_roots(struct doctor *d, const struct stat *st);

/** The uid of an account of the system, (uid_t)-1 if there is none. */
uid_t host_uid_of(const struct users *users, const char *name);

/** The first line of what a program said, cut to 200 octets; "-" if it said nothing. In `ret`. */
const char *host_first_line(const char *text, char ret[static 201]);

/** The output of a program that must end with 0, the caller's to free; NULL otherwise, and it is said. */
char *host_output(struct doctor *d, const char *const argv[]);

#endif
