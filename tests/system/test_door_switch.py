"""su, su -, sudo, sudo -i, sudo -s, runuser and pkexec: in a live session only, and to nobody whom its grant does not name."""

import pytest

from doors import installed, peopled  # noqa: F401

# Each becomes $1 and says who it is. su reads the password from its input.
SWITCHES = {
    "su": "echo pw | su $1 -c 'id -un'",
    "su -": "echo pw | su - $1 -c 'id -un'",
    "sudo": "sudo -n -u $1 id -un",
    "sudo -i": "sudo -n -u $1 -i id -un",
    "sudo -s": "echo id -un | sudo -n -u $1 -s",
    "pkexec": "pkexec --user $1 id -un",
}
TARGETS = ("oracle", "li.wei", "staff.person", "root")


def tried(site, run):
    """{switch: whom it reached}. All at once, in one session or process: whom su refuses, it makes wait."""
    attempts = "\n".join(f"( echo {switch!r} to $( ({command}) 2>&3 ) ) &" for switch, command in SWITCHES.items())
    site.box.put("/usr/local/bin/try-all", f"exec 3>>/tmp/said\nfor t in {' '.join(TARGETS)}; do set -- $t\n{attempts}\ndone\nwait\n")
    site.box.sh("install -m 666 /dev/null /tmp/said")
    reached = {switch: set() for switch in SWITCHES}
    for line in run("sh /usr/local/bin/try-all").out.splitlines():
        switch, _, who = line.partition(" to")
        reached[switch] |= set(who.split())
    return reached


@pytest.mark.usefixtures("installed")
def test_only_whom_the_grant_names(site):
    site.grant(**{"run-as": "oracle", "command": "any"})
    before = len(site.refusals())
    assert tried(site, lambda command: site.ssh(command=command)) == {switch: {"oracle"} for switch in SWITCHES}
    assert set(site.refusals()[before:]) == {"run-as-not-granted"}
    # Who was refused was told why; pkexec has nothing to say it with, and does not end in an abort either.
    said = site.box.get("/tmp/said").decode()
    assert said.count("[run-as-not-granted]") == (len(SWITCHES) - 1) * (len(TARGETS) - 1), said
    assert "Bail out" not in said, said


@pytest.mark.usefixtures("installed")
def test_not_without_a_session(site):
    """A process of theirs that no login opened, while a grant would let them in."""
    site.grant(**{"run-as": list(TARGETS), "command": "any"})
    before = len(site.refusals())
    found = tried(site, lambda command: site.box.run(["sh", "-c", f"{command}; true"], user="zhang.san"))
    assert found == {switch: set() for switch in SWITCHES}
    assert set(site.refusals()[before:]) == {"no-session"}


@pytest.mark.usefixtures("installed")
def test_runuser_by_a_vendor_who_became_root(site):
    site.grant(**{"run-as": ["root", "oracle"], "command": "any"})
    inside = "runuser -u oracle -- id -un; runuser -l oracle -c 'id -un';"
    inside += " runuser -u staff.person -- id -un; runuser -l li.wei -c 'id -un'"
    assert site.ssh(command=f"sudo -n sh -c {inside!r}").out.split() == ["oracle", "oracle"]
    assert site.refusals()[-2:] == ["run-as-not-granted"] * 2
    # root's own scripts, and people of the department who became root, run what they like as whom they like.
    assert site.box.sh("runuser -u zhang.san -- id -un; runuser -u oracle -- id -un") == "zhang.san\noracle"


def through_an_agent(site):
    """pkexec in one session, and polkit's agent for it in another: what the agent, given root's password, and pkexec said."""

    def asking(command):
        return site.box.ssh_spawn("zhang.san", command, key=site.keys["zhang.san"])

    terminal = asking("echo pid-$$-; read go; pkexec id -un; echo code-$?-")
    terminal.expect("pid-([0-9]+)-")
    process = terminal.match[1]
    agent = asking(f"pkttyagent --process {process}")
    # Else pkexec brings an agent of its own, which only works on a terminal that is not ssh's.
    site.box.until(f"journalctl -u polkit -o cat --no-pager | grep -q 'Agent for unix-process:{process}:.*pkttyagent'")
    terminal.sendline("go")
    agent.expect("Password: ")
    agent.sendline("pw")
    terminal.expect("code-[0-9]+-")
    agent.expect("AUTHENTICATION [A-Z]+")
    said = terminal.before + agent.before
    for end in (terminal, agent):
        end.close(force=True)
    return said


@pytest.fixture
def no_rule(peopled):  # noqa: F811
    peopled.box.sh("mv /etc/polkit-1/rules.d/50-test.rules /root/ && systemctl restart polkit")
    yield
    peopled.box.sh("mv /root/50-test.rules /etc/polkit-1/rules.d/ && systemctl restart polkit")


@pytest.mark.usefixtures("no_rule")
def test_polkits_agent_is_a_switch(site):
    """Without a rule that says yes, polkit wants an administrator's password, through PAM as polkit-1."""
    grant = site.grant(**{"run-as": "oracle", "command": "any"})
    assert "[run-as-not-granted]" in through_an_agent(site)
    site.revoke(grant)
    site.grant(**{"run-as": "root", "command": "any"})
    assert "\r\nroot\r\n" in through_an_agent(site)
