"""The frames of policy/wire/feed.h, as far as somebody needs them who plays hufud for hufu-ldapd: it sends START and reads."""

import struct

HEADER = struct.Struct(">4sHHI")
START, BEGIN, ENTRY, DELETE, PRESENT, END, COOKIE, STATE = 0x0201, 0x0281, 0x0282, 0x0283, 0x0284, 0x0285, 0x0286, 0x0287
LIVE = 3


def _text(value):
    octets = value.encode()
    return struct.pack(">H", len(octets)) + octets


def start(search, host, groups=(), cookie=b""):
    body = struct.pack(">I", search) + _text(host) + struct.pack(">H", len(groups)) + b"".join(map(_text, groups))
    body += struct.pack(">H", len(cookie)) + cookie
    return HEADER.pack(b"HUFU", 1, START, len(body)) + body


class Reader:
    """Octets in, frames out."""

    def __init__(self):
        self.octets = bytearray()

    def feed(self, octets):
        self.octets += octets
        while len(self.octets) >= HEADER.size:
            magic, version, kind, length = HEADER.unpack_from(self.octets)
            if (magic, version) != (b"HUFU", 1):
                raise ValueError("no frame of the feed")
            if len(self.octets) < HEADER.size + length:
                return
            body = bytes(self.octets[HEADER.size : HEADER.size + length])
            del self.octets[: HEADER.size + length]
            yield kind, body


def entry_name(body):
    """Of an ENTRY: its DN."""
    # search, entryUUID, kind
    (size,) = struct.unpack_from(">H", body, 4 + 16 + 1)
    return body[23 : 23 + size].decode()


def end_count(body):
    """Of an END: how many entries were told."""
    (count,) = struct.unpack_from(">I", body, 5)
    return count


def state_of(body):
    """Of a STATE: its number, and the trouble in words."""
    (server_size,) = struct.unpack_from(">H", body, 2)
    (text_size,) = struct.unpack_from(">H", body, 4 + server_size)
    at = 6 + server_size
    return body[0], body[at : at + text_size].decode()
