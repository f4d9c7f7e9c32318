#!/usr/bin/python3
"""Tries, as whoever runs it, each way there is to what they may not do: runs in a box, reads /tmp/plan.json, and says in a line of
JSON for each way whether it was refused and what was said. A way that is open does what it says: there is nothing to be gentle with."""

import ctypes
import errno
import json
import os
import resource
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time

import gate_frames

LIBC = ctypes.CDLL(None, use_errno=True)
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
PIDFD_OPEN, PIDFD_SEND_SIGNAL, PIDFD_GETFD = 434, 424, 438


def say(way, refused, said):
    print(json.dumps({"way": way, "refused": refused, "said": str(said)}), flush=True)


def attempt(way, function, *arguments):
    """A way that an error closes: one that says that there is no right, and not that there is no such thing."""
    try:
        said = function(*arguments)
    except OSError as error:
        # From another file system there is no such way.
        if error.errno != errno.EXDEV:
            say(way, error.errno in REFUSED, error)
    else:
        say(way, False, f"done: {said!r:.60}")


def checked(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def syscall(number, *arguments):
    return checked(LIBC.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments)))


# --- the control socket


def call(method, parameters, more=False):
    """(error or None, parameters) of one call."""
    request = {"method": f"org.hufu.control.{method}", "parameters": parameters, **({"more": True} if more else {})}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(15)
        connection.connect("/run/hufu/control")
        connection.sendall(json.dumps(request).encode() + b"\0")
        octets = b""
        while not octets.endswith(b"\0"):
            part = connection.recv(65536)
            if not part:
                return "hung up", {}
            octets += part
        answer = json.loads(octets.split(b"\0")[0])
        return answer.get("error"), answer.get("parameters", {})


def control(methods):
    for name, how in methods.items():
        error, said = call(name, how["parameters"], how.get("more", False))
        if how["expect"] == "refused":
            say(f"control {name}", error == "org.hufu.control.NotPermitted", f"{error} {said}")
        elif how["expect"] == "not found":
            say(f"control {name} of somebody else", error == "org.hufu.control.NotFound", f"{error} {said}")
        elif how["expect"] == "answered":
            say(f"may {name}", False, error or "answered")
        else:
            say(f"may {name}", False, "answered" if error != "org.hufu.control.NotPermitted" else error)


# --- files


def append(path):
    os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC))


def cut(path):
    os.close(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC))


def read(path):
    os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


