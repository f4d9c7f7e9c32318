"""With what a person may prove who they are, on a real sshd: the keys of a grant, in every form that ssh has, and nothing else."""

import pathlib

import pytest

EARLY, LATE = "/etc/ssh/sshd_config.d/00-early.conf", "/etc/ssh/sshd_config.d/10-late.conf"
PROVIDER = "/srv/security-key.so"
HERE = pathlib.Path(__file__).parent


@pytest.fixture
def sshd(site):
    """Writes an sshd configuration beside Hufu's: read before it (`early`) or after it, for everybody (`late`)."""

    def configured(early="", late=""):
        site.box.put(EARLY, early)
        site.box.put(LATE, late)
        site.box.sh("sshd -t && systemctl reset-failed ssh && systemctl restart ssh")

    yield configured
    site.box.sh(f"rm -f {EARLY} {LATE}; rm -rf ~zhang.san/.ssh; systemctl reset-failed ssh; systemctl restart ssh")


def last_key_record(site):
    return site.audit(staff="zhang.san", event="key")[-1]


# --- kinds of keys


@pytest.mark.parametrize("kind", ["rsa -b 3072", "ecdsa -b 384", "ed25519"])
def test_each_kind_of_key(site, kind):
    name = f"kind.{kind.split()[0]}"
    key = site.box.key(name, kind)
    site.grant(key=f"{key}.pub")
    running, session = site.session_open(key=key)
    assert session["key"] == site.box.fingerprint(key)
    assert not site.ssh().ok and site.refusals()[-1] == "wrong-key"


@pytest.mark.parametrize("algorithm", ["rsa-sha2-256", "rsa-sha2-512"])
def test_how_an_rsa_key_signs_does_not_matter(site, algorithm):
    key = site.box.key("kind.rsa", "rsa -b 3072")
    site.grant(key=f"{key}.pub")
    assert site.ssh(key=key, options=[f"PubkeyAcceptedAlgorithms={algorithm}"]).ok


def test_security_key(site):
    """sk-ssh-ed25519@openssh.com: a key on a token that is touched, here one of software."""
    box, key = site.box, "/root/keys/token"
    box.put("/root/security_key.c", (HERE / "security_key.c").read_text())
    box.sh(f"gcc -shared -fPIC -o {PROVIDER} /root/security_key.c -lcrypto && chmod 755 {PROVIDER}")
    box.sh(f"ssh-keygen -q -t ed25519-sk -w {PROVIDER} -N '' -f {key}")
    site.grant(key=f"{key}.pub")
    admitted = site.ssh(key=key, options=[f"SecurityKeyProvider={PROVIDER}"])
    assert admitted.out == "zhang.san\n", admitted
    assert site.audit(event="session-open")[-1]["detail"] == box.fingerprint(key)


# --- what is no key of a grant


TRUSTED = "TrustedUserCAKeys /root/keys/authority.pub\n"


def test_certificate(site, sshd):
    """Trusted for everybody, it lets in staff of the department, and nobody who is gated: not even for the key that is granted."""
    site.box.key("authority")
    sshd(late=TRUSTED)
    staff = site.ssh_with_certificate("staff.person", site.box.key("staff.certified"))
    assert staff.ok, staff
    site.grant()
    assert not site.ssh_with_certificate("zhang.san", site.keys["zhang.san"]).ok
    assert last_key_record(site)["reason"] == "wrong-key"
    assert last_key_record(site)["detail"].startswith("ssh-ed25519-cert-v01@openssh.com SHA256:")
    assert site.ssh().ok


def test_authority_in_the_persons_own_file(site, sshd):
    """cert-authority in ~/.ssh/authorized_keys, which is read for staff alone."""
    box = site.box
    box.key("authority")
    for account in ("zhang.san", "staff.person"):
        box.sh(f"install -d -o {account} -m 700 ~{account}/.ssh && (echo -n 'cert-authority '; cat /root/keys/authority.pub) >> ~{account}/.ssh/authorized_keys")
    assert site.ssh_with_certificate("staff.person", box.key("staff.certified")).ok
    site.grant()
    assert not site.ssh_with_certificate("zhang.san", site.keys["zhang.san"]).ok
    assert last_key_record(site)["detail"].startswith("ssh-ed25519-cert-v01@openssh.com SHA256:")


