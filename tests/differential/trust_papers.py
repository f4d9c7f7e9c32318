"""Random trust files, documents and signatures under them: most good but for one thing, at instants at which something
begins or ends."""

from cases import Maker, Put
from department import BASE, DAY, GOOD, HOUR, ODD, OF_PEOPLE, PLANS, algorithm_of
from second import trust as second_trust
from second import words
from second.signed import Approval
from texts import IDS, NAMES, NUMBERS, TIMES

SITE, OTHER_SITE = "cn.example.finance", "cn.example.health"
PEOPLE = {"wang.wu": ("finance", "e1"), "zhou.ming": ("finance", "s1"), "sun.qi": ("finance", "e2"),
          "li.si": ("finance", "e3"), "zhao.liu": ("acme", "p1"), "chen.er": ("zenith", "e4"),
          "qian.yi": ("finance", "r1"), "wu.shi": ("finance", "e5")}
ROLES = ["leader", "unit", "leader,unit", "leader", "unit", "audit,leader", "audit"]
QUORUMS = ["total=1", "total=1 leader=1", "total=2", "total=2 leader=1 unit=1", "total=2 leader=1", "total=2 leader=2",
           "total=3 leader=1 unit=1", "total=2 audit=1 leader=1", "total=2 unit=2"]
LIMITS = ["validity=2592000 session=28800 any=hours,source,uses", "validity=2592000 session=28800 any=hours",
          "validity=172800 session=14400 any=hours", "validity=172799 session=28800 any=hours",
          "validity=2592000 session=14399 any=hours", "validity=2592000 session=28800 any=none"]
CLASSES = ["emergency", "normal", "privileged"]
# What may stand in a line and what may not.
LINES = (
    [f"site: {name}" for name in NAMES[:12]] + [f"epoch: {n}" for n in NUMBERS] + [f"not-after: {t}" for t in TIMES]
    + [f"not-before: {t}" for t in TIMES] + ["hufu-trust: 2", "hufu-trust: 01", "not-before: 2028-01-01T00:00:00Z"]
    + [f"anchor: {a} {{{c}}}" for a, c in (
        ("root", "root.soon"), ("a", "root.person"), ("a", "root.crl"), ("a", "weak-root"), ("a", "other-root"),
        ("-a", "other-root"), ("a", "false-root"), ("a", "e1.long"), ("any", "other-root"))]
    + ["anchor: a", "anchor: {root}", "anchor: a  {root}", "anchor: a {root} ", "anchor: a MEYC",
       "anchor: a {root}AAAA"]
    + ["requester: li.si", "requester: li.si acme", "requester: wang.wu finance", "requester: wang.wu zenith",
       "requester: li.si finance x", "requester: .x finance", "requester: ma.ba finance-", "requester: any any"]
    + [f"approver: ma.ba finance {roles} ed25519 {{e5.long}}" for roles in (
        "leader", "leader,leader", "unit,leader", "leader,", ",leader", "revoker", "status", "total", "Leader", "1a",
        "a-b", "a_b", "a" * 32, "a" * 33, "leader,unit,x", "any", "a,b,c,d,e,f,g,h,i,j,k,l,m",
        ",".join("abcdefghijklmn"), ",".join("abcdefghijklmnop"), ",".join("abcdefghijklmnopq"))]
    + ["approver: ma.ba finance leader {e5.long}", "approver: ma.ba leader ed25519 {e5.long}",
       "approver: wang.wu acme leader ed25519 {e5.long}", "approver: ma.ba acme leader ed25519 {e1.long}"]
    + [f"approver: ma.ba finance leader {alg} {{{c}}}" for alg, c in (
        ("sm2-sm3", "e5.long"), ("ed25519", "s1.long"), ("ecdsa-p256-sha256", "s1.long"), ("sm2-sm3", "p1.long"),
        ("rsa", "r1.long"), ("ED25519", "e5.long"), ("rsa-pss-sha256", "weak.long"),
        ("ecdsa-p256-sha256", "p384.long"), ("ed25519", "e5.middle"), ("ed25519", "root"),
        *(("ed25519", f"{key}.{odd}") for key in ("e1", "e2") for odd in ODD))]
    + ["revoker: wang.wu acme ed25519 {e1.long}", "revoker: sun.qi finance leader ed25519 {e2.long}",
       "revoker: sun.qi finance ed25519 {e2.long2}", "revoker: sun.qi finance sm2-sm3 {e2.long}",
       "status-key: wang.wu ed25519 {e2.long}", "status-key: s ed25519 {e2.nothing}", "status-key: s ed25519",
       "status-key: s finance ed25519 {e2.long}"]
    + [f"limit: {text}" for text in (
        "normal validity=1 session=1 any=none", "Normal validity=1 session=1 any=none",
        "normal validity=0 session=1 any=none", "normal validity=1 session=2147483648 any=none",
        "normal session=1 validity=1 any=none", "normal validity=1 session=1", "normal validity=1 session=1 any=",
        "normal validity=1 session=1 any=hours,command", "normal validity=1 session=1 any=none,uses",
        "normal validity=1 session=1 any=uses,uses", "normal validity=1 session=1 any=staff-key",
        "normal validity=1 session=1 any=command,hours,max-session,sessions,source,uses",
        "other validity=1 session=1 any=none")]
    + [f"quorum: {text}" for text in (
        "normal total=0", "normal", "normal total=9", "normal total=8", "normal total=1 leader=2", "normal total=01",
        "normal total=2 unit=1 leader=1", "normal total=2 leader=1 leader=1", "normal total=1 leader=0",
        "normal total=1 nobody=1", "normal leader=1 total=1", "normal total=1 leader=1 ", "normal total=1  leader=1",
        "normal total=2147483648", "normal total=1 total=1", "normal total=2 revoker=1",
        "normal total=2 leader=1 unit=1", "Normal total=1", "emergency total=3", "privileged total=4",
        "normal total=1 leader=")])
