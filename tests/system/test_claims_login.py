"""Logins whose uses are counted over all hosts: sshd, hufud, hufu-ldapd and a slapd, with another host beside."""

import json
import random
import time

import pytest

from directory import BASE, KEYS
from ldapd_setup import CONFIG, configuration
from site_setup import HOST

OTHER = "db02.finance.example"
TLS = "ca = /etc/hufu/tls/ca.pem\ncert = /etc/hufu/tls/host.pem\nkey = /etc/hufu/tls/host.key\n"
OK = 0


def connect(site, ldap):
    """What an administrator does on a host that gets a directory."""
    box, uri = site.box, ldap.provider.uri
    box.sh(
        f"install -d /etc/hufu/tls && cp {KEYS}/ca.pem /etc/hufu/tls/ && cp {KEYS}/{HOST}.pem /etc/hufu/tls/host.pem"
        f" && install -o hufu-ldap -m 600 {KEYS}/{HOST}.key /etc/hufu/tls/host.key"
    )
    box.put(CONFIG, configuration(uri, base=BASE, server=f"claim-uri = {uri}\n", bind="method = external\n", tls=TLS))
    box.sh("systemctl restart hufu-ldapd")
    box.until(lambda: possible(site), timeout=10)


def sync(site):
    """Also while the directory is away, which is an exit code of its own."""
    return json.loads(site.box.run(["hufuctl", "--json", "sync", "status"]).out)


def possible(site):
    return sync(site)["claims_possible"]


def pending(site):
    return sync(site)["claims_pending"]


@pytest.fixture(scope="module")
def counted(guarded, served):
    served.host(OTHER)
    connect(guarded, served)
    return served


@pytest.fixture
def ldap(counted, site):
    yield counted
    counted.restored().clear()
    site.box.until(lambda: possible(site), timeout=10)


def holders(ldap):
    return sorted(entry["hufuHolder"][0].decode() for entry in ldap.search("(hufuHolder=*)", base=f"ou=uses,{BASE}"))


def grant(site, ldap, uses, slots=None):
    """A grant of so many uses, and as many slots in the directory."""
    number = site.grant(uses=f"{uses} fleet")
    ldap.uses(number, uses if slots is None else slots, [HOST, OTHER])
    return number


def other(ldap, how, number, slot=1):
    value = f"{OTHER}:{slot:032x}"
    dn = f"cn={number}.{slot},ou=uses,{BASE}"
    return ldap.modify(f"dn: {dn}\nchangetype: modify\n{how}: hufuHolder\nhufuHolder: {value}\n", who=OTHER).code


def settled(site, ldap, held):
    site.box.until(lambda: pending(site) == 0 and len(holders(ldap)) == held, timeout=15)


def claims_of_sessions(site, number):
    """Nonces, by the records of the sessions that opened."""
    return {record["detail"].split()[-1] for record in site.audit(event="session-open", result="success", grant=number)}


def test_last_use_is_elsewhere(site, ldap):
    number = grant(site, ldap, 1)
    assert other(ldap, "add", number) == OK
    refused = site.ssh()
    assert not refused.ok and "on all hosts together" in " ".join(refused.text.split()), refused
    assert site.refusals()[-1] == "uses-exhausted"
    assert other(ldap, "delete", number) == OK
    assert site.ssh().ok
    # For good, also when the session is over; and the record says which claim it was.
    site.box.until(lambda: not site.live())
    [holder] = holders(ldap)
    host, nonce = holder.split(":")
    assert host == HOST and other(ldap, "add", number) != OK
    assert any(f"claim {nonce}" in record["detail"] for record in site.audit(event="session-open"))
    assert [record["detail"] for record in site.audit(event="claim", grant=number)] == [f"claim {nonce}"]
    assert pending(site) == 0


def test_no_uses_were_made(site, ldap):
    """Refused as long as nobody has made the slots, whatever the grant says."""
    grant(site, ldap, 2, slots=0)
    assert not site.ssh().ok
    assert site.refusals()[-1] == "claim-unavailable"


def test_many_logins_and_another_host(site, ldap):
    """Of five uses two are another host's: of eight logins at a time three get in, and nothing is held for the others."""
    number = grant(site, ldap, 5)
    assert other(ldap, "add", number, 1) == other(ldap, "add", number, 4) == OK
    running = [site.ssh_start(command="echo in; sleep 2") for _ in range(8)]
    assert sum(one.wait(timeout=60).out == "in\n" for one in running) == 3
    settled(site, ldap, 5)


def test_provider_is_stopped(site, ldap):
    grant(site, ldap, 2)
    ldap.provider.stop()
    before = time.monotonic()
    assert not site.ssh().ok
    assert time.monotonic() - before < 40
    assert site.refusals()[-1] == "claim-unavailable"
    ldap.provider.start()
    site.box.until(lambda: possible(site), timeout=10)
    assert holders(ldap) == [] and pending(site) == 0
    assert site.ssh().ok


def test_provider_stands_still(site, ldap):
    """Whether it had the question or not: nothing stays taken that no session has."""
    number = grant(site, ldap, 3)
    for _ in range(3):
        running = site.ssh_start(command="true")
        time.sleep(random.random() * 0.3)
        ldap.provider.freeze()
        running.wait(timeout=60)
        ldap.provider.thaw()
        site.box.until(lambda: possible(site), timeout=10)
    # What nobody knows is looked for: what is held goes back.
    site.box.until(lambda: {holder.split(":")[1] for holder in holders(ldap)} == claims_of_sessions(site, number), timeout=15)


def test_broker_is_killed(site, ldap):
    """At any moment of a login: a claim is a session's, or goes back."""
    number = grant(site, ldap, 50)
    for _ in range(6):
        running = [site.ssh_start(command="true") for _ in range(3)]
        time.sleep(random.random() * 0.4)
        site.box.sh("kill -9 $(systemctl show -p MainPID --value hufud)")
        for one in running:
            one.wait(timeout=60)
        site.box.sh("systemctl reset-failed hufud; systemctl start hufud")
        site.box.until("hufuctl status")
        site.box.until(lambda: possible(site), timeout=15)
    # A login that was cut off before its session leaves a reservation, which lasts for two minutes.
    site.box.until(lambda: {holder.split(":")[1] for holder in holders(ldap)} == claims_of_sessions(site, number), timeout=60)
