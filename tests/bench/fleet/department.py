"""A department for benches and tests that need thousands of signatures: an authority, two approvers, a trust file. Keys and
certificates come from openssl; signatures are made in this process (papers.py).
"""

import base64
import pathlib
import subprocess

import papers

USAGES = {"ca": "critical,keyCertSign,cRLSign", "person": "critical,digitalSignature"}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def der_of(certificate):
    """Of a PEM file."""
    return subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "der"], check=True, capture_output=True).stdout


class Authority:
    """Self-signed; signs what it is asked to, one process a certificate."""

    def __init__(self, folder, name, algorithm=("ed25519",)):
        self.folder, self.algorithm = pathlib.Path(folder), algorithm
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key, self.certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        self._make(self.key, self.certificate, f"/O=finance/CN={name}", ["CA:TRUE", USAGES["ca"]])

    def _make(self, key, certificate, subject, constraints, *more):
        basic, usage = constraints
        openssl(
            *("req", "-x509", "-newkey", *self.algorithm, "-noenc", "-keyout", key, "-out", certificate, "-days", 3650),
            *("-subj", subject, "-addext", f"basicConstraints=critical,{basic}", "-addext", f"keyUsage={usage}", *more),
        )

    def issue(self, name, subject, *extensions):
        """Key and certificate of this subject; their paths."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        more = [part for extension in extensions for part in ("-addext", extension)]
        more += ["-CA", self.certificate, "-CAkey", self.key]
        self._make(key, certificate, subject, ["CA:FALSE", USAGES["person"]], *more)
        return key, certificate

    def crl(self):
        """An empty list of what was revoked; its path."""
        path, index = self.folder / "crl.pem", self.folder / "index"
        index.touch()
        settings = self.folder / "crl.cnf"
        settings.write_text(f"[ca]\ndefault_ca = x\n[x]\ndatabase = {index}\ndefault_md = sha256\ndefault_crl_days = 3650\n")
        openssl("ca", "-config", settings, "-gencrl", "-keyfile", self.key, "-cert", self.certificate, "-out", path)
        return path


class Department:
    """Its trust file asks a leader and a unit for a normal grant."""

    people = {"wang.wu": "leader", "zhou.ming": "unit"}

    def __init__(self, folder):
        self.authority = Authority(folder, "finance-documents")
        self.approvers, lines = [], []
        for person, role in self.people.items():
            key, certificate = self.authority.issue(person, f"/O=finance/CN={person}")
            octets = der_of(certificate)
            self.approvers.append(papers.Signer(person, role, "ed25519", key.read_bytes(), octets))
            lines.append(f"approver: {person} finance {role} ed25519 {base64.b64encode(octets).decode()}")
        self.trust = self.authority.folder / "trust"
        self.trust.write_text(self._trust_document(lines))
        self.trust.chmod(0o644)

    def _trust_document(self, approvers):
        anchor = base64.b64encode(der_of(self.authority.certificate)).decode()
        lines = ["hufu-trust: 1", f"site: {papers.SITE}", "epoch: 1"]
        lines += ["not-before: 2020-01-01T00:00:00Z", "not-after: 2040-01-01T00:00:00Z"]
        lines += [f"anchor: finance {anchor}", "requester: li.si finance", *sorted(approvers)]
        lines += ["limit: emergency validity=86400 session=28800 any=hours,source"]
        lines += ["limit: normal validity=2592000 session=28800 any=hours,source"]
        lines += ["limit: privileged validity=604800 session=14400 any=hours"]
        lines += ["quorum: emergency total=1 leader=1", "quorum: normal total=2 leader=1 unit=1", "quorum: privileged total=2 leader=1 unit=1"]
        return "".join(f"{line}\n" for line in lines)

    def approvals_of_grant(self, number, document, version=1):
        return [person.approval(f"grant {number:032x} {version}", document) for person in self.approvers]

    def approvals_of_revocation(self, number, document):
        return [self.approvers[0].approval(f"revocation {number:032x}", document)]
