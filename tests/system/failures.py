"""What may go wrong with Hufu itself, each as a context: broken inside, and as it was afterwards; and who is asked meanwhile."""

import contextlib
import re

import pexpect
import pytest

from box import HANGS

MODULE = "/usr/lib/*/security/pam_hufu.so"
FOLDER = "/var/lib/hufu"
ANCHOR = "/var/lib/hufu-anchor"

IMPOSTOR = """
import os, socket
s = socket.socket(socket.AF_UNIX, %(kind)s)
s.bind("%(path)s"); os.chmod("%(path)s", 0o666); s.listen(50)
print("ready", flush=True)
kept = []
while True:
    c, _ = s.accept()
    %(action)s
    kept.append(c)
"""
# A frame of the version after this one, of the type of a reply.
NEWER = "b'HUFU' + bytes([0, 2, %s, 0, 0, 0, 64]) + bytes(64)"


@contextlib.contextmanager
def during(failure, site):
    """Mended also when the test fails inside: the next one gets the same box."""
    context = failure(site)
    context.__enter__()
    try:
        yield
    finally:
        context.__exit__(None, None, None)


def restart(site):
    site.box.sh("systemctl reset-failed hufud hufu-reaper; systemctl start hufu-reaper.socket hufu-reaper && systemctl restart hufud")
    site.box.until("hufuctl status", timeout=HANGS)


def impostor(site, path, action, kind="socket.SOCK_STREAM", user="hufu"):
    """Somebody in a service's place, with the service's user: to anyone else its clients would not even listen."""
    site.box.sh(f"rm -f {path}")
    site.box.put("/root/impostor.py", IMPOSTOR % {"path": path, "action": action, "kind": kind})
    running = site.box.start(f"exec setpriv --reuid {user} --regid {user} --clear-groups python3 - < /root/impostor.py")
    assert running.process.stdout.readline() == "ready\n", running.wait()
    return running


@contextlib.contextmanager
def answered(site, action):
    site.box.sh("systemctl stop hufud")
    running = impostor(site, "/run/hufu/gate", action)
    yield
    running.kill()
    site.box.sh("rm -f /run/hufu/gate")
    restart(site)


@contextlib.contextmanager
def started_with(site, change, back):
    """hufud is stopped, something is changed, and hufud is told to start: it does or does not."""
    site.box.sh("systemctl stop hufud")
    site.box.sh(change)
    site.box.run("systemctl start hufud")
    yield
    site.box.sh(f"systemctl stop hufud; {back}")
    restart(site)


@contextlib.contextmanager
def stopped(site):
    site.box.sh("systemctl stop hufud")
    yield
    restart(site)


@contextlib.contextmanager
def killed(site):
    site.box.sh("systemctl kill -s KILL hufud; systemctl stop hufud")
    yield
    restart(site)


@contextlib.contextmanager
def frozen(site):
    site.signal("STOP")
    yield
    site.signal("CONT")


def answers_nonsense(site):
    return answered(site, "c.recv(65536); c.send(b'HUFU' + bytes(range(64)))")


def answers_nothing(site):
    return answered(site, "c.recv(65536)")


def hangs_up(site):
    return answered(site, "c.close()")


def is_newer_than_the_module(site):
    """Half upgraded."""
    return answered(site, f"c.recv(65536); c.send({NEWER % '0, 0x80, 0'})")


# With the anchor, which would tell hufud that its store is an older one. The reserve is made anew where it is missing.
KEEP = f"rm -rf /root/store /root/anchor && cp -a {FOLDER} /root/store && cp -a {ANCHOR} /root/anchor && rm -f /root/store/reserve"
BACK_ANCHOR = f"rm -rf {ANCHOR}/* && cp -a /root/anchor/. {ANCHOR}/"
BACK = f"rm -rf {FOLDER}/* && cp -a /root/store/. {FOLDER}/ && {BACK_ANCHOR}"


def has_a_damaged_store(site):
    return started_with(site, f"{KEEP} && head -c 65536 /dev/urandom > {FOLDER}/hufu.db", BACK)


def has_a_newer_store(site):
    """Downgraded, or half upgraded."""
    return started_with(site, f"{KEEP} && sqlite3 {FOLDER}/hufu.db 'PRAGMA user_version = 1000'", BACK)


def has_no_store(site):
    return started_with(site, f"{KEEP} && rm -f {FOLDER}/*", BACK)


