"""See tests/bench/revoke. Prints; what it asserts is that each revoke proved what it said."""

import json
import os
import statistics

import pytest

ROUNDS = int(os.environ.get("HUFU_BENCH_ROUNDS", "50"))

# In the box, so that entering it is not measured. Prints milliseconds: of the command, of the ending as hufud tells it, of the
# bare kill, and of the end of a user manager alone, somebody else's, which a bare SIGKILL ends.
TIMED = r"""#!/usr/bin/python3
import json, os, pwd, select, signal, subprocess, sys, time

def milliseconds(begin):
    return (time.perf_counter() - begin) * 1000

def bare():
    path = "/sys/fs/cgroup/bare"
    os.makedirs(path, exist_ok=True)
    inside = lambda: open(path + "/cgroup.procs", "w").write("0")
    shell = subprocess.Popen(["sh", "-c", "for i in $(seq 99); do sleep 600 & done; echo; wait"], stdout=subprocess.PIPE, preexec_fn=inside)
    shell.stdout.readline()
    begin = time.perf_counter()
    open(path + "/cgroup.kill", "w").write("1")
    while "populated 0" not in open(path + "/cgroup.events").read():
        pass
    took = milliseconds(begin)
    shell.wait()
    return took

def manager():
    unit = "user@%d.service" % pwd.getpwnam("staff.person").pw_uid
    subprocess.run(["sh", "-c", 'systemctl reset-failed "$0"; exec systemctl start "$0"', unit], stderr=subprocess.DEVNULL, check=True)
    shown = subprocess.run(["systemctl", "show", "--value", "-p", "MainPID", unit], stdout=subprocess.PIPE, check=True)
    gone = os.pidfd_open(int(shown.stdout))
    begin = time.perf_counter()
    signal.pidfd_send_signal(gone, signal.SIGKILL)
    select.select([gone], [], [])
    return milliseconds(begin)

begin = time.perf_counter()
done = subprocess.run(["hufuctl", "--json", "revoke", sys.argv[1]], stdout=subprocess.PIPE, check=True)
took = milliseconds(begin)
ending = json.loads(done.stdout)["ending"]
numbers = {"revoke": took, "ending": ending["took_us"] / 1000, "bare": bare(), "manager": manager()}
print(json.dumps({**numbers, "processes": ending["processes"], "proven": ending["proven"]}))
"""

HUNDRED = "for i in $(seq 100); do sleep 600 & done; wait"


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def shown(values):
    return f"{statistics.median(values):.0f}, {percentile(values, 0.99):.0f} ms"


@pytest.mark.parametrize("terminal", [False, True], ids=["without a terminal", "with a terminal, told why"])
def test_revoke(site, terminal):
    box = site.box
    box.put("/root/timed", TIMED, "755")
    rounds = []
    for _ in range(ROUNDS):
        grant = site.grant()
        running = site.shell("zhang.san", "set +m") if terminal else site.ssh_start(command=HUNDRED)
        if terminal:
            running.sendline(HUNDRED)
        box.until(lambda: len(box.run("pgrep -u zhang.san -x sleep").out.split()) == 100, timeout=30)
        rounds.append(json.loads(box.sh(["/root/timed", grant])))
        assert rounds[-1]["proven"] and rounds[-1]["processes"] >= 100 and box.processes("zhang.san") == []
        running.terminate(force=True) if terminal else running.wait()
    revoke, proof, bare, manager = ([r[what] for r in rounds] for what in ("revoke", "ending", "bare", "manager"))
    if not terminal:
        print(f"\n{ROUNDS} rounds, 100 processes: p50, p99\n")
        head = ["session", "`hufuctl revoke`, until it returns", "of that, from the order to the proof"]
        print(f"| {' | '.join(head)} | bare `cgroup.kill` | bare kill of a user manager | medians |")
        print("|---|---|---|---|---|---|")
    ratio = statistics.median(revoke) / statistics.median(bare)
    columns = " | ".join(shown(values) for values in (revoke, proof, bare, manager))
    print(f"| {'with' if terminal else 'without'} a terminal | {columns} | {ratio:.1f} x |")
