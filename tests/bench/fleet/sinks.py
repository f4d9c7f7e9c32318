"""Plays hufud for many hufu-ldapd at once, in this process: each has a socket of its own, is told START, and what it tells is
stamped as it is read. One loop for all: with a thousand that speak at the same instant the last one is read some milliseconds
after it spoke, which counts as if the directory had taken them.
"""

import pathlib
import select
import socket
import time

import feed


class Sink:
    def __init__(self, folder, host, groups):
        self.host, self.groups = host, groups
        self.run = pathlib.Path(folder)
        self.run.mkdir(parents=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.run / "feed"))
        self.listener.listen(2)
        self.listener.setblocking(False)
        self.connection, self.trouble = None, "never connected"
        self.forget()

    def forget(self):
        """All that this search was told."""
        self.reader = feed.Reader()
        self.live, self.complete, self.entries = False, False, 0

    def take_connection(self):
        if self.connection:
            self.connection.close()
        self.forget()
        self.connection, _ = self.listener.accept()
        self.connection.sendall(feed.start(1, self.host, self.groups))
        self.connection.setblocking(False)

    def take_frame(self, kind, body):
        """The DN, if it is an entry."""
        if kind == feed.ENTRY:
            self.entries += 1
            return feed.entry_name(body)
        if kind in (feed.BEGIN, feed.END):
            self.complete = kind == feed.END
        if kind == feed.STATE:
            state, self.trouble = feed.state_of(body)
            self.live = state == feed.LIVE
        return None


class Sinks:
    """`folder` gets a run folder for each of `hosts`, by name."""

    def __init__(self, folder, hosts, groups=("fleet",)):
        self.poll = select.epoll()
        self.sinks, self.by_descriptor = [], {}
        for host in hosts:
            sink = Sink(pathlib.Path(folder) / host, host, groups)
            self.sinks.append(sink)
            self.by_descriptor[sink.listener.fileno()] = sink
            self.poll.register(sink.listener, select.EPOLLIN)

    def _accept(self, sink):
        if sink.connection:
            self.by_descriptor.pop(sink.connection.fileno(), None)
        sink.take_connection()
        self.by_descriptor[sink.connection.fileno()] = sink
        self.poll.register(sink.connection, select.EPOLLIN)

    def _lose(self, sink):
        self.by_descriptor.pop(sink.connection.fileno())
        sink.connection.close()
        sink.connection = None
        sink.forget()

    def turn(self, timeout, told):
        """Reads what is there. `told(sink, dn, stamp)` is called for each entry; stamps are ns of the monotonic clock."""
        read = []
        for descriptor, _ in self.poll.poll(timeout):
            sink = self.by_descriptor.get(descriptor)
            if sink is None:
                continue
            if descriptor == sink.listener.fileno():
                self._accept(sink)
                continue
            try:
                octets = sink.connection.recv(1 << 18)
            except ConnectionResetError:
                octets = b""
            read.append((sink, octets, time.monotonic_ns()))
        # First all are read and stamped, then looked at.
        for sink, octets, stamp in read:
            if not octets:
                self._lose(sink)
                continue
            for kind, body in sink.reader.feed(octets):
                name = sink.take_frame(kind, body)
                if name is not None:
                    told(sink, name, stamp)

    def until_live(self, patience, told=lambda *_: None):
        """Until all are, or the time is over; how many are."""
        end = time.monotonic() + patience
        while time.monotonic() < end and not all(sink.live and sink.complete for sink in self.sinks):
            self.turn(0.2, told)
        return sum(sink.live and sink.complete for sink in self.sinks)

    def wait_for(self, name, patience):
        """Until each was told this entry; stamps by host."""
        stamps, end = {}, time.monotonic() + patience

        def told(sink, dn, stamp):
            if dn.startswith(f"cn={name},"):
                stamps.setdefault(sink.host, stamp)

        while len(stamps) < len(self.sinks) and time.monotonic() < end:
            self.turn(0.2, told)
        return stamps

    def idle(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn(0.1, lambda *_: None)
