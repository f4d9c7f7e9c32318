#include "broker/doctor/pam.h"

#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* libpam takes the first of these that has the file (Linux-PAM 1.5.2, without a vendor's folder). */
static const char *const folders[] = {"/etc/pam.d", "/usr/lib/pam.d"};

#define MODULES_MAX 500

struct services {
    struct pam_service *items;
    size_t n;
};

static void services_done(struct services *all)
{
    for (size_t i = 0; i < all->n; i++)
        stack_free(all->items[i].stack);
    free(all->items);
}

static int open_configuration(void *userdata, const char *name, char **text, char **path)
{
    struct doctor *d = userdata;
    int r = -ENOENT;

    *text = *path = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(folders) && r == -ENOENT; i++) {
        bool absolute = name[0] == '/';

        free(*path);
        if (asprintf(path, "%s%s%s", absolute ? "" : folders[i], absolute ? "" : "/", name) < 0) {
            *path = NULL;
            return -ENOMEM;
        }
        r = doctor_read_said(d, *path, text);
    }
    if (r == 0)
        return 0;
    free(*path);
    *path = NULL;
    return r;
}

/* What package managers and editors leave beside the files. */
static bool is_leftover(const char *name)
{
    static const char *const parts[] = {".dpkg-", ".rpm", ".pam-old", ".ucf-", ".bak", "~"};

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (strstr(name, parts[i]))
            return true;
    return name[0] == '.';
}

static bool is_known(const struct services *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->items[i].name, name) == 0)
            return true;
    return false;
}

static int add_service(struct doctor *d, struct services *all, const char *name)
{
    struct pam_service s = {.name = name}, *grown;
    int r = stack_read(name, open_configuration, d, &s.stack);

    /* One that could not be read has been said. */
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    grown = reallocarray(all->items, all->n + 1, sizeof(*grown));
    if (!grown) {
        stack_free(s.stack);
        return -ENOMEM;
    }
    s.file = s.stack->n_files > 0 ? s.stack->files[0] : name;
    pam_service_classify(&s);
    all->items = grown;
    grown[all->n++] = s;
    return 0;
}

static int read_folder(struct doctor *d, const char *folder, struct doctor_names *names, struct services *all)
{
    int r = doctor_list(d, folder, names);

    if (r == -ENOENT)
        return 0;
    if (r < 0)
        doctor_unseen(d, folder, r);
    for (size_t i = 0; r >= 0 && i < names->n; i++)
        if (!is_leftover(names->items[i]) && !is_known(all, names->items[i]))
            r = add_service(d, all, names->items[i]);
    return r == -ENOMEM ? r : 0;
}

/* A part of stacks (common-account, system-auth), and no service of its own. */
static bool is_part(const struct services *all, const struct pam_service *s)
{
    if (s->kind != SERVICE_OTHER)
        return false;
    for (size_t i = 0; i < all->n; i++)
        for (size_t j = 0; j < all->items[i].stack->n_included; j++)
            if (strcmp(all->items[i].stack->included[j], s->name) == 0)
                return true;
    return strncmp(s->name, "common-", 7) == 0;
}

static void check_file(struct doctor *d, const char *path)
{
    struct stat st;
    int r = doctor_stat(d, path, &st);

    if (r < 0)
        doctor_unseen(d, path, r);
    else if (!doctor_is_owned(d, &st)) {
        doctor_find(d, DOCTOR_PROBLEM, "pam-file-writable", path,
                    _("can be changed by somebody who is not root (owner %u, mode %o)"), st.st_uid,
                    st.st_mode & 07777U);
        doctor_advise(d, "chown root:root %s; chmod 644 %s", path, path);
    }
}

static void judge(struct doctor *d, const struct services *all, const struct pam_service *s)
{
    check_file(d, s->file);
    if (s->stack->broken) {
        doctor_find(d, DOCTOR_PROBLEM, "pam-broken", s->file,
                    _("libpam gives up on this service, for everybody: %s"), s->stack->broken);
        doctor_advise(d, _("Correct the line, or put the file back that it takes in."));
        return;
    }
    pam_judge_lines(d, s);
    if (!is_part(all, s) && !pam_service_is_harmless(s->name))
        pam_judge_ways(d, s);
}

static bool was_judged(const char **judged, size_t n, const char *module)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(judged[i], module) == 0)
            return true;
    return false;
}

/* Each name under which the stacks ask for a module, of any phase: all of them run as root. */
static void judge_modules(struct doctor *d, const struct services *all)
{
    const char *judged[MODULES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++)
        for (size_t phase = 0; phase < STACK_PHASES; phase++)
            for (size_t j = 0; j < all->items[i].stack->phases[phase].n; j++) {
                const char *module = all->items[i].stack->phases[phase].items[j].module;

                if (!module || was_judged(judged, n, module))
                    continue;
                if (n == MODULES_MAX) {
                    doctor_unseen(d, _("further PAM modules"), -E2BIG);
                    return;
                }
                judged[n++] = module;
                pam_judge_module(d, module);
            }
}

void check_pam(struct doctor *d)
{
    struct doctor_names names[ARRAY_SIZE(folders)] = {{.n = 0}};
    struct services all = {.n = 0};
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(folders) && r == 0; i++)
        r = read_folder(d, folders[i], &names[i], &all);
    if (r < 0)
        doctor_unseen(d, "/etc/pam.d", r);
    else if (all.n == 0)
        doctor_unseen(d, "/etc/pam.d", -ENOENT);
    else if (doctor_host_of(d)->gated_first == 0)
        doctor_unseen(d, _("PAM stacks, without the gated uids"), -ENODATA);
    for (size_t i = 0; r == 0 && doctor_host_of(d)->gated_first > 0 && i < all.n; i++)
        judge(d, &all, &all.items[i]);
    judge_modules(d, &all);
    doctor_looked(d, ngettext("%zu PAM service", "%zu PAM services", all.n), all.n);
    services_done(&all);
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        doctor_names_done(&names[i]);
}
