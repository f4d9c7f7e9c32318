#include "tests/unit/broker/doctor/healthy.h"

#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOW                                                                                     \
    "/usr/bin/systemctl show -p "                                                                \
    "Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload,DropInPaths,MainPID,User,"          \
    "NoNewPrivileges,PrivateNetwork,CapabilityBoundingSet,ProtectSystem,ProtectProc,ProcSubset," \
    "ProtectControlGroups,"                                                                      \
    "RuntimeDirectoryPreserve,LogRateLimitIntervalUSec hufud.service hufu-reaper.service "       \
    "hufu-reaper.socket "                                                                        \
    "hufu-ldapd.service"

#define RUNS \
    "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\nDropInPaths=\n"

static const char units[] =
    "Id=hufud.service\n" RUNS
    "MainPID=0\nUser=hufu\nNoNewPrivileges=yes\nPrivateNetwork=yes\nCapabilityBoundingSet=\n"
    "ProtectSystem=strict\nProtectProc=invisible\nProcSubset=all\nProtectControlGroups=yes\n"
    "RuntimeDirectoryPreserve=no\nLogRateLimitIntervalUSec=0\n\n"
    "Id=hufu-reaper.service\n" RUNS "MainPID=0\nUser=root\nNoNewPrivileges=yes\nPrivateNetwork=yes\n"
    "CapabilityBoundingSet=cap_kill\nProtectSystem=strict\nProtectProc=default\nProcSubset=all\n"
    "ProtectControlGroups=no\nRuntimeDirectoryPreserve=yes\nLogRateLimitIntervalUSec=30s\n\n"
    "Id=hufu-reaper.socket\n" RUNS "\n"
    "Id=hufu-ldapd.service\n" RUNS
    "MainPID=77\nUser=hufu-ldap\nNoNewPrivileges=yes\nCapabilityBoundingSet=\n";

static char *join(const char *a, const char *b)
{
    char *text = NULL;

    must(asprintf(&text, "%s%s", a, b ? b : "") >= 0);
    return text;
}

/* Whose the tests' files are, if that is not root; else one of their own. */
static uid_t hufu(void)
{
    return getuid() == 0 ? 991 : getuid();
}

void healthy_accounts(struct patient *p, const char *passwd, const char *group)
{
    cleanup_free char *base = NULL;
    cleanup_free char *accounts = NULL;
    cleanup_free char *groups = join("root:x:0:\nhufu-gated:x:990:\nhufu-forward:x:993:\nhufu-operators:x:"
                                     "994:\nhufu-auditors:x:995:\nhufu:x:991:\nusers:x:100:wang.wu,li.si\n",
                                     group);

    must(asprintf(&base,
                  "root:x:0:0:root:/root:/bin/bash\nhufu:x:%u:991::/var/lib/hufu:/usr/sbin/nologin\n"
                  "hufu-keys:x:992:992::/:/usr/sbin/nologin\nhufu-ldap:x:993:993::/:/usr/sbin/nologin\n"
                  "wang.wu:x:1000:1000::/home/wang.wu:/bin/bash\n"
                  "zhang.san:x:20001:990::/home/zhang.san:/bin/bash\n"
                  "li.si:x:20002:990::/home/li.si:/bin/sh\n",
                  hufu()) >= 0);
    accounts = join(base, passwd);
    patient_put(p, "/etc/passwd", accounts);
    patient_put(p, "/etc/group", groups);
    patient_answer(p, "/usr/bin/getent passwd", 0, accounts);
    patient_answer(p, "/usr/bin/getent group", 0, groups);
}

void healthy_units(struct patient *p, const char *line, const char *instead)
{
    const char *at = line ? strstr(units, line) : NULL;
    cleanup_free char *text = NULL;

    must(!line || at);
    must(asprintf(&text, "%.*s%s%s", at ? (int)(at - units) : 0, units, at ? instead : "",
                  at ? at + strlen(line) : units) >= 0);
    patient_answer(p, SHOW, 0, text);
}

void healthy_sudo(struct patient *p, const char *account, const char *settings, const char *entries)
{
    cleanup_free char *line = join("/usr/bin/sudo -n -ll -U ", account);
    cleanup_free char *text = NULL;

    must(asprintf(&text,
                  "Matching Defaults entries for %s on db01:\n    env_reset, mail_badpass,\n"
                  "    secure_path=/usr/sbin\\:/usr/bin, use_pty%s%s\n\n"
                  "User %s may run the following commands on db01:\n\n%s",
                  account, settings ? ", " : "", settings ? settings : "", account,
                  entries ? entries : "") >= 0);
    patient_answer(p, line, 0,
                   entries || strcmp(account, "root") == 0 ? text : "User is not allowed to run sudo.\n");
}

