#ifndef HUFU_DOCTOR_USERS_H
#define HUFU_DOCTOR_USERS_H

#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What passwd(5) and group(5) say, as text of the files or of getent(1). A line that is no account (of the
 * NIS compat mode, say) is passed over. */

#define USERS_MAX ((size_t)100000)

struct user {
    char *name;
    uint32_t uid, gid;
    char *home, *shell;
};

struct user_group {
    char *name;
    uint32_t gid;
    char **members;
    size_t n_members;
};

struct users {
    struct user *users;
    size_t n_users;
    struct user_group *groups;
    size_t n_groups;
    bool cut; /* there were more than USERS_MAX */
};

/** *ret is the caller's. 0 or -ENOMEM. */
int users_parse(const char *passwd, const char *group, struct users **ret);
struct users *users_free(struct users *u);
DEFINE_CLEANUP(struct users, users_free);

/** NULL: none of that name. */
const struct user *users_find(const struct users *u, const char *name);
const struct user_group *users_find_group(const struct users *u, const char *name);
/** The name of a group, or NULL. */
const char *users_group_name(const struct users *u, uint32_t gid);

/** By its primary group, or listed. */
bool users_is_member(const struct user *who, const struct user_group *group);

/** Ranges of subordinate ids, as subuid(5) has them: NAME:FIRST:COUNT. */
struct subordinate {
    char owner[64]; /* a name or a uid */
    uint32_t first, last;
};

/** The next of *cursor. False at the end. */
bool subordinate_next(const char **cursor, struct subordinate *ret);

#endif
