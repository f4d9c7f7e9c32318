"""hufuctl and the directory: publish, withdraw, renew, export and import, with the rights of whoever types them."""

import json
import re
import shlex

import pytest

from box import TREE
from conftest import end_box, new_box
from directory import BASE, KEYS, PASSWORD, PROVIDER, Directory
from site_setup import PEOPLE, TRUST, Authority, Site

DESK = "/root/desk"
REFUSED, USAGE, NOT_FOUND, AWAY, NOT_PERMITTED = 1, 2, 3, 5, 6

CONFIG = """[server]
uri = ldaps://{server}
base = {base}
[bind]
method = simple
dn = cn={who},ou=people,{base}
{password}
[tls]
ca = {keys}/ca.pem
cert = {keys}/desk.finance.example.pem
key = {keys}/desk.finance.example.key
"""


class Desk:
    """A machine of the department with a directory on it, and everybody's configuration."""

    def __init__(self, box):
        self.box = box
        self.directory = Directory(box).establish()
        self.site = Site(box)
        self.site.authority = Authority(box)
        status_key = f"status-key: status-2026 ed25519 {self.site.authority.known('status-2026', 'ed25519')}"
        box.put(TRUST, self.site.trust_document(extra=[status_key]))
        for who in ("publisher", "approver", "signer", "auditor"):
            box.put(f"{DESK}/{who}.password", f"{PASSWORD}\n", mode="600")
            self.configure(who, f"{DESK}/{who}.conf", password=f"password-file = {DESK}/{who}.password")

    def configure(self, who, path, server=PROVIDER, password="", **put):
        return self.box.put(path, CONFIG.format(who=who, server=server, base=BASE, keys=KEYS, password=password), **put)

    def ctl(self, who, *words, code=0):
        """hufuctl as this person of the directory; what it printed."""
        done = self.box.run(["hufuctl", *words, "--directory", f"{DESK}/{who}.conf"])
        assert done.code == code, done
        return done.text

    def json(self, who, *words, code=0):
        done = self.box.run(["hufuctl", "--json", *words, "--directory", f"{DESK}/{who}.conf"])
        assert done.code == code, done
        return json.loads(done.out)

    def grant(self, name="grant", **fields):
        """A grant in a file, and the approvals of the unit and the leader."""
        path = self.site.draft(path=f"{DESK}/{name}", **fields)
        return path, *(self.site.approve(path, person) for person in ("zhou.ming", "wang.wu"))

    def entries(self, query="(|(objectClass=hufuGrant)(objectClass=hufuRevocation)(objectClass=hufuStatus)(objectClass=hufuTrust))"):
        found = self.directory.search(query) + self.directory.search("(objectClass=hufuUse)", base=f"ou=uses,{BASE}")
        return {entry["dn"]: {name: sorted(entry[name]) for name in entry if name != "dn"} for entry in found}

    def uses(self):
        found = self.directory.search("(objectClass=hufuUse)", base=f"ou=uses,{BASE}")
        return sorted(int(entry["hufuSlot"][0]) for entry in found)


@pytest.fixture(scope="module")
def furnished(request):
    box = new_box(request).up()
    yield Desk(box)
    end_box(request, box)


@pytest.fixture
def desk(furnished):
    yield furnished
    furnished.directory.restored().clear()


def test_operator_and_approver(desk):
    path, unit, leader = desk.grant()
    text = desk.ctl("publisher", "publish", path, "--approval", unit, "--trust", TRUST)
    assert "Published: grant" in text and "1 of the 2 approvals" in text
    # The approver's only right is to add a value.
    text = desk.ctl("approver", "publish", path, "--approval", leader, "--trust", TRUST)
    assert "1 more approval" in text and "has the 2 approvals" in text
    dn, values = desk.directory.entry_of(path, [unit, leader])
    (entry,) = desk.directory.search("(objectClass=hufuGrant)")
    for name, expected in values.items():
        expected = expected if isinstance(expected, list) else [expected]
        assert sorted(entry[name]) == sorted(v if isinstance(v, bytes) else str(v).encode() for v in expected), name
    assert entry["dn"] == dn
    # Once more, by either of them: nothing happens.
    before = desk.directory.search(attrs=["+", "*"])
    for who in ("publisher", "approver"):
        done = desk.json(who, "publish", path, "--approval", unit, "--approval", leader, "--trust", TRUST)
        assert done["published"][0] | {"outcome": "unchanged", "approvals": 2, "missing": 0} == done["published"][0]
    assert desk.directory.search(attrs=["+", "*"]) == before