def has_no_room(site):
    """Only hufud's folder, with a file system of its own."""
    like = f"chown --reference=/root/store {FOLDER} && chmod --reference=/root/store {FOLDER}"
    small = f"{KEEP} && mount -t tmpfs -o size=2m tmpfs {FOLDER} && cp -a /root/store/. {FOLDER}/ && {like}"
    return started_with(site, f"{small} && (cat /dev/zero > {FOLDER}/full 2>/dev/null || true)", f"umount {FOLDER} && {BACK_ANCHOR}")


def has_a_wrong_configuration(site):
    return started_with(site, "echo 'unknown = 1' >> /etc/hufu/hufud.conf", "sed -i '$d' /etc/hufu/hufud.conf")


def has_no_trust(site):
    """The epoch that the store keeps; the file in /etc does not stand in for it."""
    return started_with(site, f"{KEEP} && sqlite3 {FOLDER}/hufu.db 'UPDATE document SET octets = zeroblob(1) WHERE type = 5'", BACK)


def has_no_library(site):
    return started_with(site, "f=$(ls /usr/lib/*/libinih.so.1); mv $f $f.away", "f=$(ls /usr/lib/*/libinih.so.1.away); mv $f ${f%.away}")


@contextlib.contextmanager
def reaper_stopped(site):
    site.box.sh("systemctl stop hufu-reaper.socket hufu-reaper")
    yield
    restart(site)


@contextlib.contextmanager
def reaper_frozen(site):
    site.signal("STOP", "hufu-reaper")
    yield
    site.signal("CONT", "hufu-reaper")


@contextlib.contextmanager
def reaper_is_newer(site):
    site.box.sh("systemctl stop hufu-reaper.socket hufu-reaper")
    running = impostor(site, "/run/hufu/reaper", f"c.recv(65536); c.send({NEWER % '1, 0x80, 0'})", "socket.SOCK_SEQPACKET", "root")
    yield
    running.kill()
    site.box.sh("rm -f /run/hufu/reaper")
    restart(site)


@contextlib.contextmanager
def files_away(site, *paths):
    site.box.sh(f"for f in {' '.join(paths)}; do mv $f $f.away; done")
    yield
    site.box.sh(f"for f in {' '.join(paths)}; do rm -rf $f; mv $f.away $f; done")


def module_missing(site):
    return files_away(site, site.box.sh(f"ls {MODULE}"))


@contextlib.contextmanager
def module_is_no_module(site):
    """Put in place by rename: what is cut short instead ends whatever loads it (docs/threats)."""
    path = site.box.sh(f"ls {MODULE}")
    with files_away(site, path):
        site.box.sh(f"echo not-elf > {path}.new; mv {path}.new {path}")
        yield


@contextlib.contextmanager
def everything_missing(site):
    site.box.sh("systemctl stop hufud hufu-reaper.socket hufu-reaper")
    with files_away(site, site.box.sh(f"ls {MODULE}"), "/usr/libexec/hufu", "/usr/sbin/hufud", "/etc/hufu", FOLDER, "/run/hufu"):
        yield
    restart(site)


# What becomes of a vendor's people meanwhile. REFUSED: all of it, with a sentence, by the module or by hufud. ENDED: so are those who
# are in. NOT_LET_IN: hufud goes on deciding, and no session may begin. UNTOLD: refused by the stacks, since nobody of ours is asked.
REFUSED, ENDED, NOT_LET_IN, UNTOLD = "refused", "ended", "not let in", "untold"
# hufud; out of descriptors it is in test_hostile.py.
BROKER = {
    stopped: REFUSED,
    killed: REFUSED,
    frozen: REFUSED,
    answers_nonsense: REFUSED,
    answers_nothing: REFUSED,
    hangs_up: REFUSED,
    is_newer_than_the_module: REFUSED,
    has_a_damaged_store: REFUSED,
    has_a_newer_store: REFUSED,
    has_no_store: REFUSED,
    # Nor is there a reserve: nothing that they do could be put on record.
    has_no_room: ENDED,
}
# What is around it.
AROUND = {
    has_a_wrong_configuration: REFUSED,
    has_no_trust: ENDED,
    has_no_library: REFUSED,
    reaper_stopped: NOT_LET_IN,
    # Whoever tried to come in cannot be put out, and is refused everything for that.
    reaper_frozen: REFUSED,
    reaper_is_newer: NOT_LET_IN,
    module_missing: UNTOLD,
    module_is_no_module: UNTOLD,
    everything_missing: UNTOLD,
}


