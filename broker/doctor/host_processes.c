#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_MAX 20 /* findings */
#define UNSET         UINT32_MAX
#define START_FIELD   22 /* of proc_pid_stat(5), in clock ticks since boot */

/* Processes of gated people that no live session accounts for: they came past the gate, or were left. */

struct found {
    uint32_t uid, login_uid;
    char name[32], state[4];
};

static void take_line(struct span line, struct found *ret)
{
    struct span word, rest = line;

    if (!span_word(&rest, &word))
        return;
    rest = span_trim(rest);
    if (span_is(word, "Name:"))
        (void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)rest.length, rest.text);
    else if (span_is(word, "State:"))
        (void)snprintf(ret->state, sizeof(ret->state), "%.1s", rest.length > 0 ? rest.text : "?");
    else if (span_is(word, "Uid:") && span_word(&rest, &word))
        (void)span_number(word, &ret->uid);
}

/* 0, or -errno: it is gone. */
static int read_process(struct doctor *d, const char *pid, struct found *ret)
{
    cleanup_free char *status = NULL, *login = NULL;
    char path[64];
    const char *at;
    struct span line;

    *ret = (struct found){.uid = UNSET, .login_uid = UNSET};
    (void)snprintf(path, sizeof(path), "/proc/%s/status", pid);
    if (doctor_read(d, path, &status) < 0)
        return -ESRCH;
    at = status;
    while (lines_next(&at, &line))
        take_line(line, ret);
    (void)snprintf(path, sizeof(path), "/proc/%s/loginuid", pid);
    if (doctor_read(d, path, &login) == 0)
        (void)span_number((struct span){login, strcspn(login, "\n")}, &ret->login_uid);
    return 0;
}

/* The number behind the parenthesis, which may hold anything. */
static bool start_ticks(const char *stat, uint32_t *ret)
{
    const char *behind = strrchr(stat, ')');
    struct span rest = {behind ? behind + 1 : stat, behind ? strcspn(behind + 1, "\n") : 0}, word;

    for (int field = 3; field <= START_FIELD; field++)
        if (!span_word(&rest, &word))
            return false;
    return span_number(word, ret) == 0;
}

/* Who logged in while we were looking is in no list of ours. */
static bool began_since(struct doctor *d, const char *pid, when_t since)
{
    cleanup_free char *stat = NULL, *boot = NULL;
    char path[64];
    struct span value;
    uint32_t booted, ticks;

    (void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    if (doctor_read(d, path, &stat) < 0 || doctor_read(d, "/proc/stat", &boot) < 0)
        return true;
    if (!start_ticks(stat, &ticks) || !lines_value(boot, NULL, "btime", &value) ||
        span_number(value, &booted) < 0)
        return false;
    return (when_t)booted + (when_t)ticks / sysconf(_SC_CLK_TCK) + 1 >= since;
}

/* By the grants that hufud listed before. */
static bool has_session(const struct doctor *d, const char *staff)
{
    const json_t *reply = doctor_host_of(d)->grants, *grant;
    const json_t *grants = json_is_array(reply) ? reply : json_object_get(reply, "grants");
    size_t i;

    json_array_foreach(grants, i, grant)
    {
        const char *name = json_string_value(json_object_get(grant, "staff"));

        if (name && strcmp(name, staff) == 0 &&
            json_integer_value(json_object_get(grant, "sessions_live")) > 0)
            return true;
    }
    return false;
}

static const struct user *user_of(const struct users *users, uint32_t uid)
{
    for (size_t i = 0; i < users->n_users; i++)
        if (users->users[i].uid == uid)
            return &users->users[i];
    return NULL;
}

/* True: it was written down. */
static bool check_process(struct doctor *d, const struct users *users, const char *pid)
{
    const struct user *who;
    struct found p;
    uint32_t uid;

    if (read_process(d, pid, &p) < 0 || p.state[0] == 'Z' || p.state[0] == 'X')
        return false;
    if (!doctor_is_gated(d, p.uid) && !doctor_is_gated(d, p.login_uid))
        return false;
    uid = doctor_is_gated(d, p.login_uid) ? p.login_uid : p.uid;
    who = user_of(users, uid);
    if ((who && has_session(d, who->name)) || began_since(d, pid, doctor_host_of(d)->now))
        return false;
    doctor_find(d, DOCTOR_PROBLEM, "process-without-session", pid,
                _("(%s) is of %s, uid %u and login uid %d, who has no live session here"), p.name,
                who ? who->name : "?", (unsigned)p.uid, (int)p.login_uid);
    doctor_advise(d, _("See how it came in (journalctl _PID=%s), then end it: kill -KILL %s"), pid, pid);
    return true;
}

void check_processes(struct doctor *d)
{
    cleanup_doctor_names struct doctor_names pids = {0};
    cleanup(users_free_p) struct users *users = NULL;
    size_t n = 0;
    int r;

    /* Whose sessions live is not known without hufud. */
    if (!doctor_host_of(d)->grants || doctor_host_of(d)->gated_first == 0)
        return;
    users = host_users(d);
    r = doctor_list(d, "/proc", &pids);
    if (r < 0)
        doctor_unseen(d, "/proc", r);
    for (size_t i = 0; users && i < pids.n && n < PROCESSES_MAX; i++)
        if (pids.items[i][strspn(pids.items[i], "0123456789")] == '\0')
            n += check_process(d, users, pids.items[i]);
    doctor_looked(d, "%s", _("processes of gated accounts"));
}
