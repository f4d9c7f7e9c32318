"""A server of LDAP in a box's network that does what a test wants: refuses, falls silent, lies.

    puppet = Puppet(box, search=lambda request: request.done(LDAP.BUSY))
"""

import concurrent.futures
import ctypes
import socket
import ssl
import threading

CLONE_NEWNET = 0x40000000
SYNC = b"1.3.6.1.4.1.4203.1.9.1."


def tlv(tag, *contents):
    content = b"".join(contents)
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x84]) + size.to_bytes(4, "big")
    return bytes([tag]) + length + content


def integer(value, tag=0x02):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def control(oid, value):
    return tlv(0x30, tlv(0x04, oid), tlv(0x04, value))


def parse(octets):
    """Elements side by side: (tag, content)."""
    found = []
    while octets:
        size, at = octets[1], 2
        if size & 0x80:
            at = 2 + (size & 0x7F)
            size = int.from_bytes(octets[2:at], "big")
        found.append((octets[0], octets[at : at + size]))
        octets = octets[at + size :]
    return found


def in_network(box, make):
    """What make() gives, of a thread that is in the box's network."""

    def enter():
        with open(f"/proc/{box.enter[box.enter.index('--target') + 1]}/ns/net") as namespace:
            assert ctypes.CDLL(None).setns(namespace.fileno(), CLONE_NEWNET) == 0
        return make()

    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        return executor.submit(enter).result()


def listen(box, address, port):
    return in_network(box, lambda: socket.create_server((address, port), backlog=8))


def connect(box, address, port):
    return in_network(box, lambda: socket.create_connection((address, port)))


def shut(*sockets):
    """Also for a thread that waits in accept() or recv(): close() alone would leave it there, and the address taken."""
    for one in sockets:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        one.close()


class Request:
    """A search: .mode (None, "refresh", "persist"), .cookie, .filter, .attributes; and ways to answer it."""

    def __init__(self, connection, msgid, fields, controls):
        self.connection, self.msgid = connection, msgid
        self.base, self.filter = fields[0][1].decode(), fields[6][1]
        self.attributes = [value.decode() for _, value in parse(fields[7][1])]
        self.mode, self.cookie = None, b""
        for _, one in controls:
            parts = parse(one)
            if parts[0][1] == SYNC + b"1":
                value = parse(parse(parts[-1][1])[0][1])
                self.mode = {1: "refresh", 3: "persist"}[value[0][1][0]]
                self.cookie = value[1][1] if len(value) > 1 else b""

    def send(self, operation, *controls):
        extra = tlv(0xA0, *controls) if controls else b""
        self.connection.sendall(tlv(0x30, integer(self.msgid), operation, extra))

    def entry(self, uuid, cn, state=1, controls=None, **attributes):
        values = [tlv(0x30, tlv(0x04, name.encode()), tlv(0x31, *(tlv(0x04, value) for value in many))) for name, many in attributes.items()]
        if controls is None and self.mode:
            controls = [control(SYNC + b"2", tlv(0x30, tlv(0x0A, bytes([state])), tlv(0x04, uuid)))]
        self.send(tlv(0x64, tlv(0x04, f"cn={cn},dc=example".encode()), tlv(0x30, *values)), *(controls or []))

    def info(self, value):
        """A Sync Info Message."""
        self.send(tlv(0x79, tlv(0x80, SYNC + b"4"), tlv(0x81, value)))

    def refreshed(self, cookie=b"rid=000,csn=20261122044831.234299Z#000000#001#000000"):
        self.info(tlv(0xA1, tlv(0x04, cookie)))

    def done(self, code=0, text=b"", cookie=None, deletes=False):
        controls = []
        if cookie is not None:
            controls = [control(SYNC + b"3", tlv(0x30, tlv(0x04, cookie), tlv(0x01, b"\xff" if deletes else b"\0")))]
        self.send(tlv(0x65, tlv(0x0A, bytes([code]) if code < 128 else code.to_bytes(2, "big")), tlv(0x04), tlv(0x04, text)), *controls)


class Puppet:
    def __init__(self, box, search=None, address="127.0.0.21", port=389, tls=None, offers_sync=True, mute=False):
        self.search, self.offers_sync, self.tls, self.mute = search, offers_sync, tls, mute
        self.requests, self.binds, self.troubles, self.connections = [], 0, [], []
        self.uri = f"{'ldaps' if tls else 'ldap'}://{address}:{port}"
        self.listener = listen(box, address, port)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        shut(self.listener, *self.connections)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        if self.mute:
            return
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            while self._answer(connection):
                pass
        except (OSError, ssl.SSLError, AssertionError, IndexError) as trouble:
            self.troubles.append(str(trouble))

    def _receive(self, connection, size):
        octets = b""
        while len(octets) < size:
            more = connection.recv(size - len(octets))
            if not more:
                raise OSError("closed")
            octets += more
        return octets

    def _answer(self, connection):
        head = self._receive(connection, 2)
        size = head[1]
        if size & 0x80:
            size = int.from_bytes(self._receive(connection, size & 0x7F), "big")
        message = parse(self._receive(connection, size))
        msgid, (tag, body) = int.from_bytes(message[0][1], "big"), message[1]
        if tag == 0x60:
            self.binds += 1
            connection.sendall(tlv(0x30, integer(msgid), tlv(0x61, tlv(0x0A, b"\0"), tlv(0x04), tlv(0x04))))
        elif tag == 0x63:
            request = Request(connection, msgid, parse(body), parse(message[2][1]) if len(message) > 2 else [])
            if request.base == "":
                offered = [SYNC + b"1"] if self.offers_sync else [b"1.2.3"]
                request.entry(b"", "", controls=[], supportedControl=offered)
                request.done()
            else:
                self.requests.append(request)
                self.search(request)
        return tag != 0x42
