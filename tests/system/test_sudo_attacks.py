"""Ways around `run-as` and `command` that somebody at home in sudo and the kernel would try, on one host with generous sudoers."""

import pytest

from test_sudo import SHARE

SUDOERS = """\
Defaults:zhang.san runcwd=*, !requiretty
zhang.san ALL=(ALL:ALL) NOPASSWD:SETENV: ALL
staff.person ALL=(ALL:ALL) NOPASSWD:SETENV: ALL
"""

HOME = "/home/zhang.san"

# Says by whom it was run, and what it was told of it.
REPORT = """\
#!/bin/sh
echo "ran as $(id -un) for $SUDO_USER $SUDO_UID $SUDO_GID $USER $LOGNAME"
"""

# Passes a folder of another mount namespace, which there is /usr/bin, to a process outside of it: what /proc says of it is /usr/bin.
FOREIGN_FOLDER = r"""
import os, socket, subprocess
here, there = socket.socketpair()
inside = "mount --bind /home/zhang.san/evil /usr/bin && exec /home/zhang.san/python -c '" \
         "import os, socket; s = socket.socket(fileno=%d); socket.send_fds(s, [b\"x\"], [os.open(\"/usr/bin\", os.O_RDONLY)]); s.recv(1)'" % there.fileno()
inhabitant = subprocess.Popen(["unshare", "-rm", "sh", "-c", inside], pass_fds=[there.fileno()])
there.close()
folder = socket.recv_fds(here, 1, 1)[1][0]
told = os.readlink("/proc/self/fd/%d" % folder)
assert told == "/usr/bin", told
subprocess.run(["sudo", "-n", "-u", "oracle", "/proc/self/fd/0/id", "-un"], stdin=folder)
inhabitant.kill()
"""


@pytest.fixture(scope="module", autouse=True)
def plugin(guarded):
    box = guarded.box
    box.account("oracle")
    box.put("/etc/sudoers.d/test", SUDOERS, mode="440")
    box.put("/usr/local/bin/report", REPORT, mode="755")
    box.put("/usr/local/bin/slow", "#!/bin/sh\necho begun; exec sleep 600\n", mode="755")
    box.sh(f"mkdir -p {HOME}/evil && chmod 755 {HOME} {HOME}/evil && cp $(readlink -f /usr/bin/python3) {HOME}/python")
    box.put(f"{HOME}/evil/id", "#!/bin/sh\necho EVIL as $(/usr/bin/whoami)\n", mode="755")
    box.put(f"{HOME}/foreign.py", FOREIGN_FOLDER)
    box.sh(f"{SHARE}/enable")


@pytest.fixture
def granted(site):
    site.grant(**{"run-as": "oracle", "command": ["/usr/bin/id -un", "/usr/local/bin/report", "/usr/local/bin/slow"]})
    return site


ATTACKS = [
    # Links of /proc lead each process elsewhere: sudo, which is asked, and the run, which is in another folder by then.
    ("magic-link-cwd", f"cd /usr/bin; sudo -n -D {HOME}/evil -u oracle /proc/self/cwd/id -un"),
    ("magic-link-fd", "sudo -n -u oracle /dev/fd/0/id -un </usr/bin"),
    ("magic-link-namespace", f"{HOME}/python {HOME}/foreign.py"),
    ("magic-link-search-path", "cd /usr/bin; sudo -n -u oracle PATH=/proc/self/cwd /usr/local/bin/report"),
    # What sudo tells a command about who runs it is what scripts of the department decide by.
    ("sudo-user", "sudo -n -u oracle SUDO_USER=staff.person /usr/local/bin/report"),
    ("sudo-user-preserved", "SUDO_USER=staff.person sudo -n -u oracle --preserve-env=SUDO_USER /usr/local/bin/report"),
    ("sudo-uid", "sudo -n -u oracle SUDO_UID=1000 /usr/local/bin/report"),
    ("sudo-gid", "sudo -n -u oracle SUDO_GID=0 /usr/local/bin/report"),
    ("sudo-command", "sudo -n -u oracle SUDO_COMMAND=/usr/bin/true /usr/local/bin/report"),
    ("user", "sudo -n -u oracle USER=staff.person /usr/local/bin/report"),
    ("logname", "sudo -n -u oracle LOGNAME=staff.person /usr/local/bin/report"),
    # Amounts.
    ("many-arguments", "sudo -n -u oracle /usr/bin/id -un $(seq 1 3000)"),
    ("large-argument", "sudo -n -u oracle /usr/bin/id $(printf %09000d 7)"),
    ("long-variable", "sudo -n -u oracle LANG=$(printf %03000d 7)/ /usr/bin/id -un"),
    ("many-variables", "for i in A B C D E F G H; do for j in A B C D E F G H; do export LC_$i$j=x/; done; done; sudo -n -u oracle -E /usr/bin/id -un"),
    ("not-utf-8", "sudo -n -u oracle /usr/bin/id $'-u\\xff'"),
]


