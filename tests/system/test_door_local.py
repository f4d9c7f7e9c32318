"""In front of the machine: a getty on the console, a display manager; and what only lives along with a session: screen lockers and
the user manager."""

import pathlib

import pexpect
import pytest

from box import HANGS
from doors import ADMITTED, DENIED, ask_pam, installed, left_of, peopled  # noqa: F401

# A terminal that agetty takes for the first console: the box's own pty, under the console's name.
GETTY = (
    "touch /dev/tty1 && mount --bind $(tty) /dev/tty1"
    " && exec setsid -c -w /sbin/agetty --noclear{} tty1 linux </dev/tty1 >/dev/tty1 2>&1"
)


@pytest.fixture
def getty(site):
    def begin(options=""):
        site.box.run("pkill -x 'agetty|login'; umount /dev/tty1")
        return site.box.spawn(GETTY.format(options))

    yield begin
    site.box.run("pkill -x 'agetty|login'; umount /dev/tty1; rm -f /dev/tty1")


def log_in(terminal, account):
    terminal.expect("login: ")
    terminal.sendline(account)
    terminal.expect("Password: ")
    terminal.sendline("pw")
    return terminal


@pytest.mark.usefixtures("installed")
def test_getty(site, getty):
    site.grant()
    log_in(getty(), "zhang.san").expect(r"\[wrong-service\]")
    grant = site.grant(service="login", source="local")
    terminal = log_in(getty(), "zhang.san")
    terminal.expect(r"\$ ")
    terminal.sendline("echo on-$(tty)")
    terminal.expect("on-/dev/tty1")
    assert [(session["service"], session["source"], session["tty"]) for session in site.live()] == [("login", "local", "/dev/tty1")]
    assert site.revoke(grant).ok
    terminal.expect(pexpect.EOF)
    assert left_of(site) == []
    log_in(getty(), "staff.person").expect(r"\$ ")


def test_getty_that_asks_for_no_password(site, getty):
    """agetty --autologin is `login -f`: no authentication, and the account phase as ever."""
    terminal = getty(" --autologin zhang.san")
    terminal.expect([r"\[no-grant\]", r"\[revoked\]"])
    site.grant(service="login", source="local")
    getty(" --autologin zhang.san").expect(r"\$ ")


# --- a display manager: greetd, as a greeter speaks to it

GREETER = "/root/greeter.py"
DISPLAYS = '[terminal]\nvt = "none"\nswitch = false\n[default_session]\ncommand = "/bin/sleep 1000"\nuser = "_greetd"\n'


def displays_begin(site, configuration=DISPLAYS):
    """As after a boot: greetd remembers in /run that it was there before."""
    site.box.put("/etc/greetd/config.toml", configuration)
    site.box.sh("systemctl stop greetd; rm -f /run/greetd*; systemctl reset-failed greetd; systemctl start greetd")


@pytest.fixture(scope="module")
def display_manager(peopled):  # noqa: F811
    peopled.box.put(GREETER, (pathlib.Path(__file__).parent / "greeter.py").read_text(encoding="utf-8"))
    displays_begin(peopled)
    yield
    peopled.box.sh("systemctl stop greetd")


def greeted(site, account):
    """What the display manager said to the greeter; after that the greeter goes, as greeters do, and the session begins."""
    site.box.until("pgrep -u _greetd -x sleep")
    result = site.box.run(["python3", GREETER, account, "pw", "sleep", "600"])
    if result.ok:
        site.box.sh("pkill -u _greetd -x sleep")
    return result


@pytest.mark.usefixtures("installed", "display_manager")
def test_display_manager(site):
    site.grant(service="login", source="local")
    refused = greeted(site, "zhang.san")
    assert not refused.ok and "[wrong-service]" in refused.out, refused
    site.revoke_everything()
    site.grant(service="greetd", source="10.0.0.0/8")
    refused = greeted(site, "zhang.san")
    assert not refused.ok and "[wrong-source]" in refused.out, refused
    site.revoke_everything()
    grant = site.grant(service="greetd", source="local", uses="1 per-host")
    assert greeted(site, "zhang.san").ok
    site.box.until("pgrep -u zhang.san -x sleep")
    assert [(session["service"], session["source"]) for session in site.live()] == [("greetd", "local")]
    assert site.revoke(grant).ok
    assert left_of(site) == []
    assert greeted(site, "staff.person").ok
    site.box.until("pgrep -u staff.person -x sleep")
    site.box.sh("pkill -u staff.person -x sleep")


AUTOMATIC = f'{DISPLAYS}[initial_session]\ncommand = "/bin/sleep 601"\nuser = "zhang.san"\n'


