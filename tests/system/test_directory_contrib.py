"""What contrib/ldap ships, in a slapd of Debian's: who sees and writes what, and that it arrives."""

import pytest

from conftest import end_box, new_box
from directory import BASE, KEYS, Directory, ldif_add
from site_setup import HOST, TRUST

DB01, DB02 = "db01.finance.example", "db02.finance.example"
ID = "0123456789abcdef0123456789abcde"
NONCE = "fedcba9876543210fedcba9876543210"
# LDAP's result codes, which ldap-utils exit with.
OK, CONFIDENTIALITY, NOT_THERE, NO_ACCESS = 0, 13, 32, 50
# Cut off, as it connects or right after.
UNAVAILABLE = (255, 254)


@pytest.fixture(scope="module", params=["conf", "ldif"])
def server(request):
    box = new_box(request).up()
    directory = Directory(box).establish(request.param)
    directory.host(DB01, "databases")
    directory.host(DB02, password="host's own")
    yield directory
    end_box(request, box)


@pytest.fixture
def ldap(server):
    yield server
    server.restored().clear()


def grant(number, *hosts):
    name = f"{ID}{number}.1"
    values = {"hufuId": f"{ID}{number}", "hufuVersion": 1, "hufuDocument": b"grant\n\xff", "hufuApproval": b"first"}
    return f"cn={name},ou=grants,{BASE}", {"objectClass": "hufuGrant", "cn": name, **values, "hufuHost": list(hosts)}


def put(ldap, number, *hosts):
    dn, values = grant(number, *hosts)
    ldap.add(dn, who="publisher", **values).check()
    return dn


def seen(ldap, who, query="(objectClass=*)", **how):
    """Names of entries that are no folders."""
    return {entry["dn"] for entry in ldap.search(query, who=who, **how) if entry["dn"].startswith("cn=")}


def test_host_sees_what_names_it(ldap):
    mine, other, group = put(ldap, 1, DB01), put(ldap, 2, DB02), put(ldap, 3, "@databases", "@web")
    beat = f"cn=heartbeat,{BASE}"
    assert seen(ldap, DB01) == {beat, mine, group}
    assert seen(ldap, DB02) == {beat, other}
    # Whatever it asks for, and whatever it knows already.
    for query in (f"(hufuHost={DB02})", "(hufuHost=*)", "(objectClass=hufuGrant)", f"(|(hufuId={ID}2)(entryDN={other}))", "(!(hufuHost=x))"):
        assert other not in seen(ldap, DB01, query), query
    assert seen(ldap, DB01, base=other, scope="base") == set()
    # The exact octets of what it may see.
    found = ldap.search(f"(hufuHost={DB01})", who=DB01)[0]
    assert found["hufuDocument"] == [b"grant\n\xff"] and found["hufuApproval"] == [b"first"]


def test_host_sees_nothing_of_anybody(ldap):
    for folder in ("hosts", "people", "groups", "replicas", "vendors"):
        assert ldap.search(who=DB01, base=f"ou={folder},{BASE}") == []
    for who in (DB01, "publisher", "approver", "signer", "auditor"):
        assert not any("userPassword" in entry for entry in ldap.search("(objectClass=*)", who=who, attrs=["*", "+"]))
        assert ldap.search("(userPassword=*)", who=who) == []
        assert ldap.search(base="cn=hufu-log", who=who) == []
        assert not any("olcDatabase" in entry for entry in ldap.search(base="cn=config", who=who))
    assert ldap.search("(userPassword=*)")


def test_revocations_status_and_trust_concern_all(ldap):
    names = []
    for folder, values in (
        ("revocations", {"objectClass": "hufuRevocation", "hufuId": f"{ID}1"}),
        ("trust", {"objectClass": "hufuTrust", "hufuEpoch": 1}),
        ("status", {"objectClass": "hufuStatus", "hufuEpoch": 1}),
    ):
        names.append(f"cn=1,ou={folder},{BASE}")
        ldap.add(names[-1], who="signer" if folder == "status" else "publisher", cn="1", hufuDocument=b"x", **values).check()
    assert seen(ldap, DB01) == seen(ldap, DB02) == {f"cn=heartbeat,{BASE}", *names}


