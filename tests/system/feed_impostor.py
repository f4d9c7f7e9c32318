"""Runs in a box as user hufu-ldap: an attacker in hufu-ldapd's place, who says to hufud whatever they like. Put beside a script that
imports it."""

import os
import socket
import struct
import time

START, CLAIM = 0x0201, 0x0202
BEGIN, ENTRY, DELETE, PRESENT, END, COOKIE, STATE, CLAIMED = range(0x0281, 0x0289)
LIVE, HELD = 3, 1
HEADER = struct.Struct(">4sHHI")


def text(value):
    octets = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(octets)) + octets


class Impostor:
    def __init__(self, path="/run/hufu/feed"):
        self.link = socket.socket(socket.AF_UNIX)
        self.link.connect(path)
        self.octets = b""

    def receive(self):
        """The next frame of hufud's: type and body."""
        while len(self.octets) < HEADER.size or len(self.octets) < HEADER.size + HEADER.unpack_from(self.octets)[3]:
            more = self.link.recv(65536)
            if not more:
                raise EOFError
            self.octets += more
        _, _, kind, size = HEADER.unpack_from(self.octets)
        body = self.octets[HEADER.size : HEADER.size + size]
        self.octets = self.octets[HEADER.size + size :]
        return kind, body

    def started(self):
        """Waits for START; its number, which all that is said afterwards answers to."""
        kind, body = self.receive()
        while kind != START:
            kind, body = self.receive()
        self.search = body[:4]
        return self

    def frame(self, kind, body):
        return HEADER.pack(b"HUFU", 1, kind, len(body)) + body

    def say(self, kind, body):
        self.link.sendall(self.frame(kind, body))

    def begin(self, full=True):
        self.say(BEGIN, self.search + bytes([full]))

    def entry_frame(self, uuid, document, approvals=(), name="cn=x", kind=1):
        body = self.search + uuid + bytes([kind]) + text(name) + struct.pack(">I", len(document)) + document
        body += struct.pack(">H", len(approvals)) + b"".join(struct.pack(">I", len(one)) + one for one in approvals)
        return self.frame(ENTRY, body)

    def entry(self, *arguments, **more):
        self.link.sendall(self.entry_frame(*arguments, **more))

    def end(self, count, cookie=b"rid=000,csn=20991122044831.234299Z#000000#001#000000"):
        self.say(END, self.search + b"\0" + struct.pack(">I", count) + struct.pack(">H", len(cookie)) + cookie)

    def state(self, state=LIVE, claims=True, server="ldaps://ldap1.finance.example", trouble=""):
        self.say(STATE, bytes([state, 1]) + text(server) + text(trouble) + struct.pack(">I", 0) + bytes([claims]))

    def answer_claims(self, outcome=HELD):
        """For ever: whatever is asked, it is held."""
        while True:
            kind, body = self.receive()
            if kind == CLAIM:
                self.say(CLAIMED, body + bytes([outcome]))


def uuid():
    return os.urandom(16)


def for_a_while(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
