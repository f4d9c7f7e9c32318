"""The attacker has an old backup of the directory, and restores it: nothing that was taken away, used up or replaced comes back."""

import pytest

from directory import BASE
from joined_site import SIGNER, id_of, paper
from site_setup import HOST


def restore(joined):
    """Returns once hufud was told all that the old database has."""
    joined.directory.provider.restore()
    joined.live_again()
    joined.heard()


def test_revocation_stays(joined):
    """Signed, by its number in a status, by staff and by grant: each was published after the backup."""
    by_grant, by_staff, by_status = (joined.newcomer() for _ in range(3))
    grants = {who: joined.published(who) for who in (by_grant, by_staff, by_status)}
    assert all(joined.comes_in(who) for who in grants)
    old = joined.epoch
    joined.directory.provider.backup()
    joined.live_again()
    joined.take_away(f"grant {grants[by_grant]}")
    joined.take_away(f"staff {by_staff}")
    joined.current(f"revoked: {grants[by_status]}")
    restore(joined)

    assert joined.directory.search(base=f"ou=revocations,{BASE}", scope="one") == []
    assert [joined.why_not(who) for who in grants] == ["revoked", "staff-revoked", "revoked"]
    # The status that is there now is older than what was seen: refused, shown and recorded; the newer one stays in use.
    assert joined.refused(f"cn=1,ou=status,{BASE}")["reason"] == "status-stale"
    assert joined.sync("status_epoch") == joined.epoch > old
    assert any("ou=status" in record["detail"] for record in joined.audit(event="directory-entry", result="failure"))
    joined.box.sh("systemctl restart hufud")
    joined.live_again()
    assert [joined.why_not(who) for who in grants] == ["revoked", "staff-revoked", "revoked"]


def test_uses_do_not_come_back(joined):
    """Counts are kept here. A grant that was used up is closed for good; of one for two uses one is left, and not two."""
    once, twice = joined.newcomer(), joined.newcomer()
    closed = joined.published(once, uses="1 per-host", sessions="1")
    joined.published(twice, uses="2 per-host", sessions="2")
    joined.directory.provider.backup()
    joined.live_again()
    assert joined.comes_in(once) and joined.comes_in(twice)
    joined.becomes(closed, "closed")
    restore(joined)
    assert joined.why_not(once) == "closed"
    assert joined.comes_in(twice)
    assert joined.why_not(twice) in ("uses-exhausted", "closed")


def test_version_before(joined):
    """A grant was narrowed; the version before it is all that the old database has. It is not in force again: the grant is withdrawn."""
    who = joined.newcomer()
    grant = joined.published(who)
    wide = f"{joined.entry(grant)}"
    joined.directory.provider.backup()
    joined.live_again()
    octets = paper(joined.last.decode().replace("version: 1\n", "version: 2\n").replace("sessions: 20", "sessions: 1"))
    joined.publish(octets, joined.approved(octets))
    joined.box.until(lambda: joined.version(grant) == 2)
    joined.directory.delete(wide).check()
    assert joined.comes_in(who)
    restore(joined)
    assert joined.version(grant) == 2 and joined.state(grant) == "withdrawn"
    assert joined.why_not(who) == "withdrawn"
    # And back, without a use gained: it is what was signed last.
    joined.publish(octets, joined.approved(octets))
    joined.becomes(grant, "ok")
    assert joined.comes_in(who)


def test_trust_before(fresh_joined):
    """The trust goes on, and the old one has nothing to say any more, for all that the old database has of it and is signed by it."""
    joined, box = fresh_joined, fresh_joined.box
    joined.directory.provider.backup()
    joined.live_again()
    successor = {**joined.approvers, "zhao.liu": ("unit", "ed25519")}
    del successor["zhou.ming"]
    second = paper(joined.trust_document(epoch=2, approvers=successor))
    joined.publish(second, [*joined.approved(second), joined.signed(second, "zhao.liu", "unit")])
    box.until(lambda: joined.sync("trust_epoch") == 2, timeout=10)
    restore(joined)
    assert joined.sync("trust_epoch") == 2 and joined.directory.search(base=f"ou=trust,{BASE}", scope="one") == []
    # What the quorum of epoch 1 signs, zhou.ming among them, lets nobody in.
    octets = joined.drafted()
    joined.publish(octets, joined.approved(octets))
    joined.becomes(id_of(octets), "approval-missing")
    assert joined.why_not() == "approval-missing"


@pytest.fixture
def fleet(joined):
    """A grant of two uses over all hosts, held in the directory."""
    who = joined.newcomer()
    grant = joined.published(who, uses="2 fleet", sessions="5")
    joined.directory.uses(grant, 2, [HOST])
    joined.box.until(lambda: joined.sync("claims_possible"), timeout=15)
    return who, grant


def test_provider_lies_about_claims(joined, fleet):
    """All uses are free again, and more of them than were signed for: on this host it is still no more than two."""
    who, grant = fleet
    joined.directory.provider.backup()
    joined.box.until(lambda: joined.sync("claims_possible"), timeout=15)
    running = [joined.session_open(who)[0] for _ in range(2)]
    held = joined.directory.search("(hufuHolder=*)", base=f"ou=uses,{BASE}")
    assert len(held) == 2 and all(entry["hufuHolder"][0].decode().startswith(f"{HOST}:") for entry in held)
    restore(joined)
    assert joined.directory.search("(hufuHolder=*)", base=f"ou=uses,{BASE}") == []
    for slot in (3, 4, 5):
        name = f"{grant}.{slot}"
        joined.directory.add(f"cn={name},ou=uses,{BASE}", objectClass="hufuUse", cn=name, hufuId=grant, hufuSlot=slot, hufuHost=HOST).check()
    joined.box.until(lambda: joined.sync("claims_possible"), timeout=15)
    assert joined.why_not(who) == "uses-exhausted"
    for one in running:
        one.kill()
    joined.box.until(lambda: joined.live() == [], timeout=10)
    assert joined.why_not(who) in ("uses-exhausted", "closed")


def test_old_papers_again(joined):
    """No database is restored; single entries are put back as they once were: a lower version, an expired grant, approvals that were
    taken back, a status."""
    who = joined.newcomer()
    octets = joined.drafted(who, from_="2020-01-01T00:00:00Z", for_="8h")
    dn = joined.publish(octets, joined.approved(octets))
    assert joined.heard().bad(dn) is None or joined.bad(dn)["reason"] == "expired"
    assert joined.why_not(who) in ("expired", "wrong-key")
    before = joined.directory.search("(objectClass=hufuStatus)")[0]
    joined.current()
    joined.directory.replace(before["dn"], hufuDocument=before["hufuDocument"], hufuApproval=before["hufuApproval"]).check()
    said = joined.refused(before["dn"])
    assert said["reason"] == "status-stale" and joined.sync("status_epoch") == joined.epoch
    # Its signer's name does not help what somebody made of it.
    forged = joined.status_document(epoch=joined.epoch + 5)
    joined.publish(forged, [joined.signed(forged, SIGNER, "status", subject=f"status 1 {joined.epoch}")])
    joined.heard()
    assert joined.sync("status_epoch") == joined.epoch
