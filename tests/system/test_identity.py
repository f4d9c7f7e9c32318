"""Which host the store belongs to: a clone is told from its original, and root alone says that it is the same."""

import json

from box import HANGS
from site_setup import HOST

CONF = "/etc/hufu/hufud.conf"


def restart(site):
    site.box.sh("systemctl restart hufud")
    site.box.until("hufuctl --json status || test $? = 1")


def findings(site, subject):
    status = json.loads(site.box.run("hufuctl --json status").out)  # its exit status is 1 while nobody is let in
    return [f["message"] for f in status["findings"] if f["subject"] == subject]


def refused(site):
    """What the person reads; the reason is on record."""
    seen = site.ssh()
    assert not seen.ok
    assert site.refusals()[-1] == "host-unconfirmed"
    return seen.out + seen.err


def test_new_machine_id(fresh_site):
    site, box = fresh_site, fresh_site.box
    site.grant(uses="5 per-host", sessions="3")
    running, _ = site.session_open()
    before = box.sh("cat /etc/machine-id").strip()
    box.sh("umount /etc/machine-id 2>/dev/null; rm -f /etc/machine-id; tr -d - </proc/sys/kernel/random/uuid > /etc/machine-id")
    after = box.sh("cat /etc/machine-id").strip()
    restart(site)
    assert "host-unconfirmed" in refused(site)
    assert not running.ended
    message = findings(site, "host")[0]
    assert before in message and after in message and "hufuctl host confirm" in message

    # Not an operator's to say.
    box.sh("useradd --badname -m -s /bin/bash li.si; gpasswd -a li.si hufu-operators")
    assert box.run("runuser -u li.si -- hufuctl host confirm --yes").code == 6
    refused(site)

    # A person is asked for the host's name, and anything else changes nothing.
    terminal = box.spawn("hufuctl host confirm")
    terminal.expect(f"{HOST}, machine-id {before}", timeout=HANGS)
    terminal.expect(f"{HOST}, machine-id {after}", timeout=HANGS)
    terminal.expect("to confirm:", timeout=HANGS)
    terminal.sendline("yes")
    terminal.expect("nothing was changed", timeout=HANGS)
    refused(site)

    said = box.run("hufuctl host confirm --yes --why 'new mainboard'")
    assert said.code == 0 and after in said.out and before in said.out
    assert site.ssh().ok
    assert not running.ended
    record = site.audit(event="host-confirm")[-1]
    assert before in record["detail"] and after in record["detail"] and "new mainboard" in record["detail"]
    assert "nothing was changed" in box.sh("hufuctl host confirm --yes")
    restart(site)
    assert site.ssh().ok


def test_renamed_host(fresh_site):
    site, box = fresh_site, fresh_site.box
    site.grant()
    box.sh(f"sed -i 's/^host = .*/host = db02.finance.example/' {CONF}")
    restart(site)
    refused(site)
    assert HOST in findings(site, "host")[0] and "db02.finance.example" in findings(site, "host")[0]
    assert box.run("hufuctl host confirm --yes").code == 0
    assert not site.ssh().ok  # the grant is the old name's
    assert site.refusals()[-1] == "wrong-host"


def test_without_a_machine_id(fresh_site):
    site, box = fresh_site, fresh_site.box
    site.grant()
    before = box.sh("cat /etc/machine-id")
    box.sh("umount /etc/machine-id 2>/dev/null; rm -f /etc/machine-id; echo uninitialized > /etc/machine-id")
    restart(site)
    refused(site)
    assert "systemd-machine-id-setup" in findings(site, "host")[0]
    assert box.run("hufuctl host confirm --yes").code == 1
    box.put("/etc/machine-id", before)
    assert box.run("hufuctl host confirm --yes").code == 0
    assert site.ssh().ok
