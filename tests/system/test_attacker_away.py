"""There is no directory: it is stopped, or hufu-ldapd is, or hufud begins anew meanwhile. What is known is decided by, here."""

from site_setup import HOST


def answers_alone(joined, who, gone):
    """As before: one gets in, of the other the grant is withdrawn, of the third revoked."""
    assert joined.comes_in(who)
    assert [joined.why_not(person) for person in gone] == ["withdrawn", "staff-revoked"]


def test_decided_here(joined):
    """hufud serves from its store at once: also before hufu-ldapd has come, and if it never comes."""
    who, withdrawn, revoked = (joined.newcomer() for _ in range(3))
    grant = joined.published(who)
    gone = joined.published(withdrawn)
    joined.directory.delete(joined.entry(gone)).check()
    joined.becomes(gone, "withdrawn")
    joined.published(revoked)
    joined.take_away(f"staff {revoked}")
    people = (who, (withdrawn, revoked))

    running, _ = joined.session_open(who)
    joined.directory.provider.kill()
    joined.box.until(lambda: joined.sync("state") in ("failed", "connecting"), timeout=10)
    answers_alone(joined, *people)
    joined.box.sh("systemctl restart hufud")
    joined.box.until("hufuctl status")
    answers_alone(joined, *people)
    joined.box.sh("systemctl stop hufu-ldapd")
    joined.box.until(lambda: joined.sync("state") == "away")
    joined.box.sh("systemctl kill -s KILL hufud")
    joined.box.until("hufuctl status", timeout=10)
    answers_alone(joined, *people)
    assert not running.ended
    shown = joined.box.run("hufuctl sync status")
    assert shown.code == 1 and "hufu-ldapd is away" in shown.out
    # What was written meanwhile arrives when the two are back.
    joined.directory.provider.start()
    joined.directory.delete(joined.entry(grant)).check()
    joined.resume()
    running.wait(timeout=5)
    assert joined.why_not(who) == "withdrawn"


def test_uses_of_a_fleet(joined):
    """Counted elsewhere, and not to be counted now: refused, with its own reason; and in as soon as it can be counted."""
    who = joined.newcomer()
    grant = joined.published(who, uses="1 fleet", sessions="1")
    joined.directory.uses(grant, 1, [HOST])
    joined.box.until(lambda: joined.sync("claims_possible"), timeout=15)
    joined.directory.provider.stop()
    assert joined.why_not(who) == "claim-unavailable"
    joined.directory.provider.start()
    joined.box.until(lambda: joined.sync("claims_possible"), timeout=15)
    assert joined.comes_in(who)


def test_power_cut(fresh_joined):
    """With everything in the middle of it; the box comes up with no server at all."""
    joined, box = fresh_joined, fresh_joined.box
    who, other = joined.newcomer(), joined.newcomer()
    joined.published(who)
    gone = joined.published(other)
    joined.directory.delete(joined.entry(gone)).check()
    joined.becomes(gone, "withdrawn")
    box.sh("systemctl disable slapd hufu-ldapd")
    box.reboot()
    box.until("hufuctl status", timeout=10)
    assert joined.comes_in(who)
    assert joined.why_not(other) == "withdrawn"
