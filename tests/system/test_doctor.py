"""hufuctl doctor on a real host: nothing is found on a healthy one, and each broken configuration is, by its code."""

import json
import re

import pytest

MODULE = "$(find /usr/lib /lib -path '*security/pam_hufu.so' | head -1)"

# How a host is broken, by a shell command; what is found about which file. All of /etc, the module and hufud are put right
# again after each.
BROKEN = {
    "no account line": ("sed -i /pam_hufu/d /etc/pam.d/common-account", "pam-not-gated", "/etc/pam.d/sshd"),
    "no session line": ("sed -i /pam_hufu/d /etc/pam.d/common-session", "pam-not-gated", "/etc/pam.d/login"),
    "sufficient first": ("sed -i '1i account sufficient pam_localuser.so' /etc/pam.d/sshd", "pam-ends-before-gate", "/etc/pam.d/sshd"),
    "the person's environment first": (
        r"sed -i '0,/^session/s//session required pam_env.so user_readenv=1\n&/' /etc/pam.d/sshd",
        "pam-env-before-gate",
        "/etc/pam.d/sshd",
    ),
    "jump over it": (
        "sed -i 's/^account.*pam_nologin.so/account [success=8 default=ignore] pam_nologin.so/' /etc/pam.d/sshd",
        "pam-jumps-over-gate",
        "/etc/pam.d/sshd",
    ),
    "optional": (r"sed -i -E 's/^account\s+required\s+pam_hufu/account optional pam_hufu/' /etc/pam.d/common-account", "pam-refusal-ignored", "/etc/pam.d/sshd"),
    "missing module let through": (
        r"sed -i -E 's/^account\s+required\s+pam_hufu/account [success=ok module_unknown=ignore default=bad] pam_hufu/' /etc/pam.d/common-account",
        "pam-open-without-module",
        "/etc/pam.d/sshd",
    ),
    "staff not jumped": (r"sed -i '/uid gt 29999/d' /etc/pam.d/common-account", "pam-stops-others", "/etc/pam.d/sshd"),
    "no login uid": ("sed -i /pam_loginuid/d /etc/pam.d/sshd", "pam-no-loginuid", "/etc/pam.d/sshd"),
    "another range": ("sed -i s/gated_uid=20000-29999/gated_uid=20000-29000/ /etc/pam.d/common-account", "pam-range-differs", "/etc/pam.d/common-account"),
    "missing include": ("sed -i 's/@include common-account/@include common-acount/' /etc/pam.d/su", "pam-broken", "/etc/pam.d/su"),
    "writable stack": ("chmod 666 /etc/pam.d/login", "pam-file-writable", "/etc/pam.d/login"),
    "module gone": (f"mv {MODULE} /root/kept/", "decision-not-by-gate", "sshd"),
    "module writable": (f"chmod 666 {MODULE}", "pam-module-foreign", None),
    "own keys, other hosts, a realm": (
        "printf 'Match User zhang.san\\nAuthorizedKeysFile .ssh/authorized_keys\\nHostbasedAuthentication yes\\nGSSAPIAuthentication yes\\n'"
        " > /etc/ssh/sshd_config.d/00-admin.conf",
        "sshd-own-keys sshd-host-based sshd-kerberos",
        "/etc/ssh/sshd_config",
    ),
    "certificates from the office": (
        "printf 'Match Address 10.20.0.0/16\\nTrustedUserCAKeys /etc/ssh/ca.pub\\n' > /etc/ssh/sshd_config.d/00-admin.conf",
        "sshd-certificates",
        "/etc/ssh/sshd_config",
    ),
    "sshd without PAM": ("sed -i 's/^UsePAM yes/UsePAM no/' /etc/ssh/sshd_config", "sshd-no-pam", "/etc/ssh/sshd_config"),
    "block not there": ("rm /etc/ssh/sshd_config.d/00-hufu.conf", "sshd-no-channel", "/etc/ssh/sshd_config"),
    "second sshd": (
        "grep -v ^Include /etc/ssh/sshd_config > /etc/ssh/second; printf 'Port 2222\\n' >> /etc/ssh/second;"
        " printf '[Service]\\nExecStart=/usr/sbin/sshd -D -f /etc/ssh/second\\n' > /etc/systemd/system/second.service",
        "sshd-own-keys",
        "/etc/ssh/second",
    ),
    "a typing error": ("sed -i s/^language/langage/ /etc/hufu/hufud.conf", "config-wrong", "/etc/hufu/hufud.conf"),
    "reaper's range": ("sed -i s/20000-29999/20000-29000/ /etc/hufu/reaper.conf", "range-differs", "/etc/hufu/reaper.conf"),
    "hufud away": ("systemctl stop hufud", "decision-broker-away", "sshd"),
}


