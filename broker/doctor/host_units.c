#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"
#include "broker/doctor/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HUFUD  "hufud.service"
#define REAPER "hufu-reaper.service"
#define SOCKET "hufu-reaper.socket"
#define LDAPD  "hufu-ldapd.service"

/* Asked of systemctl; one name for each that is looked at below. */
static const char properties[] =
    "Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload,DropInPaths,MainPID,User,NoNewPrivileges,"
    "PrivateNetwork,CapabilityBoundingSet,ProtectSystem,ProtectProc,ProcSubset,ProtectControlGroups,"
    "RuntimeDirectoryPreserve,LogRateLimitIntervalUSec";

/* What the shipped units say, and what it is worth. */
static const struct sandbox_row {
    const char *unit, *property, *wanted;
    enum doctor_severity severity;
    const char *code;
} rows[] = {
    {HUFUD, "User", "hufu", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {HUFUD, "NoNewPrivileges", "yes", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {HUFUD, "PrivateNetwork", "yes", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {HUFUD, "CapabilityBoundingSet", "", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {HUFUD, "ProtectSystem", "strict", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {HUFUD, "LogRateLimitIntervalUSec", "0", DOCTOR_WARNING, DOCTOR_CODE("unit-loses-records")},
    {REAPER, "User", "root", DOCTOR_PROBLEM, DOCTOR_CODE("unit-breaks-reaper")},
    {REAPER, "ProtectProc", "default", DOCTOR_PROBLEM, DOCTOR_CODE("unit-breaks-reaper")},
    {REAPER, "ProcSubset", "all", DOCTOR_PROBLEM, DOCTOR_CODE("unit-breaks-reaper")},
    {REAPER, "ProtectControlGroups", "no", DOCTOR_PROBLEM, DOCTOR_CODE("unit-breaks-reaper")},
    {REAPER, "RuntimeDirectoryPreserve", "yes", DOCTOR_PROBLEM, DOCTOR_CODE("unit-breaks-reaper")},
    {REAPER, "NoNewPrivileges", "yes", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {REAPER, "PrivateNetwork", "yes", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {REAPER, "CapabilityBoundingSet", "cap_kill", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {LDAPD, "User", "hufu-ldap", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {LDAPD, "NoNewPrivileges", "yes", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
    {LDAPD, "CapabilityBoundingSet", "", DOCTOR_PROBLEM, DOCTOR_CODE("unit-weakened")},
};

struct shown {
    struct doctor *d;
    const char *text;
    bool directory; /* this host has one */
};

static bool is(const struct shown *s, const char *unit, const char *property, const char *wanted)
{
    char value[256];

    return unit_property(s->text, unit, property, value, sizeof(value)) && strcmp(value, wanted) == 0;
}

static void check_running(const struct shown *s, const char *unit, enum doctor_severity severity,
                          const char *why)
{
    struct doctor *d = s->d;
    char state[64] = "?";

    if (is(s, unit, "LoadState", "masked") || is(s, unit, "LoadState", "not-found")) {
        doctor_find(d, severity, "unit-missing", unit, _("is not installed, or masked: %s"), why);
        doctor_advise(
            d, _("Install Hufu again, then systemctl daemon-reload; if it is masked: systemctl unmask %s"),
            unit);
        return;
    }
    if (!is(s, unit, "ActiveState", "active")) {
        (void)unit_property(s->text, unit, "ActiveState", state, sizeof(state));
        doctor_find(d, severity, "unit-not-running", unit, _("does not run (%s): %s"), state, why);
        doctor_advise(d, "systemctl start %s; journalctl -u %s -n 20 --no-pager", unit, unit);
    }
    if (!is(s, unit, "UnitFileState", "enabled") && !is(s, unit, "UnitFileState", "enabled-runtime")) {
        doctor_find(d, DOCTOR_WARNING, "unit-not-enabled", unit, _("does not start at the next boot: %s"),
                    why);
        doctor_advise(d, "systemctl enable %s", unit);
    }
}

static void check_changed(const struct shown *s, const char *unit)
{
    struct doctor *d = s->d;
    if (!is(s, unit, "NeedDaemonReload", "yes"))
        return;
    doctor_find(d, DOCTOR_WARNING, "unit-changed", unit,
                _("was changed, and runs as it was before: the next restart may differ"));
    doctor_advise(d, "systemctl daemon-reload && systemctl restart %s", unit);
}

/* What else a drop-in says is for its author to know. */
static void check_overridden(const struct shown *s, const char *unit)
{
    struct doctor *d = s->d;
    char files[256];

    if (!unit_property(s->text, unit, "DropInPaths", files, sizeof(files)) || files[0] == '\0')
        return;
    doctor_find(d, DOCTOR_NOTE, "unit-overridden", unit, _("is changed by %s"), files);
    doctor_advise(d, _("See that it takes nothing of the sandbox away: systemctl cat %s"), unit);
}

static void check_sandbox(const struct shown *s)
{
    struct doctor *d = s->d;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct sandbox_row *row = &rows[i];
        char value[256];

        if ((!s->directory && strcmp(row->unit, LDAPD) == 0) || is(s, row->unit, "LoadState", "not-found") ||
            !unit_property(s->text, row->unit, row->property, value, sizeof(value)) ||
            strcmp(value, row->wanted) == 0)
            continue;
        doctor_find(d, row->severity, row->code, row->unit, _("has %s=%s in place of %s=%s"), row->property,
                    value, row->property, row->wanted);
        doctor_advise(
            d,
            _("Look which file says so: systemctl cat %s. Take it out, then systemctl daemon-reload and "
              "systemctl restart %s."),
            row->unit, row->unit);
    }
}

/* A program that was replaced runs on as it was. */
static void check_replaced(const struct shown *s, const char *unit)
{
    struct doctor *d = s->d;
    cleanup_free char *path = NULL;
    cleanup_free char *program = NULL;
    const char *deleted;
    char pid[16];

    if (!unit_property(s->text, unit, "MainPID", pid, sizeof(pid)) || strcmp(pid, "0") == 0)
        return;
    if (asprintf(&path, "/proc/%s/exe", pid) < 0) {
        path = NULL;
        return;
    }
    if (doctor_readlink(d, path, &program) < 0 || !(deleted = strstr(program, " (deleted)")))
        return;
    doctor_find(d, DOCTOR_WARNING, "restart-needed", unit, _("runs a program that was replaced since: %.*s"),
                (int)(deleted - program), program);
    doctor_advise(d, "systemctl restart %s", unit);
}

static void check_version(struct doctor *d)
{
    const char *version = json_string_value(json_object_get(doctor_host_of(d)->status, "version"));

    if (!version || strcmp(version, HUFU_VERSION) == 0)
        return;
    doctor_find(d, DOCTOR_WARNING, "version-differs", "hufud", _("that runs is %s, and hufuctl is %s"),
                version, HUFU_VERSION);
    doctor_advise(d, "systemctl restart hufu-reaper hufud");
}

static void check_shown(const struct shown *s)
{
    static const char *const units[] = {HUFUD, REAPER, LDAPD};

    check_running(s, HUFUD, DOCTOR_PROBLEM, _("every gated login is refused"));
    check_running(s, REAPER, DOCTOR_PROBLEM, _("no session can begin, and none is ended"));
    check_running(s, SOCKET, DOCTOR_PROBLEM, _("hufud cannot reach hufu-reaper"));
    if (s->directory)
        check_running(s, LDAPD, DOCTOR_WARNING, _("no news of the directory, of revocations too"));
    for (size_t i = 0; i < (s->directory ? 3 : 2); i++) {
        check_changed(s, units[i]);
        check_overridden(s, units[i]);
        check_replaced(s, units[i]);
    }
    check_sandbox(s);
}

/* ---- units of others ---- */

/* `User=` of a unit without PAMName=: pid 1 makes the account's process, and asks nobody. */
static const struct user *runs_as(struct doctor *d, const struct users *users, const char *text)
{
    struct span user, pam;
    cleanup_free char *name = NULL;
    const struct user *u;
    size_t i = 0;
    uint32_t uid;

    if (!lines_value(text, "Service", "User", &user) ||
        (lines_value(text, "Service", "PAMName", &pam) && pam.length > 0))
        return NULL;
    name = span_copy(user);
    u = name ? users_find(users, name) : NULL;
    if (u)
        return doctor_is_gated(d, u->uid) ? u : NULL;
    while (span_number(user, &uid) == 0 && (u = host_next_gated(d, users, &i)) != NULL)
        if (u->uid == uid)
            return u;
    return NULL;
}

static void check_unit_of(struct doctor *d, const struct users *users, const char *path)
{
    cleanup_free char *text = NULL;
    const struct user *u = doctor_read(d, path, &text) == 0 ? runs_as(d, users, text) : NULL;

    if (!u)
        return;
    doctor_find(d, DOCTOR_PROBLEM, "unit-runs-as-gated", path,
                _("starts something as %s, who is gated, and nothing asks for a grant"), u->name);
    doctor_advise(d, _("Take it out, or give it an account of its own that is not gated: %s"), path);
}

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), t = strlen(tail);

    return n >= t && strcmp(name + n - t, tail) == 0;
}

/* Units, and one folder deeper their drop-ins. */
static void check_units_in(struct doctor *d, const struct users *users, const char *folder, unsigned depth)
{
    cleanup_doctor_names struct doctor_names names = {0};

    if (doctor_list(d, folder, &names) < 0)
        return;
    for (size_t i = 0; i < names.n; i++) {
        cleanup_free char *path = NULL;

        if (asprintf(&path, "%s/%s", folder, names.items[i]) < 0)
            path = NULL;
        else if (depth > 0 && ends_with(path, ".service.d"))
            check_units_in(d, users, path, depth - 1);
        else if (ends_with(path, depth > 0 ? ".service" : ".conf"))
            check_unit_of(d, users, path);
    }
}

static void check_others(struct doctor *d)
{
    static const char *const folders[] = {"/etc/systemd/system", "/run/systemd/system",
                                          "/etc/systemd/system.control", "/usr/local/lib/systemd/system"};
    cleanup(users_free_p) struct users *users = host_users(d);

    for (size_t i = 0; users && i < ARRAY_SIZE(folders); i++)
        check_units_in(d, users, folders[i], 1);
}

void check_units(struct doctor *d)
{
    static const char *const argv[] = {
        "/usr/bin/systemctl", "show", "-p", properties, HUFUD, REAPER, SOCKET, LDAPD, NULL};
    cleanup_free char *text = host_output(d, argv);
    struct shown s = {.d = d, .text = text, .directory = host_has(d, "/etc/hufu/ldapd.conf")};

    check_version(d);
    check_others(d);
    if (!text)
        return;
    check_shown(&s);
    doctor_looked(d, "%s", _("units"));
}
