"""Statement 1: no gated account gets in without a grant that is signed by its quorum, unexpired, unrevoked, and made for this
site, host, account, service and source. An error of any kind is a refusal.

`test_control_without_the_gate` shows that these refusals are Hufu's: with its lines taken out, the same login succeeds.
"""

import pytest

from site_setup import TRUST


@pytest.mark.parametrize(
    "fields, reason",
    [
        ({"host": "db02.finance.example"}, "wrong-host"),
        ({"service": "login"}, "wrong-service"),
        ({"source": "10.9.0.0/16"}, "wrong-source"),
        ({"source": "local"}, "wrong-source"),
        ({"from": "2036-01-01T00:00:00Z", "for": "1d"}, "not-yet-valid"),
        ({"from": "2026-01-01T00:00:00Z", "for": "1d"}, "expired"),
        ({"key": "SHA256:" + "A" * 43}, "wrong-key"),
    ],
)
def test_made_for_something_else(site, fields, reason):
    person = site.newcomer()
    path = site.draft(person, **fields)
    site.add(path, [site.approve(path, approver) for approver in site.approvers])
    assert not site.ssh(person).ok
    assert site.refusals(person)[-1] == reason


def test_made_for_somebody_else(site):
    person, other = site.newcomer(), site.newcomer()
    site.grant(other, key="password")
    assert not site.ssh(person, key=None, password="pw").ok
    assert site.refusals(person)[-1] == "no-grant"
    assert site.ssh(other, key=None, password="pw").ok


def test_key_of_another_grant(site):
    """Two grants, each with its own key and its own network: neither key opens the other's."""
    person = site.newcomer()
    other = site.box.key("another.key")
    site.grant(person, source="10.9.0.0/16")
    site.grant(person, key=f"{other}.pub")
    assert not site.ssh(person).ok
    assert site.refusals(person)[-1] == "wrong-key"
    assert site.ssh(person, key=other).ok


@pytest.mark.parametrize("approver", ["wang.wu", "zhou.ming"])
def test_one_signature_is_not_two(site, approver):
    person = site.newcomer()
    path = site.draft(person)
    approval = site.approve(path, approver)
    site.add(path, [approval, approval])
    assert not site.ssh(person).ok
    assert site.refusals(person)[-1] == "approval-missing"


def test_nothing_changed_after_signing(site):
    person = site.newcomer()
    path = site.draft(person, source="10.9.0.0/16")
    approvals = [site.approve(path, approver) for approver in site.approvers]
    site.box.sh(f"sed -i 's#^source: .*#source: 127.0.0.0/8#' {path}")
    site.add(path, approvals)
    assert not site.ssh(person).ok
    assert site.refusals(person)[-1] == "approval-missing"


def test_forged_approval(site):
    """The approvals are made to fit what was changed, as a forger would; only the signatures cannot be."""
    person = site.newcomer()
    path = site.draft(person, source="10.9.0.0/16")
    approvals = [site.approve(path, approver) for approver in site.approvers]
    site.box.sh(f"sed -i 's#^source: .*#source: 127.0.0.0/8#' {path}")
    for approval in approvals:
        site.box.sh(
            f"sed -i -e \"s/^subject-length: .*/subject-length: $(stat -c %s {path})/\""
            f" -e \"s/^subject-sha256: .*/subject-sha256: $(sha256sum {path} | cut -d' ' -f1)/\" {approval}"
        )
    added = site.add(path, approvals)
    assert not added.ok and added.out.count("bad-signature") == 2, added
    assert not site.ssh(person).ok
    assert site.refusals(person)[-1] == "approval-missing"


def test_another_site(site):
    """Signed by the right people with the right keys, as another site's trust file has them too."""
    person = site.newcomer()
    site.box.sh(f"sed 's/^site: .*/site: cn.example.other/' {TRUST} > {TRUST}.other")
    path = site.draft(person, site="cn.example.other", key="password")
    approvals = [site.approve(path, approver, trust=f"{TRUST}.other") for approver in site.approvers]
    added = site.add(path, approvals)
    assert added.code == 1 and "wrong-site" in added.err, added
    assert not site.ssh(person, key=None, password="pw").ok
    assert site.refusals(person)[-1] == "no-grant"


def test_the_vendors_own_key_file_opens_nothing(site):
    site.box.authorize("zhang.san", site.keys["zhang.san"])
    try:
        assert not site.ssh().ok
    finally:
        site.box.sh("rm -rf ~zhang.san/.ssh")


def test_password_opens_nothing(site):
    person = site.newcomer()
    assert not site.ssh(person, key=None, password="pw").ok
    assert site.refusals(person)[-1] == "no-grant"


def test_control_without_the_gate(fresh_site):
    assert not fresh_site.ssh(key=None, password="pw").ok
    fresh_site.box.sh("sed -i '/pam_hufu/d' /etc/pam.d/common-account /etc/pam.d/common-session")
    fresh_site.box.sh("rm -f /etc/ssh/sshd_config.d/*hufu*; systemctl restart ssh")
    assert fresh_site.ssh(key=None, password="pw").out == "zhang.san\n"
