"""On Debian 13: systemd 257, and OpenSSH 10, where sshd, sshd-session and sshd-auth are programs of their own. The product is the one
that was built on Debian 12."""

import pytest

from conftest import end_box, new_box
from site_setup import Site
from tunnels import listens


@pytest.fixture(scope="module")
def guarded(request):
    node = request.config.getoption("--debian-13")
    if not node:
        pytest.skip("no Debian 13: tests/run makes it, from an archive that has it, unless -k names other tests")
    box = new_box(request, node).up()
    site = Site(box).establish()
    # OpenSSH from 9.8 on closes the door on an address from which nobody got in, whoever comes next; here all come from one.
    settings = "KbdInteractiveAuthentication yes\nPasswordAuthentication yes\nPerSourcePenalties no\n"
    box.put("/etc/ssh/sshd_config.d/10-test.conf", settings)
    box.sh("systemctl restart ssh")
    site.vendor("he.tunnel", 20003, "hufu-forward")
    yield site
    end_box(request, box)


def test_what_it_is(site):
    assert "OpenSSH_10" in site.box.run("ssh -V").err
    site.grant()
    site.session_open()
    assert site.box.sh("pgrep -c -x sshd-session") != "0"
    leader = site.live()[0]["leader"]
    assert "sshd-session" in site.box.sh(f"cat /proc/{leader}/cmdline")


def test_key(site):
    site.grant()
    admitted = site.ssh()
    assert admitted.out == "zhang.san\n", admitted
    assert site.audit(event="session-open")[-1]["detail"] == site.box.fingerprint(site.keys["zhang.san"])
    assert site.ssh("staff.person").out == "staff.person\n"


def test_another_key(site):
    site.grant()
    other = site.box.key("zhang.other")
    site.box.authorize("zhang.san", other)
    assert not site.ssh(key=other).ok and site.refusals()[-1] == "wrong-key"
    assert site.ssh().ok


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_password(site, method):
    how = {"key": None, "password": "pw", "method": method}
    site.grant()
    assert not site.ssh(**how).ok and site.refusals()[-1] == "key-required"
    site.revoke_everything()
    site.grant(key="password")
    assert site.ssh(**how).out == "zhang.san\n"
    assert not site.ssh(key=None, password="wrong", method=method).ok
    assert not site.ssh().ok


def test_expired_is_told(site):
    person = site.newcomer()
    path = site.draft(person, **{"from": "2026-01-01T00:00:00Z", "for": "1d"})
    site.add(path, [site.approve(path, approver) for approver in site.approvers])
    refused = site.ssh(person)
    assert refused.code == 255 and "expired" in refused.text.lower(), refused
    assert site.refusals(person)[-1] == "expired"


def test_key_offered_and_a_password_used(site):
    site.grant()
    before = len(site.refusals())
    refused = site.ssh_with_key_offered()
    assert not refused.ok and refused.out == "", refused
    assert "key-mismatch" in site.refusals()[before:]
    site.box.until(lambda: site.box.processes("zhang.san") == [])


@pytest.fixture
def sshd(site):
    """Writes what stands beside Hufu's block, for everybody."""

    def configured(settings):
        site.box.put("/etc/ssh/sshd_config.d/20-test.conf", settings)
        site.box.sh("systemctl restart ssh")

    yield configured
    site.box.sh("rm /etc/ssh/sshd_config.d/20-test.conf; systemctl restart ssh")


def test_key_and_password(site, sshd):
    sshd("AuthenticationMethods publickey,password publickey,keyboard-interactive\n")
    site.grant()
    for method in ("password", "keyboard-interactive"):
        admitted = site.ssh(password="pw", method=f"publickey,{method}")
        assert admitted.out == "zhang.san\n", admitted


def test_certificate(site, sshd):
    site.box.key("authority")
    sshd("TrustedUserCAKeys /root/keys/authority.pub\n")
    staff = site.ssh_with_certificate("staff.person", site.box.key("staff.certified"))
    assert staff.ok, staff
    site.grant()
    assert not site.ssh_with_certificate("zhang.san", site.keys["zhang.san"]).ok
    record = site.audit(staff="zhang.san", event="key")[-1]
    assert record["reason"] == "wrong-key" and record["detail"].startswith("ssh-ed25519-cert-v01@openssh.com SHA256:"), record
    assert site.ssh().ok


@pytest.mark.parametrize("granted", ["exec", "transfer"])
def test_channels(site, granted):
    site.grant(channel=granted)
    assert site.ssh(command="echo in-$((40+2))").ok == (granted == "exec")
    assert site.fetch().ok == site.fetch(program="scp").ok == (granted == "transfer")
    assert site.fetch("zhang.san", "-O", program="scp").ok == (granted == "exec")


def test_revoke_ends_everything(site):
    grant = site.grant()
    master, over = site.ssh_master()
    assert site.ssh(command="(setsid sleep 600 >/dev/null 2>&1 </dev/null &); echo over", **over).out == "over\n"
    work = site.ssh_start(command="sleep 600", **over)
    site.box.until(lambda: len(site.box.run("pgrep -u zhang.san -x sleep").out.split()) == 2)
    revoked = site.revoke(grant)
    assert revoked.ok, revoked
    assert site.box.processes("zhang.san") == []
    assert master.wait(timeout=5).code == 255 and work.wait(timeout=5).code != 0
    assert not site.ssh().ok and site.refusals()[-1] == "revoked"


def test_forwarding_ends_with_a_version_that_takes_it_away(site):
    grant = site.grant("he.tunnel", channel=["forward", "shell"])
    argv, environment = site.box.ssh_argv("he.tunnel", key=site.keys["he.tunnel"])
    running = site.box.start([argv[0], "-N", "-R", "9200:127.0.0.1:22", "-L", "9100:127.0.0.1:22", *argv[1:]], env=environment)
    site.box.until(lambda: listens(site.box, 9200))
    assert site.box.sh("exec 3<>/dev/tcp/127.0.0.1/9200 && head -c 7 <&3") == "SSH-2.0"
    site.grant("he.tunnel", channel="shell", id=grant, version=2)
    assert running.wait(timeout=5).code == 255
    assert not listens(site.box, 9200)
