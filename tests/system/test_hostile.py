"""Clients that are slow, silent, many or mad, against the real hufud: each ends only itself. Meanwhile and afterwards vendors log in,
the department does not notice, operators are answered, and hufud is as large as it was."""

import pytest

from box import HANGS

PROGRAM = "/usr/local/bin/hostile"

# hostile WHAT N: does it with N connections at once, again and again, until it is killed. Says `ready` after the first time.
HOSTILE = r'''#!/usr/bin/python3
import os, resource, select, socket, sys, time

what, n = sys.argv[1], int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (n + 64, max(n + 64, resource.getrlimit(resource.RLIMIT_NOFILE)[1])) if os.getuid() == 0 else (n + 64,) * 2)
GATE, CONTROL = "/run/hufu/gate", "/run/hufu/control"
FRAME = b"HUFU" + bytes([0, 1, 0, 1, 0, 0, 4, 0])
STATUS = b'{"method":"org.hufu.control.Status"}\0'


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(2)
    try:
        s.connect(path)
    except OSError:
        pass
    return s


def send(s, octets):
    try:
        s.send(octets)
    except OSError:
        pass


def garbage(path):
    for octet in (b"\xff", b"\0", b"{", b"H"):
        send(connect(path), octet * 65536)


ONE = {
    "garbage-gate": lambda: garbage(GATE),
    "garbage-control": lambda: garbage(CONTROL),
    "dies-in-frame": lambda: send(connect(GATE), FRAME + b"x" * 100),
    "dies-in-call": lambda: send(connect(CONTROL), STATUS[:-10]),
}
HELD = {
    "silent-gate": (GATE, b""),
    "silent-control": (CONTROL, b""),
    "slow-gate": (GATE, FRAME[:1]),
    "slow-control": (CONTROL, STATUS[:1]),
    "never-reads": (CONTROL, STATUS * 1000),
}


def stand_in_line(path):
    """Silent, and at the end of the line again as soon as it is hung up on."""
    line, standing = select.poll(), {}

    def join():
        s = connect(path)
        standing[s.fileno()] = s
        line.register(s, 0)

    for _ in range(n):
        join()
    print("ready", flush=True)
    while True:
        for place, _ in line.poll():
            line.unregister(place)
            standing.pop(place).close()
            join()


if what == "line-at-gate":
    stand_in_line(GATE)
ready = False
while True:
    if what in ONE:
        for _ in range(n):
            ONE[what]()
    else:
        path, octets = HELD[what]
        held = [connect(path) for _ in range(n)]
        for _ in range(10):
            for s in held:
                send(s, octets)
            if not ready:
                print("ready", flush=True)
                ready = True
            time.sleep(0.2)
        for s in held:
            s.close()
    if not ready:
        print("ready", flush=True)
        ready = True
    time.sleep(0.01)
'''

ATTACKS = ["garbage-gate", "garbage-control", "dies-in-frame", "dies-in-call", "slow-gate", "slow-control", "never-reads", "silent-control"]


@pytest.fixture(scope="module")
def besieged(guarded):
    """The guarded host, with those who will attack it: a vendor's person without a grant, somebody of the department, and root."""
    guarded.box.put(PROGRAM, HOSTILE, mode="755")
    guarded.attackers = [guarded.newcomer(), "staff.person", "nobody", "root"]
    return guarded


def attack(site, what, crowd):
    """`crowd` is a number of connections by attacker."""
    running = [site.box.start(["setpriv", "--reuid", who, "--regid", "nogroup", "--clear-groups", PROGRAM, what, str(n)]) for who, n in crowd.items()]
    for each in running:
        assert each.process.stdout.readline() == "ready\n", each.wait()
    return running


def descriptors(site):
    return int(site.box.sh(f"ls /proc/{site.daemon_pid()}/fd | wc -l"))


def resident(site):
    """KiB."""
    return int(site.box.sh(f"sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/{site.daemon_pid()}/status"))


