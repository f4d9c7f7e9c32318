"""hufu-ldapd against a real slapd: what hufud is told."""

import pytest

from conftest import end_box, new_box
from directory import BASE, KEYS, Directory
from ldapd_setup import CONFIG, Ldapd, configuration

HOST = "db01.finance.example"
ID = "0123456789abcdef0123456789abcde"
# What no text survives.
OCTETS = bytes(range(256)) * 4 + b"\r\n\x00"


@pytest.fixture(scope="module")
def server(request):
    box = new_box(request).up()
    directory = Directory(box).establish()
    box.sh("install -d -m 755 /etc/hufu/tls")
    key = directory.host(HOST, "databases", password="host's own")
    box.sh(f"cp {KEYS}/ca.pem {KEYS}/crl.pem /etc/hufu/tls/ && cp {key}.pem /etc/hufu/tls/host.pem")
    box.sh(f"install -o hufu-ldap -m 600 {key}.key /etc/hufu/tls/host.key")
    yield directory
    end_box(request, box)


@pytest.fixture
def ldap(server):
    yield server
    server.restored().clear()


@pytest.fixture
def ldapd(ldap):
    made = Ldapd(ldap.box)
    yield made
    made.end()


CERTIFICATE = "ca = /etc/hufu/tls/ca.pem\ncert = /etc/hufu/tls/host.pem\nkey = /etc/hufu/tls/host.key\ncrl = /etc/hufu/tls/crl.pem\n"


def begin(ldapd, ldap, *more, **settings):
    """By the host's certificate, with a search begun."""
    uris = " ".join([ldap.provider.uri, *(server.uri for server in more)])
    hufud = ldapd.begin(uris, base=BASE, bind="method = external\n", tls=CERTIFICATE, **settings)
    hufud.start(HOST, "databases")
    return hufud


def put(ldap, number, *hosts, document=OCTETS, approvals=(b"hufu-approval: 1\nfirst\n",)):
    name = f"{ID}{number}.1"
    values = {"hufuId": f"{ID}{number}", "hufuVersion": 1, "hufuHost": list(hosts or [HOST]), "hufuDocument": document, "hufuApproval": list(approvals)}
    ldap.add(f"cn={name},ou=grants,{BASE}", who="publisher", objectClass="hufuGrant", cn=name, **values).check()
    return name


def dn(name):
    return f"cn={name},ou=grants,{BASE}"


def test_refresh_then_pushed(ldap, ldapd):
    mine, group = put(ldap, 1), put(ldap, 2, "@databases", "@web")
    put(ldap, 3, "db02.finance.example")
    hufud = begin(ldapd, ldap)
    assert hufud.wait_for("begin").full
    end = hufud.wait_for("end")
    assert b"rid=" in end.cookie and b"csn=" in end.cookie
    assert hufud.names == {"heartbeat", mine, group}
    entry = next(entry for entry in hufud.entries.values() if entry.name == dn(mine))
    assert entry.document == OCTETS and entry.approvals == [b"hufu-approval: 1\nfirst\n"] and entry.kind == "document"
    assert next(entry for entry in hufud.entries.values() if entry.kind == "heartbeat").document.endswith(b"Z")
    assert hufud.wait_for("state", state="live").pushes
    # Added, changed, deleted: each at once, and then a cookie that covers it.
    hufud.forget()
    fourth = put(ldap, 4)
    hufud.wait_for("entry", name=dn(fourth))
    assert hufud.wait_for("cookie").cookie != end.cookie
    hufud.forget()
    ldap.modify(f"dn: {dn(fourth)}\nchangetype: modify\nadd: hufuApproval\nhufuApproval: second\n", who="approver").check()
    assert set(hufud.wait_for("entry", name=dn(fourth)).approvals) == {b"hufu-approval: 1\nfirst\n", b"second"}
    hufud.wait_for("cookie")
    uuid = hufud.of("entry")[0].uuid
    hufud.forget()
    ldap.delete(dn(fourth), who="publisher").check()
    assert hufud.wait_for("delete").uuids == [uuid]
    hufud.wait_for("cookie")
    assert hufud.of("begin") == []


def test_heartbeat_is_pushed(ldap, ldapd):
    hufud = begin(ldapd, ldap)
    hufud.wait_for("state", state="live")
    hufud.forget()
    when = ldap.beat()
    assert hufud.wait_for("entry", kind="heartbeat").document == when.encode()


def test_a_killed_server_is_gone_on_with(ldap, ldapd):
    kept, changed, gone = put(ldap, 1), put(ldap, 2), put(ldap, 3)
    hufud = begin(ldapd, ldap)
    hufud.wait_for("state", state="live")
    first = set(hufud.names)
    ldap.provider.kill()
    assert hufud.failure()
    ldap.provider.start()
    hufud.wait(lambda me: len(me.of("end")) == 2)
    # Not everything again: what is there is told by its name alone.
    assert not hufud.of("begin")[-1].full
    again = hufud.frames[hufud.frames.index(hufud.of("begin")[-1]) :]
    assert [frame for frame in again if frame.type == "entry"] == []
    assert hufud.names == first
    # And what happened while it was away.
    ldapd.hufud.close()
    ldap.delete(dn(gone), who="publisher").check()
    ldap.replace(dn(changed), who="publisher", hufuDocument=b"new").check()
    cookie = [frame.cookie for frame in hufud.of("end", "cookie")][-1]
    hufud.listen()
    hufud.accept().start(HOST, "databases", cookie=cookie)
    hufud.wait(lambda me: len(me.of("end")) == 3)
    assert not hufud.of("begin")[-1].full
    assert hufud.names == {"heartbeat", kept, changed}
    assert next(entry for entry in hufud.entries.values() if entry.name == dn(changed)).document == b"new"