def test_certificate_says_who_it_is(ldap):
    assert ldap.tool("ldapwhoami", who=DB01) == f"dn:cn={DB01},ou=hosts,{BASE}\n"
    # Not what the certificate's holder says: neither by name ...
    done = ldap.run("ldapwhoami", "-X", f"dn:{ldap.account(DB02)}", who=DB01)
    assert not done.ok
    # ... nor with a certificate of the right authority for something else.
    ldap.certificate(f"x{DB02}", "servers")
    assert seen(ldap, f"x{DB02}") == set()
    # A host that has no entry is nobody.
    ldap.certificate("db03.finance.example", "hosts")
    assert seen(ldap, "db03.finance.example") == set()
    ldap.host("db04.finance.example")
    assert seen(ldap, "db04.finance.example") == {f"cn=heartbeat,{BASE}"}
    ldap.delete(ldap.account("db04.finance.example")).check()
    assert seen(ldap, "db04.finance.example") == set()


def test_certificate_of_another_authority(ldap):
    """Nor one that its holder signed: with `allow` instead of `demand` slapd took it for the host's."""
    ldap.box.sh(
        f"cd {KEYS} && openssl ecparam -name prime256v1 -genkey -noout -out other.key && openssl req -x509 -new -key other.key"
        " -days 10 -subj '/O=finance/CN=Hufu directory' -addext keyUsage=critical,keyCertSign,cRLSign -out other.pem"
    )
    good = ldap.box.get(f"{KEYS}/{DB01}.pem"), ldap.box.get(f"{KEYS}/{DB01}.key")

    def refused():
        """By the server: also where ldap-utils would not even show such a certificate. Else it answers an anonymous bind."""
        bind = r"printf '\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00'; sleep 0.3"
        shown = f"-connect {ldap.provider.name}:636 -CAfile ca.pem -cert {DB01}.pem -key {DB01}.key"
        answered = ldap.box.sh(f"cd {KEYS} && ({bind}) | openssl s_client -quiet -no_ign_eof {shown} 2>/dev/null | wc -c") != "0"
        assert ldap.run("ldapwhoami", who=DB01).ok == answered
        return not answered

    try:
        assert not refused()
        ldap.certificate(DB01, "hosts", ca="other")
        assert refused()
        ldap.box.sh(f"cd {KEYS} && openssl req -x509 -new -key {DB01}.key -days 10 -subj /O=finance/OU=hosts/CN={DB01} -out {DB01}.pem")
        assert refused()
        none = ldap.box.run(f"LDAPTLS_CACERT={KEYS}/ca.pem ldapwhoami -x -D '{ldap.account(DB02)}' -w \"host's own\" -H {ldap.provider.uri}")
        assert none.code in UNAVAILABLE, none
    finally:
        ldap.box.put(f"{KEYS}/{DB01}.pem", good[0])
        ldap.box.put(f"{KEYS}/{DB01}.key", good[1])


def test_revoked_certificate(ldap):
    ldap.host("db05.finance.example")
    assert ldap.run("ldapwhoami", who="db05.finance.example").ok
    ldap.box.sh(
        f"cd {KEYS} && openssl ca -config ca.cnf -revoke db05.finance.example.pem && openssl ca -config ca.cnf -gencrl -crldays 3650 -out crl.pem"
        " && cp crl.pem /etc/ldap/hufu/tls/"
    )
    ldap.provider.restart()
    assert ldap.run("ldapwhoami", who="db05.finance.example").code in UNAVAILABLE
    assert ldap.run("ldapwhoami", who=DB01).ok


