"""sudo by command: a gated person runs what the grant's `command` lines say, and nothing of it can be widened."""

import time

import pytest

SHARE = "/usr/share/hufu/sudo"
HANGS = 4 # seconds; the gate's deadline is 2

COMMANDS = [
    "/usr/bin/id -un", "/usr/bin/false", "/usr/bin/env", "/usr/bin/tail -n *", "/usr/local/bin/report now",
    "/usr/local/bin/killed", "/usr/local/bin/slow", "/opt/open/tool", "/opt/elsewhere", "/opt/python-tool",
    "/usr/bin/pwd", "/usr/bin/cat *",
]

# As generous as sudoers can be: what is refused below is refused by Hufu.
SUDOERS = """\
Defaults:zhang.san closefrom_override, runcwd=*, runchroot=*, !requiretty
zhang.san ALL=(ALL:ALL) NOPASSWD:SETENV: ALL
staff.person ALL=(ALL:ALL) NOPASSWD:SETENV: ALL
"""


@pytest.fixture(scope="module", autouse=True)
def plugin(guarded):
    box = guarded.box
    box.account("oracle")
    box.put("/etc/sudoers.d/test", SUDOERS, mode="440")
    box.put("/usr/local/bin/report", "#!/bin/sh\necho reported as $(id -un)\n", mode="755")
    box.put("/usr/local/bin/killed", "#!/bin/sh\nkill -9 $$\n", mode="755")
    box.put("/usr/local/bin/slow", "#!/bin/sh\necho begun; exec sleep 600\n", mode="755")
    box.sh("mkdir -p /opt/open && chmod 777 /opt/open")
    box.put("/opt/open/tool", "#!/bin/sh\necho ran\n", mode="755")
    box.put("/opt/python-tool", "#!/opt/open/python\necho ran\n", mode="755")
    box.sh("cp /bin/sh /opt/open/python; ln -s /usr/bin/id /opt/identity; ln -s /opt/open/tool /opt/elsewhere")
    box.sh("ln -s /usr/bin/id /home/zhang.san/id; ln -s /usr/bin/false /usr/local/bin/untrue")
    print(box.sh(f"{SHARE}/enable"))


@pytest.fixture
def granted(site):
    site.grant(**{"run-as": "oracle", "command": COMMANDS})
    return site


def sudo(site, command, before="", **how):
    return site.ssh(command=f"{before}sudo -n -u oracle {command}", **how)


@pytest.fixture(autouse=True)
def begun(site):
    """Records before the test are none of it."""
    site.begun = max((record["sequence"] for record in site.audit()), default=0)


def records(site, event, **filters):
    return [record for record in site.audit(event=event, **filters) if record["sequence"] > site.begun]


def last(site, event, **filters):
    return site.box.until(lambda: records(site, event, **filters))[-1]


def test_what_is_granted_runs_and_is_recorded(granted):
    assert sudo(granted, "/usr/bin/id -un").out == "oracle\n"
    run, end = last(granted, "command"), last(granted, "command-end")
    assert run["result"] == "success" and run["account"] == "oracle" and run["staff"] == "zhang.san"
    assert run["detail"].startswith("/usr/bin/id -un, in /home/zhang.san") and run["ticket"] == "CHG-2026-1142"
    assert end["reference"] == run["reference"] != "" and end["result"] == "success" and "exit 0" in end["detail"]
    assert run["sequence"] < end["sequence"] and run["session"] == end["session"] != 0

    # By its name alone, where sudo finds it in secure_path; through a link that is root's alone, by its own name.
    assert sudo(granted, "id -un").out == "oracle\n"
    assert sudo(granted, "/bin/id -un").out == "oracle\n"
    assert sudo(granted, "report now").out == "reported as oracle\n"
    assert sudo(granted, "LANG=C TZ=Asia/Shanghai /usr/bin/id -un").out == "oracle\n"


