"""What reaches a person's terminal before their session ends, on real terminals. The grant ends in a little more than a
minute, so that the warning of the last minute is near."""

import pexpect

WARNING = r"\r+\nHufu: session ends in 1 min, at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(UTC\)\. Save your work\.\r+\n"


def test_a_warning_has_lines_of_its_own(site):
    """Half a command may stand where the cursor is; the shell has put the terminal into raw mode."""
    site.grant(**{"for": "65s", "max-session": "65s"})
    terminal = site.shell()
    terminal.send("half a comm")
    terminal.expect("half a comm")
    terminal.expect("\a" + WARNING, timeout=20)


def test_a_warning_in_chinese_follows_the_english(site, chinese):
    site.grant(**{"for": "65s", "max-session": "65s"})
    terminal = site.shell()
    terminal.expect("\a" + WARNING + r"Hufu：会话将在 1 分钟后结束，时间为 [^（]*（UTC）。请保存工作。\r+\n", timeout=20)


def test_who_takes_no_messages_gets_none(site):
    """`mesg n` is the person's own will: the terminal's group may not write to it, and the reaper is no more than that."""
    site.grant(**{"for": "65s", "max-session": "65s", "sessions": "2"})
    deaf, hearing = site.shell("zhang.san", "mesg n"), site.shell()
    hearing.expect(WARNING, timeout=20)
    assert deaf.expect([WARNING, pexpect.TIMEOUT], timeout=1) == 1
