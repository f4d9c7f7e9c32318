#!/usr/bin/env python3
"""What is shipped, looked at as a file: exports, needed libraries, hardening.

Usage: artefacts.py module FILE            pam_hufu.so: exports the six hooks, needs libc and libpam
       artefacts.py plugin FILE            hufu_sudo.so: exports sudo's two plugins, needs libc
       artefacts.py program FILE SONAME... an executable and the libraries it may need
       artefacts.py without FILE NAME...   an executable that must not import functions of these names (patterns)
       artefacts.py objects ARCHIVE...     what only the object files show: CET marks (x86)
"""

import re
import sys

import report

HOOKS = {f"pam_sm_{hook}" for hook in
         ("authenticate", "setcred", "acct_mgmt", "open_session", "close_session", "chauthtok")}
MODULE_NEEDS = {"libc.so.6", "libpam.so.0"}
PLUGINS = {"hufu_approval", "hufu_audit"}
PLUGIN_NEEDS = {"libc.so.6"}

NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
DYNAMIC_SYMBOL = re.compile(
    r"^\s*\d+:\s+[0-9a-f]+\s+\d+\s+\w+\s+(?:GLOBAL|WEAK|UNIQUE)\s+(?:DEFAULT|PROTECTED)\s+(?P<section>\S+)\s+(?P<name>\S+)")


def needed(dynamic):
    return set(NEEDED.findall(dynamic))


def exports(file):
    """Names that the file offers to whoever loads it."""
    names = set()
    for line in report.run("readelf", "--dyn-syms", "-W", file).splitlines():
        match = DYNAMIC_SYMBOL.match(line)
        if match and match["section"] != "UND":
            names.add(match["name"].split("@")[0])
    return names


def check_hardening(result, file, dynamic):
    result.look()
    segments = report.run("readelf", "-lW", file)
    if not re.search(r"^\s*GNU_RELRO", segments, re.MULTILINE):
        result.find(file, "no RELRO segment")
    stack = re.search(r"^\s*GNU_STACK\s.*?\s([RWE ]{3})\s+0x\d+$", segments, re.MULTILINE)
    if not stack or "E" in stack[1]:
        result.find(file, "the stack is executable, or not declared")
    if re.search(r"^\s*LOAD\s.*\sRWE\s", segments, re.MULTILINE):
        result.find(file, "a segment is writable and executable")
    mapped = segments.partition("Segment Sections")[2]
    for number, flags in enumerate(re.findall(r"^\s*[A-Z]\S+(?:\s+0x[0-9a-f]+){5}\s([RWE ]{3})\s", segments, re.MULTILINE)):
        sections = re.search(rf"^\s*0*{number}\s(.*)$", mapped, re.MULTILINE)
        if "E" in flags and sections and ".rodata" in sections[1].split():
            result.find(file, "what is only read is executable")
    if not re.search(r"\((?:BIND_NOW)\)|\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b", dynamic):
        result.find(file, "not bound at start (BIND_NOW)")
    if re.search(r"\((?:RPATH|RUNPATH)\)", dynamic):
        result.find(file, "carries a library search path")
    if re.search(r"\(TEXTREL\)", dynamic):
        result.find(file, "relocates its text")


def check_needed(result, file, dynamic, allowed):
    for soname in sorted(needed(dynamic) - allowed):
        result.find(file, f"needs {soname}; allowed: {' '.join(sorted(allowed))}")
    if "libc.so.6" not in needed(dynamic):
        result.find(file, "does not name libc.so.6: this is not what was meant to be looked at")


def check_loaded(kind, file, names, needs):
    """What another program loads: exactly these names, these libraries at most."""
    result = report.Report(kind)
    dynamic = report.run("readelf", "-dW", file)
    check_hardening(result, file, dynamic)
    check_needed(result, file, dynamic, needs)
    found = exports(file)
    for name in sorted(names - found):
        result.find(file, f"does not export {name}")
    for name in sorted(found - names):
        result.find(file, f"exports {name}")
    return result


def check_module(file):
    return check_loaded("module", file, HOOKS, MODULE_NEEDS)


def check_plugin(file):
    return check_loaded("plugin", file, PLUGINS, PLUGIN_NEEDS)


def check_program(file, allowed):
    result = report.Report("program")
    dynamic = report.run("readelf", "-dW", file)
    check_hardening(result, file, dynamic)
    check_needed(result, file, dynamic, set(allowed))
    header = report.run("readelf", "-hW", file)
    if not re.search(r"Type:\s+DYN", header) or not re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic):
        result.find(file, "not position independent (PIE)")
    return result


def imports(file):
    """Names that the file takes from libraries."""
    names = set()
    for line in report.run("readelf", "--dyn-syms", "-W", file).splitlines():
        match = DYNAMIC_SYMBOL.match(line)
        if match and match["section"] == "UND":
            names.add(match["name"].split("@")[0])
    return names


def check_without(file, patterns):
    result = report.Report("without")
    result.look()
    found = imports(file)
    if not found:
        result.find(file, "imports nothing: this is not what was meant to be looked at")
    for name in sorted(found):
        if any(re.fullmatch(pattern, name) for pattern in patterns):
            result.find(file, f"imports {name}")
    return result


def check_objects(archives):
    """Debian's start files carry no CET mark, so linked files show none either; ours are looked at one by one."""
    result = report.Report("objects")
    for archive in archives:
        if not re.search(r"Machine:.*X86-64", report.run("readelf", "-hW", archive)):
            sys.exit(f"FOUND: {archive}: no x86-64 objects; do not register this test here")
        for part in re.split(r"^File: ", report.run("readelf", "-nW", archive), flags=re.MULTILINE)[1:]:
            result.look()
            if not re.search(r"x86 feature:.*IBT.*SHSTK", part):
                result.find(part.splitlines()[0], "no CET mark (IBT, SHSTK)")
    return result


def main(arguments):
    match arguments:
        case ["module", file]:
            return check_module(file).finish()
        case ["plugin", file]:
            return check_plugin(file).finish()
        case ["program", file, *allowed]:
            return check_program(file, allowed).finish()
        case ["without", file, *patterns] if patterns:
            return check_without(file, patterns).finish()
        case ["objects", *archives] if archives:
            return check_objects(archives).finish()
    return __doc__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
