"""Statement 2: nothing that Hufu does, and no failure of Hufu, stops anyone who is not gated; and each failure refuses those
who are, within two seconds and with a sentence. This file has the failures of hufud, test_failure_around.py those around it."""

import pytest

from failures import BROKER, crowd, during, has_a_damaged_store, refused_and_nobody_else  # noqa: F401


@pytest.mark.parametrize("failure", BROKER, ids=lambda failure: failure.__name__)
def test_department_works_and_vendor_is_refused(crowd, failure):  # noqa: F811
    refused_and_nobody_else(crowd, failure, BROKER[failure])


def test_ungated_login_makes_no_connection(site):
    box = site.box
    before = site.gate_requests()
    assert site.ssh("staff.person").ok
    assert site.ssh("staff.person", key=None, password="pw").ok
    assert site.gate_requests() == before
    # And as the kernel sees it: no process of the login touches the gate.
    listener = box.sh("systemctl show -p MainPID --value ssh")
    trace = box.start(f"exec strace -f -qq -e trace=connect -o /root/trace -p {listener}")
    box.until("grep -qs TracerPid:.[1-9] /proc/%s/status" % listener)
    assert site.ssh("staff.person").ok
    trace.kill()
    box.run("pkill -x strace")
    traced = box.get("/root/trace").decode()
    assert "connect(" in traced and "/run/hufu" not in traced, traced
    # The same trace does show a gated login.
    trace = box.start(f"exec strace -f -qq -e trace=connect -o /root/trace -p {listener}")
    box.until("grep -qs TracerPid:.[1-9] /proc/%s/status" % listener)
    site.ssh(key=None, password="pw")
    trace.kill()
    box.run("pkill -x strace")
    assert "/run/hufu/gate" in box.get("/root/trace").decode()


def test_store_is_not_made_anew(fresh_site):
    """A damaged store refuses and says so; it is never silently recreated."""
    site = fresh_site
    grant = site.grant()
    with during(has_a_damaged_store, site):
        assert not site.ssh().ok
        site.box.run("systemctl restart hufud.service")
        assert not site.ssh().ok
        listed = site.box.run(["hufuctl", "grant", "list"])
        assert grant[:8] not in listed.out
        told = site.box.run("hufuctl status").text + site.box.sh("journalctl --no-pager -u hufud -n 50")
        assert "damaged" in told or "malformed" in told or "not a database" in told, told
