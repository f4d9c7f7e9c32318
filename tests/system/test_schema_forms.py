"""The schema of the directory is written three times, for slapd.conf, for cn=config and for 389 Directory Server: three forms of the same."""

import re

from box import TREE

FOLDER = TREE / "contrib" / "ldap"


def definitions(name, keywords, numbers):
    """Each attribute type and object class of the file, with its numbers written out and its blanks made one."""
    text = re.sub(r"^#.*\n", "", (FOLDER / name).read_text(), flags=re.MULTILINE)
    text = re.sub(r"^\n", "", text, flags=re.MULTILINE)
    found = re.findall(rf"^({'|'.join(keywords)}):? (\(.*(?:\n .*)*)$", text, re.MULTILINE)
    for old, new in numbers.items():
        found = [(kind, body.replace(old, new)) for kind, body in found]
    return [(keywords[kind], " ".join(body.split())) for kind, body in found]


def test_forms_are_the_same():
    macros = re.search(r"hufuRoot (2\.25\.\d+)$", (FOLDER / "hufu.schema").read_text(), re.MULTILINE).group(1)
    assert f"olcObjectIdentifier: hufuRoot {macros}\n" in (FOLDER / "hufu.ldif").read_text()
    numbers = {"hufuAttribute:": f"{macros}.1.", "hufuClass:": f"{macros}.2."}
    plain = definitions("hufu.schema", {"attributetype": "type", "objectclass": "class"}, numbers)
    assert len(plain) == 21
    assert definitions("hufu.ldif", {"olcAttributeTypes": "type", "olcObjectClasses": "class"}, numbers) == plain
    assert definitions("99hufu.ldif", {"attributeTypes": "type", "objectClasses": "class"}, {}) == plain