def test_one_plain_argument(granted):
    granted.box.put("/home/zhang.san/notes", "last line\n")
    granted.box.put("/home/oracle/notes", "of oracle\n")
    assert sudo(granted, "-D /home/oracle cat notes").out == "of oracle\n"
    for argument in ("/etc/passwd", "--version", "..", ".", "''", "'a b'"):
        refused = sudo(granted, f"cat {argument}")
        assert not refused.ok and "[command-not-granted]" in refused.err, refused


@pytest.mark.parametrize("ending, detail", [("false", "exit 1"), ("killed", "signal 9")])
def test_how_it_ended(granted, ending, detail):
    assert not sudo(granted, ending).ok
    run = last(granted, "command")
    end = last(granted, "command-end")
    assert end["reference"] == run["reference"] and end["result"] == "failure" and detail in end["detail"], end


WIDENINGS = [
    # another command, other arguments
    ("/usr/bin/id", "not-granted"),
    ("/usr/bin/id -u", "not-granted"),
    ("/usr/bin/id -un -n", "not-granted"),
    ("/usr/bin/id '-un '", "not-granted"),
    ("/usr/bin/id -un ''", "not-granted"),
    ("/usr/bin/id '-un\n'", "not-granted"),
    ("/usr/bin/whoami", "not-granted"),
    ("/usr/bin/sh -c 'id -un'", "not-granted"),
    # a shell, an editor
    ("-s", "unsafe"),
    ("-s /usr/bin/id -un", "unsafe"),
    ("-i", "unsafe"),
    ("-i /usr/bin/id -un", "unsafe"),
    ("-e /etc/hosts", "unsafe"),
    # another path, another name
    ("./id -un", "unsafe"),
    ("/home/zhang.san/id -un", "unsafe"),
    ("/opt/identity -un", "unsafe"),
    ("/usr/local/bin/untrue", "unsafe"),
    ("/opt/open/tool", "unsafe"),
    ("/opt/elsewhere", "unsafe"),
    ("/opt/python-tool", "unsafe"),
    # the environment
    ("-E /usr/bin/id -un", "unsafe"),
    ("LD_PRELOAD=/opt/open/x.so /usr/bin/id -un", "unsafe"),
    ("LD_LIBRARY_PATH=/opt/open /usr/bin/id -un", "unsafe"),
    ("GCONV_PATH=/opt/open /usr/bin/id -un", "unsafe"),
    ("GLIBC_TUNABLES=glibc.malloc.check=1 /usr/bin/id -un", "unsafe"),
    ("BASH_ENV=/opt/open/x /usr/local/bin/report now", "unsafe"),
    ("ENV=/opt/open/x /usr/local/bin/report now", "unsafe"),
    ("PYTHONPATH=/opt/open /usr/bin/id -un", "unsafe"),
    ("PERL5OPT=-d /usr/bin/id -un", "unsafe"),
    ("IFS=/ /usr/local/bin/report now", "unsafe"),
    ("PATH=/opt/open:/usr/bin /usr/bin/id -un", "unsafe"),
    ("PATH=:/usr/bin /usr/bin/id -un", "unsafe"),
    ("HOME=/home/zhang.san /usr/bin/id -un", "unsafe"),
    ("SHELL=/opt/open/tool /usr/bin/id -un", "unsafe"),
    ("LC_ALL=/opt/open /usr/bin/id -un", "unsafe"),
    ("UNHEARD_OF=1 /usr/bin/id -un", "unsafe"),
    ("--preserve-env=UNHEARD_OF /usr/bin/id -un", "unsafe"),
    # groups, descriptors, another root, another host, another process
    ("-g root /usr/bin/id -un", "unsafe"),
    ("-P /usr/bin/id -un", "unsafe"),
    ("-C 9 /usr/bin/id -un", "unsafe"),
    ("-R / /usr/bin/id -un", "unsafe"),
    ("-b /usr/bin/id -un", "unsafe"),
]


