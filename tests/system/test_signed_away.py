"""What signatures take away on a live host: a revocation by a revoker, a status by a status key, with the real commands."""

import pytest

from site_setup import NAME, PEOPLE

NEXT = "/root/trust.2"


@pytest.fixture
def offices(fresh_site):
    """Epoch 2 of the trust file has a revoker and a status key."""
    site = fresh_site
    known = site.authority.known
    extra = [
        f"revoker: sun.qi finance ed25519 {known('sun.qi', 'ed25519')}",
        f"status-key: status-2026 ed25519 {known('status-2026', 'ed25519')}",
    ]
    site.box.put(NEXT, site.trust_document(epoch=2, extra=extra))
    approvals = [site.approve(NEXT, person, trust=NEXT) for person in site.approvers]
    done = site.box.run(["hufuctl", "trust", "update", NEXT, *(f"--approval={path}" for path in approvals)])
    assert done.ok, done
    return site


def hand_in(site, path, text, person, role):
    """Signed by this person and handed in."""
    site.box.put(path, text)
    approval = f"{path}.{person}.approval"
    site.box.sh(
        f"rm -f {approval}; hufuctl approve {path} --as {person} --role {role} --key {PEOPLE}/{person}.key "
        f"--trust {NEXT} -o {approval} --yes"
    )
    return site.box.run(["hufuctl", "document", "add", path, "--approval", approval])


def revocation(scope):
    lines = ["hufu-revocation: 1", f"site: {NAME}", "id: 89abcdef0123456789abcdef01234567", f"scope: {scope}", "until: forever"]
    return "\n".join([*lines, "revoked-at: 2026-11-21T08:30:00Z", "reason: 证件丢失"]) + "\n"


def status(site, epoch, *lines, lasts="1 hour"):
    issued, expires = (site.box.sh(f"date -u -d '{when}' +%FT%TZ").strip() for when in ("now", f"+{lasts}"))
    head = ["hufu-status: 1", f"site: {NAME}", "trust-epoch: 2", f"epoch: {epoch}", f"issued: {issued}", f"expires: {expires}"]
    return "\n".join([*head, *lines]) + "\n"


def test_signed_revocation_ends_a_session(offices):
    site = offices
    grant = site.grant()
    site.session_open()
    done = hand_in(site, "/root/revocation", revocation("staff zhang.san"), "sun.qi", "revoker")
    assert done.ok and "Sessions ended: 1" in done.out, done
    assert site.live() == []
    assert not site.box.run("pgrep -u zhang.san").ok
    assert not site.ssh().ok
    assert site.refusals()[-1] == "staff-revoked"
    explained = site.box.run("hufuctl explain zhang.san --source 127.0.0.1")
    assert "sun.qi (revoker)" in explained.out, explained
    record = site.audit(event="revocation", result="success")[-1]
    assert "signed by sun.qi (revoker)" in record["detail"] and record["staff"] == "zhang.san"

    # Nothing lifts it: no restart, no new version, and no other document under its id.
    site.box.sh("systemctl restart hufud")
    site.box.until("hufuctl status")
    assert hand_in(site, "/root/revocation", revocation(f"grant {grant}"), "sun.qi", "revoker").ok
    site.grant()
    assert not site.ssh().ok
    assert site.refusals()[-1] == "staff-revoked"


def test_status_takes_away_and_gives_back(offices):
    site = offices
    grant = site.grant()
    site.session_open()
    done = hand_in(site, "/root/status", status(site, 1, f"revoked: {grant}"), "status-2026", "status")
    assert done.ok and "Sessions ended: 1" in done.out, done
    assert not site.ssh().ok
    assert site.refusals()[-1] == "revoked"
    assert hand_in(site, "/root/status", status(site, 2), "status-2026", "status").ok
    assert site.ssh().ok
    back = hand_in(site, "/root/status", status(site, 1), "status-2026", "status")
    assert back.code == 1 and "newer status" in back.err, back
    assert site.ctl("status")["status_epoch"] == 2


def test_as_large_as_a_document_may_be(offices):
    """Nearly 1 MiB, with the approvals of eight, goes in through the command, and is in force."""
    site = offices
    grant = site.grant()
    head = status(site, 17)
    others = sorted(f"revoked: {n:032x}" for n in range((1024 * 1024 - len(head) - 100) // 42))
    text = "\n".join([head.rstrip(), *sorted([*others, f"revoked: {grant}"])]) + "\n"
    assert 1024 * 1024 - 200 < len(text) <= 1024 * 1024
    site.box.put("/root/status", text)
    approval = "/root/status.approval"
    site.box.sh(f"hufuctl approve /root/status --as status-2026 --role status --key {PEOPLE}/status-2026.key --trust {NEXT} -o {approval} --yes")
    done = site.box.run(["hufuctl", "document", "add", "/root/status", *[f"--approval={approval}"] * 8])
    assert done.ok, done
    assert not site.ssh().ok
    assert site.refusals()[-1] == "revoked"


def test_sessions_end_with_the_status(offices):
    site = offices
    site.grant()
    site.box.sh("sed -i 's/^status-max-age = .*/status-max-age = 1h/' /etc/hufu/hufud.conf && systemctl restart hufud")
    site.box.until("hufuctl trust show")
    assert not site.ssh().ok
    assert site.refusals()[-1] == "status-stale"
    assert hand_in(site, "/root/status", status(site, 1, lasts="20 seconds"), "status-2026", "status").ok
    site.session_open()
    site.box.until(lambda: site.live() == [] and site.audit(event="session-close"), timeout=60)
    assert site.audit(event="session-close")[-1]["reason"] == "status-stale"
    assert not site.ssh().ok
