#!/usr/bin/env python3
"""What the tests reached, by layer: reads a build of the preset `coverage` after its tests have run.

usage: tests/coverage.py BUILD                      the table, and what is below its floor; exit code 1 if anything is
       tests/coverage.py BUILD --missing FOLDER...  branches of these folders or files that no test took, with their lines
       tests/coverage.py BUILD --marks              branches marked as unreachable, with the reasons
       tests/coverage.py BUILD --floors             the table of floors as it would be today

A branch is what gcov counts at -O0: each outcome of each condition and each label of a switch. C has no exceptions and cleanup
attributes call functions, so no compiler-made branch is among them, and nothing is left out by kind. A branch that no input can
reach is marked where it stands, in a comment of one line with the reason, behind the line or alone above it:

    if (length < 0) // unreachable: the caller has measured it
    // unreachable 2: the kernel gives no other families

The number (1 if left out) says how many of the line's outcomes are meant. A mark on a line where exactly so many outcomes were
not taken is believed, counted and listed; any other is wrong and fails.

tests/coverage.floors says what each layer has to have. A layer with a bar fails below it. A layer with a floor fails more than a
point below it, because a few tests race with the clock: the table only keeps it from falling."""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys

tree = pathlib.Path(__file__).resolve().parent.parent
floors_file = tree / "tests" / "coverage.floors"
tolerance = 1.0
mark = re.compile(r"(?://|/\*) unreachable(?: (\d+))?: \S")


class File:
    """Lines and branches of one source file, over all objects made of it."""

    def __init__(self, name):
        self.name = name
        self.lines = collections.Counter()
        self.branches = {}  # (line, function) -> times each outcome was taken
        self.marks = {}  # line -> (outcomes, reason)
        self.wrong_marks = []
        self.unreachable = collections.Counter()  # line -> outcomes

    def add(self, report):
        for line in report["lines"]:
            number = line["line_number"]
            self.lines[number] += line["count"]
            taken = [branch["count"] for branch in line["branches"]]
            if taken:
                key = number, line.get("function_name", "")
                before = self.branches.get(key, [0] * len(taken))
                self.branches[key] = [a + b for a, b in zip(before, taken, strict=True)]

    def read_marks(self):
        text = (tree / self.name).read_text().splitlines()
        for number, line in enumerate(text, 1):
            found = mark.search(line)
            if found:
                alone = not line[: found.start()].strip()
                self.marks[number + 1 if alone else number] = int(found[1] or 1), line[found.start() :]
        missed = collections.Counter()
        for (number, _), taken in self.branches.items():
            missed[number] += taken.count(0)
        for number, (outcomes, _) in self.marks.items():
            if missed[number] == outcomes:
                self.unreachable[number] = outcomes
            else:
                self.wrong_marks.append(f"{self.name}:{number}: marked {outcomes}, not taken {missed[number]}")

    def missing(self):
        return [(number, taken) for (number, _), taken in sorted(self.branches.items()) if 0 in taken and not self.unreachable[number]]

    def counts(self):
        """Lines reached and all; branches taken and all that can be; branches marked."""
        taken = sum(len(t) - t.count(0) for t in self.branches.values())
        marked = sum(self.unreachable.values())
        branches = sum(len(t) for t in self.branches.values()) - marked
        return [sum(1 for n in self.lines.values() if n), len(self.lines), taken, branches, marked]


def reports_of(build, notes):
    """gcov's reports on object files, read in two halves at a time."""
    halves = [notes[0::2], notes[1::2]]
    command = ["gcov", "--json-format", "--stdout", "--branch-probabilities", "--branch-counts"]
    running = [subprocess.Popen([*command, *half], cwd=build, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL) for half in halves if half]
    for process in running:
        for line in process.stdout:
            yield json.loads(line)
        if process.wait() != 0:
            sys.exit("coverage: gcov failed")


