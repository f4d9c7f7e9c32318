#!/usr/bin/env python3
"""docs/doctor.md has a row for each code that hufuctl doctor can find, with its severities, and no other; and a unit test
names each code.

Usage: doctor.py SOURCE
"""

import re
import sys
from pathlib import Path

FIND = re.compile(r'doctor_find\(\s*[\w>-]+,\s*([^,]+),\s*"([a-z0-9-]+)"')
MARKED = re.compile(r'DOCTOR_CODE\("([a-z0-9-]+)"\)')
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (problem|warning|note)(?:, (?:problem|warning|note))* \| \S.* \| \S.* \|$", re.MULTILINE)


def main():
    source = Path(sys.argv[1])
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted((source / "broker/doctor").glob("*.c")))
    tests = "\n".join(path.read_text(encoding="utf-8") for path in sorted((source / "tests/unit/broker/doctor").glob("*.c")))
    page = (source / "docs/doctor.md").read_text(encoding="utf-8")
    codes = {name for _, name in FIND.findall(code)} | set(MARKED.findall(code))
    rows = [match[1] for match in ROW.finditer(page)]
    found = [] if len(codes) >= 5 else [f"only {len(codes)} codes"]
    # A code that is no literal would not be seen here.
    hidden = len(re.findall(r"\bdoctor_find\(", code)) - len(FIND.findall(code)) - len(re.findall(r"doctor_find\([^;]*->code\b", code))
    found += [f"{hidden - 1} codes are neither literals nor of a table with DOCTOR_CODE"] if hidden != 1 else []  # 1: its definition
    found += [f"doctor.md: {name} is in no row" for name in sorted(codes - set(rows))]
    found += [f"doctor.md: nothing finds {name}" for name in sorted(set(rows) - codes)]
    found += [f"doctor.md: {name} has several rows" for name in sorted({name for name in rows if rows.count(name) > 1})]
    found += [f"tests/unit/broker/doctor: nothing about {name}" for name in sorted(codes) if f'"{name}"' not in tests]
    found += [f"doctor.md: not read: {line}" for line in page.splitlines() if line.startswith("| `") and not ROW.match(line)]
    for line in found:
        print(line)
    print(f"{len(codes)} codes, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
