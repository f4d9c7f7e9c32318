"""A store that is put back does not know who came in since it was copied: nobody stays in whom no order reaches."""

import pytest


@pytest.fixture
def put_back(fresh_site):
    """The grant is in the copy, the session is not."""
    box = fresh_site.box
    fresh_site.grant(uses="3 per-host", sessions="3")
    box.sh("hufuctl backup /root/b")
    running, session = fresh_site.session_open()
    box.sh("systemctl stop hufud && hufuctl restore /root/b && systemctl start hufud")
    box.until("hufuctl --json status || test $? = 1")
    return fresh_site, running, session


def test_revoke_reaches_who_came_in_since_the_copy(put_back):
    site, running, _ = put_back
    revoked = site.box.run("hufuctl revoke --staff zhang.san")
    assert revoked.ok, revoked
    assert site.box.processes("zhang.san") == []
    running.wait(timeout=2)


def test_they_are_ended_and_told(put_back):
    site, running, session = put_back
    site.box.until(lambda: site.box.processes("zhang.san") == [])
    running.wait(timeout=2)
    site.box.until(lambda: site.audit(event="session-close"))
    record = site.audit(event="session-close")[-1]
    assert (record["session"], record["reason"]) == (session["number"], "store-restored"), record
    site.box.sh("hufuctl host confirm --yes --why test --keep-uses")
    # The next one is another one's number, and stays in.
    later, opened = site.session_open()
    assert opened["number"] > session["number"]
    later.kill()
