#!/usr/bin/env python3
"""Each checker of this folder, shown a small tree with one thing wrong in it, finds that thing.

A checker nobody has seen fail proves nothing. Usage: test_checkers.py TABLE [-v] [TestClass[.test]]; CC names the compiler.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import artefacts
import failpoints
import flags
import headers
import includes
import report
import sizes
import stacks
import symbols

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CC = os.environ.get("CC", "cc")
TABLE = {}
HARDENED = ["-fPIE", "-pie", "-Wl,-z,relro,-z,now,-z,noexecstack"]
HOOKS_C = "int getppid(void);\n" + "".join(f"int {hook}(void) {{ return getppid(); }}\n" for hook in sorted(artefacts.HOOKS))


class Sample(unittest.TestCase):
    """A temporary tree, and the question whether a checker finds exactly what was planted."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def compile(self, source, *options, name="sample"):
        target = self.root / name
        text = self.write(f"{name}.c", source)
        subprocess.run([CC, "-O2", *options, "-o", target, text], check=True)
        return str(target)

    def assert_finds(self, result, *words):
        """One finding for each word, in order, and nothing else."""
        self.assertEqual(len(result.findings), len(words), result.findings)
        for finding, word in zip(result.findings, words):
            self.assertIn(word, finding)
        self.assertGreater(result.looked_at, 0)

    def assert_clean(self, result):
        self.assertEqual(result.findings, [])
        self.assertGreater(result.looked_at, 0)


class Reports(Sample):
    def test_nothing_to_look_at_is_a_failure(self):
        empty = report.Report("empty")
        self.assertEqual(empty.finish(), 1)
        empty.look()
        self.assertEqual(empty.finish(), 0)

    def test_every_checker_fails_on_an_empty_tree(self):
        for result in (includes.check(TABLE, self.root), headers.check(CC, self.root), sizes.check(self.root),
                       flags.check([], self.root), symbols.check_policy([]), artefacts.check_objects([])):
            self.assertEqual(result.finish(), 1)


class Includes(Sample):
    def setUp(self):
        super().setUp()
        self.write("policy/base/when.h", "#include <stdint.h>\n")
        self.write("broker/store/store.h", "")
        self.write("broker/ipc/gate.h", "")
        self.write("broker/ipc/varlink.h", "")

    def plant(self, path, line):
        self.write(path, line + "\n")
        return includes.check(TABLE, self.root)

    def test_allowed(self):
        self.assert_clean(self.plant("broker/store/a.c", '#include "policy/base/when.h"\n#include <sqlite3.h>'))

    def test_layer_above(self):
        self.assert_finds(self.plant("policy/base/a.c", '#include "broker/store/store.h"'), "layer base may not include")

    def test_layer_reached_only_through_another(self):
        self.assert_finds(self.plant("broker/ctl/a.c", '#include "broker/store/store.h"'), "layer ctl may not include")

    def test_narrow_edge(self):
        self.assert_clean(self.plant("broker/ctl/a.c", '#include "broker/ipc/varlink.h"'))
        self.assert_finds(self.plant("broker/ctl/a.c", '#include "broker/ipc/gate.h"'), "may only see")

    def test_relative_path(self):
        self.assert_finds(self.plant("policy/base/a.c", '#include "when.h"'), "no file of this tree")

    def test_second_door(self):
        for path, header in (("broker/daemon/a.c", "sqlite3.h"), ("broker/store/a.c", "openssl/evp.h"),
                             ("broker/daemon/a.c", "libsmartcols/libsmartcols.h"), ("policy/document/a.c", "jansson.h"),
                             ("broker/daemon/a.c", "systemd/sd-journal.h"), ("broker/ctl/a.c", "ini.h"),
                             ("policy/wire/a.c", "security/pam_modules.h")):
            with self.subTest(header):
                self.assert_finds(self.plant(path, f"#  include <{header}>"), "the door to")
                (self.root / path).unlink()

    def test_unlisted_library(self):
        self.assert_finds(self.plant("broker/daemon/a.c", "#include <krb5.h>"), "no library of the layer table")

    def test_folder_without_a_row(self):
        self.assert_finds(self.plant("broker/misc/a.c", "int a;"), "no row")