@pytest.mark.parametrize("cookie", [b"rid=000,csn=nonsense", b"rid=000,csn=20991122044831.234299Z#000000#001#000000", b"\x00\xff"])
def test_a_cookie_that_is_not_taken(ldap, ldapd, cookie):
    mine = put(ldap, 1)
    hufud = ldapd.begin(ldap.provider.uri, base=BASE, bind="method = external\n", tls=CERTIFICATE)
    hufud.start(HOST, cookie=cookie)
    hufud.wait_for("end")
    assert hufud.of("begin")[-1].full
    assert mine in hufud.names


def test_start_again(ldap, ldapd):
    mine, group = put(ldap, 1), put(ldap, 2, "@databases")
    hufud = begin(ldapd, ldap)
    hufud.wait_for("state", state="live")
    hufud.forget()
    # The same connection, another question; the first one is not answered any more.
    number = hufud.start(HOST)
    hufud.wait_for("end", search=number)
    assert hufud.names == {"heartbeat", mine}
    ldap.replace(dn(group), who="publisher", hufuDocument=b"new").check()
    ldap.replace(dn(mine), who="publisher", hufuDocument=b"new").check()
    hufud.wait_for("entry", document=b"new")
    assert {frame.name for frame in hufud.of("entry") if frame.document == b"new"} == {dn(mine)}
    assert {frame.search for frame in hufud.of("begin", "end", "entry", "cookie")} == {number}


def test_hufud_comes_back(ldap, ldapd):
    mine = put(ldap, 1)
    hufud = begin(ldapd, ldap)
    hufud.wait_for("end")
    hufud.close()
    hufud.listen()
    hufud.forget()
    hufud.accept().start(HOST)
    hufud.wait_for("end")
    assert mine in hufud.names


def test_second_server(ldap, ldapd):
    mine = put(ldap, 1)
    replica = ldap.add_replica()
    hufud = begin(ldapd, ldap, replica)
    hufud.wait_for("state", state="live", server=ldap.provider.uri)
    ldap.provider.stop()
    hufud.wait_for("state", state="live", server=replica.uri)
    # It goes on where the other one was.
    assert [frame.full for frame in hufud.of("begin")] == [True, False]
    assert mine in hufud.names
    replica.stop()
    ldap.replica = None


def test_start_tls_and_password(ldap, ldapd):
    mine = put(ldap, 1)
    # This provider wants a certificate of everybody, also of those who have a password.
    settings = {"base": BASE, "server": "start-tls = yes\n", "tls": CERTIFICATE}
    settings["bind"] = f"method = simple\ndn = {ldap.account(HOST)}\npassword-file = /etc/hufu/ldapd.password\n"
    ldap.box.put("/etc/hufu/ldapd.password", "host's own\n", "600", "hufu-ldap:hufu-ldap")
    hufud = ldapd.begin(ldap.provider.plain, **settings)
    hufud.start(HOST)
    hufud.wait_for("end")
    assert mine in hufud.names
    # A password that others can read, and a wrong one.
    ldap.box.sh("chmod 640 /etc/hufu/ldapd.password")
    hufud = ldapd.begin(ldap.provider.plain, **settings)
    hufud.start(HOST)
    assert "/etc/hufu/ldapd.password: only its owner" in hufud.failure()
    ldap.box.put("/etc/hufu/ldapd.password", "wrong\n", "600", "hufu-ldap:hufu-ldap")
    hufud = ldapd.begin(ldap.provider.plain, **settings)
    hufud.start(HOST)
    assert "does not accept who we are: Invalid credentials" in hufud.failure()


def test_nothing_readable_to_others_on_the_way(ldap, ldapd):
    ldap.box.put(CONFIG, configuration("ldap://192.0.2.1", base=BASE))
    done = ldap.box.run("/usr/libexec/hufu/hufu-ldapd --check")
    assert done.code == 1 and "read by everybody on the way" in done.err


def test_stop(ldap, ldapd):
    hufud = begin(ldapd, ldap)
    hufud.wait_for("state", state="live")
    ldap.box.sh("systemctl stop hufu-ldapd")
    assert ldap.box.sh("systemctl show --value -p Result -p ExecMainStatus hufu-ldapd").split() == ["success", "0"]


def test_unit(ldap, ldapd):
    """As it is shipped: who it is, and what it has taken from itself."""
    hufud = begin(ldapd, ldap)
    hufud.wait_for("state", state="live")
    assert ldap.box.sh(f"ps -o user= -p {ldapd.pid}").strip() == "hufu-ldap"
    assert ldapd.status("CapBnd") == ldapd.status("CapEff") == "0000000000000000"
    assert ldapd.status("NoNewPrivs") == "1" and ldapd.status("Seccomp") == "2"
    # systemd's filters and its own.
    assert int(ldapd.status("Seccomp_filters")) > 1
    assert ldap.box.sh(f"sed -n 's/^Max core file size *//p' /proc/{ldapd.pid}/limits").split()[:2] == ["0", "0"]
    # Nothing is open for writing but sockets, pipes and what the loop waits with.
    targets = ldap.box.sh(f"for d in /proc/{ldapd.pid}/fd/*; do readlink $d; done").split("\n")
    assert [target for target in targets if target.startswith("/") and target != "/dev/null"] == []
