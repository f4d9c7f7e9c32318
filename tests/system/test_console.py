"""Real `login` on a terminal, and su and sudo inside a session."""

import pexpect
import pytest

# A terminal that login takes for the first console: the box's own pty, under the console's name.
ON_TTY1 = "touch /dev/tty1 && mount --bind $(tty) /dev/tty1 && exec setsid -c -w login </dev/tty1 >/dev/tty1 2>&1"


def log_in(site, account, command=ON_TTY1):
    terminal = site.box.spawn(command)
    terminal.expect("login: ")
    terminal.sendline(account)
    terminal.expect("Password: ")
    terminal.sendline("pw")
    return terminal


@pytest.fixture(autouse=True)
def free_tty1(guarded):
    yield
    guarded.box.run("pkill -x login; umount /dev/tty1; rm -f /dev/tty1")


def test_console_login_of_the_vendor(site):
    terminal = log_in(site, "zhang.san")
    terminal.expect(["incorrect", "enied", pexpect.EOF])
    assert site.refusals()[-1] == "no-grant"
    site.box.run("pkill -x login; umount /dev/tty1")

    grant = site.grant(service="login", source="local")
    terminal = log_in(site, "zhang.san")
    terminal.expect(r"\$ ")
    terminal.sendline("echo on-$(tty)")
    terminal.expect("on-/dev/tty1")
    session = site.live()[0]
    assert session["service"] == "login" and session["source"] == "local"
    assert site.revoke(grant).ok
    assert site.box.processes("zhang.san") == []
    terminal.expect(pexpect.EOF)


def test_a_pty_is_no_console(site):
    site.grant(service="login", source="local")
    terminal = log_in(site, "zhang.san", "exec login")
    terminal.expect(["incorrect", "enied", pexpect.EOF])
    assert site.refusals()[-1] == "wrong-source"


def test_console_login_of_staff(site):
    terminal = log_in(site, "staff.person")
    terminal.expect(r"\$ ")
    terminal.sendline("exit")


@pytest.fixture
def oracle(guarded):
    box = guarded.box
    if not box.run("id oracle").ok:
        box.account("oracle")
    box.put("/etc/sudoers.d/test", "zhang.san ALL=(ALL) NOPASSWD: ALL\n", mode="440")


def test_sudo_only_to_whom_the_grant_names(site, oracle):
    site.grant(**{"run-as": "oracle", "command": "any"})
    assert site.ssh(command="sudo -n -u oracle id -un").out == "oracle\n"
    refused = site.ssh(command="sudo -n id -un")
    assert not refused.ok and refused.out == "", refused
    assert site.refusals()[-1] == "run-as-not-granted"
    # sudo asks modules for silence; whoever it refuses is told why all the same.
    assert "[run-as-not-granted]" in refused.err and "Reference: " in refused.err, refused


def test_su_only_to_whom_the_grant_names(site, oracle):
    site.grant(**{"run-as": "oracle", "command": "any"})
    for target, works in (("oracle", True), ("staff.person", False)):
        terminal = site.box.ssh_spawn("zhang.san", key=site.keys["zhang.san"])
        terminal.expect(r"\$ ")
        terminal.sendline(f"su {target} -c 'echo I-am-$(id -un)'")
        terminal.expect("Password: ")
        terminal.sendline("pw")
        assert (terminal.expect([f"I-am-{target}", "su: "]) == 0) == works
        terminal.close(force=True)


def test_no_switch_without_a_session(site, oracle):
    """As a process of that person that no login opened: a daemon restarted from a shell, say."""
    site.grant(**{"run-as": "oracle", "command": "any"})
    result = site.box.run(["sudo", "-n", "-u", "oracle", "id", "-un"], user="zhang.san")
    assert not result.ok and result.out == "", result
    assert site.refusals()[-1] == "no-session", result


def test_staff_switch_freely(site, oracle):
    site.box.put("/etc/sudoers.d/staff", "staff.person ALL=(ALL) NOPASSWD: ALL\n", mode="440")
    assert site.ssh("staff.person", "sudo -n -u oracle id -un").out == "oracle\n"
    assert site.ssh("staff.person", "sudo -n su oracle -c 'id -un'").out == "oracle\n"
