"""Live sessions while what is around them hangs: journald, the disk, hufud, and all of them at once. A deadline waits for none."""

import contextlib
import time

import pytest

from box import HANGS
from failures import during

# Some of it outside of the session.
HOLD = "trap '' TERM HUP; systemd-run --user --quiet sleep 700; setsid -f sleep 701; sleep 601; sleep 602"


@contextlib.contextmanager
def journald(site):
    """Frozen, and its queue full: whoever has something to say to it waits."""
    pid = site.daemon_pid("systemd-journald")
    site.box.sh(f"kill -STOP {pid}")
    site.box.run("timeout 1 sh -c 'yes full | logger'")
    yield
    site.box.sh(f"kill -CONT {pid}")


@contextlib.contextmanager
def disk(site):
    """What is to be on disk never gets there."""
    calls = "fsync,fdatasync"
    tracer = site.box.start(f"exec strace -f -qq -e trace={calls} -e inject={calls}:delay_enter=600000000 -o /dev/null -p {site.daemon_pid()}")
    site.box.until("! grep -L 'TracerPid:.[1-9]' /proc/%d/task/*/status | grep -q ." % site.daemon_pid())
    yield
    tracer.kill()
    site.box.until("! pgrep -x strace")


@contextlib.contextmanager
def everything(site):
    """With hufud: the reaper is alone."""
    with journald(site), disk(site):
        site.signal("STOP")
        yield
        site.signal("CONT")


@contextlib.contextmanager
def journald_and_disk(site):
    with journald(site), disk(site):
        yield


def gone(site, running, timeout):
    running.wait(timeout=timeout)
    site.box.until(lambda: site.box.processes("zhang.san") == [])


@pytest.mark.parametrize("hangs", [journald_and_disk, everything], ids=lambda hangs: hangs.__name__)
def test_deadline(site, hangs):
    site.grant(uses="unlimited", **{"max-session": "5s"})
    running, session = site.session_open(command=HOLD)
    with during(hangs, site):
        assert not running.ended
        gone(site, running, running.began + 5 - time.monotonic() + HANGS)
        assert time.monotonic() - running.began > 4
    # Said afterwards, once, in the ledger and then in the journal.
    site.box.until(lambda: site.live() == [], timeout=HANGS)
    closed = site.box.until(lambda: [r for r in site.audit(event="session-close") if r["session"] == session["number"]], timeout=HANGS)
    # After `everything`, which hufud hears first: the reaper, or its own timer.
    assert len(closed) == 1 and closed[0]["reason"] in ("max-session", "lease-lapsed"), closed
    site.box.until(lambda: site.ctl("status")["journal_behind"] == 0, timeout=HANGS)
    site.box.until(lambda: site.ssh().ok, timeout=HANGS)


def test_revoke_while_journald_hangs(site):
    """So is an operator's end of one session, and a grant that is handed in."""
    grant = site.grant(uses="unlimited")
    first, session = site.session_open(command="sleep 603")
    second, _ = site.session_open(command=HOLD)
    with during(journald, site):
        ended = site.box.run(["hufuctl", "session", "end", str(session["number"])])
        assert ended.ok and ended.seconds < HANGS, ended
        first.wait(timeout=HANGS)
        assert not site.box.run("pgrep -u zhang.san -f 'sleep [6]03'").ok and not second.ended
        revoked = site.revoke(grant)
        assert revoked.ok and revoked.seconds < HANGS, revoked
        assert site.box.processes("zhang.san") == []
        second.wait(timeout=HANGS)
        other = site.grant(uses="unlimited")
    site.box.until(lambda: site.ssh().ok, timeout=HANGS)
    assert site.revoke(other).ok


def test_revoke_while_the_disk_hangs(site):
    """It cannot say that it is done, and whoever is in is put out all the same."""
    grant = site.grant(uses="unlimited")
    running, _ = site.session_open(command=HOLD)
    with during(disk, site):
        revoking = site.box.start(["hufuctl", "revoke", grant])
        gone(site, running, HANGS)
        assert not revoking.ended
        assert not site.ssh().ok
    assert revoking.wait(timeout=HANGS).ok
    assert next(g for g in site.ctl("grant", "list", "--all") if g["id"] == grant)["state"] == "revoked"


def test_services_do_not_wait_for_their_own_words(site):
    """(unit/common/sockets: test_never_waits is what it means.) What they print goes to journald by a stream that holds so much and no more: it is dropped then, and they go on."""
    for unit in ("hufud", "hufu-reaper"):
        flags = site.box.sh(f"sed -n 's/^flags:[^0-7]*//p' /proc/{site.daemon_pid(unit)}/fdinfo/2")
        assert int(flags, 8) & 0o4000, (unit, flags)
