"""Backup while all goes on, a backup judged elsewhere, a store that is put back: noticed, and no use given twice."""

import json
import re
import shlex

from site_setup import HOST

STORE = "/var/lib/hufu/hufu.db"
ANCHOR = "/var/lib/hufu-anchor/anchor"


def findings(site, subject):
    status = json.loads(site.box.run("hufuctl --json status").out)
    return [f["message"] for f in status["findings"] if f["subject"] == subject]


def start(site):
    site.box.sh("systemctl start hufud")
    site.box.until("hufuctl --json status || test $? = 1")


def staff_work(site):
    """Statement 2: whatever the store is, the department logs in."""
    assert site.box.ssh("jane", "id -un", password="pw").out.strip() == "jane"


def refused(site, reason="store-restored"):
    assert not site.ssh().ok
    assert site.refusals()[-1] == reason


def back_up(site, folder):
    made = json.loads(site.box.sh(f"hufuctl --json backup {folder}"))
    assert made["host"] == HOST and made["sequence"] > 0
    return made


def check(box, folder):
    return box.run(f"hufuctl restore {folder} --check")


def test_backup_and_what_is_in_it(fresh_site):
    site, box = fresh_site, fresh_site.box
    site.grant(uses="3 per-host", sessions="3")
    running, _ = site.session_open()
    made = back_up(site, "/root/b")
    assert not running.ended and site.ssh().ok
    assert box.sh("stat -c '%a %U' /root/b /root/b/hufu.db").splitlines() == ["700 root", "600 root"]
    assert not box.run("ls /var/lib/hufu/backup/*").ok  # nothing stays behind
    names = set(box.sh("ls /root/b").split())
    assert {"MANIFEST", "hufu.db", "hufud.conf", "reaper.conf", "trust", "ledger.pub"} <= names
    assert box.sh("cat /root/b/ledger.pub") == box.sh("hufuctl audit key 2>/dev/null")
    pinned = re.search(r"^checkpoint: sequence=([0-9]+) ", box.sh("cat /root/b/MANIFEST"), re.MULTILINE)
    opened = site.audit(event="session-open")[0]["sequence"]
    assert pinned and opened <= int(pinned[1]) < made["sequence"]  # asked for right before the copy
    assert not box.run("grep -rl 'PRIVATE KEY' /root/b").ok
    record = site.audit(event="backup")[-1]
    assert record["result"] == "success" and f"sequence={made['sequence']}" in record["detail"]
    said = check(box, "/root/b")
    assert said.ok and HOST in said.out and str(made["sequence"]) in said.out
    before = box.sh("stat -c '%Y %Z %s' /root/b/*")
    box.sh("systemctl stop hufud; hufuctl restore /root/b --check")  # needs no daemon, and changes nothing
    assert box.sh("stat -c '%Y %Z %s' /root/b/*") == before and set(box.sh("ls /root/b").split()) == names
    assert not box.run("hufuctl backup /root/b").ok  # hufud is away, and the folder is not empty

    # Each way of being damaged is found and named.
    for damage, named in (
        ("truncate -s -1 hufu.db", "hufu.db is shorter"),
        ("printf x | dd of=hufu.db bs=1 seek=9000 conv=notrunc status=none", "hufu.db is not the file"),
        ("rm hufu.db", "hufu.db is missing"),
        ("echo >> trust", "trust is longer"),
        ("rm MANIFEST", "MANIFEST is missing"),
        ("sed -i '$d' MANIFEST", "MANIFEST, line"),
        ("sed -i 's/^sequence: .*/sequence: 3/' MANIFEST", "another store than its manifest"),
        ("touch stranger", "stranger is not in its manifest"),
    ):
        box.sh(f"rm -rf /root/c && cp -a /root/b /root/c && cd /root/c && {damage}")
        said = check(box, "/root/c")
        assert said.code == 1 and named in said.err, (damage, said)
    # A record changed by somebody who knows about the digests, too.
    box.sh(
        "rm -rf /root/c && cp -a /root/b /root/c && cd /root/c && python3 -c \"import re, hashlib; d = open('hufu.db', 'rb').read();"
        " e = d.replace(b'zhang.san', b'zhang.sAn'); assert e != d; open('hufu.db', 'wb').write(e);"
        " m = open('MANIFEST').read(); open('MANIFEST', 'w').write(m.replace(hashlib.sha256(d).hexdigest(), hashlib.sha256(e).hexdigest()))\""
    )
    said = check(box, "/root/c")
    assert said.code == 1 and "hufu.db" in said.err, said


def test_checked_on_another_machine(fresh_site, fresh_box):
    """Where nothing is set up, no broker runs, and by somebody who may do no more than read it."""
    made = back_up(fresh_site, "/root/b")
    fresh_site.box.sh("tar -C /root -cf /root/b.tar b")
    fresh_box.put("/srv/b.tar", fresh_site.box.get("/root/b.tar"))
    fresh_box.sh("cd /srv && tar -xf b.tar && chown -R nobody b")
    said = fresh_box.run("hufuctl --json restore /srv/b --check", user="nobody")
    found = json.loads(said.out)
    assert said.ok and found["host"] == HOST and found["last"] == made["sequence"] and not found["restored"]
    assert fresh_box.run("hufuctl restore /srv/b", user="nobody").code == 6
    assert not fresh_box.run("ls /var/lib/hufu/hufu.db").ok