# --- who is asked meanwhile

# In a session that is open: waits for a word, then says what became of sudo and su, and stays.
INSIDE = (
    "until [ -e /run/go ]; do sleep 0.1; done;"
    " (sudo -n -u oracle id -un; echo sudo-$?; echo pw | su oracle -c 'id -un'; echo su-$?) > ~/said.new 2>&1;"
    " mv ~/said.new ~/said; sleep 600"
)


def people(site):
    """zhang.san comes by key, a second one by password; staff.person may use sudo."""
    box = site.box
    box.account("oracle")
    box.put("/etc/sudoers.d/test", "staff.person,zhang.san ALL=(ALL) NOPASSWD: ALL\n", mode="440")
    site.vendor("qian.er", 20002)
    site.grant("qian.er", key="password", uses="unlimited")


@pytest.fixture(scope="module")
def crowd(guarded):
    people(guarded)
    return guarded


def inside(site):
    """A live session, with its number; what runs in it has been asked about, and waits."""
    site.box.sh("rm -f /run/go ~zhang.san/said")
    site.grant(uses="unlimited", **{"run-as": "oracle", "command": "any"})
    opened = site.session_open(command=INSIDE)
    site.box.until("pgrep -u zhang.san -f 'until .* -e /run/go'")
    return opened


def department_works(site):
    box = site.box
    for how in ({}, {"key": None, "password": "pw"}):
        came_in = site.ssh("staff.person", **how)
        assert came_in.out == "staff.person\n" and came_in.seconds < HANGS, came_in
    switched = box.run(["sudo", "-n", "id", "-un"], user="staff.person")
    assert switched.out == "root\n" and switched.seconds < HANGS, switched
    assert box.run(["su", "staff.person", "-c", "id -un"]).out == "staff.person\n"
    for account, prompt in (("root", "# "), ("staff.person", r"\$ ")):
        terminal = box.spawn(f"login -f {account}")
        terminal.expect(prompt)
        terminal.sendline("echo in-$((40+2)); exit")
        terminal.expect("in-42")


def speaks(text):
    return "Hufu" in text or "hufu" in text


def vendors_are_refused(site, becomes):
    """By key, by password, on a terminal; and each within a bound that tells a hang."""
    by_key, by_password = site.ssh(), site.ssh("qian.er", key=None, password="pw")
    for account, refused in (("zhang.san", by_key), ("qian.er", by_password)):
        assert not refused.ok and account not in refused.out.splitlines() and refused.seconds < HANGS, refused
    terminal = site.box.spawn("login -f qian.er")
    # On a terminal there is no ForceCommand behind the module.
    assert terminal.expect([r"\$ ", pexpect.EOF]) == 1, terminal.before
    if becomes != UNTOLD:
        assert "Hufu: " in by_password.text and "Hufu: " in terminal.before, (by_password, terminal.before)


def nobody_switches(site, becomes):
    """sudo and su in the session that is open."""
    box = site.box
    box.sh("touch /run/go")
    box.until("test -e ~zhang.san/said", timeout=2 * HANGS)
    said = box.sh("cat ~zhang.san/said")
    if becomes == NOT_LET_IN:
        # Its grant gives both, and hufud says so.
        assert "sudo-0" in said and "su-0" in said, said
        return
    assert "sudo-1" in said and "su-0" not in said and "oracle\n" not in said, said
    assert becomes == UNTOLD or said.count("Hufu: ") == 2, said


def refused_and_nobody_else(site, failure, becomes):
    """All of it in one failure, under a live session, which outlives it."""
    running, session = inside(site)
    with during(failure, site):
        department_works(site)
        vendors_are_refused(site, becomes)
        if becomes == ENDED:
            running.wait(timeout=5)
        else:
            nobody_switches(site, becomes)
            assert not running.ended, running.wait()
    site.box.until(lambda: site.ssh().ok, timeout=HANGS)
    assert (session["number"] in [s["number"] for s in site.live()]) == (becomes != ENDED)
    assert site.revoke(session["grant"]).ok
    running.wait(timeout=5)
    assert site.box.processes("zhang.san") == []
