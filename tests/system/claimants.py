"""Runs in a box: several hosts' hufu-ldapd, each with a hufud that is this program. Put beside a script that imports it."""

import os
import random
import selectors
import signal
import socket
import struct
import subprocess
import time

START, CLAIM, STATE, CLAIMED = 0x0201, 0x0202, 0x0287, 0x0288
TAKE, LOOK, GIVE_BACK = 1, 2, 3
HELD, NOT_HELD, EXHAUSTED, UNAVAILABLE, UNKNOWN = range(1, 6)
HEADER = struct.Struct(">4sHHI")

CONF = """[server]
uri = {uri}
base = {base}
claim-uri = {uri}
[bind]
method = external
[tls]
ca = {keys}/ca.pem
cert = {keys}/{host}.pem
key = {keys}/{host}.key
[timing]
network-timeout = 2s
reconnect-max = 2s
"""

selector = selectors.DefaultSelector()


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


class Claimant:
    """A host. `answers` has the outcome of each question by number, `took` how long it was waited for."""

    def __init__(self, host, uri, base, keys):
        self.host, self.octets, self.possible, self.number, self.grants = host, b"", False, 0, {}
        self.answers, self.asked, self.took = {}, {}, {}
        folder = f"/root/claimant.{host}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/ldapd.conf", "w", encoding="ascii") as conf:
            conf.write(CONF.format(uri=uri, base=base, keys=keys, host=host))
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f"{folder}/feed")
        listening.listen()
        command = ["/usr/libexec/hufu/hufu-ldapd", f"--config={folder}/ldapd.conf", f"--feed={folder}/feed"]
        with open(f"{folder}/log", "w", encoding="ascii") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.link, _ = listening.accept()
        listening.close()
        os.unlink(f"{folder}/feed")
        selector.register(self.link, selectors.EVENT_READ, self)
        self.send(START, struct.pack(">I", 1) + text(host) + struct.pack(">HH", 0, 0))

    def send(self, kind, body):
        self.link.sendall(HEADER.pack(b"HUFU", 1, kind, len(body)) + body)

    def ask(self, operation, grant, nonce):
        self.number += 1
        self.asked[self.number] = time.monotonic()
        self.send(CLAIM, struct.pack(">IB", self.number, operation) + bytes.fromhex(grant) + nonce)
        return self.number

    def read(self):
        more = self.link.recv(65536)
        assert more, f"hufu-ldapd of {self.host} is gone"
        self.octets += more
        while len(self.octets) >= HEADER.size:
            _, _, kind, size = HEADER.unpack_from(self.octets)
            if len(self.octets) < HEADER.size + size:
                return
            self.take(kind, self.octets[HEADER.size : HEADER.size + size])
            self.octets = self.octets[HEADER.size + size :]

    def take(self, kind, body):
        if kind == STATE:
            self.possible = body[-1] == 1
        if kind == CLAIMED:
            number = struct.unpack_from(">I", body)[0]
            assert number not in self.answers, "answered twice"
            self.answers[number] = body[-1]
            self.took[number] = time.monotonic() - self.asked[number]

    def end(self):
        self.process.terminate()
        self.process.wait()


def turn(seconds=0.1):
    for key, _ in selector.select(seconds):
        key.data.read()


def until(condition, patience=20):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "in vain"
        turn()


def ask(claimant, operation, grant, nonce):
    """One question and its answer."""
    number = claimant.ask(operation, grant, nonce)
    until(lambda: number in claimant.answers)
    return claimant.answers[number]


def ask_all(questions):
    """(claimant, operation, grant, nonce) at the same time: outcomes in that order."""
    numbers = [(claimant, claimant.ask(operation, grant, nonce)) for claimant, operation, grant, nonce in questions]
    until(lambda: all(number in claimant.answers for claimant, number in numbers))
    return [claimant.answers[number] for claimant, number in numbers]


def nonce():
    return random.randbytes(16)


def stands_still(pid):
    """Each of its threads: a signal is sent before it is obeyed."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as stat:
            if stat.read().rpartition(")")[2].split()[0] != "T":
                return False
    return True


def freeze(pid):
    os.kill(pid, signal.SIGSTOP)
    until(lambda: stands_still(pid))


def thaw(pid):
    os.kill(pid, signal.SIGCONT)
