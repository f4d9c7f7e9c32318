#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"

#define ROOT    DOCTOR_PROBLEM, DOCTOR_CODE("group-amounts-to-root")
#define MORE    DOCTOR_WARNING, DOCTOR_CODE("group-gives-more")
#define DEVICES DOCTOR_NOTE, DOCTOR_CODE("group-gives-devices")

/* Groups of Debian and others whose members can more than they seem to. Those that amount to root undo the
 * gate: root rewrites login uids, and stops Hufu. */
static const struct group_row {
    const char *name;
    enum doctor_severity severity;
    const char *code;
    const char *why;
} rows[] = {
    {"root", ROOT, N_("what the group root may write, root runs")},
    {"docker", ROOT, N_("who starts a container is root on the host")},
    {"podman", ROOT, N_("who starts a container is root on the host")},
    {"lxd", ROOT, N_("who starts a container is root on the host")},
    {"incus", ROOT, N_("who starts a container is root on the host")},
    {"incus-admin", ROOT, N_("who starts a container is root on the host")},
    {"libvirt", ROOT, N_("a virtual machine may be given the host's disks")},
    {"disk", ROOT, N_("it reads and writes the disks below every file system")},
    {"kmem", ROOT, N_("it reads the memory of the kernel")},
    {"shadow", ROOT, N_("it reads the hashes of all passwords")},
    {"staff", ROOT, N_("it writes /usr/local/bin, which comes first in root's PATH")},
    {"crontab", ROOT, N_("it writes where cron looks for root's jobs")},
    {"hufu", ROOT, N_("it is hufud's own")},
    {"sudo", MORE, N_("sudoers of Debian lets it run everything; the grant alone stands before that")},
    {"wheel", MORE, N_("sudoers often lets it run everything; the grant alone stands before that")},
    {"admin", MORE, N_("sudoers often lets it run everything; the grant alone stands before that")},
    {"hufu-operators", MORE, N_("it is for who revokes and ends sessions; hufud refuses gated accounts")},
    {"hufu-auditors", MORE, N_("it is for who reads the records; hufud refuses gated accounts")},
    {"adm", MORE, N_("it reads every log of the host")},
    {"systemd-journal", MORE, N_("it reads every log of the host")},
    {"backup", MORE, N_("it reads what backups hold")},
    {"ssl-cert", MORE, N_("it reads the private keys of services")},
    {"input", MORE, N_("it reads each key that is pressed at the console")},
    {"video", MORE, N_("it sees the screen of the console")},
    {"tty", MORE, N_("it writes to the terminals of others")},
    {"wireshark", MORE, N_("it reads the traffic of the host")},
    {"netdev", MORE, N_("it changes the network of the host")},
    {"lpadmin", MORE, N_("it says which programs print, and they run as root")},
    {"utmp", MORE, N_("it writes the records of logins that `last` reads")},
    {"dialout", DEVICES, N_("it uses serial lines: machines behind them, and modems")},
    {"kvm", DEVICES, N_("it runs virtual machines of its own")},
    {"plugdev", DEVICES, N_("it mounts what is plugged in")},
};

static void find_member(struct doctor *d, const struct group_row *row, const struct user *u)
{
    doctor_find(d, row->severity, row->code, u->name, _("is in the group %s: %s"), row->name, _(row->why));
    doctor_advise(d, "gpasswd -d %s %s", u->name, row->name);
}

void check_groups(struct doctor *d)
{
    cleanup(users_free_p) struct users *users = host_users(d);

    if (!users)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct user_group *group = users_find_group(users, rows[i].name);
        const struct user *u;
        size_t at = 0;

        while (group && (u = host_next_gated(d, users, &at)) != NULL)
            if (users_is_member(u, group))
                find_member(d, &rows[i], u);
    }
}