def test_none_gets_through(granted):
    granted.box.put(f"{HOME}/attacks", "".join(f"echo '--- {name}'\n( {line} ) 2>&1\n" for name, line in ATTACKS))
    told = granted.ssh(command=f"bash {HOME}/attacks", timeout=60).out.split("--- ")[1:]
    assert len(told) == len(ATTACKS)
    through = [text for text in told if "[command-" not in text or "EVIL" in text or "ran as" in text or "\noracle\n" in text]
    assert through == []


def test_what_is_told_is_true(granted):
    number = granted.box.sh("id -u zhang.san; id -g zhang.san").split()
    told = granted.ssh(command="sudo -n -u oracle report").out.split()
    assert told == ["ran", "as", "oracle", "for", "zhang.san", *number, "oracle", "oracle"]


def test_a_folder_with_any_name(granted):
    """Its name is in the record, and reads as nothing else."""
    for number, name in enumerate((r"a\nb", r"\xff\xfe", r"x; exit 0", r"\x1b[2J")):
        ran = granted.ssh(command=f"bash -c \"mkdir -p $'{name}' && cd $'{name}' && sudo -n -u oracle /usr/bin/id -un\"")
        assert ran.out == "oracle\n", (name, ran)
        detail = granted.audit(event="command")[-1]["detail"]
        assert detail.isascii() and detail.isprintable() and "; exit" not in detail and f"in {HOME}/" in detail, (number, detail)


def test_killing_sudo_sets_nothing_free(granted):
    """sudo keeps the real uid of its caller, who may kill it. Its run is without an end on record then, and ends with the session."""
    box = granted.box
    running = granted.ssh_start(command="sh -c 'sudo -n -u oracle slow; sleep 600'")
    box.until("pgrep -u oracle -x sleep")
    box.sh("pkill -KILL -x sudo", user="zhang.san")
    box.until("! pgrep -x sudo")
    assert box.processes("oracle") != []
    run = granted.audit(event="command")[-1]
    assert granted.revoke(granted.live()[0]["grant"]).ok
    assert box.processes("oracle") == []
    assert run["result"] == "success" and [end for end in granted.audit(event="command-end") if end["reference"] == run["reference"]] == []
    running.wait(timeout=5)


def test_what_runs_no_command_is_in_nobodys_way(granted):
    for option in ("-l", "-v", "-k", "-K", "-V", "-ll", "-l true", "-h", "-l -U oracle"):
        for line in (granted.ssh(command=f"sudo -n {option} </dev/null"), granted.box.run(f"sudo -n {option} </dev/null", user="staff.person")):
            assert line.code in (0, 1) and "Hufu" not in line.err.replace("Hufu approval", "").replace("Hufu audit", ""), (option, line)


def test_another_modules_failure_is_not_the_result(granted):
    """Without the plugin sudo's session phase decides alone, and sudo goes on when PAM says PAM_SESSION_ERR."""
    box = granted.box
    box.sh(f"{SHARE}/disable; cp -p /etc/pam.d/sudo /root/pam-sudo; "
           "sed 's/pam_limits.so/pam_debug.so open_session=session_err/' /usr/share/hufu/pam/sudo > /etc/pam.d/sudo")
    try:
        staff = box.run(["sudo", "-n", "-u", "oracle", "id", "-un"], user="staff.person")
        assert "oracle" in staff.out.splitlines(), staff
        refused = granted.ssh(command="sudo -n -u oracle /usr/bin/id -un")
        assert "oracle" not in refused.out and "[command-not-asked]" in refused.err, refused
    finally:
        box.sh(f"cp -p /root/pam-sudo /etc/pam.d/sudo; {SHARE}/enable")
