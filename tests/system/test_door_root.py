"""A vendor stays a vendor: whoever they became, root too, it is their login uid that is asked, and that is ended."""

import pytest

from doors import left_of, peopled  # noqa: F401

ROOT = {"run-as": "root", "command": "any"}


def as_root(site, script, **how):
    """Typed by zhang.san in a root shell, which they got by sudo."""
    site.box.put("/usr/local/bin/typed", script)
    return site.ssh(command="sudo -n sh /usr/local/bin/typed", **how)


@pytest.fixture(scope="module", autouse=True)
def runuser_is_gated(peopled):  # noqa: F811
    peopled.box.sh("install -m 644 /usr/share/hufu/pam/runuser /etc/pam.d/")
    peopled.box.put("/usr/local/bin/say-pw", "#!/bin/sh\necho pw\n", mode="755")
    # The same people in a root shell, and whatever else they were granted.
    peopled.box.put("/etc/sudoers.d/anyone", "root,li.wei,oracle ALL=(ALL) NOPASSWD: ALL\n", mode="440")


def test_root_becomes_nobody_else(site):
    """Of whom the grant names root alone. No password is asked of root."""
    site.grant(**ROOT)
    before = len(site.refusals())
    tried = as_root(
        site,
        # Whom su refuses, it makes wait.
        "for t in li.wei staff.person oracle; do"
        " su $t -c 'id -un' & su - $t -c 'id -un' & sudo -u $t id -un; sudo -u $t -i id -un;"
        " runuser -u $t -- id -un; runuser -l $t -c 'id -un';"
        " pkexec --user $t id -un; done 2>/dev/null; wait; su -c 'id -un'; sudo id -un; runuser -l root -c 'id -un'",
    )
    assert tried.out.split() == ["root"] * 3, tried
    assert site.refusals()[before:] == ["run-as-not-granted"] * 21


def test_no_other_way_in_from_there(site):
    """The grant is for ssh from elsewhere: neither login nor a second connection is to be had, as whichever vendor."""
    site.box.address("10.1.2.3")
    site.grant(source="10.1.2.3/32", **ROOT)
    # Each may come in from there: with the granted key, too, it is from where that refuses.
    site.grant("li.wei", source="10.1.2.3/32")
    before = {person: len(site.refusals(person)) for person in ("zhang.san", "li.wei")}
    ssh = "ssh -o StrictHostKeyChecking=no -o NumberOfPasswordPrompts=1"
    tried = as_root(
        site,
        "export SSH_ASKPASS=/usr/local/bin/say-pw SSH_ASKPASS_REQUIRE=force\n"
        f"for a in li.wei zhang.san; do {ssh} $a@localhost id -un; {ssh} -i /root/keys/$a $a@localhost id -un; "
        "script -qec \"login -f $a\" /dev/null </dev/null; done 2>/dev/null | grep -xE '(li.wei|zhang.san).?'",
        source="10.1.2.3",
    )
    assert tried.out == "", tried
    for person, number in before.items():
        assert set(site.refusals(person)[number:]) == {"wrong-source", "wrong-service"}, person


def test_another_vendor_is_two_persons(site):
    """A grant may name another vendor's account; nobody goes on from there as both."""
    site.grant(**{"run-as": ["li.wei", "oracle"], "command": "any"})
    site.grant("li.wei", **{"run-as": ["oracle"], "command": "any"})
    running, _ = site.session_open("li.wei")
    onward = "id -un; sudo -n -u oracle id -un; echo pw | su oracle -c 'id -un'; pkexec --user oracle id -un"
    tried = site.ssh(command=f'sudo -n -u li.wei sh -c "{onward}"')
    assert tried.out == "li.wei\n", tried
    # Nobody is asked about whom there are two: it is refused before.
    assert "two outside persons at once" in tried.err
    # Who is no vendor's is no second person.
    assert site.ssh(command="sudo -n -u oracle sudo -n -u oracle id -un").out == "oracle\n"
    running.kill()


COMMANDS = ["grant list", "session list", "audit", "lock host", "revoke 00000000000000000000000000000000", "reload", "clock confirm"]


def test_control_socket_knows_them(site):
    site.grant(**ROOT)
    tried = as_root(site, "".join(f"hufuctl {command} --yes >/dev/null 2>&1 </dev/null; echo {command} $?\n" for command in COMMANDS))
    assert not [line for line in tried.out.splitlines() if line.endswith(" 0")], tried
    # What anybody may ask about themselves is theirs as root, too.
    assert as_root(site, "hufuctl session show").ok


LEFT_BEHIND = """
setsid sleep 601 &
setsid setpriv --reuid staff.person --clear-groups sleep 602 &
setsid setpriv --reuid li.wei --clear-groups sleep 603 &
setsid su -c 'sleep 604' root &
setsid sudo sleep 605 &
setsid unshare --pid --mount --fork sleep 606 &
setsid sh -c 'echo $$ >/sys/fs/cgroup/system.slice/ssh.service/cgroup.procs; exec sleep 607' &
sleep 600
"""


def test_what_they_left_as_others_ends_with_them(site):
    grant = site.grant(**ROOT)
    site.box.put("/usr/local/bin/typed", LEFT_BEHIND)
    running = site.ssh_start(command="sudo -n sh /usr/local/bin/typed")
    everything = "pgrep -x -c sleep"
    site.box.until(lambda: site.box.run(everything).out == "8\n")
    assert site.box.processes("staff.person") != []
    revoked = site.revoke(grant)
    assert revoked.ok, revoked
    assert site.box.run(everything).out == "0\n"
    assert left_of(site) == []
    running.kill()


def test_a_connection_as_staff_ends_with_who_opened_it(site):
    """Whoever has a colleague's password is that colleague to sshd; but the connection is the vendor's."""
    grant = site.grant()
    typing = "SSH_ASKPASS=/usr/local/bin/say-pw SSH_ASKPASS_REQUIRE=force"
    running = site.ssh_start(command=f"{typing} ssh -tt -o StrictHostKeyChecking=no staff.person@localhost sleep 600")
    site.box.until("pgrep -u staff.person -x sleep")
    assert site.revoke(grant).ok
    assert left_of(site) == []
    site.box.until("! pgrep -u staff.person -x sleep")
    running.kill()