def test_nothing_widens_it(granted):
    """One session for all of them, as it would be."""
    script = ["export UNHEARD_OF=1 SUDO_EDITOR=/bin/true"]  # sudo -e looks for an editor before it asks anybody
    script += [f"echo '--- {n}'; sudo -n -u oracle {command} </dev/null 2>&1" for n, (command, _) in enumerate(WIDENINGS)]
    granted.box.put("/home/zhang.san/tries", "\n".join(script) + "\n", owner="zhang.san:hufu-gated")
    told = granted.ssh(command="bash tries", timeout=60).out.split("--- ")[1:]
    assert len(told) == len(WIDENINGS)
    wrong = [(command, why, text) for (command, why), text in zip(WIDENINGS, told) if f"[command-{why}]" not in text or "oracle" in text.splitlines()]
    assert wrong == []
    refused = records(granted, "command", result="failure")
    assert len(refused) == len(WIDENINGS) and records(granted, "command", result="success") == []
    by_doubt = " ".join(record["detail"] for record in refused)
    for doubt in ("sudoedit", "shell", "login-shell", "relative-path", "path-writable (/opt/open", "interpreter (/opt/open/python)",
                  "other-name", "environment (LD_PRELOAD)", "environment (PATH)", "environment (HOME)", "preserve-environment",
                  "group", "descriptors", "chroot", "background"):
        assert doubt in by_doubt, doubt


def test_another_account(granted):
    refused = granted.ssh(command="sudo -n /usr/bin/id -un")
    assert not refused.ok and "[run-as-not-granted]" in refused.err, refused
    refused = granted.ssh(command="sudo -n -u '#0' /usr/bin/id -un")
    assert not refused.ok and "[run-as-not-granted]" in refused.err, refused


def test_the_environment_that_sudo_makes_passes(granted):
    """With everything that a login with a desktop's forwarding brings along."""
    before = "LANG=zh_CN.UTF-8 LC_TIME=C TERM=xterm-256color DISPLAY=localhost:10.0 XAUTHORITY=/home/zhang.san/.Xauthority" \
             " LS_COLORS='rs=0:di=01;34:*.tar=01;31' TZ=Asia/Shanghai LD_PRELOAD= EDITOR=vi PYTHONPATH=/opt/open "
    shown = sudo(granted, "/usr/bin/env", before=before)
    assert shown.ok and "DISPLAY=localhost:10.0" in shown.out and "PYTHONPATH" not in shown.out, shown


def test_any_command_runs_anything_on_record(site):
    site.grant(**{"run-as": "oracle", "command": "any"})
    assert sudo(site, "-s id -un").out == "oracle\n"
    assert "shell" in last(site, "command")["detail"]
    assert sudo(site, "UNHEARD_OF=1 sh -c 'echo $UNHEARD_OF'").out == "1\n"
    assert sudo(site, "-b true").ok


def test_no_command_at_all(site):
    site.grant(**{"run-as": "oracle", "command": None})
    refused = sudo(site, "/usr/bin/id -un")
    assert not refused.ok and "[command-not-granted]" in refused.err, refused


def test_a_list_gives_no_shell_by_other_means(granted):
    terminal = granted.box.ssh_spawn("zhang.san", key=granted.keys["zhang.san"])
    terminal.expect(r"\$ ")
    terminal.sendline("su oracle -c 'echo I-am-$(id -un)'")
    terminal.expect("Password: ")
    terminal.sendline("pw")
    assert terminal.expect(["I-am-oracle", r"\[command-not-granted\]"]) == 1
    terminal.close(force=True)


def test_sudoers_own_refusal_is_recorded(granted):
    box = granted.box
    box.put("/etc/sudoers.d/test", SUDOERS.replace("zhang.san ALL=(ALL:ALL) NOPASSWD:SETENV: ALL", "zhang.san ALL=(root) NOPASSWD: /usr/bin/true"), mode="440")
    try:
        assert not sudo(granted, "/usr/bin/id -un").ok
    finally:
        box.put("/etc/sudoers.d/test", SUDOERS, mode="440")
    end = last(granted, "command-end")
    assert end["result"] == "failure" and end["reference"] == "" and "/usr/bin/id -un" in end["detail"], end
    assert records(granted, "command") == []


