"""A flood of refusals at the real gate: counted, with nothing lost, also when hufud is killed in the middle of it, and in nobody's way."""

import json

import pytest

from box import TREE

SCRIPTS = "/usr/local/share/flood"
ADDRESSES = 40
FLOOD = 6000
SAID = "/tmp/flood.said"


@pytest.fixture
def flood(site):
    """A flood of refusals of a person whom this host has never heard of."""
    for script in ("flood.py", "gate_frames.py"):
        site.box.put(f"{SCRIPTS}/{script}", (TREE / "tests" / "system" / script).read_text(encoding="utf-8"))

    def begin(n):
        person = site.newcomer()
        uid = site.box.sh(["id", "-u", person])
        site.box.sh(f"rm -f {SAID}")
        return person, site.box.start(f"exec python3 {SCRIPTS}/flood.py {n} {person} {uid} {ADDRESSES} >{SAID}")

    return begin


def records(site, person):
    return [r for r in site.audit(staff=person, result="failure") if r["event"] == "login"]


def stand_for(records):
    return sum(max(1, r["count"]) for r in records)


def said(site):
    lines = site.box.run(f"tail -n 1 {SAID}").out
    return json.loads(lines) if lines else {"answered": 0}


def end(running, site):
    """What the flood says at its end."""
    running.wait(timeout=60).check()
    return said(site)


def end_and_stop(running, site):
    """All that is counted is on record then, since hufud was stopped."""
    told = end(running, site)
    site.box.sh("systemctl restart hufud")
    return told


def test_a_flood_is_counted(site, flood):
    site.grant()
    person, running = flood(FLOOD)
    # Those who may come in do, as always.
    site.box.until(lambda: said(site)["answered"] > 0)
    assert site.ssh().out == "zhang.san\n" and not running.ended
    assert site.ssh("staff.person").out == "staff.person\n"
    told = end_and_stop(running, site)
    found = records(site, person)
    assert told["answered"] == FLOOD == stand_for(found), told
    assert len(found) < 50, len(found)
    counted = max(found, key=lambda r: r["count"])
    assert counted["sources"] == ADDRESSES and counted["reason"] == "no-grant" and counted["address"] == ""
    assert counted["first"] <= counted["time"]
    # Whatever of them is quoted on the telephone.
    assert set(told["references"]) == {r["reference"] for r in found}
    [line] = [r for r in site.box.journal("HUFU_EVENT=login", f"HUFU_STAFF={person}") if r["HUFU_SEQUENCE"] == str(counted["sequence"])]
    # All within one second is `at`.
    assert f"and {counted['count'] - 1:,} more like it from {ADDRESSES} addresses " in line["MESSAGE"], line
    assert len(site.box.journal("HUFU_EVENT=login", f"HUFU_STAFF={person}")) == len(found)


def test_killed_in_the_middle(site, flood):
    """Each kill may cost what was refused within the 50 ms before it and the commit that was under way; nothing else, ever."""
    person, running = flood(FLOOD)
    kills = 4
    for kill in range(kills):
        site.box.until(lambda least=(kill + 1) * FLOOD // (kills + 1): said(site)["answered"] >= least, timeout=20)
        assert not running.ended
        site.signal("KILL")
    told = end_and_stop(running, site)
    found = records(site, person)
    lost = told["answered"] - stand_for(found)
    assert told["answered"] == FLOOD
    # What 50 ms and a commit hold, by far: a flood that asks one by one is not answered more than 10,000 times a second.
    assert 0 <= lost <= kills * 1000, lost
    assert site.box.run("hufuctl status").code in (0, 1)


def test_found_after_a_kill(site, flood):
    """What was answered and had its 50 ms is on record after a kill without one missing."""
    person, running = flood(1000)
    told = end(running, site)
    site.box.sh("sleep 1")
    site.signal("KILL")
    site.box.until("hufuctl status")
    found = records(site, person)
    assert told["answered"] == 1000 == stand_for(found)
    assert set(told["references"]) == {r["reference"] for r in found}
    assert max(r["count"] for r in found) >= 980 and max(r["sources"] for r in found) == ADDRESSES
