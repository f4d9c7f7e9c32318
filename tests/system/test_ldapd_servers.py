"""hufu-ldapd and servers that refuse, fall silent or lie."""

import shlex
import time

import pytest

from box import TREE
from ldap_puppet import SYNC, Puppet, control, tlv
from ldapd_setup import Ldapd

REFRESH_REQUIRED, UNWILLING, SIZE_LIMIT, BUSY = 4096, 53, 4, 51


def cookie(number):
    return b"rid=000,csn=2026112204483%d.234299Z#000000#001#000000" % number


COOKIE = cookie(1)
ONE, TWO = b"1" * 16, b"2" * 16


@pytest.fixture
def ldapd(box):
    made = Ldapd(box)
    yield made
    made.end()


def tell(request, uuid, cn, document=b"x", state=1, kind=b"hufuGrant", **more):
    request.entry(uuid, cn, state, objectClass=[kind], hufuDocument=[document], **more)


def begin(ldapd, puppet, since=b"", **settings):
    hufud = ldapd.begin(puppet.uri, **settings)
    hufud.start("db01", cookie=since)
    return hufud


def test_what_is_asked(ldapd):
    with Puppet(ldapd.box, lambda request: request.refreshed(COOKIE)) as puppet:
        hufud = ldapd.begin(puppet.uri)
        hufud.start("db01", "databases", cookie=COOKIE)
        assert hufud.wait_for("end").cookie == COOKIE
        request = puppet.requests[0]
    assert request.mode == "persist" and request.cookie == COOKIE and request.base == "dc=example"
    assert sorted(request.attributes) == ["entryUUID", "hufuApproval", "hufuBeat", "hufuDocument", "objectClass"]
    assert b"@databases" in request.filter and b"hufuRevocation" in request.filter


@pytest.mark.parametrize("code", [REFRESH_REQUIRED, UNWILLING])
def test_starts_over_without_cookie(ldapd, code):
    def search(request):
        if request.cookie:
            request.done(code)
        else:
            tell(request, ONE, "one")
            request.refreshed(COOKIE)

    with Puppet(ldapd.box, search) as puppet:
        hufud = begin(ldapd, puppet, COOKIE)
        hufud.wait_for("state", state="live")
        assert [frame.full for frame in hufud.of("begin")] == [False, True]
        assert hufud.names == {"one"}
        assert len(puppet.connections) == 1


def test_refresh_only(ldapd):
    """A server that does not push is asked again, from where it was."""
    rounds = []

    def search(request):
        if request.mode == "persist":
            request.done(UNWILLING, b"no persist here")
            return
        rounds.append(request.cookie)
        if len(rounds) == 1:
            tell(request, ONE, "one")
            tell(request, TWO, "two")
            request.done(cookie=COOKIE)
        elif len(rounds) == 2:
            tell(request, ONE, "one", state=3)
            request.done(cookie=cookie(2), deletes=True)
        else:
            request.entry(TWO, "two", 0)
            request.done(cookie=cookie(3))

    with Puppet(ldapd.box, search) as puppet:
        hufud = begin(ldapd, puppet)
        state = hufud.wait_for("state", state="polling")
        assert not state.pushes and state.seconds == 1
        assert hufud.names == {"one", "two"}
        hufud.wait(lambda me: len(me.of("end")) == 2)
        assert hufud.of("end")[1].deletes and hufud.names == {"two"}
        hufud.wait(lambda me: len(me.of("end")) == 3)
        assert not hufud.of("end")[2].deletes and hufud.names == {"two"}
        assert rounds[:3] == [b"", COOKIE, cookie(2)]


def test_phases_of_a_refresh(ldapd):
    """What a present phase does not tell is gone, also where a delete phase follows it."""

    def search(request):
        request.info(tlv(0xA3, tlv(0x31, tlv(0x04, ONE))))
        request.info(tlv(0xA2, tlv(0x04, COOKIE), tlv(0x01, b"\0")))
        request.info(tlv(0xA3, tlv(0x01, b"\xff"), tlv(0x31, tlv(0x04, TWO))))
        request.refreshed(COOKIE)
        request.info(tlv(0x80, cookie(2)))
        request.info(tlv(0xA3, tlv(0x04, cookie(3)), tlv(0x01, b"\xff"), tlv(0x31, tlv(0x04, ONE), tlv(0x04, TWO))))

    with Puppet(ldapd.box, search) as puppet:
        hufud = begin(ldapd, puppet, COOKIE)
        hufud.wait(lambda me: len(me.of("cookie")) == 2)
    kinds = [frame.type for frame in hufud.frames if frame.type != "state"]
    assert kinds == ["begin", "present", "delete", "end", "cookie", "delete", "cookie"]
    assert hufud.of("present")[0].uuids == [ONE] and hufud.of("delete")[0].uuids == [TWO]
    end = hufud.of("end")[0]
    assert not end.deletes and end.count == 1 and end.cookie == COOKIE
    assert hufud.of("delete")[1].uuids == [ONE, TWO] and hufud.of("cookie")[1].cookie == cookie(3)


