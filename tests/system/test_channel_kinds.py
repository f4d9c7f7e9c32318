"""What a connection may start, on a real sshd: only what `channel` lines give, however it is asked for, and asked again each
time."""

import shlex

import pytest

PERSON = "zhang.san"
CHANNELS = ["exec", "shell", "transfer"]


@pytest.fixture(scope="module", autouse=True)
def careless(guarded):
    """A department whose sshd is as open as can be for everybody else; and a vendor's person whose login shell reads no file."""
    box = guarded.box
    box.put("/usr/local/bin/backup", "#!/bin/sh\necho backup-$((40+2))\n", mode="755")
    settings = "AcceptEnv *\nPermitUserEnvironment yes\nPermitUserRC yes\nSubsystem backup /usr/local/bin/backup\n"
    box.put("/etc/ssh/sshd_config.d/10-careless.conf", settings)
    box.sh("systemctl restart ssh")
    guarded.vendor("gao.fei", 20004)
    box.sh("usermod -s /bin/sh gao.fei; usermod -s /bin/sh staff.person")


def attempts(site):
    """Each way to ask, and what shows that it was given."""
    key = site.keys[PERSON]
    remote = shlex.join(site.box.ssh_argv(PERSON, key=key)[0][:-1])

    def copied(*command):
        site.box.sh("rm -rf /tmp/copied; mkdir /tmp/copied")
        site.box.run(list(command))
        return site.box.run("test -s /tmp/copied/hostname").ok

    def scp(*options):
        return copied(*site.box.ssh_argv(PERSON, *options, f"{PERSON}@127.0.0.1:/etc/hostname", "/tmp/copied", key=key, program="scp")[0])

    return {
        "shell": lambda: "in-42" in site.box.run(f"echo 'echo in-$((40+2))' | {remote} -T {PERSON}@127.0.0.1").out,
        "shell on a terminal": lambda: "in-42" in site.box.run(f"echo 'echo in-$((40+2)); exit' | {remote} -tt {PERSON}@127.0.0.1").out,
        "exec": lambda: site.ssh(command="echo in-$((40+2))").out == "in-42\n",
        "exec on a terminal": lambda: "/dev/pts/" in site.ssh(command="tty", options=["RequestTTY=force"]).out,
        "exec of a subsystem that is none": lambda: "backup-42" in site.ssh(command="backup", options=["SessionType=subsystem"]).out,
        "exec by scp -O": lambda: scp("-O"),
        "exec by rsync": lambda: copied("rsync", "-e", remote, f"{PERSON}@127.0.0.1:/etc/hostname", "/tmp/copied/"),
        "transfer by sftp": lambda: copied(
            *site.box.ssh_argv(PERSON, f"{PERSON}@127.0.0.1:/etc/hostname", "/tmp/copied/", key=key, program="sftp")[0]
        ),
        "transfer by scp": scp,
    }


@pytest.mark.parametrize("granted", ["none", *CHANNELS])
def test_only_what_is_granted(site, granted):
    """Nothing is implied, and sftp-server gets none of the client's arguments."""
    site.grant(channel=granted)
    for way, attempt in attempts(site).items():
        given = attempt()
        assert given == (way.split()[0] == granted), way
        assert given or site.refusals()[-1] == "channel-not-granted", way


def test_sftp_server_takes_no_argument(site):
    """Whoever may transfer may not choose how: of the client's command line only the name counts."""
    site.grant(channel="transfer")
    asked = site.ssh(command="/usr/lib/openssh/sftp-server -h")
    assert asked.ok and asked.out == "" and "usage" not in asked.err, asked
    server = "/usr/lib/openssh/sftp-server"
    for command in (f"{server};id", "/usr/lib/openssh/../openssh/sftp-server", "internal-sftp\nid", "sftp-server", " internal-sftp"):
        refused = site.ssh(command=command)
        assert not refused.ok and "uid=" not in refused.text, refused
        assert site.refusals()[-1] == "channel-not-granted", command


# --- what comes with the connection, or lies in the person's home

SPY = r"""
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void came(void) { close(open("/tmp/spy/came", O_CREAT | O_WRONLY, 0666)); }
"""


@pytest.fixture(scope="module")
def spy(guarded):
    """A library that leaves a file behind wherever it is loaded; and a script that does."""
    box = guarded.box
    box.put("/root/spy.c", SPY)
    box.sh("mkdir -p /tmp/spy && chmod 1777 /tmp/spy && gcc -shared -fPIC -o /srv/spy.so /root/spy.c && chmod 755 /srv/spy.so")
    box.put("/srv/spy.sh", "touch /tmp/spy/came\n", mode="755")
    return "/srv/spy.so"


def came(site):
    seen = site.box.run("test -e /tmp/spy/came").ok
    site.box.sh("rm -f /tmp/spy/came")
    return seen


HOMES = {
    ".pam_environment": "LD_PRELOAD DEFAULT=/srv/spy.so\nLD_AUDIT DEFAULT=/srv/spy.so\n",
    ".ssh/environment": "LD_PRELOAD=/srv/spy.so\nENV=/srv/spy.sh\n",
    ".ssh/rc": "touch /tmp/spy/came\n",
    ".bashrc": "touch /tmp/spy/came\n",
}
SENT = ["LD_PRELOAD=/srv/spy.so", "LD_AUDIT=/srv/spy.so", "BASH_ENV=/srv/spy.sh ENV=/srv/spy.sh", "SSH_ORIGINAL_COMMAND=id"]


