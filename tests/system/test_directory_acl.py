"""What a host may write in the directory: its own name into a free use, and out of it again. Tried are writes by which a host, or
whoever has its key, would gain anything; the shipped ACLs refuse each, and nothing has changed afterwards."""

import pytest

from directory import BASE, KEYS, PASSWORD, Directory, attributes, ldif_add

HOST, OTHER = "db01.finance.example", "db02.finance.example"
# Names that begin or end like the host's, or whose dots are any character to a careless pattern.
ALIKE = ("db011.finance.example", "db0.finance.example", "xdb01.finance.example", "db01.finance.example.cn", "db01xfinance.example")
ID = "0123456789abcdef0123456789abcdef"
ELSEWHERE, BY_GROUP = "1" * 32, "2" * 32
NONCE = "fedcba9876543210fedcba9876543210"
FREE, TAKEN = f"cn={ID}.1,ou=uses,{BASE}", f"cn={ID}.2,ou=uses,{BASE}"
GRANT = f"cn={ID}.1,ou=grants,{BASE}"
OK, TYPE_OR_VALUE_EXISTS, CONSTRAINT, NOT_THERE, NO_ACCESS = 0, 20, 19, 32, 50


@pytest.fixture(scope="module")
def ldap(box):
    directory = Directory(box).establish()
    directory.host(HOST, "databases", password=PASSWORD)
    directory.host(OTHER, password=PASSWORD)
    for name in ALIKE:
        directory.host(name)
    directory.uses(ID, 2, [HOST, OTHER, *ALIKE])
    directory.uses(ELSEWHERE, 1, [OTHER, "@others"])
    directory.uses(BY_GROUP, 1, ["@databases"])
    values = {"hufuId": ID, "hufuVersion": 1, "hufuDocument": b"grant", "hufuApproval": b"first", "hufuHost": HOST}
    directory.add(GRANT, who="publisher", objectClass="hufuGrant", cn=f"{ID}.1", **values).check()
    for folder, kind, more in (("revocations", "hufuRevocation", {"hufuId": ID}), ("trust", "hufuTrust", {"hufuEpoch": 1})):
        directory.add(f"cn=1,ou={folder},{BASE}", objectClass=kind, cn="1", hufuDocument=b"x", **more).check()
    directory.add(f"cn=1,ou=status,{BASE}", who="signer", objectClass="hufuStatus", cn="1", hufuDocument=b"x", hufuEpoch=1).check()
    assert directory.modify(change(TAKEN, "add", "hufuHolder", f"{OTHER}:{NONCE}"), who=OTHER).code == OK
    return directory


@pytest.fixture(scope="module")
def as_it_was(ldap):
    return everything(ldap)


def change(dn, how, attribute, *values):
    lines = [f"dn: {dn}", "changetype: modify", f"{how}: {attribute}", *(line for value in values for line in attributes(attribute, value))]
    return "\n".join(lines) + "\n\n"


def claim(how, dn, host, nonce=NONCE):
    return change(dn, how, "hufuHolder", f"{host}:{nonce}")


def rename(dn, to, above=None):
    return f"dn: {dn}\nchangetype: modrdn\nnewrdn: {to}\ndeleteoldrdn: 1\n" + (f"newsuperior: {above}\n" if above else "")


def delete(dn):
    return f"dn: {dn}\nchangetype: delete\n"


def slot(name, folder="uses", **values):
    return ldif_add(f"cn={name},ou={folder},{BASE}", objectClass="hufuUse", cn=name, hufuId=ID, hufuSlot=3, hufuHost=HOST, **values)


def everything(ldap):
    """Each entry with all that slapd keeps of it, in all databases that a host can name."""
    return {entry["dn"]: entry for entry in ldap.search("(objectClass=*)", attrs=["*", "+"])}


