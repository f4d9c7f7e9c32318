#!/usr/bin/env python3
"""Every #include stays within the layer table: own layer, layers it may know, outside libraries it is the door to.

Usage: includes.py TABLE ROOT
"""

import pathlib
import re
import sys

import report

INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<form>["<])(?P<name>[^">]+)[">]')

# Headers of the C library, POSIX and the kernel. Anything else has to be a library of the table.
LIBC_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/", "net/", "asm/")
LIBC_HEADERS = frozenset("""
    assert.h ctype.h dirent.h dlfcn.h endian.h err.h errno.h fcntl.h float.h fnmatch.h getopt.h grp.h inttypes.h
    langinfo.h libgen.h libintl.h limits.h locale.h malloc.h math.h netdb.h paths.h poll.h pty.h pwd.h regex.h sched.h
    setjmp.h signal.h spawn.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdio_ext.h stdlib.h
    stdnoreturn.h string.h strings.h syslog.h termios.h time.h uchar.h unistd.h utmp.h utmpx.h wchar.h wctype.h byteswap.h
    """.split())


def layer_of(table, path):
    """The layer whose folder holds the file, or None."""
    folder = str(pathlib.PurePosixPath(path).parent)
    for name, row in table["layers"].items():
        if row["folder"] == folder:
            return name
    return None


def library_of(table, header):
    for name, row in table["libraries"].items():
        if any(re.fullmatch(pattern, header) for pattern in row["headers"]):
            return name
    return None


def judge_project(table, root, layer, name):
    """Why a file of the layer may not include "name", or None."""
    if not (pathlib.Path(root) / name).is_file():
        return f'"{name}" is no file of this tree, seen from its root'
    other = layer_of(table, name)
    if other == layer:
        return None
    row = table["layers"][layer]
    if other is None or other not in row["layers"]:
        return f'layer {layer} may not include "{name}" ({"layer " + other if other else "no layer"})'
    narrow = row["narrow"].get(other)
    if narrow and not re.fullmatch(narrow, pathlib.PurePosixPath(name).name):
        return f'layer {layer} may only see {narrow} of layer {other}, not "{name}"'
    return None


def judge_system(table, layer, name):
    """Why a file of the layer may not include <name>, or None."""
    library = library_of(table, name)
    if library is not None:
        if library in table["layers"][layer]["libraries"]:
            return None
        doors = ", ".join(table["libraries"][library]["doors"])
        return f"layer {layer} may not include <{name}>; the door to {library} is {doors}"
    if name in LIBC_HEADERS or name.startswith(LIBC_FOLDERS):
        return None
    return f"<{name}> belongs to no library of the layer table"


def check(table, root):
    result = report.Report("includes")
    for path in report.code_files(root):
        layer = layer_of(table, path)
        if layer is None:
            result.look()
            result.find(path, "this folder has no row in the layer table")
            continue
        text = (pathlib.Path(root) / path).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            result.look()
            if match["form"] == '"':
                why = judge_project(table, root, layer, match["name"])
            else:
                why = judge_system(table, layer, match["name"])
            if why:
                result.find(f"{path}:{number}", why)
    return result


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(check(report.load_table(sys.argv[1]), sys.argv[2]).finish())