def test_an_empty_present_phase(ldapd):
    """Nothing is left, and that is told by telling nothing."""
    with Puppet(ldapd.box, lambda request: request.info(tlv(0xA2, tlv(0x04, COOKIE)))) as puppet:
        hufud = begin(ldapd, puppet, COOKIE)
        end = hufud.wait_for("end")
        assert not end.deletes and end.count == 0


def test_cookies_that_say_nothing(ldapd):
    with Puppet(ldapd.box, lambda request: request.refreshed(b"rid=000")) as puppet:
        hufud = begin(ldapd, puppet)
        assert hufud.wait_for("end").cookie == b""


SLAPD = """include /etc/ldap/schema/core.schema
include /root/plain/hufu.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /root/plain/pid
database mdb
suffix dc=example
rootdn cn=host,dc=example
rootpw secret
directory /root/plain
index objectClass,cn,hufuHost,modifyTimestamp eq
"""


class PlainSlapd:
    """A real one without RFC 4533."""

    uri = "ldap://127.0.0.31"

    def __init__(self, box):
        self.box = box
        box.put("/root/plain/hufu.schema", (TREE / "contrib" / "ldap" / "hufu.schema").read_bytes())
        box.put("/root/plain/slapd.conf", SLAPD)
        self.running = box.start(f"exec /usr/sbin/slapd -d 0 -f /root/plain/slapd.conf -h {self.uri}/")
        box.until(lambda: box.run(f"ldapwhoami -x -H {self.uri}").ok)
        self.modify("dn: dc=example\nchangetype: add\nobjectClass: organization\nobjectClass: dcObject\no: example\ndc: example\n")

    def modify(self, ldif):
        self.box.sh(f"ldapmodify -x -D cn=host,dc=example -w secret -H {self.uri} <<< {shlex.quote(ldif)}")

    def trust(self, epoch, document):
        self.modify(f"dn: cn={epoch},dc=example\nchangetype: add\nobjectClass: hufuTrust\ncn: {epoch}\nhufuEpoch: {epoch}\nhufuDocument: {document}\n")


def test_polling(ldapd):
    """No RFC 4533 at all: changes by their time, deletions by who is left."""
    slapd = PlainSlapd(ldapd.box)
    slapd.trust(1, "one")
    slapd.trust(2, "two")
    hufud = begin(ldapd, slapd)
    assert not hufud.wait_for("state", state="polling").pushes
    assert hufud.of("begin")[-1].full and hufud.names == {"1", "2"}
    hufud.wait(lambda me: len(me.of("end")) == 2)
    slapd.trust(3, "three")
    slapd.modify("dn: cn=2,dc=example\nchangetype: modify\nreplace: hufuDocument\nhufuDocument: new\n")
    hufud.wait(lambda me: me.names == {"1", "2", "3"})
    assert b"new" in {entry.document for entry in hufud.entries.values()}
    slapd.modify("dn: cn=1,dc=example\nchangetype: delete\n")
    hufud.wait(lambda me: me.names == {"2", "3"}, timeout=15)
    # Told by who is there, not by telling all again.
    assert [frame.full for frame in hufud.of("begin")].count(True) <= 2 and hufud.of("present")
    slapd.running.kill()


# --- silence


def test_a_server_that_never_answers(ldapd):
    """The next one is asked meanwhile; nothing spins and nothing hangs."""
    with Puppet(ldapd.box, address="127.0.0.22", mute=True) as mute, Puppet(ldapd.box, lambda request: request.refreshed(COOKIE)) as puppet:
        hufud = ldapd.begin(f"{mute.uri} {puppet.uri}")
        hufud.start("db01")
        before = ldapd.cpu
        time.sleep(0.3)
        # While it waits for one, hufud is heard.
        hufud.claim(9)
        assert hufud.wait_for("claimed").search == 9
        assert hufud.of("claimed", "state")[-1].type == "claimed"
        assert "does not answer" in hufud.failure()
        hufud.wait_for("state", state="live", server=puppet.uri)
        assert ldapd.cpu - before < 0.3


def test_a_tls_handshake_that_never_comes(ldapd):
    with Puppet(ldapd.box, port=636, mute=True):
        ldapd.box.put("/etc/hufu/tls/ca.pem", ldapd.box.sh("openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=x 2>/dev/null") + "\n")
        hufud = ldapd.begin("ldaps://127.0.0.21", tls="ca = /etc/hufu/tls/ca.pem\n")
        before = ldapd.cpu
        hufud.start("db01")
        assert "does not answer" in hufud.failure()
        assert ldapd.cpu - before < 0.3


def test_silence_where_a_heart_should_beat(ldapd):
    def search(request):
        request.entry(ONE, "heartbeat", objectClass=[b"hufuHeartbeat"], hufuBeat=[b"2026-11-21T00:00:00Z"])
        request.refreshed(COOKIE)

    with Puppet(ldapd.box, search) as puppet:
        hufud = begin(ldapd, puppet, timing={"stall-after": "1s"})
        assert hufud.wait_for("entry").kind == "heartbeat"
        assert "has said nothing for 1 s" in hufud.failure()
        hufud.wait(lambda me: len(puppet.requests) == 2)
        assert puppet.requests[1].cookie == COOKIE


