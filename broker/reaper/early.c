#include "broker/reaper/early.h"

#include <string.h>

struct early {
    const struct cgroups *cgroups;
    struct census_persons person;
    struct census census;
    size_t known; /* the first of them */
    size_t members;
};

static bool is_known(const struct early *e, uint32_t pid)
{
    for (size_t i = 0; i < e->known; i++)
        if (e->census.processes[i].pid == pid)
            return true;
    return false;
}

/* Where it sits is known, and not asked again. */
static bool on_member(void *userdata, uint32_t pid, const char *path)
{
    struct early *e = userdata;
    size_t count = e->census.count;
    if (++e->members > EARLY_MAX)
        return false;
    if (is_known(e, pid))
        return true;
    int r = census_add(e->cgroups->proc, pid, e->person, &e->census);
    if (e->census.count > count && e->census.processes[count].cgroup == NULL)
        e->census.processes[count].cgroup = strdup(path);
    return r == 0;
}

/* Of those who stay when all goes there is none, so that nobody has to be told from them. */
static struct early early_of(const struct cgroups *g, const struct reap_target *target)
{
    return (struct early){
        .cgroups = g,
        .person = {.uids = &target->uid, .count = 1, .unplaced = target->scope == REAP_PERSON},
    };
}

/* Of nobody nothing is asked. */
static int judge(const struct sight *s, struct early *e, const struct reap_target *target, struct look *ret)
{
    return e->census.count == 0 ? 0 : sight_judge(s, &e->census, target, ret);
}

int early_manager(const struct sight *s, const struct cgroups *g, const struct reap_target *target,
                  struct look *ret)
{
    struct early e = early_of(g, target);
    cgroups_manager(g, target->uid, on_member, &e);
    return judge(s, &e, target, ret);
}

int early_slice(const struct sight *s, const struct cgroups *g, const struct reap_target *target,
                struct look *l)
{
    struct early e = early_of(g, target);
    e.census = l->census;
    e.known = e.census.count;
    l->census = (struct census){0};
    look_done(l);
    cgroups_slice(g, target->uid, on_member, &e);
    return judge(s, &e, target, l);
}