class Symbols(Sample):
    def plant(self, source, check=symbols.check_policy):
        return check([self.compile(source, "-c", "-fPIC", name="sample.o")])

    def test_allowed(self):
        self.assert_clean(self.plant(
            "#include <string.h>\nstatic const char *const names[] = {\"a\", \"b\"};\n"
            "size_t f(int i) { return strlen(names[i]); }\n"))

    def test_impure(self):
        for name, source in (
                ("time", "#include <time.h>\nlong f(void) { return time(0); }"),
                ("open", "#include <fcntl.h>\nint f(void) { return open(\"/\", 0); }"),
                ("printf", "#include <stdio.h>\nvoid f(int a) { printf(\"%d\", a); }"),
                ("getenv", "#include <stdlib.h>\nchar *f(void) { return getenv(\"A\"); }"),
                ("strtol", "#include <stdlib.h>\nlong f(char *a) { return strtol(a, 0, 10); }"),
                ("__assert_fail", "#include <assert.h>\nvoid f(int a) { assert(a); }"),
                ("__errno_location", "#include <errno.h>\nint f(void) { return errno; }")):
            with self.subTest(name):
                self.assert_finds(self.plant(source), name)

    def test_writable(self):
        for section, source in ((".bss", "static int n; int f(void) { return n++; }"),
                                (".data", "int n = 1;"),
                                (".tbss", "_Thread_local int n;"),
                                (".data", "const char *names[] = {\"a\"};"),
                                (".bss", "int f(void) { static int n; return ++n; }")):
            with self.subTest(source):
                self.assert_finds(self.plant(source), f"({section}")

    def test_guest(self):
        self.assert_clean(self.plant("#include <unistd.h>\nint f(void) { return getppid(); }", symbols.check_guest))
        for name, source in (
                ("exit", "#include <stdlib.h>\nvoid f(void) { exit(1); }"),
                ("abort", "#include <stdlib.h>\nvoid f(void) { abort(); }"),
                ("signal", "#include <signal.h>\nvoid f(void) { signal(SIGPIPE, SIG_IGN); }"),
                ("pthread_create", "#include <pthread.h>\nint f(pthread_t *t, void *(*g)(void *))"
                                   "{ return pthread_create(t, 0, g, 0); }"),
                ("setlocale", "#include <locale.h>\nvoid f(void) { setlocale(LC_ALL, \"\"); }"),
                ("getpwnam", "#include <pwd.h>\nvoid *f(void) { return getpwnam(\"a\"); }"),
                ("fputs", "#include <stdio.h>\nvoid f(FILE *o, char *s) { fputs(s, o); }")):
            with self.subTest(name):
                self.assert_finds(self.plant(source, symbols.check_guest), name)
        self.assert_finds(self.plant("int calls;", symbols.check_guest), "calls can be written")


class Headers(Sample):
    def plant(self, text):
        self.write("policy/base/a.h", text)
        return headers.check(CC, self.root)

    def guarded(self, body):
        return f"#ifndef HUFU_BASE_A_H\n#define HUFU_BASE_A_H\n{body}\n#endif\n"

    def test_allowed(self):
        self.assert_clean(self.plant(self.guarded("#include <stdint.h>\nstruct a { uint8_t b; };")))

    def test_needs_another(self):
        self.assert_finds(self.plant(self.guarded("struct a { uint8_t b; };")), "does not compile alone")

    def test_warns(self):
        self.assert_finds(self.plant(self.guarded("int f();")), "does not compile alone")

    def test_no_guard(self):
        self.assert_finds(self.plant("int f(void);\n"), "no include guard")

    def test_guard_of_another(self):
        self.write("policy/base/b.h", self.guarded("int g(void);"))
        self.assert_finds(self.plant(self.guarded("int f(void);")), "is that of")


class Sizes(Sample):
    def function(self, lines):
        return "static int f(int a,\n             int b)\n{\n" + "    a += b;\n" * (lines - 2) + "}\n"

    def plant(self, text, path="policy/base/a.c"):
        self.write(path, text)
        return sizes.check(self.root)

    def test_function(self):
        result = self.plant(self.function(60))
        self.assert_clean(result)
        self.assertEqual(result.remarks, [])
        result = self.plant(self.function(61))
        self.assert_clean(result)
        self.assertIn("f has 61 lines", result.remarks[0])
        self.assert_clean(self.plant(self.function(100)))
        self.assert_finds(self.plant(self.function(101)), "f has 101 lines")

    def test_file(self):
        self.assert_clean(self.plant("\n" * 400))
        self.assert_finds(self.plant("\n" * 401), "401 lines")

    def test_file_of_tests(self):
        self.assert_clean(self.plant("\n" * 400, "tests/unit/policy/base/test_a.c"))
        self.assert_finds(self.plant("\n" * 401, "tests/unit/policy/base/test_a.c"), "401 lines")


