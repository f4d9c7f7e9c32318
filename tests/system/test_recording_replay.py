"""Recordings are found by their session and played back: as text, and by the real tlog-play on a terminal."""

import json

import pexpect
import pytest
import recording_site as recording

AUDITOR = "zheng.jie"


@pytest.fixture(scope="module", autouse=True)
def recorded(guarded):
    recording.set_up(guarded)
    guarded.box.account(AUDITOR, group="hufu-auditors")


def replay(site, number, *options, user=None):
    return site.box.run(["hufuctl", "session", "replay", str(number), *options], user=user)


def listed(site, number):
    return json.loads(replay(site, number, "--list", "--json").out)["recordings"]


@pytest.fixture
def number(site):
    """The session of a shell in which something was done, and which is over."""
    site.grant(recording="required")
    shell = site.shell()
    shell.sendline("echo seen-$((40+2)); printf '\\033]0;title\\007'")
    shell.expect("seen-42")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    site.box.until(lambda: site.live() == [])
    return site.audit(event="recording", result="success")[-1]["session"]


def test_as_text(site, number):
    """Without a terminal, and by an auditor, who is not root; what steers a terminal is shown as text."""
    shown = replay(site, number, "--text", user=AUDITOR)
    assert shown.ok, shown
    assert any("Z > " in line and line.endswith("seen-42") for line in shown.out.splitlines()), shown
    assert any(" < " in line and "echo seen-$((40+2))" in line for line in shown.out.splitlines()), shown
    assert "\\x1b]0;title\\x07" in shown.out and "\x1b" not in shown.out
    (one,) = listed(site, number)
    assert one["state"] == "whole" and one["user"] == "zhang.san" and one["started"] == "shell"
    assert one["file"] == recording.last(site)


def test_on_a_terminal(site, number):
    player = site.box.spawn(["hufuctl", "session", "replay", str(number), "--speed", "100"], timeout=30)
    player.expect("seen-42")
    player.expect(pexpect.EOF)
    player.close()
    assert player.exitstatus == 0
    # Without one it is a list.
    assert "whole" in replay(site, number).out


def test_each_channel_is_one(site, number):
    assert site.ssh(command="echo first").ok
    session = site.audit(event="recording", result="success")[-1]["session"]
    assert [one["started"] for one in listed(site, session)] == ["echo first"]
    assert replay(site, session, "--text", "--channel", "1").out.count("> first\n") == 1
    assert replay(site, session, "--text", "--channel", "2").code == 3


def test_another_session_has_none(site, number):
    result = replay(site, number + 1000)
    assert result.code == 3 and f"no recording of session {number + 1000}" in result.err, result


def test_the_vendor_cannot(site, number):
    result = replay(site, number, "--text", user="zhang.san")
    assert result.code == 6 and "seen-42" not in result.out, result
    # An operator sees what there is, and reads none of it.
    site.box.account("qian.qi", group="hufu-operators")
    result = replay(site, number, "--text", user="qian.qi")
    assert result.code == 6 and "hufu-auditors" in result.err and "seen-42" not in result.out, result


def test_what_was_done_to_a_file_is_said(site, number):
    file = f"{recording.FOLDER}/{recording.last(site)}"
    site.box.sh(f"cp -p {file} /root/kept && sed -i 's/zhang.san/staff.person/' {file}")
    assert "another account" in replay(site, number, "--text").err
    site.box.sh(f"head -c -20 /root/kept >{file}")
    result = replay(site, number, "--list")
    assert result.code == 1 and "cut off" in result.err, result
    site.box.sh(f"rm {file} && ln -s /root/kept {file}")
    result = replay(site, number, "--text")
    assert result.code == 1 and "seen-42" not in result.out, result
    site.box.sh(f"rm {file}")
    result = replay(site, number)
    assert result.code == 3 and "is not there" in result.err, result