def test_approver_cannot_publish_a_document(desk):
    path, unit, _ = desk.grant()
    assert "may not do this" in desk.ctl("approver", "publish", path, "--approval", unit, code=NOT_PERMITTED)
    assert desk.entries() == {}


def test_what_does_not_count_is_not_sent(desk):
    path, unit, leader = desk.grant()
    other, other_unit, _ = desk.grant("other")
    assert "something else" in desk.ctl("publisher", "publish", path, "--approval", other_unit, code=REFUSED)
    text = desk.box.get(unit).decode()
    forged = desk.box.put(f"{DESK}/forged", re.sub(r"signature: .*", re.search(r"signature: .*", desk.box.get(leader).decode())[0], text))
    assert "does not count" in desk.ctl("publisher", "publish", path, "--approval", forged, "--trust", TRUST, code=REFUSED)
    wide = desk.site.draft(path=f"{DESK}/wide", for_="60d")
    assert "wider than its class" in desk.ctl("publisher", "publish", wide, "--trust", TRUST, code=REFUSED)
    # One bad one keeps the good one back as well: everything is judged first.
    desk.ctl("publisher", "publish", path, wide, "--trust", TRUST, code=REFUSED)
    assert desk.entries() == {}


def test_another_document_under_the_name(desk):
    path, unit, leader = desk.grant()
    desk.ctl("publisher", "publish", path, "--approval", unit, "--approval", leader)
    before = desk.entries()
    changed = desk.box.put(f"{DESK}/changed", desk.box.get(path).replace(b"acme", b"evil"))
    assert "another document is there" in desk.ctl("publisher", "publish", changed, code=REFUSED)
    assert "another document is there" in desk.ctl("approver", "publish", changed, code=REFUSED)
    assert desk.entries() == before
    assert "in place of" in desk.ctl("publisher", "publish", changed, "--replace")
    (entry,) = desk.entries().values()
    assert entry["hufuVendor"] == [b"evil"] and "hufuApproval" not in entry and b"evil" in entry["hufuDocument"][0]


def test_uses_across_the_fleet(desk):
    path, *_ = desk.grant(uses="5 fleet", version=1)
    grant = desk.site.grant_id(path)
    desk.ctl("publisher", "publish", path)
    assert desk.uses() == [1, 2, 3, 4, 5]
    holder = b"db01.finance.example:" + b"0" * 32
    values = {"hufuId": grant, "hufuSlot": 9, "hufuHost": "db07.finance.example", "hufuHolder": holder}
    desk.directory.add(f"cn={grant}.9,ou=uses,{BASE}", objectClass="hufuUse", cn=f"{grant}.9", **values).check()
    # Fewer: what is held counts, whatever its number; free ones go from the top.
    narrower, *_ = desk.grant("narrower", uses="3 fleet", version=2, id=grant)
    desk.ctl("publisher", "publish", narrower)
    assert desk.uses() == [1, 2, 9]
    # Each is for the hosts that the document names, and for no others.
    found = desk.directory.search(f"(hufuId={grant})", base=f"ou=uses,{BASE}")
    assert [entry["hufuHost"] for entry in found] == [[b"db01.finance.example"]] * 3
    # An older version does not bring them back, a newer one adds what is missing.
    desk.ctl("publisher", "publish", path)
    assert desk.uses() == [1, 2, 9]
    wider, *_ = desk.grant("wider", uses="1000 fleet", version=3, id=grant)
    desk.ctl("publisher", "publish", wider)
    assert len(desk.uses()) == 1000
    many, *_ = desk.grant("many", uses="1001 fleet")
    assert "more than 1000 uses" in desk.ctl("publisher", "publish", many, code=REFUSED)
    # The whole of it, beyond a server's limit on one answer.
    assert desk.json("auditor", "sync", "export", "-o", f"{DESK}/all.ldif")["entries"] == 1003


