"""See tests/bench/soak. Logins over a time, and what hufud, hufu-reaper and hufu-ldapd hold meanwhile; fails if that grows."""

import os
import random
import statistics
import time

# Logins, minutes, and `logins` or `mixed`.
LOGINS, MINUTES, KIND = os.environ.get("HUFU_SOAK", "500 20 logins").split()
LOGINS, MINUTES = int(LOGINS), float(MINUTES)
UNITS = ("hufud", "hufu-reaper", "hufu-ldapd")
# Until then the allocator's lists and the tables that double fill.
WARM_UP = 0.3
# SQLite keeps 2,048 KiB of the store's pages (SQL_CACHE_KIB), and takes memory for each until then: some 2 KiB a login. So before anything
# is looked at, so much is written that these are full. What was written is in the main file when its log was copied to it, which a
# thousand pages of log cause. Of locks of nobody nothing is left, but two records each.
CACHE = 2048
FILL = rf"""
import json, os, socket

def call(method, **parameters):
    connection.sendall(json.dumps({{"method": f"org.hufu.control.{{method}}", "parameters": parameters}}).encode() + b"\0")
    answer = b""
    while not answer.endswith(b"\0"):
        answer += connection.recv(65536) or exit("hung up")
    assert "error" not in json.loads(answer[:-1]), answer

who = dict(scope="staff", name="nobody.here", why="x" * 200)
connection = socket.socket(socket.AF_UNIX)
connection.connect("/run/hufu/control")
while os.stat("/var/lib/hufu/hufu.db").st_size < {CACHE * 1.5} * 1024:
    call("Lock", **who)
    call("Unlock", **who)
"""
# KiB. malloc takes memory from the kernel in steps of 128 KiB and 4 KiB; one step is no growth, if no other follows.
STEP = 132
SAMPLES = 60

# In the box, in one go: what the kernel says of each process, and what is left of sessions.
LOOK = r"""
for unit in hufud hufu-reaper hufu-ldapd; do
  pid=$(systemctl show -p MainPID --value $unit)
  set -- $(awk '/^Pss:/ {pss = $2} /^Pss_Anon:/ {anonymous = $2} END {print pss, anonymous}' /proc/$pid/smaps_rollup)
  heap=$(awk '/\[heap\]/ {heap = 1; next} /^Private_Dirty:/ && heap {print $2; exit}' /proc/$pid/smaps)
  echo $unit $pid $1 $2 ${heap:-0} $(ls /proc/$pid/fd | wc -l) $(ls /proc/$pid/task | wc -l)
done
echo left $(pgrep -c -u zhang.san,qian.er) $(find /sys/fs/cgroup -name 'session-*.scope' | while read -r s; do
  for p in $(cat $s/cgroup.procs); do stat -c %u /proc/$p 2>/dev/null; done; done | grep -c '^20[0-9][0-9][0-9]$') \
  $(find /sys/fs/cgroup/hufu.reaper -mindepth 1 -type d 2>/dev/null | wc -l) $(find /run/hufu-reaper -type f -name '[0-9]*' | wc -l)
"""
FIELDS = ("pid", "pss", "anonymous", "heap", "fds", "threads")


