"""Signed documents by the ten thousand: what `hufuctl grant draft`, `approve` and `publish` make one at a time, without a process
for each. Texts follow docs/documents line by line; whether they are right is for hufud to say, which takes them or does not.
"""

import base64
import ctypes
import ctypes.util
import datetime
import hashlib

SITE = "cn.example.finance"
BASE = "ou=hufu,dc=finance,dc=example"
SM2_ID = b"1234567812345678"


def instant(seconds_from_now=0):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_from_now)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- signatures


def _libcrypto():
    crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    for name in ("BIO_new_mem_buf", "PEM_read_bio_PrivateKey", "EVP_MD_CTX_new", "EVP_sm3", "EVP_sha256"):
        getattr(crypto, name).restype = ctypes.c_void_p
    return crypto


CRYPTO = _libcrypto()


class Signer:
    """Somebody with a key (PEM) and a certificate (DER), who signs in one role."""

    digests = {"ed25519": None, "sm2-sm3": "EVP_sm3", "ecdsa-p256-sha256": "EVP_sha256"}

    def __init__(self, person, role, algorithm, key, certificate):
        self.person, self.role, self.algorithm = person, role, algorithm
        self.certificate_sha256 = hashlib.sha256(certificate).hexdigest()
        bio = CRYPTO.BIO_new_mem_buf(key, len(key))
        self.key = CRYPTO.PEM_read_bio_PrivateKey(ctypes.c_void_p(bio), None, None, None)
        CRYPTO.BIO_free(ctypes.c_void_p(bio))
        if not self.key:
            raise ValueError(f"the key of {person} is none")

    def sign(self, octets):
        context, of_key = ctypes.c_void_p(CRYPTO.EVP_MD_CTX_new()), ctypes.c_void_p()
        digest = self.digests[self.algorithm]
        digest = ctypes.c_void_p(getattr(CRYPTO, digest)()) if digest else None
        good = CRYPTO.EVP_DigestSignInit(context, ctypes.byref(of_key), digest, None, ctypes.c_void_p(self.key)) == 1
        if self.algorithm == "sm2-sm3":
            good = good and CRYPTO.EVP_PKEY_CTX_set1_id(of_key, SM2_ID, len(SM2_ID)) == 1
        signature, size = ctypes.create_string_buffer(512), ctypes.c_size_t(512)
        good = good and CRYPTO.EVP_DigestSign(context, signature, ctypes.byref(size), octets, ctypes.c_size_t(len(octets))) == 1
        CRYPTO.EVP_MD_CTX_free(context)
        if not good:
            raise RuntimeError(f"libcrypto did not sign for {self.person}")
        return signature.raw[: size.value]

    def approval(self, about, document):
        """The approval of a document (octets), as octets; `about` is its subject line: `grant ID VERSION` and so on."""
        lines = [
            "hufu-approval: 1",
            f"site: {SITE}",
            f"approver: {self.person}",
            f"role: {self.role}",
            f"alg: {self.algorithm}",
            f"cert-sha256: {self.certificate_sha256}",
            f"approved-at: {instant()}",
            f"subject: {about}",
            f"subject-length: {len(document)}",
            f"subject-sha256: {hashlib.sha256(document).hexdigest()}",
        ]
        head = "".join(f"{line}\n" for line in lines).encode()
        signature = base64.b64encode(self.sign(head + b"\n" + document))
        return head + b"signature: " + signature + b"\n"


# --- documents


def grant(number, host, staff="zhang.san", key="password", version=1, hours=24):
    """A grant, as octets. Its id is made from its number."""
    lines = [
        "hufu-grant: 1",
        f"site: {SITE}",
        f"id: {number:032x}",
        f"version: {version}",
        "class: normal",
        "vendor: acme",
        "employer: acme",
        "contract: C-2026-017",
        f"staff: {staff}",
        f"staff-key: {key}",
        f"host: {host}",
        "service: login",
        "service: sshd",
        "channel: exec",
        "channel: shell",
        "run-as: none",
        "command: none",
        "source: any",
        f"not-before: {instant(-3600)}",
        f"not-after: {instant(hours * 3600)}",
        "hours: any",
        "uses: 100 per-host",
        "sessions: 20",
        "max-session: 14400",
        "recording: none",
        "requester: li.si",
        f"ticket: CHG-2026-{number % 10000}",
        "purpose: 更换数据库存储阵列控制器",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def revocation(number, of_grant):
    """A revocation of one grant, for good; its id is made from its number."""
    lines = [
        "hufu-revocation: 1",
        f"site: {SITE}",
        f"id: {number:032x}",
        f"scope: grant {of_grant:032x}",
        "until: forever",
        f"revoked-at: {instant()}",
        "reason: the work is done",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


# --- entries


def _entry(name, object_class, attributes, document, approvals):
    lines = [f"dn: cn={name}", f"objectClass: {object_class}", f"cn: {name.split(',')[0]}", *attributes]
    lines.append(f"hufuDocument:: {base64.b64encode(document).decode()}")
    lines += [f"hufuApproval:: {base64.b64encode(approval).decode()}" for approval in approvals]
    return "\n".join(lines) + "\n\n"


def grant_entry(number, host, document, approvals=(), staff="zhang.san", version=1, base=BASE):
    """LDIF of the grant, as `hufuctl publish` would add it."""
    attributes = [f"hufuId: {number:032x}", f"hufuVersion: {version}", f"hufuHost: {host}", f"hufuStaff: {staff}", "hufuVendor: acme"]
    return _entry(f"{number:032x}.{version},ou=grants,{base}", "hufuGrant", attributes, document, approvals)


def revocation_entry(number, document, approvals=(), base=BASE):
    return _entry(f"{number:032x},ou=revocations,{base}", "hufuRevocation", [f"hufuId: {number:032x}"], document, approvals)


def host_entry(host, base=BASE, password=None, groups=()):
    """The identity of a host, with what it may read grants for."""
    lines = [f"dn: cn={host},ou=hosts,{base}", "objectClass: device"]
    lines += ["objectClass: simpleSecurityObject"] if password else []
    lines += ["objectClass: hufuHostAccount", f"cn: {host}", f"hufuHost: {host}"]
    lines += [f"hufuHost: @{group}" for group in groups] + ([f"userPassword: {password}"] if password else [])
    return "\n".join(lines) + "\n\n"


def replica_entry(name, base=BASE):
    """The identity of a replica."""
    return f"dn: cn={name},ou=replicas,{base}\nobjectClass: device\ncn: {name}\n\n"
