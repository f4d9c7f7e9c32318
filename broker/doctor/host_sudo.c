#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"
#include "broker/doctor/sudo_list.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define SUDO         "/usr/bin/sudo"
#define SUDOERS      "/etc/sudoers"
#define SUDOERS_D    "/etc/sudoers.d"
#define ACCOUNTS_MAX 200 /* that sudo is asked about, each in some milliseconds */

/* Settings that undo what the gate or sudo's plugin rely on. */
static const struct setting_row {
    const char *name;
    int bad; /* as sudo_list_flag(); -1: also if it is not given */
    enum doctor_severity severity;
    const char *code;
    const char *why;
    const char *advice;
} rows[] = {
    {"pam_session", 0, DOCTOR_PROBLEM, DOCTOR_CODE("sudo-without-pam"),
     N_("leaves out the session phase, where `run-as` of the grant is judged"),
     N_("Take `!pam_session` out of sudoers (visudo).")},
    {"pam_acct_mgmt", 0, DOCTOR_PROBLEM, DOCTOR_CODE("sudo-without-pam"),
     N_("leaves out the account phase, where the gate stands"),
     N_("Take `!pam_acct_mgmt` out of sudoers (visudo).")},
    {"runas_allow_unknown_id", 1, DOCTOR_PROBLEM, DOCTOR_CODE("sudo-without-pam"),
     N_("runs commands as uids that no account has, without a session phase"),
     N_("Take `runas_allow_unknown_id` out of sudoers (visudo).")},
    {"env_reset", 0, DOCTOR_WARNING, DOCTOR_CODE("sudo-environment"),
     N_("hands over the environment, in which a variable may say what is loaded"),
     N_("Take `!env_reset` out of sudoers (visudo).")},
    {"secure_path", -1, DOCTOR_WARNING, DOCTOR_CODE("sudo-path"),
     N_("looks for commands where the caller's PATH says"),
     N_("Add to sudoers (visudo): Defaults secure_path=\"/usr/sbin:/usr/bin:/sbin:/bin\"")},
    {"visiblepw", 1, DOCTOR_WARNING, DOCTOR_CODE("sudo-visible-password"),
     N_("shows passwords while they are typed"), N_("Take `visiblepw` out of sudoers (visudo).")},
};

/* What was said of everybody is not said of each. */
struct said {
    bool rows[ARRAY_SIZE(rows)];
    bool service, keep;
};

static bool is_bad(const struct sudo_list *l, const struct setting_row *row)
{
    int flag = sudo_list_flag(l, row->name);

    return row->bad == -1 ? flag != 1 : flag == row->bad;
}

static void find_service(struct doctor *d, const struct sudo_list *l, const char *subject, struct said *said)
{
    static const char *const names[] = {"pam_service", "pam_login_service", "pam_askpass_service"};

    for (size_t i = 0; i < ARRAY_SIZE(names) && !said->service; i++) {
        size_t at = 0;
        const char *value;

        while (!said->service && (value = sudo_list_value(l, names[i], &at)) != NULL) {
            if (strcmp(value, "sudo") == 0 || strcmp(value, "sudo-i") == 0)
                continue;
            said->service = true;
            doctor_find(d, DOCTOR_PROBLEM, "sudo-other-stack", subject,
                        _("sudo asks the PAM stack %s (%s) in place of its own, where the gate stands"),
                        value, names[i]);
            doctor_advise(d, _("Take `%s` out of sudoers (visudo)."), names[i]);
        }
    }
}

/* `*` in a name stands for anything. */
static bool is_pattern_of_loader(struct span word)
{
    static const char *const examples[] = {"LD_PRELOAD", "PYTHONPATH", "PERL5LIB", "RUBYLIB", "BASH_ENV"};
    cleanup_free char *pattern = span_copy(word);

    for (size_t i = 0; pattern && strchr(pattern, '*') && i < ARRAY_SIZE(examples); i++)
        if (fnmatch(pattern, examples[i], 0) == 0)
            return true;
    return false;
}

static bool keeps_loader(const char *value)
{
    static const char *const names[] = {"LD_", "PYTHON", "PERL", "RUBY", "BASH_ENV", "GCONV_PATH", "NODE_"};
    struct span rest = {value, strlen(value)}, word;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strstr(value, names[i]))
            return true;
    while (span_field(&rest, ' ', &word)) {
        while (word.length > 0 && (word.text[0] == '"' || word.text[0] == '\\')) {
            word.text++;
            word.length--;
        }
        while (word.length > 0 && word.text[word.length - 1] == '"')
            word.length--;
        if (is_pattern_of_loader(word))
            return true;
    }
    return false;
}

