"""The documents beside grants, read from their text: approvals (hufu-grant(5)), revocations and statuses."""

import base64
import binascii
import re

from . import words
from .document import Refused, lines_of, need, purpose

MANY = 1 << 30
APPROVAL = [(key, 1, 1) for key in (
    "hufu-approval", "site", "approver", "role", "alg", "cert-sha256", "approved-at", "subject", "subject-length",
    "subject-sha256", "signature")]
REVOCATION = [(key, 1, 1) for key in ("hufu-revocation", "site", "id", "scope", "until", "revoked-at", "reason")]
STATUS = [(key, 1, 1) for key in ("hufu-status", "site", "trust-epoch", "epoch", "issued", "expires")] + [
    ("revoked", 0, MANY), ("revoked-certificate", 0, MANY), ("minimum-version", 0, MANY)]
ALGORITHMS = {"ed25519", "ecdsa-p256-sha256", "rsa-pss-sha256", "sm2-sm3"}
ROLE = re.compile(r"[a-z][a-z0-9-]{0,31}")
SHA256 = re.compile(r"[0-9a-f]{64}")


def parts(text, readers):
    """Whether the words of a text, one blank apart, are taken by one reader each."""
    found = text.split(" ")
    return len(found) == len(readers) and all(reader(word) is not None for reader, word in zip(readers, found))


def word(expected):
    return lambda text: text if text == expected else None


def is_subject(text):
    return any(parts(text, readers) for readers in (
        [word("grant"), words.grant_id, words.number], [word("trust"), words.number],
        [word("revocation"), words.grant_id], [word("status"), words.number, words.number]))


def is_scope(text):
    return any(parts(text, readers) for readers in (
        [word("grant"), words.grant_id], [word("staff"), words.account], [word("vendor"), words.name]))


def is_signature(text):
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return 1 <= len(octets) <= 1024 and base64.b64encode(octets).decode() == text


def read_approval(octets):
    found = {key: values[0] for key, values in lines_of(octets, APPROVAL, free_text=None).items()}
    need(found["hufu-approval"] == "1", "format")
    need(words.name(found["site"]) and words.name(found["approver"]), "name")
    need(bool(ROLE.fullmatch(found["role"])), "role")
    need(found["alg"] in ALGORITHMS, "alg")
    need(bool(SHA256.fullmatch(found["cert-sha256"])) and bool(SHA256.fullmatch(found["subject-sha256"])), "sha256")
    need(words.instant(found["approved-at"]), "approved-at")
    need(is_subject(found["subject"]), "subject")
    longest = 1 << 20 if found["subject"].startswith(("trust", "status")) else 16 * 1024
    need(need(words.number(found["subject-length"]), "subject-length") <= longest, "subject-length")
    need(is_signature(found["signature"]), "signature")
    return found


def read_revocation(octets):
    found = {key: values[0] for key, values in lines_of(octets, REVOCATION, free_text="reason").items()}
    need(found["hufu-revocation"] == "1", "format")
    need(words.name(found["site"]), "site")
    need(words.grant_id(found["id"]), "id")
    need(is_scope(found["scope"]), "scope")
    at = need(words.instant(found["revoked-at"]), "revoked-at")
    if found["until"] != "forever":
        need(need(words.instant(found["until"]), "until") > at, "until")
    need(purpose(found["reason"]), "reason")
    return found


def read_status(octets):
    found = lines_of(octets, STATUS, size=1 << 20, line_size=1 << 16, free_text=None)
    one = {key: values[0] for key, values in found.items()}
    need(one["hufu-status"] == "1", "format")
    need(words.name(one["site"]), "site")
    need(words.number(one["trust-epoch"]) and words.number(one["epoch"]), "epoch")
    need(need(words.instant(one["expires"]), "expires") > need(words.instant(one["issued"]), "issued"), "expires")
    need(all(words.grant_id(x) for x in found.get("revoked", [])), "revoked")
    need(all(SHA256.fullmatch(x) for x in found.get("revoked-certificate", [])), "revoked-certificate")
    minimums = found.get("minimum-version", [])
    need(all(parts(x, [words.grant_id, words.number]) for x in minimums), "minimum-version")
    need(len({x.split(" ")[0] for x in minimums}) == len(minimums), "minimum-version")
    return one


READERS = {"approval": read_approval, "revocation": read_revocation, "status": read_status}


def judge(kind, octets):
    try:
        READERS[kind](octets)
        return "valid"
    except Refused:
        return "refused"