def read(build, folders):
    files = {}
    notes = sorted(str(p.relative_to(build)) for p in (build / "CMakeFiles").rglob("*.gcno"))
    for report in reports_of(build, notes):
        for source in report["files"]:
            path = pathlib.Path(os.path.normpath(build / source["file"]))
            if not path.is_relative_to(tree):
                continue
            name = str(path.relative_to(tree))
            if os.path.dirname(name) in folders:
                files.setdefault(name, File(name)).add(source)
    for file in files.values():
        file.read_marks()
    return files


def share(part, whole):
    return 100.0 * part / whole if whole else 100.0


def read_floors():
    """{folder: (kind, lines, branches)} of lines `FOLDER bar|floor LINES BRANCHES`."""
    rows = (line.split("#")[0].split() for line in floors_file.read_text().splitlines())
    return {row[0]: (row[1], float(row[2]), float(row[3])) for row in rows if row}


def judge(folder, lines, branches, floors):
    if folder not in floors:
        return "no floor: add it to tests/coverage.floors"
    kind, least_lines, least_branches = floors[folder]
    allowed = 0.0 if kind == "bar" else tolerance
    if lines < least_lines - allowed:
        return f"lines below the {kind} of {least_lines:g} %"
    if branches < least_branches - allowed:
        return f"branches below the {kind} of {least_branches:g} %"
    return ""


def print_table(by_folder, folders, floors):
    bad = 0
    print(f"   {'layer':<22}{'lines':>14}{'branches':>18}   marked unreachable")
    for folder in folders:
        reached, lines, taken, branches, marked = by_folder[folder]
        said = judge(folder, share(reached, lines), share(taken, branches), floors)
        bad += bool(said)
        print(f"   {folder:<22}{share(reached, lines):>6.1f} % of{lines:>5}{share(taken, branches):>8.1f} % of {branches:>5}   "
              f"{marked or '-':>4}{'   FAILED: ' if said else ''}{said}")
    return bad


def print_missing(files, names):
    for name, file in sorted(files.items()):
        if not any(name == wanted or name.startswith(wanted.rstrip("/") + "/") for wanted in names):
            continue
        text = (tree / name).read_text().splitlines()
        for number, taken in file.missing():
            print(f"{name}:{number}: {taken.count(0)} of {len(taken)} ({' '.join(map(str, taken))}): {text[number - 1].strip()}")


def main(arguments):
    if not arguments or (arguments[1:] and arguments[1] not in ("--missing", "--marks", "--floors")):
        sys.exit(__doc__)
    build = pathlib.Path(arguments[0]).resolve()
    layers = json.loads((build / "layers.json").read_text())["layers"]
    folders = sorted((layer["folder"] for layer in layers.values()), key=lambda f: (not f.startswith("policy/"), f))
    files = read(build, folders)
    by_folder = {folder: [0] * 5 for folder in folders}
    for file in files.values():
        folder = os.path.dirname(file.name)
        by_folder[folder] = [a + b for a, b in zip(by_folder[folder], file.counts())]
    if arguments[1:2] == ["--missing"]:
        return print_missing(files, arguments[2:])
    if arguments[1:2] == ["--marks"]:
        for file in files.values():
            for number in sorted(file.unreachable):
                print(f"{file.name}:{number}: {file.marks[number][1]}")
        return None
    floors = read_floors()
    if arguments[1:2] == ["--floors"]:
        for folder in folders:
            reached, lines, taken, branches, _ = by_folder[folder]
            kind, *least = floors.get(folder, ("floor",))
            if kind == "floor":
                least = round(share(reached, lines), 1), round(share(taken, branches), 1)
            print(f"{folder:<22} {kind:<6} {least[0]:>5} {least[1]:>5}")
        return None
    bad = print_table(by_folder, folders, floors)
    wrong = [w for file in files.values() for w in file.wrong_marks]
    for line in wrong:
        print(f"   FAILED: {line}")
    for folder in floors.keys() - set(folders):
        print(f"   FAILED: tests/coverage.floors names {folder}, which is no layer's")
        bad += 1
    return 1 if bad or wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
