#include "broker/doctor/users.h"

#include "broker/doctor/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static size_t split(struct span line, struct span *fields, size_t n)
{
    size_t found = 0;
    struct span field;

    while (span_field(&line, ':', &field)) {
        if (found < n)
            fields[found] = field;
        found++;
    }
    return found;
}

/* Room for one more; doubling. 0 or -ENOMEM. */
static int make_room(void **items, size_t n, size_t size)
{
    void *more;

    if (n != 0 && (n & (n - 1)) != 0)
        return 0;
    more = reallocarray(*items, n == 0 ? 1 : 2 * n, size);
    if (!more)
        return -ENOMEM;
    *items = more;
    return 0;
}

static int take_user(struct users *u, struct span line)
{
    struct span f[7];
    struct user user = {0};

    if (split(line, f, 7) != 7 || f[0].length == 0 || span_number(f[2], &user.uid) < 0 ||
        span_number(f[3], &user.gid) < 0)
        return 0;
    if (make_room((void **)&u->users, u->n_users, sizeof(*u->users)) < 0)
        return -ENOMEM;
    user.name = span_copy(f[0]);
    user.home = span_copy(f[5]);
    user.shell = span_copy(f[6]);
    u->users[u->n_users++] = user;
    return user.name && user.home && user.shell ? 0 : -ENOMEM;
}

static int take_members(struct user_group *group, struct span list)
{
    struct span name;

    while (span_field(&list, ',', &name)) {
        if (name.length == 0)
            continue;
        if (make_room((void **)&group->members, group->n_members, sizeof(*group->members)) < 0)
            return -ENOMEM;
        group->members[group->n_members] = span_copy(name);
        if (!group->members[group->n_members++])
            return -ENOMEM;
    }
    return 0;
}

static int take_group(struct users *u, struct span line)
{
    struct span f[4];
    struct user_group *group;
    uint32_t gid;

    if (split(line, f, 4) != 4 || f[0].length == 0 || span_number(f[2], &gid) < 0)
        return 0;
    if (make_room((void **)&u->groups, u->n_groups, sizeof(*u->groups)) < 0)
        return -ENOMEM;
    group = &u->groups[u->n_groups++];
    *group = (struct user_group){.name = span_copy(f[0]), .gid = gid};
    return group->name ? take_members(group, f[3]) : -ENOMEM;
}

int users_parse(const char *passwd, const char *group, struct users **ret)
{
    cleanup(users_free_p) struct users *u = calloc(1, sizeof(*u));
    struct span line;

    if (!u)
        return -ENOMEM;
    while (!u->cut && lines_next(&passwd, &line)) {
        if (take_user(u, line) < 0)
            return -ENOMEM;
        u->cut = u->n_users == USERS_MAX;
    }
    while (u->n_groups < USERS_MAX && lines_next(&group, &line))
        if (take_group(u, line) < 0)
            return -ENOMEM;
    *ret = steal_pointer(&u);
    return 0;
}

struct users *users_free(struct users *u)
{
    if (!u)
        return NULL;
    for (size_t i = 0; i < u->n_users; i++) {
        free(u->users[i].name);
        free(u->users[i].home);
        free(u->users[i].shell);
    }
    for (size_t i = 0; i < u->n_groups; i++) {
        for (size_t k = 0; k < u->groups[i].n_members; k++)
            free(u->groups[i].members[k]);
        free(u->groups[i].members);
        free(u->groups[i].name);
    }
    free(u->users);
    free(u->groups);
    free(u);
    return NULL;
}

const struct user *users_find(const struct users *u, const char *name)
{
    for (size_t i = 0; i < u->n_users; i++)
        if (strcmp(u->users[i].name, name) == 0)
            return &u->users[i];
    return NULL;
}

const struct user_group *users_find_group(const struct users *u, const char *name)
{
    for (size_t i = 0; i < u->n_groups; i++)
        if (strcmp(u->groups[i].name, name) == 0)
            return &u->groups[i];
    return NULL;
}

const char *users_group_name(const struct users *u, uint32_t gid)
{
    for (size_t i = 0; i < u->n_groups; i++)
        if (u->groups[i].gid == gid)
            return u->groups[i].name;
    return NULL;
}

bool users_is_member(const struct user *who, const struct user_group *group)
{
    if (who->gid == group->gid)
        return true;
    for (size_t i = 0; i < group->n_members; i++)
        if (strcmp(group->members[i], who->name) == 0)
            return true;
    return false;
}

bool subordinate_next(const char **cursor, struct subordinate *ret)
{
    struct span line, f[3];
    uint32_t count;

    while (lines_next(cursor, &line)) {
        if (split(line, f, 3) != 3 || f[0].length == 0 || f[0].length >= sizeof(ret->owner) ||
            span_number(f[1], &ret->first) < 0 || span_number(f[2], &count) < 0 || count == 0)
            continue;
        (void)snprintf(ret->owner, sizeof(ret->owner), "%.*s", (int)f[0].length, f[0].text);
        ret->last = count - 1 > UINT32_MAX - ret->first ? UINT32_MAX : ret->first + count - 1;
        return true;
    }
    return false;
}
