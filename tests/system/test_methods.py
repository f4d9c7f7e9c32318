"""Every way in through a real sshd: how the person proves who they are, and what the connection is used for."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def all_methods(guarded):
    guarded.box.put("/etc/ssh/sshd_config.d/00-test.conf", "KbdInteractiveAuthentication yes\nPasswordAuthentication yes\n")
    guarded.box.sh("systemctl restart ssh")


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_password_where_the_grant_says_so(site, method):
    assert not site.ssh(key=None, password="pw", method=method).ok
    site.grant(key="password")
    came_in = site.ssh(key=None, password="pw", method=method)
    assert came_in.out == "zhang.san\n", came_in
    assert not site.ssh(key=None, password="wrong", method=method).ok


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_password_does_not_replace_the_granted_key(site, method):
    site.grant()
    assert site.ssh().ok
    assert not site.ssh(key=None, password="pw", method=method).ok
    assert site.refusals()[-1] == "key-required"


def test_granted_key_offered_and_a_password_used(site):
    site.grant()
    before = len(site.refusals())
    refused = site.ssh_with_key_offered()
    assert not refused.ok and refused.out == "", refused
    # What sshd and logind begin before they notice is refused as well, a moment later.
    assert "key-mismatch" in site.refusals()[before:]
    site.box.until(lambda: site.box.processes("zhang.san") == [])


def test_key_does_not_replace_the_granted_password(site):
    site.grant(key="password")
    before = len(site.refusals())
    assert not site.ssh().ok
    print(site.refusals()[before:])
    assert site.refusals()[before:] == ["password-required"]


def test_only_the_granted_key(site):
    site.grant()
    other = site.box.key("zhang.san.other")
    assert not site.ssh(key=other).ok
    # Not even when the account's own file has it: 2-architecture, "The way of a login".
    site.box.authorize("zhang.san", other)
    assert not site.ssh(key=other).ok
    assert site.ssh().ok


@pytest.mark.parametrize("method", ["publickey", "password", "keyboard-interactive"])
def test_staff_use_every_method(site, method):
    how = {} if method == "publickey" else {"key": None, "password": "pw", "method": method}
    assert site.ssh("staff.person", **how).out == "staff.person\n"


def test_the_refused_are_told_why(site):
    grant = site.grant()
    assert site.revoke(grant).ok
    refused = site.ssh()
    assert refused.code == 255
    assert "revoked" in refused.text.lower(), refused


# --- channels


def scp(site, *options):
    return site.box.ssh("zhang.san", *options, "/etc/hostname", "zhang.san@127.0.0.1:copied", key=site.keys["zhang.san"], program="scp")


def test_each_channel_works_when_granted(site):
    site.grant()
    assert site.ssh(command="echo exec").out == "exec\n"
    fetched = site.fetch()
    assert fetched.ok, fetched
    assert scp(site).ok
    assert site.box.get("/home/zhang.san/copied") == site.box.get("/etc/hostname")
    terminal = site.box.ssh_spawn("zhang.san", key=site.keys["zhang.san"])
    terminal.expect(r"\$ ")
    terminal.sendline("echo in-$((40+2)); exit")
    terminal.expect("in-42")


@pytest.mark.parametrize(
    "granted, refused",
    [("shell", ["exec", "transfer"]), ("exec", ["shell", "transfer"]), ("transfer", ["shell", "exec"])],
)
def test_no_channel_implies_another(site, granted, refused):
    site.grant(channel=granted)
    attempts = {
        "exec": lambda: site.ssh(command="echo open-$((40+2))"),
        "shell": lambda: site.ssh(command=[], options=["RequestTTY=no"]),
        "transfer": site.fetch,
    }
    for channel in refused:
        result = attempts[channel]()
        assert not result.ok and "open-42" not in result.out, (channel, result)
        assert site.refusals()[-1] == "channel-not-granted"
    if granted != "shell":
        assert attempts[granted]().ok


def test_multiplexed_channels_end_together(site):
    grant = site.grant()
    master, second = site.ssh_master()
    assert site.ssh(command="echo over", **second).out == "over\n"
    work = site.ssh_start(command="sleep 600", **second)
    site.box.until(lambda: site.box.run("pgrep -u zhang.san -x sleep").ok)
    # One connection, one session, one use, whatever goes through it.
    assert len(site.live()) == 1
    revoked = site.revoke(grant)
    assert revoked.ok, revoked
    assert site.box.processes("zhang.san") == []
    assert master.wait(timeout=2).code != 0
    assert work.wait(timeout=2).code != 0
    assert not site.ssh(command="echo over", **second).ok
