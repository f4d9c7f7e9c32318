#include "broker/common/i18n.h"
#include "broker/doctor/pam.h"
#include "broker/doctor/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATE_SOCKET "/run/hufu/gate"

/* Where distributions keep modules; libpam knows one of them. */
static const char *const module_folders[] = {
    "/usr/lib/x86_64-linux-gnu/security",
    "/usr/lib/aarch64-linux-gnu/security",
    "/usr/lib/riscv64-linux-gnu/security",
    "/usr/lib/loongarch64-linux-gnu/security",
    "/usr/lib/powerpc64le-linux-gnu/security",
    "/usr/lib/s390x-linux-gnu/security",
    "/usr/lib/i386-linux-gnu/security",
    "/usr/lib64/security",
    "/lib64/security",
    "/usr/lib/security",
    "/lib/security",
};

static void find_in_line(struct doctor *d, const struct stack_line *line, enum doctor_severity severity,
                         const char *option)
{
    doctor_find(d, severity, "pam-arguments", line->file,
                _("line %u: pam_hufu does not take the option \"%s\": it refuses every gated account"),
                line->number, option);
    doctor_advise(
        d,
        _("Take it out of the line. The options are gated_uid=FIRST-LAST, socket=PATH and refusals=shown."));
}

/* `gated_uid=` of one line, against that of hufud.conf. */
static void check_range(struct doctor *d, const struct stack_line *line, const char *value)
{
    const struct doctor_host *host = doctor_host_of(d);
    char wanted[32];

    (void)snprintf(wanted, sizeof(wanted), "%u-%u", host->gated_first, host->gated_last);
    if (host->gated_first == 0 || (value && strcmp(value, wanted) == 0))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "pam-range-differs", line->file,
                _("line %u: pam_hufu has gated_uid=%s, and hufud.conf has %s"), line->number,
                value ? value : "", wanted);
    doctor_advise(d, _("Make the range the same in every PAM stack, in /etc/hufu/hufud.conf and in "
                       "/etc/hufu/reaper.conf."));
}

static void check_arguments(struct doctor *d, const struct stack_line *line)
{
    const char *range = NULL;

    for (size_t i = 0; i < line->argc; i++) {
        const char *word = line->argv[i];

        if (strncmp(word, "gated_uid=", 10) == 0 && !range) {
            range = word + 10;
        } else if (strncmp(word, "socket=/", 8) == 0) {
            if (strcmp(word + 7, GATE_SOCKET) != 0) {
                doctor_find(d, DOCTOR_WARNING, "pam-other-socket", line->file,
                            _("line %u: pam_hufu asks at %s, where hufud is not by itself"), line->number,
                            word + 7);
                doctor_advise(d, _("Take the option out, unless something passes the question on to hufud."));
            }
        } else if (strcmp(word, "refusals=shown") != 0) {
            find_in_line(d, line, DOCTOR_PROBLEM, word);
        }
    }
    check_range(d, line, range);
}

static size_t index_of(const struct stack_lines *lines, const char *module)
{
    for (size_t i = 0; i < lines->n; i++)
        if (stack_is_module(&lines->items[i], module))
            return i;
    return lines->n;
}

/* pam_env(8) takes any number. */
static bool reads_persons_file(const struct stack_line *line)
{
    bool reads = false;

    if (!stack_is_module(line, "pam_env.so"))
        return false;
    for (size_t i = 0; i < line->argc; i++)
        if (strncmp(line->argv[i], "user_readenv=", 13) == 0)
            reads = strtol(line->argv[i] + 13, NULL, 10) != 0;
    return reads;
}

/* sshd says in PAM's environment which key it took, and pam_hufu looks there. */
static void check_environment(struct doctor *d, const struct pam_service *s, const struct stack_lines *lines,
                              size_t gate)
{
    for (size_t i = 0; i < gate; i++) {
        if (!reads_persons_file(&lines->items[i]))
            continue;
        doctor_find(
            d, DOCTOR_PROBLEM, "pam-env-before-gate", s->file,
            _("the session phase asks pam_hufu (line %u) after pam_env has read a file of the person's "
              "(line %u), which may say there that sshd took another key"),
            lines->items[gate].number, lines->items[i].number);
        doctor_advise(d, _("Put the lines of pam_hufu before it, or take user_readenv out of it."));
        return;
    }
}