def test_password_of_a_host(ldap):
    """Over TLS, with the certificate of any machine; in the clear it is not even compared."""
    bind = f"-x -D {ldap.account(DB02)} -y /root/password"
    ldap.box.put("/root/password", "host's own", mode="600")
    tls = f"LDAPTLS_CACERT={KEYS}/ca.pem LDAPTLS_CERT={KEYS}/desk.finance.example.pem LDAPTLS_KEY={KEYS}/desk.finance.example.key"
    for how in (f"-H {ldap.provider.uri}", f"-ZZ -H {ldap.provider.plain}"):
        assert ldap.box.sh(f"{tls} ldapwhoami {bind} {how}") == f"dn:{ldap.account(DB02)}"
    assert ldap.box.run(f"ldapwhoami {bind} -H {ldap.provider.plain}").code == CONFIDENTIALITY
    ldap.box.put("/root/password", "another")
    assert ldap.box.run(f"{tls} ldapwhoami {bind} -H {ldap.provider.uri}").code == 49


def test_nobody_anonymous(ldap):
    put(ldap, 1, DB01)
    tls = f"LDAPTLS_CACERT={KEYS}/ca.pem LDAPTLS_CERT={KEYS}/{DB01}.pem LDAPTLS_KEY={KEYS}/{DB01}.key"
    for uri in (ldap.provider.uri, ldap.provider.plain, "ldapi:///"):
        for base in (BASE, "", f"ou=uses,{BASE}", "cn=Subschema"):
            done = ldap.box.run(f"{tls} ldapsearch -x -LLL -H {uri} -b '{base}' -s base")
            assert not done.ok and "dn:" not in done.out, (uri, base, done)
    # A user of the server who is not root is nobody, too.
    done = ldap.box.run(f"ldapsearch -Q -Y EXTERNAL -LLL -H ldapi:/// -b {BASE}", user="nobody")
    assert "dn:" not in done.out and done.code == NOT_THERE, done


def test_approver_adds_approvals(ldap):
    dn = put(ldap, 1, DB01)
    assert ldap.modify(f"dn: {dn}\nchangetype: modify\nadd: hufuApproval\nhufuApproval: second\n", who="approver").ok
    [entry] = ldap.search(base=dn, scope="base")
    assert sorted(entry["hufuApproval"]) == [b"first", b"second"]
    changes = [
        "delete: hufuApproval\nhufuApproval: second",
        "delete: hufuApproval",
        "replace: hufuApproval\nhufuApproval: third",
        "delete: hufuApproval\nhufuApproval: first\n-\nadd: hufuApproval\nhufuApproval: third",
        "replace: hufuDocument\nhufuDocument: other",
        f"add: hufuHost\nhufuHost: {DB02}",
        "replace: hufuVersion\nhufuVersion: 2",
    ]
    for change in changes:
        assert ldap.modify(f"dn: {dn}\nchangetype: modify\n{change}\n", who="approver").code == NO_ACCESS, change
    assert ldap.delete(dn, who="approver").code == NO_ACCESS
    assert ldap.modify(f"dn: {dn}\nchangetype: modrdn\nnewrdn: cn=x\ndeleteoldrdn: 0\n", who="approver").code == NO_ACCESS
    other, values = grant(2, DB01)
    assert ldap.add(other, who="approver", **values).code == NO_ACCESS
    assert ldap.replace(f"cn=heartbeat,{BASE}", who="approver", hufuBeat="2026-11-21T00:00:00Z").code == NO_ACCESS
    assert ldap.search(base=dn, scope="base") == [entry]