static void replace(const json_t **held, const char *text)
{
    json_decref((json_t *)*held);
    *held = text ? json_loads(text, 0, NULL) : NULL;
    must(!text || *held);
}

void healthy_broker(struct patient *p, const char *status, const char *grants)
{
    replace(&p->host.status, status);
    replace(&p->host.grants, grants);
}

void healthy_give(struct patient *p, const char *path, mode_t mode)
{
    must(chown(patient_path(p, path), hufu(), (gid_t)-1) == 0 && chmod(patient_path(p, path), mode) == 0);
}

static void put_files(struct patient *p)
{
    static const char *const empty[] = {"/etc/shadow",
                                        "/etc/subuid",
                                        "/etc/pam.d/sshd",
                                        "/etc/ssh/sshd_config",
                                        "/etc/sudoers",
                                        "/etc/sudoers.d/README",
                                        "/usr/bin/sudo",
                                        "/usr/sbin/hufud",
                                        "/usr/bin/hufuctl",
                                        "/usr/libexec/hufu/hufu-authorized-keys",
                                        "/usr/libexec/hufu/hufu-channel",
                                        "/usr/libexec/hufu/hufu-reaper",
                                        "/usr/lib/systemd/catalog/hufu.catalog",
                                        "/var/log/journal/x",
                                        "/usr/sbin/auditd",
                                        "/sys/fs/cgroup/cgroup.controllers",
                                        "/sys/fs/cgroup/init.scope/cgroup.kill",
                                        "/proc/self/loginuid"};

    for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
        patient_put(p, empty[i], "");
    patient_put(p, "/etc/hufu/hufud.conf",
                "[gate]\ngated-uid = 20000-29999\n[directory]\nstatus-max-age = 24h\n");
    patient_put(p, "/etc/hufu/reaper.conf", "[reaper]\ngated-uid = 20000-29999\n");
    patient_put(p, "/etc/nsswitch.conf", "passwd: files systemd\ngroup: files systemd\n");
    patient_put(p, "/etc/login.defs", "UID_MIN 1000\nUID_MAX 19999\n");
    patient_put(p, "/etc/audit/rules.d/50-hufu.rules",
                "-a always,exit -F auid>=20000 -F auid<=29999 -F key=hufu\n");
    patient_put(p, "/etc/rsyslog.d/remote.conf", "*.* @@logs.finance.example\n");
    patient_put(p, "/etc/sudo.conf",
                "Plugin hufu_approval hufu_sudo.so gated_uid=20000-29999\n"
                "Plugin hufu_audit hufu_sudo.so gated_uid=20000-29999\n");
    patient_put(p, "/usr/libexec/sudo/hufu_sudo.so", "");
    patient_put(p, "/proc/self/mounts", "proc /proc proc rw 0 0\n");
    patient_put(p, "/proc/sys/kernel/osrelease", "6.18.0\n");
    patient_put(p, "/var/lib/hufu/hufu.db", "");
    patient_put(p, "/var/lib/hufu/ledger.key", "");
    healthy_give(p, "/var/lib/hufu/ledger.key", 0600);
    healthy_give(p, "/var/lib/hufu", 0700);
    patient_put(p, "/var/lib/hufu-anchor/anchor", "");
    healthy_give(p, "/var/lib/hufu-anchor", 0700);
    healthy_give(p, "/var/lib/hufu-anchor/anchor", 0600);
    healthy_give(p, "/var/lib/hufu/hufu.db", 0600);
}

int healthy_setup(void **state)
{
    struct patient *p;

    if (patient_setup(state) != 0)
        return -1;
    p = *state;
    put_files(p);
    healthy_accounts(p, NULL, NULL);
    healthy_units(p, NULL, NULL);
    patient_answer(p, "/usr/sbin/hufud --check", 0, "");
    patient_answer(p, "/usr/libexec/hufu/hufu-reaper --check", 0, "");
    healthy_sudo(p, "root", NULL, NULL);
    healthy_sudo(p, "zhang.san", NULL, NULL);
    healthy_sudo(p, "li.si", NULL, NULL);
    patient_answer(p, "/usr/bin/systemctl show -p Id -p ActiveState systemd-logind.service", 0,
                   "Id=systemd-logind.service\nActiveState=active\n");
    return 0;
}
