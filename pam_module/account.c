#include "pam_module/account.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>

/* The reentrant look-ups report a buffer that is too small; a group with thousands of members needs much. */
#define BUFFER_FIRST 1024
#define BUFFER_MOST  ((size_t)1024 * 1024)

struct query {
    const char *name; /* NULL: by uid */
    uint32_t uid;
    bool group;
    struct account *account;
    uint32_t *gid;
};

static int keep_account(const struct passwd *row, struct account *ret)
{
    size_t length = strlen(row->pw_name);

    if (length >= sizeof(ret->name))
        return -EMSGSIZE;
    memcpy(ret->name, row->pw_name, length + 1);
    ret->uid = row->pw_uid;
    ret->gid = row->pw_gid;
    return 0;
}

/* What the look-up functions return when there is no such row: 0, or one of these (getpwnam(3)). */
static int absent_or(int error)
{
    return error == 0 || error == ENOENT || error == ESRCH ? ACCOUNT_ABSENT : -error;
}

static int ask_group(const struct query *q, char *buffer, size_t size)
{
    struct group memory, *row = NULL;
    int error = getgrnam_r(q->name, &memory, buffer, size, &row);

    if (!row)
        return absent_or(error);
    *q->gid = row->gr_gid;
    return 0;
}

static int ask_account(const struct query *q, char *buffer, size_t size)
{
    struct passwd memory, *row = NULL;
    int error = q->name ? getpwnam_r(q->name, &memory, buffer, size, &row)
                        : getpwuid_r(q->uid, &memory, buffer, size, &row);

    return row ? keep_account(row, q->account) : absent_or(error);
}

static int ask(const struct query *q)
{
    for (size_t size = BUFFER_FIRST; size <= BUFFER_MOST; size *= 4) {
        cleanup_free char *buffer = malloc(size);
        int r;

        if (!buffer)
            return -ENOMEM;
        r = q->group ? ask_group(q, buffer, size) : ask_account(q, buffer, size);
        if (r != -ERANGE)
            return r;
    }
    return -ERANGE;
}

int account_by_name(const char *name, struct account *ret)
{
    *ret = (struct account){.uid = UINT32_MAX, .gid = UINT32_MAX};
    return ask(&(struct query){.name = name, .account = ret});
}

int account_by_uid(uint32_t uid, struct account *ret)
{
    *ret = (struct account){.uid = UINT32_MAX, .gid = UINT32_MAX};
    return ask(&(struct query){.uid = uid, .account = ret});
}

int account_group(const char *name, uint32_t *ret)
{
    *ret = UINT32_MAX;
    return ask(&(struct query){.name = name, .group = true, .gid = ret});
}
