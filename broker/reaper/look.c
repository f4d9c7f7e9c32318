#include "broker/reaper/look.h"

#include <errno.h>
#include <string.h>

void look_done(struct look *l)
{
    census_done(&l->census);
    free(l->marked);
    l->marked = NULL;
}

/* /proc may have been mounted anew since the start: whoever sees nobody has to be able to see. */
static int check_sight(int proc, const struct look *l)
{
    char reason[200];
    for (size_t i = 0; i < l->census.count; i++)
        if (l->marked[i])
            return 0;
    return l->census.cut ? -EAGAIN : census_check_sight(proc, reason);
}

int look_at(int proc, struct census *person, const struct leases *leases, const struct reap_target *target,
            struct look *ret)
{
    uint32_t sessions[LEASES_PER_PERSON_MAX];
    struct look l cleanup_look = {.census = *person};
    *person = (struct census){0};
    l.marked = calloc(l.census.count + 1, sizeof *l.marked);
    if (l.marked == NULL)
        return -ENOMEM;
    struct census_spared spared = {sessions,
                                   leases_audit_sessions(leases, target->uid, target->session, sessions)};
    for (size_t i = 0; i < l.census.count; i++)
        l.marked[i] = census_matches(&l.census, &l.census.processes[i], target, spared);
    int r = check_sight(proc, &l);
    if (r < 0)
        return r;
    *ret = l;
    l = (struct look){0};
    return 0;
}

int look_take(int proc, const struct leases *leases, const struct reap_target *target, struct look *ret)
{
    struct census census = {0};
    int r = census_take(proc, (struct census_persons){&target->uid, 1, .whole = true}, &census);
    return r < 0 ? r : look_at(proc, &census, leases, target, ret);
}

void look_describe(const struct census_process *p, struct reap_process *ret)
{
    *ret = (struct reap_process){
        .pid = p->pid,
        .start_time = p->start_time,
        .parent = p->parent,
        .login_uid = p->login_uid,
        .audit_session = p->audit_session,
        .uid = p->uids[0],
    };
    memcpy(ret->name, p->name, sizeof ret->name);
}

void look_list(const struct look *l, struct reap_reply *reply)
{
    for (size_t i = 0; i < l->census.count; i++) {
        if (!l->marked[i])
            continue;
        if (reply->n_processes < REAP_SURVIVORS_MAX)
            look_describe(&l->census.processes[i], &reply->processes[reply->n_processes++]);
        reply->n_total++;
    }
}