INSTANTS = sorted({t for plan in PLANS.values() for t in plan[4:6]})

class File:
    """A trust file: lines with {certificate}s, in the order of a document (or as they stand)."""

    def __init__(self, lines, is_sorted=True):
        self.lines, self.is_sorted = lines, is_sorted

    def octets(self, department):
        order = {key: place for place, (key, _, _) in enumerate(second_trust.KEYS)}
        lines = []
        for line in self.lines:
            head, brace, rest = line.partition("{")
            name, _, tail = rest.partition("}")
            lines.append((head + department.named[name] + tail if brace else line).encode())
        if self.is_sorted:
            lines.sort(key=lambda line: (order[line.partition(b": ")[0].decode()], line))
        return b"".join(line + b"\n" for line in lines)

    def of(self, *keys):
        """The words of its lines with one of these keys."""
        return [line.split(": ")[1].split(" ") for line in self.lines if line.split(": ")[0] in keys]

    def instead(self, key, line):
        return File([old for old in self.lines if not old.startswith(key + ": ")] + [line], self.is_sorted)


class Paper:
    """A document that is signed. `lines` differ from its template; of a trust file they are the file."""

    TEMPLATES = {
        "revocation": {"hufu-revocation": ["1"], "site": [SITE], "id": [IDS[0]], "scope": ["staff zhang.san"],
                       "until": ["forever"], "revoked-at": [TIMES[0]], "reason": ["证件丢失"]},
        "status": {"hufu-status": ["1"], "site": [SITE], "trust-epoch": ["4"], "epoch": ["17"], "issued": [TIMES[0]],
                   "expires": ["2026-11-21T02:00:00Z"]}}

    def __init__(self, kind, lines):
        self.kind, self.lines = kind, lines

    def octets(self, department):
        if self.kind == "grant":
            return Put("A", self.lines, {}).octets()
        if self.kind == "trust":
            return self.lines.octets(department)
        whole = dict(self.TEMPLATES[self.kind], **self.lines)
        return "".join(f"{key}: {value}\n" for key in self.TEMPLATES[self.kind] for value in whole[key]).encode()


class Signed:
    """Who signed as what: `line` is (approver, role, alg, certificate); `header` what it says otherwise, `signed_as`
    what was changed after signing, `broken` how the text is no approval."""

    def __init__(self, line, key, header=None, signed_as=None, broken=None):
        self.line, self.key, self.header = line, key, header or {}
        self.signed_as, self.broken = signed_as, broken

    def approval(self, department, subject):
        person, role, alg, certificate = self.line
        lines = {"hufu-approval": "1", "site": SITE, "approver": person, "role": role, "alg": alg,
                 "cert-sha256": department.sha256[certificate], "approved-at": "2026-11-21T08:30:00Z",
                 "subject": subject.line, "subject-length": str(len(subject.octets)),
                 "subject-sha256": subject.sha256, **self.header}
        text = [f"{key}: {value}\n" for key, value in lines.items()]
        if self.broken == "order":
            text[1], text[2] = text[2], text[1]
        elif self.broken == "blank":
            text[3] = text[3].replace("\n", " \n")
        elif self.broken == "twice":
            text.insert(2, text[2])
        elif self.broken == "less":
            del text[6]
        header, octets = "".join(text).encode(), subject.octets
        signed_header = header
        if self.signed_as == "another header":
            signed_header = header.replace(b"approved-at: 2026", b"approved-at: 2025")
        elif self.signed_as == "another document":
            octets = octets.replace(b"\nsite: ", b"\nsite: x", 1)
        elif self.signed_as == "the document alone":
            return Approval(header, self.key, octets)
        return Approval(header, self.key, signed_header + b"\n" + octets)

    def text(self):
        more = [f"{k}: {v}" for k, v in self.header.items()] + [x for x in (self.signed_as, self.broken) if x]
        return " ".join(self.line) + " signed by " + self.key + "".join(f", {x}" for x in more)


