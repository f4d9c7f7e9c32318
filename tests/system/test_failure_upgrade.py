"""An upgrade under live sessions, as dpkg and `cmake --install` make it: each file is put in place by rename, then the services are
restarted, in either order. Whoever is on the way in meanwhile gets in, or is told why not; the department does not notice."""

import pytest

from box import HANGS
from failures import MODULE, crowd, department_works  # noqa: F401

FILES = f"$(ls {MODULE}) /usr/sbin/hufud /usr/libexec/hufu/hufu-*"
REPLACE = f"for f in {FILES}; do cp -p $f $f.new && mv $f.new $f; done"


@pytest.mark.parametrize("order", [("hufu-reaper", "hufud"), ("hufud", "hufu-reaper")], ids=" then ".join)
def test_in_either_order(crowd, order):  # noqa: F811
    site, box = crowd, crowd.box
    grant = site.grant(uses="unlimited", **{"max-session": "1h"})
    running, session = site.session_open()
    before = {unit: site.daemon_pid(unit) for unit in order}
    replacing = box.start(f"while :; do {REPLACE}; done")
    for unit in order:
        box.sh(f"systemctl restart {unit}")
        # New with old, and files that change under who loads them.
        department_works(site)
        coming = site.ssh("qian.er", key=None, password="pw")
        assert coming.seconds < HANGS and (coming.ok or "Hufu: " in coming.text), coming
    replacing.kill()
    assert all(site.daemon_pid(unit) not in (0, pid) for unit, pid in before.items())
    box.until(lambda: site.ssh().ok, timeout=HANGS)
    assert not running.ended
    # (The one that has just gone may still be being ended.)
    box.until(lambda: [(s["number"], s["deadline"]) for s in site.live() if s["staff"] == "zhang.san"] == [(session["number"], session["deadline"])])
    assert site.revoke(grant).ok
    running.wait(timeout=5)
    assert box.processes("zhang.san") == []