def ticks(site):
    fields = site.box.get(f"/proc/{site.daemon_pid()}/stat").decode().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def nobody_else_notices(site, vendors=True):
    staff = site.ssh("staff.person")
    assert staff.out == "staff.person\n" and staff.seconds < HANGS, staff
    # Root asks, too, and shares root's places with an attacker who is root: in its turn, then.
    site.box.until(lambda: site.box.run("hufuctl status").code in (0, 1), timeout=HANGS)
    vendor = site.ssh()
    assert vendor.seconds < HANGS, vendor
    assert vendor.out == "zhang.san\n" or not vendors, vendor


def as_before(site, pid, before):
    assert site.daemon_pid() == pid
    site.box.until(lambda: descriptors(site) <= before, timeout=HANGS)
    came_in = site.ssh()
    assert came_in.out == "zhang.san\n", (came_in.text, [(r["event"], r["reason"], r["detail"]) for r in site.audit()[-5:]])


def relieve(site, running):
    for each in running:
        each.kill()
    # setpriv and what it became are in the box's own namespace of processes: killed from outside they are gone.
    site.box.until("! pgrep -f /usr/local/bin/[h]ostile")


@pytest.mark.parametrize("what", ATTACKS)
def test_each_ends_only_itself(site, besieged, what):
    site.grant(uses="unlimited")
    assert site.ssh().ok
    pid, before = site.daemon_pid(), descriptors(site)
    # Of root, too, the control socket takes so many and no more: the test itself is root.
    running = attack(site, what, {who: 16 if who == "root" else 32 for who in besieged.attackers})
    nobody_else_notices(site)
    relieve(site, running)
    as_before(site, pid, before)


def test_five_thousand_at_the_gate(site, besieged):
    """Three uids that are nobody, and root. Twice: what the first time took, the second does not take again."""
    site.grant(uses="unlimited")
    assert site.ssh().ok
    pid, before, sizes = site.daemon_pid(), descriptors(site), []
    crowd = dict(zip(besieged.attackers, (1400, 1300, 1300, 1000)))
    for _ in range(2):
        running = attack(site, "silent-gate", crowd)
        nobody_else_notices(site)
        relieve(site, running)
        as_before(site, pid, before)
        sizes.append(resident(site))
    assert sizes[1] < sizes[0] + 4096, sizes


def test_out_of_descriptors(fresh_site):
    """Root takes all of them: hufud neither spins nor dies, and recovers. The department never needed one."""
    site, box = fresh_site, fresh_site.box
    box.put(PROGRAM, HOSTILE, mode="755")
    site.grant(uses="unlimited")
    site.vendor("qian.er", 20002)
    site.grant("qian.er", key="password", uses="unlimited")
    assert site.ssh().ok
    box.put("/etc/systemd/system/hufud.service.d/test.conf", "[Service]\nLimitNOFILE=64\n")
    box.sh("systemctl daemon-reload; systemctl restart hufud")
    box.until("hufuctl status")
    assert site.ssh().ok
    pid, before = site.daemon_pid(), descriptors(site)
    running = attack(site, "line-at-gate", {"root": 400})
    box.until(lambda: descriptors(site) >= 60)
    used = ticks(site)
    staff = site.ssh("staff.person")
    assert staff.out == "staff.person\n" and staff.seconds < HANGS, staff
    told = site.ssh("qian.er", key=None, password="pw")
    assert not told.ok and "Hufu: " in told.text and told.seconds < HANGS, told
    box.sh("sleep 1")
    # A loop that spins uses a hundred ticks a second.
    assert ticks(site) - used < 60
    relieve(site, running)
    # Those who gave up still stand in the queue, and are hung up on one after the other.
    box.until(lambda: site.ssh().ok, timeout=20)
    # (What qian.er asked is judged when its turn comes, and reserved for a while: a pidfd, and its time.)
    as_before(site, pid, before + 2)
    assert box.run("hufuctl status").seconds < HANGS


def test_operators_are_answered_while_strangers_fill_the_control_socket(site, besieged):
    box = site.box
    box.run("useradd --key UID_MAX=19999 -m -G hufu-operators op.erator")
    strangers = [f"stranger.{i}" for i in range(4)]
    for name in strangers:
        box.run(["useradd", "--badname", "--key", "UID_MAX=19999", name])
    running = attack(site, "silent-control", {name: 40 for name in strangers})
    told = box.run(["hufuctl", "--json", "status"], user="op.erator")
    assert '"host"' in told.out, told
    relieve(site, running)
