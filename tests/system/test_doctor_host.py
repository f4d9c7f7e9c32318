"""hufuctl doctor and the host around the gate: accounts, sudo, units, files. Each row breaks one thing of a healthy host; doctor
finds it by its code, and nothing when it is as it was."""

import json

import pytest

# severity, code, subject, what breaks it, what undoes it
ACCOUNTS = [
    ("problem", "account-not-in-group", "chen", "useradd -M -u 20050 -g users chen", "userdel chen"),
    ("problem", "account-outside-range", "old.one", "useradd --badname -M -u 5000 -g hufu-gated old.one", "userdel old.one"),
    ("problem", "account-uid-shared", "twin", "useradd -M -o -u 20001 -g hufu-gated twin", "sed -i /^twin:/d /etc/passwd /etc/shadow"),
    ("problem", "group-amounts-to-root", "zhang.san", "groupadd docker; gpasswd -a zhang.san docker", "groupdel docker"),
    ("warning", "group-gives-more", "zhang.san", "gpasswd -a zhang.san adm", "gpasswd -d zhang.san adm"),
    ("warning", "account-second-root", "toor", "useradd -M -o -u 0 -g 0 toor", "sed -i /^toor:/d /etc/passwd /etc/shadow"),
    ("warning", "account-home-writable", "/home/zhang.san", "chmod 777 /home/zhang.san", "chmod 700 /home/zhang.san"),
    (
        "warning",
        "account-lingers",
        "zhang.san",
        "mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/zhang.san",
        "rm /var/lib/systemd/linger/zhang.san",
    ),
    (
        "warning",
        "accounts-elsewhere-first",
        "passwd",
        "sed -i 's/^passwd:.*/passwd: sss files systemd/' /etc/nsswitch.conf",
        "sed -i 's/^passwd:.*/passwd: files systemd/' /etc/nsswitch.conf",
    ),
    (
        "warning",
        "subordinate-ids-gated",
        "/etc/subuid",
        "cp /etc/subuid /root/; echo staff.person:19000:5000 >> /etc/subuid",
        "cat /root/subuid > /etc/subuid",
    ),
]

SUDOERS = "/etc/sudoers.d/broken"
SUDO = [
    ("problem", "sudo-without-pam", "/etc/sudoers", f"echo 'Defaults !pam_session' >> {SUDOERS}", f"rm -f {SUDOERS}"),
    ("warning", "sudo-environment", "/etc/sudoers", f"echo 'Defaults env_keep += \"LD_PRELOAD\"' >> {SUDOERS}", f"rm -f {SUDOERS}"),
    ("warning", "sudo-path", "zhang.san", f"echo 'Defaults:zhang.san !secure_path' >> {SUDOERS}", f"rm -f {SUDOERS}"),
    ("warning", "sudo-without-plugin", "zhang.san", f"echo 'zhang.san ALL=(ALL) NOPASSWD: /bin/true' >> {SUDOERS}", f"rm -f {SUDOERS}"),
    ("note", "sudo-without-password", "zhang.san", "true", "true"),
    ("problem", "sudoers-writable", "/etc/sudoers.d/open", "install -m 646 /dev/null /etc/sudoers.d/open", "rm /etc/sudoers.d/open"),
    ("problem", "switch-without-pam", "/usr/bin/super", "install -m 4755 /bin/true /usr/bin/super", "rm /usr/bin/super"),
    (
        "warning",
        "polkit-allows",
        "/etc/polkit-1/rules.d/10-vendors.rules",
        "mkdir -p /etc/polkit-1/rules.d; echo 'if (subject.isInGroup(\"hufu-gated\")) return polkit.Result.YES;'"
        " > /etc/polkit-1/rules.d/10-vendors.rules",
        "rm /etc/polkit-1/rules.d/10-vendors.rules",
    ),
]

