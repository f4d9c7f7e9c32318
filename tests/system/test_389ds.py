"""Against 389 Directory Server instead of OpenLDAP: a grant arrives, a revocation ends a session, and what was deleted is gone, also for
a host that was away. Its cookies and its ways of telling deletions are its own.
"""

import json
import sys

import pytest

from box import TREE
from conftest import end_box, new_box
from directory_389 import BASE, KEYS, NAME as SERVER, Directory389
from site_setup import HOST, PEOPLE, Site

sys.path.insert(0, str(TREE / "tests" / "bench" / "fleet"))
import papers  # noqa: E402
import slapd  # noqa: E402

pytestmark = pytest.mark.long
PASSWORD = "the host's own"
MANY = 40

CONFIG = f"""[server]
uri = ldaps://{SERVER}
base = {BASE}
[bind]
method = simple
dn = cn={HOST},ou=hosts,{BASE}
password-file = /etc/hufu/ldapd.password
[tls]
ca = /etc/hufu/ldap-ca.pem
[timing]
reconnect-max = 1s
"""


@pytest.fixture(scope="module")
def world(request):
    """A guarded host, and the server, in one box: (site, directory)."""
    node = request.config.getoption("--with-389")
    if not node:
        pytest.skip("no world with 389 Directory Server")
    box = new_box(request, node).up()
    site, directory = Site(box).establish(), Directory389(box).establish()
    directory.host(HOST, PASSWORD)
    box.sh(f"install -m 644 {KEYS}/ca.pem /etc/hufu/ldap-ca.pem")
    box.put("/etc/hufu/ldapd.password", PASSWORD, mode="600", owner="hufu-ldap:hufu-ldap")
    box.put("/etc/hufu/ldapd.conf", CONFIG)
    box.sh("systemctl enable --now hufu-ldapd")
    yield site, directory
    end_box(request, box)


def shown(site):
    """Also while hufu-ldapd is away, which hufuctl's exit code tells."""
    return json.loads(site.box.run("hufuctl --json sync status").out)


def is_live(site):
    return shown(site)["state"] == "live"


def published(site, directory, **fields):
    """A grant as an operator and two approvers make it, put into the directory; its id and its entry's name."""
    path = site.draft(**fields)
    approvals = [site.approve(path, person) for person in site.approvers]
    grant = site.grant_id(path)
    name = directory.add_document("grants", f"{grant}.1", "Grant", path, approvals, hufuId=grant, hufuVersion=1, hufuHost=HOST)
    return grant, name


def in_force(site):
    return {grant["id"] for grant in site.ctl("grant", "list") if grant["state"] == "ok"}


def test_grant_and_revocation(world):
    site, directory = world
    box = site.box
    box.until(lambda: is_live(site), timeout=20)
    assert shown(site)["pushes"]
    assert not site.ssh().ok

    grant, _ = published(site, directory)
    box.until(lambda: grant in in_force(site))
    running, _ = site.session_open()

    number = 0x89ABCDEF0123456789ABCDEF01234567
    box.put("/root/revocation", papers.revocation(number, int(grant, 16)))
    approval = "/root/revocation.approval"
    box.sh(
        f"hufuctl approve /root/revocation --as zhou.ming --role unit --key {PEOPLE}/zhou.ming.key --trust /root/trust -o {approval} --yes"
    )
    directory.add_document("revocations", f"{number:032x}", "Revocation", "/root/revocation", [approval], hufuId=f"{number:032x}")
    box.until(lambda: site.live() == [])
    running.wait()
    assert not site.ssh().ok
    assert site.refusals()[-1] == "revoked"


def test_deletion_ends_a_session(world):
    site, directory = world
    grant, name = published(site, directory)
    site.box.until(lambda: grant in in_force(site))
    site.session_open()
    directory.delete(name)
    site.box.until(lambda: site.live() == [])
    assert not site.ssh().ok
    assert shown(site)["withdrawn"] == 1


def signers(site):
    """The approvers, to sign in this process."""
    for person, (role, algorithm) in site.approvers.items():
        key, certificate = (f"{PEOPLE}/{person}.{kind}" for kind in ("key", "pem"))
        site.box.sh(f"openssl x509 -in {certificate} -outform der -out {certificate}.der")
        yield papers.Signer(person, role, algorithm, site.box.get(key), site.box.get(f"{certificate}.der"))


@pytest.fixture(scope="module")
def entries(world):
    """Of many grants, by number: the very octets, whenever they are there again."""
    people, made = list(signers(world[0])), {}
    for number in range(1, MANY + 1):
        document = papers.grant(number, HOST, staff=f"s{number}")
        approvals = [person.approval(f"grant {number:032x} 1", document) for person in people]
        made[number] = slapd.added(papers.grant_entry(number, HOST, document, approvals, staff=f"s{number}"))
    return made


def name_of(number):
    return f"cn={number:032x}.1,ou=grants,{BASE}"


def many_in_force(site):
    return {int(grant, 16) for grant in in_force(site)} & set(range(1, MANY + 1))


def back(site):
    """How often grants were there again."""
    return len(site.audit(event="withdrawn", result="success"))


@pytest.mark.parametrize("who", ["hufu-ldapd", "server", "hufud"])
def test_was_away(world, entries, who):
    """Deletions of meanwhile are found, and nothing else is lost: a client that believes what this server says of them in a refresh
    would drop nearly everything."""
    site, directory = world
    box = site.box
    expected = set(entries)
    directory.modify("".join(entries[number] for number in expected - many_in_force(site)))
    box.until(lambda: many_in_force(site) == expected, timeout=20)
    before = shown(site)["withdrawn"], back(site)

    if who == "server":
        directory.delete(name_of(3), name_of(7))
        directory.restart()
    else:
        box.sh(["systemctl", "stop", who])
        directory.delete(name_of(3), name_of(7))
        box.sh(["systemctl", "start", who])
        box.until("hufuctl status")
    box.until(lambda: many_in_force(site) == expected - {3, 7}, timeout=30)
    box.until(lambda: is_live(site), timeout=30)
    assert many_in_force(site) == expected - {3, 7}
    # Nothing else was away for a moment, either, or it would be on record as back.
    assert (shown(site)["withdrawn"] - 2, back(site)) == before
