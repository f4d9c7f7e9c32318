"""The grants that a host knows: docs/rules.md, "How it changes"."""

SAME = ("site", "vendor", "staff", "grant_class")


class Entry:
    pass


class Index:
    def __init__(self):
        self.entries = {}

    def put(self, letter, grant, books):
        """ok, stale, unverified or identity. `books` are words as in a case, without what they leave to stand."""
        standing = books.get("standing", "ok")
        e = self.entries.get(letter)
        if e and e.verified:
            if any(getattr(e.grant, field) != getattr(grant, field) for field in SAME):
                return "identity"
            if grant.version < e.verified or (grant.version == e.grant.version and e.standing == "ok"):
                return "stale"
            if standing != "ok":
                return "unverified"
        elif e and standing != "ok" and grant.version < e.grant.version:
            return "stale"
        if not e:
            e = self.entries[letter] = Entry()
            e.letter = letter
            e.verified = 0
            e.taken_away, e.by_status, e.closed = "ok", "ok", False
            e.uses_taken = e.sessions_live = 0
        elif e.grant.vendor != grant.vendor and e.taken_away in ("vendor-locked", "vendor-revoked"):
            e.taken_away = "ok"
        e.grant, e.standing = grant, standing
        if standing == "ok":
            e.verified = max(e.verified, grant.version)
        e.votes_until, e.session_max = books["votes-until"], books["session-max"]
        e.by_status_until = books["by-status-until"]
        for book in ("taken-away", "by-status", "uses-taken", "sessions-live", "closed"):
            if book in books:
                setattr(e, book.replace("-", "_"), books[book])
        return "ok"

    def knows(self, letter):
        return letter in self.entries

    def of(self, staff):
        return [self.entries[letter] for letter in sorted(self.entries) if self.entries[letter].grant.staff == staff]
