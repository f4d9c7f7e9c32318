"""A copy of the tree with all mutants in it, its build, and which test calls which function."""

import concurrent.futures
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from operators import mutants_of
from schemata import refused, schemata, writable
from source import Source, enumerators, number_macros

FLAGS = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1 -w -Wno-error", "-DHUFU_WERROR=OFF",
         "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=gold"]
FOLDERS = ("policy/base", "policy/document", "policy/engine", "policy/wire", "broker/trust")
# Whose tests: those of the folders, and of what is compared with them as a whole.
TESTS = re.compile(r"unit_(base|document|engine|wire|trust)_|unit_daemon_signer|golden_|fuzz_|differential|enumerat|instructions")
PARALLEL = 2
QUICK = 0.3  # seconds
MUTANTS, FUNCTIONS = 10000, 200  # of one file, at most
ADD_TEST = re.compile(r'^add_test\(\[=\[(.*?)\]=\] "([^"]*)"', re.MULTILINE)


@dataclass
class Test:
    name: str
    command: list
    folder: str
    environment: dict
    seconds: float = 0.0
    work: float = 0.0  # of the processor: on a busy machine, too, what it costs
    seen: bytes = b""


def put(path, octets, mode=0o644):
    """Only if it is another: a folder that is kept is built anew only where something changed."""
    if path.is_file() and path.read_bytes() == octets:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    path.chmod(mode)


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **more)


