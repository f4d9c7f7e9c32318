"""Statement 5: no session opens before its record is on disk, and an acknowledged record survives `kill -9` and power loss.
(That changed records are found comes with `hufuctl audit verify`.)"""


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


def test_no_record_no_session(fresh_site):
    """The ledger cannot be written: nobody gated gets in, though the grant is good."""
    site, box = fresh_site, fresh_site.box
    site.grant()
    assert site.ssh().ok
    box.sh("systemctl stop hufud")
    box.sh(
        "cp -a /var/lib/hufu /var/lib/hufu.copy && mount -t tmpfs -o size=4m tmpfs /var/lib/hufu && cp -a /var/lib/hufu.copy/. /var/lib/hufu/"
        " && chown --reference=/var/lib/hufu.copy /var/lib/hufu && chmod --reference=/var/lib/hufu.copy /var/lib/hufu"
    )
    box.sh("systemctl start hufud")
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


def test_records_are_in_the_ledger_before_the_journal(fresh_site):
    """journald frozen: logins go on, and the journal catches up afterwards."""
    site, box = fresh_site, fresh_site.box
    grant = site.grant(uses="100 per-host")
    box.sh("kill -STOP $(systemctl show -p MainPID --value systemd-journald)")
    try:
        for _ in range(3):
            came_in = site.ssh(timeout=60)
            assert came_in.ok, came_in
        assert len([r for r in admitted(site, grant) if r["event"] == "session-open"]) == 3
    finally:
        box.sh("kill -CONT $(systemctl show -p MainPID --value systemd-journald)")

    def in_journal():
        records = box.journal("_COMM=hufud")
        return len([r for r in records if r.get("HUFU_GRANT") == grant and r.get("HUFU_EVENT") == "session-open"]) == 3

    box.until(in_journal)