def test_withdraw(desk):
    path, unit, _ = desk.grant(version=1)
    grant = desk.site.grant_id(path)
    second, *_ = desk.grant("second", version=2, id=grant)
    desk.ctl("publisher", "publish", path, second, "--approval", unit)
    assert "say which by --version" in desk.ctl("publisher", "withdraw", grant, "--yes", code=USAGE)
    assert "no terminal" in desk.ctl("publisher", "withdraw", path, code=REFUSED)
    assert "may not do this" in desk.ctl("approver", "withdraw", path, "--yes", code=NOT_PERMITTED)
    assert len(desk.entries()) == 2
    desk.ctl("publisher", "withdraw", grant, "--version", "1", "--yes")
    assert list(desk.entries()) == [desk.directory.entry_of(second)[0]]
    changed = desk.box.put(f"{DESK}/changed", desk.box.get(second).replace(b"acme", b"evil"))
    assert "another document" in desk.ctl("publisher", "withdraw", changed, "--yes", code=REFUSED)
    asked = desk.box.spawn(f"hufuctl withdraw {second} --directory {DESK}/publisher.conf")
    asked.expect("To be removed from the directory: grant")
    asked.expect("Type withdraw to confirm: ")
    asked.sendline("withdraw")
    asked.expect("Withdrawn: ")
    asked.wait()
    assert desk.entries() == {}
    assert "has nothing for" in desk.ctl("publisher", "withdraw", grant, "--yes", code=NOT_FOUND)


def renew(desk, *words, code=0, who="signer"):
    return desk.json(who, "document", "renew", f"{DESK}/status", "--as", "status-2026", "--key", f"{PEOPLE}/status-2026.key",
                     "--trust", TRUST, "--publish", *words, code=code)


def test_status_is_signed_and_signed_again(desk):
    desk.box.sh(f"rm -f {DESK}/status*")
    first = renew(desk, "--first")
    assert (first["epoch"], first["published"]["outcome"]) == (1, "added")
    grant = "0123456789abcdef" * 2
    second = renew(desk, "--revoke", grant, "--minimum", f"{grant}:4")
    third = renew(desk, "--for", "1h")
    assert [second["epoch"], third["epoch"]] == [2, 3] and third["published"]["outcome"] == "replaced"
    (entry,) = desk.entries().values()
    assert entry["hufuDocument"] == [desk.box.get(f"{DESK}/status")] and entry["hufuEpoch"] == [b"3"]
    assert entry["hufuApproval"] == [desk.box.get(third["approval"])]
    text = entry["hufuDocument"][0].decode()
    assert f"revoked: {grant}\n" in text and f"minimum-version: {grant} 4\n" in text
    # An old one is not put back, and without the file nothing is signed: what is in the directory is not followed.
    desk.box.sh(f"sed 's/^epoch: 3/epoch: 2/' {DESK}/status > {DESK}/old")
    desk.box.sh(f"hufuctl approve {DESK}/old --as status-2026 --role status --key {PEOPLE}/status-2026.key --trust {TRUST} --yes")
    text = desk.ctl("signer", "publish", f"{DESK}/old", "--approval", f"{DESK}/old.status-2026.approval", "--trust", TRUST, code=REFUSED)
    assert "newer" in text
    desk.box.sh(f"rm {DESK}/status")
    done = desk.box.run(f"hufuctl document renew {DESK}/status --as status-2026 --key {PEOPLE}/status-2026.key --trust {TRUST}")
    assert done.code == REFUSED and "--first" in done.err, done
    assert list(desk.entries().values()) == [entry]


