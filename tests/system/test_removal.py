"""README, "To remove it": typed as it stands there, but for the list of files, which the build keeps; and its steps in other orders.
Whoever is not gated comes in after each step."""

import re

import pytest

from box import TREE
from failures import department_works, people

FILES = "/usr/lib/*/security/pam_hufu.so /usr/sbin/hufud /usr/bin/hufuctl /usr/libexec/hufu"


def commands():
    text = (TREE / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^To remove it[^:]*:\n\n((?:    .*\n)+)", text, re.MULTILINE).group(1)
    found = [line.strip().replace("sudo ", "") for line in block.splitlines()]
    assert len(found) == 7 and "install_manifest.txt" in found[-1]
    return [*found[:-1], f"rm -r {FILES}"]


def staff_works(site):
    """A short look, after each step."""
    assert site.ssh("staff.person").out == "staff.person\n"
    assert site.box.run(["sudo", "-n", "id", "-un"], user="staff.person").out == "root\n"


def test_department_works_on(fresh_site):
    site, box = fresh_site, fresh_site.box
    people(site)
    site.grant()
    running, _ = site.session_open()
    # Keys of gated accounts came from the gate alone; this one waits for it to go.
    box.authorize("zhang.san", site.keys["zhang.san"])
    for number, command in enumerate(commands()):
        box.sh(command)
        staff_works(site)
        if number == 0:
            running.wait(timeout=5)
            assert box.processes("zhang.san") == []
    department_works(site)
    assert "pam_hufu" not in box.sh("cat /etc/pam.d/*") and "hufu" not in box.sh("sshd -T")
    for account in ("zhang.san", "qian.er"):
        assert not site.ssh(account).ok and not site.ssh(account, key=None, password="pw").ok
    # Nobody is locked out for good: root opens an account again when there is a reason.
    box.sh("usermod --expiredate '' zhang.san")
    assert site.ssh().out == "zhang.san\n"


@pytest.mark.parametrize("order", [(6, 5, 4, 3), (5, 6, 3, 4)], ids=["files first", "services first"])
def test_other_orders_under_a_live_session(fresh_site, order):
    """Nobody was put out before, and the accounts are open: a vendor stays out as long as a line of Hufu's is in the
    stacks. (What has to come before the files where sudo's plugin is enabled is in test_sudo_install.py.)"""
    site, box, steps = fresh_site, fresh_site.box, commands()
    people(site)
    site.grant(**{"max-session": "1h"})
    running, _ = site.session_open()
    for number in order:
        box.sh(steps[number])
        staff_works(site)
        assert not running.ended
        # The second of the two that touch the stacks is the last.
        if number != order[-1] and 3 not in order[: order.index(number) + 1]:
            assert not site.ssh().ok and not site.ssh("qian.er", key=None, password="pw").ok
    department_works(site)
