"""A box: a Debian machine with the product installed, booted with a real systemd in namespaces of its own by contrib/world.

Everything happens inside: the ssh client too runs in the box, against the box's sshd, on the box's loopback. So addresses of
any network may be used, after `box.address("10.1.2.3")`.
"""

import os
import pathlib
import shlex
import signal
import subprocess
import time

import pexpect

TREE = pathlib.Path(__file__).resolve().parents[2]
# Seconds. Not a measure of speed: what waits without a deadline was seen to wait for 9 to 300.
HANGS = 8
# Times as long as on an idle machine, until something that does not come is given up.
PATIENCE = 3
WORLD = str(TREE / "contrib" / "world")
STORE = pathlib.Path(os.environ.get("HUFU_WORLD_DIR", "/run/hufu-world"))

ENVIRONMENT = ["container=hufu-world", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
ASKPASS = "/usr/local/bin/test-askpass"


class Result:
    """What a command did: exit code, its two outputs, and seconds taken."""

    def __init__(self, command, code, out, err, seconds):
        self.command, self.code, self.out, self.err, self.seconds = command, code, out, err, seconds

    @property
    def ok(self):
        return self.code == 0

    @property
    def text(self):
        return self.out + self.err

    def check(self):
        assert self.ok, self
        return self

    def __repr__(self):
        return f"<{self.command!r} -> {self.code} in {self.seconds:.2f} s\n{self.out}{self.err}>"


class Running:
    """A command that goes on in the box. Ends with the test that started it, at the latest."""

    def __init__(self, command, process):
        self.command, self.process, self.began = command, process, time.monotonic()

    @property
    def ended(self):
        return self.process.poll() is not None

    def wait(self, timeout=20):
        """`timeout` as for until()."""
        try:
            out, err = self.process.communicate(timeout=PATIENCE * timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return Result(self.command, self.process.returncode, out, err, time.monotonic() - self.began)

    def kill(self):
        if not self.ended:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def world(*arguments, check=True, input=None, timeout=120):
    done = subprocess.run([WORLD, *arguments], input=input, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"world {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


class Box:
    def __init__(self, name, parent):
        self.name = name
        self.running = []
        world("clone", name, parent)

    # --- the machine

    def up(self):
        world("up", self.name)
        self.state = world("wait", self.name)
        leader, cgroup = world("where", self.name).split()
        # What `world exec` does, without its start-up: into the box's cgroup, then into its namespaces.
        flags = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]
        self.enter = ["sh", "-c", 'echo 0 > "$0" && exec "$@"', f"/sys/fs/cgroup{cgroup}/init.scope/cgroup.procs"]
        self.enter += ["nsenter", "--target", leader, *flags, "--", "env", "-i", *ENVIRONMENT]
        return self

    def down(self):
        """Like a power cut: nothing inside gets a word, memory is lost, the disk stays."""
        self.kill_running()
        world("down", self.name)

    def reboot(self):
        self.down()
        return self.up()

    def drop(self, keep=False):
        self.kill_running()
        if keep:
            world("down", self.name, check=False)
            # It stands on others, which have to stay, too.
            node = self.name
            while (folder := STORE / "nodes" / node).joinpath("parent").is_file():
                (folder / "run").unlink(missing_ok=True)
                node = (folder / "parent").read_text().strip()
        else:
            world("drop", self.name, check=False)

    def offline(self, command):
        """A shell command in the box's root while it is not booted."""
        return world("run", self.name, "sh", "-euc", command)

    # --- commands

    def argv(self, command, user=None, env=None):
        """The outer command line for a shell command (a string) or an argument vector (a list)."""
        inner = ["bash", "-c", command] if isinstance(command, str) else list(command)
        if user:
            become = 'exec setpriv --reuid "$0" --regid "$(id -g "$0")" --init-groups --reset-env "$@"'
            inner = ["sh", "-c", become, user, *inner]
        if env:
            inner = ["env", *(f"{key}={value}" for key, value in env.items()), *inner]
        return [*self.enter, *inner]

    def start(self, command, user=None, env=None, stdin=subprocess.DEVNULL):
        process = subprocess.Popen(
            self.argv(command, user, env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        running = Running(command, process)
        self.running.append(running)
        return running

    def run(self, command, user=None, env=None, timeout=90):
        """Runs to its end; any exit code will do."""
        running = self.start(command, user, env)
        try:
            return running.wait(timeout)
        finally:
            self.running.remove(running)

    def sh(self, command, user=None, env=None, timeout=90):
        """Runs to its end, which has to be a success; its output without the last line feed."""
        result = self.run(command, user, env, timeout)
        assert result.ok, result
        return result.out.rstrip("\n")

    def spawn(self, command, user=None, env=None, timeout=30):
        """On a terminal of the box's own (`tty` and login see it), driven by pexpect."""
        inner = command if isinstance(command, str) else shlex.join(command)
        argv = self.argv(["script", "-qfec", inner, "/dev/null"], user, {"TERM": "xterm", **(env or {})})
        return pexpect.spawn(argv[0], argv[1:], timeout=timeout, encoding="utf-8", codec_errors="replace", dimensions=(40, 160))

    def kill_running(self):
        for running in self.running:
            running.kill()
        self.running.clear()

    def until(self, condition, timeout=5.0, every=0.03):
        """Waits for a shell command to succeed, or a function to return something true; returns what it gave. `timeout` is
        what an idle machine takes at the most; a busy one gets several times as long."""
        end = time.monotonic() + PATIENCE * timeout
        while True:
            value = self.run(condition).ok if isinstance(condition, str) else condition()
            if value:
                return value
            assert time.monotonic() < end, f"not within {PATIENCE * timeout} s: {condition}"
            time.sleep(every)

    # --- files

    def put(self, path, content, mode="644", owner="root:root"):
        data = content if isinstance(content, bytes) else content.encode()
        quoted = shlex.quote(path)
        done = subprocess.run(
            self.argv(f'mkdir -p "$(dirname {quoted})" && rm -f {quoted} && cat > {quoted} && chown {owner} {quoted} && chmod {mode} {quoted}'),
            input=data,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return path

    def get(self, path):
        done = subprocess.run(self.argv(["cat", path]), capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # --- people and logins

    def account(self, name, uid=None, password="pw", group=None):
        # Left to itself, useradd takes the number after the highest one: with gated accounts there, one of theirs.
        options = ["--uid", str(uid)] if uid else ["--key", "UID_MAX=19999"]
        options += ["--gid", group, "--no-user-group"] if group else []
        self.sh(["useradd", "--badname", "-m", "-s", "/bin/bash", *options, name])
        self.sh(f"echo {shlex.quote(name)}:{shlex.quote(password)} | chpasswd")

    def key(self, name, kind="ed25519"):
        """An ssh key of its own for a person; the path of the private half."""
        path = f"/root/keys/{name}"
        self.sh(f"mkdir -p /root/keys; [ -e {path} ] || ssh-keygen -q -t {kind} -N '' -C {name} -f {path}")
        return path

    def authorize(self, account, key):
        """Puts a key into the account's own authorized_keys, as for staff of the department."""
        self.sh(
            f"install -d -o {account} -m 700 ~{account}/.ssh && cat {key}.pub >> ~{account}/.ssh/authorized_keys"
            f" && chown {account} ~{account}/.ssh/authorized_keys"
        )

    def fingerprint(self, key):
        return self.sh(["ssh-keygen", "-lf", f"{key}.pub"]).split()[1]

    def address(self, *addresses):
        """Gives the box's loopback further addresses, to come from and to connect to."""
        for address in addresses:
            self.sh(["ip", "address", "replace", address, "dev", "lo"])

    def ssh_argv(self, account, *command, key=None, password=None, method=None, source=None, target="127.0.0.1", options=(), program="ssh"):
        """An OpenSSH client's command line and environment. With `password`, it is typed for whatever is asked."""
        if method is None:
            method = "publickey" if key else "password"
        settings = [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=INFO",
            "ConnectTimeout=10",
            "NumberOfPasswordPrompts=1",
            f"PreferredAuthentications={method}",
            f"PubkeyAuthentication={'yes' if 'publickey' in method else 'no'}",
            "IdentitiesOnly=yes",
            *([f"IdentityFile={key}"] if key else []),
            *([f"BindAddress={source}"] if source else []),
            *options,
        ]
        argv = [program]
        for setting in settings:
            argv += ["-o", setting]
        environment = {}
        if password is not None:
            self.sh(f"[ -e {ASKPASS} ] || install -m 755 /dev/stdin {ASKPASS} <<< $'#!/bin/sh\\nprintf \"%s\\\\n\" \"$TEST_PASSWORD\"'")
            environment = {"SSH_ASKPASS": ASKPASS, "SSH_ASKPASS_REQUIRE": "force", "TEST_PASSWORD": password}
        return [*argv, *([f"{account}@{target}"] if program == "ssh" else []), *command], environment

    def ssh(self, account, *command, timeout=90, **how):
        """One ssh, to its end."""
        argv, environment = self.ssh_argv(account, *command, **how)
        return self.run(argv, env=environment, timeout=timeout)

    def ssh_start(self, account, *command, **how):
        """An ssh that stays."""
        argv, environment = self.ssh_argv(account, *command, **how)
        return self.start(argv, env=environment)

    def ssh_spawn(self, account, *command, **how):
        """An ssh with a terminal at both ends, for pexpect."""
        argv, environment = self.ssh_argv(account, *command, **how)
        return self.spawn([argv[0], "-tt", *argv[1:]], env=environment)

    # --- what is alive

    def processes(self, account):
        """The pids of an account's processes."""
        return self.run(["pgrep", "-u", account]).out.split()

    def journal(self, *matches):
        """Records as `journalctl -o json` gives them."""
        import json

        lines = self.sh(["journalctl", "--no-pager", "-o", "json", *matches]).splitlines()
        return [json.loads(line) for line in lines]
