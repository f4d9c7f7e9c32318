"""What a session left elsewhere ends with it, also while another login of the same person waits to be opened."""

from doors import ASKING


def test_revoke_beside_a_reservation(site):
    """Whoever keeps a login between its two phases keeps nothing else by that."""
    box = site.box
    box.put("/etc/sudoers.d/test", "zhang.san ALL=(ALL) NOPASSWD: ALL\n", mode="440")
    box.put("/usr/local/bin/hold", ASKING + "sys.stdout.flush(); import time; time.sleep(600)\n", mode="755")
    grant = site.grant(**{"run-as": "root", "command": "any"})
    site.grant(service="login", source="local")
    running = site.ssh_start(command="systemd-run --user --quiet sudo -n sleep 612; sleep 600")
    box.until("pgrep -x -f 'sleep 612'")
    held = box.start(["/usr/local/bin/hold", "login", "zhang.san", "local", "account"])
    box.until(lambda: "reserved" in [s["state"] for s in site.sessions()])
    assert site.revoke(grant).ok
    assert not box.run("pgrep -x -f 'sleep 612'").ok
    assert "reserved" in [s["state"] for s in site.sessions()]
    held.kill()
    running.kill()
    box.sh("rm /etc/sudoers.d/test")
