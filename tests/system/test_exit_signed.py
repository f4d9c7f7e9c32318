"""What signatures take away: a revoker's revocation, an approver's certificate by a status, an approver by the next trust epoch.
After each nothing of the person is alive, whatever it was."""

import hashlib
import base64

import pytest

from menagerie import Menagerie
from site_setup import PEOPLE
from test_signed_away import NEXT, hand_in, revocation, status


def update(site, path, trusts):
    """The next epoch, approved by these, each under a trust file that has them."""
    approvals = []
    for person, (role, trust) in trusts.items():
        approvals.append(f"{path}.{person}.approval")
        site.box.sh(f"rm -f {approvals[-1]}; hufuctl approve {path} --as {person} --role {role} --key {PEOPLE}/{person}.key --trust {trust} -o {approvals[-1]} --yes")
    done = site.box.run(["hufuctl", "trust", "update", path, *(f"--approval={approval}" for approval in approvals)])
    assert done.ok, done
    return done


@pytest.fixture(scope="module")
def offices(guarded):
    """Epoch 2 has a revoker and a status key."""
    site = guarded
    extra = [f"{office} ed25519 {site.authority.known(name, 'ed25519')}" for office, name in (("revoker: sun.qi finance", "sun.qi"), ("status-key: status-2026", "status-2026"))]
    site.extra = extra
    site.box.put(NEXT, site.trust_document(epoch=2, extra=extra))
    update(site, NEXT, {person: (role, NEXT) for person, (role, _) in site.approvers.items()})
    site.zoo = Menagerie(site)
    return site


@pytest.fixture
def inside(site, offices):
    """Somebody with everything that they could leave behind, and what is over when it is."""
    person = site.newcomer()
    site.grant(person)
    site.zoo.fill(person)
    staff = site.ssh_start("staff.person")
    site.box.until("pgrep -u staff.person -x sleep")

    def is_over(done, reason):
        assert done.ok and "Sessions ended: 1" in done.out, done
        assert site.zoo.alive(person) == [] == site.zoo.seen(person)
        closed = site.audit(event="session-close", staff=person)
        assert [record["reason"] for record in closed] == [reason] and "none left" in closed[0]["detail"]
        assert not site.ssh(person).ok
        assert site.refusals(person)[-1] == reason
        assert not staff.ended

    return person, is_over


def test_a_signed_revocation(site, inside):
    person, is_over = inside
    is_over(hand_in(site, "/root/revocation", revocation(f"staff {person}"), "sun.qi", "revoker"), "staff-revoked")


def test_an_approvers_certificate_revoked_by_a_status(site, inside):
    person, is_over = inside
    digest = hashlib.sha256(base64.b64decode(site.authority.certificate(f"{PEOPLE}/wang.wu"))).hexdigest()
    is_over(hand_in(site, "/root/status", status(site, 1, f"revoked-certificate: {digest}"), "status-2026", "status"), "approval-missing")
    assert hand_in(site, "/root/status", status(site, 2), "status-2026", "status").ok
    assert site.ssh(person).ok


def test_a_trust_epoch_without_an_approver(site, inside):
    """The last one: nobody may approve as before after it."""
    person, is_over = inside
    people = {"qian.yi": ("leader", "ed25519"), "zhou.ming": site.approvers["zhou.ming"]}
    path = "/root/trust.3"
    site.box.put(path, site.trust_document(epoch=3, approvers=people, extra=site.extra))
    is_over(update(site, path, {"wang.wu": ("leader", NEXT), "zhou.ming": ("unit", path), "qian.yi": ("leader", path)}), "approval-missing")
