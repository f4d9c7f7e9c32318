"""docs/standard.md has a row for each clause of the standard that Hufu answers, docs/doors.md a test for each door, docs/*.md
name only tests and commands that there are, a translated page has the parts of its original, and docs/architecture.md has a room for each file of broker/daemon.

usage: documents.py SOURCE
"""

import re
import sys
from pathlib import Path

CLAUSES = [
    "A.1 b", "A.2.2, A.8", "A.2.3 b–d", "A.2.5 a", "A.2.5 b", "A.2.5 c", "A.2.5 d", "A.3 g", "A.4 a", "A.4 b", "A.4 c", "A.4 d",
    "A.4 e", "A.4 f", "A.6 c", "A.7", "4.1 b, 4.2", "6.1 c, 6.4", "6.2.2 c 5, 8.2", "7.1, 7.2 a 2–3",
]
PROOF = re.compile(r"`(system|unit|golden|pam)/([\w/]+): ([^`]+)`|`(tests/[\w/.-]+)`")
COMMAND = re.compile(r"`hufuctl (?:--json )?([a-z]+(?: [a-z]+)?)")


def proof_is_there(source, kind, place, name):
    if kind == "system":
        file, line = source / f"tests/system/test_{place}.py", rf"^def {re.escape(name)}\("
    elif kind == "golden":
        file, line = source / f"tests/golden/{place}.txt", rf"^case {re.escape(name)}$"
    else:
        folder, _, stem = place.rpartition("/")
        # A test stands by its function, or by a table's row of that name.
        folder = "tests/pam" if kind == "pam" else f"tests/unit/{folder}"
        file, line = source / f"{folder}/test_{stem}.c", rf"^static void (?:test_)?{re.escape(name)}\("
    return file.is_file() and re.search(line, file.read_text(encoding="utf-8"), re.MULTILINE) is not None


def check_proofs(source, path):
    text = path.read_text(encoding="utf-8")
    for kind, place, name, file in PROOF.findall(text):
        if re.search(r"FILE|TABLE", file or place):
            continue  # how such a name is read
        if file and not (source / file).exists():
            yield f"{path.name}: there is no {file}"
        if kind and not proof_is_there(source, kind, place, name):
            yield f"{path.name}: there is no {kind}/{place}: {name}"


def check_standard(path):
    rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("| **")]
    found = [re.match(r"\| \*\*([^*]+)\*\*", row)[1] for row in rows]
    for clause in CLAUSES:
        if found.count(clause) != 1:
            yield f"standard.md: {clause} has {found.count(clause)} rows"
    for row, clause in zip(rows, found):
        if not PROOF.search(row.split(" | ")[2]):
            yield f"standard.md: nothing shows {clause}"


def check_doors(path):
    """Each row of each table names a test."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line for before, line in zip(lines, lines[1:]) if line.startswith("| ") and before.startswith("|")]
    if len(rows) < 6:
        yield f"doors.md: only {len(rows)} rows"
    for row in rows:
        if not PROOF.search(row.rstrip("| ").split(" | ")[-1]):
            yield f"doors.md: nothing shows {row.split(' | ')[0].strip('| ')}"


def commands(source):
    names = set()
    for file in (source / "broker/ctl").glob("verb_*.c"):
        names |= set(re.findall(r'^    \.name = "([a-z ]+)"', file.read_text(encoding="utf-8"), re.MULTILINE))
    return names


def check_commands(path, known):
    groups = {name.split()[0] for name in known if " " in name}
    for words in COMMAND.findall(path.read_text(encoding="utf-8")):
        first = words.split()[0]
        if not (words in known or first in known or words in groups):
            yield f"{path.name}: there is no `hufuctl {words}`"


def check_rooms(source):
    """Each file of broker/daemon stands once in the table of rooms, and the table names no other."""
    text = (source / "docs/architecture.md").read_text(encoding="utf-8")
    table = text.partition("### Rooms of broker/daemon")[2].partition("###")[0]
    named = [name for line in table.splitlines() if line.startswith("|") for name in re.findall(r"`(\w+)`", line)]
    files = {file.stem for file in (source / "broker/daemon").glob("*.c")}
    for name in sorted(files ^ set(named)):
        yield f"architecture.md: broker/daemon/{name}.c is {'in no room' if name in files else 'not there'}"
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield f"architecture.md: broker/daemon/{name}.c is in several rooms"


def shape(path):
    """What a page and its translation have in common: headings, rows, points, and every command and block as it is typed."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    return {
        "headings": [line.split()[0] for line in lines if line.startswith("#")],
        "rows": sum(line.startswith("| ") for line in lines),
        "points": sum(line.startswith("- ") for line in lines),
        "commands": sorted(re.findall(r"hufuctl [^`|\n]*?(?=[`|\n]|  )", text)),
        "names": sorted(re.findall(r"`([\w./-]+)`", text)),
    }


def check_translations(folder):
    for path in folder.glob("*.zh_CN.md"):
        here, there = shape(path), shape(path.with_name(path.name.replace(".zh_CN", "")))
        for part in here:
            if here[part] != there[part]:
                yield f"{path.name}: {part} are not those of the English page: {here[part]}, {there[part]}"


def main():
    source = Path(sys.argv[1])
    known = commands(source)
    found = [] if len(known) >= 10 else [f"only {len(known)} commands"]
    found += check_standard(source / "docs/standard.md")
    found += check_doors(source / "docs/doors.md")
    for name in ("standard.md", "threats.md", "doors.md"):
        found += check_proofs(source, source / "docs" / name)
    for name in ("standard.md", "operations.md", "doors.md", "audit.md"):
        found += check_commands(source / "docs" / name, known)
    found += check_rooms(source)
    found += check_translations(source / "docs")
    for line in found:
        print(line)
    print(f"{len(CLAUSES)} clauses, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
