"""The attacker fills the directory with junk. What is genuine is found in it, and what is not is shown and does no harm."""

import os
import re

import pytest

from directory import BASE, ldif_add
from joined_site import REVOKER, id_of, paper
from site_setup import HOST

# Seconds, until hufud has looked through what a test put there: a bound that tells slow from never.
PATIENCE = 60


@pytest.fixture
def who(joined):
    return joined.newcomer()


def junk(joined, octets, count):
    """Approvals that are none: noise, of other documents, and well-formed ones about this very document in an approver's name, with a
    signature of somebody else's key."""
    joined.authority.known("somebody", "ed25519")
    forged = joined.signed(octets, "zhou.ming", "unit", key="/root/people/somebody.key").decode()
    other = joined.signed(paper("hufu-revocation: 1\nid: 0\n"), "wang.wu", "leader").decode()
    kinds = [
        lambda number: os.urandom(200),
        lambda number: other.replace("T08:30:00Z", f"T08:{number:02}:00Z").encode(),
        lambda number: forged.replace("T08:30:00Z", f"T09:{number:02}:00Z").encode(),
    ]
    return [kinds[number % 3](number) for number in range(count)]


@pytest.mark.parametrize("count", [1, 8, 30])
def test_before_good_approvals(joined, who, count):
    octets = joined.drafted(who)
    joined.publish(octets, [*junk(joined, octets, count), *joined.approved(octets)])
    joined.becomes(id_of(octets), "ok")
    assert joined.comes_in(who)


def test_before_a_revokers_signature(joined, who):
    """31 of them; the revocation is a signed one all the same, and stays when the entry goes."""
    grant = joined.published(who)
    octets = joined.revocation(f"grant {grant}")
    dn = joined.publish(octets, [*junk(joined, octets, 31), joined.signed(octets, REVOKER, "revoker")])
    joined.becomes(grant, "revoked")
    joined.directory.delete(dn).check()
    joined.heard()
    assert joined.why_not(who) == "revoked"


def test_later_beside_good_ones(joined, who):
    """What counted once goes on counting, whatever is put beside it: nobody is shut out by junk that comes later."""
    grant = joined.published(who)
    octets = joined.last
    joined.publish(octets, [*junk(joined, octets, 30), *joined.approved(octets)])
    joined.heard()
    assert joined.state(grant) == "ok" and joined.comes_in(who)


def thousand(joined, text):
    """Grants, revocations, statuses and trust files that nobody signed, and noise: LDIF of a thousand entries."""
    for number in range(1000):
        name = os.urandom(16).hex()
        kind = number % 5
        if kind == 0:
            document = re.sub(r"^id: .*$", f"id: {name}", text, flags=re.MULTILINE)
            values = {"objectClass": "hufuGrant", "hufuId": name, "hufuVersion": 1, "hufuHost": HOST}
            folder, cn = "grants", f"{name}.1"
        elif kind == 1:
            document, folder, cn = os.urandom(100), "grants", f"{name}.1"
            values = {"objectClass": "hufuGrant", "hufuId": name, "hufuVersion": 1, "hufuHost": HOST}
        elif kind == 2:
            document, folder, cn = b"hufu-revocation: 1\nid: " + name.encode(), "revocations", name
            values = {"objectClass": "hufuRevocation", "hufuId": name}
        elif kind == 3:
            document, folder, cn = f"hufu-status: 1\nepoch: {number}\n", "status", 100000 + number
            values = {"objectClass": "hufuStatus", "hufuEpoch": number}
        else:
            document, folder, cn = f"hufu-trust: 1\nepoch: {number}\n", "trust", 100000 + number
            values = {"objectClass": "hufuTrust", "hufuEpoch": number}
        yield ldif_add(f"cn={cn},ou={folder},{BASE}", cn=cn, hufuDocument=document, hufuApproval=os.urandom(40), **values)


def test_by_the_thousand(joined, who):
    """Genuine ones among them are in force, and hufud answers meanwhile. Each is counted, and some are shown."""
    text = joined.drafted().decode()
    joined.box.put("/root/junk.ldif", "".join(thousand(joined, text)))
    joined.directory.tool("ldapmodify", "-f", "/root/junk.ldif")
    grant = joined.published(who)
    assert joined.comes_in(who)
    joined.take_away(f"grant {grant}")
    assert joined.why_not(who) == "revoked"
    joined.box.until(lambda: joined.sync("bad") >= 800 and joined.sync("waiting") >= 200, timeout=PATIENCE)
    assert len(joined.sync("bad_entries")) == 64
    assert not joined.comes_in("zhang.san")
    # One record says what many would.
    assert len(joined.audit(event="directory-entry")) < 200
    # All of it once more, by a refresh, and gone again.
    joined.box.sh("systemctl restart hufud")
    joined.live_again()
    joined.heard()
    assert joined.why_not(who) == "revoked"
    joined.directory.clear()
    joined.heard()
    joined.box.until(lambda: joined.sync("bad") == 0, timeout=PATIENCE)


