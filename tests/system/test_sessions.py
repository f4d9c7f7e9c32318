"""Live sessions: their deadlines, and what becomes of them when hufud is restarted, killed or frozen."""

import time

import pytest


def ended_in_time(site, running, deadline, slack):
    """The session ends at the deadline (monotonic seconds), not before, and `slack` after it at most; nothing of it is left."""
    result = running.wait(timeout=deadline - time.monotonic() + slack + 10)
    now = time.monotonic()
    assert deadline - 1.5 < now < deadline + slack, (now - deadline, result)
    site.box.until("! pgrep -u zhang.san -x sleep")


def test_ends_at_its_deadline(site):
    site.grant(**{"max-session": "4s"})
    running, _ = site.session_open(command="trap '' TERM HUP; sleep 601; sleep 602")
    ended_in_time(site, running, running.began + 4, 2)
    site.box.until(lambda: [s["reason"] for s in site.sessions("--all")][-1] == "max-session")
    assert site.ssh().ok


def test_ends_with_its_grant(site):
    person = site.newcomer()
    site.grant(person, **{"for": "6s"})
    began = time.monotonic()
    running, session = site.session_open(person)
    assert session["seconds_left"] <= 6
    running.wait(timeout=60)
    assert time.monotonic() - began < 60
    assert not site.ssh(person).ok
    assert site.refusals(person)[-1] == "expired"


def test_restart_picks_sessions_up(fresh_site):
    site = fresh_site
    grant = site.grant(**{"max-session": "1h"})
    running, session = site.session_open()
    for how in ("systemctl restart hufud", "kill -9 $(systemctl show -p MainPID --value hufud); systemctl reset-failed hufud; systemctl start hufud"):
        site.box.sh(how)
        site.box.until("hufuctl status")
        assert not running.ended
        found = site.live()
        assert [s["number"] for s in found] == [session["number"]]
        assert found[0]["seconds_left"] <= session["seconds_left"]
    assert site.revoke(grant).ok
    assert site.box.processes("zhang.san") == []
    running.wait(timeout=2)


def test_ended_meanwhile_is_closed_in_the_books(fresh_site):
    site = fresh_site
    grant = site.grant(uses="1 per-host")
    running, session = site.session_open()
    site.box.sh("systemctl kill -s KILL hufud; systemctl stop hufud")
    running.kill()
    # sshd sees the connection go; a command without a terminal does not.
    site.box.until("! pgrep -u zhang.san -x sshd")
    site.box.sh("systemctl reset-failed hufud; systemctl start hufud")
    site.box.until("hufuctl status")
    site.box.until(lambda: [s["state"] for s in site.sessions("--all") if s["number"] == session["number"]] == ["ended"])
    assert any(record["event"] == "session-close" for record in site.audit(grant=grant))
    site.box.until(lambda: site.box.processes("zhang.san") == [])
    assert not site.ssh().ok


def test_operator_ends_one_session(site):
    site.grant()
    first, one = site.session_open()
    second, two = site.session_open()
    ended = site.box.run(["hufuctl", "session", "end", str(one["number"])])
    assert ended.ok, ended
    first.wait(timeout=2)
    assert not second.ended and [s["number"] for s in site.live()] == [two["number"]]
    assert site.ssh().ok


def test_last_logout_takes_everything(site):
    site.grant()
    assert site.ssh(command="setsid -f sleep 601 >/dev/null 2>&1; systemd-run --user --quiet sleep 602").ok
    site.box.until(lambda: site.box.processes("zhang.san") == [])


@pytest.mark.long
def test_reservation_of_a_client_that_left(site):
    """The account phase passed, the connection broke before the session: the use comes back. Within two minutes, since with
    keyboard-interactive the account phase's process ends before the session begins (3-rules, "A reservation")."""
    grant = site.grant(uses="1 per-host")
    site.box.put("/etc/pam.d/sshd.original", site.box.get("/etc/pam.d/sshd"))
    try:
        # What stands before Hufu in the session phase refuses: the same as a connection that breaks in between.
        site.box.sh("sed -i '0,/^session/s//session requisite pam_deny.so\\nsession/' /etc/pam.d/sshd")
        assert not site.ssh().ok
    finally:
        site.box.sh("mv /etc/pam.d/sshd.original /etc/pam.d/sshd")
    taken = lambda: next(item for item in site.ctl("grant", "list", "--all") if item["id"] == grant)["uses_taken"]
    assert taken() == 1 and not site.ssh().ok
    site.box.until(lambda: taken() == 0, timeout=130, every=1)
    assert site.ssh().ok
