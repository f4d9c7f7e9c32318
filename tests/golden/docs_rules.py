#!/usr/bin/env python3
"""docs/rules.md names tests: each of them has to be there.

Usage: docs_rules.py ROOT
"""

import pathlib
import re
import sys

ENTRY = re.compile(r"`((?:golden|unit)/[^`:]+): ([^`]+)`|`(tests/[^`]+)`")


def is_there(root, place, name):
    """Whether the case or the test function stands in the file that the entry names."""
    kind, rest = place.split("/", 1)
    if kind == "golden":
        file = root / "tests/golden" / f"{rest}.txt"
        line = f"case {name}"
    else:
        folder, stem = rest.rsplit("/", 1)
        file = root / "tests/unit" / folder / f"test_{stem}.c"
        line = f"static void {name}(void **state)"
    return file.is_file() and line in file.read_text(encoding="utf-8").splitlines()


def main(root):
    root = pathlib.Path(root)
    passed = failed = 0
    for number, text in enumerate((root / "docs/rules.md").read_text(encoding="utf-8").splitlines(), 1):
        if not text.startswith("|"):
            continue
        for place, name, path in ENTRY.findall(text):
            found = (root / path).exists() if path else is_there(root, place, name)
            passed, failed = passed + found, failed + (not found)
            if not found:
                print(f"docs/rules.md:{number}: there is no {path or f'{place}: {name}'}")
    print(f"docs/rules.md: {passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