def test_host_based(site, sshd):
    """A host that is trusted to say who its people are: for staff of the department."""
    box = site.box
    box.sh("sed 's/^/localhost,127.0.0.1 /' /etc/ssh/ssh_host_*_key.pub > /etc/ssh/ssh_known_hosts")
    box.put("/etc/ssh/shosts.equiv", "localhost\n127.0.0.1\n")
    box.put("/etc/ssh/ssh_config", "EnableSSHKeysign yes\n")
    sshd(late="HostbasedAuthentication yes\nIgnoreRhosts no\nGSSAPIAuthentication yes\n")
    offered = ["HostbasedAuthentication=yes", "EnableSSHKeysign=yes"]

    def host_based(account):
        argv, _ = box.ssh_argv(account, "id -un", method="hostbased", options=offered)
        return box.run(argv, user=account)

    staff = host_based("staff.person")
    assert staff.out == "staff.person\n", staff
    site.grant(key="password")
    refused = host_based("zhang.san")
    assert not refused.ok and "Permission denied (publickey,password)." in refused.err, refused
    # GSSAPI would take a realm to be shown; but it is offered to staff.
    assert "gssapi-with-mic" in site.ssh("staff.person", key="/nonexistent").err


# --- several methods, several keys


def test_key_and_password(site, sshd):
    """Both have to be right, and the key is the grant's; the session phase sees both."""
    sshd(late="AuthenticationMethods publickey,password\nPasswordAuthentication yes\n")
    site.grant()
    how = {"method": "publickey,password"}
    admitted = site.ssh(password="pw", **how)
    assert admitted.out == "zhang.san\n", admitted
    assert not site.ssh(password="wrong", **how).ok
    assert not site.ssh(password="pw", key=site.box.key("zhang.other"), **how).ok
    site.revoke_everything()
    site.grant(key="password")
    assert not site.ssh(password="pw", **how).ok


def test_two_keys(site, sshd):
    """Where sshd wants two, each has to be in a grant, and the last one counts."""
    first, second, other = site.keys["zhang.san"], site.box.key("zhang.second"), site.box.key("zhang.other")
    sshd(late="AuthenticationMethods publickey,publickey\n")
    of_first, of_second = site.grant(key=f"{first}.pub"), site.grant(key=f"{second}.pub")

    def with_keys(*keys):
        return site.ssh(key=keys[0], options=[f"IdentityFile={key}" for key in keys[1:]])

    assert with_keys(first, second).ok
    assert site.audit(event="session-open")[-1]["grant"] == of_second
    assert with_keys(second, first).ok
    assert site.audit(event="session-open")[-1]["grant"] == of_first
    assert not with_keys(first, other).ok
    assert not with_keys(first).ok


def test_a_key_that_was_only_offered(site):
    """Two keys of two grants: the one that signs decides, whatever was offered before."""
    second = site.box.key("zhang.second")
    of_first, of_second = site.grant(), site.grant(key=f"{second}.pub")
    site.box.sh(f"cp {site.keys['zhang.san']}.pub /root/keys/offered.pub")
    assert site.ssh(key="/root/keys/offered", options=[f"IdentityFile={second}"]).ok
    opened = site.audit(event="session-open")[-1]
    assert opened["grant"] == of_second != of_first and opened["detail"] == site.box.fingerprint(second)


