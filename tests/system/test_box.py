"""The harness itself: a box is a machine of its own, with a real systemd, logind and sshd, and the network on loopback."""

import pexpect
import pytest


def test_systemd_is_running(box):
    assert box.state == "running", box.sh("systemctl --failed --no-legend")
    assert box.sh("cat /proc/1/comm") == "systemd"
    assert box.sh("cat /proc/self/loginuid") == "4294967295"


def test_network_is_loopback(box):
    assert box.sh("ls /sys/class/net") == "lo"


def test_ssh_login_has_a_logind_session(box):
    box.account("test.person")
    key = box.key("test.person")
    box.authorize("test.person", key)
    result = box.ssh("test.person", "cat /proc/self/cgroup; loginctl list-sessions --no-legend", key=key)
    assert result.ok and "session-" in result.out and "test.person" in result.out, result
    assert box.ssh("test.person", "echo in", password="pw", method="password").out == "in\n"
    assert not box.ssh("test.person", "echo in", password="wrong", method="password").ok


def test_terminal_is_the_boxs_own(box):
    terminal = box.spawn("tty; read line; echo got-$line")
    terminal.expect("/dev/pts/[0-9]+")
    terminal.sendline("x1")
    terminal.expect("got-x1")
    terminal.expect(pexpect.EOF)


def test_a_power_cut_keeps_the_disk(fresh_box):
    fresh_box.put("/var/lib/kept", "yes")
    fresh_box.put("/run/lost", "yes")
    fresh_box.reboot()
    assert fresh_box.get("/var/lib/kept") == b"yes"
    assert not fresh_box.run("test -e /run/lost").ok


def test_two_boxes_share_nothing(box, fresh_box):
    fresh_box.put("/root/mine", "x")
    assert not box.run("test -e /root/mine").ok
    assert box.get("/etc/machine-id") != fresh_box.get("/etc/machine-id")


@pytest.mark.parametrize("command", ["exit 3", "kill -9 $$"])
def test_failure_is_seen(box, command):
    assert not box.run(command).ok
