#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GATED_GROUP "hufu-gated"

/* Programs that make another user of somebody, beside su and sudo, and never ask PAM: nothing judges
 * `run-as`. */
static const char *const without_pam[] = {"/usr/bin/super", "/usr/bin/ksu", "/usr/bin/op", "/usr/bin/rootsh",
                                          "/usr/bin/userv"};

/* Those that do: their stack has to lead to the gate, which the check of the stacks sees to; but they know
 * nothing of sudo's plugin, and so of `command`. */
static const char *const without_plugin[] = {"/usr/bin/doas", "/usr/bin/sudo-rs", "/usr/bin/calife",
                                             "/usr/bin/please"};

static bool is_setuid(struct doctor *d, const char *path)
{
    struct stat st;

    return doctor_stat(d, path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_ISUID) != 0;
}

static void check_programs(struct doctor *d)
{
    for (size_t i = 0; i < ARRAY_SIZE(without_pam); i++)
        if (is_setuid(d, without_pam[i])) {
            doctor_find(
                d, DOCTOR_PROBLEM, "switch-without-pam", without_pam[i],
                _("makes another user of whoever it is configured for, and asks no PAM: the gate does "
                  "not judge it"));
            doctor_advise(d, _("Remove it, or let no gated account run it: chmod u-s %s"), without_pam[i]);
        }
    for (size_t i = 0; i < ARRAY_SIZE(without_plugin); i++)
        if (is_setuid(d, without_plugin[i])) {
            doctor_find(
                d, DOCTOR_WARNING, "switch-without-plugin", without_plugin[i],
                _("runs commands as others without Hufu's plugin for sudo: `command` lines of a grant "
                  "are not asked, and what it ran is not on record"));
            doctor_advise(d, _("Remove it, and use sudo."));
        }
}

/* ---- polkit ---- */

struct gated_names {
    const struct users *users;
    const struct user *who; /* whom the text names, or of whose group */
    char named[128];
};

static bool names_quoted(const char *text, const char *before, const char *name, const char *after)
{
    char wanted[160];

    (void)snprintf(wanted, sizeof(wanted), "%s%s%s", before, name, after);
    return strstr(text, wanted) != NULL;
}

/* Rules are JavaScript, which is not run here; a name stands in it between quotes. */
static bool names(const char *text, const char *name)
{
    return names_quoted(text, "\"", name, "\"") || names_quoted(text, "'", name, "'") ||
           names_quoted(text, "unix-user:", name, "") || names_quoted(text, "unix-group:", name, "");
}

static bool names_gated(struct doctor *d, const char *text, struct gated_names *g)
{
    size_t at = 0;

    while ((g->who = host_next_gated(d, g->users, &at)) != NULL) {
        if (names(text, g->who->name)) {
            (void)snprintf(g->named, sizeof(g->named), "%.100s", g->who->name);
            return true;
        }
        for (size_t i = 0; i < g->users->n_groups; i++)
            if (users_is_member(g->who, &g->users->groups[i]) && names(text, g->users->groups[i].name)) {
                (void)snprintf(g->named, sizeof(g->named), "%.100s", g->users->groups[i].name);
                return true;
            }
    }
    if (!names(text, GATED_GROUP))
        return false;
    (void)snprintf(g->named, sizeof(g->named), "%s", GATED_GROUP);
    return true;
}

/* A rule that asks nothing about who the subject is, or the Identity `*` of a .pkla file. */
static bool names_everybody(const char *text)
{
    static const char *const questions[] = {
        "isInGroup", "isInNetGroup", "subject.user", ".groups", "unix-user:", "unix-group:", NULL};

    if (strstr(text, "unix-user:*") || strstr(text, "unix-group:*"))
        return true;
    for (size_t i = 0; questions[i]; i++)
        if (strstr(text, questions[i]))
            return false;
    return true;
}

