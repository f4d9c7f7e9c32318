"""The manuals are well-formed mdoc, name only manuals that there are, and their examples are what the programs take.

usage: manuals.py SOURCE
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

SKIPPED = 77
NAME = re.compile(r"^\.Xr (hufu[\w.-]*|pam_hufu|ldapd\.conf|staff\.conf) (\d)", re.MULTILINE)


def lint(page):
    """What mandoc finds, but for style: which lines are long is no matter of correctness."""
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, check=False)
    return [line.strip() for line in done.stdout.splitlines() if " STYLE: " not in line]


def check_references(page, known):
    for name, section in NAME.findall(page.read_text(encoding="utf-8")):
        if f"{name}.{section}" not in known:
            yield f"{page.name}: {name}({section}) is not there"


def check_keys(page, keys):
    """A manual of a configuration file has each of its keys as an item, and no other."""
    text = page.read_text(encoding="utf-8")
    items = set(re.findall(r"^\.It Cm ([a-z][a-z-]+) =", text, re.MULTILINE))
    if items != keys:
        yield f"{page.name}: keys that are missing {sorted(keys - items)}, that are none {sorted(items - keys)}"


def keys_of(source, program):
    table = (source / "broker" / program / "config.c").read_text(encoding="utf-8")
    return set(re.findall(r'^    \{"[a-z]+", "([a-z-]+)", set_', table, re.MULTILINE))


def main():
    source = Path(sys.argv[1])
    pages = sorted((source / "docs/man").glob("*.[1-8]"))
    known = {page.name for page in pages}
    found = [] if len(pages) >= 8 else [f"only {len(pages)} manuals"]
    for page in pages:
        found += check_references(page, known)
    for manual, program in (("hufud.conf.5", "daemon"), ("ldapd.conf.5", "ldap")):
        keys = keys_of(source, program)
        found += [] if len(keys) >= 7 else [f"only {len(keys)} keys in broker/{program}/config.c"]
        found += check_keys(source / "docs/man" / manual, keys)
    if shutil.which("mandoc"):
        found += [line for page in pages for line in lint(page)]
    elif not found:
        print("no mandoc here")
        return SKIPPED
    for line in found:
        print(line)
    print(f"{len(pages)} manuals, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
