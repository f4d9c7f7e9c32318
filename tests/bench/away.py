"""See tests/bench/away. Prints; what it asserts is that everybody of the department came in."""

import contextlib
import os
import statistics

import pytest

from failures import AROUND, BROKER, during, people

ROUNDS = int(os.environ.get("HUFU_BENCH_ROUNDS", "50"))
# How often each way is taken before the other has its turn.
TURN = 5

# In the box, so that entering it is not measured. Prints milliseconds, one a line.
TIMED = r"""#!/usr/bin/python3
import subprocess, sys, time
for _ in range(int(sys.argv[1])):
    begin = time.perf_counter()
    subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    print((time.perf_counter() - begin) * 1000)
"""


@pytest.fixture(scope="module")
def host(guarded):
    people(guarded)
    box = guarded.box
    box.put("/root/timed", TIMED, "755")
    # Another sshd beside it, and another su, whose stacks are those from before.
    box.sh(
        "mkdir -p /root/plain/pam.d && cp /etc/pam.d/* /root/plain/pam.d/ && sed -i '/pam_hufu\\.so/d; /gated/d; /pam_succeed_if/d; /pam_loginuid.so/d'"
        " /root/plain/pam.d/common-account /root/plain/pam.d/common-session*"
    )
    assert "hufu" not in box.sh("cat /root/plain/pam.d/common-*")
    return guarded


@contextlib.contextmanager
def plain(site):
    """Without a line of Hufu's."""
    site.box.sh("mv /etc/ssh/sshd_config.d/00-hufu.conf /root/plain/ && mount --bind /root/plain/pam.d /etc/pam.d && systemctl reload ssh")
    yield
    site.box.sh("umount /etc/pam.d && mv /root/plain/00-hufu.conf /etc/ssh/sshd_config.d/ && systemctl reload ssh")


@contextlib.contextmanager
def nothing(site):
    yield


def ways(site):
    argv, _ = site.box.ssh_argv("staff.person", "true", key=site.keys["staff.person"])
    return {"ssh": argv, "su": ["su", "staff.person", "-c", "true"]}


def timed(site, way):
    return [float(line) for line in site.box.sh(["/root/timed", str(TURN), *way], timeout=120).splitlines()]


def knock(site):
    """What becomes of a vendor's person who comes by password, and what ssh takes to say so."""
    told = site.ssh("qian.er", key=None, password="pw")
    return told.ok, told.seconds


@pytest.mark.parametrize("failure", [nothing, *BROKER, *AROUND], ids=lambda failure: failure.__name__)
def test_away(host, failure):
    found, knocks = {(name, how): [] for name in ways(host) for how in ("with", "without")}, []
    for _ in range(0, ROUNDS, TURN):
        with during(failure, host):
            for name, way in ways(host).items():
                found[name, "with"] += timed(host, way)
            knocks.append(knock(host))
        with during(plain, host):
            for name, way in ways(host).items():
                found[name, "without"] += timed(host, way)
    line = f"\n{failure.__name__:<28}"
    for name in ways(host):
        ours, bare = (statistics.median(found[name, how]) for how in ("with", "without"))
        line += f" {name:>4} {ours:7.1f} ms, without Hufu {bare:7.1f} ms, ratio {ours / bare:5.2f}  "
    outcome = " and ".join(sorted({"let in" if ok else "refused" for ok, _ in knocks}))
    print(f"{line} vendor {outcome} within {max(seconds for _, seconds in knocks):.1f} s")
