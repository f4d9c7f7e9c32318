"""Reads gettext's .po and .pot files: as much of their grammar as xgettext and msgmerge write."""

import ast
import re
from dataclasses import dataclass, field

LINE = re.compile(r'(msgid|msgid_plural|msgstr(?:\[\d+\])?) (".*")$')


@dataclass
class Entry:
    msgid: str = ""
    plural: str = ""
    texts: list = field(default_factory=list)
    flags: list = field(default_factory=list)


def _take(entry, keyword, text):
    if keyword == "msgid":
        entry.msgid += text
    elif keyword == "msgid_plural":
        entry.plural += text
    else:
        entry.texts[-1] += text


def _entry(block):
    entry, keyword = Entry(), None
    for line in block.splitlines():
        match = LINE.match(line)
        if line.startswith("#,"):
            entry.flags += [flag.strip() for flag in line[2:].split(",")]
        elif line.startswith("#"):
            continue
        elif match:
            keyword = match[1]
            if keyword.startswith("msgstr"):
                entry.texts.append("")
            _take(entry, keyword, ast.literal_eval(match[2]))
        elif line.startswith('"') and keyword:
            _take(entry, keyword, ast.literal_eval(line))
        else:
            raise ValueError(f"not a line of a catalogue: {line}")
    return entry


def read(path):
    """Entries by (msgid, plural), the header left out; and whether the file has obsolete ones."""
    text = path.read_text(encoding="utf-8")
    entries = [_entry(block) for block in re.split(r"\n\n+", text.strip()) if not block.startswith("#~")]
    found = {(entry.msgid, entry.plural): entry for entry in entries if entry.msgid}
    if len(found) != sum(1 for entry in entries if entry.msgid):
        raise ValueError(f"{path}: a message stands twice")
    return found, re.search(r"^#~", text, re.MULTILINE) is not None
