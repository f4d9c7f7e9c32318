"""Why a session ends, as its person reads it on a real terminal right before."""

import pexpect
import pytest

from box import HANGS

NOW = r"\a\r+\nHufu: your session ends now\.\r+\n"
REFERENCE = r"(?:.*\r+\n)+Reference: ([2-9A-Z]{8})\r+\n"


def reads(terminal, sentence, reason, timeout=HANGS):
    """The reference that is shown with it."""
    words = sentence.replace(" ", r"[ \r\n]+")
    terminal.expect(rf"{NOW}{words}[ \r\n]+\[{reason}\]{REFERENCE}", timeout=timeout)
    return terminal.match.group(1)


def references(site, event):
    return [record["reference"] for record in site.audit(event=event)]


def test_revoked(site):
    """Half a command stands where the cursor is. The reference finds the order and the end."""
    grant = site.grant()
    terminal = site.shell()
    terminal.send("half a comm")
    terminal.expect("half a comm")
    assert site.revoke(grant).ok
    reference = reads(terminal, "Your authorisation has been revoked.", "revoked")
    terminal.expect(pexpect.EOF)
    assert references(site, "revoke")[-1] == references(site, "session-close")[-1] == reference


def test_locked(site):
    site.grant()
    terminal = site.shell()
    site.box.sh("hufuctl lock --staff zhang.san --why lost")
    try:
        reference = reads(terminal, "Your account is locked.", "staff-locked")
        assert references(site, "lock")[-1] == reference
    finally:
        site.box.sh("hufuctl unlock --staff zhang.san --why found")


def test_time_is_over(site):
    site.grant(**{"max-session": "4s"})
    reference = reads(site.shell(), "Your session has lasted as long as your authorisation allows.", "max-session")
    site.box.until(lambda: references(site, "session-close")[-1:] == [reference])


def test_by_the_reaper_alone(site):
    """hufud is silent; its texts are, too."""
    site.grant(**{"max-session": "4s"})
    terminal = site.shell()
    site.signal("STOP")
    try:
        terminal.expect(NOW + r"Its time is over, and the access service of this host is silent\. \[lease-lapsed\]", timeout=HANGS)
        terminal.expect(pexpect.EOF)
    finally:
        site.signal("CONT")
        site.box.until("hufuctl status")


def test_in_chinese_after_the_english(site, chinese):
    grant = site.grant()
    terminal = site.shell()
    site.box.until(lambda: site.revoke(grant).ok)
    reference = reads(terminal, "Your authorisation has been revoked.", "revoked")
    terminal.expect(rf"Hufu：您的会话现在结束。\r+\n您的授权已被撤销。\r+\n[^:]*：{reference}\r+\n")


def test_a_stopped_terminal_delays_nothing(site):
    """Ctrl-S: nothing can be written. And one whose client takes nothing more, so that all buffers are full."""
    grant = site.grant()
    stopped, full = site.shell("zhang.san", "stty ixon"), site.shell()
    stopped.send("\x13")
    full.sendline("cat /dev/zero | tr '\\0' x")
    full.expect("x" * 4000)
    site.box.sh("pkill -STOP -u root -x ssh")
    try:
        revoked = site.revoke(grant)
        assert revoked.ok and revoked.seconds < HANGS
        assert site.box.processes("zhang.san") == []
    finally:
        site.box.run("pkill -CONT -u root -x ssh")


def test_in_a_terminal_in_a_terminal(site):
    """tmux draws over it; the words go to the terminal that tmux itself is on, too."""
    grant = site.grant()
    terminal = site.shell()
    terminal.sendline("tmux new")
    site.box.until("pgrep -u zhang.san -x 'tmux: server'")
    assert site.revoke(grant).ok
    terminal.expect(r"Your authorisation has been revoked\. \[revoked\]")
    assert site.box.processes("zhang.san") == []
