"""A clock that is set wrong, and right again. The machine's own is left alone: hufud alone sees another time."""

import json

import pytest

from box import HANGS
from clock_shim import restart, set_clock, shift

DAY = 86400


@pytest.fixture
def shifted(fresh_site):
    """A site whose hufud sees the time that set_clock() says."""
    shift(fresh_site)
    return fresh_site


def unsure(site):
    """The person is told, and the record has the reason."""
    seen = site.ssh()
    assert not seen.ok and "clock-unsure" in seen.out + seen.err
    assert site.refusals()[-1] == "clock-unsure"
    return True


def finding(site):
    status = json.loads(site.box.run("hufuctl --json status").out)  # its exit status is 1 while nobody is let in
    return [f["message"] for f in status["findings"] if f["subject"] == "clock"][0]


def test_set_back_and_confirmed(shifted):
    site, box = shifted, shifted.box
    set_clock(site, 3600, synchronised=True)  # so that there is a past in which everything was valid
    site.grant(uses="9 per-host", sessions="3")
    running, session = site.session_open()
    set_clock(site, 1800, synchronised=True)
    unsure(site)
    assert not running.ended
    assert site.live()[0]["seconds_left"] <= session["seconds_left"]  # the boot clock goes on
    assert "hufuctl clock confirm" in finding(site)
    restart(site)
    unsure(site)
    assert site.live()[0]["seconds_left"] <= session["seconds_left"]

    box.sh("useradd --badname -m -s /bin/bash li.si; gpasswd -a li.si hufu-operators")
    assert box.run("runuser -u li.si -- hufuctl clock confirm --yes").code == 6
    terminal = box.spawn("hufuctl clock confirm --why 'my watch says so'")
    terminal.expect("synchronised", timeout=HANGS)
    terminal.expect("Highest time seen", timeout=HANGS)
    terminal.expect("to confirm:", timeout=HANGS)
    terminal.sendline("yes")
    terminal.expect("Confirmed", timeout=HANGS)
    box.until(lambda: site.ssh().ok)
    record = site.audit(event="clock-confirm")[-1]
    assert "my watch says so" in record["detail"]
    restart(site)
    assert site.ssh().ok
    assert not running.ended


def test_set_back_does_not_bring_a_grant_back(shifted):
    site = shifted
    site.grant(**{"for": "4s", "uses": "unlimited"})
    site.box.until(lambda: not site.ssh().ok and site.refusals()[-1:] == ["expired"], timeout=HANGS)
    set_clock(site, -60, synchronised=True)
    unsure(site)


def test_set_forward(shifted):
    site = shifted
    site.grant(uses="9 per-host", **{"for": "8h"})
    set_clock(site, 3600)
    unsure(site)
    assert "hufuctl clock confirm" in finding(site)
    set_clock(site, 3600, synchronised=True)
    assert site.ssh().ok
    assert [r["result"] for r in site.audit(event="clock")] == ["failure", "success"]
    set_clock(site, 7200, synchronised=True)
    assert site.ssh().ok
    assert len(site.audit(event="clock-step")) == 1


def test_started_with_a_clock_behind(shifted):
    site, box = shifted, shifted.box
    site.grant(uses="9 per-host", **{"for": "8h"})
    box.sh("systemctl stop hufud; sync")
    box.reboot()
    set_clock(site, -2 * DAY)
    box.sh("systemctl restart hufud")
    box.until("hufuctl --json status || test $? = 1")
    unsure(site)
    set_clock(site, 0, synchronised=True)
    box.until(lambda: site.ssh().ok)
