"""The attacker has genuine approvals of other documents, certificates of their own, and whatever the directory says beside a document."""

import re

import pytest

from joined_site import id_of, paper
from site_setup import HOST, NAME, PEOPLE

# Their key is in no grant.
NO_GRANT = "wrong-key"
SITE_OF_OTHERS = "cn.other.department"


@pytest.fixture
def who(joined):
    """Somebody with no grants of the past."""
    return joined.newcomer()


def draft(joined, who, *edits, **fields):
    """A grant's text, not in the directory yet: as drafted, and then edited."""
    text = joined.drafted(who, **fields).decode()
    for pattern, by in edits:
        text, found = re.subn(pattern, by, text, flags=re.MULTILINE)
        assert found
    return paper(text)


def keeps_out(joined, who, octets, approvals, state="approval-missing"):
    """It is published, and hufud has it; nobody is in by it, and the reason is on record."""
    joined.publish(octets, approvals)
    joined.becomes(id_of(octets), state)
    assert joined.why_not(who) == state


def test_of_another_version(joined, who):
    """The next version is wider, with the approvals of the one before."""
    grant = joined.published(who, sessions="1")
    first = joined.last
    wider = paper(first.decode().replace("version: 1\n", "version: 2\n").replace("channel: exec\n", "").replace("sessions: 1", "sessions: 9"))
    dn = joined.publish(wider, joined.approved(first))
    joined.heard()
    assert joined.sync("waiting") >= 1 and joined.bad(dn)["reason"] == "approval-missing"
    # What was signed is in force still.
    assert joined.version(grant) == 1 and joined.comes_in(who)
    # Of a version that says of itself what the first one said, likewise.
    joined.publish(wider, [joined.signed(wider, person, role, subject=f"grant {grant} 1") for person, (role, _) in joined.approvers.items()])
    joined.heard()
    assert joined.version(grant) == 1


def test_of_another_grant(joined, who):
    keeps_out(joined, who, draft(joined, who), joined.approved(draft(joined, who)))


def test_of_another_site(joined, who):
    """The other site has the same approvers. Its grant does not count here, and neither do its approvals for a grant of this site."""
    theirs = draft(joined, who, (f"^site: {NAME}$", f"site: {SITE_OF_OTHERS}"))
    approvals = [joined.signed(theirs, person, role, site=SITE_OF_OTHERS) for person, (role, _) in joined.approvers.items()]
    dn = joined.publish(theirs, approvals)
    assert joined.refused(dn)["reason"] == "wrong-site"
    assert joined.why_not(who) == NO_GRANT
    ours = paper(theirs.decode().replace(SITE_OF_OTHERS, NAME))
    joined.directory.delete(dn).check()
    keeps_out(joined, who, ours, approvals)


def test_same_approver_twice(joined, who):
    """Two signatures of one person (SM2 never gives the same one again), copies, and one person in two roles are one vote."""
    octets = draft(joined, who)
    once, again = (joined.signed(octets, "wang.wu", "leader") for _ in range(2))
    assert once != again
    other_role = joined.signed(octets, "wang.wu", "unit")
    blank = once + b"\n"
    keeps_out(joined, who, octets, [once, again, other_role, blank])


def test_second_certificate(joined, who):
    """Of an approver, with a key of their own or a new one, by the department's own authority: not the one in the trust file."""
    octets = draft(joined, who)
    leader = joined.signed(octets, "wang.wu", "leader")
    certificate = f"{PEOPLE}/again"
    authority = f"{PEOPLE}/ca-ed25519"
    joined.box.sh(
        f"openssl req -new -key {PEOPLE}/zhou.ming.key -subj /O=finance/CN=zhou.ming -out {certificate}.csr"
        " -addext keyUsage=critical,digitalSignature"
        f" && openssl x509 -req -in {certificate}.csr -CA {authority}.pem -CAkey {authority}.key -days 9 -copy_extensions copyall -out {certificate}.pem"
    )
    joined.authority.person("somebody", "ed25519")
    approvals = [leader, joined.signed(octets, "zhou.ming", "unit", certificate=f"{certificate}.pem")]
    foreign = {"key": f"{PEOPLE}/somebody.key", "certificate": f"{PEOPLE}/somebody.pem"}
    approvals.append(joined.signed(octets, "zhou.ming", "unit", **foreign))
    keeps_out(joined, who, octets, approvals)