def test_heartbeat(desk):
    desk.ctl("signer", "sync", "beat")
    (entry,) = desk.directory.search("(objectClass=hufuHeartbeat)")
    now = desk.box.sh("date -u +%FT%H").encode()
    assert entry["hufuBeat"][0].startswith(now[:10])
    assert "may not do this" in desk.ctl("publisher", "sync", "beat", code=NOT_PERMITTED)


def test_export_and_import(desk):
    path, unit, leader = desk.grant(uses="2 fleet")
    grant = desk.site.grant_id(path)
    desk.box.put(f"{DESK}/revocation", f"hufu-revocation: 1\nsite: cn.example.finance\nid: {'ab' * 16}\nscope: grant {'cd' * 16}\n"
                 "until: forever\nrevoked-at: 2026-11-21T00:00:00Z\nreason: contract ended\n")
    desk.ctl("publisher", "publish", path, f"{DESK}/revocation", TRUST, "--approval", unit, "--approval", leader)
    desk.directory.modify(f"dn: cn={grant}.2,ou=uses,{BASE}\nchangetype: modify\nadd: hufuHolder\nhufuHolder: db01.finance.example:{'0' * 32}\n").check()
    before = desk.entries()
    assert len(before) == 5
    desk.ctl("auditor", "sync", "export", "-o", f"{DESK}/all.ldif")
    desk.directory.clear()
    assert desk.entries() == {}
    done = desk.json("publisher", "sync", "import", f"{DESK}/all.ldif")
    assert done == {"added": 5, "approved": 0, "replaced": 0, "unchanged": 0, "refused": 0}
    assert desk.entries() == before
    assert desk.json("publisher", "sync", "import", f"{DESK}/all.ldif")["unchanged"] == 5
    # An auditor may read, and no more.
    desk.directory.clear()
    assert desk.json("auditor", "sync", "import", f"{DESK}/all.ldif", code=NOT_PERMITTED)["refused"] == 5
    # A file with anything in it that is none of ours leaves nothing behind.
    for name, change in {
        "cut": "head -c -2",
        "url": "sed 's|^hufuDocument:: .*|hufuDocument:< file:///etc/shadow|'",
        "bent": "sed 's/^hufuDocument:: aHVm/hufuDocument:: aHVn/'",
    }.items():
        desk.box.sh(f"{change} {DESK}/all.ldif > {DESK}/{name}.ldif")
        assert "nothing was imported" in desk.ctl("publisher", "sync", "import", f"{DESK}/{name}.ldif", code=REFUSED)
    assert desk.entries() == {}


# --- what a person is told when it does not work


def test_trouble_is_told(desk):
    path, unit, _ = desk.grant()

    def refused(code, who="odd"):
        return desk.ctl(who, "publish", path, "--approval", unit, code=code)

    odd = f"{DESK}/odd.conf"
    desk.box.put(f"{DESK}/odd.password", "wrong\n", mode="600")
    desk.configure("publisher", odd, password=f"password-file = {DESK}/odd.password")
    assert "does not let you in" in refused(NOT_PERMITTED)
    desk.configure("publisher", odd, server="127.0.0.11", password=f"password-file = {DESK}/publisher.password")
    assert "name the server" in refused(AWAY)
    desk.configure("publisher", odd, server="127.0.0.99", password=f"password-file = {DESK}/publisher.password")
    assert "cannot be reached" in refused(AWAY)
    desk.configure("publisher", odd)
    assert "no terminal to ask" in refused(REFUSED)
    desk.configure("publisher", odd, password=f"password-file = {DESK}/publisher.password", owner="openldap:openldap")
    assert "root's or your own" in refused(REFUSED)
    desk.box.put(odd, "[server]\nnonsense = 1\n")
    assert "line 2" in refused(REFUSED)
    desk.box.sh(f"rm {odd}")
    assert "No such file" in refused(REFUSED)
    assert desk.entries() == {}


