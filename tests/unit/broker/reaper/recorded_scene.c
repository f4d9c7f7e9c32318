#include "tests/unit/broker/reaper/recorded_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct census_process *add(struct scene *s, uint32_t pid, uint32_t parent, uint32_t uid, const char *name)
{
    struct census_process *p = &s->processes[s->look.census.count];

    assert_true(s->look.census.count < PROCESSES_MAX);
    *p = (struct census_process){.pid = pid,
                                 .parent = parent,
                                 .start_time = pid * 10ULL,
                                 .login_uid = UID,
                                 .audit_session = AUDIT,
                                 .uids = {uid, uid, uid, uid}};
    (void)snprintf(p->name, sizeof(p->name), "%s", name);
    p->cgroup = (char *)SCOPE;
    s->marked[s->look.census.count++] = true;
    return p;
}

struct census_process *get(struct scene *s, uint32_t pid)
{
    for (size_t i = 0; i < s->look.census.count; i++)
        if (s->processes[i].pid == pid)
            return &s->processes[i];
    fail_msg("no process %u", pid);
    return NULL;
}

void make_recorders(struct census_process *p)
{
    p->uids[1] = p->uids[2] = p->uids[3] = RECORDER;
}

/* sshd, the process that it makes of itself, hufu-recorder, tlog and the shell below it. */
struct scene *recorded_shell(void)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->look = (struct look){.census = {.processes = s->processes}, .marked = s->marked};
    s->q = (struct reap_request){
        .type = FRAME_REAP_RECORDED,
        .target = {.scope = REAP_STRAYS,
                   .uid = UID,
                   .session = 17,
                   .audit_session = AUDIT,
                   .leader = LEADER,
                   .leader_start = LEADER * 10},
        .recorder_uid = RECORDER,
        .sshd = 1,
        .n_channels = 1,
        .channels = {{FRONT, FRONT * 10, REAP_CHANNEL_RECORDED, NAME}},
    };
    s->named[0] = true;
    (void)add(s, LEADER, 50, 0, "sshd");
    (void)add(s, SSHD, LEADER, UID, "sshd");
    make_recorders(add(s, FRONT, SSHD, UID, "hufu-recorder"));
    make_recorders(add(s, TLOG, FRONT, UID, "tlog-rec-sessio"));
    (void)add(s, SHELL, TLOG, UID, "bash");
    return s;
}

static void judge(struct scene *s)
{
    recorded_done(&s->recorded);
    assert_int_equal(recorded_judge(&s->look, &s->q, s->named, &s->recorded), 0);
}

/* The pids that are bare, in order, with a blank behind each. */
void assert_bare(struct scene *s, const char *expected)
{
    char text[256] = "";

    judge(s);
    for (size_t i = 0; i < s->look.census.count; i++)
        if (s->recorded.bare[i])
            (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ", s->processes[i].pid);
    assert_string_equal(text, expected);
}

void end(struct scene *s)
{
    recorded_done(&s->recorded);
    free(s);
}
