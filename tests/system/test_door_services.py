"""Services that log somebody in without asking for a password, or are none of those that a grant can name."""

import pytest

from doors import ADMITTED, DENIED, ask_pam, installed, peopled  # noqa: F401


def outcome(site, command, user=None):
    """Whom it reached, and the reason on record if nobody."""
    before = len(site.refusals())
    reached = site.box.run(command, user=user).out.split()
    return reached or site.refusals()[before:]


@pytest.fixture(scope="module", autouse=True)
def machined(peopled):  # noqa: F811
    peopled.box.sh("systemctl start systemd-machined")


@pytest.mark.usefixtures("installed")
def test_pid_1_starts_no_login(site):
    """systemd-run with a PAM name, and machinectl shell, both by root: logins from nowhere."""
    as_login = "systemd-run -q --pipe --uid={} -p PAMName=login id -un"
    shell = "machinectl -q shell {}@.host /usr/bin/id -un </dev/null | cat"
    assert outcome(site, as_login.format("zhang.san")) == outcome(site, shell.format("zhang.san")) in (["no-grant"], ["revoked"])
    site.grant(service="login", source="any")
    assert outcome(site, as_login.format("zhang.san")) == ["wrong-source"] == outcome(site, shell.format("zhang.san"))
    assert outcome(site, as_login.format("staff.person")) == ["staff.person"]


# What asks polkit whether it may, and the test's rule says yes: each would be root, or outlive its person, without their login uid.
ASKING_POLKIT = {
    "systemd-run": "systemd-run -q --pipe id -un </dev/null",
    "systemd-run as another": "systemd-run -q --pipe --uid=oracle id -un </dev/null",
    "machinectl shell": "machinectl -q shell .host /usr/bin/id -un </dev/null",
    "machinectl shell as another": "machinectl -q shell oracle@.host /usr/bin/id -un </dev/null",
    "systemctl": "systemctl stop cron && echo root",
    "linger": "loginctl enable-linger && echo root",
}


def test_polkit_gives_pkexec_alone(site):
    site.grant(**{"run-as": ["root", "oracle"], "command": "any"})
    everything = "; ".join(f"echo {name!r}-$({command} 2>&1)" for name, command in ASKING_POLKIT.items())
    said = site.ssh(command=f"{everything}; echo pkexec-$(pkexec id -un)").out
    assert "pkexec-root\n" in said
    assert "-root\n" not in said.replace("pkexec-root\n", "") and "-oracle\n" not in said, said
    assert not site.box.run("ls /var/lib/systemd/linger/* 2>/dev/null").ok
    # The rule is about nobody else.
    rule = 'polkit.addRule(function(a, s) { if (s.user == "staff.person") return "yes"; });\n'
    site.box.put("/etc/polkit-1/rules.d/60-staff.rules", rule)
    site.box.until(lambda: site.ssh("staff.person", ASKING_POLKIT["systemd-run"]).out == "root\n")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("service", ["ftp", "smtp", "made-up"])
def test_a_service_that_no_grant_can_name(site, service):
    """With a file of its own that includes what Debian's do, or without one."""
    site.grant(service=["sshd", "made-up"], source="any")
    if service == "ftp":
        site.box.put("/etc/pam.d/ftp", "@include common-auth\n@include common-account\n@include common-session\n")
    session = site.session_open()
    if service != "ftp" or "pam_hufu" in site.box.sh("cat /etc/pam.d/common-account"):
        assert ask_pam(site, service, "zhang.san", "account", "open") == {"account": DENIED, "open": DENIED}
        assert site.refusals()[-2:] == ["service-unknown"] * 2
    assert ask_pam(site, service, "staff.person", "account", "open") == {"account": ADMITTED, "open": ADMITTED}
    session[0].kill()


@pytest.mark.usefixtures("installed")
def test_changing_ones_own_account(site):
    """Setuid programs that ask PAM about who runs them. passwd asks for no permission, and gives no access that was not there."""
    site.grant()
    before = len(site.refusals())
    tried = site.ssh(command="(echo pw | chsh -s /bin/sh) & (echo pw | chfn -r 1) & sg hufu-operators id -un </dev/null; wait")
    assert tried.out == "", tried
    assert site.refusals()[before:] == ["service-unknown"] * 2
    changed = site.ssh(command="printf 'pw\\nNeu.4711\\nNeu.4711\\n' | passwd")
    site.box.sh("echo zhang.san:pw | chpasswd")
    assert changed.ok, changed
