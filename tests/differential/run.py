"""Compares the shipped decision with the second implementation over random cases.

    run.py DECIDE_CASES [--cases N] [--seed N] [--jobs N]

A run is repeated by its seed and number of cases. A difference is made small and printed as a case of tests/golden.
"""

import argparse
import collections
import multiprocessing
import os
import random
import sys
import time

from cases import Maker
from harness import Harness, second_answer, second_scene
from shrink import golden, shrink

QUESTIONS_A_SCENE = 25
SHARE = 5000  # cases a process takes at a time


class Difference(Exception):
    pass


def compare_scene(harness, scene, counts, differences):
    puts, cases = scene
    index, expected_puts = second_scene(puts)
    got_puts = [harness.answer() for _ in puts]
    for case in cases:
        got, expected = harness.answer(), second_answer(index, case)
        counts[case.ask.partition(" ")[0] + " " + " ".join(got.split(" ")[:2])] += 1
        if (got, got_puts) != (expected, expected_puts):
            differences.append(case)


def share(arguments):
    """One process's share: (counts of answers, cases that differ)."""
    program, seed, n = arguments
    maker = Maker(random.Random(seed))
    harness = Harness(program)
    counts, differences, waiting = collections.Counter(), [], None
    while n > 0:
        center, puts = maker.scene()
        edges = maker.edges(center, puts)
        cases = [maker.question(center, puts, edges) for _ in range(min(n, QUESTIONS_A_SCENE))]
        n -= len(cases)
        harness.say_scene(puts)
        for case in cases:
            harness.say_question(case)
        harness.send()
        if waiting:  # while the engine works on this one
            compare_scene(harness, waiting, counts, differences)
        waiting = puts, cases
    compare_scene(harness, waiting, counts, differences)
    harness.close()
    return counts, differences


def shares(program, seed, cases):
    for n in range(0, cases, SHARE):
        yield program, f"{seed}/{n}", min(SHARE, cases - n)


def report(program, case):
    from harness import both
    make = lambda: Harness(program)
    case = shrink(make, case)
    harness = make()
    (puts, answer), (other_puts, other) = both(harness, case)
    harness.close()
    print(f"--- differs: the engine says {puts} {answer}\n"
          f"--- the second implementation says {other_puts} {other}\n" + golden(case, "SAY WHAT IT SHOWS", other, other_puts))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--cases", type=int, default=200000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--answers", action="store_true", help="print how often each answer was given")
    a = parser.parse_args()
    seed = a.seed if a.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}: --cases {a.cases} --seed {seed}", flush=True)
    began, counts, differences = time.monotonic(), collections.Counter(), []
    with multiprocessing.Pool(a.jobs) as pool:
        for found, differing in pool.imap_unordered(share, shares(a.program, seed, a.cases)):
            counts += found
            differences += differing
            if len(differences) > 50:
                break
    for case in differences[:5]:
        report(a.program, case)
    if a.answers:
        for answer, n in sorted(counts.items()):
            print(f"{n:9} {answer}")
    print(f"{sum(counts.values())} cases, {len(counts)} answers to {len({c.split()[0] for c in counts})} questions, "
          f"{len(differences)} differences, {time.monotonic() - began:.1f} s")
    return 1 if differences or sum(counts.values()) < a.cases else 0


if __name__ == "__main__":
    sys.exit(main())