def test_publisher_publishes(ldap):
    dn = put(ldap, 1, DB01)
    ldap.uses(f"{ID}1", 2, [DB01])
    ldap.replace(dn, who="publisher", hufuDocument=b"new", hufuApproval=[b"a", b"b"]).check()
    ldap.delete(f"cn={ID}1.2,ou=uses,{BASE}", who="publisher").check()
    ldap.delete(dn, who="publisher").check()
    status = {"objectClass": "hufuStatus", "cn": "1", "hufuEpoch": 1, "hufuDocument": b"x"}
    assert ldap.add(f"cn=1,ou=status,{BASE}", who="publisher", **status).code == NO_ACCESS
    assert ldap.replace(f"cn=heartbeat,{BASE}", who="publisher", hufuBeat="2026-11-21T00:00:00Z").code == NO_ACCESS
    assert ldap.delete(f"cn=heartbeat,{BASE}", who="publisher").code == NO_ACCESS
    assert ldap.replace(ldap.account(DB01), who="publisher", hufuHost=DB02).code == NO_ACCESS
    # An account of one's own making, where a grant should be: what is added is judged attribute by attribute.
    mine, values = grant(2, DB01)
    values.update(objectClass=["hufuGrant", "simpleSecurityObject"], userPassword="mine")
    assert ldap.add(mine, who="publisher", **values).code == NO_ACCESS
    member = f"dn: cn=signers,ou=groups,{BASE}\nchangetype: modify\nadd: member\nmember: cn=publisher,ou=people,{BASE}\n"
    assert ldap.modify(member, who="publisher").code == NO_ACCESS
    assert ldap.add(f"cn=x,{BASE}", who="publisher", objectClass="device", cn="x").code == NO_ACCESS
    assert ldap.delete(f"ou=grants,{BASE}", who="publisher").code == NO_ACCESS


def test_signer_signs(ldap):
    status = {"objectClass": "hufuStatus", "cn": "1", "hufuEpoch": 1, "hufuDocument": b"x"}
    ldap.add(f"cn=1,ou=status,{BASE}", who="signer", **status).check()
    ldap.replace(f"cn=1,ou=status,{BASE}", who="signer", hufuEpoch=2, hufuDocument=b"y", hufuApproval=b"z").check()
    instant = ldap.beat()
    assert ldap.search("(objectClass=hufuHeartbeat)", who=DB01)[0]["hufuBeat"] == [instant.encode()]
    dn, values = grant(1, DB01)
    assert ldap.add(dn, who="signer", **values).code == NO_ACCESS
    put(ldap, 1, DB01)
    assert ldap.delete(dn, who="signer").code == NO_ACCESS
    assert ldap.modify(f"dn: {dn}\nchangetype: modify\nadd: hufuApproval\nhufuApproval: x\n", who="signer").code == NO_ACCESS
    for folder, kind in (("revocations", "hufuRevocation"), ("trust", "hufuTrust")):
        values = {"objectClass": kind, "cn": "1", "hufuDocument": b"x", "hufuId" if folder == "revocations" else "hufuEpoch": "1"}
        assert ldap.add(f"cn=1,ou={folder},{BASE}", who="signer", **values).code == NO_ACCESS


def test_auditor_reads(ldap):
    dn = put(ldap, 1, DB01)
    assert {dn, ldap.account(DB01), f"cn=publishers,ou=groups,{BASE}"} <= seen(ldap, "auditor")
    assert ldap.delete(dn, who="auditor").code == NO_ACCESS
    assert ldap.replace(dn, who="auditor", hufuDocument=b"x").code == NO_ACCESS


def test_claim_is_for_oneself(ldap):
    ldap.uses(f"{ID}1", 1, [DB01, DB02])
    dn = f"cn={ID}1.1,ou=uses,{BASE}"

    def claim(who, change, host):
        return ldap.modify(f"dn: {dn}\nchangetype: modify\n{change}: hufuHolder\nhufuHolder: {host}:{NONCE}\n", who=who).code

    assert claim(DB01, "add", DB02) == NO_ACCESS
    assert claim(DB01, "add", DB01) == OK
    assert claim(DB02, "add", DB02) in (19, 20)
    assert claim(DB02, "delete", DB01) == NO_ACCESS
    mine = f"(&(hufuId={ID}1)(hufuHolder={DB01}:{NONCE}))"
    assert seen(ldap, DB01, mine, base=f"ou=uses,{BASE}") == {dn}
    # Who holds it is not told to others.
    assert "hufuHolder" not in ldap.search(base=dn, scope="base", who=DB02)[0]
    assert claim(DB01, "delete", DB01) == OK
    assert claim(DB02, "add", DB02) == OK


