"""What people see of the records: hufuctl audit, in their time zone, with what others forged into the journal."""

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