def make(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def replace(path):
    mine = os.path.expanduser(f"~/trespass.{time.monotonic_ns()}")
    make(mine)
    try:
        os.rename(mine, path)
    finally:
        os.unlink(mine)


def bind(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


def open_database(path, query):
    """SQLite's own way in; its errors as an OSError."""
    try:
        connection = sqlite3.connect(f"file:{path}?{query}", uri=True)
        return connection.execute("SELECT count(*) FROM ledger").fetchone()
    except sqlite3.OperationalError as error:
        code = errno.EACCES if "unable to open" in str(error) else errno.EIO
        raise OSError(code, str(error)) from error


def files(plan):
    for path in plan["secret"]:
        attempt(f"read {path}", os.listdir if os.path.isdir(path) else read, path)
    for path in plan["files"]:
        attempt(f"append to {path}", append, path)
        attempt(f"cut {path}", cut, path)
        attempt(f"link {path}", os.link, path, f"/tmp/link.{os.getpid()}.{time.monotonic_ns()}")
    for path in plan["files"] + plan["sockets"] + plan["folders"]:
        attempt(f"chmod {path}", os.chmod, path, 0o777)
        attempt(f"chown {path}", os.chown, path, os.getuid(), os.getgid())
        attempt(f"date {path}", os.utime, path, (0, 0))
        attempt(f"rename {path}", os.rename, path, f"{path}.taken")
        attempt(f"take the place of {path}", replace, path)
    for path in plan["files"] + plan["sockets"]:
        attempt(f"remove {path}", os.unlink, path)
    for path in plan["folders"]:
        attempt(f"remove {path}", os.rmdir, path)
        attempt(f"make a file in {path}", make, f"{path}/trespass")
        attempt(f"make a link in {path}", os.symlink, "/etc/passwd", f"{path}/trespass")
        attempt(f"make a socket in {path}", bind, f"{path}/trespass")
        attempt(f"mount over {path}", lambda: checked(LIBC.mount(b"/tmp", path.encode(), None, 4096, None)))
    for query in ("mode=rw", "mode=ro", "immutable=1"):
        attempt(f"SQLite {query}", open_database, plan["store"], query)


# --- processes


def transfer_memory(pid):
    buffer = ctypes.create_string_buffer(8)
    local = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 8)
    remote = (ctypes.c_ulong * 2)(0x400000, 8)
    checked(LIBC.process_vm_readv(pid, local, 1, remote, 1, 0))


def processes(plan):
    for name, pid in plan["processes"].items():
        for number in (0, signal.SIGHUP, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT):
            attempt(f"signal {number} to {name}", os.kill, pid, number)
        for request in (PTRACE_ATTACH, PTRACE_SEIZE):
            attempt(f"ptrace {request} of {name}", lambda: checked(LIBC.ptrace(request, pid, 0, 0)))
        attempt(f"memory of {name}, by the kernel's copy", transfer_memory, pid)
        for file in ("mem", "maps", "environ", "auxv", "stack", "syscall", "root", "cwd", "exe"):
            attempt(f"read /proc of {name}: {file}", os.readlink if file in ("root", "cwd", "exe") else read, f"/proc/{pid}/{file}")
        for file in ("mem", "oom_score_adj", "clear_refs", "coredump_filter"):
            attempt(f"write /proc of {name}: {file}", append, f"/proc/{pid}/{file}")
        attempt(f"descriptors of {name}", os.listdir, f"/proc/{pid}/fd")
        handle = syscall(PIDFD_OPEN, pid, 0)
        attempt(f"a descriptor of {name}", syscall, PIDFD_GETFD, handle, 0, 0)
        attempt(f"signal {name} by descriptor", syscall, PIDFD_SEND_SIGNAL, handle, signal.SIGTERM, 0, 0)
        attempt(f"limits of {name}", resource.prlimit, pid, resource.RLIMIT_NOFILE, (1, 1))
        attempt(f"priority of {name}", os.setpriority, os.PRIO_PROCESS, pid, 19)
        attempt(f"processors of {name}", os.sched_setaffinity, pid, {0})
        for file in ("cgroup.procs", "cgroup.kill", "cgroup.freeze"):
            attempt(f"{file} of {name}", append, f"/sys/fs/cgroup{plan['cgroups'][name]}/{file}")


# --- the other sockets


def frame(way, kind, body, path=gate_frames.GATE):
    """Hung up on, or told so."""
    try:
        answer = gate_frames.ask(kind, body, path)
    except OSError as error:
        say(way, error.errno in REFUSED, error)
    else:
        say(way, answer == b"" or gate_frames.reply(answer)[0] == gate_frames.DENY, answer[:40])


def frames(plan):
    me = gate_frames.pam(plan["name"], os.getuid(), "10.1.2.3")
    other = gate_frames.pam(plan["other"], plan["other_uid"], "10.1.2.3")
    for kind in (gate_frames.OPEN, gate_frames.CLOSE):
        frame(f"gate: {kind} for oneself", kind, me)
    for kind in (gate_frames.ACCOUNT, gate_frames.OPEN, gate_frames.CLOSE):
        frame(f"gate: {kind} for another", kind, other)
    for kind in (gate_frames.KEYS, gate_frames.COMMAND, gate_frames.COMMAND_END, gate_frames.REPLY):
        frame(f"gate: {kind}", kind, other)
    for kind in (0x0101, 0x0103, 0x0105):
        frame(f"reaper: {kind:#x}", kind, struct.pack(">I", os.getpid()), "/run/hufu/reaper")
    for kind in (0x0281, 0x0282, 0x0287):
        frame(f"feed: {kind:#x}", kind, b"\0" * 8, "/run/hufu/feed")


# --- becoming somebody


def identities(plan):
    attempt("become root", os.setresuid, 0, 0, 0)
    attempt("become hufu", os.setresuid, plan["hufu"], plan["hufu"], plan["hufu"])
    for name, number in plan["groups"].items():
        attempt(f"join {name}", os.setgroups, [number])
        attempt(f"have {name} as group", os.setresgid, number, number, number)
    attempt("another login uid", lambda: os.write(os.open("/proc/self/loginuid", os.O_WRONLY), b"0"))
    attempt("set the clock", time.clock_settime, time.CLOCK_REALTIME, time.time() + 86400)
    attempt("slew the clock", lambda: checked(LIBC.adjtime(struct.pack("@qq", 1, 0), None)))
    attempt("the host's name", socket.sethostname, "other")


def commands(plan):
    for command in plan["commands"]:
        done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
        said = f"{done.returncode} {(done.stdout + done.stderr).strip()[-200:]}"
        say(f"$ {command}", done.returncode not in (0, 126, 127), said)


def as_root_of_a_namespace(plan):
    """Of a user namespace of one's own: to hufud its root is who made it."""
    done = subprocess.run(["unshare", "-Ur", sys.executable, *sys.argv, "inside"], capture_output=True, text=True, check=False, timeout=60)
    for line in done.stdout.splitlines():
        inside = json.loads(line)
        say(f"{inside['way']}, as root of a user namespace", inside["refused"], inside["said"])
    if done.returncode != 0:
        say("a user namespace", done.stdout == "", done.stderr[-200:])


def main(name, inside=False):
    with open("/tmp/plan.json", encoding="utf-8") as file:
        whole = json.load(file)
    plan = {**whole, **whole["roles"][name], "name": name}
    if inside:
        control({method: how for method, how in plan["methods"].items() if how["expect"] == "refused"})
        return
    control(plan["methods"])
    as_root_of_a_namespace(plan)
    frames(plan)
    identities(plan)
    processes(plan)
    commands(plan)
    files(plan)


if __name__ == "__main__":
    main(sys.argv[1], len(sys.argv) > 2)
