"""Day two: reload, restart, stop, a loop that hangs. Whoever is in stays in, whoever is on the way in gets in, and deadlines are kept."""

import re
import time

import pytest

from box import HANGS
from site_setup import HOST

CONF = "/etc/hufu/hufud.conf"


def reloads(site, result):
    return len(site.audit(event="reload", result=result))


def reload(site):
    """Returns once it is on record."""
    before = reloads(site, "success")
    site.box.sh("systemctl reload hufud")
    site.box.until(lambda: reloads(site, "success") == before + 1)


def slow_account(site, seconds):
    """Account and session phase of sshd lie so far apart."""
    site.box.sh(f"sed -i '0,/^session/s//session optional pam_exec.so quiet \\/bin\\/sleep {seconds}\\nsession/' /etc/pam.d/sshd")


def test_reload_with_a_session_and_a_login_on_its_way(fresh_site):
    site, box = fresh_site, fresh_site.box
    grant = site.grant(uses="2 per-host", sessions="2", **{"max-session": "12s"})
    running, session = site.session_open()
    pid = site.daemon_pid()
    slow_account(site, 2)
    coming = site.ssh_start(command="echo in; sleep 600")
    box.until(lambda: "reserved" in [s["state"] for s in site.sessions()])
    box.sh(f"sed -i 's/^\\[host\\]$/[host]\\ngroups = databases/' {CONF}")
    reload(site)
    assert site.ctl("status")["groups"] == ["databases"]
    box.until(lambda: [s["state"] for s in site.sessions()] == ["open", "open"])
    assert site.daemon_pid() == pid
    found = {s["number"]: s for s in site.live()}
    assert found[session["number"]]["deadline"] == session["deadline"]
    taken = next(g for g in site.ctl("grant", "list") if g["id"] == grant)
    assert (taken["uses_taken"], taken["sessions_live"]) == (2, 2)
    # Its deadline holds as if nothing had been.
    running.wait(timeout=running.began + 12 - time.monotonic() + HANGS)
    box.until(lambda: session["number"] not in [s["number"] for s in site.sessions()])
    assert not coming.ended
    coming.wait(timeout=20)
    assert [s["reason"] for s in site.sessions("--all")] == ["max-session", "max-session"]


def test_a_wrong_file_is_not_taken(fresh_site):
    site, box = fresh_site, fresh_site.box
    site.grant()
    running, _ = site.session_open()
    before = box.get(CONF)
    box.sh(f"sed -i 's/^host = .*/host = another.example/; $a unknown = 1' {CONF}")
    done = box.run("systemctl reload hufud")
    assert not done.ok, done
    box.until(lambda: reloads(site, "failure") == 1)
    status = site.ctl("status")
    line = before.decode().count("\n") + 1
    assert status["host"] == HOST
    assert any(f["subject"] == "configuration" and f"line {line}" in f["message"] for f in status["findings"]), status
    assert re.search(rf"hufud: {CONF}, line {line}", box.sh("journalctl --no-pager -u hufud -n 30"))
    assert "stays in force" in box.sh("systemctl show -p StatusText hufud")
    assert not running.ended and site.ssh().ok
    box.put(CONF, before)
    reload(site)
    assert [f for f in site.ctl("status")["findings"] if f["subject"] == "configuration"] == []
    assert not running.ended and site.ssh().ok


def test_language_changes_without_a_restart(fresh_site):
    site, box = fresh_site, fresh_site.box
    box.sh(f"sed -i '/^language/d; /^.texts.$/d' {CONF}")
    box.sh(f"printf '[texts]\\nlanguage = en\\n' >> {CONF}")
    reload(site)
    refused = lambda: site.ssh(key=None, password="pw").text
    assert refused().isascii()
    box.sh(f"sed -i 's/^language = .*/language = zh_CN/' {CONF}")
    reload(site)
    assert "授权" in refused()
    box.sh(f"sed -i 's/^language = .*/language = en/' {CONF}")
    reload(site)
    assert refused().isascii()


def test_reaper_reloads_and_keeps_its_leases(fresh_site):
    """The longest session of a class is cut, and the reaper itself ends what is over it."""
    site, box = fresh_site, fresh_site.box
    site.grant(**{"max-session": "1h"})
    running, _ = site.session_open()
    pid = site.daemon_pid("hufu-reaper")
    box.sh("echo nonsense >> /etc/hufu/reaper.conf")
    assert not box.run("systemctl reload hufu-reaper").ok
    assert "stays in force" in box.until(lambda: box.sh("systemctl show -p StatusText --value hufu-reaper"))
    assert not running.ended
    box.sh("sed -i '$d; s/^max-session-normal = .*/max-session-normal = 2/' /etc/hufu/reaper.conf")
    box.sh("systemctl reload hufu-reaper")
    running.wait(timeout=HANGS)
    assert site.daemon_pid("hufu-reaper") == pid
    # Who says so first: the reaper, or the leader that is gone.
    box.until(lambda: [s["reason"] for s in site.sessions("--all")][0] in ("lease-lapsed", "logged-out"))
    assert "the lease of session" in box.sh("journalctl --no-pager -u hufu-reaper -n 20")


