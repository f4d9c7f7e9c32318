"""What operators and the vendor's person do with hufuctl while sessions live: lock, finish, warn, watch, follow."""

import json
import re

import pexpect
import pytest


@pytest.fixture(autouse=True)
def nothing_locked(site):
    yield
    for taken in json.loads(site.box.run("hufuctl --json locks").out)["taken"]:
        if taken["kind"] == "lock":
            where = "--host" if taken["scope"] == "host" else f"--{taken['scope']} {taken['name']}"
            site.box.sh(f"hufuctl unlock {where} --why cleanup")


def ended(child):
    """Its exit status, once everything has been read."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def shell(site):
    """A person at a terminal, behind the prompt."""
    child = site.box.ssh_spawn("zhang.san", key=site.keys["zhang.san"])
    child.expect(r"[$#] ")
    return child


def test_lock_and_unlock(site):
    site.grant(uses="20 per-host", sessions="5")
    for where in ("--staff zhang.san", "--vendor acme", "--host --yes"):
        running, _ = site.session_open()
        locked = site.box.run(f"hufuctl lock {where} --why drill")
        assert locked.ok and "Sessions ended: 1" in locked.out, locked
        assert site.box.processes("zhang.san") == []
        running.wait(timeout=3)
        assert not site.ssh().ok
        assert site.refusals()[-1] == {"--staf": "staff-locked", "--vend": "vendor-locked", "--host": "host-locked"}[where[:6]]
        # The department's own people do not notice.
        assert site.ssh("staff.person").ok
        assert "drill" in site.box.sh("hufuctl locks")
        unlocked = site.box.run(f"hufuctl unlock {where.removesuffix(' --yes')} --why over")
        assert unlocked.ok and "drill" in unlocked.out, unlocked
        assert site.ssh().ok
    again = site.box.run("hufuctl unlock --host --why again")
    assert again.code == 1 and "not locked" in again.err, again


def test_host_lock_is_confirmed(site):
    nobody = site.box.run("setsid -w hufuctl lock --host --why drill </dev/null")
    assert nobody.code != 0 and "--yes" in nobody.err, nobody
    for answer, code in (("no", 1), ("yes", 0)):
        child = site.box.spawn("hufuctl lock --host --why drill")
        child.expect("ends every vendor's session")
        child.expect("Type yes")
        child.sendline(answer)
        child.expect("not confirmed" if code else "Locked on this host")
        assert ended(child) == code
    status = site.box.run("hufuctl status")
    assert status.code == 1 and "problem: host-locked: This host is locked" in status.out.splitlines()[1], status


def test_operator_sees_the_login_uid_of_who_locked(site):
    site.box.sh("hufuctl lock --staff nobody.here --why drill && hufuctl unlock --staff nobody.here --why over")
    records = site.audit(staff="nobody.here")
    assert [(r["event"], r["detail"]) for r in records] == [("lock", "this host only: drill"), ("unlock", "over")]
    assert all(r["actor"] is not None for r in records)


def test_finish_by_its_person(site):
    grant = site.grant(uses="5 per-host")
    child = shell(site)
    child.sendline("hufuctl session show | grep -i staff; hufuctl session list; echo listed $?")
    child.expect("zhang.san")
    child.expect("listed 6")
    child.sendline("hufuctl grant finish --why 'handed over'")
    # Read before it ends.
    child.expect(f"Grant {grant} is closed on this host for good")
    child.expect("Thank you")
    ended(child)
    site.box.until(lambda: site.live() == [])
    assert not site.ssh().ok
    assert site.refusals()[-1] == "closed"
    [record] = site.audit(event="grant-finish")[-1:]
    assert record["grant"] == grant and record["actor"] == 20001 and record["detail"] == "handed over"


def test_finish_by_an_operator(site):
    grant = site.grant(uses="5 per-host")
    running, _ = site.session_open()
    finished = site.box.run(["hufuctl", "grant", "finish", grant[:12]])
    assert finished.ok and "Sessions ended: 1" in finished.out, finished
    running.wait(timeout=3)
    assert not site.ssh().ok
    again = site.box.run(["hufuctl", "grant", "finish", grant])
    assert again.ok and "Nothing was live" in again.out, again


def test_grace(site):
    """The person reads when, why and what to quote, and is out then; nobody new gets in meanwhile."""
    grant = site.grant(uses="5 per-host", sessions="5")
    child = shell(site)
    revoking = site.box.start(["hufuctl", "revoke", grant, "--grace", "8s", "--why", "drill"])
    child.expect(r"Hufu: session ends at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(UTC\)")
    child.expect(r"\[revoked\]")
    child.expect(r"Reference: (\w{8})")
    reference = child.match.group(1)
    assert not site.ssh().ok
    # Of several grants the one that came furthest is named: one that another test finished, maybe.
    assert site.refusals()[-1] in ("revoked", "closed")
    child.sendline("echo still $((40 + 2))")
    child.expect("still 42")
    assert not revoking.ended
    result = revoking.wait(timeout=20)
    assert result.ok and "Sessions ended: 1" in result.out, result
    assert site.box.processes("zhang.san") == []
    ended(child)
    [record] = [r for r in site.audit(event="revoke") if r["grant"] == grant]
    assert record["reference"] == reference


def test_nobody_to_warn_is_recorded(site):
    grant = site.grant()
    _, session = site.session_open()  # a command, without a terminal
    assert site.box.run(["hufuctl", "revoke", grant, "--grace", "2s"], timeout=30).ok
    unheard = [r for r in site.audit(event="warn-unheard") if r["session"] == session["number"]]
    assert len(unheard) == 1 and unheard[0]["staff"] == "zhang.san"


def test_restart_ends_grace(fresh_site):
    site = fresh_site
    grant = site.grant()
    running, _ = site.session_open()
    site.box.start(["hufuctl", "revoke", grant, "--grace", "10m"])
    site.box.until(lambda: site.live()[0]["seconds_left"] <= 600)
    site.box.sh("systemctl restart hufud")
    running.wait(timeout=10)
    site.box.until(lambda: site.box.processes("zhang.san") == [])


def lines_of(child, n):
    found = []
    while len(found) < n:
        child.expect(r"\{[^\n]*\}\r?\n")
        found.append(json.loads(child.after))
    return found


def test_watch_and_follow(site):
    grant = site.grant(uses="5 per-host")
    watch = site.box.spawn("hufuctl --json session watch --staff zhang.san")
    follow = site.box.spawn("hufuctl --json audit --follow --staff zhang.san -n 1")
    lines_of(follow, 1)
    site.box.until("hufuctl status")
    running, session = site.session_open()
    [opened] = lines_of(watch, 1)
    assert opened["change"] == "opened" and opened["number"] == session["number"]
    assert site.revoke(grant).ok
    running.wait(timeout=3)
    changes = [line["change"] for line in lines_of(watch, 2)]
    assert changes == ["ending", "ended"]
    events = []
    while events[-1:] != ["session-close"]:
        events += [record["event"] for record in lines_of(follow, 1)]
    assert events[:2] == ["login", "session-open"] or "session-open" in events, events
    site.box.sh("systemctl restart hufud")
    for child in (watch, follow):
        child.expect("the broker has hung up")
        assert ended(child) == 5


def test_status_is_one_screen(site):
    site.box.sh("for i in 1 2 3; do hufuctl lock --staff nobody.$i --why drill; done; hufuctl lock --host --yes --why drill")
    child = site.box.spawn("stty rows 24 columns 80; hufuctl status")
    child.expect(pexpect.EOF)
    text = child.before
    assert len(text.splitlines()) <= 23, text
    assert re.match(r"The gate refuses every gated login: host-locked\.\r?\n  problem: host-locked: ", text), text
    for i in (1, 2, 3):
        site.box.sh(f"hufuctl unlock --staff nobody.{i} --why over")
