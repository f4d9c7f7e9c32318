"""What people see of the records, and take with them: hufuctl audit show, export and key."""

import csv
import io
import json

FORGE = """
import socket
fields = {"MESSAGE": "zhang.san admitted on sshd", "SYSLOG_IDENTIFIER": "hufud", "HUFU_EVENT": "login", "HUFU_RESULT": "success",
          "HUFU_STAFF": "zhang.san", "HUFU_SEQUENCE": "1", "_UID": "0", "_SYSTEMD_UNIT": "hufud.service"}
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto("".join(f"{k}={v}\\n" for k, v in fields.items()).encode(), "/run/systemd/journal/socket")
"""


def forged(site):
    site.box.sh("journalctl --sync")
    return json.loads(site.box.sh("hufuctl --json audit"))["forged"]


def test_forged_records_are_shown_as_such(site):
    assert forged(site) == []
    uid = int(site.box.sh("id -u staff.person"))
    site.box.put("/tmp/forge.py", FORGE)
    site.box.sh("chmod 644 /tmp/forge.py; su staff.person -s /bin/sh -c 'python3 /tmp/forge.py; logger -t hufud all is well'")
    found = forged(site)
    assert {(f["uid"], f["event"], f["message"]) for f in found} == {
        (uid, "login", "zhang.san admitted on sshd"), (uid, "", "all is well")}, found
    assert all(f["unit"] != "hufud.service" for f in found)
    table = site.box.sh("hufuctl audit -n 3")
    assert "FORGED: 2 records" in table and "all is well" in table, table
    # Before it happened there was nothing.
    early = site.box.sh("hufuctl audit --until 2026-01-01T00:00:00Z")
    assert "FORGED" not in early, early


def test_root_forges_too(site):
    """Root may write as it likes, and is still not hufud."""
    before = len(forged(site))
    site.box.sh("python3 /tmp/forge.py")
    assert [f["uid"] for f in forged(site)[before:]] == [0]


def test_an_auditor_sees_them_who_may_read_the_journal(site):
    site.box.account("qian.jin", group="hufu-auditors")
    line = "hufuctl --json audit --since 2026-01-01T00:00:00Z"
    blind = json.loads(site.box.sh(line, user="qian.jin"))
    assert blind["records"] and blind["forged"] is None, blind
    site.box.sh("gpasswd -a qian.jin systemd-journal")
    assert json.loads(site.box.sh(line, user="qian.jin"))["forged"]


def test_times(site):
    utc = site.box.sh("TZ=Asia/Shanghai hufuctl audit -n 1 --utc").split()
    local = site.box.sh("TZ=Asia/Shanghai hufuctl audit -n 1").split()
    stamp = next(word for word in local if word.endswith("+08:00"))
    assert any(word.endswith("Z") for word in utc) and not any(word.endswith("+08:00") for word in utc)
    # What is shown is what is taken.
    assert json.loads(site.box.sh(f"hufuctl --json audit --since {stamp}"))["records"]


def test_an_export_is_verified_with_nothing_but_the_key(site):
    assert not site.ssh().ok
    site.box.until(lambda: site.refusals())
    site.box.sh("hufuctl audit key > /root/ledger.pub 2>/root/whose && hufuctl audit export -o /root/all.jsonl")
    assert "key SHA256:" in site.box.sh("cat /root/whose")
    # As on another machine: no broker, no configuration.
    elsewhere = "HOME=/nonexistent hufuctl --socket /nonexistent audit"
    good = site.box.run(f"{elsewhere} verify /root/all.jsonl --key /root/ledger.pub")
    assert good.ok, good
    site.box.sh("sed 's/zhang.san/zhang.sun/' /root/all.jsonl > /root/altered.jsonl")
    bad = site.box.run(f"{elsewhere} verify /root/altered.jsonl --key /root/ledger.pub")
    assert bad.code == 1, bad
    shown = json.loads(site.box.sh(f"{elsewhere} show /root/all.jsonl --staff zhang.san --json -n 2000"))["records"]
    live = json.loads(site.box.sh(f"hufuctl audit show --staff zhang.san --until {shown[-1]['time'][:19]}Z --json"))["records"]
    assert {r["sequence"] for r in live} <= {r["sequence"] for r in shown}


def test_exports_that_join(site):
    first = json.loads(site.box.sh("hufuctl --json audit export -o /root/first.jsonl"))
    assert not site.ssh(key=site.keys["zhang.san"]).ok
    second = json.loads(site.box.sh(f"hufuctl --json audit export --after {first['last']} -o /root/second.jsonl"))
    assert second["records"] > 0 and second["last"] == first["last"] + second["records"]
    joined = site.box.run("hufuctl audit verify /root/second.jsonl /root/first.jsonl --key /root/ledger.pub")
    assert joined.ok, joined
    gap = site.box.run("hufuctl audit verify /root/second.jsonl --key /root/ledger.pub")
    assert gap.code == 1, gap


def test_what_is_filtered_says_so(site):
    site.box.sh("hufuctl audit export --event checkpoint -o /root/some.jsonl")
    head = json.loads(site.box.sh("head -n 1 /root/some.jsonl"))
    assert head["filter"] == {"event": "checkpoint"}, head
    some = site.box.run("hufuctl audit verify /root/some.jsonl")
    assert some.ok and "missing" in some.out and "Good" not in some.out, some
    site.box.sh("hufuctl audit key >/root/ledger.pub")
    some = site.box.run("hufuctl audit verify /root/some.jsonl --key /root/ledger.pub")
    assert some.code == 1 and "no signature vouches" in some.err, some


def test_csv(site):
    site.box.sh("logger -t x x; hufuctl lock --staff nobody.here --why '=HYPERLINK(\"http://x\")' && hufuctl unlock --staff nobody.here --why over")
    text = site.box.sh("TZ=Asia/Shanghai hufuctl audit export --csv --staff nobody.here")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert [r["event"] for r in rows] == ["lock", "unlock"] and rows[0]["local_time"].endswith("+08:00")
    assert not any(cell.startswith(("=", "+", "-", "@")) for r in rows for cell in r.values()), rows


def test_nothing_is_left_of_an_export_that_failed(site):
    refused = site.box.run("systemctl stop hufud && hufuctl audit export -o /root/never.jsonl; code=$?; systemctl start hufud; exit $code")
    assert refused.code == 5 and site.box.run("ls /root/never.jsonl*").code != 0, refused