def test_ends_with_its_session(granted):
    """A run whose session is ended has no end of its own on record; its process is gone."""
    running = granted.ssh_start(command="sudo -n -u oracle slow")
    granted.box.until("pgrep -u oracle -x sleep")
    grant = granted.live()[0]["grant"]
    assert granted.revoke(grant).ok
    assert granted.box.processes("oracle") == []
    running.wait(timeout=5)
    reference = last(granted, "command")["reference"]
    assert [end for end in records(granted, "command-end") if end["reference"] == reference] == []


def test_department_makes_no_connection(site):
    before = site.gate_requests()
    assert site.box.run(["sudo", "-n", "-u", "oracle", "id", "-un"], user="staff.person").out == "oracle\n"
    assert site.box.run(["sudo", "-n", "-i", "-u", "oracle", "id", "-un"], user="staff.person").out == "oracle\n"
    assert site.gate_requests() - before in (0, 1) # the status that is being asked


@pytest.mark.parametrize("signal, undo", [("stop", "start"), ("STOP", "CONT")])
def test_department_untouched_whatever_hufud_does(granted, signal, undo):
    site, box = granted, granted.box
    running, _ = site.session_open()
    act = {"stop": "systemctl stop hufud", "start": "systemctl start hufud",
           "STOP": "kill -STOP $(systemctl show -p MainPID --value hufud)", "CONT": "kill -CONT $(systemctl show -p MainPID --value hufud)"}
    box.sh(act[signal])
    try:
        staff = box.run(["sudo", "-n", "-u", "oracle", "id", "-un"], user="staff.person")
        assert staff.out == "oracle\n" and staff.seconds < HANGS, staff
        assert box.run(["sudo", "-n", "id", "-un"], user="staff.person").out == "root\n"
        vendor = box.run(["sudo", "-n", "-u", "oracle", "/usr/bin/id", "-un"], user="zhang.san", timeout=30)
        assert not vendor.ok and vendor.out == "", vendor
    finally:
        box.sh(act[undo])
        box.until("hufuctl status")
    running.kill()


def test_without_the_plugin_a_list_gives_nothing(granted):
    box = granted.box
    box.sh(f"{SHARE}/disable")
    try:
        refused = sudo(granted, "/usr/bin/id -un")
        assert not refused.ok and refused.out == "", refused
        assert granted.refusals()[-1] == "command-not-asked"
        assert "[command-not-asked]" in refused.err and "hufu-sudo(8)" in refused.err, refused
    finally:
        box.sh(f"{SHARE}/enable")
    assert sudo(granted, "/usr/bin/id -un").out == "oracle\n"


def test_a_frozen_gate_is_told(granted):
    """The plugin alone: what PAM says before it is not looked at here."""
    box = granted.box
    running, _ = granted.session_open()
    box.sh("cp -p /etc/pam.d/sudo /root/pam-sudo; sed -i '/pam_hufu/d' /etc/pam.d/sudo; grep -rl pam_hufu /etc/pam.d/common-* | xargs -r sed -i.kept '/pam_hufu/d'")
    try:
        granted.signal("STOP")
        began = time.monotonic()
        refused = box.run(["sudo", "-n", "-u", "oracle", "/usr/bin/id", "-un"], user="zhang.san", timeout=30)
        assert not refused.ok and "cannot be checked" in refused.err, refused
        assert time.monotonic() - began < 3 * HANGS
    finally:
        granted.signal("CONT")
        box.sh("cp -p /root/pam-sudo /etc/pam.d/sudo; for f in /etc/pam.d/common-*.kept; do mv $f ${f%.kept}; done")
    running.kill()
