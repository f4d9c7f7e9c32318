"""Statement 6, for one host: a grant for n uses is used n times at most, across crashes and concurrent logins."""

import pytest


def uses_taken(site, grant):
    return next(item for item in site.ctl("grant", "list", "--all") if item["id"] == grant)["uses_taken"]


@pytest.mark.parametrize("uses, racers", [(1, 2), (1, 8), (3, 8)])
def test_exactly_n_of_many_at_once(site, uses, racers):
    grant = site.grant(uses=f"{uses} per-host", sessions="20")
    # All at the door before it opens: each waits for a file, inside the client's shell.
    site.box.sh("rm -f /run/go")
    argv, environment = site.box.ssh_argv("zhang.san", "echo in; sleep 3", key=site.keys["zhang.san"])
    import shlex

    knocking = [site.box.start(f"until [ -e /run/go ]; do :; done; exec {shlex.join(argv)}") for _ in range(racers)]
    site.box.sh("sleep 0.5; touch /run/go")
    results = [running.wait(timeout=60) for running in knocking]
    assert sum(result.out == "in\n" for result in results) == uses, results
    assert uses_taken(site, grant) == uses
    assert not site.ssh().ok


def test_uses_survive_the_brokers_death(fresh_site):
    site, box = fresh_site, fresh_site.box
    grant = site.grant(uses="2 per-host")
    assert site.ssh().ok
    box.sh("kill -9 $(systemctl show -p MainPID --value hufud); systemctl reset-failed hufud; systemctl start hufud")
    box.until("hufuctl status")
    assert uses_taken(site, grant) == 1
    assert site.ssh().ok
    box.reboot()
    box.until("hufuctl status")
    assert not site.ssh().ok
    assert site.refusals()[-1] in ("uses-exhausted", "closed")


def test_refused_logins_use_nothing(site):
    grant = site.grant(uses="1 per-host")
    other = site.box.key("zhang.san.other")
    for _ in range(3):
        assert not site.ssh(key=other).ok
    assert not site.ssh(key=None, password="pw").ok
    assert uses_taken(site, grant) == 0
    assert site.ssh().ok


def test_given_back_once(site):
    """A login that the session phase refuses gives back the use that it had reserved, and nobody else's."""
    grant = site.grant(uses="2 per-host")
    assert site.ssh().ok
    before = len(site.refusals())
    assert not site.ssh_with_key_offered().ok
    # sshd may go on for a moment, as far as to ask for a channel.
    assert "key-mismatch" in site.refusals()[before:]
    site.box.until(lambda: uses_taken(site, grant) == 1)
    assert site.ssh().ok
    assert not site.ssh().ok
    assert uses_taken(site, grant) == 2


def test_closed_for_good_after_the_last_use(site):
    grant = site.grant(uses="1 per-host")
    assert site.ssh().ok
    site.box.until(lambda: [item["state"] for item in site.ctl("grant", "list", "--all") if item["id"] == grant] == ["closed"])
    assert not site.ssh().ok


def test_concurrent_limit(site):
    site.grant(sessions="1", uses="10 per-host")
    running, _ = site.session_open()
    assert not site.ssh().ok
    assert site.refusals()[-1] == "sessions-limit"
    running.kill()
    site.box.until(lambda: site.live() == [])
    assert site.ssh().ok
