#!/usr/bin/env python3
"""The table of failpoints and the places in the sources are the same, and nothing that is shipped holds any of it.

Usage: failpoints.py places ROOT          each row of the table has a place, and each place a row
       failpoints.py without FILE...      programs and archives: no failpoint's name, no symbol, no setting
       failpoints.py refused ROOT         CMake refuses them for what is no debug build
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import report

TABLE = "broker/common/failpoint.h"
ROW = re.compile(r"\bROW\((\w+), \"([a-z0-9-]+)\"\)")
PLACE = re.compile(r"\bFAILPOINT\((\w+)\)")


def rows(root):
    """Symbol and name of each failpoint."""
    return dict(ROW.findall((pathlib.Path(root) / TABLE).read_text(encoding="utf-8")))


def check_places(root):
    result = report.Report("failpoints")
    table, places = rows(root), {}
    for path in report.code_files(root, suffixes=(".c",)):
        for symbol in PLACE.findall((pathlib.Path(root) / path).read_text(encoding="utf-8")):
            places.setdefault(symbol, path)
    for symbol in table:
        result.look()
        if symbol not in places:
            result.find(TABLE, f"{symbol} has no place")
    for symbol, path in places.items():
        if symbol not in table:
            result.find(path, f"{symbol} is not in the table of {TABLE}")
    if len(set(table.values())) != len(table):
        result.find(TABLE, "two failpoints of one name")
    return result


def check_without(files):
    """The names of the table are looked for whole; `failpoint` and the variable anywhere."""
    result = report.Report("failpoints")
    root = pathlib.Path(__file__).resolve().parents[2]
    names = set(rows(root).values())
    for file in files:
        result.look()
        for text in report.run("strings", "-a", "-n", "5", file).splitlines():
            if text in names or "HUFU_FAILPOINT" in text:
                result.find(file, f"holds the text {text}")
        for line in report.run("nm", "-a", file).splitlines():
            if "failpoint_" in line or "FAILPOINT" in line:
                result.find(file, f"holds the symbol {line.split()[-1]}")
    return result


def check_refused(root):
    result = report.Report("failpoints")
    for build in ("Release", "RelWithDebInfo", "MinSizeRel", ""):
        result.look()
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["cmake", "-G", "Ninja", "-S", root, "-B", folder,
                                   f"-DCMAKE_BUILD_TYPE={build}", "-DHUFU_FAILPOINTS=ON"], capture_output=True, text=True)
        if done.returncode == 0 or "HUFU_FAILPOINTS: a build of type" not in done.stderr:
            result.find("CMakeLists.txt", f"a {build or 'nameless'} build with failpoints is not refused")
    return result


if __name__ == "__main__":
    kinds = {"places": lambda files: check_places(files[0]), "without": check_without,
             "refused": lambda files: check_refused(files[0])}
    if len(sys.argv) < 3 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    sys.exit(kinds[sys.argv[1]](sys.argv[2:]).finish())
