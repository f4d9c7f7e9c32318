"""The shipped engine behind a pipe (decide_cases.c), and what both implementations say of a case."""

import pathlib
import subprocess

from cases import Put, facts_of
from second import document, index, rules

PIPE_SIZE = 1 << 18
BASE_INC = pathlib.Path(__file__).resolve().parent.parent / "golden" / "base.inc"


class Pipe:
    """A program that answers lines, of which many are under way."""

    def __init__(self, command):
        # Room for the answers to two rounds, so that neither side waits for the other to read.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=PIPE_SIZE)
        self.pending = []

    def say(self, *words, octets=b""):
        self.pending.append("\t".join(words).encode() + b"\n" + octets)

    def send(self):
        self.say("flush")
        self.process.stdin.write(b"".join(self.pending))
        self.process.stdin.flush()
        self.pending.clear()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[0]} is gone: {self.process.wait()}")
        return line[:-1].decode(errors="backslashreplace")

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise RuntimeError(f"{self.process.args[0]} failed")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Harness(Pipe):
    def __init__(self, program):
        super().__init__([program, str(BASE_INC)])

    # --- a scene and its questions ---

    def say_scene(self, puts):
        self.say("scene")
        for put in puts:
            octets = put.octets()
            books = [word for key, value in put.book_texts() for word in ("@" + key, value)]
            self.say("grant", str(len(octets)), *books, octets=octets)

    def say_question(self, case):
        self.say("ask", case.ask, *(word for pair in case.fact_texts() for word in pair))

    # --- what stands alone ---

    def say_document(self, octets, kind="grant"):
        self.say("text", kind, str(len(octets)), octets=octets)

    def say_word(self, kind, octets):
        self.say("word", kind, str(len(octets)), octets=octets)

    def say_quorum(self, case):
        self.say("quorum", *case.texts())

    def say_limit(self, limit, octets):
        validity, session, fields = limit
        self.say("limit", str(validity), str(session), ",".join(fields) or "none", str(len(octets)), octets=octets)


def put_of(i, put):
    books = {"votes-until": put.book("votes-until"), "session-max": put.book("session-max"),
             "by-status-until": put.book("by-status-until"), **put.books}
    return i.put(put.letter, document.read(put.octets()), books)


def second_scene(puts):
    """(index, what it said to each put)."""
    i = index.Index()
    return i, [put_of(i, put) for put in puts]


def second_answer(i, case):
    return " | ".join(rules.answer(i, facts_of(case.facts), case.ask))


def both(harness, case):
    """([puts], answer) of the engine, and of the second implementation."""
    harness.say_scene(case.puts)
    harness.say_question(case)
    harness.send()
    first = [harness.answer() for _ in case.puts], harness.answer()
    i, puts = second_scene(case.puts)
    return first, (puts, second_answer(i, case))


__all__ = ["Harness", "Pipe", "Put", "both", "second_answer", "second_scene"]