class Soak:
    def __init__(self, site):
        self.site, self.samples, self.done, self.refused = site, [], {}, 0
        self.random = random.Random(7)
        self.grant = site.grant(uses="unlimited", sessions="20")
        site.box.put("/root/fill", FILL)
        site.box.sh("python3 /root/fill", timeout=600)

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    # --- what is done

    def login(self):
        done = self.site.ssh(command="id -un")
        assert done.out == "zhang.san\n", done
        self.count("logins")

    def knock(self):
        assert not self.site.ssh("qian.er").ok
        self.count("refusals")

    def wrong_key(self):
        assert not self.site.ssh(key=self.site.keys["qian.er"], method="publickey").ok
        self.count("other keys")

    def revoke(self):
        """With somebody in; then another grant takes its place."""
        running, _ = self.site.session_open()
        assert self.site.revoke(self.grant).ok
        running.wait()
        self.grant = self.site.grant(uses="unlimited", sessions="20")
        self.count("revocations with a session")

    def lock(self):
        self.site.box.sh("hufuctl lock --staff zhang.san --why soak")
        assert not self.site.ssh().ok
        self.site.box.sh("hufuctl unlock --staff zhang.san --why soak")
        self.count("locks")

    def reload(self):
        self.site.box.sh("systemctl reload hufud hufu-reaper")
        self.count("reloads")

    def ask(self):
        for command in ("status", "grant list --all", "session list", "audit -n 50", "sync status", "locks"):
            self.site.box.run(f"hufuctl --json {command}")
        self.count("questions")

    def directory(self):
        """Published, in force, deleted, withdrawn; and a status beside them."""
        grant = self.site.published("qian.er", uses="1 per-host")
        self.site.directory.delete(self.site.entry(grant)).check()
        self.site.becomes(grant, "withdrawn")
        self.site.status()
        self.count("directory changes")

    # --- what is looked at

    def look(self, at):
        sample = {"at": at}
        for line in self.site.box.sh(LOOK).splitlines():
            name, *numbers = line.split()
            sample[name] = [int(n) for n in numbers] if name == "left" else dict(zip(FIELDS, map(int, numbers)))
        self.samples.append(sample)

    def once(self):
        if KIND == "logins":
            self.login()
            return
        kinds = [self.login] * 12 + [self.knock] * 4 + [self.wrong_key, self.revoke, self.lock, self.reload, self.ask, self.directory]
        self.random.choice(kinds)()

    def run(self):
        begin, every = time.monotonic(), max(1, LOGINS // SAMPLES)
        for i in range(LOGINS):
            if i % every == 0:
                self.look(time.monotonic() - begin)
            self.once()
            time.sleep(max(0, begin + MINUTES * 60 * (i + 1) / LOGINS - time.monotonic()))
        self.site.box.until(lambda: not self.site.live())
        time.sleep(2)
        self.look(time.monotonic() - begin)

    # --- what is said

    def series(self, unit, field):
        warm = [s for s in self.samples if s["at"] >= WARM_UP * self.samples[-1]["at"]]
        return [s["at"] for s in warm], [s[unit][field] for s in warm]

    def growth(self, unit, field):
        """From the first third after warm-up to the last, by their medians; and by the line of least squares, over all of it."""
        at, values = self.series(unit, field)
        third = max(1, len(values) // 3)
        step = statistics.median(values[-third:]) - statistics.median(values[:third])
        slope = statistics.linear_regression(at, values).slope if len(values) > 1 else 0
        return step, slope * (at[-1] - at[0])

    def table(self):
        first, last = self.samples[0], self.samples[-1]
        lines = [f"{sum(self.done.values())} in {last['at'] / 60:.1f} minutes: " + ", ".join(f"{n} {what}" for what, n in self.done.items()), ""]
        lines += ["| process | | at the beginning | warm | at the end | last third over first | line |", "|---|---|---|---|---|---|---|"]
        for unit in UNITS:
            for field, text in (("pss", "PSS, KiB"), ("anonymous", "anonymous, KiB"), ("heap", "heap, KiB"), ("fds", "descriptors"), ("threads", "threads")):
                warm = self.series(unit, field)[1][0]
                step, line = self.growth(unit, field)
                lines.append(f"| {unit} | {text} | {first[unit][field]} | {warm} | {last[unit][field]} | {step:+.0f} | {line:+.0f} |")
        lines.append("")
        lines.append("left at the end, processes, processes in session scopes, leaves of the reaper, leases: " + " ".join(map(str, last["left"])))
        return "\n".join(lines)

    def judge(self):
        for unit in UNITS:
            assert len({s[unit]["pid"] for s in self.samples}) == 1, f"{unit} is another process"
            for field in ("anonymous", "heap"):
                step, line = self.growth(unit, field)
                assert step <= STEP, f"{unit}: {field} grew by {step} KiB after warm-up, {line:.0f} by the line"
            for field in ("fds", "threads"):
                assert self.samples[-1][unit][field] == self.samples[1][unit][field], f"{unit}: {field}"
        assert self.samples[-1]["left"] == [0, 0, 0, 0], "left in the end"


def soak(site):
    site.vendor("qian.er", 20002)
    s = Soak(site)
    try:
        s.run()
    finally:
        print("\n" + s.table())
        site.box.put("/root/soak", s.table() + "\n")
    s.judge()


def test_soak(joined):
    soak(joined)