class Case:
    def __init__(self, file, paper, signed, whole, instants):
        self.file, self.paper, self.signed, self.whole, self.instants = file, paper, signed, whole, instants


class TrustPapers(Maker):
    # --- trust files ---

    def signer(self, person, key):
        """(alg, certificate)"""
        if self.chance(0.08):
            key = self.pick(list(OF_PEOPLE))
        variant = self.pick(GOOD) if self.chance(0.5) else "long"
        if self.chance(0.12):
            variant = self.pick(("sm2", "middle"))
        if self.chance(0.015) and key in ("e1", "e2"):
            variant = self.pick(ODD)
        certificate = f"{key}.{variant}"
        return f"{algorithm_of(certificate)} {{{certificate}}}"

    def file(self):
        lines = ["hufu-trust: 1", f"site: {SITE}", "epoch: 4", "not-before: 2026-11-01T00:00:00Z",
                 "not-after: " + self.pick(("2027-11-01T00:00:00Z", "2048-11-01T00:00:00Z",
                                            words.text_of(BASE + self.pick((1, HOUR, 2 * HOUR, DAY))))),
                 "requester: li.si finance"]
        anchors = self.pick((["root"], ["root"], ["root.soon"], ["root", "root.soon"], ["root.later", "root.soon"]))
        for more, p in (("sm2-root", 0.9), ("middle", 0.9), ("other-root", 0.1), ("false-root", 0.1)):
            anchors = anchors + [more] if self.chance(p) else anchors
        lines += [f"anchor: {a} {{{a}}}" for a in anchors]
        if self.chance(0.3):
            lines.append("requester: wang.wu finance")
        people = self.rnd.sample(list(PEOPLE), self.pick((2, 3, 3, 4, 5)))
        again = [self.pick(people)] if self.chance(0.35) else []  # a certificate, or a key, that is being replaced
        for n, person in enumerate(people + again):
            organisation, key = PEOPLE[person]
            key = self.pick(list(OF_PEOPLE)) if n == len(people) and self.chance(0.6) else key
            lines.append(f"approver: {person} {organisation} {self.pick(ROLES)} {self.signer(person, key)}")
        for person in self.rnd.sample(list(PEOPLE), self.pick((0, 1, 1, 2))):
            organisation, key = PEOPLE[person]
            lines.append(f"revoker: {person} {organisation} {self.signer(person, key)}")
        for name in ("status-a", "status-b")[:self.pick((0, 1, 1, 2))]:
            lines.append(f"status-key: {name} {self.signer(name, self.pick(('e4', 'e5')))}")
        for c in CLASSES:
            limit = self.pick(LIMITS) if self.chance(0.5) else LIMITS[0]
            lines += [f"limit: {c} {limit}", f"quorum: {c} {self.pick(QUORUMS)}"]
        return File(list(dict.fromkeys(lines)))

    def change(self, file):
        """One thing otherwise."""
        at = int(self.random() * len(file.lines))
        what = int(self.random() * 12)
        if what == 0:
            return File(file.lines[:at] + file.lines[at + 1:])
        if what == 1:
            return File(file.lines[:at] + [file.lines[at]] + file.lines[at:])
        if what == 2:
            order = list(file.lines)
            self.rnd.shuffle(order)
            return File(order, is_sorted=False)
        if what == 3:
            key, value, n = self.pick((("anchor", "a{} {{root}}", 9), ("requester", "r{} finance", 257),
                                       ("status-key", "k{} ed25519 {{e5.long}}", 5), ("anchor", "a{} {{root}}", 5),
                                       ("status-key", "k{} ed25519 {{e5.long}}", 2)))
            return File(file.lines + [f"{key}: {value.format(i)}" for i in range(n)])
        line = self.pick(LINES)
        key = line.partition(": ")[0]
        if key in ("limit", "quorum") and self.chance(0.9):
            of_class = " ".join(line.split(" ")[:2]) + " "
            return File([old for old in file.lines if not old.startswith(of_class)] + [line])
        if key in ("anchor", "requester", "approver", "revoker", "status-key") and self.chance(0.9):
            return File(file.lines + [line])
        return file.instead(key, line)

    # --- documents ---

    def paper(self, file, is_trust):
        kind = self.pick(("grant", "grant", "grant", "revocation", "status", "trust"))
        lines = {"site": [OTHER_SITE]} if self.chance(0.04) else {}
        if kind == "trust":
            next_file = file.instead("epoch", "epoch: " + self.pick(("5", "5", "5", "5", "4", "6", "3")))
            if self.chance(0.06):
                next_file = next_file.instead("site", f"site: {OTHER_SITE}")
            for _ in range(self.pick((0, 0, 1, 2))):
                next_file = self.change(next_file)
            if is_trust(next_file):
                return Paper(kind, next_file)
            kind = "grant"
        if kind == "status":
            lines["trust-epoch"] = [self.pick(("4", "4", "4", "3", "5"))]
        if kind == "grant":
            name, level = self.pick((("normal", None), ("normal", None), ("privileged", None), ("emergency", "2")))
            lines["class"] = [name]
            if level:
                lines["incident-level"] = [level]
            if self.chance(0.3):
                lines.update(self.pick((
                    {"requester": ["wang.wu"]}, {"requester": ["sun.qi"]}, {"vendor": ["zenith"]},
                    {"employer": ["zenith"]}, {"vendor": ["finance"]}, {"version": ["3"]}, {"source": ["any"]},
                    {"uses": ["unlimited"]}, {"max-session": ["unlimited"]}, {"requester": ["wang.wu"]})))
        return Paper(kind, lines)

    # --- signatures ---

    def line_for(self, file, kind):
        """(approver, role, alg, certificate) of somebody who may sign it."""
        approvers = [(p, self.pick(roles.split(",")), alg, c[1:-1]) for p, _, roles, alg, c in file.of("approver")]
        if kind == "status" and self.chance(0.85) or self.chance(0.02):
            approvers = [(p, "status", alg, c[1:-1]) for p, alg, c in file.of("status-key")] or approvers
        elif kind == "revocation" and self.chance(0.6) or self.chance(0.03):
            approvers = [(p, "revoker", alg, c[1:-1]) for p, _, alg, c in file.of("revoker")] or approvers
        return self.pick(approvers)

    def signature(self, file, subject, so_far):
        if so_far and self.chance(0.08):
            return self.pick(so_far)
        line = self.line_for(file, subject.kind)
        key = PLANS[line[3]][2]
        if self.chance(0.7):
            return Signed(line, key)
        what = int(self.random() * 9)
        other = self.line_for(file, subject.kind)
        if what == 0:
            role = self.pick(("leader", "unit", "audit", "revoker", "status", "nobody"))
            return Signed((line[0], role, *line[2:]), key)
        if what == 1:
            return Signed((other[0], *line[1:]), key)
        if what == 2:
            return Signed((*line[:3], other[3]), key)
        if what == 3:
            return Signed((*line[:2], other[2], line[3]), key)
        if what == 4:
            return Signed(line, self.pick(list(OF_PEOPLE)))
        if what == 5:
            return Signed(line, key, signed_as=self.pick(("another header", "another document", "the document alone")))
        if what == 6:
            return Signed(line, key, broken=self.pick(("order", "blank", "twice", "less")))
        return Signed(line, key, self.header(subject))

    def header(self, subject):
        length = len(subject.octets)
        return self.pick((
            {"site": OTHER_SITE}, {"site": SITE}, {"approved-at": "1999-01-01T00:00:00Z"}, {"approved-at": "yesterday"},
            {"subject": "grant " + "b" * 32 + " 1"}, {"subject": "grant " + "a" * 32 + " 2"}, {"subject": "trust 5"},
            {"subject": "trust 4"}, {"subject": "revocation " + IDS[0]}, {"subject": "status 4 17"},
            {"subject": "status 4 18"}, {"subject": "status 5 17"}, {"subject": "revocation " + "b" * 32},
            {"subject-length": str(length + 1)}, {"subject-length": str(max(1, length - 1))}, {"subject-length": "0"},
            {"subject-sha256": "0fce" * 16}, {"hufu-approval": "2"}, {"cert-sha256": "0fce" * 16}))

    def case(self, file, is_trust, subject_of):
        paper = self.paper(file, is_trust)
        subject = subject_of(paper)
        signed = []
        for _ in range(self.pick((0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 9, 10))):
            signed.append(self.signature(file, subject, signed))
        whole = self.chance(0.4)
        return Case(file, paper, signed, whole, [self.instant(file) for _ in range(1 if whole else 3)])

    def instant(self, file):
        if self.chance(0.5):
            return BASE
        ends = [words.instant(w[0]) or BASE for w in file.of("not-before", "not-after")]
        return self.near(self.pick(INSTANTS + [BASE + HOUR, BASE + 2 * HOUR, BASE + 30 * DAY] * 2 + ends))


__all__ = ["Case", "File", "Paper", "Signed", "TrustPapers"]
