"""Approvals, revocations and statuses: good ones, and such that are good but for a line or an octet."""

from second import papers
from texts import IDS, NAMES, NUMBERS, PURPOSES, TIMES, Texts

HASHES = ["0fce" * 16, "0FCE" * 16, "0fce" * 15, "0fce" * 16 + "0", "a" * 64, "b" * 64]
GOOD = {
    "approval": {
        "hufu-approval": "1", "site": "s", "approver": "wang.wu", "role": "leader", "alg": "sm2-sm3",
        "cert-sha256": HASHES[0], "approved-at": TIMES[0], "subject": "grant " + IDS[0] + " 3", "subject-length": "644",
        "subject-sha256": HASHES[4], "signature": "MEYC"},
    "revocation": {
        "hufu-revocation": "1", "site": "s", "id": IDS[0], "scope": "staff zhang.san", "until": "2026-12-21T00:00:00Z",
        "revoked-at": TIMES[0], "reason": "Lost badge"},
    "status": {
        "hufu-status": "1", "site": "s", "trust-epoch": "4", "epoch": "17", "issued": TIMES[0],
        "expires": "2026-11-21T02:00:00Z"}}
KEYS_OF = {"approval": papers.APPROVAL, "revocation": papers.REVOCATION, "status": papers.STATUS}
VALUES_OF = {
    "approval": [
        ("role", ["leader", "revoker", "status", "total", "Leader", "a-b", "-a", "1a", "a" * 32, "a" * 33, "a_b"]),
        ("alg", ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha256", "sm2-sm3", "rsa", "SM2-SM3", "any"]),
        ("cert-sha256", HASHES), ("subject-sha256", HASHES), ("approved-at", TIMES),
        ("subject-length", NUMBERS + ["16384", "16385", "1048576", "1048577"]),
        ("site", NAMES), ("approver", NAMES),
        ("subject", ["grant " + i + " 3" for i in IDS] + ["grant " + IDS[0] + " " + n for n in NUMBERS] + [
            "trust 4", "trust 0", "trust", "revocation " + IDS[0], "revocation " + IDS[0] + " 1", "status 4 5",
            "status 4",
            "status 0 5", "grant " + IDS[0], "Grant " + IDS[0] + " 1", "grant  " + IDS[0] + " 1", "trust 4 "]),
        ("signature", ["MEYC", "MEY=", "ME==", "MF==", "MEY", "M===", "====", "MEYC=", "ME-_", "ME YC", "A" * 1364,
                       "A" * 1366 + "==", "A" * 1367 + "=", "A" * 1368, "AAAA" * 700, "MEZ=", "MEa="])],
    "revocation": [
        ("id", IDS), ("site", NAMES), ("until", TIMES + ["forever", "never", "unlimited"]), ("revoked-at", TIMES),
        ("reason", PURPOSES),
        ("scope", ["grant " + i for i in IDS] + ["staff " + n for n in NAMES] + ["vendor " + n for n in NAMES] + [
            "staff any", "vendor any", "any", "staff", "staff a b", "host a", "grant " + IDS[0] + " 1", "Staff a"])],
    "status": [
        ("site", NAMES), ("trust-epoch", NUMBERS), ("epoch", NUMBERS), ("issued", TIMES), ("expires", TIMES),
        ("revoked", IDS + ["a" * 32, "b" * 32]), ("revoked", IDS[:1] + ["a" * 32, "b" * 32]),
        ("revoked-certificate", HASHES),
        ("minimum-version", [a * 32 + " " + n for a in "abc" for n in NUMBERS[:6] + ["2", ""]] + [
            "a" * 32, IDS[1] + " 1", "a" * 32 + "  1", "a" * 32 + " 1 1"])]}


class Papers(Texts):
    def paper(self):
        """(kind, octets)"""
        kind = self.pick(list(GOOD))
        order = {key: place for place, (key, _, _) in enumerate(KEYS_OF[kind])}
        lines = [f"{key}: {value}" for key, value in GOOD[kind].items()]
        for _ in range(self.pick((0, 1, 1, 1, 2, 3))):
            key, values = self.pick(VALUES_OF[kind])
            if self.chance(0.9) and key in GOOD[kind]:
                lines = [line for line in lines if not line.startswith(key + ": ")]
            lines.append(f"{key}: {self.pick(values)}")
        if self.chance(0.95):
            lines.sort(key=lambda line: (order[line.partition(": ")[0]], line.encode()))
        if self.chance(0.1):
            del lines[int(self.random() * len(lines))]
        octets = "".join(line + "\n" for line in lines).encode()
        return kind, self.mutate(octets) if self.chance(0.2) else octets


__all__ = ["Papers"]