def test_silence_where_there_is_no_heart(ldapd):
    with Puppet(ldapd.box, lambda request: request.refreshed(COOKIE)) as puppet:
        hufud = begin(ldapd, puppet, timing={"stall-after": "1s"})
        hufud.wait_for("state", state="live")
        time.sleep(1.6)
        assert "failed" not in {frame.state for frame in hufud.of("state")}


def test_silence_in_the_middle_of_an_answer(ldapd):
    with Puppet(ldapd.box, lambda request: tell(request, ONE, "one")) as puppet:
        hufud = begin(ldapd, puppet, timing={"stall-after": "1s"})
        assert "has said nothing for 1 s" in hufud.failure()
        assert hufud.entries == {}


# --- refusals and lies


@pytest.mark.parametrize("code, text", [(BUSY, "Server is busy: too many"), (SIZE_LIMIT, "Size limit exceeded: too many"), (32, "No such object: too many")])
def test_refusals_are_told(ldapd, code, text):
    with Puppet(ldapd.box, lambda request: request.done(code, b"too many")) as puppet:
        hufud = begin(ldapd, puppet)
        assert text in hufud.failure()
        assert hufud.of("end") == []


LIES = {
    "no control": lambda request: request.entry(ONE, "one", controls=[]),
    "a short uuid": lambda request: request.entry(b"short", "one"),
    "no such state": lambda request: request.entry(ONE, "one", 9),
    "a broken control": lambda request: request.entry(ONE, "one", controls=[control(SYNC + b"2", b"\x30\x84\xff\xff\xff\xff")]),
    "a broken message": lambda request: request.info(b"\xa3\x05\x31"),
    "an end without a control": lambda request: request.done(),
    "an end of something ended": lambda request: (request.refreshed(COOKIE), request.refreshed(COOKIE)),
    "no LDAP": lambda request: request.connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b" " * 200),
    "a length beyond all bounds": lambda request: request.connection.sendall(b"\x30\x84\x7f\xff\xff\xff\x02\x01"),
    "a notice of disconnection": lambda request: request.connection.sendall(tlv(0x30, b"\x02\x01\x00", tlv(0x78, tlv(0x0A, b"\x34"), tlv(0x04), tlv(0x04)))),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_end_the_connection(ldapd, lie):
    with Puppet(ldapd.box, LIES[lie]) as puppet:
        hufud = begin(ldapd, puppet)
        pid = ldapd.pid
        assert hufud.failure()
        # And the next one is begun, by the same process.
        hufud.wait(lambda me: len(puppet.requests) >= 2)
        assert ldapd.pid == pid


def test_more_than_a_frame_holds(ldapd):
    good = [b"hufu-approval: 1\n%d\n" % number for number in range(30)]
    junk = [b"junk %d" % number for number in range(100)]

    def search(request):
        tell(request, ONE, "large", b"x" * (2 << 20))
        tell(request, TWO, "many", b"x", hufuApproval=junk + [b"hufu-approval: 1\n" + b"x" * (3 << 20)] + good)
        request.entry(b"3" * 16, "twice", objectClass=[b"hufuGrant"], hufuDocument=[b"a", b"b"])
        request.entry(b"4" * 16, "n" * 2000, objectClass=[b"hufuGrant"], hufuDocument=[b"x" * (1 << 20)])
        request.refreshed(COOKIE)

    with Puppet(ldapd.box, search) as puppet:
        hufud = begin(ldapd, puppet)
        hufud.wait_for("end")
    entries = {uuid[:1]: entry for uuid, entry in hufud.entries.items()}
    assert entries[b"1"].document == b"" and entries[b"3"].document == b""
    assert entries[b"2"].document == b"x" and set(good) <= set(entries[b"2"].approvals) and len(entries[b"2"].approvals) == 32
    assert len(entries[b"4"].document) == 1 << 20 and len(entries[b"4"].name) == 512


def test_hufud_does_not_read(ldapd):
    """What hufud does not take stays with the server."""
    sent = []

    def search(request):
        for number in range(400):
            tell(request, number.to_bytes(16, "big"), str(number), b"x" * 200_000)
            sent.append(number)
        request.refreshed(COOKIE)

    with Puppet(ldapd.box, search) as puppet:
        hufud = ldapd.begin(puppet.uri, timing={"stall-after": "1s"})
        hufud.reading.clear()
        hufud.start("db01")
        ldapd.box.until(lambda: len(sent) > 5)
        time.sleep(1.5)
        assert len(sent) < 200, "hufu-ldapd has taken in what nobody takes from it"
        assert int(ldapd.status("VmRSS").split()[0]) < 40_000
        hufud.reading.set()
        assert hufud.wait_for("end").count == 400
        assert hufud.of("begin")[0].full and len(hufud.of("begin")) == 1
