"""The life of a grant, as 1-mission tells it: asked for, signed by two, used, revoked, on record."""


def test_from_refusal_to_revocation(site):
    assert not site.ssh().ok
    assert site.refusals()[-1] in ("no-grant", "wrong-key")

    path = site.draft()
    unit = site.approve(path, "zhou.ming")
    site.add(path, [unit])
    assert not site.ssh().ok
    assert site.refusals()[-1] == "approval-missing"

    leader = site.approve(path, "wang.wu")
    added = site.add(path, [unit, leader])
    assert added.ok, added
    came_in = site.ssh(command="id -un; id -gn")
    assert came_in.out.split() == ["zhang.san", "hufu-gated"], came_in

    running, session = site.session_open()
    assert session["vendor"] == "acme" and session["service"] == "sshd" and session["source"] == "127.0.0.1"
    revoked = site.revoke(site.grant_id(path), "--why", "work stopped")
    assert revoked.ok, revoked
    # Statement 4: when revoke has returned, nothing of it is alive; no waiting here.
    assert site.box.processes("zhang.san") == []
    running.wait(timeout=60)
    assert site.live() == []

    again = site.ssh()
    assert not again.ok
    assert site.refusals()[-1] == "revoked"


def test_records_tell_the_story(site):
    grant = site.grant(ticket="CHG-STORY")
    running, session = site.session_open()
    assert site.revoke(grant).ok
    running.wait()
    site.box.until(lambda: any(r["event"] == "session-close" for r in site.audit(grant=grant)))
    records = site.audit(grant=grant)
    events = [record["event"] for record in records]
    for event in ("grant-add", "login", "session-open", "revoke", "session-close"):
        assert event in events, events
    assert events.index("login") < events.index("session-open") < events.index("revoke")
    opened = next(record for record in records if record["event"] == "session-open")
    assert opened["result"] == "success" and opened["staff"] == "zhang.san" and opened["vendor"] == "acme"
    assert opened["ticket"] == "CHG-STORY" and opened["session"] == session["number"] and opened["address"] == "127.0.0.1"
    sequences = [record["sequence"] for record in records]
    assert sequences == sorted(sequences) and len(set(sequences)) == len(sequences)

    def in_journal():
        return [r for r in site.box.journal("_COMM=hufud") if r.get("HUFU_GRANT") == grant and r.get("HUFU_EVENT") == "session-open"]

    record = site.box.until(in_journal)[0]
    assert record["MESSAGE_ID"] and record["HUFU_STAFF"] == "zhang.san" and record["HUFU_TICKET"] == "CHG-STORY"


def test_live_session_shows_deadline(site):
    site.grant(**{"max-session": "1h"})
    _, session = site.session_open()
    assert 3500 < session["seconds_left"] <= 3600
    shown = site.box.sh("hufuctl session list")
    assert "zhang.san" in shown and "127.0.0.1" in shown
