"""Time ends sessions: a grant's end, its longest session, its hours; each with one process of each kind."""

import time

import pytest

from box import HANGS
from clock_shim import set_clock, shift
from menagerie import Menagerie

WHY = {
    "expired": {"for": "30m", "service": ["at", "cron", "sshd"]},
    "max-session": {"max-session": "30m"},
    "outside-hours": {},  # filled in by the box's clock
}


@pytest.fixture(scope="module")
def zoo(guarded):
    shift(guarded)
    return Menagerie(guarded)


def test_the_reaper_alone_ends_everything(site, zoo):
    """hufud is silent, and says nothing of a session that is over: its lease lapses."""
    box, person = site.box, site.newcomer()
    terms = {"uses": "unlimited", "id": site.grant(person, uses="unlimited")}
    running, _ = zoo.fill(person)
    # A version with so little that it is over soon, whatever it took to come here.
    soon = int(time.monotonic() - running.began) + 6
    site.grant(person, version=2, **{"max-session": f"{soon}s"}, **terms)
    site.signal("STOP")
    try:
        assert zoo.alive(person) != []
        running.wait(timeout=running.began + soon - time.monotonic() + HANGS)
        box.until(lambda: zoo.alive(person) == [] == zoo.seen(person))
    finally:
        site.signal("CONT")
    box.until("hufuctl status", timeout=HANGS)
    closed = box.until(lambda: site.audit(event="session-close", staff=person), timeout=HANGS)
    # Its own timer is over, too: either is what hufud hears first. Nobody logged out.
    assert [record["reason"] for record in closed] in (["lease-lapsed"], ["max-session"])


def test_time_ends_everything(site, zoo):
    """hufud's clock is set half an hour ahead, and synchronised: the next decision finds three sessions that are over. That each
    is found by its own timer, too, is test_sessions.py's."""
    box = site.box
    opens, closes = (box.sh(f"date -u -d '{when}' +%H:%M") for when in ("now -2 hours", "now +20 minutes"))
    people = {reason: site.newcomer() for reason in WHY}
    for reason, person in people.items():
        terms = {**WHY[reason], **({"hours": f"mon-sun {opens}-{closes} +00:00"} if reason == "outside-hours" else {})}
        site.grant(person, **terms)
        zoo.fill(person, calm=True, jobs=reason == "expired")
    staff = site.ssh_start("staff.person")
    box.until("pgrep -u staff.person -x sleep")
    set_clock(site, 1900, synchronised=True)
    assert not site.ssh(people["expired"]).ok
    for reason, person in people.items():
        box.until(lambda: [r["reason"] for r in site.audit(event="session-close", staff=person) if r["service"] == "sshd"] == [reason])
        assert zoo.alive(person) == [] == zoo.seen(person), reason
        zoo.forget_jobs(person)
    assert not staff.ended
    assert not site.ssh(people["outside-hours"]).ok
    assert site.refusals(people["outside-hours"])[-1] == "outside-hours"
    assert site.ssh(people["max-session"]).ok
