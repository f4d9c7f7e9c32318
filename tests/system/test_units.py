"""The shipped units, on a booted systemd: their sandbox as systemd-analyze judges it and as the kernel holds it; sessions and scopes
of logind; restart and reload of each service under a live session."""

import json
import time

import pytest

from box import HANGS

SERVICES = ["hufud", "hufu-reaper", "hufu-ldapd", "hufu-status", "hufu-heartbeat"]
EXPOSURE = 2.0


@pytest.mark.parametrize("unit", SERVICES)
def test_exposure(site, unit):
    """A mark, not a time: it changes when somebody takes a line out of a unit."""
    reported = site.box.sh(f"systemd-analyze security --no-pager {unit}.service").splitlines()[-1]
    assert float(reported.split(": ")[1].split()[0]) <= EXPOSURE, reported
    found = json.loads(site.box.sh(f"systemd-analyze security --json=short {unit}.service"))
    assert len(found) > 50
    without = {check["name"] for check in found if check["set"] is False and float(check["exposure"] or 0) >= 0.3}
    # A uid of its own for all but the reaper, a network for those alone that need one.
    allowed = {"hufud": set(), "hufu-reaper": {"User=/DynamicUser="}}
    network = {"PrivateNetwork=", "RestrictAddressFamilies=~AF_(INET|INET6)"}
    assert without <= allowed.get(unit, network), without


def test_what_the_kernel_holds_of_it(site):
    """Asked of the running processes: no capability but one, no new privilege, filtered calls, a network of their own."""
    box = site.box
    for unit, bounding in (("hufud", 0), ("hufu-reaper", 1 << 5)):
        pid = site.daemon_pid(unit)
        status = dict(line.split(":\t", 1) for line in box.get(f"/proc/{pid}/status").decode().splitlines() if ":\t" in line)
        assert int(status["CapBnd"], 16) == bounding and int(status["CapEff"], 16) & ~bounding == 0, status
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
        if unit == "hufud":
            # A table of descriptors that never grows: where there are threads, each growth has a login wait.
            assert status["FDSize"].strip() == box.sh("systemctl show -P LimitNOFILE hufud").strip()
        inside = f"nsenter -t {pid} -m -n"
        assert box.sh(f"{inside} ls /sys/class/net 2>/dev/null || {inside} sed -n 3p /proc/net/dev") in ("lo", "")
        for path in ("/etc/hufu/x", "/usr/sbin/x", "/var/lib/x", "/x"):
            assert not box.run(f"{inside} touch {path}").ok, path
    # The reaper writes to terminals and to no other device.
    devices = box.sh("systemctl show -p DevicePolicy -p DeviceAllow hufu-reaper")
    assert "DevicePolicy=closed" in devices and "char-pts w" in devices and "char-tty w" in devices


def test_folders_of_its_own(site):
    """The store, and apart from it the anchor that tells an older one: nobody else's, and all that hufud may write of /var/lib."""
    box = site.box
    inside = f"nsenter -t {site.daemon_pid('hufud')} -m"
    assert set(box.sh("systemctl show -P StateDirectory hufud").split()) == {"hufu", "hufu-anchor"}
    for folder in ("/var/lib/hufu", "/var/lib/hufu-anchor"):
        assert box.sh(f"stat -c '%a %U %G' {folder}").strip() == "700 hufu hufu"
        box.sh(f"{inside} touch {folder}/x && rm {folder}/x")
    assert box.sh("stat -c '%a %U %G' /var/lib/hufu-anchor/anchor").strip() == "600 hufu hufu"


def scope(box, pid):
    return box.sh(f"cat /proc/{pid}/cgroup").split("::")[1]


def test_session_has_its_scope_and_its_manager(site):
    box = site.box
    site.grant()
    running, session = site.session_open(command="systemd-run --user --quiet sleep 700; sleep 600")
    listed = json.loads(box.sh("loginctl list-sessions -o json"))
    mine = [entry["session"] for entry in listed if entry["user"] == "zhang.san"]
    assert len(mine) == 1
    shown = box.sh(f"loginctl show-session {mine[0]} -p Scope -p Leader -p Service -p Remote").splitlines()
    assert {"Service=sshd", "Remote=yes", f"Scope=session-{mine[0]}.scope"} <= set(shown), shown
    assert f"Leader={session['leader']}" in shown
    sleeper = box.until(lambda: box.run("pgrep -u zhang.san -f 'sleep [6]00'").out).split()[-1]
    assert scope(box, sleeper).endswith(f"/session-{mine[0]}.scope")
    # What the manager started has a scope of the manager's, and the login uid all the same.
    started = box.until(lambda: box.run("pgrep -u zhang.san -f 'sleep [7]00'").out).split()[-1]
    assert "/user@20001.service/" in scope(box, started)
    assert box.sh(f"cat /proc/{started}/loginuid") == "20001"
    running.kill()
    box.until(lambda: box.processes("zhang.san") == [])
    box.until("! systemctl is-active user@20001.service")
    box.until(lambda: not [e for e in json.loads(box.sh("loginctl list-sessions -o json")) if e["user"] == "zhang.san"])
    assert not box.run("ls -d /sys/fs/cgroup/user.slice/user-20001.slice/session-*.scope").ok


@pytest.mark.parametrize("how", ["restart", "reload", "stop and start"])
def test_a_session_outlives_it_and_ends_in_time(joined, how):
    """Each service in its turn, all of them under one session; then the session ends when it should."""
    site, box = joined, joined.box
    site.published(**{"max-session": "14s"})
    running, session = site.session_open(command="trap '' HUP TERM; sleep 601; sleep 602")
    for unit in ("hufu-reaper", "hufud", "hufu-ldapd"):
        if how == "stop and start":
            box.sh(f"systemctl stop {unit} && systemctl start {unit}")
        elif unit != "hufu-ldapd" or how == "restart":
            box.sh(f"systemctl {how} {unit}")
        assert box.sh(f"systemctl is-active {unit}") == "active"
        box.until("hufuctl status")
        assert not running.ended
        assert [(s["number"], s["deadline"]) for s in site.live()] == [(session["number"], session["deadline"])]
    box.until(lambda: site.ssh().ok)
    running.wait(timeout=running.began + 14 - time.monotonic() + HANGS)
    box.until(lambda: site.live() == [])
    assert box.processes("zhang.san") == []
    assert [s["reason"] for s in site.sessions("--all") if s["number"] == session["number"]] == ["max-session"]


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_without_the_directorys_client(joined, how):
    """What is known stays in force, as long as the last status does (test_attacker_away); nobody waits for it."""
    site, box = joined, joined.box
    grant = site.published()
    if how == "stop":
        box.sh("systemctl stop hufu-ldapd")
    else:
        site.signal("STOP", "hufu-ldapd")
    for account in ("staff.person", "zhang.san"):
        came_in = site.ssh(account)
        assert came_in.out == f"{account}\n" and came_in.seconds < HANGS, came_in
    running, _ = site.session_open()
    assert site.revoke(grant).ok
    running.wait(timeout=5)
    if how == "stop":
        box.sh("systemctl start hufu-ldapd")
    else:
        site.signal("CONT", "hufu-ldapd")
