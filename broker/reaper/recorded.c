#include "broker/reaper/recorded.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CMDLINE_SIZE 4096
#define NOBODY       SIZE_MAX

enum standing {
    BARE = 0,
    KNOWN,    /* but whatever descends from it is not */
    RECORDS,  /* tlog: so is what descends from it */
    RECORDED, /* descends from tlog */
};

struct judging {
    const struct census *census;
    const bool *marked;
    const struct reap_request *q;
    enum standing *standing;
};

static const struct census_process *at(const struct judging *j, size_t i)
{
    return &j->census->processes[i];
}

static size_t find(const struct judging *j, uint32_t pid)
{
    for (size_t i = 0; i < j->census->count; i++)
        if (at(j, i)->pid == pid)
            return i;
    return NOBODY;
}

static size_t find_process(const struct judging *j, uint32_t pid, uint64_t start_time)
{
    size_t i = pid == 0 ? NOBODY : find(j, pid);

    return i != NOBODY && at(j, i)->start_time == start_time ? i : NOBODY;
}

static void know(struct judging *j, size_t i, enum standing standing)
{
    if (i != NOBODY && j->standing[i] == BARE)
        j->standing[i] = standing;
}

/* Of the processes below `parent` the one that began first. */
static size_t first_child(const struct judging *j, uint32_t parent)
{
    size_t first = NOBODY;

    for (size_t i = 0; i < j->census->count; i++)
        if (at(j, i)->parent == parent &&
            (first == NOBODY || at(j, i)->start_time < at(j, first)->start_time))
            first = i;
    return first;
}

static void know_leader(struct judging *j)
{
    size_t leader = find_process(j, j->q->target.leader, j->q->target.leader_start);

    if (leader == NOBODY)
        return;
    know(j, leader, KNOWN);
    if (j->q->sshd != 0)
        know(j, first_child(j, j->q->target.leader), KNOWN);
}

static bool is_in_init_scope(const struct census_process *p, uint32_t uid)
{
    char expected[64];
    size_t length = (size_t)snprintf(expected, sizeof expected, "/user@%u.service/init.scope", uid);
    size_t has = p->cgroup == NULL ? 0 : strlen(p->cgroup);

    return has >= length && strcmp(p->cgroup + has - length, expected) == 0;
}

/* Only pid 1 starts anything there whose parent it is; the manager's helper is what it starts first. */
static void know_manager(struct judging *j)
{
    for (size_t i = 0; i < j->census->count; i++) {
        const struct census_process *p = at(j, i);
        size_t helper;

        if (p->parent != 1 || !is_in_init_scope(p, j->q->target.uid))
            continue;
        know(j, i, KNOWN);
        helper = first_child(j, p->pid);
        if (helper != NOBODY && is_in_init_scope(at(j, helper), j->q->target.uid))
            know(j, helper, KNOWN);
    }
}

static bool is_recorders(const struct judging *j, const struct census_process *p)
{
    return p->uids[2] == j->q->recorder_uid && !p->stopped;
}

/* tlog takes its user's rights up for good when everything is ready. */
static bool is_recording(const struct judging *j, const struct census_process *p)
{
    return is_recorders(j, p) && p->uids[1] == j->q->recorder_uid && strcmp(p->name, RECORDER_TLOG_NAME) == 0;
}

/* What hufu-recorder was before may have left processes below it: only what is the recorder's is known. */
static void know_recorder(struct judging *j, size_t front)
{
    if (front == NOBODY || !is_recorders(j, at(j, front)))
        return;
    know(j, front, KNOWN);
    for (size_t i = 0; i < j->census->count; i++)
        if (at(j, i)->parent == at(j, front)->pid && is_recorders(j, at(j, i)))
            know(j, i, is_recording(j, at(j, i)) ? RECORDS : KNOWN);
}

