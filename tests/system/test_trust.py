"""Trust epochs on a live host: replaced by the quorums of the old and the new, kept in the store, started over by root."""

import pytest

from site_setup import PEOPLE, TRUST

NEXT = "/root/trust.2"


@pytest.fixture
def handover(fresh_site):
    """Epoch 2, in which sun.qi is leader in place of wang.wu, and who could sign it."""
    site = fresh_site
    people = {"sun.qi": ("leader", "ed25519"), "zhou.ming": site.approvers["zhou.ming"]}
    site.box.put(NEXT, site.trust_document(epoch=2, approvers=people))
    site.approved = {
        person: approval(site, person, people.get(person, site.approvers.get(person))[0], NEXT if person in people else TRUST)
        for person in ("wang.wu", "zhou.ming", "sun.qi")
    }
    return site


def approval(site, person, role, trust):
    path = f"{NEXT}.{person}.approval"
    site.box.sh(f"hufuctl approve {NEXT} --as {person} --role {role} --key {PEOPLE}/{person}.key --trust {trust} -o {path} --yes")
    return path


def update(site, *people):
    return site.box.run(["hufuctl", "trust", "update", NEXT, *(f"--approval={site.approved[person]}" for person in people)])


def in_force(site):
    return site.ctl("trust", "show")["epoch"]


def test_update(handover):
    site = handover
    site.grant()
    site.session_open()
    for people, whose in (("sun.qi", "zhou.ming"), "quorum of the trust in force"), (("wang.wu", "zhou.ming"), "its own quorum"):
        refused = update(site, *people)
        assert refused.code == 1 and whose in refused.err, refused
    assert in_force(site)["epoch"] == 1 and len(site.live()) == 1

    done = update(site, "wang.wu", "zhou.ming", "sun.qi")
    assert done.ok and "Trust epoch 2: ok" in done.out and "Sessions ended: 1" in done.out, done
    assert site.live() == []
    assert not site.box.run("pgrep -u zhang.san").ok
    assert not site.ssh().ok
    assert site.refusals()[-1] == "approval-missing"
    assert "epoch 2" in site.audit(event="trust-replace", result="success")[-1]["detail"]

    # The file in /etc is still epoch 1; that decides nothing, also over a restart, and is said.
    site.box.sh("systemctl restart hufud")
    site.box.until("hufuctl trust show")
    assert in_force(site)["epoch"] == 2
    assert "trust-file" in [finding["subject"] for finding in site.ctl("status")["findings"]]
    site.box.sh("hufuctl trust show --document | cmp - /root/trust.2 && install -m 644 /root/trust.2 /etc/hufu/trust")
    assert "trust-file" not in [finding["subject"] for finding in site.ctl("status")["findings"]]


def test_reset(handover):
    site = handover
    site.grant()
    assert update(site, "wang.wu", "zhou.ming", "sun.qi").ok
    assert not site.ssh().ok

    site.box.sh("usermod -a -G hufu-operators staff.person")
    refused = site.box.run("runuser -u staff.person -- hufuctl trust reset --yes")
    assert refused.code == 6 and in_force(site)["epoch"] == 2, refused
    unasked = site.box.run("setsid -w hufuctl trust reset </dev/null")
    assert unasked.code == 1 and in_force(site)["epoch"] == 2, unasked

    done = site.box.run("hufuctl trust reset --why 'keys were lost' --yes")
    assert done.ok and "Started over with epoch 1" in done.out, done
    assert (in_force(site)["epoch"], in_force(site)["origin"]) == (1, "reset")
    assert site.ssh().ok
    assert "keys were lost" in site.audit(event="trust-reset")[-1]["detail"]
    site.box.sh("systemctl restart hufud")
    site.box.until("hufuctl trust show")
    assert in_force(site)["epoch"] == 1
