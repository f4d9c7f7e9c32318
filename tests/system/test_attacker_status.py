"""The attacker writes status documents, and the site's signer writes those that help: what narrows is in force, what does not is refused."""

import os

from joined_site import SIGNER, id_of, paper
from site_setup import NAME, PEOPLE


def not_heeded(joined, octets, approvals, reason):
    """It is refused, shown with a reason, and what was in use is so still."""
    before = joined.sync("status_epoch")
    dn = joined.publish_as(os.urandom(8).hex(), octets, approvals)
    said = joined.refused(dn)
    assert said["reason"] == reason, said
    assert joined.sync("status_epoch") == before and joined.sync("status_trust_epoch") == 1
    return said


def signed(joined, octets, **how):
    return [joined.signed(octets, SIGNER, "status", **how)]


def test_expired(joined):
    """One that had been kept back until it was over, and is newer than what was in use: what it says holds, and it keeps nobody in."""
    who = joined.newcomer()
    grant = joined.published(who)
    joined.current(f"revoked: {grant}", issued="-3 hours", expires="-1 hour")
    assert joined.why_not(who) == "status-stale"
    assert joined.ssh("staff.person").ok
    joined.current()
    assert joined.comes_in(who)


def test_from_the_future(joined):
    octets = joined.status_document(issued="+2 hours", expires="+9 hours")
    not_heeded(joined, octets, signed(joined, octets), "clock-unsure")


def test_signed_by_others(joined):
    """By approvers, by the revoker, in the name of the status key with another one; and by nobody."""
    octets = joined.status_document()
    joined.authority.known("somebody", "ed25519")
    approvals = [joined.signed(octets, "zhou.ming", role) for role in ("status", "unit")]
    approvals += [joined.signed(octets, "sun.qi", role) for role in ("status", "revoker")]
    approvals += [joined.signed(octets, SIGNER, "status", key=f"{PEOPLE}/somebody.key")]
    before = joined.sync("status_epoch")
    dns = [joined.publish_as(name, octets, papers) for name, papers in (("one", approvals), ("two", []))]
    for dn in dns:
        assert joined.refused(dn)["reason"] == "approval-missing"
    assert joined.sync("status_epoch") == before


def test_of_another_site(joined):
    octets = joined.status_document(site="cn.other.department")
    not_heeded(joined, octets, signed(joined, octets, site="cn.other.department"), "wrong-site")
    not_heeded(joined, octets, signed(joined, octets, site=NAME), "wrong-site")


def test_going_back(joined):
    """Lower, and the same number with another content: both refused, both on record."""
    who = joined.newcomer()
    grant = joined.published(who)
    epoch = joined.current(f"revoked: {grant}")
    records = len(joined.audit(event="directory-entry", result="failure"))
    for number, reason in (epoch - 1, "status-stale"), (epoch, "bad-request"):
        octets = joined.status_document(epoch=number)
        not_heeded(joined, octets, signed(joined, octets), reason)
    joined.box.until(lambda: len(joined.audit(event="directory-entry", result="failure")) >= records + 2)
    assert joined.why_not(who) == "revoked"


def test_minimum_version(joined):
    """The version before it, for whoever still has it, is nothing any more; the next one is."""
    who = joined.newcomer()
    grant = joined.published(who)
    first = joined.last.decode()
    joined.current(f"minimum-version: {grant} 2")
    assert joined.why_not(who) == "revoked"
    octets = paper(first.replace("version: 1\n", "version: 2\n"))
    joined.publish(octets, joined.approved(octets))
    joined.becomes(grant, "ok")
    assert joined.comes_in(who)


def test_revoked_certificate(joined):
    """Of an approver: all that it signed falls, who is in by that is out, and nothing new comes in by it."""
    who = joined.newcomer()
    grant = joined.published(who)
    running, _ = joined.session_open(who)
    digest = joined.box.sh(f"openssl x509 -in {PEOPLE}/zhou.ming.pem -outform der | sha256sum").split()[0]
    joined.current(f"revoked-certificate: {digest}")
    running.wait(timeout=5)
    assert joined.why_not(who) == "approval-missing"
    octets = joined.drafted(who)
    joined.publish(octets, joined.approved(octets))
    joined.becomes(id_of(octets), "approval-missing")
    # A status without it, by the same signer: given back.
    joined.current()
    joined.becomes(grant, "ok")
    assert joined.comes_in(who)


def test_junk_for_the_epoch_to_come(fresh_joined):
    """Twenty statuses of an epoch of the trust that nobody here has, the genuine one last: it is in use when that epoch comes."""
    joined = fresh_joined
    who = joined.newcomer()
    grant = joined.published(who)
    joined.authority.known("somebody", "ed25519")
    for number in range(20):
        octets = joined.status_document(epoch=1000 + number, trust_epoch=2)
        joined.publish_as(f"junk.{number}", octets, [joined.signed(octets, SIGNER, "status", key=f"{PEOPLE}/somebody.key")] if number % 2 else [])
    octets = joined.status_document(f"revoked: {grant}", epoch=7, trust_epoch=2)
    joined.publish_as("last", octets, signed(joined, octets))
    joined.heard()
    assert joined.comes_in(who) and joined.sync("status_trust_epoch") == 1
    following = paper(joined.trust_document(epoch=2))
    joined.publish(following, joined.approved(following))
    joined.box.until(lambda: (joined.sync("trust_epoch"), joined.sync("status_trust_epoch"), joined.sync("status_epoch")) == (2, 2, 7), timeout=20)
    assert joined.why_not(who) == "revoked"
