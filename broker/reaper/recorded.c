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
    RECORDED, /* descends from tlog, also by way of parents that ended: tlog is their subreaper */
};

struct indexed {
    uint32_t pid;
    size_t at;
};

struct judging {
    const struct census *census;
    struct indexed *index; /* by pid */
    const bool *marked;
    const struct reap_request *q;
    enum standing *standing;
    bool *walked;
};

static const struct census_process *at(const struct judging *j, size_t i)
{
    return &j->census->processes[i];
}

static int compare_pids(const void *a, const void *b)
{
    const struct indexed *x = a, *y = b;

    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static size_t find(const struct judging *j, uint32_t pid)
{
    const struct indexed key = {.pid = pid};
    const struct indexed *found = bsearch(&key, j->index, j->census->count, sizeof *j->index, compare_pids);

    return found ? found->at : NOBODY;
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

    return p->cgroup != NULL && has >= length && strcmp(p->cgroup + has - length, expected) == 0;
}

static bool is_managers(const struct judging *j, size_t i)
{
    return is_in_init_scope(at(j, i), j->q->target.uid);
}

/* A person may move processes of theirs there, and pid 1 is the parent of orphans, too. But the manager comes
 * first, as long as it lives, and when it ends pid 1 kills whatever is there. */
static size_t find_manager(const struct judging *j)
{
    size_t first = NOBODY;

    for (size_t i = 0; i < j->census->count; i++)
        if (at(j, i)->parent == 1 && is_managers(j, i) &&
            (first == NOBODY || at(j, i)->start_time < at(j, first)->start_time))
            first = i;
    return first;
}

/* The manager's helper is what it forks first. Units begin sessions (setsid) of their own, so that none of
 * them comes to be taken for it when it has been killed. */
static void know_manager(struct judging *j)
{
    size_t manager = find_manager(j), helper;

    if (manager == NOBODY)
        return;
    know(j, manager, KNOWN);
    helper = first_child(j, at(j, manager)->pid);
    if (helper != NOBODY && at(j, helper)->session == at(j, manager)->session && is_managers(j, helper))
        know(j, helper, KNOWN);
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

/* From here upwards to the first that something is known about. Each process is walked through once, so that
 * long rows of processes cost no more than many: a person may make them, and all endings wait for this. */
static void know_descendant(struct judging *j, size_t from)
{
    size_t i = from;
    bool recorded;

    while (i != NOBODY && j->standing[i] == BARE && !j->walked[i]) {
        j->walked[i] = true;
        i = find(j, at(j, i)->parent);
    }
    recorded = i != NOBODY && j->standing[i] >= RECORDS;
    for (size_t k = from; recorded && k != i; k = find(j, at(j, k)->parent))
        j->standing[k] = RECORDED;
}

int recorded_judge(const struct look *l, const struct reap_request *q,
                   const bool named[static REAP_CHANNELS_MAX], struct recorded *ret)
{
    struct judging j = {.census = &l->census, .marked = l->marked, .q = q};
    enum standing *standing cleanup_free = calloc(l->census.count + 1, sizeof *standing);
    struct indexed *index cleanup_free = calloc(l->census.count + 1, sizeof *index);
    bool *walked cleanup_free = calloc(l->census.count + 1, sizeof *walked);

    *ret = (struct recorded){.bare = calloc(l->census.count + 1, sizeof *ret->bare)};
    if (ret->bare == NULL || standing == NULL || index == NULL || walked == NULL) {
        recorded_done(ret);
        return -ENOMEM;
    }
    for (size_t i = 0; i < l->census.count; i++)
        index[i] = (struct indexed){.pid = l->census.processes[i].pid, .at = i};
    qsort(index, l->census.count, sizeof *index, compare_pids);
    j.index = index;
    j.walked = walked;
    j.standing = standing;
    know_leader(&j);
    know_manager(&j);
    know_channels(&j, named);
    for (size_t i = 0; i < l->census.count; i++)
        know_descendant(&j, i);
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
