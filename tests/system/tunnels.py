"""What stands at the ends of a forward: servers that greet, and clients that say whether they were greeted."""

import subprocess

GREETER = """
import os, socket, sys
where = sys.argv[1]
if where.startswith("/"):
    server = socket.socket(socket.AF_UNIX)
    server.bind(where)
    os.chmod(where, 0o666)
    server.listen()
else:
    server = socket.create_server(("127.0.0.1", int(where)))
print("ready", flush=True)
kept = []
while True:
    connection, _ = server.accept()
    connection.sendall(b"hello\\n")
    kept.append(connection)
"""
# Says what it was told, then waits for the end of the connection.
CLIENT = """
import socket, sys
where, socks, hold = sys.argv[1], sys.argv[2] == "socks", sys.argv[3] == "hold"
client = socket.socket(socket.AF_UNIX if where.startswith("/") else socket.AF_INET)
client.settimeout(60 if hold else 2)
try:
    client.connect(where if where.startswith("/") else ("127.0.0.1", int(where)))
    stream = client.makefile("rwb", buffering=0)
    if socks:
        stream.write(b"\\x05\\x01\\x00")
        assert stream.read(2) == b"\\x05\\x00"
        stream.write(b"\\x05\\x01\\x00\\x01" + socket.inet_aton("127.0.0.1") + (8099).to_bytes(2, "big"))
        assert stream.read(10)[1:2] == b"\\x00"
    print(stream.readline().decode(), end="", flush=True)
    if hold:
        while stream.read(1):
            pass
        print("end", flush=True)
except (OSError, AssertionError) as error:
    print("end" if hold else "", flush=True)
"""


class Echo:
    """A server that says hello to whoever connects, and keeps the connection."""

    def __init__(self, box, where="8099"):
        self.box, self.where = box, where

    def up(self):
        running = self.box.start(["python3", "-c", GREETER, self.where])
        assert running.process.stdout.readline() == "ready\n"
        return self

    def hold(self, options):
        """A client of the forward that `options` make, which was greeted and goes on; it prints `end` when it is cut off."""
        where = options[2].split(":")[0]
        running = self.box.start(["python3", "-c", CLIENT, where, "socks" if options[1] == "-D" else "direct", "hold"])
        assert running.process.stdout.readline() == "hello\n"
        return running


class Unix(Echo):
    """The same on a socket in the file system."""

    def __init__(self, box, path):
        super().__init__(box, path)
        self.path = path

    def up(self):
        self.box.sh(f"rm -f {self.path}")
        return super().up()

    def greeting(self):
        return self.box.run(["python3", "-c", CLIENT, self.path, "direct", "once"]).out.strip()


def greeting(box, port):
    return box.run(["python3", "-c", CLIENT, str(port), "direct", "once"]).out == "hello\n"


def socks_greeting(box, port):
    return box.run(["python3", "-c", CLIENT, str(port), "socks", "once"]).out == "hello\n"


def listens(box, port):
    return box.sh(["ss", "-Hltn", f"sport = {port}"]) != ""


def serve_x11(box):
    """An X server as far as a client's ssh looks: a display, and xauth's cookie for it."""
    box.sh("mkdir -p -m 1777 /tmp/.X11-unix")
    Unix(box, "/tmp/.X11-unix/X7").up()
    box.sh("xauth add :7 . $(printf %032d 7) 2>/dev/null")


def through_stdin(site, account):
    """ssh -W: the connection is ssh's own input and output."""
    argv, environment = site.box.ssh_argv(account, key=site.keys[account])
    return site.box.start([argv[0], "-W", "127.0.0.1:8099", *argv[1:]], env=environment, stdin=subprocess.PIPE)