class Flags(Sample):
    def plant(self, words):
        source = self.write("policy/base/a.c", "")
        return flags.check([{"file": str(source), "command": " ".join(["cc", *words, "-c", str(source)])}], self.root)

    def test_allowed(self):
        self.assert_clean(self.plant(flags.REQUIRED))

    def test_each_required_flag(self):
        for flag in flags.REQUIRED:
            with self.subTest(flag):
                self.assert_finds(self.plant([word for word in flags.REQUIRED if word != flag]), f"without {flag}")

    def test_switched_off(self):
        for flag in (*flags.REFUSED, "-Wno-conversion"):
            with self.subTest(flag):
                self.assert_finds(self.plant([*flags.REQUIRED, flag]), f"with {flag}")


class Module(Sample):
    def plant(self, source, *options):
        return artefacts.check_module(self.compile(
            source, "-shared", "-fPIC", "-Wl,-z,relro,-z,now,-z,noexecstack", *options, name="sample.so"))

    def test_allowed(self):
        self.assert_clean(self.plant(HOOKS_C))

    def test_one_hook_missing(self):
        self.assert_finds(self.plant(HOOKS_C.replace("pam_sm_setcred", "setcred_")), "does not export pam_sm_setcred",
                          "exports setcred_")

    def test_one_name_more(self):
        self.assert_finds(self.plant(HOOKS_C + "int helper;\n"), "exports helper")

    def test_library(self):
        self.assert_finds(self.plant(HOOKS_C, "-Wl,--no-as-needed", "-lsystemd"), "needs libsystemd.so.0")


class Plugin(Sample):
    SOURCE = "int hufu_approval, hufu_audit;\n"

    def plant(self, source, *options):
        return artefacts.check_plugin(self.compile(
            source, "-shared", "-fPIC", "-Wl,-z,relro,-z,now,-z,noexecstack,--no-as-needed", "-lc", *options, name="plugin.so"))

    def test_allowed(self):
        self.assert_clean(self.plant(self.SOURCE))

    def test_one_plugin_missing(self):
        self.assert_finds(self.plant("int hufu_approval;\n"), "does not export hufu_audit")

    def test_one_name_more(self):
        self.assert_finds(self.plant(self.SOURCE + "int helper;\n"), "exports helper")

    def test_library(self):
        self.assert_finds(self.plant(self.SOURCE, "-lpam"), "needs libpam.so.0")


class Program(Sample):
    SOURCE = "#include <stdio.h>\nint main(void) { return puts(\"\") < 0; }\n"

    def plant(self, *options, source=SOURCE):
        return artefacts.check_program(self.compile(source, *options), ["libc.so.6"])

    def test_allowed(self):
        self.assert_clean(self.plant(*HARDENED))

    def test_library(self):
        self.assert_finds(self.plant(*HARDENED, "-Wl,--no-as-needed", "-lpam"), "needs libpam.so.0")

    def test_not_what_was_meant(self):
        self.assert_finds(self.plant(*HARDENED, "-static-pie"), "does not name libc.so.6")

    def test_hardening(self):
        base = ["-fPIE", "-pie"]
        for word, options in (
                ("RELRO", [*base, "-Wl,-z,norelro,-z,now,-z,noexecstack"]),
                ("BIND_NOW", [*base, "-Wl,-z,relro,-z,lazy,-z,noexecstack"]),
                ("stack is executable", [*base, "-Wl,-z,relro,-z,now,-z,execstack"]),
                ("search path", [*HARDENED, "-Wl,-rpath,/opt"]),
                ("PIE", ["-fno-pie", "-no-pie", "-Wl,-z,relro,-z,now,-z,noexecstack"])):
            with self.subTest(word):
                self.assert_finds(self.plant(*options), word)


class Without(Sample):
    def plant(self, source, *patterns):
        return artefacts.check_without(self.compile(source, *HARDENED), patterns)

    def test_allowed(self):
        self.assert_clean(self.plant(Program.SOURCE, "get.*", "put"))

    def test_forbidden(self):
        self.assert_finds(self.plant(Program.SOURCE, "get.*", "pu.s"), "imports puts")

    def test_not_what_was_meant(self):
        self.assert_finds(artefacts.check_without(self.compile(Program.SOURCE, "-static"), ["x"]), "imports nothing")