DROPIN = "/etc/systemd/system/{}.service.d/broken.conf"
HOST = [
    ("problem", "range-differs", "/etc/hufu/reaper.conf", "sed -i s/29999/39999/ /etc/hufu/reaper.conf", "sed -i s/39999/29999/ /etc/hufu/reaper.conf"),
    (
        "problem",
        "config-wrong",
        "/etc/hufu/hufud.conf",
        "cp /etc/hufu/hufud.conf /root/; echo unknown = 1 >> /etc/hufu/hufud.conf",
        "cat /root/hufud.conf > /etc/hufu/hufud.conf",
    ),
    ("problem", "file-writable", "/etc/hufu/trust", "chmod 666 /etc/hufu/trust", "chmod 644 /etc/hufu/trust"),
    ("problem", "file-open", "/var/lib/hufu", "chmod 755 /var/lib/hufu", "chmod 700 /var/lib/hufu"),
    ("problem", "socket-wrong", "/run/hufu/gate", "chmod 600 /run/hufu/gate", "systemctl stop hufud && systemctl start hufud"),
    ("note", "proc-hidden", "/proc", "mount -o remount,hidepid=2 /proc", "mount -o remount,hidepid=0 /proc"),
    (
        "warning",
        "journal-not-kept",
        "systemd-journald",
        "mkdir -p /etc/systemd/journald.conf.d; printf '[Journal]\\nStorage=volatile\\n' > /etc/systemd/journald.conf.d/broken.conf",
        "rm /etc/systemd/journald.conf.d/broken.conf",
    ),
    ("warning", "unit-not-enabled", "hufud.service", "systemctl disable hufud", "systemctl enable hufud"),
    (
        "problem",
        "unit-weakened",
        "hufud.service",
        f"mkdir -p $(dirname {DROPIN.format('hufud')}); printf '[Service]\\nPrivateNetwork=no\\n' > {DROPIN.format('hufud')}; systemctl daemon-reload",
        f"rm {DROPIN.format('hufud')}; systemctl daemon-reload",
    ),
    (
        "problem",
        "unit-breaks-reaper",
        "hufu-reaper.service",
        f"mkdir -p $(dirname {DROPIN.format('hufu-reaper')}); printf '[Service]\\nProtectProc=invisible\\n' > {DROPIN.format('hufu-reaper')};"
        " systemctl daemon-reload",
        f"rm {DROPIN.format('hufu-reaper')}; systemctl daemon-reload",
    ),
    (
        "warning",
        "restart-needed",
        "hufud.service",
        "cp -p /usr/sbin/hufud /usr/sbin/hufud.new; mv /usr/sbin/hufud.new /usr/sbin/hufud",
        "systemctl restart hufud; until hufuctl status >/dev/null; do sleep 0.02; done",
    ),
]


def findings(site):
    result = site.box.run("hufuctl --json doctor")
    report = json.loads(result.out)
    assert result.code == (1 if report["problems"] else 0), report
    return [(finding["severity"], finding["code"], finding["subject"]) for finding in report["findings"]], report


def problems(site):
    found, report = findings(site)
    return [finding for finding in report["findings"] if finding["severity"] == "problem"]


@pytest.mark.parametrize("rows", [ACCOUNTS, SUDO, HOST], ids=["accounts", "sudo", "host"])
def test_each_broken_thing_is_found(site, rows):
    before, _ = findings(site)
    for _, _, _, breaking, _ in rows:
        site.box.sh(breaking)
    found, report = findings(site)
    for severity, code, subject, _, _ in rows:
        assert (severity, code, subject) not in before
        assert (severity, code, subject) in found, (code, report)
    # Each says what to do.
    assert all(finding["advice"] for finding in report["findings"]), report
    for _, _, _, _, undoing in rows:
        site.box.sh(undoing)
    assert sorted(set(findings(site)[0])) == sorted(set(before))


def test_a_healthy_host_has_no_problem(site):
    print(site.box.run("hufuctl doctor").out)
    assert problems(site) == []


def test_somebody_is_here_without_a_session(site):
    """Not of a vendor's who has one, and of everybody else who is gated."""
    site.grant()
    running, _ = site.session_open()
    site.vendor("wei.wu", 20009)
    left = site.box.start("exec sleep 600", user="wei.wu")
    pid = site.box.until(lambda: site.box.processes("wei.wu"))[0]
    # Younger ones could be of a login since hufud was asked.
    site.box.until(lambda: ("problem", "process-without-session", pid) in findings(site)[0])
    assert {f["subject"] for f in problems(site)} == {pid}
    left.kill()
    assert problems(site) == []
    running.kill()


def test_people_of_grants(site):
    site.grant(staff="staff.person", path="/root/other", service="login", key="password", source="local", channel="shell")
    site.grant(staff="nobody.here", path="/root/other", service="login", key="password", source="local", channel="shell")
    found, _ = findings(site)
    assert ("problem", "grant-account-not-gated", "staff.person") in found
    assert ("warning", "grant-without-account", "nobody.here") in found


def test_sudo_whose_plugin_is_gone(site):
    """sudo stops for everybody, which is said by both."""
    kept = site.box.get("/etc/sudo.conf") if site.box.run("test -e /etc/sudo.conf").ok else b""
    site.box.put("/etc/sudo.conf", "Plugin hufu_approval /usr/libexec/sudo/gone.so\nPlugin hufu_audit /usr/libexec/sudo/gone.so\n")
    found, _ = findings(site)
    site.box.put("/etc/sudo.conf", kept)
    assert ("problem", "sudo-plugin-missing", "/usr/libexec/sudo/gone.so") in found
    assert ("problem", "sudo-broken", "/usr/bin/sudo") in found


def test_who_may_not_look_is_told(site):
    result = site.box.run("hufuctl --json doctor", user="staff.person")
    assert result.code == 1
    assert "not-looked-at" in {finding["code"] for finding in json.loads(result.out)["findings"]}
