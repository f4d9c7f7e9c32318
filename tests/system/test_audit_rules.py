"""contrib/audit as it is installed: each rule is one that the real auditctl understands, for the gated range and nobody else. A
box has a process namespace of its own, from which the kernel takes no rule: the machine's are never touched, and what the kernel
says to a rule, and what it then records, is not seen here."""

import re
import shlex

import pytest

RULES = "/usr/share/hufu/audit/50-hufu.rules"
NO_RIGHT = "Error sending add rule data request (Operation not permitted)"
KEYS = {"hufu-denied", "hufu-watch", "hufu-privileged"}


@pytest.fixture(scope="module")
def lines(box):
    # It only asks. Where that is answered the kernel would take rules from here, too.
    asked = box.run("auditctl -s")
    if "Operation not permitted" not in asked.text:
        pytest.skip(f"the kernel has no audit netlink, or answers it in here: {asked.text.strip()}")
    return [line for line in box.get(RULES).decode().splitlines() if line and not line.startswith("#")]


def complaints(box, lines):
    """What auditctl says of each line, by its number."""
    box.put("/root/checked.rules", "-c\n" + "\n".join(lines) + "\n")
    said, found = [], {}
    for line in box.run("auditctl -R /root/checked.rules").text.splitlines():
        at = re.fullmatch(r"There was an error in line (\d+) of /root/checked.rules", line)
        if at:
            found[int(at.group(1)) - 2] = said
            said = []
        else:
            said.append(line)
    return found


def test_auditctl_understands_each_rule(box, lines):
    found = complaints(box, lines)
    assert [(lines[i], said) for i, said in found.items() if said != [NO_RIGHT]] == []
    # None was passed over: every one came as far as the kernel.
    assert sorted(found) == list(range(len(lines))) and len(lines) > 40
    # And it has eyes: a call, a field, a value and a comparison that are not there.
    wrong = ["-S opanet -F auid>=20000", "-S openat -F auit>=20000", "-S openat -F exit=-EACCESS", "-S openat -C auid!=axit"]
    # A right one first: before the first that it sends, auditctl tells the journal and not its caller.
    found = complaints(box, [lines[0], *(f"-a always,exit -F arch=b64 {rule} -F key=x" for rule in wrong)])
    assert found.pop(0) == [NO_RIGHT] and len(found) == len(wrong)
    assert all(said and NO_RIGHT not in said for said in found.values()), found


def test_each_rule_is_for_the_gated_and_nobody_else(box, lines):
    first, last = re.search(r"gated_uid=(\d+)-(\d+)", box.get("/usr/share/hufu/pam/sshd").decode()).groups()
    for line in lines:
        assert line.startswith("-a always,exit "), line
        fields = re.findall(r"-F (\S+)", line)
        who = [field for field in fields if re.match(r"[a-z]?uid\W", field) and field != "euid=0"]
        assert who in ([f"auid>={first}", f"auid<={last}"], ["auid=unset", f"uid>={first}", f"uid<={last}"]), line
        assert [field for field in fields if field.startswith("key=")][0].removeprefix("key=") in KEYS, line
    assert KEYS == {re.search(r"key=(\S+)", line).group(1) for line in lines}


def test_each_way_to_change_a_file_is_there(box, lines):
    """Calls that this kernel's headers have for it, on both architectures that a process may have."""
    known = {arch: set(re.findall(r"\d+\t(\w+)", box.sh(f"ausyscall {arch} --dump"))) for arch in ("x86_64", "i386")}
    pattern = r"(f|l)?(open|openat2?|creat|truncate|unlink|rename|link|symlink|mkdir|rmdir|mknod|chmod|chown|setxattr|removexattr|execve)(at2?|64|32)?"
    for arch, table in (("b64", "x86_64"), ("b32", "i386")):
        wanted = {name for name in known[table] if re.fullmatch(pattern, name)}
        assert len(wanted) > 25
        for error in ("EACCES", "EPERM"):
            rules = [line for line in lines if f"arch={arch}" in line and f"exit=-{error}" in line]
            assert len(rules) == 2
            for rule in rules:
                assert wanted <= set(re.search(r"-S (\S+)", rule).group(1).split(",")), rule


def test_what_is_watched_is_there(guarded, lines):
    """A folder that is missing would stop the loading of the rules behind it."""
    watched = {re.search(r"-F (dir|path)=(\S+)", line).groups() for line in lines if "perm=" in line}
    assert {"/etc/hufu", "/var/lib/hufu", "/etc/pam.d", "/etc/ssh", "/etc/audit", "/var/log"} <= {path for _, path in watched}
    assert re.sub(r"/pam_hufu\.so$", "", guarded.box.sh("ls /usr/lib/*/security/pam_hufu.so")) in {path for _, path in watched}
    for kind, path in sorted(watched):
        quoted = shlex.quote(path)
        guarded.box.sh(f"test -d {quoted}" if kind == "dir" else f'test -d "$(dirname {quoted})" && test ! -d {quoted}')


def test_installed_as_its_readme_says(box, lines):
    readme = box.get("/usr/share/hufu/audit/README").decode()
    install = re.search(r"^    (install -m 640 .*)$", readme, re.MULTILINE).group(1)
    box.sh(install)
    assert "should be updated" in box.run("augenrules --check").text
    # --load would end with a kernel that takes none; what it would have loaded lies in one file by then.
    box.run("augenrules --load")
    loaded = box.get("/etc/audit/audit.rules").decode().splitlines()
    assert [line for line in loaded if "key=hufu-" in line] == lines
    assert "No change" in box.run("augenrules --check").text
    # The range is changed as it says, in every line.
    change = re.search(r"^    (sed -i .*50-hufu\.rules)$", readme, re.MULTILINE).group(1)
    box.sh(change)
    changed = box.get("/etc/audit/rules.d/50-hufu.rules").decode()
    assert "20000" not in changed and "29999" not in changed and changed.count("<=39999") == len(lines)
