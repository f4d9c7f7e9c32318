"""A slapd as contrib/ldap configures it, in a folder and at an address of its own: its files are used as they are but for paths,
names and sizes.
"""

import os
import pathlib
import re
import resource
import subprocess
import time

CONTRIB = pathlib.Path(__file__).resolve().parents[3] / "contrib" / "ldap"
DESCRIPTORS = 65536  # LimitNOFILE of the shipped unit
PORT = 636
PLAIN_PORT = 389


def raise_limit():
    """As many descriptors as the unit would have, or as may be had here. How many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = min(hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


def run(*arguments, **how):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, **how)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def added(entry):
    """LDIF that adds an entry as papers.py writes it."""
    name, _, rest = entry.partition("\n")
    return f"{name}\nchangetype: add\n{rest}"


class Slapd:
    """`conf` is provider.conf or replica.conf; `authority` signs for servers and hosts; `address` one of 127/8. Served are ldaps://
    and, `plain`, ldap:// for simple binds besides, which the shipped configuration refuses and which is here to be compared with.
    """

    def __init__(self, folder, authority, conf="provider.conf", address="127.0.0.1", plain=False, provider=None):
        self.folder, self.address, self.plain, self.process = pathlib.Path(folder), address, plain, None
        for name in ("etc/tls", "db/hufu", "db/hufu-log", "db/hufu-uses", "run"):
            (self.folder / name).mkdir(parents=True)
        self._certificates(authority, "servers" if provider is None else "replicas")
        for name in ("acl.conf", "hufu.schema"):
            (self.folder / "etc" / name).write_text(self._settled((CONTRIB / name).read_text()))
        self.conf = self.folder / "etc" / conf
        self.conf.write_text(self._settled((CONTRIB / conf).read_text(), provider))

    def _certificates(self, authority, unit):
        name = f"{unit}-{self.address}"
        key, certificate = authority.issue(name, f"/O=finance/OU={unit}/CN={self.address}", f"subjectAltName=IP:{self.address}")
        tls = {"ca.pem": authority.certificate, "server.pem": certificate, "server.key": key, "crl.pem": authority.crl()}
        for target, source in tls.items():
            (self.folder / "etc/tls" / target).write_bytes(source.read_bytes())

    def _settled(self, text, provider=None):
        text = text.replace("/etc/ldap/hufu/", f"{self.folder}/etc/").replace("/var/lib/ldap/", f"{self.folder}/db/")
        text = text.replace("/run/slapd/", f"{self.folder}/run/")
        if provider:
            text = text.replace("ldaps://ldap1.finance.example", provider.uri)
        if self.plain:
            text = re.sub(r"^(security|TLSVerifyClient) .*\n", "", text, flags=re.MULTILINE)
        return text

    # --- where it is

    @property
    def uri(self):
        return f"ldaps://{self.address}:{PORT}"

    @property
    def plain_uri(self):
        return f"ldap://{self.address}:{PLAIN_PORT}"

    @property
    def socket(self):
        return f"ldapi://{str(self.folder / 'run/ldapi').replace('/', '%2F')}"

    # --- its life

    def load(self, ldif, base=None):
        """slapadd of LDIF (a text, or an iterable of texts), before the start."""
        options = ["-b", base] if base else []
        command = ["slapadd", "-q", "-w", "-f", self.conf, *options]
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            with process.stdin as target:
                for text in [ldif] if isinstance(ldif, str) else ldif:
                    target.write(text.encode())
        except BrokenPipeError:
            pass  # it has something to say
        said = process.stdout.read().decode()
        if process.wait() != 0:
            raise RuntimeError(f"slapadd: {said[-2000:]}")

    def load_tree(self, extra=""):
        """The entries of tree.ldif, and those of the same database in `extra`."""
        tree = (CONTRIB / "tree.ldif").read_text()
        uses = tree.index("dn: ou=uses,")
        self.load(tree[:uses] + extra, base="ou=hufu,dc=finance,dc=example")
        self.load(tree[uses:], base="ou=uses,ou=hufu,dc=finance,dc=example")

    def start(self):
        """Returned once it answers; nothing is done if it runs."""
        if self.process and self.process.poll() is None:
            return self
        uris = [self.uri, self.socket] + ([self.plain_uri] if self.plain else [])
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            ["slapd", "-d0", "-f", str(self.conf), "-h", " ".join(f"{uri}/" for uri in uris)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=raise_limit,
        )
        log.close()
        end = time.monotonic() + 30
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"slapd did not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        return self

    def _answers(self):
        command = ["ldapwhoami", "-Q", "-Y", "EXTERNAL", "-H", self.socket]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    def stop(self, kill=False):
        if self.process and self.process.poll() is None:
            self.process.kill() if kill else self.process.terminate()
            self.process.wait(60)

    # --- changing it

    def writer(self):
        return Writer(self)

    def change(self, ldif):
        """Changes of LDIF, at once and to the end."""
        run("ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", self.socket, input=ldif)


class Writer:
    """An ldapmodify that is connected and waits: a change leaves as it is written."""

    def __init__(self, slapd):
        self.process = subprocess.Popen(
            ["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", slapd.socket],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def change(self, ldif):
        """One change of LDIF. When it was sent, in ns of the monotonic clock."""
        sent = time.monotonic_ns()
        self._write(ldif.encode())
        return sent

    def _write(self, octets):
        if self.process.poll() is not None:
            raise RuntimeError(f"ldapmodify: {self.process.stderr.read().decode()}")
        os.write(self.process.stdin.fileno(), octets)

    def close(self):
        self.process.stdin.close()
        if self.process.wait(20) != 0:
            raise RuntimeError(f"ldapmodify: {self.process.stderr.read().decode()}")
