#!/usr/bin/env python3
"""What the compiled policy/ needs from outside, and what it keeps: pure functions of libc, and no state.

Usage: symbols.py policy ARCHIVE...    the archives of policy/: only PURE may be undefined, nothing may be writable
       symbols.py guest OBJECT...      code that runs inside sshd, su, sudo: nothing of DISTURBS, nothing writable
"""

import re
import sys

import report

# Functions whose result depends on their arguments alone. Left out on purpose: what reads or writes files, the clock,
# the environment, the locale (strtol, isalpha, strcasecmp) or errno, and what ends the process (assert, abort).
PURE = frozenset("""
    malloc calloc realloc reallocarray free
    memcpy memmove memset memcmp bcmp memchr memrchr memmem mempcpy rawmemchr explicit_bzero
    strlen strnlen strcmp strncmp strchr strrchr strchrnul strspn strcspn strpbrk strstr strsep strtok_r
    strcpy stpcpy strncpy stpncpy strcat strncat strdup strndup
    snprintf vsnprintf qsort qsort_r bsearch inet_pton inet_ntop
    """.split())

# What the compiler adds: stack protector, FORTIFY's checked forms, position independence.
COMPILER = re.compile(r"__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__tls_get_addr|__(\w+)_chk")

# A guest in somebody else's process does not end it, change it, talk on its stdio, or start anything in it.
DISTURBS = re.compile(
    r"_?exit|_Exit|quick_exit|atexit|on_exit|abort|__assert_fail|raise|kill|signal|sigaction|sigprocmask|alarm|setitimer"
    r"|pthread_create|thrd_create|fork|vfork|clone|system|popen|posix_spawnp?|exec[lv]p?e?|dlopen"
    r"|f?printf|v?f?printf|__v?f?printf_chk|puts|fputs|fputc|putchar|perror|fopen(64)?|fdopen|fwrite|fread|getline"
    r"|stdin|stdout|stderr|openlog|syslog|vsyslog|__syslog_chk|closelog|warnx?|errx?"
    r"|setlocale|bindtextdomain|textdomain|setenv|unsetenv|putenv|clearenv|chdir|fchdir|umask|set[er]*[ug]id|setgroups"
    r"|getpw(nam|uid)|getgr(nam|gid)|getlogin|strtok|strerror|localtime|gmtime|ctime|asctime|gethostbyname|sleep")

MEMBER = re.compile(r"^(?P<name>\S+):\s+file format ")
SYMBOL = re.compile(r"^[0-9a-f]+ (?P<flags>.{7}) (?P<section>\S+)\s+[0-9a-f]+\s+(?:\.hidden |\.internal )?(?P<name>\S+)$")


def symbols(files):
    """(member, name, section, is_data) for every symbol of the files, by objdump. It does not call TLS an object."""
    for file in files:
        member = str(file)
        for line in report.run("objdump", "-t", str(file)).splitlines():
            if match := MEMBER.match(line):
                member = match["name"]
            elif match := SYMBOL.match(line):
                yield member, match["name"], match["section"], is_data(match["flags"], match["section"])


def is_data(flags, section):
    return flags.endswith("O") or (section.startswith((".tdata", ".tbss")) and "d" not in flags)


def is_writable(section, data):
    if section == "*COM*":
        return True
    if section.startswith(".data.rel.ro"):   # relocated at load, then read-only
        return False
    return data and section.startswith((".data", ".bss", ".tdata", ".tbss"))


def is_pure(name):
    if name in PURE:
        return True
    match = COMPILER.fullmatch(name)
    return bool(match) and (match[1] is None or match[1] in PURE)


def check(files, refuse):
    """Collect writable objects, and the undefined names for which refuse(name) gives a reason."""
    result = report.Report("symbols")
    undefined, defined = {}, set()
    for member, name, section, data in symbols(files):
        result.look()
        if section == "*UND*":
            undefined.setdefault(name, member)
            continue
        defined.add(name)
        if is_writable(section, data):
            result.find(member, f"{name} can be written ({section}); state belongs to the caller")
    for name, member in sorted(undefined.items()):
        if name not in defined and (why := refuse(name)):
            result.find(member, f"{name}: {why}")
    return result


def check_policy(files):
    return check(files, lambda name: None if is_pure(name) else "not on the list of pure functions")


def check_guest(files):
    return check(files, lambda name: "does not belong in somebody else's process" if DISTURBS.fullmatch(name) else None)


if __name__ == "__main__":
    kinds = {"policy": check_policy, "guest": check_guest}
    if len(sys.argv) < 3 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    sys.exit(kinds[sys.argv[1]](sys.argv[2:]).finish())
