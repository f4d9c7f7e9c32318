#!/usr/bin/env python3
"""Every header compiles alone, twice over, without a warning, and its include guard is its own.

Usage: headers.py CC ROOT
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys

import report

FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes",
         "-Wundef", "-Werror", "-fsyntax-only", "-x", "c", "-"]
GUARD = re.compile(r"^#ifndef (HUFU_\w+_H)\n#define \1\n", re.MULTILINE)


def compile_alone(compiler, root, header):
    """What the compiler says against a file that holds nothing but this header, or ''."""
    source = f'#include "{header}"\n#include "{header}"\n'
    done = subprocess.run([compiler, "-I", str(root), *FLAGS], input=source, capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


def check(compiler, root):
    result = report.Report("headers")
    headers = list(report.code_files(root, suffixes=(".h",)))
    guards = {}
    for header in headers:
        match = GUARD.search((pathlib.Path(root) / header).read_text(encoding="utf-8"))
        if not match:
            result.find(header, "no include guard HUFU_<FOLDER>_<FILE>_H")
        elif match[1] in guards:
            result.find(header, f"include guard {match[1]} is that of {guards[match[1]]}")
        else:
            guards[match[1]] = header
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for header, errors in zip(headers, pool.map(lambda h: compile_alone(compiler, root, h), headers)):
            result.look()
            if errors:
                result.find(header, f"does not compile alone\n{errors}")
    return result


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(check(sys.argv[1], sys.argv[2]).finish())