def test_values_that_are_too_large(joined, who):
    """Two MiB of a document, or of an approval, do not keep what comes after them from the host."""
    large = b"hufu-grant: 1\n" + b"x" * (2 << 20)
    values = {"objectClass": "hufuGrant", "hufuId": "0" * 32, "hufuVersion": 1, "hufuHost": HOST}
    joined.box.put("/root/junk.ldif", ldif_add(f"cn={'0' * 32}.1,ou=grants,{BASE}", cn=f"{'0' * 32}.1", hufuDocument=large, **values))
    joined.directory.tool("ldapmodify", "-f", "/root/junk.ldif")
    octets = joined.drafted(who)
    joined.publish(octets, [large, *joined.approved(octets)])
    joined.published(other := joined.newcomer())
    joined.heard()
    assert joined.comes_in(other)
    assert joined.sync("state") == "live"
    assert joined.bad(f"cn={'0' * 32}.1,ou=grants,{BASE}")["reason"] == "bad-request"


def test_in_the_wrong_place(joined, who):
    """Classes, names and folders are not believed: a document is what its first line says, wherever it stands and however often."""
    grant = joined.published(who)
    octets, own = joined.last, joined.entry(grant)
    strange = f"cn={'9' * 32},ou=revocations,{BASE}"
    values = {"hufuDocument": octets, "hufuApproval": joined.approved(octets)}
    joined.directory.add(strange, objectClass="hufuRevocation", cn="9" * 32, hufuId="9" * 32, **values).check()
    joined.heard()
    # The same document twice: one of them gone, it is there still; both gone, it is withdrawn.
    joined.directory.delete(own).check()
    joined.heard()
    assert joined.state(grant) == "ok" and joined.comes_in(who)
    joined.directory.delete(strange).check()
    joined.becomes(grant, "withdrawn")
    # A revocation in the clothes of a grant.
    other = joined.newcomer()
    theirs = joined.published(other)
    revocation = joined.revocation(f"grant {theirs}")
    values = {"hufuDocument": revocation, "hufuApproval": joined.signed(revocation, REVOKER, "revoker")}
    joined.directory.replace(joined.entry(theirs), **values).check()
    joined.becomes(theirs, "revoked")


def test_under_anothers_name(joined, who):
    """Two entries exchange their documents; one is renamed. Nothing is gained, and nothing of it takes anything from anybody."""
    one, other = who, joined.newcomer()
    grants = [(joined.published(person), joined.last) for person in (one, other)]
    for (grant, _), (_, octets) in zip(grants, reversed(grants)):
        values = {"hufuDocument": octets, "hufuApproval": joined.approved(octets)}
        joined.directory.replace(joined.entry(grant), **values).check()
    moved = f"dn: {joined.entry(grants[0][0])}\nchangetype: modrdn\nnewrdn: cn={'8' * 32}.7\ndeleteoldrdn: 1\n"
    joined.directory.modify(moved).check()
    joined.heard()
    assert [joined.state(grant) for grant, _ in grants] == ["ok", "ok"]
    assert joined.comes_in(one) and joined.comes_in(other)
    # Out of the folder that hosts look at and back: as an entry that is deleted, and told again.
    away = f"dn: cn={'8' * 32}.7,ou=grants,{BASE}\nchangetype: modrdn\nnewrdn: cn={'8' * 32}.7\ndeleteoldrdn: 1\nnewsuperior: ou=people,{BASE}\n"
    moved = joined.directory.modify(away)
    if moved.ok:
        joined.heard()
    assert joined.sync("bad") == 0


def test_none_of_a_documents_octets(joined, who):
    """No document at all, an empty approval, octets that no text has: shown as of no use, or waiting, and nobody is in."""
    octets = joined.drafted(who)
    dn, values = joined.directory.entry_of(octets, joined.approved(octets))
    del values["hufuDocument"]
    joined.directory.add(dn, **values)
    joined.heard()
    noise = bytes(range(256))
    for document in (noise, b"\xff" * 1000, b"\n" * 100, octets.replace(b"\n", b"\r\n"), octets[:-1], octets + b"\n"):
        values["hufuDocument"] = document
        values["hufuApproval"] = [noise, *values["hufuApproval"][-2:]]
        if joined.directory.add(dn, **values).code == 68:
            joined.directory.replace(dn, hufuDocument=document, hufuApproval=values["hufuApproval"]).check()
        assert joined.heard().bad(dn)["reason"] == "bad-request"
    assert joined.why_not(who) == "wrong-key", "in no grant is their key"
