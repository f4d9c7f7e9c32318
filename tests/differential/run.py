"""Compares the shipped decision with the second implementation over random cases.

    run.py DECIDE_CASES [--cases N] [--seed N] [--jobs N] [--brief] [--answers]
    run.py TRUST_CASES --of trust ...

A run is repeated by its seed and number of cases. A difference is made small and printed, one of a decision as a
case of tests/golden.
"""

import argparse
import collections
import multiprocessing
import os
import random
import sys
import time

from harness import Harness, both, second_answer, second_scene
from papers import Papers
from second import document, quorum
from second import papers as second_papers
from shrink import golden, shrink
from texts import canonical_word, document_word
from trust_papers import TrustPapers
from trust_round import TrustHarness, TrustRound

QUESTIONS_A_SCENE = 22
WORDS, DOCUMENTS, PAPERS, QUORUMS = 3, 3, 3, 2  # beside each scene
SHARE = 5000  # cases a process takes at a time


class Round:
    """One scene with its questions, and some words, documents and quorums: asked, then compared."""

    def __init__(self, maker, harness):
        center, theme, self.puts = maker.scene()
        edges = maker.edges(center, self.puts)
        self.cases = [maker.question(center, theme, self.puts, edges) for _ in range(QUESTIONS_A_SCENE)]
        self.words = [maker.word() for _ in range(WORDS)]
        self.documents = [maker.document() for _ in range(DOCUMENTS)]
        self.papers = [maker.paper() for _ in range(PAPERS)]
        self.quorums = [maker.quorum() for _ in range(QUORUMS)]
        self.limits = [(maker.limit(put), put.octets()) for put in self.puts]

    def say(self, harness):
        harness.say_scene(self.puts)
        for case in self.cases:
            harness.say_question(case)
        for kind, octets in self.words:
            harness.say_word(kind, octets)
        for octets in self.documents:
            harness.say_document(octets)
        for kind, octets in self.papers:
            harness.say_document(octets, kind)
        for case in self.quorums:
            harness.say_quorum(case)
        for limit, octets in self.limits:
            harness.say_limit(limit, octets)
        harness.send()

    def compare(self, harness, counts, differences):
        index, expected_puts = second_scene(self.puts)
        got_puts = [harness.answer() for _ in self.puts]
        for case in self.cases:
            got, expected = harness.answer(), second_answer(index, case)
            words = got.split(" ")
            asked = case.ask.partition(" ")[0]
            counts["standing:" if asked == "standing" else f"{asked}: {words[0]} {words[1]}"] += 1
            if got != expected or got_puts != expected_puts:
                differences.append(case)
        for kind, octets in self.words:
            self.alone(kind, octets, harness.answer(), canonical_word(kind, octets), counts, differences)
        for octets in self.documents:
            self.alone("document", octets, harness.answer(), document_word(octets), counts, differences)
        for kind, octets in self.papers:
            self.alone(kind, octets, harness.answer(), second_papers.judge(kind, octets), counts, differences)
        for case in self.quorums:
            self.alone("quorum", " ".join(case.texts()), harness.answer(), quorum.answer(case), counts, differences)
        for limit, octets in self.limits:
            expected = "within" if quorum.within(limit, document.read(octets)) else "wider"
            self.alone("limit", (limit, octets), harness.answer(), expected, counts, differences)

    @staticmethod
    def report(program, case):
        case = shrink(lambda: Harness(program), case)
        harness = Harness(program)
        (puts, answer), (other_puts, other) = both(harness, case)
        harness.close()
        print(f"--- differs: the engine says {puts} {answer}\n"
              f"--- the second implementation says {other_puts} {other}\n"
              + golden(case, "SAY WHAT IT SHOWS", other, other_puts))

    @staticmethod
    def alone(kind, what, got, expected, counts, differences):
        counts[f"{kind}: " + (" ".join(w for w in got.split(" ") if not w.isdigit()) if kind == "quorum" else
                              got if got in ("refused", "valid", "within", "wider") else "taken")] += 1
        if got != expected:
            differences.append(f"--- differs: {kind} {what!r}\n--- the engine says {got!r}, "
                               f"the second implementation {expected!r}")


# What makes cases, what answers them, and what compares the answers.
KINDS = {"decision": (Papers, Harness, Round), "trust": (TrustPapers, TrustHarness, TrustRound)}


def share(arguments):
    """One process's share: (counts of answers, what differs)."""
    kind, program, seed, n = arguments
    make_maker, make_harness, make_round = KINDS[kind]
    maker, harness = make_maker(random.Random(seed)), make_harness(program)
    counts, differences, waiting = collections.Counter(), [], None
    while sum(counts.values()) < n:
        asked = make_round(maker, harness)
        asked.say(harness)
        if waiting:  # while the engine works on this one
            waiting.compare(harness, counts, differences)
        waiting = asked
    waiting.compare(harness, counts, differences)
    harness.close()
    return counts, differences


def shares(kind, program, seed, cases):
    for n in range(0, cases, SHARE):
        yield kind, program, f"{seed}/{n}", min(SHARE, cases - n)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--of", choices=KINDS, default="decision")
    parser.add_argument("--cases", type=int, default=200000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--brief", action="store_true", help="stop at a difference, and do not make it smaller")
    parser.add_argument("--answers", action="store_true", help="print how often each answer was given")
    a = parser.parse_args()
    seed = a.seed if a.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}: --cases {a.cases} --seed {seed}", flush=True)
    began, counts, differences = time.monotonic(), collections.Counter(), []
    with multiprocessing.Pool(a.jobs) as pool:
        for found, differing in pool.imap_unordered(share, shares(a.of, a.program, seed, a.cases)):
            counts += found
            differences += differing
            if len(differences) > (0 if a.brief else 50):
                break
    for case in differences[:0 if a.brief else 5]:
        print(case) if isinstance(case, str) else KINDS[a.of][2].report(a.program, case)
    if a.answers:
        for answer, n in sorted(counts.items()):
            print(f"{n:9} {answer}")
    print(f"{sum(counts.values())} cases, {len(counts)} answers to {len({c.split(':')[0] for c in counts})} questions, "
          f"{len(differences)} differences, {time.monotonic() - began:.1f} s")
    return 0 if not differences and sum(counts.values()) >= a.cases else 1


if __name__ == "__main__":
    sys.exit(main())
