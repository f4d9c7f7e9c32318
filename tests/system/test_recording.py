"""Sessions under `recording: required`, recorded by the real tlog: what is recorded, and how it ends when it is not."""

import pexpect
import pytest
import recording_site as recording

NOT_RECORDED = 12  # seconds: more than the 5 that it may take, so that a hang is told from a slow machine


@pytest.fixture(scope="module", autouse=True)
def recorded(guarded):
    recording.set_up(guarded)


@pytest.fixture(autouse=True)
def no_startup_file(guarded):
    yield
    guarded.box.run("rm -f /home/zhang.san/.bashrc; cp /etc/skel/.profile /home/zhang.san/.profile")


def is_put_out(site):
    site.box.until(lambda: site.live() == [] and site.box.processes("zhang.san") == [], timeout=NOT_RECORDED)
    assert site.audit(event="session-close")[-1]["reason"] == "recorder-gone"
    assert site.audit(event="recording", result="failure")[-1]["reason"] == "recorder-gone"


def test_a_command_is_recorded(site):
    site.grant(recording="required")
    result = site.ssh(command="echo out-$((40+2)); cat; echo err >&2; exit 3")
    assert result.code == 3 and "out-42" in result.out and "err" in result.out, result
    assert "out-42" in recording.text(site, recording.last(site))
    # Input that ends is heard to end, and is in the recording.
    result = site.box.run("seq 1 5000 | ssh -o BatchMode=yes -o StrictHostKeyChecking=no"
                          f" -i {site.keys['zhang.san']} zhang.san@127.0.0.1 'wc -l'")
    assert result.out.strip() == "5000", result
    assert "\n4999\n" in recording.typed(site, recording.last(site))
    # More than all pipes hold, both ways at once, from a client that takes its time.
    result = site.box.run("(sleep 1; seq 1 100000) | ssh -o BatchMode=yes -o StrictHostKeyChecking=no"
                          f" -i {site.keys['zhang.san']} zhang.san@127.0.0.1 cat | md5sum; seq 1 100000 | md5sum", timeout=60)
    assert len(set(result.out.splitlines())) == 1, result


def test_a_shell_is_recorded(site):
    site.grant(recording="required")
    shell = site.shell()
    shell.sendline("echo in-$((40+2)); tty")
    shell.expect("in-42")
    shell.expect("/dev/pts/")
    name = recording.last(site)
    site.box.until(lambda: "in-42" in recording.text(site, name))
    assert "echo in-$((40+2))" in recording.typed(site, name)
    # Nobody but root and auditors reads it, and the vendor can neither add to it nor take it away.
    file = f"{recording.FOLDER}/{name}"
    for attempt in (f"cat {file}", f"echo x >>{file}", f"rm -f {file}", f"ls {recording.FOLDER}",
                    f"/usr/libexec/hufu/hufu-recorder {name[:-5]} true", "/usr/libexec/hufu/hufu-recorder ../../x true"):
        assert not site.box.run(attempt, user="zhang.san").ok, attempt
    assert site.box.run(f"test -s {file}").ok
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


@pytest.mark.parametrize("signal", ["KILL", "STOP"])
@pytest.mark.parametrize("whom", ["tlog-rec-session", "hufu-recorder"])
def test_without_its_recorder_a_session_ends(site, signal, whom):
    site.grant(recording="required")
    shell = site.shell("zhang.san", "trap '' HUP; setsid sleep 600 &")
    shell.sendline(f"pkill -{signal} -U zhang.san -f '^[^ ]*{whom}'")
    if signal == "STOP":
        is_put_out(site)
    else:
        # sshd's channel, and so the session, is over with its recorder: nobody goes on without one.
        site.box.until(lambda: site.live() == [] and site.box.processes("zhang.san") == [], timeout=NOT_RECORDED)
    shell.expect(pexpect.EOF)


def test_a_session_that_never_starts_its_recorder_ends(site):
    site.grant(recording="required")
    site.box.put("/home/zhang.san/.bashrc", "sleep 600\n", owner="zhang.san:hufu-gated")
    assert site.ssh(command="sleep 600", timeout=60).code != 0
    is_put_out(site)


def test_a_user_managers_unit_is_not_recorded(site):
    site.grant(recording="required")
    shell = site.shell()
    shell.sendline("systemd-run --user sleep 600")
    is_put_out(site)
    shell.expect(pexpect.EOF)


def test_what_outlives_its_parent_is_recorded(site):
    site.grant(recording="required")
    shell = site.shell("zhang.san", "tmux new-session -d 'sleep 600'", "(setsid sleep 600 &)", "sleep 6")
    assert [session["state"] for session in site.live()] == ["open"]
    shell.sendline("exit")


def test_transfers_are_on_record(site):
    site.grant(recording="required")
    fetched = site.fetch()
    assert fetched.ok, fetched
    site.box.until(lambda: site.audit(event="transfer"))
    size = len(site.box.get("/etc/hostname"))
    assert f"out: {size} octets from /etc/hostname" in [record["detail"] for record in site.audit(event="transfer")]


def test_whoever_becomes_the_account_is_left_alone(site):
    """The department's `su -` on a terminal has no session of the person's: nothing asks for one."""
    assert "became-zhang" in site.box.sh("script -qec \"su -l zhang.san -c 'echo became-zhang'\" /dev/null")


def test_not_set_up_is_refused(site):
    site.grant(recording="required")
    site.box.sh("chmod u-s /usr/libexec/hufu/hufu-recorder")
    assert not site.ssh().ok
    assert site.refusals()[-1] == "recorder-missing"
    assert site.ssh("staff.person").out == "staff.person\n"
    site.box.sh("systemd-tmpfiles --create hufu-recording.conf")
    assert site.ssh().ok
