"""The real varlinkctl, of a Debian 13 (that of Debian 12 has none), against the real hufud: it reads the interface description
strictly, and every method that reads."""

import base64
import json
import re
import subprocess

import pytest

from box import STORE, TREE

ARCHIVE = STORE / "debian-13.tar"
FOLDER = "/debian-13"
ADDRESS = "unix:/run/hufu/control"
INTERFACE = TREE / "broker" / "ipc" / "org.hufu.control.varlink"
READS = re.compile(r'\.name = "(\w+)", \.needs = CONTROL_READ')

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not ARCHIVE.exists(), reason=f"no {ARCHIVE}: tests/run --long makes it, from an archive that has Debian 13"),
]


@pytest.fixture(scope="module")
def guest(guarded):
    """The guarded host, with a Debian 13 in a folder that sees hufud's sockets."""
    box = guarded.box
    with ARCHIVE.open("rb") as archive:
        unpack = box.argv(f"mkdir {FOLDER} && tar -x -C {FOLDER} --exclude=./dev/*")
        assert subprocess.run(unpack, stdin=archive, capture_output=True).returncode == 0
    box.sh(f"mkdir -p {FOLDER}/run/hufu && mount --bind /run/hufu {FOLDER}/run/hufu")
    return guarded


def varlinkctl(site, *arguments, prefix=(), check=True):
    done = site.box.run([*prefix, "chroot", FOLDER, "varlinkctl", "--no-pager", *arguments])
    assert done.ok or not check, done
    return done.out


def call(site, method, **parameters):
    return json.loads(varlinkctl(site, "call", "--json=short", ADDRESS, f"org.hufu.control.{method}", json.dumps(parameters)))


def names(text):
    return set(re.findall(r"^(?:method|type|error) \w+", text, re.MULTILINE))


def test_the_description_is_valid(guest):
    text = INTERFACE.read_text(encoding="utf-8")
    guest.box.put(f"{FOLDER}/tmp/interface", text)
    assert names(varlinkctl(guest, "validate-idl", "/tmp/interface")) == names(text)


def test_introspection(guest):
    told = json.loads(varlinkctl(guest, "info", "--json=short", ADDRESS))
    assert told["product"] == "hufud" and told["vendor"] == "Hufu"
    assert set(varlinkctl(guest, "list-interfaces", ADDRESS).split()) == {"org.varlink.service", "org.hufu.control"}
    text = INTERFACE.read_text(encoding="utf-8")
    methods = set(varlinkctl(guest, "list-methods", ADDRESS, "org.hufu.control").split())
    assert methods == {f"org.hufu.control.{name.split()[1]}" for name in names(text) if name.startswith("method ")}
    assert names(varlinkctl(guest, "introspect", ADDRESS, "org.hufu.control")) == names(text)
    assert "method GetInfo" in varlinkctl(guest, "introspect", ADDRESS, "org.varlink.service")


def test_every_method_that_reads(site, guest):
    """And each says what hufuctl says."""
    grant = site.grant()
    running, session = site.session_open()
    answers = {
        "Status": call(site, "Status"),
        "GrantList": call(site, "GrantList"),
        "GrantShow": call(site, "GrantShow", id=grant),
        "SessionList": call(site, "SessionList"),
        "SessionShow": call(site, "SessionShow", number=session["number"]),
        "Explain": call(site, "Explain", staff="zhang.san", service="sshd", source="127.0.0.1"),
        "Audit": call(site, "Audit", event="session-open", limit=1),
        "LedgerRead": call(site, "LedgerRead", after=0, upto=2),
        **{method: call(site, method) for method in ("TakenList", "TrustShow", "SyncShow", "ClockShow", "HostShow", "LedgerKey", "LedgerCheckpoint")},
    }
    assert answers["Status"]["host"] == site.ctl("status")["host"]
    assert [g["id"] for g in answers["GrantList"]["grants"] if g["state"] == "ok"] == [grant]
    assert answers["GrantShow"]["document"] == site.box.get("/root/grant").decode()
    assert [s["number"] for s in answers["SessionList"]["sessions"]] == [session["number"]]
    assert answers["SessionShow"]["session"]["staff"] == "zhang.san" and answers["SessionShow"]["processes"]
    assert answers["Explain"]["considered"]
    assert f"ledger={answers['LedgerKey']['ledger']}" in answers["LedgerCheckpoint"]["checkpoint"]
    assert answers["Audit"]["records"][0]["grant"] == grant
    # What is hashed of each record begins with its format.
    assert answers["LedgerRead"]["ledger"] == answers["LedgerKey"]["ledger"]
    assert base64.b64decode(answers["LedgerRead"]["octets"]).count(b"hufu-record-2-sha256") == 2
    # What goes on until somebody hangs up: with --more, and one reply is looked at.
    more = varlinkctl(site, "call", "--json=short", "--more", ADDRESS, "org.hufu.control.SessionWatch", "{}", prefix=("timeout", "2"), check=False)
    first = json.loads(more.lstrip("\x1e").splitlines()[0])
    assert (first["change"], [s["number"] for s in first["sessions"]]) == ("live", [session["number"]])
    reads = set(READS.findall((TREE / "broker" / "daemon" / "handlers_control.c").read_text(encoding="utf-8")))
    assert reads == set(answers) | {"SessionWatch"}
    assert not running.ended


def test_errors_are_those_described(guest):
    done = guest.box.run(["chroot", FOLDER, "varlinkctl", "call", ADDRESS, "org.hufu.control.GrantShow", '{"id":"' + "0" * 32 + '"}'])
    assert not done.ok and "org.hufu.control.NotFound" in done.text, done
    done = guest.box.run(["chroot", FOLDER, "varlinkctl", "call", ADDRESS, "org.hufu.control.GrantShow", '{"id":7}'])
    assert not done.ok and ("InvalidParameter" in done.text or "invalid" in done.text.lower()), done
