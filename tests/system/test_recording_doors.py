"""Every door that a session under `recording: required` may have: each has its own recorder, or the session ends."""

import pexpect
import pytest
import recording_site as recording
from test_console import log_in

NOT_RECORDED = 12  # seconds: more than the 5 that it may take, so that a hang is told from a slow machine
SNIPPET = "/etc/profile.d/hufu-recording.sh"


@pytest.fixture(scope="module", autouse=True)
def recorded(guarded):
    recording.set_up(guarded)
    guarded.box.account("oracle")
    guarded.box.put("/etc/sudoers.d/test", "zhang.san ALL=(ALL) NOPASSWD: ALL\n", mode="440")


@pytest.fixture
def console(guarded):
    yield guarded.box
    guarded.box.run("pkill -x login; umount /dev/tty1; rm -f /dev/tty1")


def test_a_login_on_the_console_is_recorded_by_the_snippet(site, console):
    site.grant(service="login", source="local", recording="required")
    terminal = log_in(site, "zhang.san")
    terminal.expect(r"\$ ")
    terminal.sendline("echo on-$((40+2))-$(tty)")
    terminal.expect("on-42-/dev/pts/")
    name = recording.last(site)
    site.box.until(lambda: "on-42-/dev/pts/" in recording.text(site, name))
    terminal.sendline("sleep 6; echo still-$((40+2))")
    terminal.expect("still-42", timeout=30)
    terminal.sendline("exit")
    site.box.until(lambda: site.live() == [])


def test_a_login_on_the_console_without_the_snippet_ends(site, console):
    site.box.sh(f"mv {SNIPPET} /root/snippet")
    try:
        site.grant(service="login", source="local", recording="required")
        terminal = log_in(site, "zhang.san")
        terminal.expect(r"\$ ")
        site.box.until(lambda: site.live() == [] and site.box.processes("zhang.san") == [], timeout=NOT_RECORDED)
        assert site.audit(event="session-close")[-1]["reason"] == "recorder-gone"
        terminal.expect(pexpect.EOF)
    finally:
        site.box.sh(f"mv /root/snippet {SNIPPET}")


def test_su_and_sudo_go_on_being_recorded(site):
    site.grant(recording="required", **{"run-as": "oracle", "command": "any"})
    shell = site.shell()
    shell.sendline("sudo -n -u oracle sh -c 'echo I-am-$(id -un); sleep 6; echo still-$(id -un)'")
    shell.expect("I-am-oracle")
    shell.expect("still-oracle", timeout=30)
    shell.sendline("su oracle -c 'echo again-$(id -un)'")
    shell.expect("Password: ")
    shell.sendline("pw")
    shell.expect("again-oracle")
    name = recording.last(site)
    site.box.until(lambda: "again-oracle" in recording.text(site, name))
    assert "still-oracle" in recording.text(site, name)
    assert [session["state"] for session in site.live()] == ["open"]
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def test_each_channel_of_a_connection_has_its_own_recorder(site):
    site.grant(recording="required")
    site.session_open(options=["ControlMaster=yes", "ControlPath=/tmp/shared"])
    first = recording.last(site)
    second = site.ssh(command="echo second-$((40+2)); sleep 2", options=["ControlPath=/tmp/shared"])
    assert second.ok and "second-42" in second.out, second
    assert len(site.live()) == 1
    assert recording.last(site) != first
    assert "second-42" in recording.text(site, recording.last(site))
    assert "second-42" not in recording.text(site, first)
    # One recorder is not enough for two channels.
    other = site.ssh_start(command="sleep 600", options=["ControlPath=/tmp/shared"])
    site.box.until(lambda: len(site.box.run("pgrep -x tlog-rec-sessio").out.split()) == 2)
    site.box.sh(["pkill", "-KILL", "-f", f"^hufu-recorder {recording.last(site)[:-5]} "])
    site.box.until(lambda: site.live() == [] and site.box.processes("zhang.san") == [], timeout=NOT_RECORDED)
    assert site.audit(event="session-close")[-1]["reason"] == "recorder-gone"
    assert not other.wait().ok


def test_copies_are_on_record_whichever_way(site):
    site.grant(recording="required")
    box, key = site.box, site.keys["zhang.san"]
    box.sh("head -c 70000 /dev/zero >/tmp/sent")
    argv, _ = box.ssh_argv("zhang.san", key=key, program="sftp")
    put = box.run(f"echo 'put /tmp/sent put-by-sftp' | {' '.join(argv)} -b - zhang.san@127.0.0.1")
    scp = box.ssh("zhang.san", "/tmp/sent", "zhang.san@127.0.0.1:put-by-scp", key=key, program="scp")
    assert put.ok and scp.ok, (put, scp)
    for name in ("put-by-sftp", "put-by-scp"):
        # As the client named it: sftp asks where it is first, scp does not.
        lines = {f"in: 70000 octets to {folder}{name}" for folder in ("", "/home/zhang.san/")}
        box.until(lambda: lines & {record["detail"] for record in site.audit(event="transfer")})  # noqa: B023
    # These are commands, and recorded as such.
    remote = " ".join(box.ssh_argv("zhang.san", key=key)[0][:-1])
    for command in (f"scp -O -S /usr/bin/ssh -i {key} -o BatchMode=yes -o StrictHostKeyChecking=no /tmp/sent zhang.san@127.0.0.1:put-by-rcp",
                    f"rsync -e '{remote}' /tmp/sent zhang.san@127.0.0.1:put-by-rsync"):
        before = recording.last(site) if site.audit(event="recording", result="success") else None
        copied = box.run(command, timeout=60)
        assert copied.ok, copied
        assert recording.last(site) != before
        assert recording.typed(site, recording.last(site))
    for name in ("put-by-sftp", "put-by-scp", "put-by-rcp", "put-by-rsync"):
        assert box.run(f"cmp /tmp/sent /home/zhang.san/{name}").ok, name
