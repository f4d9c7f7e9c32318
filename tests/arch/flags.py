#!/usr/bin/env python3
"""Every file of the tree is compiled with the flags that leave no trace to look for in the result.

Usage: flags.py COMPILE_COMMANDS ROOT
"""

import json
import pathlib
import shlex
import sys

import report

REQUIRED = ("-std=gnu17", "-Werror", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes",
            "-fstack-protector-strong", "-D_FORTIFY_SOURCE=3")
REFUSED = ("-w", "-fno-stack-protector", "-O0", "-fcf-protection=none", "-D_FORTIFY_SOURCE=0")


def check(commands, root):
    result = report.Report("flags")
    root = pathlib.Path(root).resolve()
    for entry in commands:
        path = pathlib.Path(entry["file"]).resolve()
        if not path.is_relative_to(root) or path.relative_to(root).parts[0] not in report.CODE_FOLDERS:
            continue
        result.look()
        words = shlex.split(entry["command"])
        for flag in REQUIRED:
            if flag not in words:
                result.find(path.relative_to(root), f"compiled without {flag}")
        for flag in words:
            if flag in REFUSED or flag.startswith("-Wno-"):
                result.find(path.relative_to(root), f"compiled with {flag}")
    return result


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.exit(check(json.load(file), sys.argv[2]).finish())
