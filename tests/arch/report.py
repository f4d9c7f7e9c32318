"""What the checkers in this folder share: reading the layer table, and how a result is told.

A checker collects findings and the number of things it looked at. It fails on a finding, and also when it looked at
nothing: a check that finds nothing because there was nothing must not pass.
"""

import json
import pathlib
import subprocess
import sys

SOURCE_SUFFIXES = (".c", ".h")
CODE_FOLDERS = ("policy", "pam_module", "broker")


class Report:
    def __init__(self, what):
        self.what = what
        self.looked_at = 0
        self.findings = []
        self.remarks = []

    def look(self, count=1):
        self.looked_at += count

    def find(self, where, message):
        self.findings.append(f"{where}: {message}")

    def remark(self, where, message):
        """Worth reading, and no failure."""
        self.remarks.append(f"{where}: {message}")

    def finish(self):
        """Print everything and return the exit status."""
        for line in self.remarks:
            print(f"remark: {line}")
        for line in self.findings:
            print(f"FOUND: {line}")
        print(f"{self.what}: looked at {self.looked_at}, found {len(self.findings)}")
        if self.looked_at == 0:
            print("FOUND: there was nothing to look at")
            return 1
        return 1 if self.findings else 0


def load_table(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def code_files(root, folders=CODE_FOLDERS, suffixes=SOURCE_SUFFIXES):
    """Source files below the folders, as paths relative to the root."""
    root = pathlib.Path(root)
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path.relative_to(root)


def run(*command):
    """Output of a tool; its failure ends the check."""
    done = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    if done.returncode != 0:
        sys.exit(f"FOUND: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout
