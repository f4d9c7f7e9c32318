"""README, "To remove it": typed as it stands there, but for the list of files, which the build keeps."""

import re

import pytest

from box import TREE

FILES = "/usr/lib/*/security/pam_hufu.so /usr/sbin/hufud /usr/bin/hufuctl /usr/libexec/hufu"


@pytest.fixture
def commands():
    text = (TREE / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^To remove it.*?:\n\n((?:    .*\n)+)", text, re.MULTILINE).group(1)
    found = [line.strip().replace("sudo ", "") for line in block.splitlines()]
    assert len(found) == 5 and "install_manifest.txt" in found[-1]
    return [*found[:-1], f"rm -r {FILES}"]


def test_department_works_on(fresh_site, commands):
    site, box = fresh_site, fresh_site.box
    box.put("/etc/sudoers.d/test", "staff.person ALL=(ALL) NOPASSWD: ALL\n", mode="440")
    for command in commands:
        box.sh(command)
        assert site.ssh("staff.person").out == "staff.person\n", command
        assert box.run(["sudo", "-n", "id", "-un"], user="staff.person").out == "root\n", command
    assert "pam_hufu" not in box.sh("cat /etc/pam.d/*")
    # Keys of gated accounts came from the gate alone.
    assert not site.ssh().ok
