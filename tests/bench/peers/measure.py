"""Slices of the harness, and what its samples say."""

import array
import json
import random
import struct

from setting import FOLDER, HURRY

SAMPLE = struct.Struct("=qqqii")

# In the box: the instants of what a hufud recorded, nanoseconds, oldest first.
RECORDS = r"""#!/usr/bin/python3
import calendar, json, socket, sys, time
control = socket.socket(socket.AF_UNIX)
control.connect(sys.argv[1])
after, octets, found = int(sys.argv[2]), b"", []
while True:
    call = {"method": "org.hufu.control.Audit", "parameters": {"event": "login", "after": after, "limit": 1000}}
    control.sendall(json.dumps(call).encode() + b"\0")
    while b"\0" not in octets:
        octets += control.recv(1 << 20)
    reply, _, octets = octets.partition(b"\0")
    records = json.loads(reply)["parameters"]["records"]
    for r in records:
        seconds, _, rest = r["time"].rstrip("Z").partition(".")
        if r["result"] == "success":
            found.append(calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1000000000 + int(rest) * 1000)
        after = r["sequence"]
    if len(records) < 1000:
        break
print(json.dumps([after, found]))
"""


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Figures:
    """What was measured of one contestant in one way of asking: microseconds, in order."""

    def __init__(self, took, rate):
        self.took, self.rate = sorted(took), rate

    def p(self, share):
        return percentile(self.took, share)


class Harness:
    def __init__(self, box, texts):
        self.box, self.texts = box, texts
        box.put("/root/records", RECORDS, "755")

    def run(self, mode, rounds, slice_ms, processes, pause_us=0, only=None):
        """Samples by contestant, and lines by contestant: (questions, nanoseconds) of each slice."""
        texts = [text for text in self.texts if only is None or text.split("=")[0] in only]
        out = f"/tmp/samples-{mode}-{processes}"
        self.box.sh(f"mkdir -p {out}")
        seconds = rounds * len(texts) * (slice_ms / 1000 + 2) + 60
        lines = self.box.sh([*HURRY, f"{FOLDER}/harness", mode, out, str(rounds), str(slice_ms), str(processes), str(pause_us), *texts], timeout=seconds)
        slices = {}
        for line in lines.splitlines():
            name, _, questions, refused, took = line.split()
            assert refused == "0", f"not all of {name} were granted: {line}"
            slices.setdefault(name, []).append((int(questions), int(took)))
        samples = {name: list(SAMPLE.iter_unpack(self.box.get(f"{out}/{name}"))) for name in slices}
        self.box.sh(f"rm -rf {out}")
        return samples, slices

    def figures(self, *how, **more):
        samples, slices = self.run(*how, **more)
        return {name: Figures(array.array("d", (s[1] / 1000 for s in samples[name])), rate_of(slices[name])) for name in slices}, samples

    def recorded(self, size, after=0):
        """The instants of the logins that a hufud recorded, beyond a record, and the last record."""
        last, found = json.loads(self.box.sh(["/root/records", f"/run/hufu-{size}/control", str(after)], timeout=120))
        return last, found


def rate_of(slices):
    return sum(n for n, _ in slices) / sum(took for _, took in slices) * 1e9


def heard(samples, instants):
    """Nanoseconds from the beginning of each question until the broker had decided and was about to write, by the instants in its
    ledger: each question has exactly one, between its beginning and its end. (Those of the harness's first questions have no sample.)
    """
    instants, at, found = sorted(instants), 0, []
    for began, took, *_ in samples:
        while at < len(instants) and instants[at] < began - 1000:
            at += 1
        if at < len(instants) and instants[at] <= began + took:
            found.append(max(instants[at] - began, 0))
            at += 1
    return found


def up_to_the_commit(samples, instants, slim):
    """Microseconds of the whole transaction but for the commit: until the broker had decided, and then what the slim module takes from the
    moment its server had the question until the end. Both are drawn from what was measured, independently of one another.
    """
    ways = heard(samples, instants)
    assert len(ways) > 0.98 * len(samples), f"{len(samples)} logins and {len(ways)} records"
    back = [began + took - said for began, took, said, *_ in slim]
    draw = random.Random(1)
    return Figures([(way + draw.choice(back)) / 1000 for way in ways], 0)