def test_push(ldap):
    """Additions, changes, deletions, and what comes or ceases to concern the host, reach a search that stays."""
    follower = ldap.follow(DB01)
    ldap.box.until(lambda: "heartbeat" in follower.text())
    dn = put(ldap, 1, DB01)
    ldap.box.until(lambda: follower.told("added", dn))
    ldap.replace(dn, who="publisher", hufuApproval=[b"first", b"second"]).check()
    ldap.box.until(lambda: follower.told("modified", dn))
    ldap.delete(dn, who="publisher").check()
    ldap.box.until(lambda: follower.told("deleted", dn))
    elsewhere = put(ldap, 2, DB02)
    ldap.replace(elsewhere, who="publisher", hufuHost=[DB01, DB02]).check()
    ldap.box.until(lambda: follower.told("added", elsewhere))
    ldap.replace(elsewhere, who="publisher", hufuHost=DB02).check()
    ldap.box.until(lambda: follower.told("deleted", elsewhere))


@pytest.mark.parametrize("form", ["conf", "ldif"])
def test_replica_follows(fresh_box, form):
    ldap = Directory(fresh_box).establish(form)
    ldap.host(DB01)
    replica = ldap.add_replica()
    dn = put(ldap, 1, DB01)
    ldap.box.until(lambda: dn in seen(ldap, DB01, server=replica))
    # What is pushed to the replica is pushed on.
    follower = ldap.follow(DB01, server=replica)
    ldap.box.until(lambda: dn in follower.text())
    ldap.delete(dn, who="publisher").check()
    ldap.box.until(lambda: follower.told("deleted", dn))
    # Nobody writes there, and the uses are not there.
    other, values = grant(2, DB01)
    refused = ldap.modify(ldif_add(other, **values), who="publisher", server=replica)
    assert refused.code == 10 and "ldap1.finance.example" in refused.text, refused
    assert ldap.search(base=f"ou=uses,{BASE}", server=replica) == []
    # Away for a while, each of them.
    replica.kill()
    again = put(ldap, 3, DB01)
    replica.start()
    ldap.box.until(ldap.in_step, timeout=10)
    assert seen(ldap, DB01, server=replica) == {f"cn=heartbeat,{BASE}", again}
    ldap.provider.kill()
    assert again in seen(ldap, DB01, server=replica)
    ldap.provider.start()
    ldap.delete(again, who="publisher").check()
    ldap.box.until(lambda: again not in seen(ldap, DB01, server=replica), timeout=10)


def test_real_documents(site, directory):
    """As the fixtures of other files publish them, in the file's guarded host."""
    path = site.draft()
    approvals = [site.approve(path, person) for person in site.approvers]
    dn = directory.publish(path, approvals)
    [entry] = directory.search(f"(hufuHost={HOST})", who=HOST)
    assert entry["dn"] == dn and entry["hufuDocument"] == [site.box.get(path)]
    assert sorted(entry["hufuApproval"]) == sorted(site.box.get(approval) for approval in approvals)
    assert entry["hufuId"] == [site.grant_id(path).encode()] and entry["hufuStaff"] == [b"zhang.san"]
    directory.publish(TRUST)
    directory.provider.backup()
    directory.withdraw(path)
    assert seen(directory, HOST) == {f"cn=heartbeat,{BASE}", f"cn=1,ou=trust,{BASE}"}
    directory.provider.restore()
    assert dn in seen(directory, HOST)
    directory.provider.freeze()
    directory.restored().clear()
    assert seen(directory, HOST) == {f"cn=heartbeat,{BASE}"}
