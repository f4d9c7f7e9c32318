"""A trust file, read from its text: hufu-trust(5). What a certificate says is told by whoever made it (Certificate), so
that nothing here reads DER or computes a signature."""

from . import quorum, words
from .document import CLASSES, Refused, lines_of, need
from .papers import ALGORITHMS, ROLE

KEYS = [("hufu-trust", 1, 1), ("site", 1, 1), ("epoch", 1, 1), ("not-before", 1, 1), ("not-after", 1, 1),
        ("anchor", 1, 8), ("requester", 1, 256), ("approver", 1, 64), ("revoker", 0, 64), ("status-key", 0, 4),
        ("limit", 3, 3), ("quorum", 3, 3)]
ROLES_MAX, QUORUM_MAX = 16, 8
NO_ROLES = {"total", "revoker", "status"}


class Certificate:
    """What stands in a certificate. `name` and `key` are the holder's, `by` the name and the key that signed it;
    `algorithm` is the one that the key is for, None for a key that is fit for none."""

    def __init__(self, name, key, algorithm, by, begin, end, is_authority, usage):
        self.name, self.key, self.algorithm, self.by = name, key, algorithm, by
        self.begin, self.end, self.is_authority, self.usage = begin, end, is_authority, usage
        self.sha256 = None

    def can_sign_certificates(self):
        return self.is_authority and "keyCertSign" in self.usage and self.algorithm is not None

    def can_sign_documents(self, algorithm):
        return (not self.is_authority and "digitalSignature" in self.usage and "keyCertSign" not in self.usage
                and self.algorithm == algorithm)

    def is_issued_by(self, other):
        return self.by == (other.name, other.key)


class Signer:
    """A line of approver, revoker or status-key."""

    def __init__(self, person, organisation, roles, algorithm, certificate, anchors):
        self.person, self.organisation, self.roles, self.algorithm = person, organisation, roles, algorithm
        self.certificate = certificate
        need(certificate.can_sign_documents(algorithm), "certificate")
        chains = [(max(certificate.begin, a.begin), min(certificate.end, a.end))
                  for a in anchors if certificate.is_issued_by(a)]
        self.chains = [(begin, end) for begin, end in chains if begin < end]
        need(bool(self.chains), "issued by none of the anchors that is ever valid with it")

    def valid_until(self, now):
        """The end of the chain that lasts longest, of those that are valid now; None: none is."""
        return max((end for begin, end in self.chains if begin <= now < end), default=None)


def fields(text, count):
    found = text.split(" ")
    need(len(found) == count and all(found), "fields")
    return found


def the_name(text):
    return need(words.name(text), "name")


def roles_of(text):
    roles = text.split(",")
    need(all(ROLE.fullmatch(r) and r not in NO_ROLES for r in roles), "role")
    need(all(a < b for a, b in zip(roles, roles[1:])), "roles are sorted")
    return roles


def assigned(text, key):
    name, sign, value = text.partition("=")
    need(sign and name == key, key)
    return value


def limit_of(text):
    """(class, (longest validity, longest session, fields that may be open))"""
    grant_class, validity, session, may = fields(text, 4)
    open_fields = assigned(may, "any").split(",")
    if open_fields == ["none"]:
        open_fields = []
    need(all(f in quorum.OPEN_FIELDS for f in open_fields), "any")
    need(all(a < b for a, b in zip(open_fields, open_fields[1:])), "any is sorted")
    return grant_class, (need(words.number(assigned(validity, "validity")), "validity"),
                         need(words.number(assigned(session, "session")), "session"), open_fields)


def quorum_of(text):
    """(class, (total, {role: persons}))"""
    grant_class, *roles = text.split(" ")
    need(bool(roles), "total")
    total = need(words.number(assigned(roles.pop(0), "total")), "total")
    named = [role.partition("=")[0] for role in roles]
    need(all(a < b for a, b in zip(named, named[1:])), "roles are sorted")
    need(all(ROLE.fullmatch(name) and name not in NO_ROLES for name in named), "role")
    needed = {name: need(words.number(assigned(role, name)), "persons") for name, role in zip(named, roles)}
    need(total <= QUORUM_MAX and sum(needed.values()) <= total, "total")
    return grant_class, (total, needed)


def one_a_class(values, reader):
    found = [reader(value) for value in values]
    need(sorted(c for c, _ in found) == sorted(CLASSES), "one for each class")
    return dict(found)


