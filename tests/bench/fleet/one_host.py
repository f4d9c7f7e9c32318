"""One host in a large directory: hufud, hufu-reaper, hufu-ldapd and slapd as plain processes, so that each can be killed at any instant.
For tests/system/test_fleet.py, and for `run --grants`.
"""

import contextlib
import itertools
import pathlib
import shutil
import tempfile
import time

import agents
import broker
import department
import papers
import slapd

HOST = "db01.finance.example"
CONCERN = 2000  # of the grants, in a large directory
REVOCATIONS = 1 << 64
PATIENCE = 60  # tells a hang from a slow machine
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")


class World:
    """The directory, and one host. `expected` are the numbers of the grants that it should have in force."""

    numbers = itertools.count(1)  # of worlds, each at addresses of its own

    def __init__(self, programs, folder, n_grants, concern=CONCERN):
        self.programs, self.folder, self.number = pathlib.Path(programs), folder, n_grants
        self.department = department.Department(folder / "department")
        self.authority = department.Authority(folder / "pki", "hosts", EC)
        here = next(self.numbers)
        self.slapd = slapd.Slapd(folder / "slapd", self.authority, address=f"127.0.1.{here}")
        self.replica_address = f"127.0.2.{here}"
        self.expected = set(range(0, n_grants, n_grants // concern))
        assert len(self.expected) == concern
        self.slapd.load_tree(papers.host_entry(HOST) + papers.replica_entry(self.replica_address))
        self.slapd.load(self._entries(n_grants), base=papers.BASE)
        self.slapd.start()
        self.broker = self.agent = self.replica = None

    def _entries(self, n_grants):
        for number in range(n_grants):
            host = HOST if number in self.expected else f"h{number % 9999}.finance.example"
            yield self.entry(number, host)

    def entry(self, number, host=HOST):
        """LDIF. Grants of other hosts need no signatures here: this host is not to see them."""
        document = papers.grant(number, host, staff=f"s{number}")
        approvals = self.department.approvals_of_grant(number, document) if host == HOST else ()
        return papers.grant_entry(number, host, document, approvals, staff=f"s{number}")

    def add_replica(self):
        self.replica = slapd.Slapd(
            self.folder / "replica", self.authority, "replica.conf", self.replica_address, provider=self.slapd
        ).start()
        return self.replica

    def new_host(self, uris=None):
        """hufud with an empty store; its control connection."""
        self.stop()
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.broker = broker.Broker(self.programs, folder / "broker", HOST, self.department.trust).start()
        pair = self.authority.issue(HOST, f"/O=finance/OU=hosts/CN={HOST}")
        self.agent = agents.Agent(
            self.programs / "hufu-ldapd",
            *(folder / "agent", self.broker.run, HOST, uris or self.slapd.uri, self.authority.certificate),
            pair=pair,
            timing="reconnect-max = 1s\n",
        ).start()
        return self.broker.control()

    def stop(self):
        for process in (self.agent, self.broker):
            if process:
                process.stop()

    def end(self):
        self.stop()
        for server in (self.replica, self.slapd):
            if server:
                server.stop()

    # --- asking

    def in_force(self, control):
        """Numbers of the grants that are in force."""
        return {int(grant["id"], 16) for grant in control.ask("GrantList")["grants"] if grant["state"] == "ok"}

    def until(self, condition, patience=PATIENCE):
        end = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < end, f"not within {patience} s; hufu-ldapd says: {self.agent.log()[-2000:]}"
            time.sleep(0.01)

    def allows(self, control, number):
        said = control.ask("Explain", staff=f"s{number}", service="sshd", source="10.1.2.3", uid=20001)
        return said["verdict"] == "allow"

    # --- changing

    def change(self, random_numbers):
        """One grant is revoked, one deleted, one added and one made for another host."""
        revoked, deleted, moved = random_numbers.sample(sorted(self.expected), 3)
        self.number += 1
        document = papers.revocation(REVOCATIONS + revoked, revoked)
        approvals = self.department.approvals_of_revocation(REVOCATIONS + revoked, document)
        self.slapd.change(
            slapd.added(papers.revocation_entry(REVOCATIONS + revoked, document, approvals))
            + f"dn: {_name(deleted)}\nchangetype: delete\n\n"
            + f"dn: {_name(moved)}\nchangetype: modify\nreplace: hufuHost\nhufuHost: h1.finance.example\n\n"
            + slapd.added(self.entry(self.number))
        )
        self.expected -= {revoked, deleted, moved}
        self.expected.add(self.number)


def _name(number):
    return f"cn={number:032x}.1,ou=grants,{papers.BASE}"


@contextlib.contextmanager
def made(programs, n_grants, concern=CONCERN):
    """A World, for as long as the context lasts."""
    slapd.raise_limit()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fleet-"))
    world = None
    try:
        world = World(programs, folder, n_grants, concern)
        yield world
    finally:
        if world:
            world.end()
        shutil.rmtree(folder, ignore_errors=True)


def first_fill(world):
    """An empty hufud is begun, and has all that concerns its host in the end: a control connection to it, and what it took, for people."""
    began = time.monotonic()
    control = world.new_host()
    first = min(world.expected)
    assert not world.allows(control, first)  # it decides before it has anything
    decided = time.monotonic() - began
    world.until(lambda: world.allows(control, first))
    allowed = time.monotonic() - began
    world.until(lambda: world.in_force(control) == world.expected)
    complete = time.monotonic() - began
    memory = [broker.pss(process.process.pid) / 1024 for process in (world.broker, world.agent)]
    times = f"first answer after {decided:.2f} s, first grant in force {allowed:.2f} s, all {len(world.expected)} {complete:.2f} s"
    return control, f"{times}; PSS of hufud {memory[0]:.1f} MiB, of hufu-ldapd {memory[1]:.1f} MiB"


def show(programs, n_grants):
    began = time.monotonic()
    with made(programs, n_grants) as world:
        print(f"\n{n_grants} grants, loaded in {time.monotonic() - began:.0f} s")
        for _ in range(3):
            control, figures = first_fill(world)
            control.close()
            print(f"  {figures}")
