"""The interface description, held to the code and to what strict readers of varlink take.

Usage: varlink.py SOURCE-TREE

Every method of the table is described and the other way round. `varlinkctl`, which a
Debian 13 has and this one need not, allows no comment behind the last field of a struct, nor behind a closing parenthesis.
"""

import pathlib
import re
import sys

tree = pathlib.Path(sys.argv[1])
findings = []


def differ(what, described, coded):
    findings.extend(f"{what} {name} is described, and is not there" for name in sorted(described - coded))
    findings.extend(f"{what} {name} is there, and is not described" for name in sorted(coded - described))


text = (tree / "broker/ipc/org.hufu.control.varlink").read_text(encoding="utf-8")
sources = [path.read_text(encoding="utf-8") for path in sorted((tree / "broker/daemon").glob("*.c"))]
table = re.search(r"broker_control_methods\[\] = \{(.*?)\n\};", "\n".join(sources), re.DOTALL).group(1)
rows = re.findall(r"\.name = \"(\w+)\"", table)

differ("method", set(re.findall(r"^method (\w+)", text, re.MULTILINE)), set(rows))

lines = text.splitlines()
for number, line in enumerate(lines, 1):
    code, hash_, _ = line.partition("#")
    if not hash_ or not code.strip():
        continue
    follows = lines[number].strip() if number < len(lines) else ""
    if not code.rstrip().endswith(",") or follows.startswith(")"):
        findings.append(f"line {number}: a comment where varlinkctl takes none; put it on a line above")

for finding in findings:
    print(finding)
print(f"{len(rows)} methods, {len(findings)} findings")
sys.exit(bool(findings) or not rows)