static void find_kept(struct doctor *d, const struct sudo_list *l, const char *subject, struct said *said)
{
    const char *value;
    size_t at = 0;

    while (!said->keep && (value = sudo_list_value(l, "env_keep", &at)) != NULL)
        if (keeps_loader(value)) {
            said->keep = true;
            doctor_find(d, DOCTOR_WARNING, "sudo-environment", subject,
                        _("keeps variables that say what a program loads: env_keep %s"), value);
            doctor_advise(d, _("Take them out of env_keep in sudoers (visudo)."));
        }
}

static void find_settings(struct doctor *d, const struct sudo_list *l, const char *subject, struct said *said)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct setting_row *row = &rows[i];

        if (said->rows[i] || !is_bad(l, row))
            continue;
        said->rows[i] = true;
        doctor_find(d, row->severity, row->code, subject, _("sudo, by `%s%s`, %s"), row->bad == 1 ? "" : "!",
                    row->name, _(row->why));
        doctor_advise(d, "%s", _(row->advice));
    }
    find_service(d, l, subject, said);
    find_kept(d, l, subject, said);
}

/* NULL: it is said why. *broken: sudo itself does not work. */
static struct sudo_list *list_of(struct doctor *d, const char *name, bool *broken)
{
    const char *const argv[] = {SUDO, "-n", "-ll", "-U", name, NULL};
    cleanup_doctor_output struct doctor_output output = {0};
    struct sudo_list *l = NULL;
    char line[201];
    int r = doctor_run(d, argv, &output);

    if (r == 0 && output.status != 0 && !strstr(output.error, "password is required")) {
        doctor_find(d, DOCTOR_PROBLEM, "sudo-broken", SUDO, _("works for nobody: %s"),
                    host_first_line(output.error, line));
        doctor_advise(d, "visudo -c; sudo -V");
        *broken = true;
        return NULL;
    }
    if (r == 0 && output.status != 0)
        r = -EACCES;
    if (r == 0)
        r = sudo_list_parse(output.out, &l);
    if (r < 0)
        doctor_unseen(d, _("what sudo allows"), r);
    *broken = r < 0;
    return l;
}

static void find_account(struct doctor *d, const char *name, const struct sudo_plugins *plugins,
                         struct said *said, bool *broken)
{
    cleanup(sudo_list_free_p) struct sudo_list *l = list_of(d, name, broken);

    if (!l || !l->allowed)
        return;
    find_settings(d, l, name, said);
    if (!plugins->hufu_approval) {
        doctor_find(d, DOCTOR_WARNING, "sudo-without-plugin", name,
                    _("may run commands by sudo, and sudo does not load Hufu's plugin: only grants with "
                      "`command: any` allow any, and which were run is not on record"));
        doctor_advise(d, _("Install it: %s"), "/usr/share/hufu/sudo/enable");
    }
    if (l->without_password) {
        doctor_find(
            d, DOCTOR_NOTE, "sudo-without-password", name,
            _("is asked for no password by sudo: what runs in the session may run the commands, too"));
        doctor_advise(d, _("Leave NOPASSWD only to accounts that have no password."));
    }
    if (l->may_set_environment) {
        doctor_find(d, DOCTOR_WARNING, "sudo-environment", name,
                    _("may set variables for what sudo runs (SETENV), and so say what it loads"));
        doctor_advise(d, _("Take SETENV out of sudoers (visudo)."));
    }
}

static void find_accounts(struct doctor *d, const struct users *users, const struct sudo_plugins *plugins)
{
    bool broken = false;
    cleanup(sudo_list_free_p) struct sudo_list *everybody = list_of(d, "root", &broken);
    struct said said = {.service = false};
    const struct user *u;
    size_t i = 0, n = 0;

    if (everybody)
        find_settings(d, everybody, SUDOERS, &said);
    while (!broken && (u = host_next_gated(d, users, &i)) != NULL) {
        if (n++ == ACCOUNTS_MAX) {
            doctor_unseen(d, _("what sudo allows further gated accounts"), -E2BIG);
            return;
        }
        find_account(d, u->name, plugins, &said, &broken);
    }
}

/* ---- files ---- */

static void find_writable(struct doctor *d, const char *path)
{
    struct stat st;
    int r = doctor_stat(d, path, &st);

    if (r < 0 && r != -ENOENT)
        doctor_unseen(d, path, r);
    if (r < 0 || host_is_roots(d, &st))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "sudoers-writable", path,
                _("can be written by others than root, who then say what sudo allows; or sudo refuses it"));
    doctor_advise(
        d, S_ISDIR(st.st_mode) ? "chown root:root %s && chmod 755 %s" : "chown root:root %s && chmod 440 %s",
        path, path);
}

