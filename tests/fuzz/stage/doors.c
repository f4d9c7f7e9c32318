#include "tests/fuzz/stage/doors.h"

#include "tests/fuzz/stage/people.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct model_caller callers[PEOPLE_MAX];
static unsigned n_callers;

void doors_clear(void)
{
    n_callers = 0;
}

bool doors_is_alive(int pid)
{
    const struct process *p = people_find(pid);

    return p && p->alive;
}

/* What PAM calls it. */
static const char *service_of(const struct model_caller *c)
{
    if (c->job)
        return strcmp(c->job, "cron") == 0 ? "crond" : "atd";
    return c->sshd ? "sshd" : "login";
}

struct gate_pam doors_words(const struct model_caller *c, enum frame_type type)
{
    const struct process *p = people_find(c->pid), *parent = c->parent < 0 ? NULL : people_find(c->parent);
    const struct site_person *person = &site_persons[c->person];
    const char *address = c->far ? "192.0.2.7" : "10.1.2.3";
    struct gate_pam m = {.caller = {.pid = (uint32_t)c->pid,
                                    .parent = parent ? (uint32_t)parent->pid : 1,
                                    .start_time = p->start_time,
                                    .parent_start_time = parent ? parent->start_time : 0,
                                    .uid = geteuid(),
                                    .login_uid = UINT32_MAX,
                                    .audit_session = UINT32_MAX},
                         .range = {20000, 29999},
                         .user_uid = person->uid,
                         .person_uid = person->uid};

    (void)snprintf(m.user, sizeof(m.user), "%s", person->name);
    (void)snprintf(m.person, sizeof(m.person), "%s", person->name);
    (void)snprintf(m.service, sizeof(m.service), "%s", service_of(c));
    (void)snprintf(m.tty, sizeof(m.tty), "%s", c->sshd ? "ssh" : c->job ? "" : "tty1");
    if (c->sshd) {
        (void)snprintf(m.remote_host, sizeof(m.remote_host), "%s", address);
        (void)snprintf(m.ssh_connection, sizeof(m.ssh_connection), "%s 40000 10.1.2.1 22", address);
    }
    if (type == FRAME_GATE_OPEN) {
        m.caller.login_uid = person->uid;
        m.caller.audit_session = (uint32_t)c->pid;
        if (c->sshd)
            (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    }
    return m;
}

struct model_caller *doors_arrive(uint8_t who)
{
    struct process *p = n_callers < PEOPLE_MAX ? people_begin() : NULL;
    struct model_caller *c = &callers[n_callers];

    if (!p)
        return NULL;
    *c = (struct model_caller){.person = who % SITE_PERSONS,
                               .pid = p->pid,
                               .parent = -1,
                               .sshd = (who & 0x10) == 0,
                               .far = (who & 0x60) == 0x60};
    n_callers++;
    return c;
}

struct model_caller *doors_arrive_job(uint8_t who)
{
    struct model_caller *c = doors_arrive(who & 0x0f);

    if (!c)
        return NULL;
    c->sshd = false;
    c->job = (who & 0x10) != 0 ? "at" : "cron";
    return c;
}

struct model_caller *doors_pick(uint8_t which)
{
    unsigned n = 0, living = 0;

    for (unsigned i = 0; i < n_callers; i++)
        living += doors_is_alive(callers[i].pid);
    if (living == 0)
        return NULL;
    which = (uint8_t)(which % living);
    for (unsigned i = 0; i < n_callers; i++)
        if (doors_is_alive(callers[i].pid) && n++ == which)
            return &callers[i];
    return NULL;
}