class Workshop:
    def __init__(self, tree, folder):
        self.tree = Path(tree)
        self.copy = Path(folder) / "tree"
        self.build = Path(folder) / "build"
        self.mutants = {}  # number: mutant
        self.refused = set()
        self.tests = []

    # --- the copy

    def make_copy(self):
        listed = subprocess.run(["git", "-C", str(self.tree), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True,
                                check=False)
        names = listed.stdout.splitlines() if listed.returncode == 0 else \
            [str(p.relative_to(self.tree)) for p in self.tree.rglob("*") if p.is_file() and "build" not in p.relative_to(self.tree).parts[:1]]
        for name in names:
            target = self.copy / name
            if (self.tree / name).is_file() and not self._is_mutated(name):
                put(target, (self.tree / name).read_bytes(), (self.tree / name).stat().st_mode)
            elif not target.exists():
                put(target, b"")
        put(self.copy / "policy/base/mutation.c", (self.tree / "tests/mutation/runtime.c").read_bytes())

    @staticmethod
    def _is_mutated(name):
        return name.endswith(".c") and name.startswith(tuple(f"{f}/" for f in FOLDERS))

    def find_mutants(self):
        headers = [p.read_text() for folder in ("policy", "broker/trust") for p in sorted((self.tree / folder).rglob("*.h"))]
        following, macros = {}, set()
        for text in headers:
            following.update(enumerators(text))
            macros |= number_macros(text)
        self.sources, self.numbers = [], {}
        paths = sorted(p for folder in FOLDERS for p in (self.tree / folder).rglob("*.c"))
        # Each file counts from a number of its own, so that a change of one leaves the others as they are.
        for base, path in enumerate(paths, 1):
            text = path.read_text()
            source = Source(str(path.relative_to(self.tree)), text)
            self.sources.append(source)
            functions = [r.name for r in source.regions if not r.is_table]
            self.numbers.update({(source.path, name): base * FUNCTIONS + i for i, name in enumerate(functions)})
            found = []
            tables = {r.name for r in source.regions if r.is_table and not writable(source, r)}
            for mutant in mutants_of(source, following | enumerators(text), macros | number_macros(text)):
                if not (mutant.is_table and mutant.function in tables):
                    found.append(mutant)
            self.mutants.update({base * MUTANTS + i: m for i, m in enumerate(found, 1)})
        self.octets = (len(paths) + 1) * FUNCTIONS

    def configure(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("CMAKE_", "CCACHE_"))}
        done = run(["cmake", "-S", str(self.copy), "-B", str(self.build), *FLAGS], env=environment)
        if done.returncode != 0:
            raise SystemExit(f"tests/mutation: cmake: {done.stdout}")
        commands = json.loads((self.build / "compile_commands.json").read_text())
        self.commands = {str(Path(c["file"]).relative_to(self.copy)): shlex.split(c["command"]) for c in commands
                         if Path(c["file"]).is_relative_to(self.copy)}

    # --- the mutants in it

    def _write(self, source):
        """Until the compiler takes the file: what it does not take is no mutant."""
        mine = [(n, m) for n, m in self.mutants.items() if m.path == source.path]
        command = self._from_stdin(source.path, "/dev/null", ["-fsyntax-only", "-fmax-errors=0"])
        gone = set()
        while True:
            text = schemata(source, [(n, m) for n, m in mine if n not in gone], self.numbers)
            numbers, words = refused(command, self.build, text)
            if not words:
                put(self.copy / source.path, text.encode())
                return gone
            if not numbers - gone:
                raise SystemExit(f"tests/mutation: {source.path}: {words}")
            gone |= numbers

    def write_mutants(self):
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            for gone in pool.map(self._write, self.sources):
                self.refused |= gone
        for number in self.refused:
            del self.mutants[number]

    def build_tests(self):
        """ctest knows the command of a test only when its program is there."""
        registered = [m for p in self.build.rglob("CTestTestfile.cmake") for m in ADD_TEST.findall(p.read_text())]
        targets = sorted({os.path.relpath(program, self.build) for name, program in registered
                          if TESTS.match(name) and program.startswith(f"{self.build}/")} | {"hufu-ledger-sign"})
        done = run(["ninja", "-C", str(self.build), "-j", str(PARALLEL), *targets])
        if not targets or done.returncode != 0:
            raise SystemExit(f"tests/mutation: {done.stdout[-4000:]}")
        listed = json.loads(run(["ctest", "--test-dir", str(self.build), "--show-only=json-v1"]).stdout)
        for entry in listed["tests"]:
            properties = {p["name"]: p["value"] for p in entry.get("properties", [])}
            command = entry.get("command", [""])
            if not TESTS.match(entry["name"]) or properties.get("WILL_FAIL") or not command[0].startswith(f"{self.build}/"):
                continue
            environment = dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", []))
            self.tests.append(Test(entry["name"], command, properties.get("WORKING_DIRECTORY", str(self.build)), environment))

    def look(self):
        """Each test once without a mutant: how long it takes and what it calls. One that fails now can tell nothing."""
        kept = []
        for test in self.tests:
            seen = self.build / f"seen-{test.name}"
            seen.write_bytes(bytes(self.octets))
            began, before = time.monotonic(), children()
            done = run(test.command, cwd=test.folder, env=os.environ | test.environment | {"HUFU_MUTATION_SEEN": str(seen)})
            test.seconds, test.work = time.monotonic() - began, children() - before
            test.seen = seen.read_bytes()
            if done.returncode == 0:
                kept.append(test)
            elif done.returncode != 77:
                print(f"{test.name} fails without a mutant and is left out: {done.stdout[-600:]}")
        self.tests = kept

    def tests_of(self, mutant):
        """The tests of its own layer, and what else is quick; those that call its function."""
        if mutant.is_table:
            functions = [n for (path, _), n in self.numbers.items() if path == mutant.path]
        else:
            functions = [self.numbers[mutant.path, mutant.function]]
        own = f"unit_{mutant.path.split('/')[1]}_"
        return [t for t in self.tests if any(t.seen[n] for n in functions) and
                (t.name.startswith(own) or t.name.startswith("golden_") or t.work < QUICK)]

    # --- what the compiler says of one mutant alone

    def _from_stdin(self, path, output, flags):
        command = list(self.commands[path])
        command[command.index("-o") + 1] = output
        command = [w for w in command if not w.endswith(f"/{path}") and (w != "-w" or "-Werror" not in flags)]
        return [*command, *flags, "-x", "c", "-"]

    def object_of(self, path, text):
        """The octets of the object at -O2, or None if the compiler refuses it as the product is compiled."""
        with tempfile.NamedTemporaryFile(dir=self.build, suffix=".o") as made:
            command = self._from_stdin(path, made.name, ["-O2", "-g0", "-Wall", "-Wextra", "-Werror"])
            done = subprocess.run(command, cwd=self.build, input=text.encode(), stderr=subprocess.DEVNULL, check=False)
            return made.read() if done.returncode == 0 else None