static bool says_yes(const char *text)
{
    return strstr(text, "polkit.Result.YES") || strstr(text, "Result.YES") || strstr(text, "ResultAny=yes") ||
           strstr(text, "ResultInactive=yes") || strstr(text, "ResultActive=yes");
}

static void check_rule(struct doctor *d, const char *path, struct gated_names *g)
{
    cleanup_free char *text = NULL;

    if (doctor_read_said(d, path, &text) < 0 || !says_yes(text))
        return;
    if (names_everybody(text))
        (void)snprintf(g->named, sizeof(g->named), "%s", _("everybody"));
    else if (!names_gated(d, text, g))
        return;
    doctor_find(
        d, DOCTOR_WARNING, "polkit-allows", path,
        _("says yes to %s, and so to gated accounts: polkit asks PAM only where a password is wanted"),
        g->named);
    doctor_advise(d, _("Read what it allows; take the group or account out, or answer polkit.Result.NO."));
}

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), t = strlen(tail);

    return n >= t && strcmp(name + n - t, tail) == 0;
}

/* Folders below a folder too, `depth` deep: those of .pkla files lie in folders of their own. */
static void check_folder(struct doctor *d, const char *folder, unsigned depth, struct gated_names *g)
{
    cleanup_doctor_names struct doctor_names found = {0};
    int r = doctor_list(d, folder, &found);

    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        doctor_unseen(d, folder, r);
    for (size_t i = 0; r == 0 && i < found.n; i++) {
        cleanup_free char *path = NULL;

        if (asprintf(&path, "%s/%s", folder, found.items[i]) < 0)
            path = NULL;
        else if (ends_with(path, ".rules") || ends_with(path, ".pkla"))
            check_rule(d, path, g);
        else if (depth > 0)
            check_folder(d, path, depth - 1, g);
    }
}

/* What polkit has pid 1 start is in nobody's session; the shipped rule leaves gated accounts pkexec alone. */
static void check_own_rule(struct doctor *d)
{
    static const char rule[] = "/usr/share/polkit-1/rules.d/00-hufu.rules";
    /* polkit 0.105 of Debian 11 and Ubuntu 22.04 and before, which reads .pkla files and no rules. */
    static const char *const without_rules[] = {"/usr/libexec/polkitd", "/usr/lib/policykit-1/polkitd"};

    for (size_t i = 0; i < ARRAY_SIZE(without_rules); i++)
        if (host_has(d, without_rules[i]) && !host_has(d, "/usr/lib/polkit-1/polkitd")) {
            doctor_find(
                d, DOCTOR_WARNING, "polkit-rule-missing", without_rules[i],
                _("is a polkit that reads no rules: what it lets vendors start (systemd-run, machinectl "
                  "shell, lingering units) belongs to no session and does not end with a grant"));
            doctor_advise(d, _("Install polkit 0.106 or later, or remove it."));
            return;
        }
    if (!host_has(d, "/usr/lib/polkit-1/polkitd") || host_has(d, rule))
        return;
    doctor_find(
        d, DOCTOR_WARNING, "polkit-rule-missing", rule,
        _("is not there: what polkit lets vendors start (systemd-run, machinectl shell, lingering units) "
          "belongs to no session and does not end with a grant"));
    doctor_advise(d, _("Install Hufu again, and: systemctl try-restart polkit"));
}

static void check_polkit(struct doctor *d)
{
    static const char *const folders[] = {
        "/etc/polkit-1/rules.d",       "/run/polkit-1/rules.d",        "/usr/local/share/polkit-1/rules.d",
        "/usr/share/polkit-1/rules.d", "/etc/polkit-1/localauthority", "/var/lib/polkit-1/localauthority"};
    cleanup(users_free_p) struct users *users = host_users(d);
    struct gated_names g = {.users = users};

    check_own_rule(d);
    for (size_t i = 0; users && i < ARRAY_SIZE(folders); i++)
        check_folder(d, folders[i], 1, &g);
}

void check_switches(struct doctor *d)
{
    check_programs(d);
    check_polkit(d);
}
