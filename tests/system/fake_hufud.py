"""Somebody in hufud's place: listens on a box's feed, asks, and remembers what hufu-ldapd tells."""

import os
import socket
import struct
import threading
import time

START, CLAIM = 0x0201, 0x0202
NAMES = {0x0281: "begin", 0x0282: "entry", 0x0283: "delete", 0x0284: "present", 0x0285: "end", 0x0286: "cookie", 0x0287: "state", 0x0288: "claimed"}
STATES = {1: "connecting", 2: "refreshing", 3: "live", 4: "polling", 5: "failed"}


class Reader:
    def __init__(self, octets):
        self.octets = octets

    def take(self, size):
        assert len(self.octets) >= size, "a frame is cut short"
        taken, self.octets = self.octets[:size], self.octets[size:]
        return taken

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def text(self):
        return self.take(self.number(2)).decode()


class Frame:
    """One frame: .type and its fields."""

    def __init__(self, kind, body):
        self.type, reader = NAMES[kind], Reader(body)
        if self.type != "state":
            self.search = reader.number(4)
        getattr(self, f"_{self.type}")(reader)
        assert reader.octets == b"", f"octets left over in {self.type}"

    def __repr__(self):
        return f"<{ {name: value if len(repr(value)) < 200 else '...' for name, value in vars(self).items()} }>"

    def _begin(self, reader):
        self.full = reader.number(1) == 1

    def _entry(self, reader):
        self.uuid, self.kind, self.name = reader.take(16), {1: "document", 2: "heartbeat"}[reader.number(1)], reader.text()
        self.document = reader.take(reader.number(4))
        self.approvals = [reader.take(reader.number(4)) for _ in range(reader.number(2))]

    def _uuids(self, reader):
        self.uuids = [reader.take(16) for _ in range(reader.number(2))]

    _delete = _present = _uuids

    def _end(self, reader):
        self.deletes, self.count, self.cookie = reader.number(1) == 1, reader.number(4), reader.take(reader.number(2))

    def _cookie(self, reader):
        self.cookie = reader.take(reader.number(2))

    def _state(self, reader):
        self.state, self.pushes = STATES[reader.number(1)], reader.number(1) == 1
        self.server, self.text, self.seconds, self.claims = reader.text(), reader.text(), reader.number(4), reader.number(1) == 1

    def _claimed(self, reader):
        self.operation, self.grant, self.nonce, self.outcome = reader.number(1), reader.take(16), reader.take(16), reader.number(1)


class FakeHufud:
    searches = 0

    def __init__(self, box, path="/run/hufu/feed"):
        self.box, self.path = box, path
        self.outside = f"/proc/{box.enter[box.enter.index('--target') + 1]}/root{path}"
        self.frames, self.connection, self.reading = [], None, threading.Event()
        self.reading.set()
        self.box.sh(["mkdir", "-p", os.path.dirname(path)])
        self.listen()

    def listen(self):
        self.box.sh(["rm", "-f", self.path])
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.outside)
        os.chmod(self.outside, 0o666)
        self.listener.listen(1)

    def accept(self, timeout=10):
        self.listener.settimeout(timeout)
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(None)
        threading.Thread(target=self._read, args=(self.connection,), daemon=True).start()
        return self

    def close(self):
        """As a hufud that was killed."""
        self.reading.set()
        for one in (self.connection, self.listener):
            if one:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                one.close()
        self.connection = None

    def _read(self, connection):
        octets = b""
        while True:
            self.reading.wait()
            try:
                more = connection.recv(1 << 16)
            except OSError:
                return
            if not more:
                return
            octets += more
            while len(octets) >= 12:
                magic, version, kind, size = struct.unpack(">4sHHI", octets[:12])
                assert magic == b"HUFU" and version == 1 and size <= 2 << 20
                if len(octets) < 12 + size:
                    break
                self.frames.append(Frame(kind, octets[12 : 12 + size]))
                octets = octets[12 + size :]

    # --- asking

    def _send(self, kind, body):
        self.connection.sendall(struct.pack(">4sHHI", b"HUFU", 1, kind, len(body)) + body)

    def start(self, host, *groups, cookie=b""):
        """Begins a search; its number."""
        FakeHufud.searches += 1
        texts = [struct.pack(">H", len(text)) + text.encode() for text in (host, *groups)]
        body = struct.pack(">I", FakeHufud.searches) + texts[0] + struct.pack(">H", len(groups)) + b"".join(texts[1:])
        self._send(START, body + struct.pack(">H", len(cookie)) + cookie)
        return FakeHufud.searches

    def claim(self, number, operation=1):
        self._send(CLAIM, struct.pack(">IB", number, operation) + bytes(16) + bytes(16))

    # --- what came

    def of(self, *types):
        return [frame for frame in list(self.frames) if frame.type in types]

    def wait(self, found, timeout=40):
        """Until found(self) is true; what it gave."""
        end = time.monotonic() + timeout
        while True:
            value = found(self)
            if value:
                return value
            assert time.monotonic() < end, f"not within {timeout} s; the last frames: {self.frames[-12:]}"
            time.sleep(0.01)

    def wait_for(self, frame_type, timeout=40, **fields):
        """The first frame of this type with these fields that has come since forget()."""
        return self.wait(lambda me: next((f for f in me.of(frame_type) if all(getattr(f, name) == value for name, value in fields.items())), None), timeout)

    def forget(self):
        del self.frames[:]

    def failure(self, timeout=40):
        """Why hufu-ldapd says that there is no search."""
        return self.wait_for("state", timeout, state="failed").text

    @property
    def entries(self):
        """What is there by now, as hufud would see it: uuid to ENTRY. Checks what hufud checks."""
        there, staged, told, count, full = {}, None, set(), 0, False
        for frame in list(self.frames):
            if frame.type == "begin":
                staged, told, count, full = dict(there), set(), 0, frame.full
            current = there if staged is None else staged
            if frame.type == "entry":
                current[frame.uuid] = frame
                told.add(frame.uuid)
                count += 1
            elif frame.type == "present":
                told.update(frame.uuids)
                count += len(frame.uuids)
            elif frame.type == "delete":
                for uuid in frame.uuids:
                    current.pop(uuid, None)
            elif frame.type == "end":
                assert staged is not None and frame.count == count, f"{frame}: {count} were told"
                if full or not frame.deletes:
                    staged = {uuid: entry for uuid, entry in staged.items() if uuid in told}
                there, staged = staged, None
        return there

    @property
    def names(self):
        """The first RDNs of what is there."""
        return {entry.name.split(",")[0].removeprefix("cn=") for entry in self.entries.values()}
