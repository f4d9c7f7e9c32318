"""The shipped broker/trust behind a pipe (trust_cases.c), what both implementations say of a case, and a difference
made as small as it gets."""

from department import Department
from harness import Pipe
from second import signed as second_signed
from second.document import CLASSES, Refused
from second.trust import Trust
from shrink import shrink
from trust_papers import Case, File, Paper, Signed

QUESTIONS_A_FILE = 12
CHANGED = 4  # good files but for one thing, beside each
TRIES = 12


class TrustHarness(Pipe):
    def __init__(self, program):
        super().__init__([program])
        self.department = Department(self)

    def say_file(self, file, instants):
        octets = file.octets(self.department)
        self.say("trust", str(len(octets)), octets=octets)
        self.say("file", *map(str, instants))

    def say_case(self, case, subject):
        self.say("document", subject.kind, str(len(subject.octets)), octets=subject.octets)
        for one in case.signed:
            a = one.approval(self.department, subject)
            self.say("approval", a.key, str(len(a.header)), str(len(a.header) + len(a.signed)),
                     octets=a.header + a.signed)
        self.say("judge", "whole" if case.whole else "kept", *map(str, case.instants))


# --- what the second implementation says ---

def trust_of(department, octets):
    return Trust(octets, department.certificates)


def subject_of(department, paper):
    return second_signed.Subject(paper.kind, paper.octets(department), lambda octets: trust_of(department, octets))


def read(department, file):
    try:
        return trust_of(department, file.octets(department))
    except Refused:
        return None


def file_answer(trust, instants):
    return "".join(" ".join(str(int(trust.is_open(c, now))) for c in sorted(CLASSES)) + f" {trust.first_to_end(now)} | "
                   for now in instants)


def standing_text(s):
    seen = "".join(" " + ":".join(one) for one in s.seen)
    votes = "".join(f" {role}:{until}:{sha256}" for _, role, until, sha256 in s.votes)
    return f"{s.reason} {s.until} {s.more}{seen} /{votes} | "


def case_answer(department, trust, case, subject):
    approvals = [one.approval(department, subject) for one in case.signed]
    under = [trust] if subject.kind != "trust" else [trust, subject.trust]
    return "".join(standing_text(second_signed.judge(t, subject, approvals, now))
                   for t in under for now in case.instants)


def both(harness, case):
    """([whether the file is taken, what it says, whether the document is taken, its standings]) of each."""
    department = harness.department
    trust, subject = read(department, case.file), subject_of(department, case.paper)
    second = ["valid", file_answer(trust, case.instants), "valid", case_answer(department, trust, case, subject)
              ] if trust else ["refused", "", "valid", ""]
    harness.say_file(case.file, case.instants)
    harness.say_case(case, subject)
    harness.send()
    return [harness.answer() for _ in range(4)], second


# --- a difference, made small ---

def smaller_files(file):
    for n in range(len(file.lines)):
        yield File(file.lines[:n] + file.lines[n + 1:], file.is_sorted)


def smaller(case):
    for n in range(len(case.signed)):
        yield Case(case.file, case.paper, case.signed[:n] + case.signed[n + 1:], case.whole, case.instants)
    if len(case.instants) > 1:
        for now in case.instants:
            yield Case(case.file, case.paper, case.signed, case.whole, [now])
    for file in smaller_files(case.file):
        yield Case(file, case.paper, case.signed, case.whole, case.instants)
    if case.paper.kind == "trust":
        for file in smaller_files(case.paper.lines):
            yield Case(case.file, Paper("trust", file), case.signed, case.whole, case.instants)
    else:
        for key in case.paper.lines:
            rest = {k: v for k, v in case.paper.lines.items() if k != key}
            yield Case(case.file, Paper(case.paper.kind, rest), case.signed, case.whole, case.instants)
    for n, one in enumerate(case.signed):
        for plain in (Signed(one.line, one.key, signed_as=one.signed_as, broken=one.broken),
                      Signed(one.line, one.key, one.header, broken=one.broken),
                      Signed(one.line, one.key, one.header, signed_as=one.signed_as)):
            if plain.text() != one.text():
                yield Case(case.file, case.paper, case.signed[:n] + [plain] + case.signed[n + 1:], case.whole,
                           case.instants)


def differs(harness, case):
    first, second = both(harness, case)
    return first != second


def text_of(case):
    document = (case.paper.lines.lines if case.paper.kind == "trust"
                else [f"{key}: {value}" for key, values in case.paper.lines.items() for value in values])
    out = ["trust file" + ("" if case.file.is_sorted else ", as it stands")]
    out += [f"    {line}" for line in case.file.lines]
    out += [case.paper.kind] + [f"    {line}" for line in document]
    out += [f"approval {one.text()}" for one in case.signed]
    return "\n".join(out + [f"judged {'whole' if case.whole else 'kept'} at {' '.join(map(str, case.instants))}"])


class TrustRound:
    """A trust file that is good, such as are good but for one thing, and documents under the good one."""

    def __init__(self, maker, harness):
        department = harness.department
        self.files, self.cases = [], []
        trust = None
        while not trust and len(self.files) < TRIES:
            file = maker.file()
            trust = read(department, file)
            self.files.append((file, trust))
        if trust:
            changed = [maker.change(file) for _ in range(CHANGED)]
            self.files = [(c, read(department, c)) for c in changed] + self.files  # the last one stays in force
            for _ in range(QUESTIONS_A_FILE):
                case = maker.case(file, lambda f: read(department, f), lambda p: subject_of(department, p))
                self.cases.append((case, subject_of(department, case.paper)))
        self.files = [(f, [maker.instant(f) for _ in range(2)], t) for f, t in self.files]

    def say(self, harness):
        for file, instants, _ in self.files:
            harness.say_file(file, instants)
        for case, subject in self.cases:
            harness.say_case(case, subject)
        harness.send()

    def compare(self, harness, counts, differences):
        for file, instants, trust in self.files:
            got = [harness.answer(), harness.answer()]
            expected = ["valid", file_answer(trust, instants)] if trust else ["refused", ""]
            counts[f"trust file: {got[0]}"] += 1
            if got != expected:
                differences.append(Case(file, Paper("grant", {}), [], True, instants))
        for case, subject in self.cases:
            got = [harness.answer(), harness.answer()]
            expected = case_answer(harness.department, self.files[-1][2], case, subject)
            for standing in got[1].split(" | ")[:-1]:
                said = standing.split(" ")
                counts[f"{case.paper.kind}: {said[0]} {said[-1 if len(said) < 4 else 3].partition(':')[0]}"] += 1
            if got != ["valid", expected]:
                differences.append(case)

    @staticmethod
    def report(program, case):
        case = shrink(lambda: TrustHarness(program), case, smaller, differs)
        harness = TrustHarness(program)
        first, second = both(harness, case)
        names = {sha256: name for name, sha256 in harness.department.sha256.items()}
        harness.close()
        for who, answers in (("the engine", first), ("the second implementation", second)):
            said = " ".join(answers)
            for sha256, name in names.items():
                said = said.replace(sha256, name)
            print(f"--- {who} says {said}")
        print(text_of(case))


__all__ = ["TrustHarness", "TrustRound"]
