#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"
#include "broker/doctor/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define STORE  "/var/lib/hufu"
#define ANCHOR "/var/lib/hufu-anchor"
#define RUN    "/run/hufu"

/* ---- what root alone may write ---- */

static void find_writable(struct doctor *d, const char *path)
{
    struct stat st;
    int r = doctor_stat(d, path, &st);

    if (r < 0 && r != -ENOENT)
        doctor_unseen(d, path, r);
    if (r < 0 || host_is_roots(d, &st))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "file-writable", path,
                _("can be written by others than root, who then say who gets in"));
    doctor_advise(d, "chown root:root %s && chmod go-w %s", path, path);
}

/* Its program is set-user-id, so its user's; chown to root would take recording away (docs/recording.md). */
static bool is_recorders(struct doctor *d, const struct users *users, const char *path)
{
    uid_t recorder = users ? host_uid_of(users, "hufu-rec") : (uid_t)-1;
    struct stat st;

    return strcmp(path, HUFU_LIBEXECDIR "/hufu-recorder") == 0 && recorder != (uid_t)-1 &&
           doctor_stat(d, path, &st) == 0 && !host_is_writable(&st, recorder, (gid_t)-1);
}

/* The folder and what lies in it. */
static void find_writable_below(struct doctor *d, const struct users *users, const char *folder)
{
    cleanup_doctor_names struct doctor_names names = {0};
    int r = doctor_list(d, folder, &names);

    if (r == -ENOENT)
        return;
    if (r < 0)
        doctor_unseen(d, folder, r);
    find_writable(d, folder);
    for (size_t i = 0; i < names.n; i++) {
        cleanup_free char *path = NULL;

        if (asprintf(&path, "%s/%s", folder, names.items[i]) < 0)
            path = NULL;
        else if (!is_recorders(d, users, path))
            find_writable(d, path);
    }
}

static void find_missing(struct doctor *d, const char *path, const char *why, const char *advice)
{
    if (host_has(d, path))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "file-missing", path, _("is not there: %s"), why);
    doctor_advise(d, "%s", advice);
}

/* Stacks and the module are looked at with PAM. */
static void check_programs(struct doctor *d, const struct users *users)
{
    static const char *const below[] = {"/etc/hufu", HUFU_LIBEXECDIR, "/etc/ssh/sshd_config.d"};
    static const char *const alone[] = {
        "/etc",         "/etc/pam.d", "/etc/ssh",        "/etc/security", "/etc/systemd/system",
        "/usr/libexec", "/usr/sbin",  "/usr/sbin/hufud", "/usr/bin",      "/usr/bin/hufuctl"};

    for (size_t i = 0; i < ARRAY_SIZE(below); i++)
        find_writable_below(d, users, below[i]);
    for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
        find_writable(d, alone[i]);
    find_missing(d, HUFU_LIBEXECDIR "/hufu-authorized-keys", _("sshd takes no key of a gated account"),
                 _("Install Hufu again."));
    find_missing(d, HUFU_LIBEXECDIR "/hufu-channel", _("sshd starts nothing for a gated account"),
                 _("Install Hufu again."));
    find_missing(d, HUFU_LIBEXECDIR "/hufu-reaper", _("no session can begin, and none is ended"),
                 _("Install Hufu again."));
}

static void check_accounts_files(struct doctor *d)
{
    static const char *const files[] = {"/etc/passwd",        "/etc/group",       "/etc/shadow",
                                        "/etc/nsswitch.conf", "/etc/login.defs",  "/etc/ssh/sshd_config",
                                        "/etc/ld.so.preload", "/etc/environment", "/etc/subuid"};

    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        find_writable(d, files[i]);
}

/* Every program loads these, sshd and sudo, too. */
static void check_preload(struct doctor *d)
{
    static const char file[] = "/etc/ld.so.preload";
    cleanup_free char *text = NULL;
    struct span line;
    const char *at;

    if (doctor_read_said(d, file, &text) < 0)
        return;
    at = text;
    while (lines_next(&at, &line)) {
        cleanup_free char *library = span_copy(line);

        if (!library)
            return;
        if (library[0] == '/')
            find_writable(d, library);
        doctor_find(d, DOCTOR_WARNING, "preloaded", file,
                    _("%s is loaded into every program, also into those that ask the gate"), library);
        doctor_advise(d,
                      _("Find out what it is (dpkg -S, rpm -qf); take its line out if no package has it."));
    }
}

/* ---- what others may not read ---- */

