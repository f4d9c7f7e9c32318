"""Where an ssh connection comes from, as sshd sees it: an address or nothing."""

import shlex

import pytest

ALIAS = "10.77.0.5"
LATE = "/etc/ssh/sshd_config.d/10-test.conf"


@pytest.fixture(scope="module", autouse=True)
def addresses(guarded):
    guarded.box.address(f"{ALIAS}/32", "10.66.0.7/32", "2001:db8::5/128")


def came_from(site, **how):
    running, session = site.session_open(**how)
    running.kill()
    return session["source"]


def test_use_dns_changes_nothing(site):
    """A name is whoever's who owns the address: the address is what counts, and no name in a grant's place could be given."""
    box = site.box
    box.sh(f"echo '{ALIAS} trusted.finance.example' >> /etc/hosts")
    box.put(LATE, "UseDNS yes\nMatch Host trusted.finance.example\n    Banner /etc/hostname\n")
    box.sh("systemctl restart ssh")
    try:
        site.grant(source="10.77.0.0/24")
        banner = site.ssh(source=ALIAS, target=ALIAS)
        assert banner.ok and box.get("/etc/hostname").decode().strip() in banner.err, "sshd did not look the name up"
        assert came_from(site, source=ALIAS, target=ALIAS) == ALIAS
        assert not site.ssh(source="10.66.0.7").ok
        assert site.refusals()[-1] == "wrong-source"
    finally:
        box.sh(f"sed -i '/trusted.finance/d' /etc/hosts; rm {LATE}; systemctl restart ssh")


def test_no_address_at_all(site):
    """An sshd that something else than the network talks to: PAM gets the word UNKNOWN for a host."""
    site.grant(source="any")
    command = "/usr/sbin/sshd -i"
    assert site.ssh("staff.person", options=[f"ProxyCommand={command}"]).ok
    refused = site.ssh(options=[f"ProxyCommand={command}"])
    assert not refused.ok and site.refusals()[-1] == "source-not-address", refused


def test_ipv6(site):
    site.grant(source="2001:db8::/64")
    how = {"source": "2001:db8::5", "target": "2001:db8::5"}
    assert came_from(site, **how) == "2001:db8::5"
    assert not site.ssh().ok
    assert site.refusals()[-1] == "wrong-source"


def test_ipv6_zone(site):
    """An address of a link is one only together with the link, which no grant can name."""
    box = site.box
    box.sh("ip link add zone0 type veth peer name zone1 && ip link set zone0 up && ip link set zone1 up")
    box.sh("ip address add fe80::5/64 dev zone0 nodad")
    site.grant(source="any")
    how = {"source": "fe80::5%zone0", "target": "fe80::5%zone0"}
    assert site.ssh("staff.person", **how).ok
    refused = site.ssh(**how)
    assert not refused.ok and site.refusals()[-1] == "source-not-address", refused


def test_ipv4_in_ipv6(site):
    site.grant(source="127.0.0.0/8")
    assert came_from(site, target="::ffff:127.0.0.1") == "127.0.0.1"


def test_jump_host(site):
    """What comes over a jump host comes from the jump host; whoever is behind it is not seen (docs/threats.md)."""
    argv, _ = site.box.ssh_argv("staff.person", key=site.keys["staff.person"], source="10.66.0.7", target="10.66.0.7")
    jump = [f"ProxyCommand={shlex.join([argv[0], '-W', '%h:%p', *argv[1:]])}"]
    site.grant(source="10.66.0.7/32")
    assert not site.ssh(options=jump).ok
    assert site.refusals()[-1] == "wrong-source"
    site.revoke_everything()
    site.grant(source="127.0.0.1/32")
    assert came_from(site, options=jump) == "127.0.0.1"


def test_a_vendor_is_no_jump_host(site):
    """Neither for themself nor for others, without forwarding."""
    argv, _ = site.box.ssh_argv("zhang.san", key=site.keys["zhang.san"])
    site.grant()
    refused = site.ssh("staff.person", options=[f"ProxyCommand={shlex.join([argv[0], '-W', '%h:%p', *argv[1:]])}"])
    assert not refused.ok and "administratively prohibited" in refused.err, refused
