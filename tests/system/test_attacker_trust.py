"""The attacker publishes trust files of their own, and keeps the genuine ones from a host for a while."""

import hashlib

from joined_site import id_of, paper
from site_setup import PEOPLE


def successor(joined, epoch, approvers, signers):
    octets = paper(joined.trust_document(epoch=epoch, approvers=approvers))
    return octets, [joined.signed(octets, person, role) for person, role in signers]


OLD = [("wang.wu", "leader"), ("zhou.ming", "unit")]


def test_forged_successors_do_not_block(fresh_joined):
    """Signed by the quorum of the old one alone, of the new one alone, by nobody, and noise; each with the number that comes next. Then
    the genuine one: it is in force, and what was approved by somebody it does not list is not."""
    joined, box = fresh_joined, fresh_joined.box
    who = joined.newcomer()
    grant = joined.published(who)
    running, _ = joined.session_open(who)
    known = joined.authority.known
    for person in ("zhao.liu", "evil.one", "evil.two"):
        known(person, "ed25519")
    joined.approvers = {**joined.approvers, "zhao.liu": ("unit", "ed25519"), "evil.one": ("leader", "ed25519"), "evil.two": ("unit", "ed25519")}
    genuine_people = {"wang.wu": ("leader", "sm2-sm3"), "zhao.liu": ("unit", "ed25519")}
    evil_people = {"evil.one": ("leader", "ed25519"), "evil.two": ("unit", "ed25519")}
    forgeries = [
        successor(joined, 2, evil_people, OLD),
        successor(joined, 2, evil_people, [("evil.one", "leader"), ("evil.two", "unit")]),
        successor(joined, 2, evil_people, []),
        successor(joined, 2, evil_people, [*OLD[:1], ("evil.one", "leader"), ("evil.two", "unit")]),
        # Back, and far ahead.
        successor(joined, 1, evil_people, OLD),
        successor(joined, 4000, evil_people, [("evil.one", "leader"), ("evil.two", "unit")]),
    ]
    dns = [joined.publish_as(f"{900 + number}", *forged) for number, forged in enumerate(forgeries)]
    for dn in dns:
        assert joined.refused(dn)["reason"] in ("approval-missing", "bad-request"), joined.bad(dn)
    assert joined.sync("trust_epoch") == 1 and joined.state(grant) == "ok" and not running.ended

    genuine = successor(joined, 2, genuine_people, [*OLD, ("zhao.liu", "unit")])
    joined.publish(*genuine)
    box.until(lambda: joined.sync("trust_epoch") == 2, timeout=10)
    running.wait(timeout=5)
    assert joined.why_not(who) == "approval-missing"
    assert box.sh("hufuctl trust show --document | sha256sum").split()[0] == hashlib.sha256(genuine[0]).hexdigest()
    # Whom it lists approves; whom it does not list any more does not.
    octets = joined.drafted(who)
    joined.publish(octets, [joined.signed(octets, "wang.wu", "leader"), joined.signed(octets, "zhao.liu", "unit")])
    # No status of epoch 2 has come: that of epoch 1 is in use.
    joined.becomes(id_of(octets), "ok")
    assert joined.comes_in(who)
    octets = joined.drafted(who)
    joined.publish(octets, [joined.signed(octets, person, role) for person, role in OLD])
    joined.becomes(id_of(octets), "approval-missing")
    # An attacker who has the keys of the old quorum cannot go on from there.
    forged = successor(joined, 3, evil_people, [*OLD, ("evil.one", "leader"), ("evil.two", "unit")])
    dn = joined.publish(*forged)
    assert joined.refused(dn)["reason"] == "approval-missing"
    assert joined.sync("trust_epoch") == 2


def test_away_for_three_epochs(fresh_joined):
    """Each is signed by the quorum of the one before and its own, and one by one they are taken; whichever comes first, and whatever lies
    beside them. One that is missing stops it there."""
    joined, box = fresh_joined, fresh_joined.box
    for person in ("zhao.liu", "qian.qi"):
        joined.authority.known(person, "ed25519")
    joined.approvers = {**joined.approvers, "zhao.liu": ("unit", "ed25519"), "qian.qi": ("leader", "ed25519")}
    wang, zhou, zhao, qian = (("wang.wu", "leader"), ("zhou.ming", "unit"), ("zhao.liu", "unit"), ("qian.qi", "leader"))
    quorums = {1: [wang, zhou], 2: [wang, zhao], 3: [qian, zhao], 4: [qian, zhou]}
    papers = {
        epoch: successor(joined, epoch, {name: joined.approvers[name] for name, _ in quorums[epoch]}, {*quorums[epoch - 1], *quorums[epoch]})
        for epoch in (2, 3, 4)
    }
    box.sh("systemctl stop hufu-ldapd")
    # The last one first, and the one between withheld.
    for epoch in (4, 2):
        joined.publish(*papers[epoch])
    joined.resume()
    box.until(lambda: joined.sync("trust_epoch") == 2, timeout=10)
    joined.heard()
    assert joined.sync("trust_epoch") == 2 and joined.sync("waiting_trust") == 1
    joined.publish(*papers[3])
    box.until(lambda: joined.sync("trust_epoch") == 4, timeout=10)
    assert [record["detail"].count("epoch") > 0 for record in joined.audit(event="trust-replace", result="success")] == [True] * 3
    # A grant by the quorum of epoch 4, which neither of the first three would have been.
    who = joined.newcomer()
    octets = joined.drafted(who)
    joined.publish(octets, [joined.signed(octets, person, role) for person, role in quorums[4]])
    joined.becomes(id_of(octets), "ok")
    assert joined.comes_in(who)


def test_replaced_approver(fresh_joined):
    """An approver's key is out: what it signs after that, with a date of before, is nothing, on every octets the directory has."""
    joined, box = fresh_joined, fresh_joined.box
    joined.authority.person("zhou.new", "ed25519")
    box.sh(f"cp {PEOPLE}/zhou.ming.key /root/stolen.key && cp {PEOPLE}/zhou.ming.pem /root/stolen.pem")
    stolen = {"key": "/root/stolen.key", "certificate": "/root/stolen.pem"}
    # The same person with another key: the old key signs for the change once more, as the quorum of epoch 1 has to.
    old = paper(joined.trust_document(epoch=2))
    box.sh(f"cp {PEOPLE}/zhou.new.key {PEOPLE}/zhou.ming.key && cp {PEOPLE}/zhou.new.pem {PEOPLE}/zhou.ming.pem")
    joined.digests.clear()
    octets = paper(joined.trust_document(epoch=2))
    assert old != octets
    approvals = [*joined.approved(octets), joined.signed(octets, "zhou.ming", "unit", **stolen)]
    joined.publish(octets, approvals)
    box.until(lambda: joined.sync("trust_epoch") == 2, timeout=10)
    who = joined.newcomer()
    octets = joined.drafted(who)
    joined.publish(octets, [joined.signed(octets, "wang.wu", "leader"), joined.signed(octets, "zhou.ming", "unit", **stolen)])
    joined.becomes(id_of(octets), "approval-missing")
    assert joined.why_not(who) == "approval-missing"
    revocation = joined.revocation(f"staff {who}")
    joined.publish(revocation, [joined.signed(revocation, "zhou.ming", "unit", **stolen)])
    joined.box.until(lambda: joined.sync("revocations_unsigned") == 1)
    # With the key of now it counts.
    joined.publish(octets, joined.approved(octets))
    joined.becomes(id_of(octets), "ok")