static void check_sudoers(struct doctor *d)
{
    cleanup_doctor_names struct doctor_names names = {0};

    find_writable(d, SUDOERS);
    find_writable(d, SUDOERS_D);
    find_writable(d, "/etc/sudo.conf");
    if (doctor_list(d, SUDOERS_D, &names) < 0)
        return;
    for (size_t i = 0; i < names.n; i++) {
        cleanup_free char *path = NULL;

        if (asprintf(&path, "%s/%s", SUDOERS_D, names.items[i]) < 0)
            path = NULL;
        else
            find_writable(d, path);
    }
}

/* ---- sudo.conf ---- */

static char *plugin_path(const struct sudo_plugins *p)
{
    const char *folder = p->folder[0] != '\0' ? p->folder : "/usr/libexec/sudo";
    char *path = NULL;

    if (p->hufu_file[0] == '/')
        return strdup(p->hufu_file);
    return asprintf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", p->hufu_file) < 0
               ? NULL
               : path;
}

static void find_plugin_file(struct doctor *d, const struct sudo_plugins *p)
{
    cleanup_free char *path = plugin_path(p);
    struct stat st;
    int r = path ? doctor_stat(d, path, &st) : -ENOMEM;

    if (r == -ENOENT) {
        doctor_find(d, DOCTOR_PROBLEM, "sudo-plugin-missing", path,
                    _("is named by /etc/sudo.conf and is not there: sudo works for nobody"));
        doctor_advise(d, _("Install it again, or take the lines with hufu_ out of /etc/sudo.conf: %s"),
                      "/usr/share/hufu/sudo/disable");
    } else if (r < 0) {
        doctor_unseen(d, path ? path : "/etc/sudo.conf", r);
    } else if (!host_is_roots(d, &st)) {
        doctor_find(d, DOCTOR_PROBLEM, "sudo-plugin-writable", path,
                    _("can be written by others than root, who then run what they like as root"));
        doctor_advise(d, "chown root:root %s && chmod 644 %s", path, path);
    }
}

static void find_range(struct doctor *d, const struct sudo_plugins *p)
{
    const struct doctor_host *h = doctor_host_of(d);
    char range[32];

    (void)snprintf(range, sizeof(range), "%u-%u", (unsigned)h->gated_first, (unsigned)h->gated_last);
    if (h->gated_first == 0 || ((!p->hufu_approval || strcmp(p->ranges[0], range) == 0) &&
                                (!p->hufu_audit || strcmp(p->ranges[1], range) == 0)))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "sudo-range-differs", "/etc/sudo.conf",
                _("does not give Hufu's plugin the range of hufud.conf (gated_uid=%s): it judges others, or "
                  "refuses everybody gated"),
                range);
    doctor_advise(d, "/usr/share/hufu/sudo/enable");
}

static void check_plugins(struct doctor *d, struct sudo_plugins *p)
{
    cleanup_free char *text = NULL;

    (void)doctor_read_said(d, "/etc/sudo.conf", &text);
    sudo_plugins_parse(text ? text : "", p);
    if (p->hufu_file[0] != '\0')
        find_plugin_file(d, p);
    find_range(d, p);
    if (p->other_policy) {
        doctor_find(d, DOCTOR_PROBLEM, "sudo-other-policy", "/etc/sudo.conf",
                    _("loads the policy %s: it need not ask PAM, where the gate stands"), p->other_name);
        doctor_advise(d, _("Take its line out, or name sudoers_policy in its place."));
    }
    if (p->hufu_approval != p->hufu_audit) {
        doctor_find(d, DOCTOR_WARNING, "sudo-half-plugin", "/etc/sudo.conf",
                    p->hufu_audit ? _("loads hufu_audit without hufu_approval: nothing is judged")
                                  : _("loads hufu_approval without hufu_audit: what came of a command is not "
                                      "on record"));
        doctor_advise(d, "/usr/share/hufu/sudo/enable");
    }
}

void check_sudo(struct doctor *d)
{
    cleanup(users_free_p) struct users *users = NULL;
    struct sudo_plugins plugins;

    if (!host_has(d, SUDO))
        return;
    check_sudoers(d);
    check_plugins(d, &plugins);
    users = host_users(d);
    if (users)
        find_accounts(d, users, &plugins);
    doctor_looked(d, "%s", _("what sudo allows"));
}
