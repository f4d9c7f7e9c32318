"""Every way out: after each, nothing of that person is alive, whatever it was; others live on; the record says why, with a proof."""

import pytest

from box import HANGS
from menagerie import Menagerie

JOBS = {"service": ["at", "cron", "sshd"]}


@pytest.fixture(scope="module")
def zoo(guarded):
    guarded.vendor("li.wei", 20002)
    return Menagerie(guarded)


@pytest.fixture
def person(site, zoo):
    """Somebody new: what is taken away from them for good harms no other test. They linger."""
    name = site.newcomer()
    site.box.sh(["loginctl", "enable-linger", name])
    yield name
    zoo.forget_jobs(name)


@pytest.fixture
def bystanders(site):
    site.grant("li.wei", vendor="globex")
    running = {name: site.ssh_start(name) for name in ("li.wei", "staff.person")}
    site.box.until("pgrep -u li.wei -x sleep && pgrep -u staff.person -x sleep")
    return running


def is_over(site, zoo, person, reason):
    assert zoo.alive(person) == []
    assert zoo.seen(person) == []
    closed = [record for record in site.audit(event="session-close", staff=person) if record["service"] == "sshd"]
    assert [record["reason"] for record in closed] == [reason]
    assert "none left" in closed[0]["detail"] and closed[0]["latency_us"] > 0


def lived_on(site, bystanders, *names):
    for name in names or bystanders:
        assert not bystanders[name].ended and site.box.run(f"pgrep -u {name} -x sleep").ok, name


def hufuctl(*arguments):
    def do(site, person, grant):
        words = [{"GRANT": grant, "PERSON": person, "VENDOR": f"{person}.inc"}.get(word, word) for word in arguments]
        done = site.box.run(["hufuctl", *words])
        assert done.ok, done

    return do


def narrower(site, person, grant):
    """A version that no longer has the address that they came from, nor cron and at."""
    site.grant(person, id=grant, version="2", source="10.9.9.0/24", vendor=f"{person}.inc")


# How, the reason on record, and whether somebody of another vendor stays.
EXITS = {
    "revoked": (hufuctl("revoke", "GRANT"), "revoked", True),
    "staff-revoked": (hufuctl("revoke", "--staff", "PERSON"), "staff-revoked", True),
    "vendor-revoked": (hufuctl("revoke", "--vendor", "VENDOR"), "vendor-revoked", True),
    "staff-locked": (hufuctl("lock", "--staff", "PERSON", "--why", "drill"), "staff-locked", True),
    "vendor-locked": (hufuctl("lock", "--vendor", "VENDOR", "--why", "drill"), "vendor-locked", True),
    "host-locked": (hufuctl("lock", "--host", "--why", "drill", "--yes"), "host-locked", False),
    "finished": (hufuctl("grant", "finish", "GRANT"), "closed", True),
    "narrowed": (narrower, "wrong-source", True),
}


@pytest.mark.parametrize("way", EXITS)
def test_an_order_ends_everything(site, zoo, person, bystanders, way):
    do, reason, alone = EXITS[way]
    grant = site.grant(person, vendor=f"{person}.inc", **JOBS)
    running, _ = zoo.fill(person, jobs=True)
    do(site, person, grant)
    try:
        is_over(site, zoo, person, reason)
        lived_on(site, bystanders, *([] if alone else ["staff.person"]))
        running.wait(timeout=HANGS)
        assert not site.ssh(person).ok
        assert site.refusals(person)[-1] == reason
    finally:
        site.box.run("hufuctl unlock --host --why drilled")


def jobs_refused(site, person):
    return [record["reason"] for record in site.audit(event="job", staff=person, result="failure")]


def test_jobs_that_were_left_do_not_run(site, zoo, person):
    """One is in at's queue, one in a crontab: refused and recorded each time that they come due."""
    grant = site.grant(person, **JOBS)
    zoo.fill(person, calm=True, jobs=True)
    assert site.revoke(grant).ok
    assert jobs_refused(site, person) == []
    zoo.jobs_come_due()
    site.box.until(lambda: len(jobs_refused(site, person)) >= 2)
    assert set(jobs_refused(site, person)) == {"revoked"}
    is_over(site, zoo, person, "revoked")


def leave(running):
    """The connection goes; what was started in it does not notice."""
    running.kill()


def test_logout_ends_everything_but_granted_jobs(site, zoo, person, bystanders):
    grant = site.grant(person, **JOBS)
    running, _ = zoo.fill(person, jobs=True)
    leave(running)
    site.box.until(lambda: zoo.alive(person) == ["at", "cron"])
    site.box.until(lambda: site.audit(event="session-close", staff=person))
    lived_on(site, bystanders)
    assert site.revoke(grant).ok
    is_over(site, zoo, person, "logged-out")


def test_last_logout_of_a_counted_grant(site, zoo, person, bystanders):
    """It is closed with its last use, and with it go the jobs that it named."""
    grant = site.grant(person, uses="1 per-host", **JOBS)
    running, _ = zoo.fill(person, jobs=True)
    leave(running)
    site.box.until(lambda: zoo.alive(person) == [])
    site.box.until(lambda: site.audit(event="grant-close", grant=grant))
    is_over(site, zoo, person, "logged-out")
    lived_on(site, bystanders)
    assert not site.ssh(person).ok
    assert site.refusals(person)[-1] == "closed"


def test_an_operator_ends_the_session(site, zoo, person):
    site.grant(person)
    _, session = zoo.fill(person)
    assert site.box.run(["hufuctl", "session", "end", str(session["number"])]).ok
    is_over(site, zoo, person, "ended-by-operator")
