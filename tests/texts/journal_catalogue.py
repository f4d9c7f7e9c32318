"""Every event that hufud records is explained in the journal's message catalogue, in English and in Chinese.

usage: journal_catalogue.py SOURCE

Compiled with systemd's own compiler, in a folder of its own; without it the test is skipped.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

EVENT = re.compile(r'ROW\(\w+, "([a-z-]+)", "([0-9a-f]{32})"')
ENTRY = re.compile(r"^-- ([0-9a-f]{32})\n(.*?)(?=^-- |\Z)", re.MULTILINE | re.DOTALL)
HAN = re.compile(r"[\u4e00-\u9fff]")
HEADERS = ("Subject", "Defined-By", "Documentation")
ALWAYS = {"HUFU_RESULT", "HUFU_EVENT", "HUFU_SEQUENCE", "HUFU_HOST", "HUFU_LEDGER"}  # of every record: broker/audit/fields.c
CATALOGUES = {"hufu.catalog": False, "hufu.zh_CN.catalog": True}
SKIPPED = 77


def columns(line):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def check_entry(name, text, chinese):
    head, _, body = text.partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines())
    if tuple(headers) != HEADERS:
        yield f"{name}: its headers are {tuple(headers)}"
    if len(body.strip()) < 20:
        yield f"{name}: explains nothing"
    for field in re.findall(r"@(\w+)@", text):
        if field not in ALWAYS:
            yield f"{name}: @{field}@ would show as its name in a record without it"
    for line in body.splitlines():
        if columns(line) > 77:  # journalctl puts three columns in front
            yield f"{name}: wider than 80 columns in the journal: {line}"
    if bool(HAN.search(headers.get("Subject", ""))) != chinese or bool(HAN.search(body)) != chinese:
        if not (chinese and HAN.search(body)):  # a subject may be names alone
            yield f"{name}: in the wrong language"


def check_catalogue(path, events, chinese):
    text = "".join(line for line in path.read_text(encoding="utf-8").splitlines(True) if not line.startswith("#"))
    entries = ENTRY.findall(text)
    ids = [found for found, _ in entries]
    for name, message_id in events.items():
        if ids.count(message_id) != 1:
            yield f"{name} ({message_id}) has {ids.count(message_id)} entries"
    for message_id, entry in entries:
        name = next((name for name, known in events.items() if known == message_id), None)
        if name is None:
            yield f"{message_id} is no event's"
        else:
            yield from check_entry(name, entry.strip(), chinese)


def compile_with_systemd(folder):
    """How many entries systemd found, all languages together."""
    with tempfile.TemporaryDirectory() as root:
        catalogue = Path(root) / "usr/lib/systemd/catalog"
        catalogue.mkdir(parents=True)
        (Path(root) / "var/lib/systemd/catalog").mkdir(parents=True)
        for name in CATALOGUES:
            shutil.copy(folder / name, catalogue)
        for command in (["--update-catalog"], ["--list-catalog"]):
            done = subprocess.run(["journalctl", f"--root={root}", *command], capture_output=True, text=True, check=False)
            if done.returncode != 0 or done.stderr:
                return f"{done.stderr}{done.returncode}", 0
        database = (Path(root) / "var/lib/systemd/catalog/database").read_bytes()
        return done.stdout, int.from_bytes(database[24:32], "little")


def main():
    source = Path(sys.argv[1])
    folder = source / "contrib/catalog"
    events = dict(EVENT.findall((source / "broker/audit/event.h").read_text(encoding="utf-8")))
    found = [] if len(events) >= 20 else [f"only {len(events)} events in event.h"]
    for name, chinese in CATALOGUES.items():
        found += [f"{name}: {text}" for text in check_catalogue(folder / name, events, chinese)]
    if shutil.which("journalctl"):
        listed, n = compile_with_systemd(folder)
        found += [f"systemd does not list {name}" for name, message_id in events.items() if message_id not in listed]
        if n != len(events) * len(CATALOGUES):
            found.append(f"systemd compiled {n} entries, not {len(events) * len(CATALOGUES)}")
    elif not found:
        print("no journalctl here to compile the catalogue with")
        return SKIPPED
    for line in found:
        print(line)
    print(f"{len(events)} events, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