def voters_of(signers):
    """To each line the number of its voter: lines of one person are one, lines of one key are one, and so is all that
    hangs together by such pairs."""
    number = list(range(len(signers)))
    for _ in signers:
        for i, a in enumerate(signers):
            for j, b in enumerate(signers):
                if a.person == b.person or a.certificate.key == b.certificate.key:
                    number[i] = number[j] = min(number[i], number[j])
    return number


class Trust:
    """The file, judged as far as time changes nothing."""

    def __init__(self, octets, certificates):
        found = lines_of(octets, KEYS, size=1 << 20, line_size=1 << 16, free_text=None)
        one = {key: values[0] for key, values in found.items()}
        need(one["hufu-trust"] == "1", "format")
        self.site = the_name(one["site"])
        self.epoch = need(words.number(one["epoch"]), "epoch")
        self.begin = need(words.instant(one["not-before"]), "not-before")
        self.end = need(words.instant(one["not-after"]), "not-after")
        need(self.begin < self.end, "not-after")

        def certificate(text):
            return need(certificates.get(text), "no certificate")

        anchors, names = [], []
        for line in found["anchor"]:
            name, der = fields(line, 2)
            names.append(the_name(name))
            anchors.append(certificate(der))
            need(anchors[-1].can_sign_certificates(), "anchor")
        need(len(set(names)) == len(names), "two anchors of one name")
        self.requesters = {}
        organisations = {}

        def organisation(person, name):
            need(organisations.setdefault(the_name(person), the_name(name)) == name, "one organisation a person")
            return name

        for line in found["requester"]:
            person, org = fields(line, 2)
            self.requesters[person] = organisation(person, org)

        def signers(key, reader):
            return [reader(line) for line in found.get(key, [])]

        def algorithm(text):
            return need(text if text in ALGORITHMS else None, "algorithm")

        def approver(line):
            person, org, roles, alg, der = fields(line, 5)
            return Signer(person, organisation(person, org), roles_of(roles), algorithm(alg), certificate(der), anchors)

        def revoker(line):
            person, org, alg, der = fields(line, 4)
            return Signer(person, organisation(person, org), ["revoker"], algorithm(alg), certificate(der), anchors)

        def status_key(line):
            name, alg, der = fields(line, 3)
            return Signer(the_name(name), None, ["status"], algorithm(alg), certificate(der), anchors)

        self.approvers = signers("approver", approver)
        self.revokers = signers("revoker", revoker)
        self.status_keys = signers("status-key", status_key)
        self.roles = sorted({role for a in self.approvers for role in a.roles})
        need(len(self.roles) <= ROLES_MAX, "roles")
        self.voters = {}
        for signers_of_one_kind in (self.approvers, self.revokers, self.status_keys):
            self.voters.update(zip(signers_of_one_kind, voters_of(signers_of_one_kind)))
        self.limits = one_a_class(found["limit"], limit_of)
        self.quorums = one_a_class(found["quorum"], quorum_of)
        for grant_class in CLASSES:
            need(self.is_met_by(grant_class, self.approvers), "no quorum of these approvers")

    # --- quorums ---

    def quorum_case(self, grant_class, votes):
        """(question of second/quorum.py, its signatures) for votes: (voter, role, end, certificate)."""
        total, needed = self.quorums[grant_class]
        roles = sorted(needed) + [role for role in self.roles if role not in needed]
        signed = [(voter, roles.index(role), end, sha256) for voter, role, end, sha256 in votes]
        return quorum.Case(total, [needed.get(r, 0) for r in roles], signed, [], False, 0, 1, self.end), signed

    def missing(self, grant_class, votes):
        return quorum.missing(*self.quorum_case(grant_class, votes))

    def holds_until(self, grant_class, votes):
        return quorum.holds_until(*self.quorum_case(grant_class, votes))

    def is_met_by(self, grant_class, approvers):
        """Whether the approvers of these lines could meet it together."""
        votes = [(self.voters[a], role, 1, None) for a in approvers for role in a.roles]
        return self.missing(grant_class, votes) == 0

    # --- at an instant ---

    def is_open(self, grant_class, now):
        return self.begin <= now < self.end and self.is_met_by(
            grant_class, [a for a in self.approvers if a.valid_until(now) is not None])

    def first_to_end(self, now):
        """When the first person is left, in an office of theirs, without a certificate that is valid now; 0: nobody
        has one."""
        last = {}
        for kind, signers in enumerate((self.approvers, self.revokers, self.status_keys)):
            for s in signers:
                end = s.valid_until(now)
                if end is not None:
                    person = (kind, s.person)
                    last[person] = max(end, last.get(person, 0))
        return min(last.values(), default=0)


__all__ = ["Certificate", "Refused", "Trust", "voters_of"]
