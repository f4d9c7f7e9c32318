"""Ways around the recorder of a session that has to be recorded, from startup files and from inside."""

import pexpect
import pytest
import recording_site as recording

PUT_OUT = 12  # seconds: more than the 5 that it may take, so that a hang is told from a slow machine
BASHRC = "/home/zhang.san/.bashrc"


@pytest.fixture(scope="module", autouse=True)
def recorded(guarded):
    recording.set_up(guarded)


@pytest.fixture(autouse=True)
def no_startup_file(guarded):
    yield
    guarded.box.run(f"rm -f {BASHRC}")


def starts_with(site, text):
    site.grant(recording="required")
    site.box.put(BASHRC, text, owner="zhang.san:hufu-gated")


def test_what_waits_beside_the_recorder_is_not_taken_for_its_own(site):
    # It ends when the recorder is there, and leaves an orphan that began afterwards.
    wait = "until pgrep -U zhang.san tlog-rec >/dev/null; do sleep 0.05; done; sleep 600 &"
    starts_with(site, f"(setsid sh -c '{wait}' </dev/null >/dev/null 2>&1 &)\n")
    shell = site.shell()
    site.box.until(lambda: site.live() == [] and site.box.processes("zhang.san") == [], timeout=PUT_OUT)
    assert site.audit(event="session-close")[-1]["reason"] == "recorder-gone"
    shell.expect(pexpect.EOF)


def test_what_a_recorder_could_not_write_is_not_started(site):
    starts_with(site, "ulimit -f 0\n")
    result = site.ssh(command="touch /tmp/unwritten")
    assert not result.ok and "ulimit" in result.err, result
    site.box.run(f"rm -f {BASHRC}")
    site.box.sh(f"mount -t tmpfs -o size=64k,mode=2750,uid=$(id -u hufu-rec) none {recording.FOLDER}")
    try:
        result = site.ssh(command="touch /tmp/unwritten")
        assert not result.ok and "No space left" in result.err, result
    finally:
        site.box.sh(f"umount {recording.FOLDER}")
    assert not site.box.run("test -e /tmp/unwritten").ok
    assert site.ssh().ok


def test_the_terminal_is_the_recorders_alone(site):
    grant = site.grant(recording="required")
    shell = site.shell()
    shell.sendline("echo past >$SSH_TTY; echo over-$((40+2))")
    shell.expect("over-42")
    assert "busy" in shell.before, shell.before
    # What is said to its person as it ends comes by tlog, once.
    site.revoke(grant)
    shell.expect(pexpect.EOF)
    assert shell.before.count("Reference: ") == 1, shell.before


def test_nobody_makes_a_recording_of_another_session(site):
    site.grant(recording="required")
    before = recording.names(site)
    result = site.ssh(command="/usr/libexec/hufu/hufu-recorder 99-1-0000000000000001 id")
    assert result.code == 1, result
    assert [name for name in recording.names(site) if name.startswith("99-")] == []
    assert len(recording.names(site)) == len(before) + 1


def test_a_session_that_was_over_before_anybody_looked_is_noted(site):
    starts_with(site, "exit 7\n")
    site.ssh()
    site.box.until(lambda: site.live() == [])
    last = site.audit(event="recording", result="failure")[-1]
    assert last["detail"].startswith("nothing was recorded") and last["reason"] == "recorder-gone"


def test_staff_become_a_vendors_account_as_before(site):
    login = "script -qec \"su - zhang.san -c 'exec bash -l'\" /dev/null"
    shell = site.box.spawn(login)
    shell.sendline("echo in-$((40+2))")
    shell.expect("in-42")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_departments_login_shells_know_nothing_of_it(site, shell):
    site.box.sh("mv /usr/libexec/hufu/hufu-channel /usr/libexec/hufu/away && systemctl stop hufud hufu-reaper")
    try:
        for account in ("root", "staff.person"):
            login = f"runuser -u {account} -- script -qec \"{shell} -lc 'test -t 0 && echo in'\" /dev/null"
            result = site.box.run(login)
            assert result.ok and result.out.strip() == "in", result
    finally:
        site.box.sh("mv /usr/libexec/hufu/away /usr/libexec/hufu/hufu-channel && systemctl start hufu-reaper hufud")
