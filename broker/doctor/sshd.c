#include "broker/doctor/sshd.h"

#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define ACCOUNTS_MAX  16  /* with different groups, or named in a Match line */
#define LOOKED_UP_MAX 500 /* accounts whose groups are asked for */
#define INCLUDES_MAX  64
#define DEPTH_MAX     16 /* of Include, as in sshd */

/* From elsewhere, and from the host itself. */
static const struct sshd_circumstance usual[] = {
    {.host = "outside.invalid", .address = "203.0.113.7", .local_address = "192.0.2.1", .local_port = "22"},
    {.host = "localhost", .address = "127.0.0.1", .local_address = "127.0.0.1", .local_port = "22"},
};

struct asking {
    struct doctor *d;
    const char *program;
    const struct sshd_instance *instance;
    struct sshd_matches matches;
    size_t includes;
    uint32_t told;
    bool broken; /* it has been said that sshd does not take the configuration */
};

static const char *find_program(struct doctor *d)
{
    static const char *const programs[] = {"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd",
                                           "/opt/openssh/sbin/sshd"};
    struct stat st;

    for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
        if (doctor_stat(d, programs[i], &st) == 0)
            return programs[i];
    return NULL;
}

/* ---- its files ---- */

static void read_config(struct asking *a, const char *path, unsigned depth);

/* A pattern in the last part of a path alone, as everybody writes it. */
static void read_pattern(struct asking *a, const char *word, unsigned depth)
{
    cleanup_free char *path = NULL, *folder = NULL;
    cleanup_doctor_names struct doctor_names names = {0};
    const char *slash;

    if (asprintf(&path, "%s%s", word[0] == '/' ? "" : "/etc/ssh/", word) < 0) {
        path = NULL;
        return;
    }
    slash = strrchr(path, '/');
    folder = strndup(path, (size_t)(slash - path));
    if (folder && strpbrk(folder, "*?[")) {
        doctor_unseen(a->d, path, -EOPNOTSUPP);
        return;
    }
    if (!folder || doctor_list(a->d, *folder ? folder : "/", &names) < 0)
        return;
    for (size_t i = 0; i < names.n; i++) {
        cleanup_free char *file = NULL;

        if (fnmatch(slash + 1, names.items[i], FNM_PERIOD) == 0 &&
            asprintf(&file, "%s/%s", folder, names.items[i]) >= 0)
            read_config(a, file, depth);
    }
}

static void read_config(struct asking *a, const char *path, unsigned depth)
{
    cleanup_free char *text = NULL;
    const char *at;

    if (depth > DEPTH_MAX || a->includes++ > INCLUDES_MAX) {
        a->matches.more = true;
        return;
    }
    if (doctor_read_said(a->d, path, &text) < 0)
        return;
    sshd_config_add_matches(text, &a->matches);
    for (at = text; at;) {
        cleanup_free char *line = sshd_config_next_include(&at);
        char *rest = NULL;

        for (char *word = line ? strtok_r(line, " \t\"=", &rest) : NULL; word;
             word = strtok_r(NULL, " \t\"=", &rest))
            read_pattern(a, word, depth + 1);
    }
}

/* ---- asking ---- */

static void tell_broken(struct asking *a, const char *said)
{
    if (a->broken)
        return;
    a->broken = true;
    /* Who may not read its keys is told so, and no more. */
    if (strstr(said, "Permission denied") || strstr(said, "no hostkeys available")) {
        doctor_unseen(a->d, a->instance->config, -EACCES);
        return;
    }
    doctor_find(a->d, DOCTOR_PROBLEM, "sshd-broken", a->instance->config, _("sshd does not take it: %.*s"),
                (int)strcspn(said, "\n"), said);
    doctor_advise(a->d, "%s -t -f %s", a->program, a->instance->config);
}

/* `sshd -T` for a connection, or (NULL) without one. 0, or it is said. */
static int ask(struct asking *a, const char *connection, struct doctor_output *ret)
{
    const char *argv[6 + SSHD_OPTIONS_MAX + 1] = {a->program, "-T", "-f", a->instance->config};
    size_t n = 4;
    int r;

    for (size_t i = 0; i < a->instance->n_options; i++)
        argv[n++] = a->instance->options[i];
    if (connection) {
        argv[n++] = "-C";
        argv[n++] = connection;
    }
    r = doctor_run(a->d, argv, ret);
    if (r < 0) {
        /* What takes its time once would take it for every account and circumstance. */
        a->broken = true;
        doctor_unseen(a->d, a->program, r);
        return r;
    }
    if (ret->status == 0)
        return 0;
    tell_broken(a, ret->error);
    return -EINVAL;
}

