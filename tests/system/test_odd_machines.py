"""Machines on which not everything is as usual. Each has an answer of its own, and none calls somebody gone who is there: what
is alive is asked from outside, of the kernel's locks."""

import contextlib

import pytest

from box import HANGS
from menagerie import Menagerie

DROP_IN = "/etc/systemd/system/hufu-reaper.service.d/odd.conf"


@pytest.fixture(scope="module")
def zoo(guarded):
    return Menagerie(guarded)


@pytest.fixture
def person(site, zoo):
    name = site.newcomer()
    yield name
    zoo.forget_jobs(name)


def start_reaper(box):
    box.sh("systemctl daemon-reload; systemctl reset-failed hufu-reaper; systemctl restart hufu-reaper")
    box.until("hufuctl status >/dev/null")


@contextlib.contextmanager
def reaper_with(box, *lines):
    """The unit has these lines on top; not started anew yet."""
    box.sh(f"mkdir -p $(dirname {DROP_IN})")
    box.put(DROP_IN, "\n".join(["[Service]", *lines, ""]))
    box.sh("systemctl daemon-reload")
    try:
        yield
    finally:
        box.sh(f"rm -f {DROP_IN}")
        start_reaper(box)


@contextlib.contextmanager
def proc_mounted(box, options, inside=""):
    """`inside`: a command that enters another mount namespace."""
    box.sh(f"{inside} mount -o remount,{options} /proc")
    try:
        yield
    finally:
        box.sh(f"{inside} mount -o remount,hidepid=0,gid=0 /proc")


@contextlib.contextmanager
def without(box, what, *files):
    """Lines with this word are out of these files."""
    for file in files:
        box.sh(f"cp -L {file} /root/$(basename {file}).kept && sed -i '/{what}/d' {file}")
    try:
        yield
    finally:
        for file in files:
            box.sh(f"cp /root/$(basename {file}).kept {file}")


def everything_ends(site, zoo, person, **how):
    """Proven, and true; others live on."""
    grant = site.grant(person)
    staff = site.ssh_start("staff.person")
    site.box.until("pgrep -u staff.person -x sleep")
    running, _ = zoo.fill(person, **how)
    revoked = site.revoke(grant)
    assert revoked.ok, revoked
    assert zoo.alive(person) == [] == zoo.seen(person)
    assert "none left" in site.audit(event="session-close", staff=person)[-1]["detail"]
    running.wait(timeout=HANGS)
    assert not staff.ended and site.box.run("pgrep -u staff.person -x sleep").ok


# --- /proc that hides


def nobody_comes_in(site, person, word):
    box = site.box
    box.run("systemctl reset-failed hufu-reaper; systemctl restart --no-block hufu-reaper")
    box.until(f"journalctl -u hufu-reaper -n 40 -o cat | grep -q '{word}'")
    box.until(lambda: "[reaper-away]" in site.ssh(person).text)


@pytest.mark.parametrize("options", ["hidepid=1", "hidepid=2,gid=65534"])
def test_the_machines_proc_hides(site, zoo, person, options):
    """The reaper's unit has a mount of its own, which does not: it sees everybody, and proves what is so."""
    with proc_mounted(site.box, options):
        start_reaper(site.box)
        everything_ends(site, zoo, person, calm=True)


@pytest.mark.parametrize("setting", ["invisible", "ptraceable"])
def test_the_reaper_does_not_start_where_its_own_hides(site, person, setting):
    site.grant(person)
    with reaper_with(site.box, f"ProtectProc={setting}"):
        nobody_comes_in(site, person, "mounted with hidepid")
    assert site.ssh(person).ok


def test_proc_begins_to_hide_while_somebody_is_in(site, zoo, person):
    """The reaper sees none of them any more. That nobody is seen proves nothing: so it says, the account is locked, and with
    the sight the proof comes by itself."""
    box = site.box
    site.grant(person)
    site.grant(person)
    _, session = zoo.fill(person, calm=True)
    with proc_mounted(box, "hidepid=2,gid=65534", f"nsenter -m -t {site.daemon_pid('hufu-reaper')}"):
        revoked = site.revoke(session["grant"])
        assert revoked.code == 4, revoked
        assert zoo.alive(person) != []
        assert "hidepid" in box.sh("journalctl -u hufu-reaper -n 20 -o cat")
        assert "[remains]" in site.ssh(person).text
    # Who may read records is asked of the reaper, too.
    remains = site.audit(event="session-remains", staff=person)[-1]
    assert "cannot see all processes" in remains["detail"]
    box.until(lambda: zoo.alive(person) == [], timeout=HANGS)
    box.until(lambda: site.audit(event="session-close", staff=person))
    assert zoo.seen(person) == []
    assert site.ssh(person).ok


# --- who holds sessions together


def test_without_pam_systemd(site, zoo, person):
    with without(site.box, "pam_systemd", "/etc/pam.d/common-session"):
        everything_ends(site, zoo, person, managed=False)


def test_without_logind(site, zoo, person):
    site.box.sh("systemctl mask --now systemd-logind dbus-org.freedesktop.login1")
    try:
        everything_ends(site, zoo, person, calm=True, managed=False)
    finally:
        site.box.sh("systemctl unmask systemd-logind dbus-org.freedesktop.login1; systemctl start systemd-logind")


# --- cgroups


def test_without_cgroups(site, zoo, person):
    """The reaper finds another file system where cgroups should be: each is ended by pidfd."""
    with reaper_with(site.box, "TemporaryFileSystem=/sys/fs/cgroup"):
        start_reaper(site.box)
        everything_ends(site, zoo, person, calm=True)


# --- login uids


def untied(site, person, **how):
    before = len(site.refusals(person))
    tried = site.ssh(person, **how)
    assert not tried.ok and person not in tried.out and "[login-uid-missing]" in tried.text, tried
    # sshd goes on through the stack: logind starts a user manager, which is refused, too.
    assert site.refusals(person)[before] == "login-uid-missing"
    site.box.until(lambda: site.box.processes(person) == [])
    return tried


def test_without_pam_loginuid(site, zoo, person):
    """Its processes could set any login uid, and what became root in it would be nobody's: it does not begin."""
    site.grant(person, service=["at", "cron", "sshd"])
    box = site.box
    with without(box, "pam_loginuid", "/etc/pam.d/sshd", "/etc/pam.d/cron", "/etc/pam.d/atd"):
        untied(site, person)
        zoo.cages(person)
        zoo.leave_jobs(person)
        box.until(lambda: len(site.audit(event="job", staff=person, result="failure")) >= 2)
        assert {job["reason"] for job in site.audit(event="job", staff=person, result="failure")} == {"login-uid-missing"}
        assert zoo.alive(person) == []
        assert site.ssh("staff.person").ok
    assert site.ssh(person).ok


def test_the_login_uid_of_who_started_sshd_is_no_better(site, person):
    site.grant(person)
    box = site.box
    with without(box, "pam_loginuid", "/etc/pam.d/sshd"):
        daemon = box.start("echo 0 > /proc/self/loginuid; exec /usr/sbin/sshd -D -p 2222")
        box.until("ss -ltn | grep -q :2222")
        untied(site, person, options=["Port=2222"])
        daemon.kill()
