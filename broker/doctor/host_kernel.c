#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What Hufu needs of the kernel and of systemd: whose a process is, that all are seen, that all can be ended.
 */

static void check_login_uid(struct doctor *d)
{
    if (host_has(d, "/proc/self/loginuid"))
        return;
    doctor_find(
        d, DOCTOR_PROBLEM, "login-uid-missing", "/proc/self/loginuid",
        _("is not there: the kernel does not remember who logged in, and a vendor who becomes root is root"));
    doctor_advise(d, _("Boot a kernel with CONFIG_AUDIT, without audit=off in its command line."));
}

/* As the process of that number sees /proc. True also if that cannot be told. */
static bool hides(struct doctor *d, const char *pid, char *options, size_t size)
{
    cleanup_free char *path = NULL, *mounts = NULL;

    if (asprintf(&path, "/proc/%s/mounts", pid) < 0) {
        path = NULL;
        return true;
    }
    if (doctor_read_said(d, path, &mounts) < 0)
        return true;
    return mount_options(mounts, "/proc", options, size) && mount_hides_processes(options);
}

/* The shipped unit has a mount of its own, which does not take this machine's options over. */
static bool reaper_sees_all(struct doctor *d)
{
    static const char *const argv[] = {"/usr/bin/systemctl",  "show", "-p", "Id", "-p", "MainPID",
                                       "hufu-reaper.service", NULL};
    cleanup_free char *shown = host_output(d, argv);
    char pid[16], options[256];

    return shown && unit_property(shown, "hufu-reaper.service", "MainPID", pid, sizeof(pid)) &&
           strcmp(pid, "0") != 0 && !hides(d, pid, options, sizeof(options));
}

static void check_proc(struct doctor *d)
{
    char options[256] = "?";

    if (!hides(d, "self", options, sizeof(options)))
        return;
    if (reaper_sees_all(d)) {
        doctor_find(d, DOCTOR_NOTE, "proc-hidden", "/proc",
                    _("is mounted with %s; hufu-reaper has a /proc of its own, which hides nothing"),
                    options);
        doctor_advise(d, _("Nothing has to be done while the shipped unit runs."));
        return;
    }
    doctor_find(d, DOCTOR_PROBLEM, "proc-hidden", "/proc",
                _("is mounted with %s: hufu-reaper does not start where it may not see every process"),
                options);
    doctor_advise(
        d, _("Take hidepid out of /etc/fstab and of proc.mount, and: mount -o remount,hidepid=0 /proc"));
}

static void check_cgroups(struct doctor *d)
{
    if (!host_has(d, "/sys/fs/cgroup/cgroup.controllers")) {
        doctor_find(
            d, DOCTOR_WARNING, "cgroup-version", "/sys/fs/cgroup",
            _("is not the unified hierarchy: sessions are ended process by process, which takes longer"));
        doctor_advise(d, _("Boot without systemd.unified_cgroup_hierarchy=0."));
    } else if (!host_has(d, "/sys/fs/cgroup/init.scope/cgroup.kill") &&
               !host_has(d, "/sys/fs/cgroup/system.slice/cgroup.kill")) {
        doctor_find(d, DOCTOR_WARNING, "cgroup-kill-missing", "/sys/fs/cgroup",
                    _("has no cgroup.kill: sessions are ended process by process, which takes longer"));
        doctor_advise(d, _("Boot Linux 5.14 or later."));
    }
}

static void check_release(struct doctor *d)
{
    cleanup_free char *release = NULL;

    if (doctor_read_said(d, "/proc/sys/kernel/osrelease", &release) < 0 || kernel_is_at_least(release, 6, 5))
        return;
    release[strcspn(release, "\n")] = '\0';
    doctor_find(d, DOCTOR_NOTE, "kernel-older", "/proc/sys/kernel/osrelease",
                _("Linux %s knows no SO_PEERPIDFD (6.5): who calls is taken by pid, and looked at twice"),
                release);
    doctor_advise(d, _("Nothing has to be done; a later kernel is simpler."));
}

static void check_logind(struct doctor *d)
{
    static const char *const argv[] = {"/usr/bin/systemctl",     "show", "-p", "Id", "-p", "ActiveState",
                                       "systemd-logind.service", NULL};
    cleanup_free char *shown = host_output(d, argv);
    char state[32];

    if (!shown || (unit_property(shown, "systemd-logind.service", "ActiveState", state, sizeof(state)) &&
                   strcmp(state, "active") == 0))
        return;
    doctor_find(d, DOCTOR_WARNING, "logind-away", "systemd-logind",
                _("does not run: sessions have no scope of their own, and are ended process by process"));
    doctor_advise(d, "systemctl unmask systemd-logind; systemctl start systemd-logind");
}

void check_kernel(struct doctor *d)
{
    check_login_uid(d);
    check_proc(d);
    check_cgroups(d);
    check_release(d);
    check_logind(d);
    doctor_looked(d, "%s", _("kernel, /proc and cgroups"));
}