def test_foreign_certificate(joined, who):
    """Somebody whom the trust file does not name, with a certificate of the department's; somebody of an authority of the attacker's
    own, in an approver's name; and an approver's certificate named beside another key's signature."""
    octets = draft(joined, who)
    joined.authority.person("qian.qi", "ed25519")
    joined.box.sh(
        "cd /root && openssl genpkey -quiet -algorithm ed25519 -out evil.key && openssl req -x509 -new -key evil.key -days 99"
        " -subj /O=finance/CN=zhou.ming -addext keyUsage=critical,digitalSignature -out evil.pem"
    )
    approvals = [joined.signed(octets, "wang.wu", "leader"), joined.signed(octets, "qian.qi", "unit")]
    approvals.append(joined.signed(octets, "zhou.ming", "unit", key="/root/evil.key", certificate="/root/evil.pem"))
    approvals.append(joined.signed(octets, "zhou.ming", "unit", key="/root/evil.key"))
    keeps_out(joined, who, octets, approvals)


def test_offices_do_not_approve(joined, who):
    """A revoker's and a status key's signatures take away; no grant is approved by them, in any role."""
    octets = draft(joined, who)
    approvals = [joined.signed(octets, "wang.wu", "leader")]
    approvals += [joined.signed(octets, person, role) for person in ("sun.qi", "status-2026") for role in ("unit", "leader", "revoker", "status")]
    keeps_out(joined, who, octets, approvals[:8])


def test_requester_approves(joined, who):
    """zhou.ming may request and may approve, and not both of the same grant."""
    keeps_out(joined, who, octets := draft(joined, who, requester="zhou.ming"), joined.approved(octets))


@pytest.mark.parametrize("edit", ["staff", "host", "not-after", "uses", "source"])
def test_edited(joined, edit):
    """A genuine grant with its genuine approvals, of which one line is another one now: for another person, longer, from anywhere."""
    who, other = joined.newcomer(), joined.newcomer()
    by = {
        "staff": (rf"^staff: {who}$", f"staff: {other}"),
        "host": (rf"^host: {HOST}$", "host: @databases"),
        "not-after": (r"^not-after: .*$", "not-after: 2039-01-01T00:00:00Z"),
        "uses": (r"^uses: .*$", "uses: 99 per-host"),
        "source": (r"^source: .*$", "source: any"),
    }[edit]
    octets = draft(joined, who, **({"key": "password"} if edit == "staff" else {}))
    approvals = joined.approved(octets)
    keyless = {"key": None, "password": "pw"} if edit == "staff" else {}
    edited = paper(re.sub(*by, octets.decode(), flags=re.MULTILINE))
    dn = joined.publish(edited, approvals)
    joined.heard()
    assert joined.bad(dn)["reason"] in ("approval-missing", "class-limit")
    for person in (who, other):
        assert not joined.ssh(person, **keyless).ok


def test_search_attributes_lie(joined, who):
    """A grant for another host, with all its approvals: the entry names this host in every way that there is to search for. The document
    decides."""
    octets = draft(joined, who, host="db02.finance.example")
    dn = joined.publish(octets, joined.approved(octets))
    joined.directory.replace(dn, hufuHost=[HOST, "@databases", "db02.finance.example"], hufuStaff=who, hufuNotAfter="2039-01-01T00:00:00Z").check()
    assert joined.refused(dn)["reason"] == "wrong-host"
    assert joined.why_not(who) == NO_GRANT
    assert any(dn in record["detail"] for record in joined.audit(event="directory-entry", result="failure"))
    # And the other way round: what the entry says about version, staff and id of a genuine one is not believed.
    octets = draft(joined, who)
    dn = joined.publish(octets, joined.approved(octets))
    joined.directory.replace(dn, hufuStaff="root", hufuVersion="77", hufuId="0" * 32, hufuVendor="nobody").check()
    joined.becomes(id_of(octets), "ok")
    assert joined.comes_in(who) and not joined.comes_in("zhang.san")