@pytest.mark.parametrize("file", HOMES)
def test_no_file_of_the_person_runs_a_program(site, spy, file):
    """For one who may only move files, and who moved these to where they are read. Staff of the department show that they are."""
    for account in ("gao.fei", "staff.person"):
        site.box.put(f"/home/{account}/{file}", HOMES[file], owner=account)
        site.box.sh(f"chown -R {account} /home/{account}")
    site.grant("gao.fei", channel="transfer")
    try:
        site.ssh("staff.person", "true")
        assert came(site) == (file != ".bashrc")
        fetched = site.fetch("gao.fei")
        assert fetched.ok, fetched
        assert not came(site)
    finally:
        site.box.sh(f"rm -f /home/gao.fei/{file} /home/staff.person/{file}")


@pytest.mark.parametrize("sent", SENT)
def test_no_variable_of_the_client_runs_a_program(site, spy, sent):
    site.grant("gao.fei", channel="transfer")
    options = [f"SetEnv={sent}"]
    if sent.startswith("LD_"):
        site.ssh("staff.person", "true", options=options)
        assert came(site)
    refused = site.ssh("gao.fei", command=[], options=options)
    assert not refused.ok and "uid=" not in refused.text, refused
    assert site.refusals("gao.fei")[-1] == "channel-not-granted"
    assert not came(site)


UNIT = "[Service]\nType=oneshot\nExecStart=/usr/bin/touch /tmp/spy/came\n"


def test_no_unit_of_the_person_runs_a_program(site, spy):
    """Somebody's systemd starts with their first session, and what lies in their home. So whoever may only move files has none."""
    box = site.box
    for account in ("gao.fei", "staff.person"):
        units = f"/home/{account}/.config/systemd/user"
        box.put(f"{units}/spy.service", UNIT)
        box.sh(f"mkdir {units}/default.target.wants && ln -s ../spy.service {units}/default.target.wants/")
        box.sh(f"chown -R {account} /home/{account}/.config")
    # One that an earlier test left lives on for a while, and starts nothing again; and many in a row are not started.
    box.sh("systemctl stop user@$(id -u staff.person).service user@20004.service user-runtime-dir@20004.service")
    box.sh("systemctl reset-failed user-runtime-dir@20004.service user@20004.service; true")
    site.ssh("staff.person", "true")
    box.until("test -e /tmp/spy/came")
    assert came(site)
    grant = site.grant("gao.fei", channel=["forward", "transfer"])
    number = len(site.audit(staff="gao.fei", event="user-manager"))
    running = site.ssh_start("gao.fei", command=[], options=["SessionType=none"])
    box.until(lambda: len(site.audit(staff="gao.fei", event="user-manager")) > number)
    box.until(lambda: [s for s in site.live() if s["staff"] == "gao.fei"])
    asked = site.audit(staff="gao.fei", event="user-manager")[-1]
    assert (asked["result"], asked["reason"]) == ("failure", "channel-not-granted")
    box.until("systemctl show -p ActiveState --value user@20004 | grep -qx failed")
    assert not came(site)
    running.kill()
    # With a grant that gives commands there is one, and it is no more than that; a version without ends what it runs.
    assert site.revoke(grant).ok
    box.sh("systemctl reset-failed")
    grant = site.grant("gao.fei", channel=["exec", "transfer"])
    running = site.ssh_start("gao.fei", command=[], options=["SessionType=none"])
    box.until("test -e /tmp/spy/came")
    assert came(site)
    site.grant("gao.fei", channel="transfer", id=grant, version=2)
    assert running.wait(timeout=5).code == 255
    box.until(lambda: box.processes("gao.fei") == [])


def test_the_clients_words_are_no_command(site):
    """Of what the client sends, LANG and LC_* arrive, as Debian has it; what to start is not among them."""
    site.grant(channel=["exec", "shell"])
    options = ["SetEnv=SSH_ORIGINAL_COMMAND=id LC_TEST=here PATH=/srv"]
    told = site.ssh(command="echo $LC_TEST; echo $PATH; echo $SSH_ORIGINAL_COMMAND", options=options)
    assert told.ok and told.out.startswith("here\n/usr/"), told
    shell = site.box.run(f"echo exit | {shlex.join(site.box.ssh_argv(PERSON, key=site.keys[PERSON], options=options)[0])}")
    assert "uid=" not in shell.text, shell
    assert site.audit(staff=PERSON, event="channel")[-1]["detail"] == "shell"


# --- an old connection


def test_an_old_connection_is_asked_again(site):
    """After a version that gives less: what was never used is refused from then on; what was used ends the connection with all
    that came of it, since nobody can tell what that was."""
    grant = site.grant(channel=CHANNELS)
    running, over = site.ssh_master()
    number = site.live()[0]["number"]
    assert site.ssh(command="echo over", **over).out == "over\n"
    site.grant(channel=["exec", "transfer"], id=grant, version=2)
    refused = site.ssh(command=[], **over)
    assert not refused.ok and site.refusals()[-1] == "channel-not-granted"
    assert site.ssh(command="(setsid sleep 600 >/dev/null 2>&1 </dev/null &) ; echo over", **over).out == "over\n"
    work = site.ssh_start(command="sleep 600", **over)
    site.box.until(lambda: len(site.box.run("pgrep -u zhang.san -x sleep").out.split()) == 2)
    site.grant(channel=["shell", "transfer"], id=grant, version=3)
    assert running.wait(timeout=5).code == 255
    assert work.wait(timeout=5).code != 0
    site.box.until(lambda: site.sessions() == [])
    assert site.box.processes(PERSON) == []
    assert [s["reason"] for s in site.sessions("--all") if s["number"] == number] == ["channel-not-granted"]
    assert not site.ssh(command="echo over").ok
