"""The attacker keeps news from the host: by a server that stands still, by one that says that nothing has happened, by a replica that is
cut off. It goes well for them until the status is too old, and no longer; nobody else is touched."""

import re

import pytest

from directory import REPLICA
from joined_site import REVOKER
from ldap_puppet import Puppet

ONE_MINUTE = r"Hufu: session ends in 1 min, at "


def withheld_revocation(joined, who):
    """Published where the host does not hear of it."""
    octets = joined.revocation(f"staff {who}")
    joined.publish(octets, [joined.signed(octets, REVOKER, "revoker")])


def staff_work(joined):
    return joined.ssh("staff.person").out.strip() == "staff.person"


def becomes_stale(joined, who, running):
    """Who is in is ended, nobody gets in any more, and staff work."""
    running.wait(timeout=30)
    joined.box.until(lambda: joined.box.processes(who) == [])
    assert joined.audit(event="session-close", staff=who)[-1]["reason"] == "status-stale"
    assert joined.why_not(who) == "status-stale"
    assert staff_work(joined)


@pytest.fixture
def in_session(joined):
    """Somebody who is in, under a status that holds a little longer than the warning of the last minute; what their terminal shows."""
    who = joined.newcomer()
    joined.published(who)
    joined.current(expires="+64 seconds")
    terminal = joined.box.ssh_spawn(who, key=joined.keys[who])
    terminal.expect(r"\$ ")
    yield who, terminal
    terminal.close(force=True)


def test_server_stands_still(joined, in_session):
    """They were warned by the status before; the last one is shorter, and holds on."""
    who, terminal = in_session
    terminal.expect(ONE_MINUTE, timeout=20)
    joined.current(expires="+9 seconds")
    joined.directory.provider.freeze()
    assert joined.comes_in(who)
    terminal.expect(["closed", "Terminated", "EOF"], timeout=30)
    joined.box.until(lambda: joined.box.processes(who) == [])
    assert joined.audit(event="session-close", staff=who)[-1]["reason"] == "status-stale"
    assert joined.why_not(who) == "status-stale"
    assert staff_work(joined)
    explained = joined.box.run(f"hufuctl explain {who} --source 127.0.0.1")
    assert "status-stale" in explained.out
    # What had been withheld is heard when the line is back, and what was taken away meanwhile is.
    joined.directory.provider.thaw()
    withheld_revocation(joined, who)
    joined.current()
    assert joined.why_not(who) == "staff-revoked"


def test_bound_is_the_hosts_own(joined):
    """A status that says of itself that it is good for hours is so for no longer than status-max-age after it was issued."""
    who = joined.newcomer()
    joined.published(who)
    joined.bound("1h")
    joined.current(issued="-3590 seconds")
    running, _ = joined.session_open(who)
    assert joined.box.sh(f"date -u -d '{joined.issued} + 1 hour' +%FT%TZ") == joined.sync("status_holds_until")
    becomes_stale(joined, who, running)
    joined.bound("24h")
    assert joined.comes_in(who)


def test_server_that_says_nothing_new(joined):
    """It speaks, it takes cookies, it even has a heartbeat that goes on; and there has never been a revocation."""
    who = joined.newcomer()
    joined.published(who)
    beat, before = [], joined.sync("revocations_signed")

    def search(request):
        request.refreshed()
        beat.append(request)

    with Puppet(joined.box, search) as puppet:
        joined.follow_puppet(puppet)
        joined.box.until(lambda: beat and joined.sync("state") == "live", timeout=10)
        withheld_revocation(joined, who)
        running, _ = joined.session_open(who)
        assert joined.sync("server") == puppet.uri and joined.sync("revocations_signed") == before
        joined.stale_in(8)
        beat[-1].entry(b"b" * 16, "heartbeat", objectClass=[b"hufuHeartbeat"], hufuBeat=[b"2036-01-01T00:00:00Z"])
        joined.box.until(lambda: joined.sync("heartbeat_written") == "2036-01-01T00:00:00Z")
        becomes_stale(joined, who, running)


def test_replica_is_cut_off(fresh_joined):
    """The host follows a replica that hears nothing of the provider any more. It says that all is well; its heartbeat stands still, which
    is shown; and then the status is too old."""
    joined, box, directory = fresh_joined, fresh_joined.box, fresh_joined.directory
    who = joined.newcomer()
    joined.published(who)
    replica = directory.add_replica()
    # From another address than where it was.
    joined.follow(f"ldaps://{REPLICA}")
    joined.heard()
    box.sh(f"sed 's/^127.0.0.11 /127.0.0.99 /' /etc/hosts > /root/hosts && cat /root/hosts > /etc/hosts && systemctl restart {replica.unit}")
    box.until(replica.answers)
    joined.live_again()
    shown = joined.sync("heartbeat_written")
    withheld_revocation(joined, who)
    now = joined.beat()
    running, _ = joined.session_open(who)
    assert joined.sync("state") == "live" and joined.sync("revocations_signed") == 0
    assert joined.sync("heartbeat_written") == shown != now
    assert f"Last heartbeat {shown}" in re.sub(" +", " ", box.run("hufuctl sync status").out)
    joined.stale_in(8)
    becomes_stale(joined, who, running)
    # Together again: the revocation is there, and it was no use to wait.
    box.sh(f"sed 's/^127.0.0.99 /127.0.0.11 /' /etc/hosts > /root/hosts && cat /root/hosts > /etc/hosts && systemctl restart {replica.unit}")
    box.until(lambda: joined.sync("revocations_signed") == 1, timeout=20)
    joined.current()
    assert joined.why_not(who) == "staff-revoked"