def test_a_login_during_a_restart_waits_and_gets_in(fresh_site):
    site, box = fresh_site, fresh_site.box
    site.grant(uses="unlimited")
    logins = [site.ssh_start(command="echo in") for _ in range(3)]
    box.sh("systemctl restart hufud")
    logins += [site.ssh_start(command="echo in")]
    for login in logins:
        done = login.wait(timeout=20)
        assert done.out == "in\n", done


def drop_in(site, unit, text):
    site.box.put(f"/etc/systemd/system/{unit}.service.d/test.conf", text)
    site.box.sh(f"systemctl daemon-reload; systemctl restart {unit}")
    site.box.until("hufuctl status")


@pytest.mark.parametrize("unit", ["hufud", "hufu-reaper"])
def test_a_loop_that_hangs_is_begun_anew(fresh_site, unit):
    site, box = fresh_site, fresh_site.box
    drop_in(site, unit, "[Service]\nWatchdogSec=2s\n")
    site.grant(**{"max-session": "15s"})
    running, session = site.session_open()
    pid = site.daemon_pid(unit)
    site.signal("STOP", unit)
    box.until(lambda: site.daemon_pid(unit) not in (0, pid), timeout=20)
    box.until("hufuctl status")
    assert box.sh(f"systemctl show -p NRestarts --value {unit}") != "0"
    assert not running.ended
    box.until(lambda: [s["number"] for s in site.live()] == [session["number"]])
    assert site.live()[0]["deadline"] == session["deadline"]
    box.until(lambda: site.ssh().ok)
    if unit == "hufud":
        return
    # The reaper that begins anew keeps the leases of the one before.
    running.wait(timeout=running.began + 15 - time.monotonic() + HANGS)
    box.until(lambda: site.live() == [])
    assert box.processes("zhang.san") == []


def test_shipped_units_watch(site):
    for unit in ("hufud", "hufu-reaper"):
        assert site.box.sh(f"systemctl show -p WatchdogUSec --value {unit}") == "30s"


def test_stop_answers_who_waits(fresh_site, disk):
    """A login whose record is just being written, and a revocation that waits for its proof: both are answered."""
    site, box = fresh_site, fresh_site.box
    site.grant(uses="unlimited")
    other = site.grant(source="10.9.9.9/32")
    assert site.ssh().ok
    disk("delay_enter=400000")
    coming = site.ssh_start(command="echo in")
    revoking = box.start(["hufuctl", "revoke", other])
    time.sleep(0.3)
    stopped = box.run("systemctl stop hufud", timeout=30)
    assert stopped.ok and stopped.seconds < HANGS, stopped
    assert box.sh("systemctl show -p Result --value hufud") == "success"
    assert revoking.wait(timeout=HANGS).ok
    came_in = coming.wait(timeout=HANGS + 4)
    box.sh("systemctl start hufud")
    box.until("hufuctl status")
    # In with a record, or refused: never left hanging, never in without one.
    assert not came_in.ok or len(site.audit(event="session-open", result="success")) == 2
    assert next(g for g in site.ctl("grant", "list", "--all") if g["id"] == other)["state"] == "revoked"
    assert any(r["event"] == "broker-stop" for r in site.audit())


def test_sockets_of_the_service_manager_work_too(fresh_site):
    """Socket units are not shipped (docs/architecture), but a site may have its own."""
    site, box = fresh_site, fresh_site.box
    for name in ("gate", "control"):
        box.put(
            f"/etc/systemd/system/hufud-{name}.socket",
            f"[Socket]\nListenStream=/run/hufu/{name}\nSocketUser=hufu\nSocketMode=0666\nFileDescriptorName={name}\nService=hufud.service\n"
            "[Install]\nWantedBy=sockets.target\n",
        )
    box.sh("systemctl stop hufud; systemctl daemon-reload; systemctl start hufud-gate.socket hufud-control.socket")
    site.grant()  # which starts it
    assert site.ssh().ok
    inode = box.sh("stat -c %i /run/hufu/gate")
    box.sh("systemctl restart hufud")
    assert site.ssh().ok
    assert box.sh("stat -c %i /run/hufu/gate") == inode
    # Whoever connects starts what was stopped.
    box.run("systemctl stop hufud")
    assert site.ssh().ok
    # One that cannot start: somebody listens, and nobody answers.
    box.sh(f"echo nonsense >> {CONF}")
    box.run("systemctl restart hufud")
    for _ in range(2):
        refused, staff = site.ssh(), site.ssh("staff.person")
        assert not refused.ok and refused.seconds < HANGS, refused
        assert staff.out == "staff.person\n" and staff.seconds < HANGS, staff
