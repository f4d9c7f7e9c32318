#!/usr/bin/env python3
"""How long a revocation takes from the directory to many hosts. To be started by `run`, which makes the world that it needs.

One slapd as contrib/ldap configures it, one hufu-ldapd for each host. Behind most of them a socket that plays hufud and stamps what
it is told; behind some a real hufud that is asked again and again whether the person may come in. Everything is on one machine, and
so takes from it what it measures. Figures are for people to look at; nothing is judged.
"""

import argparse
import multiprocessing
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import threading
import time

import agents
import broker
import department
import one_host
import papers
import sinks
import slapd

EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
STAFF_UID = 20001
PASSWORD = "a-password-of-a-host"
GROUP = "fleet"
REVOCATIONS, FOREIGN = 1 << 64, 1 << 96  # where ids of revocations, and of other hosts' grants, begin; grants' at 0
PATIENCE = 30


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) // 1024**2
    version = slapd.run("dpkg-query", "-W", "-f", "${Version}", "slapd")
    return f"{model}, {os.cpu_count()} cores, {memory} GiB, Linux {os.uname().release}, slapd {version}"


def milliseconds(stamps, sent):
    return sorted((stamp - sent) / 1e6 for stamp in stamps)


def at(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


class Figures:
    """Of one thing measured in several rounds: the median round's p50 and p99, and the worst of all."""

    def __init__(self):
        self.rounds, self.missing = [], 0

    def add(self, values, expected):
        self.missing += expected - len(values)
        if values:
            self.rounds.append(values)

    def p(self, share):
        return statistics.median(at(values, share) for values in self.rounds)

    def __str__(self):
        if not self.rounds:
            return "nothing"
        text = f"p50 {self.p(0.5):7.1f} ms   p99 {self.p(0.99):7.1f} ms   max {max(v[-1] for v in self.rounds):7.1f} ms"
        return text + (f"   {self.missing} NOT WITHIN {PATIENCE} s" if self.missing else "")


def ask_until_refused(sockets, staff, result):
    """In a process of its own: when each broker began to refuse."""
    controls = {host: broker.Control(path) for host, path in sockets.items()}
    result.send("ready")
    stamps, end = {}, time.monotonic() + PATIENCE
    while len(stamps) < len(controls) and time.monotonic() < end:
        for host, control in controls.items():
            if host not in stamps and not is_allowed(control, staff):
                stamps[host] = time.monotonic_ns()
    result.send(stamps)


def is_allowed(control, staff):
    said = control.ask("Explain", staff=staff, service="sshd", source="10.1.2.3", uid=STAFF_UID)
    return said["verdict"] == "allow"


class Fleet:
    """`n_pairs` of the hosts have a real hufud. `via_replica`: all of them follow the replica, and the provider is written to."""

    def __init__(self, options, folder, plain=False, via_replica=False):
        self.options, self.folder, self.plain = options, pathlib.Path(folder), plain
        self.programs = pathlib.Path(options.programs)
        self.hosts = [f"h{number}.finance.example" for number in range(options.hosts)]
        self.paired = self.hosts[: options.pairs]
        self.authority = department.Authority(self.folder / "pki", "hosts", EC)
        self.department = department.Department(self.folder / "department")
        self.provider = slapd.Slapd(self.folder / "provider", self.authority, plain=plain)
        self.replica = None
        self._load()
        self.provider.start()
        self.followed = self.provider
        if via_replica:
            self.replica = self.followed = slapd.Slapd(
                self.folder / "replica", self.authority, "replica.conf", "127.0.0.2", plain, self.provider
            ).start()
        self.brokers, self.agents = {}, []
        self.sinks = sinks.Sinks(self.folder / "sinks", [host for host in self.hosts if host not in self.paired], (GROUP,))
        self.next = self.foreign = 0

    def _load(self):
        """Hosts, and a grant that every host has for each round."""
        password = PASSWORD if self.plain else None
        extra = [papers.host_entry(host, password=password, groups=[GROUP]) for host in self.hosts]
        extra.append(papers.replica_entry("127.0.0.2"))
        for number in range(self.options.rounds + 3):
            document = papers.grant(number, f"@{GROUP}", staff=f"s{number}")
            approvals = self.department.approvals_of_grant(number, document)
            extra.append(papers.grant_entry(number, f"@{GROUP}", document, approvals, staff=f"s{number}"))
        self.provider.load_tree("".join(extra))

    def start(self):
        """All hosts; how long it took until all had all, and how many had."""
        pairs = {} if self.plain else {host: self.authority.issue(host, f"/O=finance/OU=hosts/CN={host}") for host in self.hosts}
        for host in self.paired:
            self.brokers[host] = broker.Broker(self.programs, self.folder / "brokers" / host, host, self.department.trust, (GROUP,)).start()
        began = time.monotonic()
        for number, host in enumerate(self.hosts):
            self.agents.append(self._agent(host, pairs.get(host)).start())
            if number % 20 == 0:
                self.sinks.turn(0, lambda *_: None)
        live = self.sinks.until_live(600)
        self._until_paired()
        return time.monotonic() - began, live + len(self.brokers)

    def _agent(self, host, pair):
        run = self.brokers[host].run if host in self.brokers else self.folder / "sinks" / host
        uri = self.followed.plain_uri if self.plain else self.followed.uri
        return agents.Agent(
            self.programs / "hufu-ldapd",
            *(self.folder / "agents" / host, run, host, uri, self.authority.certificate),
            pair=pair,
            password=PASSWORD if self.plain else None,
        )

    def _until_paired(self):
        last = f"s{self.options.rounds + 3 - 1}"
        for running in self.brokers.values():
            control, end = running.control(), time.monotonic() + 60
            while not is_allowed(control, last):
                if time.monotonic() > end:
                    raise RuntimeError(f"{running.host} does not have the grants: {(running.folder / 'log').read_text()[-2000:]}")
                time.sleep(0.05)
            control.close()

    def memory(self):
        """Of each hufu-ldapd: PSS and what is its own, KiB, at the median; of slapd, all."""
        of_agents = [(broker.pss(agent.process.pid), broker.anonymous(agent.process.pid)) for agent in self.agents]
        return *(statistics.median(column) for column in zip(*of_agents)), broker.pss(self.followed.process.pid)

    def measure(self, rounds, behind=0):
        """Revokes in the directory, `behind` so many grants of other hosts that are written just before; until told, and until
        refused."""
        told, refused, first = Figures(), Figures(), Figures()
        writer = self.provider.writer()
        for _ in range(rounds):
            number, self.next = self.next, self.next + 1
            document = papers.revocation(REVOCATIONS + number, number)
            entry = papers.revocation_entry(
                REVOCATIONS + number, document, self.department.approvals_of_revocation(REVOCATIONS + number, document)
            )
            asker, result = self._begin_to_ask(f"s{number}")
            self.sinks.idle(0.2)
            if behind:
                self.provider.change("".join(self._foreign_grants(behind)))
            sent = writer.change(slapd.added(entry))
            stamps = self.sinks.wait_for(f"{REVOCATIONS + number:032x}", PATIENCE)
            told.add(milliseconds(stamps.values(), sent), len(self.sinks.sinks))
            first.add(milliseconds(stamps.values(), sent)[:1], 1)
            if asker:
                refused.add(milliseconds(result.recv().values(), sent), len(self.brokers))
                asker.join()
            self._beat(writer)
        writer.close()
        return told, refused, first

    def _begin_to_ask(self, staff):
        if not self.brokers:
            return None, None
        ours, theirs = multiprocessing.Pipe()
        sockets = {host: running.run / "control" for host, running in self.brokers.items()}
        asker = multiprocessing.Process(target=ask_until_refused, args=(sockets, staff, theirs))
        asker.start()
        ours.recv()
        return asker, ours

    def _beat(self, writer):
        writer.change(changed(f"cn=heartbeat,{papers.BASE}", "hufuBeat", papers.instant()))
        self.sinks.idle(0.1)

    def cost_of_writes(self, count=100):
        """Of the server that is followed, in ms: what a change costs that no host is told, and one that every host is told. Its own
        time on a processor, which the others here take no part of."""
        everybody = [changed(f"cn=heartbeat,{papers.BASE}", "hufuBeat", papers.instant(n)) for n in range(count)]
        return self._cost_of(self._foreign_grants(count), count), self._cost_of(everybody, count)

    def _foreign_grants(self, count):
        """Changes that add grants of hosts that are not here."""
        for _ in range(count):
            self.foreign += 1
            yield slapd.added(papers.grant_entry(FOREIGN + self.foreign, "elsewhere", papers.grant(self.foreign, "elsewhere")))

    def _cost_of(self, changes, count):
        pid = self.followed.process.pid
        writing = threading.Thread(target=self.provider.change, args=("".join(changes),))
        before = processor_time(pid)
        writing.start()
        while writing.is_alive():
            self.sinks.idle(0.02)
        writing.join()
        self.sinks.idle(1)
        while processor_time(pid, over=0.5) > 0.1:
            self.sinks.idle(0.1)
        return (processor_time(pid) - before) * 1000 / count

    def storm(self):
        """The server is killed and begun anew: how long until all follow it again, and how many do."""
        self.followed.stop(kill=True)
        self.sinks.idle(1)
        began = time.monotonic()
        self.followed.start()
        live = self.sinks.until_live(600)
        return time.monotonic() - began, live

    def end(self):
        for process in (*self.agents, *self.brokers.values(), self.replica, self.provider):
            if process:
                process.stop()


def processor_time(pid, over=None):
    """Seconds that a process has had; with `over`, how much of the next so many."""
    if over:
        before = processor_time(pid)
        time.sleep(over)
        return processor_time(pid) - before
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def changed(name, attribute, value):
    return f"dn: {name}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n\n"


def show(fleet, options, label):
    seconds, live = fleet.start()
    print(f"\n{label}: {live} of {len(fleet.hosts)} hosts follow it after {seconds:.1f} s")
    pss, own, of_slapd = fleet.memory()
    print(f"  memory: a hufu-ldapd {pss / 1024:.1f} MiB PSS, of it {own / 1024:.1f} its own; slapd {of_slapd / 1024:.0f} MiB")
    told, refused, first = fleet.measure(options.rounds)
    print(f"  a revocation, {options.rounds} times, until hufud is told  {told}")
    print(f"  (the first host of them all                    {first})")
    if fleet.brokers:
        print(f"  until {len(fleet.brokers)} real hufud refuse                      {refused}")
    if options.behind:
        late, _, _ = fleet.measure(3, options.behind)
        print(f"  the same, 3 times, written just after {options.behind} grants   {late}")
    nobody, everybody = fleet.cost_of_writes()
    print(f"  a write that no host is told costs slapd {nobody:.1f} ms of a core, one that every host is told {everybody:.1f} ms")
    if options.storm:
        seconds, live = fleet.storm()
        print(f"  after the server was killed and begun anew, {live} of {len(fleet.sinks.sinks)} follow it again within {seconds:.1f} s")
    sys.stdout.flush()
    return told, refused


def measured(options, label, **how):
    folder = tempfile.mkdtemp(prefix="fleet-")
    fleet = None
    try:
        fleet = Fleet(options, folder, **how)
        return show(fleet, options, label)
    finally:
        if fleet:
            fleet.end()
        shutil.rmtree(folder, ignore_errors=True)


def ratio(name, one, other, share):
    if one.rounds and other.rounds:
        print(f"{name}: {one.p(share) / other.p(share):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hosts", type=int, default=100, help="how many hufu-ldapd (100)")
    parser.add_argument("--pairs", type=int, default=20, help="how many of them have a real hufud (20)")
    parser.add_argument("--rounds", type=int, default=20, help="how many revocations (20)")
    parser.add_argument("--only", choices=["plain", "tls", "replica"], help="one of the three instead of all")
    parser.add_argument("--behind", type=int, default=0, help="also a revocation that is written after so many grants of other hosts")
    parser.add_argument("--grants", type=int, help="instead: one host in a directory with so many grants, of which 2,000 are its own")
    parser.add_argument("--storm", action="store_true", help="also how the hosts come back to a server that was begun anew")
    parser.add_argument("--programs", required=True, help="folder with hufud, hufu-reaper and hufu-ldapd")
    options = parser.parse_args()
    slapd.raise_limit()
    print(machine())
    if options.grants:
        one_host.show(options.programs, options.grants)
        return
    what = {
        "plain": ("without TLS, by password", {"plain": True}),
        "tls": ("TLS, a certificate for each host", {}),
        "replica": ("the same from a replica of the provider", {"via_replica": True}),
    }
    figures = {name: measured(options, label, **how) for name, (label, how) in what.items() if options.only in (None, name)}
    print("\nratios")
    for name, (told, refused) in figures.items():
        ratio(f"{name}: refused to told, p50", refused, told, 0.5)
    if "tls" in figures and "plain" in figures:
        ratio("TLS to plain, told, p99", figures["tls"][0], figures["plain"][0], 0.99)
    if "tls" in figures and "replica" in figures:
        ratio("by a replica to by the provider, told, p50", figures["replica"][0], figures["tls"][0], 0.5)


if __name__ == "__main__":
    main()
