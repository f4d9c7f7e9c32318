#!/usr/bin/env python3
"""What two readers of source code find that know more than they can: gcc -fanalyzer and scan-build (clang's analyzer). Neither
knows __attribute__((cleanup)) well, nor what a function of another file promises, so each finding was judged by a person, once.

usage: tests/analysis.py gcc BUILD           BUILD is any configured build folder (its compile_commands.json is read)
       tests/analysis.py scan-build BUILD    builds once more, in BUILD/scan; pages for a browser are left in BUILD/scan/reports
       -j N                                  processes at a time (2)

tests/analysis.judged has a line for each finding that is none, with the reason: TOOL FILE FUNCTION CHECK: REASON. A finding
without a line fails, and so does a line without a finding: code that changed is judged anew."""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

tree = pathlib.Path(__file__).resolve().parent.parent
judged_file = tree / "tests" / "analysis.judged"
folders = ("policy/", "pam_module/", "broker/", "contrib/")
warning = re.compile(r"^(\S+?):(\d+):(?:\d+:)? warning: (.*) \[(?:CWE-\d+\] \[)?-?W?([\w.-]+)\]$")


def function_around(path, number):
    """The function that the line stands in: the last name before a line that is `{` alone, at the margin."""
    text = (tree / path).read_text().splitlines()
    for start in range(min(number, len(text)) - 1, 0, -1):
        if text[start] == "}" and start < number - 1:
            break
        if text[start] == "{":
            head = start - 1
            while head > 0 and text[head].startswith((" ", "\t")):
                head -= 1
            name = re.search(r"(\w+)\(", text[head])
            return name[1] if name else "-"
    return "-"


def findings_in(output, folder):
    """{(file, function, check): one line of it} of a compiler's messages."""
    found = {}
    for line in output.splitlines():
        seen = warning.match(line)
        if not seen:
            continue
        path = pathlib.Path(os.path.normpath(pathlib.Path(folder) / seen[1]))
        name = str(path.relative_to(tree)) if path.is_relative_to(tree) else seen[1]
        if name.startswith(folders):
            key = name, function_around(name, int(seen[2])), seen[4]
            found.setdefault(key, f"{name}:{seen[2]}: {seen[3]} [{seen[4]}]")
    return found


def analyse_with_gcc(entry):
    words = [w for w in shlex.split(entry["command"]) if not w.startswith("-O") and w != "-Werror" and "FORTIFY" not in w]
    words[words.index("-o") + 1] = "/dev/null"
    if os.path.basename(words[0]) == "ccache":
        words = words[1:]
    # Optimised code is another program: variables are taken apart before anyone has looked at them.
    command = [*words, "-O0", "-fanalyzer", "-fdiagnostics-plain-output"]
    run = subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if run.returncode != 0:
        sys.exit(f"analysis: {entry['file']} does not compile:\n{run.stderr}")
    return findings_in(run.stderr, entry["directory"])


def run_gcc(build, jobs):
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if os.path.relpath(entry["file"], tree).startswith(folders):
            entries.setdefault(entry["file"], entry)
    found = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for more in pool.map(analyse_with_gcc, entries.values()):
            found |= more
    return found, len(entries)


def run_scan_build(build, jobs):
    scan = build / "scan"
    command = ["scan-build-14", "--use-analyzer=/usr/bin/clang-14", "--use-cc=clang-14", "-o", str(scan / "reports")]
    # What .clang-tidy leaves out of the same analyzer, for the same reasons.
    for checker in ("unix.Malloc", "deadcode.DeadStores", "valist.Uninitialized"):
        command += ["-disable-checker", checker]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CMAKE_")}
    configure = ["cmake", "-S", str(tree), "-B", str(scan), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DBUILD_TESTING=OFF"]
    output = ""
    for step in (configure, ["ninja", "-C", str(scan), "clean"], ["ninja", "-C", str(scan), f"-j{jobs}"]):
        run = subprocess.run([*command, *step], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, check=False)
        output = run.stdout + run.stderr
        if run.returncode != 0:
            sys.exit(f"analysis: {' '.join(step)} failed:\n{output}")
    return findings_in(output, scan), output.count("Building C object")


def read_judged(tool):
    judged = {}
    for line in judged_file.read_text().splitlines():
        if line and not line.startswith("#"):
            what, reason = line.split(": ", 1)
            of, *key = what.split()
            if of == tool:
                judged[tuple(key)] = reason
    return judged


def main(arguments):
    jobs = 2
    if "-j" in arguments:
        at = arguments.index("-j")
        jobs = int(arguments[at + 1])
        del arguments[at : at + 2]
    tools = {"gcc": run_gcc, "scan-build": run_scan_build}
    if len(arguments) != 2 or arguments[0] not in tools:
        sys.exit(__doc__)
    tool = arguments[0]
    found, files = tools[tool](pathlib.Path(arguments[1]).resolve(), jobs)
    judged = read_judged(tool)
    new = sorted(found.keys() - judged.keys())
    gone = sorted(judged.keys() - found.keys())
    for key in new:
        print(f"FAILED: {found[key]}\n    {tool} {' '.join(key)}: ")
    for key in gone:
        print(f"FAILED: judged, and no longer found: {tool} {' '.join(key)}")
    print(f"{tool}: {files} files, {len(found)} findings, {len(found.keys() & judged.keys())} judged to be none")
    return 1 if new or gone or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