FORBIDDEN = {
    # uses
    "make a slot": slot(f"{ID}.3"),
    "make a slot that it holds": slot(f"{ID}.3", hufuHolder=f"{HOST}:{NONCE}"),
    "make a slot of a grant that has none": slot(f"{'0' * 32}.1"),
    "make a slot below a slot": ldif_add(f"cn=x,{FREE}", objectClass="hufuUse", cn="x", hufuId=ID, hufuSlot=3, hufuHost=HOST),
    "delete a free slot": delete(FREE),
    "delete another's slot": delete(TAKEN),
    "delete all slots": delete(f"ou=uses,{BASE}"),
    "rename a slot": rename(FREE, f"cn={ID}.9"),
    "move a slot away": rename(FREE, f"cn={ID}.1", TAKEN),
    "give a slot to another grant": change(FREE, "replace", "hufuId", "0" * 32),
    "renumber a slot": change(FREE, "replace", "hufuSlot", "7"),
    "count a slot up": change(FREE, "increment", "hufuSlot", "1"),
    "claim of a grant that does not name it": claim("add", f"cn={ELSEWHERE}.1,ou=uses,{BASE}", HOST),
    "have a slot made its own": change(f"cn={ELSEWHERE}.1,ou=uses,{BASE}", "add", "hufuHost", HOST),
    "write beside it": change(FREE, "add", "description", "mine"),
    "claim for another host": claim("add", FREE, OTHER),
    "claim for nobody": claim("add", FREE, ""),
    "claim without a nonce": change(FREE, "add", "hufuHolder", HOST),
    "claim with a short nonce": claim("add", FREE, HOST, NONCE[1:]),
    "claim with something behind the nonce": claim("add", FREE, HOST, NONCE + "0"),
    "claim for two": claim("add", FREE, f"{OTHER}:{NONCE}\n{HOST}"),
    "claim by replacing": claim("replace", FREE, HOST),
    "take over another's use": claim("replace", TAKEN, HOST),
    "free another's use": claim("delete", TAKEN, OTHER),
    "free whatever is there": change(TAKEN, "delete", "hufuHolder"),
    "replace by nothing": change(TAKEN, "replace", "hufuHolder"),
    "free another's and take it": f"dn: {TAKEN}\nchangetype: modify\ndelete: hufuHolder\nhufuHolder: {OTHER}:{NONCE}\n-\n"
    f"add: hufuHolder\nhufuHolder: {HOST}:{NONCE}\n",
    # documents
    "publish a grant": ldif_add(
        f"cn={ID}.2,ou=grants,{BASE}", objectClass="hufuGrant", cn=f"{ID}.2", hufuId=ID, hufuVersion=2, hufuDocument=b"x", hufuHost=HOST
    ),
    "change a grant": change(GRANT, "replace", "hufuDocument", b"wider"),
    "delete a grant": delete(GRANT),
    "rename a grant": rename(GRANT, f"cn={ID}.2"),
    "have a grant shown to others": change(GRANT, "add", "hufuHost", OTHER),
    "add an approval": change(GRANT, "add", "hufuApproval", b"second"),
    "delete an approval": change(GRANT, "delete", "hufuApproval", b"first"),
    "revoke": ldif_add(f"cn={ID},ou=revocations,{BASE}", objectClass="hufuRevocation", cn=ID, hufuId=ID, hufuDocument=b"x"),
    "delete a revocation": delete(f"cn=1,ou=revocations,{BASE}"),
    "change a revocation": change(f"cn=1,ou=revocations,{BASE}", "replace", "hufuDocument", b"y"),
    "write a status": change(f"cn=1,ou=status,{BASE}", "replace", "hufuDocument", b"y"),
    "add a status": ldif_add(f"cn=2,ou=status,{BASE}", objectClass="hufuStatus", cn="2", hufuEpoch=2, hufuDocument=b"x"),
    "delete the status": delete(f"cn=1,ou=status,{BASE}"),
    "write a trust file": change(f"cn=1,ou=trust,{BASE}", "replace", "hufuDocument", b"y"),
    "add a trust file": ldif_add(f"cn=2,ou=trust,{BASE}", objectClass="hufuTrust", cn="2", hufuEpoch=2, hufuDocument=b"x"),
    "beat": change(f"cn=heartbeat,{BASE}", "replace", "hufuBeat", "2026-11-21T00:00:00Z"),
    "delete the heartbeat": delete(f"cn=heartbeat,{BASE}"),
    "add an entry at the top": ldif_add(f"cn=x,{BASE}", objectClass="device", cn="x"),
    # who is who
    "see more grants": change(f"cn={HOST},ou=hosts,{BASE}", "add", "hufuHost", OTHER),
    "change its own password": change(f"cn={HOST},ou=hosts,{BASE}", "replace", "userPassword", "new"),
    "change another's password": change(f"cn={OTHER},ou=hosts,{BASE}", "replace", "userPassword", "new"),
    "rename itself": rename(f"cn={HOST},ou=hosts,{BASE}", "cn=other"),
    "make a host": ldif_add(f"cn=x,ou=hosts,{BASE}", objectClass=["device", "hufuHostAccount"], cn="x", hufuHost=OTHER),
    "delete a host": delete(f"cn={OTHER},ou=hosts,{BASE}"),
    "make a replica": ldif_add(f"cn={HOST},ou=replicas,{BASE}", objectClass="device", cn=HOST),
    "become a publisher": change(f"cn=publishers,ou=groups,{BASE}", "add", "member", f"cn={HOST},ou=hosts,{BASE}"),
    "change a person's password": change(f"cn=signer,ou=people,{BASE}", "replace", "userPassword", "new"),
    # the server
    "change the configuration": change("olcDatabase={0}config,cn=config", "replace", "olcAccess", "to * by * write"),
    "change the root entry": change("", "add", "description", "x"),
    "write to the log": ldif_add(
        "reqStart=20261121000000.000000Z,cn=hufu-log", objectClass="auditObject", reqStart="20261121000000.000000Z", reqType="x", reqSession="1"
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_host_may_not(ldap, as_it_was, what):
    done = ldap.modify(FORBIDDEN[what], who=HOST)
    # What a host may not see is not there for it. The rest is refused for want of permission, and not by chance.
    assert done.code in (NO_ACCESS, NOT_THERE) or (what == "change the root entry" and done.code != OK), done
    assert everything(ldap) == as_it_was


def test_one_value_and_no_more(ldap):
    """Nor a second value to its own use, whoever's."""
    before = everything(ldap)
    assert ldap.modify(claim("add", TAKEN, HOST), who=HOST).code in (TYPE_OR_VALUE_EXISTS, CONSTRAINT)
    assert everything(ldap) == before
    assert ldap.modify(claim("add", FREE, HOST), who=HOST).code == OK
    held = everything(ldap)
    assert ldap.modify(claim("add", FREE, HOST, "0" * 32), who=HOST).code in (TYPE_OR_VALUE_EXISTS, CONSTRAINT)
    assert everything(ldap) == held
    assert ldap.modify(claim("delete", FREE, HOST), who=HOST).code == OK


def test_a_group_of_its_is_enough(ldap):
    dn = f"cn={BY_GROUP}.1,ou=uses,{BASE}"
    assert ldap.modify(claim("add", dn, OTHER), who=OTHER).code == NO_ACCESS
    assert ldap.modify(claim("add", dn, HOST), who=HOST).code == OK
    assert ldap.modify(claim("delete", dn, HOST), who=HOST).code == OK


@pytest.mark.parametrize("alike", ALIKE)
def test_names_alike(ldap, alike):
    """Neither claims for the other, nor frees the other's."""
    for mine, other in ((HOST, alike), (alike, HOST)):
        assert ldap.modify(claim("add", FREE, other), who=mine).code == NO_ACCESS
        assert ldap.modify(claim("add", FREE, other), who=other).code == OK
        assert ldap.modify(claim("delete", FREE, other), who=mine).code == NO_ACCESS
        assert ldap.modify(change(FREE, "delete", "hufuHolder"), who=mine).code == NO_ACCESS
        assert ldap.modify(claim("delete", FREE, other), who=other).code == OK


def test_extended_operations(ldap):
    """The password by its own operation; being somebody else by a control."""
    before = everything(ldap)
    options, environment = ldap.identity(HOST, ldap.provider)
    for target in ((), (f"cn={OTHER},ou=hosts,{BASE}",), (f"cn=signer,ou=people,{BASE}",)):
        done = ldap.box.run(["ldappasswd", *options, "-s", "new", *target], env=environment)
        assert not done.ok, done
    proxied = ldap.run("ldapmodify", "-e", f"!authzid=dn:cn={OTHER},ou=hosts,{BASE}", who=HOST, stdin=claim("delete", TAKEN, OTHER))
    assert not proxied.ok, proxied
    assert everything(ldap) == before


def test_what_is_not_told(ldap):
    """Who holds a use, by whatever question; anybody's password; the log."""
    assert all("hufuHolder" not in entry for entry in ldap.search(who=HOST, base=f"ou=uses,{BASE}", attrs=["*", "+"]))
    for query in ("(userPassword=*)", "(userPassword=pw)", f"(userPassword={PASSWORD})"):
        assert ldap.search(query, who=HOST) == []
    assert ldap.search(who=HOST, base="cn=hufu-log") == []
    compared = ldap.box.run(
        f"LDAPTLS_CACERT={KEYS}/ca.pem LDAPTLS_CERT={KEYS}/{HOST}.pem LDAPTLS_KEY={KEYS}/{HOST}.key ldapcompare -Q -Y EXTERNAL"
        f" -H {ldap.provider.uri} cn=signer,ou=people,{BASE} userPassword:{PASSWORD}"
    )
    assert compared.code in (NO_ACCESS, NOT_THERE), compared