@pytest.fixture
def repaired(site):
    box = site.box
    box.sh(f"mkdir -p /root/kept && cp -a /etc/pam.d /etc/ssh /etc/hufu {MODULE} /root/kept/")
    yield site
    box.sh(
        f"rm -rf /etc/pam.d /etc/ssh /etc/hufu /etc/systemd/system/second.service; cp -a /root/kept/pam.d /root/kept/ssh /root/kept/hufu /etc/;"
        " cp -a /root/kept/pam_hufu.so $(dirname $(find /usr/lib /lib -path '*security/pam_unix.so' | head -1))/; rm -rf /root/kept"
        " && systemctl start hufud && for i in $(seq 50); do hufuctl status > /root/status && break; sleep 0.1; done"
    )


def examined(box):
    """What is found, as one line each, by severity; the exit status says whether there is a problem."""
    result = box.run("hufuctl --json doctor")
    report = json.loads(result.out)
    assert result.code == (1 if report["problems"] else 0), report
    return report


def found(report, severity="problem"):
    return {(finding["code"], finding["subject"]) for finding in report["findings"] if finding["severity"] == severity}


def test_a_healthy_host(site):
    report = examined(site.box)
    print(*(f"{finding['code']} {finding['subject']}: {finding['message']}" for finding in report["findings"]), sep="\n")
    assert found(report) == set()
    assert any("decision about zhang.san" in line for line in report["looked_at"])
    # It asked, and was refused; nothing was used up, and the record says by whom.
    assert site.refusals()[-1] == "source-not-address"
    assert site.audit(staff="zhang.san", reason="source-not-address")[-1]["address"] == "hufu-doctor"


@pytest.mark.parametrize("how", BROKEN)
def test_broken_and_found(repaired, how):
    command, code, subject = BROKEN[how]
    repaired.box.sh(command)
    report = examined(repaired.box)
    print(*(f"{finding['code']} {finding['subject']}: {finding['message']}" for finding in report["findings"]), sep="\n")
    for expected in code.split():
        assert any(is_code == expected and subject in (None, of) for is_code, of in found(report)), expected
    assert "<3>" not in json.dumps(report)  # journald's level, of a program that was asked


def test_it_was_all_put_right_again(site):
    assert found(examined(site.box)) == set()


def test_its_page_is_where_it_says(site):
    """With every other page that README links to."""
    folder = "/usr/share/doc/hufu"
    assert f"{folder}/docs/doctor.md " in site.box.run("hufuctl doctor").out
    pages = set(re.findall(r"\]\((docs/[^)#]*)", site.box.get(f"{folder}/README.md").decode()))
    assert "docs/doctor.md" in pages
    site.box.sh(["ls", *(f"{folder}/{page}" for page in sorted(pages))])


def test_not_root(site):
    """What an ordinary account cannot look at is said, and is no health."""
    records = len(site.audit())
    result = site.box.run(["hufuctl", "--json", "doctor"], user="staff.person")
    assert result.code == 1
    assert all(record["event"] == "control-refused" for record in site.audit()[records:])
    assert "not-looked-at" in {code for code, _ in found(json.loads(result.out))}
