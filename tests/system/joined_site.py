"""A guarded host that follows a directory, and the directory in an attacker's hands.

    grant = joined.published()                     # drafted, approved, published by an operator; known to hufud
    joined.status()                                # the next one, by the status signer
    joined.directory.replace(dn, hufuDocument=b"") # as `admin`, root of slapd, one may write anything
    joined.heard()                                 # hufud has been told all that was written before
"""

import base64
import copy
import hashlib
import itertools
import json
import os
import re

from directory import BASE, KEYS, PROVIDER, Directory
from ldapd_setup import CONFIG, PASSWORD_FILE, configuration
from site_setup import HOST, NAME, PEOPLE, SM2_ID, Site

TLS = "ca = /etc/hufu/tls/ca.pem\ncert = /etc/hufu/tls/host.pem\nkey = /etc/hufu/tls/host.key\ncrl = /etc/hufu/tls/crl.pem\n"
REVOKER, SIGNER = "sun.qi", "status-2026"
ALREADY_THERE = 68
NO_SUCH_TIME = 2_000_000_000


def paper(text):
    """A document, as octets."""
    return text if isinstance(text, bytes) else text.encode()


def id_of(octets):
    return re.search(rb"^id: ([0-9a-f]{32})$", octets, re.MULTILINE).group(1).decode()