static const char *first_of(const char *text, const char *otherwise)
{
    return *text ? text : otherwise;
}

static void ask_about(struct asking *a, const char *account, const struct sshd_circumstance *c)
{
    cleanup_doctor_output struct doctor_output output = {0};
    cleanup_free char *connection = NULL, *who = NULL;
    const char *host = first_of(c->host, usual[0].host), *address = first_of(c->address, usual[0].address);
    int length = asprintf(&connection, "user=%s,host=%s,addr=%s,laddr=%s,lport=%s%s%s", account, host,
                          address, first_of(c->local_address, usual[0].local_address),
                          first_of(c->local_port, usual[0].local_port),
                          c->routing_domain[0] ? ",rdomain=" : "", c->routing_domain);

    if (length < 0 || asprintf(&who, _("%s from %s"), account, address) < 0) {
        doctor_unseen(a->d, a->instance->config, -ENOMEM);
        return;
    }
    if (ask(a, connection, &output) == 0)
        sshd_judge_settings(
            a->d, &(struct sshd_asked){.subject = a->instance->config, .who = who, .settings = output.out},
            &a->told);
}

/* In every circumstance that a Match line speaks of, and in the usual ones. */
static void ask_about_all(struct asking *a, const char *account)
{
    for (size_t i = 0; i < ARRAY_SIZE(usual) && !a->broken; i++)
        ask_about(a, account, &usual[i]);
    for (size_t i = 0; i < a->matches.n && !a->broken; i++) {
        const struct sshd_match *m = &a->matches.items[i];
        bool says = m->circumstance.host[0] || m->circumstance.address[0] ||
                    m->circumstance.local_address[0] || m->circumstance.local_port[0] ||
                    m->circumstance.routing_domain[0];

        if (says && (!m->users[0] || sshd_config_meets(account, m->users)))
            ask_about(a, account, &m->circumstance);
    }
}

/* ---- accounts ---- */

/* Accounts that Match lines cannot tell apart are one. */
static char *groups_of(struct doctor *d, const char *account)
{
    const char *const argv[] = {"/usr/bin/id", "-G", account, NULL};
    cleanup_doctor_output struct doctor_output output = {0};

    if (doctor_run(d, argv, &output) < 0 || output.status != 0)
        return NULL;
    return steal_pointer(&output.out);
}

static bool is_named(const struct sshd_matches *matches, const char *account)
{
    for (size_t i = 0; i < matches->n; i++)
        if (matches->items[i].users[0] && sshd_config_meets(account, matches->items[i].users))
            return true;
    return false;
}

struct seen {
    char *groups[ACCOUNTS_MAX];
    size_t n_groups, n;
};

/* Whether this account has to be asked about. */
static bool is_new(struct asking *a, struct seen *seen, const char *account)
{
    cleanup_free char *groups = groups_of(a->d, account);

    for (size_t i = 0; groups && i < seen->n_groups; i++)
        if (strcmp(seen->groups[i], groups) == 0)
            return is_named(&a->matches, account);
    if (groups && seen->n_groups < ACCOUNTS_MAX)
        seen->groups[seen->n_groups++] = steal_pointer(&groups);
    return true;
}

static void ask_about_accounts(struct asking *a, const struct doctor_accounts *accounts)
{
    struct seen seen = {.n = 0};
    size_t i;

    for (i = 0; i < accounts->n && i < LOOKED_UP_MAX && seen.n < ACCOUNTS_MAX && !a->broken; i++)
        if (is_new(a, &seen, accounts->items[i].name)) {
            ask_about_all(a, accounts->items[i].name);
            seen.n++;
        }
    if ((i < accounts->n && !a->broken) || a->matches.more) {
        doctor_find(a->d, DOCTOR_WARNING, "sshd-too-much", a->instance->config,
                    _("there are too many accounts or Match lines to ask sshd about each"));
        doctor_advise(a->d,
                      _("Gated accounts that differ in nothing but their name need one Match block: that of "
                        "/usr/share/hufu/ssh/hufu.conf."));
    }
    for (i = 0; i < seen.n_groups; i++)
        free(seen.groups[i]);
}

/* ---- what else there is ---- */

