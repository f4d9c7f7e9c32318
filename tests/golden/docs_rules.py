#!/usr/bin/env python3
"""docs/rules.md names tests: each of them has to be there, and no rule is without one.

Usage: docs_rules.py ROOT [FILE]      FILE: instead of docs/rules.md
"""

import pathlib
import re
import sys

ENTRY = re.compile(r"`([^`]+)`")
NAMED = re.compile(r"(golden|unit|pam|system)/([^`:]+): (.+)")
# Where a kind keeps its tests, and the line that begins one.
KINDS = {
    "golden": ("tests/golden/{place}.txt", "case {name}"),
    "unit": ("tests/unit/{folder}/test_{stem}.c", "static void {name}(void **state)"),
    "pam": ("tests/pam/test_{place}.c", "static void {name}(void **state)"),
    "system": ("tests/system/test_{place}.py", "def {name}("),
}


def is_named(root, kind, place, name):
    """Whether the case or the test function stands in the file that the entry names."""
    file, line = KINDS[kind]
    folder, _, stem = place.rpartition("/")
    file = root / file.format(place=place, folder=folder, stem=stem)
    line = line.format(name=name)
    if not file.is_file():
        return False
    lines = file.read_text(encoding="utf-8").splitlines()
    return any(x.startswith(line) for x in lines) if line.endswith("(") else line in lines


def is_there(root, entry):
    """Whether what an entry names exists: a test, a path, or a test of ctest by its name."""
    named = NAMED.fullmatch(entry)
    if named:
        return is_named(root, *named.groups())
    if entry.startswith("tests/"):
        return (root / entry).exists()
    lists = [root / "tests/CMakeLists.txt", *(root / "tests").glob("*/CMakeLists.txt")]
    return any(f"add_test(NAME {entry} " in file.read_text(encoding="utf-8") for file in lists)


def rules(file):
    """Number of the line and entries of each rule: the rows below `| rule | shown by |`."""
    inside = False
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        inside = text.startswith("|") and (inside or text == "| rule | shown by |")
        if inside and not text.startswith(("| rule |", "|---")):
            yield number, ENTRY.findall(text.rstrip("|").rpartition(" | ")[2])


def main(root, file="docs/rules.md"):
    root = pathlib.Path(root)
    passed = failed = 0
    for number, entries in rules(root / file):
        missing = [x for x in entries if not is_there(root, x)] or ([] if entries else ["test of this rule"])
        passed, failed = passed + len(entries) - len(missing), failed + len(missing)
        for entry in missing:
            print(f"{file}:{number}: there is no {entry}")
    print(f"{file}: {passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