def test_a_person_types_the_password(desk):
    """Neither root nor a file with a password: an account of the department's, and its own configuration."""
    box = desk.box
    path, unit, _ = desk.grant()
    box.account("li.si")
    # The key of the machine's certificate is for those who may use it.
    box.sh(f"install -d -o li.si /home/li.si/.config /home/li.si/.config/hufu && install -m 600 -o li.si {KEYS}/desk.finance.example.key /home/li.si/desk.key")
    box.sh(f"install -m 644 {KEYS}/ca.pem {KEYS}/desk.finance.example.pem {path} {unit} {TRUST} /home/li.si/")
    text = box.get(desk.configure("publisher", f"{DESK}/typed.conf")).decode()
    text = text.replace(f"{KEYS}/desk.finance.example.key", "/home/li.si/desk.key").replace(KEYS, "/home/li.si")
    box.put("/home/li.si/.config/hufu/directory.conf", text, owner="li.si:li.si")
    command = "cd /home/li.si && hufuctl publish grant --approval grant.zhou.ming.approval --trust trust"
    for typed, said in (("wrong", "does not let you in"), (PASSWORD, "1 of the 2 approvals")):
        asked = box.spawn(["bash", "-c", command], user="li.si")
        asked.expect("Password for the directory")
        asked.sendline(typed)
        asked.expect(said)
        asked.wait()
        assert typed not in asked.before
    assert len(desk.entries()) == 1
    # The environment names neither a server nor a password.
    done = box.run(f"{command} </dev/null", user="li.si", env={"LDAPURI": "ldap://127.0.0.1", "HUFU_DIRECTORY": "/tmp/x", "HOME": "/tmp"})
    assert done.code == REFUSED and ".config/hufu/directory.conf" in done.err, done


# --- docs/publishing.md


def blocks():
    text = (TREE / "docs" / "publishing.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(# .*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_manual(desk):
    box = desk.box
    desk.grant()
    box.sh(f"cp {TRUST} {PEOPLE}/status-2026.key {DESK}/ && cp {KEYS}/desk.finance.example.key {DESK}/signer.tls.key"
           f" && mkdir -p /etc/hufu && cp {KEYS}/ca.pem {KEYS}/desk.finance.example.pem /etc/hufu/")
    text = box.get(desk.configure("signer", f"{DESK}/signer.conf", password="password-file = /etc/hufu/signer.password")).decode()
    text = text.replace(f"{KEYS}/desk.finance.example.key", "/etc/hufu/signer.tls.key").replace(KEYS, "/etc/hufu")
    box.put(f"{DESK}/signer.conf", text)
    found = blocks()
    assert len(found) == 5
    for block in found:
        done = box.run(f"bash -euo pipefail -c {shlex.quote(f'cd {DESK}; {block}')}", timeout=60)
        assert done.ok, f"{block}\n{done}"
        if "systemctl start hufu-status" in block:
            # The units did it, as their own user, and the timers wait for the next.
            (entry,) = desk.entries().values()
            assert int(entry["hufuEpoch"][0]) >= 2 and entry["hufuDocument"] == [box.get("/var/lib/hufu-signer/status")]
            (beat,) = desk.directory.search("(objectClass=hufuHeartbeat)")
            assert beat["hufuBeat"][0] > b"2026"
            assert box.sh("stat -c %U /var/lib/hufu-signer/status") == "hufu-signer"
            for timer in ("hufu-status", "hufu-heartbeat"):
                assert box.sh(f"systemctl is-active {timer}.timer") == "active"
    statuses = [entry for dn, entry in desk.entries().items() if ",ou=status," in dn]
    assert b"revoked: 0123456789abcdef0123456789abcdef" in statuses[0]["hufuDocument"][0]
    box.sh("systemctl disable --now hufu-status.timer hufu-heartbeat.timer; rm -r /etc/hufu/signer.conf /var/lib/hufu-signer")
