#include "broker/daemon/accounts.h"

#include "policy/base/recorder.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

/* getpwnam(3): each of these may be what "there is none" looks like. */
static bool is_none(int error)
{
    return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

static void find_user(const char *name, uid_t *uid)
{
    const struct passwd *user;

    errno = 0;
    user = getpwnam(name);
    if (user || is_none(errno))
        *uid = user ? user->pw_uid : (uid_t)-1;
}

static void find_group(const char *name, gid_t *gid)
{
    const struct group *group;

    errno = 0;
    group = getgrnam(name);
    if (group || is_none(errno))
        *gid = group ? group->gr_gid : (gid_t)-1;
}

void accounts_find(struct accounts *a)
{
    find_user("hufu-keys", &a->keys);
    find_user("hufu-ldap", &a->ldap);
    find_user(RECORDER_USER, &a->recorder);
    find_group("hufu-operators", &a->operators);
    find_group("hufu-auditors", &a->auditors);
}

bool accounts_differ(const struct accounts *a, const struct accounts *b)
{
    return a->keys != b->keys || a->ldap != b->ldap || a->recorder != b->recorder ||
           a->operators != b->operators || a->auditors != b->auditors;
}
