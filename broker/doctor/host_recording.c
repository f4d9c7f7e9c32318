#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"
#include "broker/doctor/settings.h"
#include "policy/base/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* Where hufud.conf says that sessions can be recorded: is all there that it takes (docs/recording.md)? What
 * hufud looks at itself (recording_is_possible) refuses a login; the rest ends a session that began. */

#define HUFUD_CONF  "/etc/hufu/hufud.conf"
#define SNIPPET     "/etc/profile.d/hufu-recording.sh"
#define SET_UP      "systemd-tmpfiles --create hufu-recording.conf"
#define MODE_BITS   07777
#define MODE_RUN    04750
#define MODE_FOLDER 02750

static bool is_configured(struct doctor *d)
{
    cleanup_free char *text = NULL;
    struct span value;

    /* That it cannot be read, its program says. */
    return doctor_read(d, HUFUD_CONF, &text) == 0 && lines_value(text, "recording", "recorder", &value) &&
           span_is(value, "tlog");
}

static void check_owner(struct doctor *d, const struct users *users, const char *path, mode_t type,
                        mode_t mode, const char *group_name)
{
    uid_t owner = host_uid_of(users, RECORDER_USER);
    const struct user_group *group = users_find_group(users, group_name);
    struct stat st;
    int r = doctor_lstat(d, path, &st);

    if (r < 0 && r != -ENOENT) {
        doctor_unseen(d, path, r);
        return;
    }
    if (r == -ENOENT)
        doctor_find(d, DOCTOR_PROBLEM, "recorder-wrong", path,
                    _("is not there: who has a grant that requires recording is refused"));
    else if ((st.st_mode & S_IFMT) != type || st.st_uid != owner || !group || st.st_gid != group->gid ||
             (st.st_mode & MODE_BITS) != mode)
        doctor_find(d, DOCTOR_PROBLEM, "recorder-wrong", path,
                    _("belongs to %u:%u with mode %04o, and has to be %s:%s with mode %04o: who has a grant "
                      "that requires recording cannot get in, or others change recordings"),
                    (unsigned)st.st_uid, (unsigned)st.st_gid, (unsigned)st.st_mode & MODE_BITS, RECORDER_USER,
                    group_name, (unsigned)mode);
    else
        return;
    doctor_advise(d, _("%s; the file is /usr/share/hufu/recording/hufu-recording.conf"), SET_UP);
}

static void check_recorder(struct doctor *d)
{
    cleanup(users_free_p) struct users *users = host_users(d);

    if (!users)
        return;
    if (host_uid_of(users, RECORDER_USER) == (uid_t)-1) {
        doctor_find(d, DOCTOR_PROBLEM, "user-missing", RECORDER_USER, _("is no account of this host: %s"),
                    _("nothing can be recorded"));
        doctor_advise(d, "systemd-sysusers && " SET_UP);
        return;
    }
    check_owner(d, users, RECORDER_PROGRAM, S_IFREG, MODE_RUN, "hufu-gated");
    check_owner(d, users, RECORDER_FOLDER, S_IFDIR, MODE_FOLDER, "hufu-auditors");
}

/* tlog asks for its host's name before it starts, and tells utmp of its terminal. */
static void check_tlog(struct doctor *d)
{
    cleanup_doctor_output struct doctor_output output = {0};
    cleanup_free char *name = NULL;
    const char *argv[] = {"/usr/bin/getent", "ahosts", NULL, NULL};
    int r;

    if (!host_has(d, RECORDER_TLOG)) {
        doctor_find(d, DOCTOR_PROBLEM, "tlog-missing", RECORDER_TLOG,
                    _("is not there: who has a grant that requires recording is refused"));
        doctor_advise(d, "apt-get install tlog");
    }
    if (!host_has(d, "/run/utmp")) {
        doctor_find(d, DOCTOR_PROBLEM, "tlog-cannot-start", "/run/utmp",
                    _("is not there, and tlog starts on no terminal without it: such sessions are ended"));
        doctor_advise(d, _("Install and start what makes it: systemd-update-utmp.service"));
    }
    if (doctor_read_said(d, "/proc/sys/kernel/hostname", &name) < 0)
        return;
    name[strcspn(name, "\n")] = '\0';
    argv[2] = name;
    r = doctor_run(d, argv, &output);
    if (r < 0)
        doctor_unseen(d, argv[0], r);
    if (r < 0 || output.status == 0)
        return;
    doctor_find(
        d, DOCTOR_WARNING, "tlog-cannot-start", name,
        _("is this host's name and has no address: where no name server answers either, tlog does not "
          "start, and such sessions are ended"));
    doctor_advise(d, _("Add a line to /etc/hosts: 127.0.1.1 %s"), name);
}

/* sshd has its ForceCommand; login has this alone. */
static void check_console(struct doctor *d)
{
    if (!host_has(d, "/etc/pam.d/login") || host_has(d, SNIPPET))
        return;
    doctor_find(
        d, DOCTOR_WARNING, "console-not-recorded", SNIPPET,
        _("is not there: a login at a console is not recorded, and is ended where the grant requires it"));
    doctor_advise(d, "install -m 644 /usr/share/hufu/recording/hufu-recording.sh /etc/profile.d/");
}

static void check_room(struct doctor *d)
{
    cleanup_free char *path = NULL;
    struct statvfs v;

    if (asprintf(&path, "%s%s", doctor_host_of(d)->root, RECORDER_FOLDER) < 0) {
        path = NULL;
        return;
    }
    if (statvfs(path, &v) < 0) {
        if (errno != ENOENT)
            doctor_unseen(d, RECORDER_FOLDER, -errno);
        return;
    }
    if (!space_is_short((uint64_t)v.f_bavail * v.f_frsize, (uint64_t)v.f_blocks * v.f_frsize))
        return;
    doctor_find(d, DOCTOR_WARNING, "disk-nearly-full", RECORDER_FOLDER,
                _("has %llu MiB left: with no room for a recording nobody with such a grant can work"),
                (unsigned long long)((uint64_t)v.f_bavail * v.f_frsize / 1048576));
    doctor_advise(d, _("Move recordings that are no longer needed here to another host: du -sh %s"),
                  RECORDER_FOLDER);
}

void check_recording(struct doctor *d)
{
    if (!is_configured(d))
        return;
    check_recorder(d);
    check_tlog(d);
    check_console(d);
    check_room(d);
    doctor_looked(d, "%s", _("what recording takes"));
}
