"""Whose signatures are enough: docs/rules.md, "What a grant gives" (quorum) and "How it changes" (status)."""


class Case:
    def __init__(self, total, needed, signed, revoked_certificates, revoked, minimum, version, trust_until):
        self.total, self.needed = total, needed  # persons in all; persons in each role
        self.signed = signed  # (person, role, end of the certificate, certificate), the latest end first
        self.revoked_certificates, self.revoked, self.minimum = revoked_certificates, revoked, minimum
        self.version, self.trust_until = version, trust_until

    def texts(self):
        return (str(self.total), ",".join(map(str, self.needed)), ",".join("%d:%d:%d:%d" % s for s in self.signed),
                ",".join(map(str, self.revoked_certificates)), "yes" if self.revoked else "no", str(self.minimum),
                str(self.version), str(self.trust_until))


def roles_of(signed, n_roles):
    """Person to the roles they signed in; a role that the trust file does not have is no vote."""
    persons = {}
    for person, role, _, _ in signed:
        if role < n_roles:
            persons.setdefault(person, set()).add(role)
    return persons


def slots_left(case, persons):
    """The fewest slots that stay empty, over all ways to put each person into one slot of theirs or none."""
    slots = [role for role, n in enumerate(case.needed) for _ in range(n)]

    def fewest(at, free):
        if at == len(slots):
            return 0
        ways = [fewest(at + 1, free - {p}) for p in free if slots[at] in persons[p]]
        return min([1 + fewest(at + 1, free)] + ways)

    return fewest(0, frozenset(persons))


def missing(case, signed):
    """Further persons, in whatever roles, until the quorum is met."""
    persons = roles_of(signed, len(case.needed))
    return max(slots_left(case, persons), case.total - len(persons), 0)


def holds_until(case, signed):
    """The latest instant before which what is left of the signatures meets the quorum; 0: they never do."""
    best = 0
    for end in sorted({s[2] for s in signed}):
        if missing(case, [s for s in signed if s[2] >= end]) == 0:
            best = end
    return best


def answer(case):
    m, until = missing(case, case.signed), holds_until(case, case.signed)
    left = [s for s in case.signed if s[3] not in case.revoked_certificates]
    if case.revoked or case.version < case.minimum:
        by_status, left_until = "revoked", 0
    elif missing(case, left):
        by_status, left_until = "approval-missing", 0
    else:
        by_status, left_until = "ok", min(holds_until(case, left), case.trust_until)
    return f"{'unmet' if m else 'met'} {m} {until} {by_status} {left_until}"


# Fields that a class may let say `any` or `unlimited`.
OPEN_FIELDS = ("command", "hours", "max-session", "sessions", "source", "uses")


def within(limit, grant):
    """Whether a grant says no more than its class may."""
    validity, session, may_be_open = limit
    is_open = {"command": grant.commands is None, "hours": grant.week is None, "max-session": grant.max_session is None,
               "sessions": grant.sessions is None, "source": grant.sources is None, "uses": grant.scope == "unlimited"}
    return (grant.end - grant.begin <= validity and (grant.max_session is None or grant.max_session <= session)
            and all(field in may_be_open for field in OPEN_FIELDS if is_open[field]))


__all__ = ["Case", "OPEN_FIELDS", "answer", "within"]