def test_display_manager_that_asks_for_no_password(site, display_manager):
    """Its initial session: begun at its start, for somebody named in its configuration."""
    box = site.box
    before = len(site.refusals())
    displays_begin(site, AUTOMATIC)
    assert box.until(lambda: site.refusals()[before:]) in (["no-grant"], ["revoked"])
    assert box.processes("zhang.san") == []
    site.grant(service="greetd", source="local")
    displays_begin(site, AUTOMATIC)
    box.until("pgrep -u zhang.san -x sleep")
    assert [session["service"] for session in site.live()] == ["greetd"]
    displays_begin(site)


# --- along with a session


@pytest.mark.usefixtures("installed")
def test_locker_opens_while_a_session_lives(site):
    """A locker runs as the person. vlock and screen ask for the password alone; others for the account phase, too."""
    grant = site.grant()
    assert ask_pam(site, "xscreensaver", "zhang.san", by="zhang.san") == {"account": DENIED}
    assert site.refusals()[-1] == "no-session"
    running, _ = site.session_open()
    assert ask_pam(site, "xscreensaver", "zhang.san", by="zhang.san") == {"account": ADMITTED}
    # About nobody else, who is in as well; and no session: it is a question, not a login.
    site.grant("li.wei")
    other, _ = site.session_open("li.wei")
    assert ask_pam(site, "xscreensaver", "li.wei", by="li.wei") == {"account": ADMITTED}
    assert ask_pam(site, "xscreensaver", "li.wei", by="zhang.san") == {"account": DENIED}
    assert ask_pam(site, "login", "zhang.san", "local", "account", "open", by="zhang.san") == {"account": ADMITTED, "open": DENIED}
    assert len(site.live()) == 2
    assert site.revoke(grant).ok
    assert ask_pam(site, "xscreensaver", "zhang.san", by="zhang.san") == {"account": DENIED}
    running.kill()
    other.kill()


def test_vlock_goes_with_its_session(site):
    grant = site.grant()
    terminal = site.box.ssh_spawn("zhang.san", key=site.keys["zhang.san"])
    terminal.expect(r"\$ ")
    terminal.sendline("vlock; echo open-$((40+2))")
    terminal.expect("locked")
    terminal.sendline("")
    terminal.expect("Password: ")
    terminal.sendline("pw")
    terminal.expect("open-42")
    terminal.sendline("vlock")
    terminal.expect("locked")
    assert site.revoke(grant).ok
    assert left_of(site) == [] == site.box.processes("zhang.san")


MANAGER = "user@20001.service"
UNIT = "[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=default.target\n"


def nobody_is_here(site):
    """Nor does a manager of theirs begin because somebody says so."""
    box, before = site.box, len(site.refusals())
    assert left_of(site) == [] == box.processes("zhang.san")
    box.sh("systemctl reset-failed")  # else systemd does not even ask
    assert not box.run(f"systemctl start {MANAGER}").ok
    assert site.refusals()[before:] == ["no-session"]
    assert left_of(site) == [] == box.processes("zhang.san")


def test_user_manager_with_linger(fresh_site):
    """Whom logind lets linger gets a manager at boot: not who is gated, and not on demand either. With a session, it is theirs,
    and ends with it. What staff.person enabled runs, which shows that it would."""
    site, box = fresh_site, fresh_site.box
    for account in ("zhang.san", "staff.person"):
        home = f"/home/{account}/.config/systemd/user"
        box.put(f"{home}/left.service", UNIT)
        box.sh(f"mkdir -p {home}/default.target.wants && ln -s ../left.service {home}/default.target.wants/")
        box.sh(f"chown -R {account} /home/{account}; loginctl enable-linger {account}")
    grant = site.grant(uses="unlimited")
    box.reboot()
    box.until("hufuctl status", timeout=HANGS)
    box.until("pgrep -u staff.person -x sleep", timeout=HANGS)
    box.until(f"systemctl is-failed {MANAGER}", timeout=HANGS)
    assert site.refusals()[-1] == "no-session"
    nobody_is_here(site)
    # Once it ends by logout, once by revoke.
    for end in (lambda running: running.kill(), lambda running: site.revoke(grant)):
        running, _ = site.session_open()
        box.until(f"systemctl is-active {MANAGER} && pgrep -u zhang.san -P $(systemctl show -P MainPID {MANAGER}) -x sleep", timeout=HANGS)
        assert set(box.processes("zhang.san")) <= set(pid.split("/")[2] for pid in left_of(site))
        end(running)
        box.until(lambda: site.live() == [] == box.processes("zhang.san"))
        nobody_is_here(site)