static void find_open(struct doctor *d, const char *path, uid_t owner, mode_t others)
{
    struct stat st;
    int r = doctor_stat(d, path, &st);

    if (r < 0 && r != -ENOENT)
        doctor_unseen(d, path, r);
    if (r < 0 || (st.st_uid == owner && (st.st_mode & others) == 0))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "file-open", path,
                _("is open to others (owner %u, mode %04o): it holds the records, or keys"),
                (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
    doctor_advise(d, "chown %u %s && chmod %s %s", (unsigned)owner, path, others == 077 ? "go-rwx" : "o-rwx",
                  path);
}

static void check_store(struct doctor *d, const struct users *users)
{
    static const char *const files[] = {STORE "/hufu.db", STORE "/hufu.db-wal", STORE "/hufu.db-shm"};
    uid_t hufu = host_uid_of(users, "hufu");

    find_missing(d, STORE, _("hufud has nowhere to keep records"),
                 _("Stop hufud, put a backup of it back, and start hufud; on a new host: hufuctl setup."));
    find_open(d, STORE, hufu, 077);
    find_missing(d, ANCHOR, _("a store that is put back from a copy is not noticed"),
                 "systemd-tmpfiles --create && systemctl restart hufud");
    find_open(d, ANCHOR, hufu, 077);
    if (host_has(d, ANCHOR "/anchor"))
        find_open(d, ANCHOR "/anchor", hufu, 077);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        find_open(d, files[i], hufu, 077);
    if (host_has(d, "/run/hufu-reaper"))
        find_open(d, "/run/hufu-reaper", host_root_uid(d), 077);
}

static void check_keys(struct doctor *d)
{
    cleanup_doctor_names struct doctor_names names = {0};

    (void)doctor_list(d, "/etc/hufu", &names);
    for (size_t i = 0; i < names.n; i++) {
        const char *dot = strrchr(names.items[i], '.');
        cleanup_free char *path = NULL;

        if (!dot || strcmp(dot, ".key") != 0)
            continue;
        if (asprintf(&path, "/etc/hufu/%s", names.items[i]) < 0)
            path = NULL;
        else
            find_open(d, path, host_root_uid(d), 007);
    }
}

/* ---- sockets ---- */

/* A restart of hufud alone would take over the one that is there: systemd keeps it meanwhile. */
#define REMAKE_OWN    "systemctl stop hufud && systemctl start hufud"
#define REMAKE_REAPER "systemctl restart hufu-reaper.socket hufu-reaper"

static void find_socket(struct doctor *d, const char *path, uid_t owner, mode_t wanted, const char *who,
                        const char *advice)
{
    struct stat st;
    int r = doctor_stat(d, path, &st);

    if (r < 0 && r != -ENOENT)
        doctor_unseen(d, path, r);
    if (r == -ENOENT)
        find_missing(d, path, who, advice);
    if (r < 0 || (S_ISSOCK(st.st_mode) && st.st_uid == owner && (st.st_mode & wanted) == wanted))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "socket-wrong", path,
                _("is not as hufud makes it (owner %u, mode %04o): %s"), (unsigned)st.st_uid,
                (unsigned)st.st_mode & 07777, who);
    doctor_advise(d, "%s", advice);
}

static void find_folder(struct doctor *d, const struct users *users)
{
    struct stat st;

    if (doctor_stat(d, RUN, &st) < 0 || !host_is_writable(&st, host_uid_of(users, "hufu"), (gid_t)-1))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "socket-wrong", RUN,
                _("can be written by others than hufud, who may then answer in its place"));
    doctor_advise(d, "chown hufu:hufu %s && chmod 755 %s", RUN, RUN);
}

/* Only while it answers: else it is known why they are not there. */
static void check_sockets(struct doctor *d, const struct users *users)
{
    uid_t hufu = host_uid_of(users, "hufu");

    find_folder(d, users);
    if (!doctor_host_of(d)->status)
        return;
    find_socket(d, RUN "/gate", hufu, 0666, _("sshd's helpers and screen lockers cannot ask, nor PAM"),
                REMAKE_OWN);
    find_socket(d, RUN "/control", hufu, 0666, _("operators and auditors cannot ask"), REMAKE_OWN);
    find_socket(d, RUN "/reaper", hufu, 0600, _("hufud cannot reach hufu-reaper"), REMAKE_REAPER);
}

/* ---- room ---- */

static void check_space(struct doctor *d)
{
    cleanup_free char *path = NULL;
    struct statvfs v;

    if (asprintf(&path, "%s%s", doctor_host_of(d)->root, STORE) < 0) {
        path = NULL;
        return;
    }
    if (statvfs(path, &v) < 0) {
        if (errno != ENOENT)
            doctor_unseen(d, STORE, -errno);
        return;
    }
    if (!space_is_short((uint64_t)v.f_bavail * v.f_frsize, (uint64_t)v.f_blocks * v.f_frsize) &&
        (v.f_files == 0 || v.f_favail > 100))
        return;
    doctor_find(d, DOCTOR_WARNING, "disk-nearly-full", STORE,
                _("has %llu MiB left, and %llu files: with no room for its record no gated login is let in"),
                (unsigned long long)((uint64_t)v.f_bavail * v.f_frsize / 1048576),
                (unsigned long long)v.f_favail);
    doctor_advise(d, _("Make room on its file system: df -h %s"), STORE);
}

/* What sysusers.d of Hufu makes. True: hufud's own is missing. */
static bool find_missing_users(struct doctor *d, const struct users *users)
{
    static const struct {
        const char *name, *why;
    } needed[] = {{"hufu", N_("hufud cannot start")},
                  {"hufu-keys", N_("sshd takes no key of a gated account")},
                  {"hufu-ldap", N_("hufu-ldapd cannot start")}};

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        if (host_uid_of(users, needed[i].name) != (uid_t)-1)
            continue;
        doctor_find(d, DOCTOR_PROBLEM, "user-missing", needed[i].name, _("is no account of this host: %s"),
                    _(needed[i].why));
        doctor_advise(d, "systemd-sysusers && systemd-tmpfiles --create");
    }
    return host_uid_of(users, "hufu") == (uid_t)-1;
}

void check_files(struct doctor *d)
{
    cleanup(users_free_p) struct users *users = host_users(d);

    check_programs(d, users);
    check_accounts_files(d);
    check_preload(d);
    check_space(d);
    if (!users)
        return;
    if (find_missing_users(d, users))
        return;
    check_store(d, users);
    check_keys(d);
    check_sockets(d, users);
    doctor_looked(d, "%s", _("owners and modes of what decides"));
}
