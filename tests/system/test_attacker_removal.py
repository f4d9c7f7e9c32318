"""The attacker takes things out of the directory: access goes while they are out, and nothing is gained when they are back."""

from directory import ldif_add
from joined_site import REVOKER, paper
from ldap_puppet import Puppet, tlv

HELD_BACK = 12
# And nothing was said to be there.
PRESENT_PHASE_IS_OVER = tlv(0xA2, tlv(0x04, b"rid=000,csn=20361122044831.234299Z#000000#001#000000"))


def test_unsigned_revocation(joined):
    """Honoured as long as it is there, on record as what it is, and then all is as it was."""
    who = joined.newcomer()
    grant = joined.published(who)
    running, _ = joined.session_open(who)
    octets = joined.revocation(f"staff {who}")
    dn = joined.publish(octets)
    joined.box.until(lambda: joined.sync("revocations_unsigned") == 1)
    running.wait(timeout=5)
    assert joined.box.processes(who) == []
    assert joined.why_not(who) == "staff-revoked"
    assert joined.audit(event="revocation-unsigned")[-1]["staff"] == who
    # It holds over a restart, with hufu-ldapd away; it is gone with its entry.
    joined.box.sh("systemctl stop hufu-ldapd && systemctl restart hufud")
    joined.box.until("hufuctl status")
    assert joined.why_not(who) == "staff-revoked"
    joined.resume()
    joined.directory.delete(dn).check()
    joined.box.until(lambda: joined.sync("revocations_unsigned") == 0, timeout=10)
    assert joined.comes_in(who) and joined.state(grant) == "ok"
    assert len(joined.audit(event="revocation-unsigned")) == 2


def test_signature_comes_later(joined):
    """An unsigned one whose signature is added is one for good, also when the entry goes."""
    who = joined.newcomer()
    joined.published(who)
    octets = joined.revocation(f"staff {who}")
    dn = joined.publish(octets)
    joined.box.until(lambda: joined.sync("revocations_unsigned") == 1)
    joined.publish(octets, [joined.signed(octets, REVOKER, "revoker")])
    joined.box.until(lambda: joined.sync("revocations_unsigned") == 0)
    joined.directory.delete(dn).check()
    joined.heard()
    assert joined.why_not(who) == "staff-revoked"


def test_deleted_and_put_back(joined):
    """The session ends at once; back, the grant is what it was, without a use gained."""
    who = joined.newcomer()
    grant = joined.published(who, uses="3 per-host", sessions="3")
    running, _ = joined.session_open(who)
    octets, dn = joined.last, joined.entry(grant)
    joined.directory.delete(dn).check()
    joined.becomes(grant, "withdrawn")
    running.wait(timeout=5)
    joined.box.until(lambda: joined.box.processes(who) == [])
    assert joined.why_not(who) == "withdrawn"
    assert joined.audit(event="withdrawn")[-1]["grant"] == grant
    assert joined.audit(event="session-close", staff=who)[-1]["reason"] == "withdrawn"
    joined.publish(octets, joined.approved(octets))
    joined.becomes(grant, "ok")
    assert [joined.comes_in(who) for _ in range(3)] == [True, True, False]


def many(joined, number):
    """So many genuine grants, published at once; their ids."""
    text = joined.drafted().decode()
    grants, ldif = [], ""
    for count in range(number):
        octets = paper(text.replace(text[text.index("id: ") + 4 :][:32], f"{count:031x}e"))
        dn, values = joined.directory.entry_of(octets, joined.approved(octets))
        grants.append(values["hufuId"])
        ldif += ldif_add(dn, **values)
    joined.directory.modify(ldif).check()
    joined.box.until(lambda: all(joined.state(grant) == "ok" for grant in grants), timeout=20)
    return grants


def test_everything_at_once(fresh_joined):
    """A list of what is there that was cut short does not close the house: everything is asked for, and only when that does not tell it
    either is it gone. When the genuine server is back, all is as before."""
    joined, box = fresh_joined, fresh_joined.box
    grants = many(joined, HELD_BACK)
    assert joined.comes_in()
    running, _ = joined.session_open()

    def search(request):
        if request.cookie:
            request.info(PRESENT_PHASE_IS_OVER)
        # Asked for everything, it says nothing at all for now.

    with Puppet(box, search) as puppet:
        joined.follow_puppet(puppet)
        box.until(lambda: joined.sync("purge_held_back") >= HELD_BACK, timeout=10)
        box.until(lambda: [bool(request.cookie) for request in puppet.requests][-2:] == [True, False], timeout=10)
        assert all(joined.state(grant) == "ok" for grant in grants) and joined.comes_in() and not running.ended
        assert joined.audit(event="directory-purge")[-1]["result"] == "failure"
        puppet.requests[-1].refreshed()
        box.until(lambda: joined.sync("withdrawn") == HELD_BACK, timeout=10)
        running.wait(timeout=5)
        assert joined.why_not() == "withdrawn"
        assert joined.audit(event="directory-purge")[-1]["result"] == "success"
        box.sh("systemctl stop hufu-ldapd")
    joined.follow(f"ldaps://{joined.directory.provider.name}")
    joined.heard()
    assert joined.sync("withdrawn") == 0 and joined.comes_in()


def test_for_good_with_a_full_refresh(joined):
    """What was deleted while the host was away, and was not told, is gone at the next refresh of everything: `hufuctl sync now`."""
    who = joined.newcomer()
    grant = joined.published(who)
    joined.box.sh("systemctl stop hufu-ldapd")
    joined.directory.delete(joined.entry(grant)).check()
    assert joined.comes_in(who)
    joined.resume()
    joined.becomes(grant, "withdrawn")
    joined.box.sh("hufuctl sync refresh")
    joined.heard()
    assert joined.why_not(who) == "withdrawn"
