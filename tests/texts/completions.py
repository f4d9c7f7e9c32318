"""The completions know what hufuctl knows: every command and every option of it in bash, zsh and fish, and nothing else.

usage: completions.py SOURCE HUFUCTL SHELL

The shell itself is asked. What hufuctl knows is read from its --help, which it prints from its own tables.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**ENVIRONMENT, **more}, timeout=60)


class Program:
    """What --help says."""

    def __init__(self, hufuctl):
        overview = run(hufuctl, "--help").stdout.partition("\n\n")[2].partition("\n\n")[0]
        self.commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", overview, re.MULTILINE)
        self.options = {command: self._options(run(hufuctl, *command.split(), "--help").stdout) for command in self.commands}

    @staticmethod
    def _options(text):
        part = text.partition("\nOptions:\n")[2].partition("\n\n")[0]
        rows = re.findall(r"^  (?:(-\w), )?(--[a-z-]+)", part, re.MULTILINE)
        return {word for row in rows for word in row if word}

    def words_after(self, *before):
        n = len(before)
        return {words[n] for words in (command.split() for command in self.commands) if words[:n] == list(before) and len(words) > n}


# Each shell: what it offers behind these words, whose last one is being typed.

BASH = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_hufuctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


def bash(script, words):
    return set(run("bash", "--norc", "-c", BASH, "-", script, *words).stdout.split())


FISH = "source $argv[1]; complete -C \"$argv[2]\""


def fish(script, words):
    with tempfile.TemporaryDirectory() as home:
        lines = run("fish", "--no-config", "-c", FISH, script, " ".join(words), HOME=home).stdout.splitlines()
        if words[-1] == "--":  # fish lists letters behind one dash alone
            lines += run("fish", "--no-config", "-c", FISH, script, " ".join(words[:-1]) + " -", HOME=home).stdout.splitlines()
    return {line.partition("\t")[0] for line in lines}


# zsh's line editor is not there in a script: its helpers are replaced by ones that print what they are given.
ZSH = r"""
_arguments() { local spec; for spec in "$@"; do print -r -- "$spec"; done }
_describe() { local entry; for entry in "${(@P)2}"; do print -r -- "${entry%%:*}"; done }
script=$1; shift
words=("$@") CURRENT=$#
functions[_hufuctl]=''
source $script
"""
OPTION = re.compile(r"^(?:\([^)]*\))?\*?(-[\w-]+?)[=+]?(?:\[|$)")


def zsh(script, words):
    found = set()
    for line in run("zsh", "-f", "-c", ZSH, "-", script, *words).stdout.splitlines():
        match = OPTION.match(line)
        if match:
            found.add(match[1])
        elif re.fullmatch(r"[a-z]+", line):
            found.add(line)
    return found


def check_commands(ask, program):
    groups = {command.split()[0] for command in program.commands if " " in command}
    places = [()] + [(group,) for group in sorted(groups)]
    for before in places:
        offered, known = ask(["hufuctl", *before, ""]), program.words_after(*before)
        if offered != known:
            yield f"behind `{' '.join(before)}`: missing {sorted(known - offered)}, unknown {sorted(offered - known)}"


def check_options(ask, program):
    for command in program.commands:
        offered, known = ask(["hufuctl", *command.split(), "--"]), program.options[command]
        if offered == known:
            continue
        letters = {word for word in known if len(word) == 2}
        if offered | letters == known and ask(["hufuctl", *command.split(), "-"]) >= letters:
            continue
        yield f"`{command}`: missing {sorted(known - offered)}, unknown {sorted(offered - known)}"


def check_values(ask, shell, source):
    """Values that are words of their own; zsh is asked for specifications alone."""
    if shell == "zsh":
        return
    events = set(re.findall(r'ROW\(\w+, "([a-z-]+)", "[0-9a-f]{32}"', (source / "broker/audit/event.h").read_text()))
    for words, known in [
        (["audit", "show", "--event", ""], events),
        (["audit", "show", "--result", ""], {"success", "failure"}),
        (["--json", "grant", "draft", "--class", ""], {"normal", "privileged", "emergency"}),
        (["--socket", "/grant", "setup", "--language", ""], {"en", "zh_CN"}),
    ]:
        offered = ask(["hufuctl", *words])
        if offered != known:
            yield f"behind `{' '.join(words)}`: {sorted(offered)}, not {sorted(known)}"


def main():
    source, hufuctl, shell = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    if not shutil.which(shell):
        print(f"no {shell} here")
        return SKIPPED
    script = {"bash": "hufuctl.bash", "zsh": "_hufuctl", "fish": "hufuctl.fish"}[shell]
    path = os.fspath(source / "contrib/completions" / script)
    program = Program(hufuctl)
    if len(program.commands) < 10 or not all(program.options.values()):
        print(f"hufuctl --help was not understood: {program.options}")
        return 1

    def ask(words):
        return {"bash": bash, "zsh": zsh, "fish": fish}[shell](path, words)

    found = [*check_commands(ask, program), *check_options(ask, program), *check_values(ask, shell, source)]
    for line in found:
        print(f"{shell}: {line}")
    print(f"{shell}: {len(program.commands)} commands, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
