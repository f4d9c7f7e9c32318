"""The whole stacks of /usr/share/hufu/pam, in place of what pam-auth-update makes: the other way to install."""

import pytest

from site_setup import Site


class WholeStacks(Site):
    stacks = "for f in /usr/share/hufu/pam/*; do case $f in */README) ;; *) install -m 644 $f /etc/pam.d/ ;; esac; done"


@pytest.fixture(scope="module")
def guarded(box):
    return WholeStacks(box).establish()


def test_gate_opens_and_shuts(site):
    assert not site.ssh(key=None, password="pw").ok
    assert site.refusals()[-1] == "no-grant"
    grant = site.grant()
    running, _ = site.session_open()
    assert site.revoke(grant).ok
    assert site.box.processes("zhang.san") == []
    running.wait(timeout=2)


def test_each_login_is_one_question(site):
    """The module is asked once a phase, not twice: account, session, and the channel."""
    site.grant()
    before = site.gate_requests()
    assert site.ssh().ok
    site.box.until(lambda: not site.live())
    logins = [record for record in site.audit(staff="zhang.san", result="success") if record["event"] == "session-open"]
    assert len(logins) >= 1
    assert site.gate_requests() - before <= 8


def test_su_and_sudo(site):
    box = site.box
    box.account("oracle")
    box.put("/etc/sudoers.d/test", "zhang.san,staff.person ALL=(ALL) NOPASSWD: ALL\n", mode="440")
    site.grant(**{"run-as": "oracle", "command": "any"})
    assert site.ssh(command="sudo -n -u oracle id -un").out == "oracle\n"
    assert not site.ssh(command="sudo -n id -un").ok
    assert site.ssh("staff.person", "sudo -n id -un").out == "root\n"


def test_without_the_module(site):
    """The last test of the file: nothing is put back."""
    box = site.box
    site.grant()
    box.sh("rm /usr/lib/*/security/pam_hufu.so")
    assert site.ssh("staff.person").ok
    assert box.run(["su", "staff.person", "-c", "sudo -n id -un"]).out == "root\n"
    assert box.run(["runuser", "-u", "staff.person", "--", "id", "-un"]).out == "staff.person\n"
    root = box.spawn("login -f root")
    root.expect("# ")
    assert not site.ssh().ok
    assert not box.run(["sudo", "-n", "-u", "oracle", "id"], user="zhang.san").ok
