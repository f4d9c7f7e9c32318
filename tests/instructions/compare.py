"""Counts the instructions of the way of a decision under callgrind and compares them with expected.txt.

    compare.py PROGRAM             fails if a count is off by more than the tolerance
    compare.py PROGRAM --update    writes expected.txt anew: for a change that is meant to cost more, or that made it cheaper

Times do not repeat on a busy machine; these do. The C library is told to leave out what the processor could do, so that the same
code runs on each, and the seed of the index is fixed.
"""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

EXPECTED = pathlib.Path(__file__).with_name("expected.txt")
TIMES = 100  # as instructions.c has it
TOLERANCE = 0.03
PLAIN = "-AVX2,-AVX,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-RTM,-SSSE3,-SSE4_1,-SSE4_2,-BMI2,-LZCNT"
HEAD = """\
# Instructions of one call, counted by tests/instructions/compare.py on the release build for x86-64. More than 3 % off fails the
# test `instructions`, whichever way: what became dearer is looked at, and what became cheaper is kept. After a change that is
# meant, these write the file anew, and its commit says why:
#
#   ninja -C build/release instructions
#   python3 tests/instructions/compare.py build/release/tests/instructions/instructions --update
"""


def count(program):
    """Instructions of each case."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, GLIBC_TUNABLES=f"glibc.cpu.hwcaps={PLAIN}", LC_ALL="C")
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out", program],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"{program} under valgrind: exit {done.returncode}\n{done.stdout}")
        counts = {}
        for part in sorted(pathlib.Path(folder).glob("out.*"), key=lambda p: int(p.suffix[1:])):
            text = part.read_text()
            name = re.search(r"^desc: Trigger: Client Request: (\S+)$", text, re.M)
            total = re.search(r"^totals: (\d+)$", text, re.M)
            if name and total:
                counts[name.group(1)] = round(int(total.group(1)) / TIMES)
        return counts


def read_expected():
    lines = [line.split() for line in EXPECTED.read_text().splitlines() if line and not line.startswith("#")]
    return {name: int(number) for name, number in lines}


def compare(counts, expected):
    """What is wrong, as lines."""
    wrong = [f"{name}: in expected.txt, and not counted" for name in expected if name not in counts]
    for name, now in counts.items():
        before = expected.get(name)
        print(f"{name:<34} {now:>8} {'' if before is None else f'{now / before - 1:+8.1%} of {before}'}")
        if before is None:
            wrong.append(f"{name}: counted, and not in expected.txt")
        elif abs(now / before - 1) > TOLERANCE:
            wrong.append(f"{name}: {now} instructions, expected {before} ({now / before - 1:+.1%})")
    return wrong


def main():
    program, update = sys.argv[1], "--update" in sys.argv[2:]
    if platform.machine() != "x86_64":
        print("SKIPPED: expected.txt has the counts of x86-64")
        return 77
    if not shutil.which("valgrind"):
        print("SKIPPED: valgrind is not installed")
        return 77
    counts = count(program)
    if not counts:
        sys.exit("nothing was counted")
    if update:
        EXPECTED.write_text(HEAD + "".join(f"{name:<34} {number:>8}\n" for name, number in counts.items()))
        return 0
    wrong = compare(counts, read_expected())
    for line in wrong:
        print("WRONG:", line)
    if wrong:
        print(f"\nIf that is meant: {sys.argv[0]} {program} --update, and the commit says why.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
