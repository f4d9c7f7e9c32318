"""What the signatures under a document are worth: hufu-grant(5), hufu-trust(5), hufu-revocation(5), hufu-status(5), and
docs/rules.md, "Whose signatures count"."""

import hashlib

from . import document, papers, quorum

LOOKED_AT = 8


class Approval:
    """`header` are the octets before the line `signature`; `key` signed `signed` with the algorithm that it is for."""

    def __init__(self, header, key, signed):
        self.header, self.key, self.signed = header, key, signed
        try:
            self.lines = papers.read_approval(header + b"signature: AAAA\n")
        except document.Refused:
            self.lines = None


class Subject:
    """What approvals have to be about."""

    def __init__(self, kind, octets, trust_of=None):
        self.kind, self.octets, self.grant, self.trust = kind, octets, None, None
        self.sha256 = hashlib.sha256(octets).hexdigest()
        if kind == "grant":
            self.grant = document.read(octets)
            self.site, self.line = self.grant.site, f"grant {self.grant.id} {self.grant.version}"
        elif kind == "trust":
            self.trust = trust_of(octets)
            self.site, self.line = self.trust.site, f"trust {self.trust.epoch}"
        else:
            found = papers.READERS[kind](octets)
            self.site = found["site"]
            self.line = (f"revocation {found['id']}" if kind == "revocation"
                         else f"status {found['trust-epoch']} {found['epoch']}")
            self.trust_epoch = int(found.get("trust-epoch", 0))


class Standing:
    """What somebody is told, and what a status can take away of it: votes (voter, role, end, certificate)."""

    def __init__(self):
        self.reason, self.until, self.more, self.seen, self.votes = "approval-missing", 0, 0, [], []


def office(trust, kind, role):
    """The lines that may sign a document of this kind in this role."""
    if kind == "status":
        return trust.status_keys if role == "status" else []
    if kind == "revocation" and role == "revoker":
        return trust.revokers
    return [a for a in trust.approvers if role in a.roles]


def same_voter(trust, signer):
    return [a for a in trust.approvers if trust.voters[a] == trust.voters[signer]]


def of_requester(trust, signer, requester):
    """Whether it is the requester's own, under whatever name the key is listed."""
    return any(a.person == requester for a in same_voter(trust, signer))


def judge_one(trust, subject, approval, now):
    """(outcome, approver, role, vote or None)"""
    found = approval.lines
    if not found:
        return "malformed", "", "", None
    who = found["approver"], found["role"]
    about = (found["site"], found["subject"], found["subject-length"], found["subject-sha256"])
    if about != (trust.site, subject.line, str(len(subject.octets)), subject.sha256):
        return "other-subject", *who, None
    holders = [s for s in office(trust, subject.kind, found["role"])
               if s.person == found["approver"] and s.algorithm == found["alg"]
               and s.certificate.sha256 == found["cert-sha256"]]
    if not holders:
        return "unknown-approver", *who, None
    signer = holders[0]
    until = signer.valid_until(now)
    if until is None:
        return "certificate-not-valid", *who, None
    if approval.key != signer.certificate.key or approval.signed != approval.header + b"\n" + subject.octets:
        return "bad-signature", *who, None
    if subject.grant:
        if of_requester(trust, signer, subject.grant.requester):
            return "own-request", *who, None
        if any(a.organisation in (subject.grant.vendor, subject.grant.employer) for a in same_voter(trust, signer)):
            return "vendor", *who, None
    return "counted", *who, (trust.voters[signer], found["role"], until, signer.certificate.sha256)


def collect(trust, subject, approvals, now):
    s = Standing()
    for approval in approvals[:LOOKED_AT]:
        outcome, approver, role, vote = judge_one(trust, subject, approval, now)
        if vote:
            # Of two certificates each holds what it signed for as long as it is valid itself.
            outcome = "duplicate" if any(vote[:2] == other[:2] for other in s.votes) else outcome
            s.votes.append(vote)
        s.seen.append((outcome, approver, role))
    s.votes.sort(key=lambda vote: -vote[2])
    return s


def judge(trust, subject, approvals, now):
    s = collect(trust, subject, approvals, now)
    if subject.kind in ("grant", "trust"):
        quorum_class = subject.grant.grant_class if subject.grant else "privileged"
        s.more = trust.missing(quorum_class, s.votes)
        until = trust.holds_until(quorum_class, s.votes)
    else:
        s.more = 0 if s.votes else 1
        until = s.votes[0][2] if s.votes else 0
    s.reason = reason(trust, subject, s.more, now)
    s.until = min(until, trust.end) if s.reason in ("ok", "class-limit") else 0
    return s


def reason(trust, subject, more, now):
    if not trust.begin <= now < trust.end:
        return "trust-expired"
    if subject.site != trust.site:
        return "wrong-site"
    if more:
        return "approval-missing"
    if subject.kind == "grant":
        if subject.grant.requester not in trust.requesters:
            return "approval-missing"
        if not quorum.within(trust.limits[subject.grant.grant_class], subject.grant):
            return "class-limit"
    if subject.kind == "trust" and subject.trust.epoch not in (trust.epoch, trust.epoch + 1):
        return "approval-missing"
    if subject.kind == "status" and subject.trust_epoch > trust.epoch:
        return "approval-missing"
    return "ok"


__all__ = ["Approval", "Subject", "judge"]