class Objects(Sample):
    def plant(self, flag):
        archive = self.root / "sample.a"
        source = "int f(int a);\nint f(int a) { return a; }\n"
        subprocess.run(["ar", "rc", archive, self.compile(source, "-c", flag, name="sample.o")], check=True)
        return artefacts.check_objects([str(archive)])

    def test_allowed(self):
        self.assert_clean(self.plant("-fcf-protection=full"))

    def test_half_and_none(self):
        for flag in ("-fcf-protection=branch", "-fcf-protection=none"):
            with self.subTest(flag):
                self.assert_finds(self.plant(flag), "no CET mark")


class Stacks(Sample):
    """The shipped files, with one thing changed."""

    def setUp(self):
        super().setUp()
        for folder in ("contrib/pam.d", "contrib/pam-configs", "policy/base"):
            shutil.copytree(SOURCE / folder, self.root / folder)

    def change(self, path, old, new):
        target = self.root / path
        text = target.read_text(encoding="utf-8")
        self.assertIn(old, text)
        target.write_text(text.replace(old, new), encoding="utf-8")
        return stacks.check(self.root)

    def test_shipped(self):
        self.assert_clean(stacks.check(self.root))

    def test_block(self):
        for path, old, new in (
                ("contrib/pam.d/sshd", "account required pam_hufu.so", "account optional pam_hufu.so"),
                ("contrib/pam.d/su", "session [success=1 ignore=1 module_unknown=1", "session [success=1 ignore=1"),
                ("contrib/pam.d/sudo", "account [success=2 default=ignore]", "account [success=3 default=ignore]"),
                ("contrib/pam.d/cron", "account [success=1 default=ignore] pam_succeed_if.so quiet uid gt 29999\n", ""),
                ("contrib/pam-configs/hufu", "pam_loginuid.so\n\t[success=ignore default=4]", "pam_loginuid.so\n\t[success=4 default=4]"),
                ("contrib/pam-configs/hufu", "\trequired\tpam_loginuid.so\n", "")):
            with self.subTest(path):
                self.assert_finds(self.change(path, old, new), path.rsplit("/", 1)[1])
                shutil.copy(SOURCE / path, self.root / path)

    def test_place(self):
        unix = "account required pam_unix.so\n"
        self.assert_finds(self.change("contrib/pam.d/atd", "account [success=2", unix + "account [success=2"), "too late")

    def test_login_uid(self):
        line = "session required pam_loginuid.so\n"
        self.assert_finds(self.change("contrib/pam.d/systemd-user", line, ""), "no pam_loginuid")
        self.assert_finds(self.change("contrib/pam.d/systemd-user", "@include common-session", line + "@include common-session"),
                          "before pam_loginuid")

    def test_profile_after_the_password(self):
        self.assert_finds(self.change("contrib/pam-configs/hufu", "Account-Type: Primary", "Account-Type: Additional"),
                          "expired password")

    def test_missing_stack(self):
        (self.root / "contrib/pam.d/login").unlink()
        self.assert_finds(stacks.check(self.root), "no stack is shipped")

    def test_service_list(self):
        self.assert_finds(self.change("policy/base/service.c", '{"su-l", SERVICE_SWITCH', '{"doas", SERVICE_SWITCH'),
                          "services that switch")


class Failpoints(Sample):
    TABLE = '#define FAILPOINT_TABLE(ROW) ROW(STORE_BEGUN, "store-begun") ROW(STORE_COMMITTED, "store-committed")\n'

    def test_places(self):
        self.write("broker/common/failpoint.h", self.TABLE)
        self.write("broker/store/commit.c", "FAILPOINT(STORE_BEGUN);\n")
        self.assert_finds(failpoints.check_places(self.root), "STORE_COMMITTED has no place")
        self.write("broker/store/commit.c", "FAILPOINT(STORE_BEGUN); FAILPOINT(STORE_COMMITTED); FAILPOINT(OTHER);\n")
        self.assert_finds(failpoints.check_places(self.root), "OTHER is not in the table")

    def test_without(self):
        self.assert_clean(failpoints.check_without([self.compile("int main(void) { return 0; }\n")]))
        self.assert_finds(failpoints.check_without([self.compile(
            '#include <stdlib.h>\nint main(void) { return getenv("HUFU_FAILPOINT") != 0; }\n')]), "holds the text")
        self.assert_finds(failpoints.check_without([self.compile(
            '__attribute__((used)) static const char x[] = "store-committed"; int main(void) { return 0; }\n')]), "store-committed")
        self.assert_finds(failpoints.check_without([self.compile(
            "__attribute__((used)) static void failpoint_pass(void) {} int main(void) { return 0; }\n")]), "failpoint_pass")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    TABLE.update(report.load_table(sys.argv.pop(1)))
    unittest.main()
