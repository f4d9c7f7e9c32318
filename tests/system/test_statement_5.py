"""Statement 5: no session opens before its record is on disk, and an acknowledged record survives `kill -9` and power loss.
(That changed records are found comes with `hufuctl audit verify`.)"""

from box import HANGS


def admitted(site, grant):
    return [record for record in site.audit(grant=grant, result="success") if record["event"] in ("login", "session-open")]


def test_survives_the_brokers_death(fresh_site):
    """hufud is killed by the session's own first command, so right after the admission was acknowledged."""
    site, box = fresh_site, fresh_site.box
    box.put("/etc/sudoers.d/test", "", mode="440")
    box.put("/root/killer", "#!/bin/sh\nkill -9 $(systemctl show -p MainPID --value hufud)\necho killed\n", mode="755")
    grant = site.grant(uses="100 per-host")
    for round in range(1, 6):
        box.sh("rm -f /run/in; mkfifo /run/in; chmod 666 /run/in")
        watcher = box.start("read line < /run/in && /root/killer")
        site.ssh(command="echo now > /run/in")
        assert watcher.wait().out == "killed\n"
        box.sh("systemctl reset-failed hufud; systemctl start hufud")
        box.until("hufuctl status")
        opened = [record for record in admitted(site, grant) if record["event"] == "session-open"]
        assert len(opened) == round, opened


def test_survives_a_power_cut(fresh_site):
    site, box = fresh_site, fresh_site.box
    grant = site.grant()
    site.session_open()
    before = admitted(site, grant)
    assert {record["event"] for record in before} == {"login", "session-open"}
    box.reboot()
    box.until("hufuctl status")
    assert admitted(site, grant)[: len(before)] == before
    # And the books know that the session did not outlive the machine.
    assert site.live() == []
    box.until(lambda: any(record["event"] == "session-close" for record in site.audit(grant=grant)))


def test_no_session_before_its_record_is_on_disk(fresh_site):
    """The disk takes its time with every commit, longer than a login waits: nobody is let in meanwhile."""
    site, box = fresh_site, fresh_site.box
    site.grant()
    assert site.ssh().ok
    opened = "journalctl --no-pager -t sshd | grep -c 'session opened for user zhang.san'"
    assert box.sh(opened) == "1"
    slow = "-e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_enter=4000000"
    disk = box.start(f"exec strace -f -qq -o /dev/null {slow} -p {site.daemon_pid()}")
    box.until(f"grep -qs TracerPid:.[1-9] /proc/{site.daemon_pid()}/status")
    refused = site.ssh()
    assert not refused.ok and refused.seconds > 1.5, refused
    assert box.sh(opened) == "1"
    box.sh("pkill -x strace")
    disk.wait()
    box.until(lambda: site.ssh().ok, timeout=20)


def test_no_record_no_session(fresh_site):
    """The ledger cannot be written: nobody gated gets in, though the grant is good."""
    site, box = fresh_site, fresh_site.box
    site.grant()
    assert site.ssh().ok
    box.sh("systemctl stop hufud")
    box.sh(
        "rm /var/lib/hufu/reserve; cp -a /var/lib/hufu /var/lib/hufu.copy && mount -t tmpfs -o size=8m tmpfs /var/lib/hufu && cp -a /var/lib/hufu.copy/. /var/lib/hufu/"
        " && chown --reference=/var/lib/hufu.copy /var/lib/hufu && chmod --reference=/var/lib/hufu.copy /var/lib/hufu"
    )
    box.sh("sed -i 's/^reserve = .*/reserve = 1M/' /etc/hufu/hufud.conf; systemctl start hufud")
    box.until("hufuctl status")
    assert site.ssh().ok
    box.run("cat /dev/zero > /var/lib/hufu/full")
    results = [site.ssh() for _ in range(12)]
    assert not results[-1].ok
    # What did get in is on record, and nothing else.
    box.sh("rm /var/lib/hufu/full; systemctl restart hufud")
    box.until("hufuctl status")
    opened = [record for record in site.audit(staff="zhang.san", result="success") if record["event"] == "session-open"]
    assert len(opened) == 2 + sum(result.ok for result in results)


def test_no_session_unless_the_disk_has_it(fresh_site, disk):
    site = fresh_site
    grant = site.grant()
    assert site.ssh().ok
    disk("error=EIO")
    refused = site.ssh(command="echo in")
    assert not refused.ok and refused.out == "", refused
    assert "inject" in site.box.get("/root/syncs").decode().lower()
    site.box.kill_running()
    site.box.sh("systemctl restart hufud")
    site.box.until("hufuctl status")
    assert len([record for record in admitted(site, grant) if record["event"] == "session-open"]) == 1


def test_no_open_session_unless_the_disk_has_it(fresh_site, disk):
    """The disk takes the record of the login, and not that of the session. Without a channel nothing else asks hufud."""
    site = fresh_site
    grant = site.grant()
    assert site.ssh().ok
    before = len(admitted(site, grant))
    disk("error=EIO:when=2+")
    login = site.ssh_start(command=[], options=["SessionType=none"])
    assert login.wait(timeout=5).code == 255
    site.box.kill_running()
    site.box.sh("systemctl restart hufud")
    site.box.until("hufuctl status")
    assert [record["event"] for record in admitted(site, grant)[before:]] == ["login"]


def test_a_login_waits_for_the_disk(fresh_site, disk):
    """For the records of the login, the session and the channel at least."""
    site = fresh_site
    site.grant()
    assert site.ssh().ok
    disk("delay_enter=700000")
    came_in = site.ssh()
    assert came_in.ok and came_in.seconds > 3 * 0.7, came_in


DEAF = """
import socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/run/deaf")
print("ready", flush=True)
time.sleep(600)
"""


def test_records_are_in_the_ledger_before_the_journal(fresh_site):
    """What hufud takes for journald's socket is full and never read: logins go on, and the journal catches up afterwards."""
    site, box = fresh_site, fresh_site.box
    grant = site.grant(uses="100 per-host")
    # Two datagrams fill a socket; /proc/sys is read-only in a box.
    box.sh("mount -t proc proc /mnt && echo 1 > /mnt/sys/net/unix/max_dgram_qlen; umount /mnt")
    deaf = box.start(["python3", "-c", DEAF])
    assert deaf.process.stdout.readline() == "ready\n"
    drop_in = "/etc/systemd/system/hufud.service.d/deaf.conf"
    box.put(drop_in, "[Service]\nBindPaths=/run/deaf:/run/systemd/journal/socket\n")
    box.sh("chmod 666 /run/deaf; systemctl daemon-reload; systemctl restart hufud")
    box.until("hufuctl status")
    for _ in range(5):
        came_in = site.ssh()
        assert came_in.ok and came_in.seconds < HANGS, came_in
    assert len([r for r in admitted(site, grant) if r["event"] == "session-open"]) == 5
    assert site.ctl("status")["journal_behind"] >= 10

    def in_journal():
        records = box.journal("_COMM=hufud")
        return [r for r in records if r.get("HUFU_GRANT") == grant and r.get("HUFU_EVENT") == "session-open"]

    assert in_journal() == []
    box.sh(f"rm {drop_in}; systemctl daemon-reload; systemctl restart hufud", timeout=100)
    box.until(lambda: len(in_journal()) == 5)
