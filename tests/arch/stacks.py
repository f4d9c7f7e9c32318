#!/usr/bin/env python3
"""The shipped PAM stacks hold the two blocks as they were proven, at the right place, and speak of one uid range.

contrib/pam.d/README explains the blocks. Every stack repeats them, because an @include of a file that is missing would
lock everybody out; this is what keeps the copies alike.

Usage: stacks.py ROOT
"""

import pathlib
import re
import sys

import report

RANGE = (20000, 29999)
MODULE = f"pam_hufu.so gated_uid={RANGE[0]}-{RANGE[1]}"
TELLING_MODULE = f"{MODULE} refusals=shown"
CALLER_BY_GROUP = "pam_succeed_if.so quiet ruser ingroup hufu-gated"
CALLER_BY_UID = f"pam_succeed_if.so quiet use_uid uid ge {RANGE[0]} uid le {RANGE[1]}"
BELOW = f"pam_succeed_if.so quiet uid lt {RANGE[0]}"
ABOVE = f"pam_succeed_if.so quiet uid gt {RANGE[1]}"

LOGIN = [f"[success=2 default=ignore] {BELOW}", f"[success=1 default=ignore] {ABOVE}", f"required {MODULE}"]
SWITCH = [f"[success=2 default=ignore] {CALLER_BY_GROUP}", f"[success=1 default=ignore] {CALLER_BY_UID}",
          f"[success=1 ignore=1 module_unknown=1 default=die] {TELLING_MODULE}", f"required {TELLING_MODULE}"]

BLOCKS = {"sshd": LOGIN, "login": LOGIN, "cron": LOGIN, "atd": LOGIN, "systemd-user": LOGIN,
          "chfn": LOGIN, "chsh": LOGIN, "other": LOGIN,
          "su": SWITCH, "sudo": SWITCH, "sudo-i": SWITCH, "runuser": SWITCH, "polkit-1": SWITCH}
SWITCH_SERVICES = ["su", "su-l", "sudo", "sudo-i", "runuser", "runuser-l", "polkit-1"]
EVERYWHERE = [f"[success=ignore default=4] pam_succeed_if.so quiet service in {':'.join(SWITCH_SERVICES)}",
              *SWITCH[:2], f"[success=4 ignore=4 module_unknown=4 default=die] {TELLING_MODULE}",
              f"[success=3 ignore=3 default=die] {TELLING_MODULE}", *LOGIN]
# Debian's own stack of user managers gives them no login uid; by it they are known later.
MANAGER = ["[success=ignore default=3] pam_succeed_if.so quiet service in systemd-user", *LOGIN[:2], "required pam_loginuid.so"]

SWITCH_ROW = re.compile(r'\{"([\w-]+)", SERVICE_SWITCH,')


def rules(text):
    """(phase, rest of the line) of each rule; an @include counts for the phase it is named after."""
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "@include":
            yield words[1].removeprefix("common-").split("-")[0], " ".join(words)
        else:
            yield words[0].lstrip("-"), " ".join(words[1:])


def index_of(lines, *needles):
    """Where the first line with one of the needles stands, or the end."""
    return next((i for i, line in enumerate(lines) if any(needle in line for needle in needles)), len(lines))


def check_phase(result, where, lines, block):
    """The block stands once, whole, before what would end the phase early and before pam_systemd, after pam_loginuid."""
    ours = [i for i, line in enumerate(lines) if "pam_hufu" in line or "pam_succeed_if" in line]
    if [lines[i] for i in ours] != block or ours != list(range(ours[0], ours[0] + len(block))):
        result.find(where, "the block is not the one of README, in one piece")
        return
    if ours[0] > index_of(lines, "@include common-", "pam_systemd.so", "pam_unix.so"):
        result.find(where, "the block stands too late")
    loginuid = index_of(lines, "pam_loginuid.so")
    if loginuid < len(lines) and ours[0] < loginuid:
        result.find(where, "the block stands before pam_loginuid")


def check_stack(result, path, block):
    result.look()
    found = list(rules(path.read_text(encoding="utf-8")))
    for phase in ("account", "session"):
        lines = [rest for name, rest in found if name == phase]
        if lines:
            check_phase(result, f"{path.name} ({phase})", lines, block)
        elif phase == "session" or path.name != "runuser":   # Debian's runuser has no account phase
            result.find(path.name, f"no {phase} phase")
    if path.name == "systemd-user" and not any("pam_loginuid.so" in rest for _, rest in found):
        result.find(path.name, "no pam_loginuid")


def check_profile(result, path):
    """The profile for pam-auth-update: both phases, account before pam_unix can end it (type Primary)."""
    result.look()
    text = path.read_text(encoding="utf-8")
    fields = dict(re.findall(r"^([\w-]+):[ \t]*(\S*)", text, re.MULTILINE))
    if fields.get("Account-Type") != "Primary" or int(fields.get("Priority", 0)) <= 256:
        result.find(path.name, "an expired password would end the account phase before Hufu's block")
    for phase, block in (("Account", EVERYWHERE), ("Session", MANAGER + EVERYWHERE)):
        match = re.search(rf"^{phase}:\n((?:\t.*\n)+)", text, re.MULTILINE)
        if not match or [" ".join(line.split()) for line in match[1].splitlines()] != block:
            result.find(path.name, f"the block of {phase} is not the proven one")


def check(root):
    result = report.Report("stacks")
    root = pathlib.Path(root)
    for name, block in BLOCKS.items():
        path = root / "contrib/pam.d" / name
        if path.is_file():
            check_stack(result, path, block)
        else:
            result.find(name, "no stack is shipped")
    check_profile(result, root / "contrib/pam-configs/hufu")
    known = SWITCH_ROW.findall((root / "policy/base/service.c").read_text(encoding="utf-8"))
    if sorted(known) != sorted(SWITCH_SERVICES):
        result.find("policy/base/service.c", f"services that switch are {' '.join(sorted(known))}")
    return result


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(check(sys.argv[1]).finish())
