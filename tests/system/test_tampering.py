"""A ledger that somebody with root altered while hufud was down: `hufuctl audit verify` finds it, and says where."""

import json
import pathlib

import pytest

from box import HANGS

STORE = "/var/lib/hufu/hufu.db"
FORGER = pathlib.Path(__file__).with_name("ledger_forger.py")
OLD = 12  # a record that was long ago, behind what hufud looks at when it starts
FILLED = 1300

counts = {"tried": 0, "found": 0}


def stop(site):
    site.box.sh("systemctl stop hufud", timeout=HANGS)


def start(site):
    site.box.sh("systemctl reset-failed hufud; systemctl start hufud", timeout=HANGS)


def forge(site, act, n=""):
    return site.box.sh(f"python3 /root/ledger_forger.py {STORE} {act} {n} && chown hufu:hufu {STORE}*", timeout=60)


def verify(site, *options, user=None):
    """Exit status and what it says; of one that says nothing in JSON, its text."""
    done = site.box.run(f"hufuctl --json audit verify {' '.join(options)}", timeout=60, user=user)
    said = json.loads(done.out) if done.out.startswith("{") and "good" in done.out else {"good": False, "fault": None, "text": done.text}
    assert done.code in (0, 1), done
    assert (done.code == 0) == said["good"], done
    return said


def bring_up(site):
    """Until hufud has started and journald was told all."""
    start(site)
    site.box.until("hufuctl status >/dev/null || [ $? = 1 ]", timeout=HANGS)


@pytest.fixture(scope="module")
def filled(guarded):
    """A site whose ledger has more than a thousand records, and a copy of it."""
    site = guarded
    site.box.put("/root/ledger_forger.py", FORGER.read_text())
    for _ in range(8):
        site.ssh(key=None, password="pw")
    stop(site)
    known = int(forge(site, "check"))
    assert known > OLD
    forge(site, "append", FILLED)
    bring_up(site)
    last = f"journalctl -q -t hufud HUFU_SEQUENCE={known + FILLED} -o cat | grep -q ."
    site.box.until(last, timeout=HANGS)
    stop(site)
    keep(site)
    yield site
    put_back(site)
    bring_up(site)


def keep(site):
    """What comes after this, journald knows, and a store put back does not: so each test says where it has to be found."""
    site.box.sh(f"rm -rf /root/kept && mkdir /root/kept && cp -a {STORE}* /root/kept/ && cp -a /var/lib/hufu-anchor /root/kept/ 2>/dev/null || true")


def put_back(site):
    stop(site)
    site.box.sh(f"rm -f {STORE}* && cp -a /root/kept/hufu.db* /var/lib/hufu/ && if [ -d /root/kept/hufu-anchor ]; then cp -a /root/kept/hufu-anchor /var/lib/; fi")


def test_an_untouched_one_is_good(filled):
    bring_up(filled)
    said = verify(filled)
    assert said["good"] and said["fault"] is None
    assert said["journal"]["read"] and said["journal"]["compared"] > FILLED
    assert said["records"] == said["last"] > FILLED
    stop(filled)
    keep(filled)


def test_forged_in_the_journal(filled):
    """Whoever writes in hufud's name changes nothing about the ledger, and is counted."""
    bring_up(filled)
    filled.box.put("/tmp/forged", "HUFU_SEQUENCE=3\nHUFU_HASH=" + 64 * "0" + "\nSYSLOG_IDENTIFIER=hufud\nMESSAGE=all is well\n", mode="644")
    filled.box.sh("logger --journald=/tmp/forged", user="nobody")
    filled.box.until("journalctl -q -t hufud -o cat | grep -q 'all is well'")
    said = verify(filled)
    assert said["good"] and said["journal"]["forged"] == 1, said
    stop(filled)
    keep(filled)


def tried(site, what, fault=None, sequence=None, options=()):
    said = verify(site, *options)
    counts["tried"] += 1
    assert not said["good"], what
    if fault:
        assert said["fault"] and said["fault"]["what"] in fault, said
    if sequence:
        assert said["fault"]["sequence"] == sequence, said
    counts["found"] += 1


CASES = [
    ("change", ("content-changed",), OLD),
    ("remove", ("removed",), OLD),
    ("swap", ("content-changed", "link-broken", "another-record"), OLD),
    ("insert", None, None),  # all behind it was renumbered: hufud itself does not take the store
    ("change-anew", ("another-record",), OLD),
    ("remove-anew", ("another-record",), OLD),
    ("insert-anew", ("another-record",), OLD),
]


@pytest.mark.parametrize("act, fault, sequence", CASES, ids=[case[0] for case in CASES])
def test_altered(filled, act, fault, sequence):
    put_back(filled)
    forge(filled, act, OLD)
    bring_up(filled)
    tried(filled, act, fault, sequence)


def test_cut_off(filled):
    """Its end is gone, and the store goes on from there."""
    put_back(filled)
    end = int(filled.box.sh(f"sqlite3 {STORE} 'SELECT max(sequence) FROM ledger'"))
    forge(filled, "cut", end - 20)
    bring_up(filled)
    tried(filled, "cut off", ("another-record", "truncated"), end - 20)


def test_altered_at_its_end(filled):
    """What it looks at when it starts: hufud itself does not take such a store."""
    put_back(filled)
    end = int(filled.box.sh(f"sqlite3 {STORE} 'SELECT max(sequence) FROM ledger'"))
    forge(filled, "change", end - 5)
    start(filled)
    filled.box.until("! hufuctl status >/dev/null", timeout=HANGS)
    tried(filled, "altered at its end")
    assert str(end - 5) in filled.box.run("hufuctl status").text


def test_rolled_back(filled):
    """An older file in its place: what journald was told since is not in it."""
    put_back(filled)
    bring_up(filled)
    filled.ssh(key=None, password="pw")
    end = filled.audit()[-1]["sequence"]
    filled.box.until(f"journalctl -q -t hufud HUFU_SEQUENCE={end} -o cat | grep -q .", timeout=HANGS)
    put_back(filled)
    bring_up(filled)
    tried(filled, "rolled back", ("another-record", "truncated"))


def test_all_were_found(record_property):
    assert counts["tried"] == counts["found"] >= len(CASES) + 3
    record_property("tampering", f"{counts['tried']} tried, {counts['found']} found")
