"""The review of a period, as an auditor makes it on a live host, and its sign-off."""

import hashlib
import json
import time

import pytest

from test_audit_show import FORGE

SUDOERS = "zhang.san ALL=(ALL:ALL) NOPASSWD: ALL\n"
REGISTER = "[zhang.san]\nvendor = acme\nagreement-until = 2020-12-31\ntraining-until = 2099-12-31\nvetting-until = 2099-12-31\n"
DENIED = (
    'type=SYSCALL msg=audit({at}.001:7): arch=c000003e syscall=257 success=no exit=-13 items=1 auid=20001 uid=20001'
    ' comm="cat" exe="/usr/bin/cat" key="hufu-denied"\x1dSYSCALL=openat AUID="zhang.san"\n'
    'type=CWD msg=audit({at}.001:7): cwd="/home/zhang.san"\n'
    'type=PATH msg=audit({at}.001:7): item=0 name="/etc/shadow" nametype=NORMAL\n'
)


@pytest.fixture(scope="module")
def lived(guarded):
    """A host on which something happened: sessions, refusals, sudo, a revocation, a forged record, a denied access."""
    site, box = guarded, guarded.box
    box.account("qian.jin", group="hufu-auditors")
    box.account("li.si", group="hufu-operators")
    box.account("oracle")
    box.put("/etc/sudoers.d/test", SUDOERS, mode="440")
    box.sh("/usr/share/hufu/sudo/enable")
    box.put("/etc/hufu/staff.conf", REGISTER, mode="644")
    assert not site.ssh().ok
    site.unused = site.grant(path="/root/unused", for_="4h", uses="3 per-host")
    site.used = site.grant(**{"run-as": ["oracle", "root"], "command": ["/usr/bin/id -un", "/usr/bin/false"]}, for_="6h")
    assert site.ssh(command="sudo -n -u oracle /usr/bin/id -un").out == "oracle\n"
    assert not site.ssh(command="sudo -n -u oracle /usr/bin/env").ok
    running, _ = site.session_open()
    assert site.revoke(site.used, "--why", "left the company").ok
    running.wait(timeout=5)
    box.put("/tmp/forge.py", FORGE)
    box.sh("chmod 644 /tmp/forge.py; su staff.person -s /bin/sh -c 'python3 /tmp/forge.py'; journalctl --sync")
    box.put("/var/log/audit/audit.log", DENIED.format(at=int(time.time()) - 1), mode="640")
    box.until(lambda: [r for r in site.audit(event="session-close") if r["reason"] == "revoked"])
    # A period ends with a whole second: the one in which all this happened has to be over.
    happened = int(time.time())
    box.until(lambda: int(time.time()) > happened)
    return site


def review(site, *options, user=None):
    return json.loads(site.box.sh(["hufuctl", "--json", "review", *options], **({"user": user} if user else {})))


def test_everything_is_in_it(lived):
    found = review(lived)
    assert [(row["verified"], row["fault"]) for row in found["ledgers"]] == [(True, None)], found["ledgers"]
    assert found["summary"]["people"] == 1 and found["summary"]["sessions"] == len(found["sessions"]) >= 3
    ended = [s for s in found["sessions"] if s["reason"] == "revoked"]
    assert len(ended) == 1 and ended[0]["proven"] and ended[0]["grant"] == lived.used and ended[0]["proof_us"] > 0
    assert {"wrong-key", "command-not-granted"} <= {row["reason"] for row in found["refusals"]["by_reason"]}
    assert found["refusals"]["total"] == sum(row["count"] for row in found["refusals"]["by_staff"])
    [sources] = [row for row in found["sources"] if row["grant"] == lived.used]
    assert [(s["address"], s["inside"]) for s in sources["seen"]] == [("127.0.0.1", True)], sources
    grants = {row["id"]: row for row in found["grants"]}
    assert not grants[lived.unused]["used"] and grants[lived.used]["used"]
    wider = {row["field"]: row for row in grants[lived.used]["wider"]}
    assert wider["command"]["never"] == ["/usr/bin/false"] and wider["command"]["used"] == ["/usr/bin/id -un"]
    assert wider["run-as"]["never"] == ["root"] and "transfer" in wider["channel"]["never"]
    [revoked] = [row for row in found["revocations"] if row["name"] == lived.used]
    assert revoked["proven"] and revoked["took_us"] > 0 and "left the company" in revoked["why"]
    [right] = [row for row in found["ended_rights"] if row["grant"] == lived.used]
    assert right["how"] == "revoked" and right["sessions"] == 1 and right["proven"] and "none left" in right["proof"]
    runs = {(row["command"].split(",")[0], row["allowed"]) for row in found["sudo"]}
    assert {("/usr/bin/id -un", True), ("/usr/bin/env", False)} <= runs, found["sudo"]
    assert [(d["staff"], d["what"], d["path"], d["count"]) for d in found["denied"]["items"]] == [
        ("zhang.san", "openat", "/etc/shadow", 1)]
    assert len(found["forged"]) == 1 and found["forged"][0]["message"] == "zhang.san admitted on sshd"
    assert {row["person"]: row["approvals"] for row in found["approvers"]} == {"wang.wu": 2, "zhou.ming": 2}
    assert [(row["what"], row["lapsed"]) for row in found["register"]] == [("agreement", True)]


