#!/usr/bin/env python3
"""Long files and long functions are where the bugs are.

A file ends at 400 lines, one of tests as well: it is split by theme. A function of more than 60 lines is named for a
second look; at more than 100 it fails. The layout that clang-format gives (a function's braces alone in the first
column) is what makes counting this simple.

Usage: sizes.py ROOT
"""

import pathlib
import re
import sys

import report

FOLDERS = (*report.CODE_FOLDERS, "tests")
FILE_LIMIT = 400
FUNCTION_REMARK = 60
FUNCTION_LIMIT = 100
NAME = re.compile(r"(\w+)\(")


def functions(lines):
    """(name, first line, number of lines) of each function definition."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield name_before(lines, start), start, number - start + 1
            start = None


def name_before(lines, brace):
    """The name in the signature that ends above the brace."""
    for line in reversed(lines[: brace - 1]):
        if line and not line[0].isspace() and (match := NAME.search(line)):
            return match[1]
    return "?"


def check(root):
    result = report.Report("sizes")
    for path in report.code_files(root, FOLDERS):
        lines = (pathlib.Path(root) / path).read_text(encoding="utf-8").splitlines()
        result.look()
        if len(lines) > FILE_LIMIT:
            result.find(path, f"{len(lines)} lines, {FILE_LIMIT} is the end")
        for name, start, length in functions(lines):
            if length > FUNCTION_LIMIT:
                result.find(f"{path}:{start}", f"{name} has {length} lines, {FUNCTION_LIMIT} is the end")
            elif length > FUNCTION_REMARK:
                result.remark(f"{path}:{start}", f"{name} has {length} lines")
    return result


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(check(sys.argv[1]).finish())