/* Processes are told to be a person's by their login uid, and the longest life is told to pam_systemd. */
static void check_order(struct doctor *d, const struct pam_service *s, const struct stack_lines *lines)
{
    size_t gate = index_of(lines, "pam_hufu.so");
    size_t loginuid = index_of(lines, "pam_loginuid.so");
    size_t systemd = index_of(lines, "pam_systemd.so");

    if (gate == lines->n || s->kind == SERVICE_SWITCH || s->kind == SERVICE_OTHER)
        return;
    if (!pam_sets_loginuid(d, s)) {
        /* A user manager's processes are found by its unit, too. */
        doctor_find(
            d, s->kind == SERVICE_USER_MANAGER ? DOCTOR_WARNING : DOCTOR_PROBLEM, "pam-no-loginuid", s->file,
            _("the session phase does not set the login uid: what a gated account starts there cannot be "
              "told from others' processes, and may be left when its session ends"));
        doctor_advise(d, _("Put `session required pam_loginuid.so` before the lines of pam_hufu."));
    } else if (loginuid > gate && loginuid < lines->n) {
        doctor_find(
            d, DOCTOR_PROBLEM, "pam-before-loginuid", s->file,
            _("the session phase asks pam_hufu (line %u) before pam_loginuid (line %u) sets the login uid"),
            lines->items[gate].number, lines->items[loginuid].number);
        doctor_advise(d, _("Put `session required pam_loginuid.so` before the lines of pam_hufu."));
    }
    check_environment(d, s, lines, gate);
    if (systemd < gate) {
        doctor_find(
            d, DOCTOR_WARNING, "pam-after-systemd", s->file,
            _("the session phase asks pam_hufu (line %u) after pam_systemd (line %u): systemd does not learn "
              "how long the session may last"),
            lines->items[gate].number, lines->items[systemd].number);
        doctor_advise(d, _("Put the lines of pam_hufu before pam_systemd."));
    }
}

void pam_judge_lines(struct doctor *d, const struct pam_service *s)
{
    static const enum stack_phase phases[] = {STACK_ACCOUNT, STACK_SESSION};

    check_order(d, s, &s->stack->phases[STACK_SESSION]);
    for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
        const struct stack_lines *lines = &s->stack->phases[phases[i]];

        for (size_t j = 0; j < lines->n; j++)
            /* A file that several services take in is judged with its own. */
            if (walk_is_gate(&lines->items[j]) && strcmp(lines->items[j].file, s->file) == 0)
                check_arguments(d, &lines->items[j]);
    }
}

const char *pam_module_folder(struct doctor *d)
{
    struct stat st;

    for (size_t i = 0; i < ARRAY_SIZE(module_folders); i++) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/pam_unix.so", module_folders[i]);
        if (doctor_stat(d, path, &st) == 0)
            return module_folders[i];
    }
    return NULL;
}

static void tell_foreign(struct doctor *d, const char *path, const struct stat *st)
{
    doctor_find(d, DOCTOR_PROBLEM, "pam-module-foreign", path,
                _("can be changed by somebody who is not root (owner %u, mode %o)"), st->st_uid,
                st->st_mode & 07777U);
    doctor_advise(d, "chown root:root %s; chmod 644 %s", path, path);
}

/* One of the same name that is not where modules are decides what it likes. */
static void judge_gate(struct doctor *d, const char *path, const char *folder, const struct stat *st)
{
    cleanup_free char *own = NULL;
    struct stat shipped;

    if (!folder || asprintf(&own, "%s/pam_hufu.so", folder) < 0) {
        own = NULL;
        return;
    }
    if (doctor_stat(d, own, &shipped) == 0 && shipped.st_dev == st->st_dev && shipped.st_ino == st->st_ino)
        return;
    doctor_find(
        d, DOCTOR_PROBLEM, "pam-module-elsewhere", path,
        _("is named pam_hufu and is not the module that was installed: what it decides, nobody knows"));
    doctor_advise(d, _("Name the module pam_hufu.so, without a folder, in every stack."));
}

void pam_judge_module(struct doctor *d, const char *module)
{
    const char *folder = pam_module_folder(d), *slash = strrchr(module, '/');
    bool gate = strcmp(slash ? slash + 1 : module, "pam_hufu.so") == 0;
    cleanup_free char *path = NULL;
    struct stat st;
    int r;

    if (!folder && !slash) {
        if (gate)
            doctor_unseen(d, module, -ENOENT);
        return;
    }
    if (asprintf(&path, "%s%s%s",
                 module[0] == '/' ? ""
                 : folder         ? folder
                                  : "",
                 module[0] == '/' ? "" : "/", module) < 0) {
        path = NULL;
        doctor_unseen(d, module, -ENOMEM);
        return;
    }
    r = doctor_stat(d, path, &st);
    if (r == 0 && (!S_ISREG(st.st_mode) || !doctor_is_owned(d, &st)))
        tell_foreign(d, path, &st);
    if (r == 0 && gate)
        judge_gate(d, path, folder, &st);
    if (r == 0 || !gate)
        return;
    doctor_find(d, DOCTOR_PROBLEM, "pam-module-missing", path,
                _("is not there (%s): every gated login is refused"), strerrordesc_np(-r));
    doctor_advise(d, _("Install Hufu again, or take its lines out of the stacks."));
}