/* Without PAM, or with ways of their own to look accounts up. */
static void look_for_others(struct doctor *d)
{
    static const char *const programs[] = {
        "/usr/sbin/dropbear",     "/usr/sbin/tinysshd",  "/usr/sbin/lshd",
        "/usr/sbin/in.telnetd",   "/usr/sbin/telnetd",   "/usr/sbin/in.rshd",
        "/usr/sbin/in.rlogind",   "/usr/sbin/in.rexecd", "/usr/sbin/mosh-server-daemon",
        "/usr/sbin/shellinaboxd", "/usr/bin/ttyd",       "/usr/sbin/telnetlogin",
    };
    struct stat st;

    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        if (doctor_stat(d, programs[i], &st) < 0)
            continue;
        doctor_find(
            d, DOCTOR_WARNING, "sshd-other-daemon", programs[i],
            _("is another way in from the network, which may not ask PAM: Hufu says nothing about it"));
        doctor_advise(d, _("Remove its package, or see that no gated account can use it."));
    }
}

/* Seconds since 1970 of the latest change of a unit's state: start or reload. 0: it does not run, or nobody
 * knows.
 */
static long long state_change(struct doctor *d, const char *unit)
{
    const char *const argv[] = {
        "/usr/bin/systemctl", "show", unit, "--property=ActiveState,StateChangeTimestamp",
        "--timestamp=unix",   NULL};
    cleanup_doctor_output struct doctor_output output = {0};
    const char *at;

    if (doctor_run(d, argv, &output) < 0 || output.status != 0 || !strstr(output.out, "ActiveState=active\n"))
        return 0;
    at = strstr(output.out, "StateChangeTimestamp=@");
    return at ? strtoll(at + strlen("StateChangeTimestamp=@"), NULL, 10) : 0;
}

static void check_age_of(struct doctor *d, const char *unit, const char *path)
{
    long long since = state_change(d, unit);
    struct stat st;

    if (since == 0 || doctor_stat(d, path, &st) < 0 || st.st_mtim.tv_sec <= since)
        return;
    doctor_find(d, DOCTOR_WARNING, "sshd-not-restarted", path,
                _("was changed after %s was started or reloaded, so it is not yet in force"), unit);
    doctor_advise(d, "systemctl reload %s", unit);
}

static void check_age(struct doctor *d)
{
    static const char *const units[] = {"ssh.service", "sshd.service"};
    static const char *const paths[] = {SSHD_CONFIG, "/etc/ssh/sshd_config.d",
                                        "/etc/ssh/sshd_config.d/00-hufu.conf"};

    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        for (size_t j = 0; j < ARRAY_SIZE(paths); j++)
            check_age_of(d, units[i], paths[j]);
}

/* One that is none of those that are asked may know nothing of PAM. */
static void check_program(struct doctor *d, const char *program, const struct sshd_instance *instance)
{
    if (!instance->program[0] || strcmp(instance->program, program) == 0)
        return;
    doctor_find(d, DOCTOR_WARNING, "sshd-other-daemon", instance->program,
                _("is another way in from the network, which may not ask PAM: Hufu says nothing about it"));
    doctor_advise(d, _("Remove its package, or see that no gated account can use it."));
}

static void check_instance(struct doctor *d, const char *program, const struct sshd_instance *instance,
                           const struct doctor_accounts *accounts)
{
    struct asking *a = calloc(1, sizeof(*a));

    if (!a) {
        doctor_unseen(d, instance->config, -ENOMEM);
        return;
    }
    check_program(d, program, instance);
    *a = (struct asking){.d = d, .program = program, .instance = instance};
    read_config(a, instance->config, 0);
    ask_about_accounts(a, accounts);
    free(a);
}

void check_sshd(struct doctor *d)
{
    const char *program = find_program(d);
    cleanup_doctor_accounts struct doctor_accounts accounts = {0};
    struct sshd_instances *instances = calloc(1, sizeof(*instances));
    int r = doctor_gated_accounts(d, &accounts);

    look_for_others(d);
    if (!instances || r < 0)
        doctor_unseen(d, _("gated accounts"), instances ? r : -ENOMEM);
    else if (program) {
        sshd_instances_find(d, instances);
        if (instances->more)
            doctor_unseen(d, _("further daemons of sshd"), -E2BIG);
        for (size_t i = 0; i < instances->n; i++)
            check_instance(d, program, &instances->items[i], &accounts);
        check_age(d);
        doctor_looked(d,
                      ngettext("sshd's settings for %zu gated account",
                               "sshd's settings for %zu gated accounts", accounts.n),
                      accounts.n);
    }
    free(instances);
}
