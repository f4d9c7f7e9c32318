"""A hufud in a folder of its own, with its hufu-reaper, and what is asked of it over its control socket."""

import json
import pathlib
import socket
import subprocess
import time

CONFIG = """[host]
host = {host}
groups = {groups}
[gate]
gated-uid = 20000-29999
[directory]
status-max-age = none
"""

REAPER_CONFIG = """[reaper]
gated-uid = 20000-29999
max-session-normal = 28800
max-session-privileged = 14400
max-session-emergency = 28800
"""


class Refused(Exception):
    """The broker's answer is an error; the first argument is its name without the interface."""


class Control:
    """A connection to a control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.octets = b""

    def close(self):
        self.socket.close()

    def ask(self, method, **parameters):
        call = {"method": f"org.hufu.control.{method}", "parameters": parameters}
        self.socket.sendall(json.dumps(call).encode() + b"\0")
        while b"\0" not in self.octets:
            more = self.socket.recv(1 << 16)
            if not more:
                raise ConnectionError("the broker hung up")
            self.octets += more
        reply, _, self.octets = self.octets.partition(b"\0")
        reply = json.loads(reply)
        if reply.get("error"):
            raise Refused(reply["error"].rpartition(".")[2], reply.get("parameters"))
        return reply["parameters"]


class Broker:
    """`programs` is the folder with hufud and hufu-reaper."""

    def __init__(self, programs, folder, host, trust, groups=("fleet",)):
        self.programs, self.folder, self.host = pathlib.Path(programs), pathlib.Path(folder), host
        self.process = self.reaper = None
        self.state, self.run, self.leases = self.folder / "state", self.folder / "run", self.folder / "leases"
        for made in (self.state, self.run, self.leases):
            made.mkdir(parents=True, mode=0o700)
        (self.folder / "reaper.conf").write_text(REAPER_CONFIG)
        (self.folder / "hufud.conf").write_text(CONFIG.format(host=host, groups=", ".join(groups)))
        self.trust = self.folder / "trust"  # of this host: it keeps the epochs that it takes there
        self.trust.write_bytes(pathlib.Path(trust).read_bytes())
        subprocess.run(self._command("--create-store"), check=True, capture_output=True)

    def _command(self, *more):
        where = {"config": self.folder / "hufud.conf", "trust": self.trust, "state-dir": self.state, "run-dir": self.run}
        return [str(self.programs / "hufud"), *(f"--{name}={path}" for name, path in where.items()), *more]

    def _begin(self, command):
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self):
        where = {"config": self.folder / "reaper.conf", "socket": self.run / "reaper", "leases": self.leases, "user": "root"}
        reaper = str(self.programs / "hufu-reaper")
        self.reaper = self._begin([reaper, *(part for name, value in where.items() for part in (f"--{name}", str(value)))])
        self.process = self._begin(self._command())
        return self

    def control(self, patience=10):
        """A connection, as soon as the broker listens."""
        end = time.monotonic() + patience
        while True:
            try:
                return Control(self.run / "control")
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.001)

    def stop(self):
        for process in (self.process, self.reaper):
            if process and process.poll() is None:
                process.terminate()
                process.wait(20)


def pss(pid):
    """KiB: memory of a process, what it shares with others divided among them."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def anonymous(pid):
    """KiB that are the process's own and no file's."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss_Anon:"))