def test_a_key_that_a_file_of_theirs_claims(site):
    """PAM's environment says which key sshd took, and pam_env takes what the person's own file says: after the gate. Before it, doctor
    says what that would be worth."""
    box = site.box
    key = " ".join(box.get(f"{site.keys['zhang.san']}.pub").decode().split()[:2])
    box.put("/home/zhang.san/.pam_environment", f'SSH_AUTH_INFO_0 DEFAULT="publickey {key}"\n', owner="zhang.san")
    site.grant()
    before = len(site.refusals())
    assert not site.ssh_with_key_offered().ok
    assert "key-mismatch" in site.refusals()[before:]
    box.sh(r"cp /etc/pam.d/sshd /root/sshd.pam && sed -i '0,/^session/s//session required pam_env.so user_readenv=1\n&/' /etc/pam.d/sshd")
    try:
        assert site.ssh_with_key_offered().ok
        assert "[pam-env-before-gate]" in box.run("hufuctl doctor").out
    finally:
        box.sh("mv /root/sshd.pam /etc/pam.d/sshd; rm ~zhang.san/.pam_environment")


# --- an sshd that is configured otherwise


def test_a_key_file_let_in_before(site, sshd):
    """A block for the same people that is read before Hufu's gives them a key file: sshd takes their key, the gate does not."""
    own = site.box.key("zhang.own")
    site.box.authorize("zhang.san", own)
    sshd(early="Match User zhang.san\n    AuthorizedKeysFile .ssh/authorized_keys\n")
    site.grant()
    refused = site.ssh(key=own)
    assert not refused.ok and site.refusals()[-1] == "key-required", refused
    # A grant by password: the account phase knows of no key, the session phase does.
    site.revoke_everything()
    site.grant(key="password")
    before = len(site.refusals())
    assert not site.ssh(key=own).ok
    assert "key-mismatch" in site.refusals()[before:]
    site.box.until(lambda: site.box.processes("zhang.san") == [])
    # The granted key offered, the own one used.
    site.revoke_everything()
    site.grant()
    site.box.sh(f"cp {site.keys['zhang.san']}.pub /root/keys/offered.pub")
    before = len(site.refusals())
    refused = site.ssh(key="/root/keys/offered", options=[f"IdentityFile={own}"])
    assert not refused.ok and refused.out == "" and "key-mismatch" in site.refusals()[before:], refused
    site.box.until(lambda: site.box.processes("zhang.san") == [])


def test_an_authority_let_in_before(site, sshd):
    site.box.key("authority")
    site.grant()
    # Even then Hufu's block asks for a list of principals, and names none.
    sshd(early=f"Match Group hufu-gated\n    {TRUSTED}")
    refused = site.ssh_with_certificate("zhang.san", site.keys["zhang.san"])
    assert not refused.ok and site.refusals()[-1] == "wrong-key", refused
    # Whoever brings that too is authenticated; but no key of a grant was used.
    site.box.put("/etc/ssh/principals", "zhang.san\n")
    sshd(early=f"Match Group hufu-gated\n    {TRUSTED}    AuthorizedPrincipalsFile /etc/ssh/principals\n")
    refused = site.ssh_with_certificate("zhang.san", site.keys["zhang.san"])
    assert not refused.ok and site.refusals()[-1] == "key-required", refused


def test_a_key_file_for_everybody(site, sshd):
    """Read after Hufu's block, a setting for everybody is not for those whom the block names."""
    own = site.box.key("zhang.own")
    site.box.authorize("zhang.san", own)
    sshd(late="AuthorizedKeysFile .ssh/authorized_keys\n")
    site.grant()
    assert not site.ssh(key=own).ok
    assert last_key_record(site)["detail"] == f"ssh-ed25519 {site.box.fingerprint(own)}"
    assert site.ssh().ok


def test_an_sshd_without_pam(site, sshd):
    """Nobody is asked at the door, and the key is accepted also of a grant that is over; then nothing can be started."""
    sshd(late="UsePAM no\n")
    grant = site.grant()
    assert site.ssh("staff.person").ok
    refused = site.ssh()
    assert not refused.ok and refused.out == "" and site.audit(event="channel")[-1]["reason"] == "no-session", refused
    assert site.revoke(grant).ok
    assert not site.ssh().ok
