#include "broker/doctor/host.h"

#include "broker/doctor/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static char *database(struct doctor *d, const char *name, const char *file)
{
    const char *const argv[] = {"/usr/bin/getent", name, NULL};
    cleanup_doctor_output struct doctor_output output = {0};
    char *text = NULL;
    int r;

    if (doctor_run(d, argv, &output) == 0 && output.status == 0)
        return steal_pointer(&output.out);
    r = doctor_read(d, file, &text);
    if (r < 0)
        doctor_unseen(d, file, r);
    return text;
}

struct users *host_users(struct doctor *d)
{
    cleanup_free char *passwd = database(d, "passwd", "/etc/passwd");
    cleanup_free char *group = passwd ? database(d, "group", "/etc/group") : NULL;
    struct users *users = NULL;
    int r;

    if (!group)
        return NULL;
    r = users_parse(passwd, group, &users);
    if (r < 0)
        doctor_unseen(d, "/etc/passwd", r);
    else if (users->cut)
        doctor_unseen(d, "/etc/passwd", -E2BIG);
    return users;
}

const struct user *host_next_gated(const struct doctor *d, const struct users *users, size_t *i)
{
    while (*i < users->n_users) {
        const struct user *u = &users->users[(*i)++];

        if (doctor_is_gated(d, u->uid))
            return u;
    }
    return NULL;
}

bool host_has(struct doctor *d, const char *path)
{
    struct stat st;
    int r = doctor_stat(d, path, &st);

    if (r == 0 || r == -ENOENT || r == -ENOTDIR)
        return r == 0;
    doctor_unseen(d, path, r);
    return true;
}

bool host_is_writable(const struct stat *st, uid_t owner, gid_t group)
{
    return st->st_uid != owner || (st->st_mode & S_IWOTH) != 0 ||
           ((st->st_mode & S_IWGRP) != 0 && st->st_gid != group);
}

/* Of the host itself that is uid 0, whatever its root folder says. */
static struct stat root_of(struct doctor *d)
{
    struct stat st;

    if (doctor_host_of(d)->root[0] != '\0' && doctor_stat(d, "/", &st) == 0)
        return st;
    return (struct stat){.st_uid = 0, .st_gid = 0};
}

uid_t host_root_uid(struct doctor *d)
{
    return root_of(d).st_uid;
}

bool host_is_roots(struct doctor *d, const struct stat *st)
{
    struct stat root = root_of(d);

    return !host_is_writable(st, root.st_uid, root.st_gid);
}

uid_t host_uid_of(const struct users *users, const char *name)
{
    const struct user *u = users_find(users, name);

    return u ? u->uid : (uid_t)-1;
}

const char *host_first_line(const char *text, char ret[static 201])
{
    struct span line;

    if (!text || !lines_next(&text, &line))
        line = (struct span){"-", 1};
    (void)snprintf(ret, 201, "%.*s", (int)(line.length < 200 ? line.length : 200), line.text);
    return ret;
}

char *host_output(struct doctor *d, const char *const argv[])
{
    cleanup_doctor_output struct doctor_output output = {0};
    int r = doctor_run(d, argv, &output);
    char line[201];

    if (r == 0 && output.status == 0)
        return steal_pointer(&output.out);
    if (r < 0)
        doctor_unseen(d, argv[0], r);
    else
        doctor_unseen_because(d, argv[0], host_first_line(output.error, line));
    return NULL;
}
