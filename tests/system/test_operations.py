"""docs/operations.md, read as an administrator does: its commands, in its order, on a host with nothing set up."""

import re
import shlex

import pytest

from box import TREE
from directory import KEYS, Directory
from site_setup import HOST, PEOPLE, TRUST, Authority, Site

FOLDER = "/root/desk"
MANUAL = TREE / "docs" / "operations.md"
ACCOUNT = f"objectClass: device\nobjectClass: hufuHostAccount\ncn: {HOST}\nhufuHost: {HOST}\nhufuHost: @databases\n"


def blocks():
    return re.findall(r"^```sh\n(# .*?)^```$", MANUAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(fresh_box):
    """The folder of which the manual speaks: the trust file, and in this example alone everybody's keys."""
    site = Site(fresh_box)
    site.authority = Authority(fresh_box)
    status_key = f"status-key: status-2026 ed25519 {site.authority.known('status-2026', 'ed25519')}"
    fresh_box.put(TRUST, site.trust_document(extra=[status_key]))
    site.keys["zhang.san"] = fresh_box.key("zhang.san")
    fresh_box.address("10.1.2.77")
    fresh_box.sh(
        f"mkdir -p {FOLDER} && cp {TRUST} {FOLDER}/trust && cp {PEOPLE}/wang.wu.key {PEOPLE}/zhou.ming.key {PEOPLE}/status-2026.key"
        f" {site.keys['zhang.san']}.pub {FOLDER}/"
    )
    return site


def run(site, block):
    script = f"cd {FOLDER} && export DEBIAN_FRONTEND=noninteractive\n{block}"
    return site.box.run(f"bash -euo pipefail -c {shlex.quote(script)}", timeout=60)


def admit(box):
    """What whoever runs the directory does for a host that asks: its account, and what comes back for its request."""
    directory = Directory(box).establish()
    directory.modify(f"dn: {directory.account(HOST)}\nchangetype: add\n" + ACCOUNT).check()
    box.sh(
        f"cd {KEYS} && openssl x509 -req -in {FOLDER}/db01.csr -CA ca.pem -CAkey ca.key -days 365"
        f" -extfile <(echo extendedKeyUsage=clientAuth) -out {FOLDER}/db01.pem && cp ca.pem crl.pem {FOLDER}/"
    )


def test_every_command(desk):
    """A person is in from the first grant on, so that there is a session to look at and to end. The directory is another machine's."""
    found = blocks()
    assert len(found) > 10
    inside = None
    for block in found:
        done = run(desk, block)
        assert done.ok, f"{block}\n{done}"
        if "hufuctl grant add grant " in block:
            inside = desk.session_open(source="10.1.2.77")
        if "-out db01.csr" in block:
            admit(desk.box)
        if "session end" in block:
            assert desk.live() == []
    assert inside is not None
    assert desk.box.until(lambda: desk.box.run(["hufuctl", "sync", "status"]).ok, 30), "hufu-ldapd comes back after the restart of hufud"
    assert desk.ctl("sync", "status")["state"] == "live"
    assert desk.box.run("id zhang.san").code != 0
    closed = [r for r in desk.audit() if r["event"] == "session-close"]
    assert closed and closed[0]["reason"] == "ended-by-operator"