def test_restore(fresh_site):
    site, box = fresh_site, fresh_site.box
    box.account("jane")
    grant = site.grant(uses="2 per-host", sessions="3")
    back_up(site, "/root/b")
    assert site.ssh().ok and site.ssh().ok  # both uses
    refused_before = site.ssh()
    assert not refused_before.ok
    assert not box.run("hufuctl restore /root/b").ok  # hufud runs
    assert "stop it first" in box.run("hufuctl restore /root/b").err
    box.sh("systemctl stop hufud && sed -i 's/^host = .*/host = elsewhere/' /etc/hufu/hufud.conf && rm /etc/hufu/trust")
    said = box.sh("hufuctl restore /root/b --configuration")
    for name in ("hufud.conf", "reaper.conf", "trust"):
        assert box.sh(f"cmp /etc/hufu/{name} /root/b/{name} && stat -c '%a %U' /etc/hufu/{name}") == "644 root"
    assert "elsewhere" in box.sh("cat /etc/hufu/hufud.conf.before-*")
    assert "hufuctl host confirm" in said
    assert box.sh(f"stat -c '%a %U' {STORE}").strip() == "600 hufu"
    assert box.sh(f"ls {STORE}.before-*")
    start(site)
    refused(site)
    staff_work(site)
    assert "hufuctl host confirm" in findings(site, "store")[0]
    shown = json.loads(box.sh("hufuctl --json status; true") or "{}")
    assert shown["reason"] == "store-restored" and not shown["deciding"]
    box.sh("systemctl restart hufud; sleep 0.3")
    start(site)
    refused(site)

    said = box.sh("hufuctl host confirm --yes --why 'the disk was lost'")
    assert "closed" in said
    record = site.audit(event="store-restored", result="success")[-1]
    assert "the disk was lost" in record["detail"] and "uses=closed" in record["detail"]
    refused(site, "uses-exhausted")  # both were used after the copy was made
    staff_work(site)
    assert grant
    # Its ledger goes on, and is no restored one any more.
    box.sh("systemctl restart hufud")
    start(site)
    refused(site, "uses-exhausted")
    # What was rolled back is told by journald for as long as it has it, and whose doing it was by the record.
    box.sh("journalctl --sync")
    said = box.run("hufuctl audit verify")
    assert said.code == 1 and "(store-restored," in said.out and "--no-journal" in said.out, said
    assert box.run("hufuctl audit verify --no-journal").ok


# Somebody in hufud's place: says of every call that it worked, and that a copy lies there.
SAYING = """import json, socket, sys
at = socket.socket(socket.AF_UNIX)
at.bind("/run/hufu/says")
at.listen()
while True:
    caller, heard = at.accept()[0], b""
    while not heard.endswith(b"\\0"):
        heard += caller.recv(65536)
    caller.sendall(json.dumps({"parameters": {"path": sys.argv[1], "sequence": 1, "hash": "00", "sha256": "00"}}).encode() + b"\\0")
"""


def test_root_takes_nothing_away_but_what_is_hufuds(fresh_site):
    """Where a copy lies is hufud's word: whoever has taken hufud over gets no file of others removed by it."""
    box = fresh_site.box
    box.put("/usr/local/bin/says", SAYING)
    box.put("/etc/precious", "kept")
    box.sh("ln -s /etc /var/lib/hufu/link && mkdir /var/lib/hufu/mine && echo mine > /var/lib/hufu/mine/copy && chown -R hufu /var/lib/hufu/mine")
    for path, gone in (("/etc/precious", False), ("/var/lib/hufu/link/precious", False), ("precious", False), ("/var/lib/hufu/mine/copy", True)):
        saying = box.start(["python3", "/usr/local/bin/says", path], user="hufu")
        box.until("test -S /run/hufu/says")
        assert not box.run("cd /etc && hufuctl --socket /run/hufu/says backup /root/c").ok
        saying.kill()
        box.sh("rm /run/hufu/says")
        assert box.run(f"cd /etc && test -e {path}").ok is not gone, path


def test_files_put_back_by_hand(fresh_site):
    """A copy of the folder, as a backup program would make and put back one; the anchor is elsewhere."""
    site, box = fresh_site, fresh_site.box
    site.grant(uses="2 per-host", sessions="3")
    box.sh("systemctl stop hufud && tar -C /var/lib -cf /root/hufu.tar hufu")
    start(site)
    assert site.ssh().ok
    # Neither a restart nor a kill is taken for it.
    box.sh("systemctl restart hufud")
    start(site)
    box.sh("systemctl kill -s KILL hufud")
    box.until("hufuctl --json status")
    assert not findings(site, "store")
    box.sh("systemctl stop hufud && rm -rf /var/lib/hufu && tar -C /var/lib -xf /root/hufu.tar")
    start(site)
    refused(site)
    box.sh("hufuctl host confirm --keep-uses --yes --why test")
    assert site.ssh().ok
    box.sh(f"systemctl stop hufud && rm {shlex.quote(ANCHOR)}")
    start(site)
    refused(site)