class Joined(Site):
    """Beside the site's people: revoker sun.qi, and the status key status-2026. zhou.ming may request, too. The host is in group
    `databases`."""

    news = "--status-max-age 24h"
    bounded = False
    beats = itertools.count(NO_SUCH_TIME)

    # --- setting up

    def offices(self):
        known = self.authority.known
        return [
            f"revoker: {REVOKER} finance ed25519 {known(REVOKER, 'ed25519')}",
            "requester: zhou.ming finance",
            f"status-key: {SIGNER} ed25519 {known(SIGNER, 'ed25519')}",
        ]

    def trust_document(self, epoch=1, approvers=None, extra=()):
        return super().trust_document(epoch, approvers, [*self.offices(), *extra])

    def establish(self):
        self.digests = {}
        super().establish()
        self.epoch = 0
        self.directory = Directory(self.box).establish()
        key = self.directory.host(HOST, "databases")
        self.box.sh(f"install -d -m 755 /etc/hufu/tls && cp {KEYS}/ca.pem {KEYS}/crl.pem /etc/hufu/tls/ && cp {key}.pem /etc/hufu/tls/host.pem")
        self.box.sh(f"install -o hufu-ldap -m 600 {key}.key /etc/hufu/tls/host.key")
        self.box.sh("sed -i 's/^\\[host\\]$/[host]\\ngroups = databases/' /etc/hufu/hufud.conf && systemctl reload hufud")
        self.follow(f"ldaps://{PROVIDER}")
        self.box.sh("systemctl enable hufu-ldapd")
        self.status()
        self.box.until(lambda: self.sync("status_epoch") == self.epoch, timeout=15)
        return self

    def on(self, box):
        clone = super().on(box)
        clone.digests = dict(self.digests)
        clone.directory = copy.copy(self.directory)
        clone.directory.box = box
        clone.directory.provider = copy.copy(self.directory.provider)
        clone.directory.provider.box = box
        clone.directory.provider.start()
        clone.resume()
        return clone

    def begin_anew(self):
        """Whatever a test did: the servers run, and the directory has a new status and nothing else."""
        if self.bounded:
            self.bound("24h")
        self.directory.restored().clear()
        if self.sync("state") != "live" or not self.sync("server").endswith(PROVIDER):
            self.follow(f"ldaps://{PROVIDER}")
        self.current()

    # --- hufu-ldapd

    def follow(self, *uris, **settings):
        """Has hufu-ldapd follow these servers."""
        server = f"claim-uri = ldaps://{PROVIDER}\n"
        self.box.put(CONFIG, configuration(" ".join(uris), base=BASE, server=server, bind="method = external\n", tls=TLS, **settings))
        self.resume()

    def follow_puppet(self, puppet):
        """A server in the test's hands, in the clear on the loopback."""
        self.box.put(PASSWORD_FILE, "secret\n", "600", "hufu-ldap:hufu-ldap")
        self.box.put(CONFIG, configuration(puppet.uri, base=BASE))
        self.box.sh("systemctl reset-failed hufu-ldapd 2>/dev/null; systemctl restart hufu-ldapd")

    def resume(self):
        self.box.sh("systemctl reset-failed hufu-ldapd 2>/dev/null; systemctl restart hufu-ldapd")
        self.live_again()

    def live_again(self):
        self.box.until(lambda: self.sync("state") in ("live", "polling"), timeout=15)

    def sync(self, field=None):
        # Its exit code says whether the directory is followed.
        done = self.box.run("hufuctl --json sync status")
        assert done.out, done
        shown = json.loads(done.out)
        return shown[field] if field else shown

    def heard(self):
        """Returns once hufud was told what had been written before: the last thing written is a heartbeat of its own."""
        instant = self.beat(f"@{next(Joined.beats)}")
        self.box.until(lambda: self.sync("heartbeat_written") == instant, timeout=15)
        return self

    def beat(self, when="now"):
        instant = self.box.sh(f"date -u -d {when} +%FT%TZ")
        self.directory.replace(f"cn=heartbeat,{BASE}", hufuBeat=instant).check()
        return instant

    def bad(self, dn):
        """What hufud says of an entry that is not in force."""
        found = [entry for entry in self.sync("bad_entries") if entry["name"].lower() == dn.lower()]
        return found[0] if found else None

    def refused(self, dn, timeout=10):
        """The same, once it does."""
        return self.box.until(lambda: self.bad(dn), timeout=timeout)

    # --- documents

    def revocation(self, scope, number=None, until="forever"):
        number = number or os.urandom(16).hex()
        lines = ["hufu-revocation: 1", f"site: {NAME}", f"id: {number}", f"scope: {scope}", f"until: {until}"]
        return paper("\n".join([*lines, "revoked-at: 2026-11-21T08:30:00Z", "reason: 证件丢失"]) + "\n")

    def status_document(self, *lines, epoch=None, trust_epoch=1, issued="now", expires="+8 hours", site=NAME):
        issued, expires = (self.box.sh(f"date -u -d '{when}' +%FT%TZ") for when in (issued, expires))
        self.issued = issued
        if epoch is None:
            epoch = self.epoch = self.epoch + 1
        head = ["hufu-status: 1", f"site: {site}", f"trust-epoch: {trust_epoch}", f"epoch: {epoch}", f"issued: {issued}", f"expires: {expires}"]
        return paper("\n".join([*head, *lines]) + "\n")

    def drafted(self, staff="zhang.san", **fields):
        """A grant's text."""
        return self.box.get(self.draft(staff, **fields))

    def certificate_digest(self, path):
        if path not in self.digests:
            self.digests[path] = self.box.sh(f"openssl x509 -in {path} -outform der | sha256sum").split()[0]
        return self.digests[path]

    def signed(self, octets, person, role, subject=None, site=NAME, key=None, certificate=None):
        """An approval by stock openssl, by anybody and about anything: also one that hufuctl would not make."""
        algorithm = self.approvers[person][1] if person in self.approvers else "ed25519"
        key, certificate = key or f"{PEOPLE}/{person}.key", certificate or f"{PEOPLE}/{person}.pem"
        digest = self.certificate_digest(certificate)
        head = ["hufu-approval: 1", f"site: {site}", f"approver: {person}", f"role: {role}", f"alg: {algorithm}", f"cert-sha256: {digest}"]
        head += ["approved-at: 2026-11-21T08:30:00Z", f"subject: {subject or self.subject(octets)}"]
        head += [f"subject-length: {len(octets)}", f"subject-sha256: {hashlib.sha256(octets).hexdigest()}"]
        header = "\n".join(head).encode() + b"\n"
        to_be_signed = base64.b64encode(header + b"\n" + octets).decode()
        signing = f"dgst -sm3 -sign {key} {SM2_ID} /root/tbs" if algorithm == "sm2-sm3" else f"pkeyutl -sign -rawin -inkey {key} -in /root/tbs"
        signature = self.box.sh(f"base64 -d <<< {to_be_signed} > /root/tbs && openssl {signing} | base64 -w0")
        return header + f"signature: {signature}\n".encode()

    @staticmethod
    def subject(octets):
        field = dict(line.split(": ", 1) for line in octets.decode().splitlines())
        if "hufu-grant" in field:
            return f"grant {field['id']} {field['version']}"
        if "hufu-status" in field:
            return f"status {field['trust-epoch']} {field['epoch']}"
        return f"trust {field['epoch']}" if "hufu-trust" in field else f"revocation {field['id']}"

    def approved(self, octets):
        """By everybody whose approval it needs."""
        return [self.signed(octets, person, role) for person, (role, _) in self.approvers.items()]

    # --- in the directory

    def publish(self, octets, approvals=()):
        """By whoever may, in place of what is there."""
        dn, values = self.directory.entry_of(octets, approvals)
        done = self.directory.add(dn, **values)
        if done.code == ALREADY_THERE:
            done = self.directory.replace(dn, **{name: value for name, value in values.items() if name not in ("cn", "objectClass")})
        done.check()
        return dn

    def publish_as(self, name, octets, approvals=()):
        """Beside what is there, under a name of the attacker's choice."""
        usual, values = self.directory.entry_of(octets, approvals)
        dn = f"cn={name},{usual.partition(',')[2]}"
        self.directory.add(dn, **{**values, "cn": name}).check()
        return dn

    def published(self, staff="zhang.san", **fields):
        """A grant as it should be, in force here; its id. Its text is in `.last`."""
        self.last = self.drafted(staff, **fields)
        self.publish(self.last, self.approved(self.last))
        grant = id_of(self.last)
        self.box.until(lambda: self.state(grant) == "ok", timeout=10)
        return grant

    def line(self, grant):
        """What `hufuctl grant list` says of it."""
        return next((line for line in self.ctl("grant", "list", "--all") if line["id"] == grant), {})

    def state(self, grant):
        return self.line(grant).get("state")

    def version(self, grant):
        return self.line(grant).get("version")

    def becomes(self, grant, state):
        self.box.until(lambda: self.state(grant) == state, timeout=10)

    def entry(self, grant, version=1):
        return f"cn={grant}.{version},ou=grants,{BASE}"

    def take_away(self, scope):
        """A revocation by the revoker, in force; its entry."""
        octets = self.revocation(scope)
        before = self.sync("revocations_signed")
        dn = self.publish(octets, [self.signed(octets, REVOKER, "revoker")])
        self.box.until(lambda: self.sync("revocations_signed") > before, timeout=10)
        return dn

    def status(self, *lines, **fields):
        """The next one, published; its epoch."""
        octets = self.status_document(*lines, **fields)
        self.publish(octets, [self.signed(octets, SIGNER, "status")])
        return self.epoch

    def current(self, *lines, **fields):
        """The same, once it is in use."""
        epoch = self.status(*lines, **fields)
        self.box.until(lambda: self.sync("status_epoch") == epoch, timeout=10)
        return epoch

    def bound(self, age):
        """How old a status may be here."""
        before = len(self.audit(event="reload"))
        self.box.sh(f"sed -i 's/^status-max-age = .*/status-max-age = {age}/' /etc/hufu/hufud.conf && systemctl reload hufud")
        self.box.until(lambda: len(self.audit(event="reload")) > before)
        self.bounded = age != "24h"

    def stale_in(self, seconds):
        """The host's own bound is such that the status in use is too old in a moment."""
        age = self.box.sh(f"echo $(($(date +%s) - $(date -d {self.issued} +%s) + {seconds}))")
        self.bound(f"{age}s")

    # --- asking

    def handed_in(self, octets, approvals):
        """By an operator on the host, and not by the directory."""
        paths = [self.box.put(f"/root/paper.{number}", one) for number, one in enumerate([octets, *approvals])]
        self.add(paths[0], paths[1:]).check()

    def comes_in(self, person="zhang.san"):
        return self.ssh(person).ok

    def why_not(self, person="zhang.san"):
        """Somebody tries, and does not get in; the reason on record."""
        before = len(self.refusals(person))
        tried = self.ssh(person)
        assert not tried.ok, tried
        found = self.box.until(lambda: self.refusals(person)[before:])
        return found[-1]
