"""Frames of the gate (docs/protocol.md), for scripts that run in a box. Put beside a script that imports it."""

import os
import socket
import struct

ACCOUNT, OPEN, CLOSE, KEYS, CHANNEL, COMMAND, COMMAND_END, TRANSFER, REPLY = *range(1, 9), 0x80
GATE = "/run/hufu/gate"
HEADER = struct.Struct(">4sHHI")
UNSET = 0xFFFFFFFF
ALLOW, DENY = 0x5A3C0FF1, 0x21D94B6E


def text(value):
    octets = value.encode()
    return struct.pack(">H", len(octets)) + octets


def started(pid):
    """Clock ticks since the boot; 0 of a process in another namespace."""
    if pid == 0:
        return 0
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[19])


def caller():
    """This very process, as hufud checks it."""
    pid, parent = os.getpid(), os.getppid()
    return struct.pack(">IIQQIII", pid, parent, started(pid), started(parent), os.getuid(), UNSET, UNSET)


def pam(person, uid, address, service="sshd", tty="ssh"):
    """Body of ACCOUNT, OPEN and CLOSE: what sshd's stack says of a person who comes from an address."""
    body = caller() + struct.pack(">II", 20000, 29999) + text(person) + struct.pack(">I", uid) + text(person)
    body += struct.pack(">I", uid) + text(service) + text(tty) + text(address) + text("")
    return body + text(f"{address} 40000 10.1.2.1 22") + text("")


def ask(kind, body, path=GATE):
    """The body of the reply; b"" if there was none."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(path)
        try:
            connection.sendall(HEADER.pack(b"HUFU", 1, kind, len(body)) + body)
            head = connection.recv(HEADER.size, socket.MSG_WAITALL)
            if len(head) < HEADER.size:
                return b""
            return connection.recv(HEADER.unpack(head)[3], socket.MSG_WAITALL)
        except (BrokenPipeError, ConnectionResetError):
            return b""


def reply(body):
    """(verdict, reason, reference)."""
    verdict, reason, _, _, size = struct.unpack_from(">IHQIH", body)
    return verdict, reason, body[20 : 20 + size].decode()