static void know_channels(struct judging *j, const bool *named)
{
    for (uint32_t i = 0; i < j->q->n_channels; i++) {
        const struct reap_channel *c = &j->q->channels[i];
        size_t p = find_process(j, c->pid, c->start_time);

        if (c->kind == REAP_CHANNEL_RECORDED && named[i]) {
            know_recorder(j, p);
        } else if (c->kind == REAP_CHANNEL_TRANSFER && p != NOBODY) {
            know(j, p, KNOWN);
            know(j, first_child(j, c->pid), KNOWN);
        }
    }
}

/* Whose parent ended belongs to nobody any more; what was there before each recorder was never recorded. A
 * tlog whose hufu-recorder is gone is a recorder that ended, not what one recorded. */
static void know_orphans(struct judging *j)
{
    uint64_t since = UINT64_MAX;

    for (size_t i = 0; i < j->census->count; i++)
        if (j->standing[i] == RECORDS && at(j, i)->start_time < since)
            since = at(j, i)->start_time;
    for (size_t i = 0; i < j->census->count; i++)
        if (at(j, i)->parent == 1 && at(j, i)->audit_session == j->q->target.audit_session &&
            at(j, i)->audit_session != CENSUS_UNSET && at(j, i)->start_time >= since &&
            at(j, i)->uids[2] != j->q->recorder_uid)
            know(j, i, RECORDED);
}

static void know_descendants(struct judging *j)
{
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < j->census->count; i++) {
            size_t parent = j->standing[i] == BARE ? find(j, at(j, i)->parent) : NOBODY;

            if (parent != NOBODY && j->standing[parent] >= RECORDS) {
                j->standing[i] = RECORDED;
                again = true;
            }
        }
    }
}

int recorded_judge(const struct look *l, const struct reap_request *q,
                   const bool named[static REAP_CHANNELS_MAX], struct recorded *ret)
{
    struct judging j = {.census = &l->census, .marked = l->marked, .q = q};
    enum standing *standing cleanup_free = calloc(l->census.count + 1, sizeof *standing);

    *ret = (struct recorded){.bare = calloc(l->census.count + 1, sizeof *ret->bare)};
    if (ret->bare == NULL || standing == NULL) {
        recorded_done(ret);
        return -ENOMEM;
    }
    j.standing = standing;
    know_leader(&j);
    know_manager(&j);
    know_channels(&j, named);
    know_orphans(&j);
    know_descendants(&j);
    for (size_t i = 0; i < l->census.count; i++) {
        ret->bare[i] = j.marked[i] && standing[i] == BARE;
        ret->recorders += standing[i] == RECORDS;
    }
    return 0;
}

void recorded_done(struct recorded *r)
{
    free(r->bare);
    r->bare = NULL;
}

static void read_names(int proc, const struct reap_request *q, bool named[static REAP_CHANNELS_MAX])
{
    char text[CMDLINE_SIZE];

    for (uint32_t i = 0; i < q->n_channels; i++) {
        ssize_t n = q->channels[i].kind == REAP_CHANNEL_RECORDED
                        ? census_cmdline(proc, q->channels[i].pid, text, sizeof text)
                        : 0;

        named[i] = n > 0 && recorder_cmdline_names(text, (size_t)n, q->channels[i].name);
    }
}

/* Names behind the census: whom it saw as hufu-recorder was started with what is read now, or has ended. */
void recorded_scan(int proc, const struct leases *leases, const struct reap_request *q,
                   struct reap_reply *reply)
{
    struct look l cleanup_look = {0};
    struct recorded r cleanup_recorded = {0};
    bool named[REAP_CHANNELS_MAX] = {false};

    reply->result = REAP_FAILED;
    if (look_take(proc, leases, &q->target, &l) < 0)
        return;
    read_names(proc, q, named);
    if (recorded_judge(&l, q, named, &r) < 0)
        return;
    memcpy(l.marked, r.bare, l.census.count * sizeof *l.marked);
    look_list(&l, reply);
    reply->ended = r.recorders;
    reply->result = reply->n_total > 0 ? REAP_SURVIVORS : REAP_DONE;
}