def test_as_text_and_as_a_page(lived):
    text = lived.box.sh("hufuctl review")
    for part in ("Look at first", "Grants that nobody used", "left the company", "/etc/shadow"):
        assert part in text, text
    chinese = lived.box.sh("LC_ALL=zh_CN.UTF-8 hufuctl review") if "zh_CN.utf8" in lived.box.sh("locale -a") else "首先要看"
    assert "首先要看" in chinese, chinese
    lived.box.sh("hufuctl review --json --html /root/review.html >/root/review.json")
    page, value = lived.box.get("/root/review.html").decode(), lived.box.get("/root/review.json")
    assert hashlib.sha256(value).hexdigest() in page and "<script" not in page


def test_of_export_files(lived):
    """On a machine without a broker: records and documents are files."""
    lived.box.sh("hufuctl --json review >/root/live.json")
    lived.box.sh("mkdir -p /root/papers && cp /root/grant /root/grant.*.approval /root/papers/")
    if not lived.box.run("hufuctl audit export --help").ok:
        pytest.skip("no audit export yet")
    lived.box.sh("hufuctl audit export >/root/records")
    files = ["--from", "/root/records", "--grants", "/root/papers", "--since", "2026-01-01T00:00:00Z"]
    found = json.loads(lived.box.sh(["hufuctl", "--json", "--socket", "/nowhere", "review", *files]))
    live = json.loads(lived.box.get("/root/live.json"))
    assert found["sessions"] == live["sessions"] and found["ledgers"][0]["verified"]
    assert not found["denied"]["available"] and found["denied"]["why"]


def test_sign_off(lived):
    box = lived.box
    box.sh("cd /root && hufuctl review --json --html review.html >review.json && chmod 644 review.* && cp review.* /tmp/")
    value = box.get("/root/review.json")
    refused = box.run("hufuctl review sign /tmp/review.json", user="li.si")
    assert refused.code == 6 and "hufu-auditors" in refused.err, refused
    assert lived.audit(event="review") == []
    # The page names the same review.
    for number, file in enumerate(["review.json", "review.html"], 1):
        signed = box.run(["hufuctl", "review", "sign", "--note", "nothing to add", f"/tmp/{file}"], user="qian.jin")
        assert signed.ok, signed
        records = lived.audit(event="review")
        assert len(records) == number and hashlib.sha256(value).hexdigest() in records[-1]["detail"]
        assert records[-1]["actor"] == int(box.sh("id -u qian.jin")) and "nothing to add" in records[-1]["detail"]
    period = json.loads(value)["period"]
    # The next one goes on there, and shows who signed.
    box.until(lambda: int(box.sh("date +%s")) > int(box.sh(["date", "-d", period["until"], "+%s"])))
    after = review(lived, user="qian.jin")
    assert after["period"]["from"] == period["until"] and after["reviews"][-1]["until"] == period["until"]


def test_what_is_not_signed(lived):
    box = lived.box
    value = json.loads(box.sh("hufuctl --json review --since 2026-01-01T00:00:00Z"))
    value["period"]["until"] = "2099-01-01T00:00:00Z"
    box.put("/root/future.json", json.dumps(value))
    future = box.run("hufuctl review sign /root/future.json")
    assert future.code == 1 and "not over" in future.err, future
    other = box.run("hufuctl review sign --since 2020-01-01T00:00:00Z /root/future.json")
    assert other.code == 2 and "2020-01-01" in other.err, other
    box.put("/root/none.json", "{}")
    assert box.run("hufuctl review sign /root/none.json").code == 1


def test_overdue(lived):
    """Two seconds are too long here; a sign-off helps for as long."""
    box = lived.box
    box.sh("cp /etc/hufu/hufud.conf /root/kept && sed -i 's/^every = .*/every = 2s/' /etc/hufu/hufud.conf && systemctl reload hufud")
    found = box.until(lambda: [f for f in lived.ctl("status")["findings"] if f["subject"] == "review"])
    assert found[0]["severity"] in ("warning", "problem") and "hufuctl review" in found[0]["message"]
    assert "review-overdue" in box.run("hufuctl --json doctor").out
    box.sh("cp /root/kept /etc/hufu/hufud.conf && systemctl reload hufud")
    box.until(lambda: not [f for f in lived.ctl("status")["findings"] if f["subject"] == "review"])
