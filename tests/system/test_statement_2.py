"""Statement 2: nothing that Hufu does, and no failure of Hufu, stops anyone who is not gated; and each failure refuses those
who are, within two seconds and with a sentence."""

import pexpect
import pytest

from box import HANGS

MODULE = "/usr/lib/*/security/pam_hufu.so"

NONSENSE = """
import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("/run/hufu/gate"); os.chmod("/run/hufu/gate", 0o666); s.listen(50)
print("ready", flush=True)
kept = []
while True:
    c, _ = s.accept()
    %s
    kept.append(c)
"""


def stop(site):
    site.box.sh("systemctl stop hufud.service")


def kill(site):
    site.box.sh("systemctl kill -s KILL hufud.service; systemctl stop hufud.service")


def freeze(site):
    site.signal("STOP")


def freeze_reaper(site):
    site.signal("STOP", "hufu-reaper")


def answer(site, action):
    stop(site)
    site.box.sh("rm -f /run/hufu/gate")
    site.box.put("/root/nonsense.py", NONSENSE % action)
    # As the broker's own user: from anyone else the module would not even listen.
    running = site.box.start("exec setpriv --reuid hufu --regid hufu --clear-groups python3 - < /root/nonsense.py")
    assert running.process.stdout.readline() == "ready\n", running.wait()


def answer_nonsense(site):
    answer(site, "c.recv(65536); c.send(b'HUFU' + bytes(range(64)))")


def answer_nothing(site):
    answer(site, "c.recv(65536)")


def hang_up(site):
    answer(site, "c.close()")


def damage_store(site):
    stop(site)
    site.box.sh("for f in /var/lib/hufu/*.db /var/lib/hufu/*.sqlite*; do [ -e $f ] && head -c 65536 /dev/urandom > $f; done; true")
    site.box.run("systemctl start hufud.service")


def fill_disk(site):
    """Only hufud's folder, with a file system of its own."""
    stop(site)
    site.box.sh(
        "cp -a /var/lib/hufu /var/lib/hufu.copy && mount -t tmpfs -o size=2m tmpfs /var/lib/hufu && cp -a /var/lib/hufu.copy/. /var/lib/hufu/"
        " && chown --reference=/var/lib/hufu.copy /var/lib/hufu && chmod --reference=/var/lib/hufu.copy /var/lib/hufu"
    )
    site.box.run("systemctl start hufud.service")
    site.box.run("cat /dev/zero > /var/lib/hufu/full 2>/dev/null")


def break_configuration(site):
    site.box.sh("echo 'unknown = 1' >> /etc/hufu/hufud.conf")
    site.box.run("systemctl restart hufud.service")


def break_trust(site):
    """The epoch that the store keeps; the file in /etc does not stand in for it."""
    stop(site)
    site.box.sh(
        "python3 -c \"import sqlite3; c = sqlite3.connect('/var/lib/hufu/hufu.db');"
        " assert c.execute('UPDATE document SET octets = zeroblob(1) WHERE type = 5').rowcount == 1; c.commit()\""
    )
    site.box.run("systemctl start hufud.service")


def remove_module(site):
    site.box.sh(f"rm {MODULE}")


def break_module(site):
    """Not a shared object at all, put in place by rename."""
    site.box.sh(f"f=$(ls {MODULE}); echo not-elf > $f.new; mv $f.new $f")


def remove_helpers(site):
    site.box.sh("rm -rf /usr/libexec/hufu")


def remove_everything(site):
    stop(site)
    remove_module(site)
    remove_helpers(site)
    site.box.sh("rm -rf /etc/hufu /var/lib/hufu /run/hufu")


FAILURES = [
    stop, kill, freeze, freeze_reaper, answer_nonsense, answer_nothing, hang_up, damage_store, fill_disk, break_configuration,
    break_trust, remove_module, break_module, remove_helpers, remove_everything,
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_department_works_and_vendor_is_refused(fresh_site, failure):
    site, box = fresh_site, fresh_site.box
    box.put("/etc/sudoers.d/test", "staff.person ALL=(ALL) NOPASSWD: ALL\n", mode="440")
    site.grant()
    assert site.ssh().ok
    failure(site)

    for how in ({}, {"key": None, "password": "pw"}):
        came_in = site.ssh("staff.person", **how)
        assert came_in.out == "staff.person\n", came_in
        assert came_in.seconds < HANGS, came_in
    assert box.run(["sudo", "-n", "id", "-un"], user="staff.person").out == "root\n"
    assert box.run(["su", "staff.person", "-c", "id -un"]).out == "staff.person\n"
    root = box.spawn("login -f root")
    root.expect("# ")
    root.sendline("echo root-$((40+2)); exit")
    root.expect("root-42")

    if failure is freeze_reaper:
        # Decides, but a deadline that cannot be put on lease is no deadline.
        assert not site.ssh().ok
        return
    refused = site.ssh()
    assert not refused.ok, refused
    assert refused.seconds < HANGS, refused
    assert not site.ssh(key=None, password="pw").ok
    # On a terminal there is no ForceCommand behind the module.
    vendor = box.spawn("login -f zhang.san")
    assert vendor.expect([r"\$ ", pexpect.EOF]) == 1, vendor.before


@pytest.mark.parametrize("failure", [stop, freeze, answer_nonsense, answer_nothing, hang_up], ids=lambda failure: failure.__name__)
def test_refused_within_two_seconds_with_a_sentence(fresh_site, failure):
    # By password: the key helper asks the broker too, and has its own deadline before PAM's.
    site = fresh_site
    site.grant(key="password")
    assert site.ssh(key=None, password="pw").ok
    failure(site)
    refused = site.ssh(key=None, password="pw")
    assert not refused.ok
    assert refused.seconds < HANGS, refused
    said = refused.text.replace("Permission denied", "")
    assert "Hufu" in said or "hufu" in said, refused


def test_ungated_login_makes_no_connection(site):
    box = site.box
    before = site.gate_requests()
    assert site.ssh("staff.person").ok
    assert site.ssh("staff.person", key=None, password="pw").ok
    assert site.gate_requests() == before
    # And as the kernel sees it: no process of the login touches the gate.
    listener = box.sh("systemctl show -p MainPID --value ssh")
    trace = box.start(f"exec strace -f -qq -e trace=connect -o /root/trace -p {listener}")
    box.until("grep -qs TracerPid:.[1-9] /proc/%s/status" % listener)
    assert site.ssh("staff.person").ok
    trace.kill()
    box.run("pkill -x strace")
    traced = box.get("/root/trace").decode()
    assert "connect(" in traced and "/run/hufu" not in traced, traced
    # The same trace does show a gated login.
    trace = box.start(f"exec strace -f -qq -e trace=connect -o /root/trace -p {listener}")
    box.until("grep -qs TracerPid:.[1-9] /proc/%s/status" % listener)
    site.ssh(key=None, password="pw")
    trace.kill()
    box.run("pkill -x strace")
    assert "/run/hufu/gate" in box.get("/root/trace").decode()


def test_store_is_not_made_anew(fresh_site):
    """A damaged store refuses and says so; it is never silently recreated."""
    site = fresh_site
    grant = site.grant()
    damage_store(site)
    assert not site.ssh().ok
    site.box.run("systemctl restart hufud.service")
    assert not site.ssh().ok
    listed = site.box.run(["hufuctl", "grant", "list"])
    assert grant[:8] not in listed.out
    told = site.box.run("hufuctl status").text + site.box.sh("journalctl --no-pager -u hufud -n 50")
    assert "damaged" in told or "malformed" in told or "not a database" in told, told
