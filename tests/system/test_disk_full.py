"""The disk of the ledger is full: nobody new, who is in goes on and is recorded from what was set aside, and when that is used up
they are ended in order. /var/lib/hufu lies on a small disk that somebody else can fill."""

import json

import pexpect
import pytest

RESERVE = 2 << 20
SMALL = "/srv/small"
FILL = f"cat /dev/zero >>{SMALL}/others/fill; dd if=/dev/zero of={SMALL}/others/rest bs=4k oflag=append conv=notrunc"
WARNED = r"session ends at .*\[store-full\]"


@pytest.fixture
def small(fresh_site):
    site, box = fresh_site, fresh_site.box
    box.sh("systemctl stop hufud")
    box.sh(
        f"mkdir {SMALL} && mount -t tmpfs -o size=12m tmpfs {SMALL} && mkdir -m 1777 {SMALL}/others && rm /var/lib/hufu/reserve"
        f" && cp -a /var/lib/hufu {SMALL}/ && mount --bind {SMALL}/hufu /var/lib/hufu"
    )
    box.sh("sed -i 's/^reserve = .*/reserve = 2M/' /etc/hufu/hufud.conf; systemctl start hufud")
    box.until("hufuctl status")
    assert room(site) == ("ample", RESERVE)
    assert int(box.sh("stat -c %b /var/lib/hufu/reserve")) * 512 == RESERVE
    return site


def status_of(site):
    """`hufuctl status` fails while the gate refuses; what it prints is the same."""
    return json.loads(site.box.run("hufuctl --json status").out)


def room(site):
    status = status_of(site)
    return status["room"], status["reserve_held"]


def becomes(site, *standings):
    site.box.until(lambda: room(site)[0] in standings, timeout=20)


def fill(site):
    site.box.run(FILL, user="staff.person")


def make_room(site):
    site.box.sh(f"rm {SMALL}/others/*")
    becomes(site, "ample")
    assert room(site) == ("ample", RESERVE)


def unbroken(site):
    records = site.audit()
    first = records[0]["sequence"]
    assert [record["sequence"] for record in records] == list(range(first, first + len(records)))
    assert all(a["hash"] == b["previous"] for a, b in zip(records, records[1:]))
    return records


def test_nobody_new_and_everything_recorded(small):
    site, box = small, small.box
    box.account("oracle")
    box.put("/etc/sudoers.d/test", "zhang.san ALL=(ALL:ALL) NOPASSWD: ALL\n", mode="440")
    box.sh("/usr/share/hufu/sudo/enable")
    site.vendor("zhao.liu", 20002)
    theirs = site.grant("zhao.liu")
    site.grant(**{"run-as": "oracle", "command": ["/usr/bin/id -un"]})
    leaving, _ = site.session_open("zhao.liu")
    _, over = site.ssh_master()
    fill(site)
    becomes(site, "full")

    # Vendors are told why; the department does not notice.
    refused = site.ssh()
    assert not refused.ok and "This host has no room left to record your access." in refused.out + refused.err, refused
    assert site.refusals()[-1] == "store-full"
    assert site.ssh("staff.person").out == "staff.person\n"
    status = box.run("hufuctl status")
    assert not status.ok and "store-full" in status.out and "free there" in status.out, status

    # Who is in works on, and it is on record though nothing was free.
    for _ in range(10):
        fill(site)
        assert site.ssh(command="sudo -n -u oracle /usr/bin/id -un", **over).out == "oracle\n"
    assert len(site.audit(event="command", result="success")) == 10
    held = status_of(site)["reserve_held"]
    assert RESERVE / 4 < held < RESERVE, held

    # An operator's order takes effect and is on disk.
    assert site.revoke(theirs).ok
    leaving.wait(timeout=5)
    assert site.audit(event="revoke")[-1]["result"] == "success"
    assert len(site.live()) == 1

    make_room(site)
    assert site.ssh().ok
    assert [record["result"] for record in site.audit(event="store-room")] == ["failure", "success"]
    unbroken(site)
    box.sh("systemctl restart hufud")
    box.until("hufuctl status")
    assert [session["staff"] for session in site.live()] == ["zhang.san"]


# Takes each piece of the reserve that is let go of, as fast as it can.
GREEDY = f"while :; do {FILL}; sleep 0.01; done 2>/dev/null"


def use_up(site, until):
    """Operators do what is recorded, until it stands so."""
    for _ in range(400):
        if status_of(site)["room"] in until:
            return
        site.box.run("hufuctl lock --vendor nobody --why test --yes; hufuctl unlock --vendor nobody --why test --yes")
    raise AssertionError(status_of(site))


def test_ended_in_order(small):
    site, box = small, small.box
    site.grant()
    first = site.shell()
    second = site.shell()
    numbers = sorted(session["number"] for session in site.live())
    assert len(numbers) == 2
    greedy = box.start(GREEDY, user="staff.person")
    becomes(site, "full")
    use_up(site, ("spent", "last"))
    # Who came last is told first, and has a minute unless there is not even room for that.
    second.expect(WARNED)
    use_up(site, ("last",))
    for terminal in (first, second):
        terminal.expect("no room left to record", timeout=10)
        terminal.expect(pexpect.EOF, timeout=10)
    box.until(lambda: box.processes("zhang.san") == [])
    greedy.kill()
    make_room(site)
    closed = [record for record in unbroken(site) if record["event"] == "session-close"]
    assert [record["reason"] for record in closed] == ["store-full", "store-full"]
    assert sorted(record["session"] for record in closed) == numbers
    assert site.ssh().ok


@pytest.mark.long
def test_one_after_the_other(small):
    """Nobody uses up any more: each has their minute, who came last first."""
    site, box = small, small.box
    site.grant()
    first, second = site.shell(), site.shell()
    numbers = sorted((session["number"] for session in site.live()), reverse=True)
    fill(site)
    becomes(site, "full")
    greedy = box.start(GREEDY, user="staff.person")
    use_up(site, ("spent",))
    greedy.kill()
    second.expect(WARNED)
    assert first.expect([WARNED, pexpect.TIMEOUT], timeout=5) == 1
    second.expect(pexpect.EOF, timeout=90)
    first.expect(WARNED, timeout=10)
    first.expect(pexpect.EOF, timeout=90)
    make_room(site)
    closed = site.audit(event="session-close", reason="store-full")
    assert [record["session"] for record in closed] == numbers
