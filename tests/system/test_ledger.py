"""The ledger is signed: checkpoints reach journald, a stock openssl verifies them, old records leave with a signed head, and a
ledger that is made anew is not taken for the one before. One host for all of it, in this order."""

import json
import re

import pytest

from box import TREE

STATE, ARCHIVE = "/var/lib/hufu", "/srv/hufu-archive"
DROP_IN = "/etc/systemd/system/hufud.service.d/archive.conf"

# What an auditor needs no Hufu for: with a checkpoint's text, and the public key that `hufuctl audit key` printed.
PAGE = (TREE / "docs" / "audit.md").read_text(encoding="utf-8")
COMMANDS = next(block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "pkeyutl" in block)
FROM_JOURNAL, OPENSSL = COMMANDS.split("\n", 1)

CALL = """
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/hufu/control")
s.sendall(json.dumps({"method": "org.hufu.control." + sys.argv[1], "parameters": {}}).encode() + bytes(1))
reply = b""
while not reply.endswith(bytes(1)):
    reply += s.recv(65536) or sys.exit("hung up")
print(reply[:-1].decode())
"""


def configure(site, *lines):
    """Only these lines in the section."""
    text = "".join(f"{line}\\n" for line in lines)
    site.box.sh(f"sed -i '/^.ledger.$/,/^$/d' /etc/hufu/hufud.conf && printf '\\n[ledger]\\n{text}' >>/etc/hufu/hufud.conf")


def restart(site):
    site.box.sh("systemctl daemon-reload; systemctl restart hufud")
    site.box.until(lambda: site.box.run("hufuctl --json status").out)


def checkpoints(site):
    return [r["detail"] for r in site.audit(event="checkpoint", result="success")]


def verify(site, *arguments):
    site.box.sh("journalctl --sync")
    done = site.box.run(["hufuctl", "--json", "audit", "verify", *arguments], timeout=60)
    said = json.loads(done.out)
    assert done.ok == said["good"], done
    return said


def doctor_finds(site, code):
    return code in {f["code"] for f in json.loads(site.box.run("hufuctl --json doctor").out)["findings"]}


@pytest.fixture(scope="module")
def ledger(guarded):
    assert guarded.ssh().code == 255
    return guarded


def test_the_last_checkpoint_is_in_the_journal(ledger):
    ledger.box.sh("systemctl stop hufud; journalctl --sync")
    last = ledger.box.journal("HUFU_EVENT=checkpoint")[-1]
    stop = ledger.box.journal("HUFU_EVENT=broker-stop")[-1]
    assert last["HUFU_RESULT"] == "success"
    assert f"sequence={stop['HUFU_SEQUENCE']} hash={stop['HUFU_HASH']} " in last["HUFU_DETAIL"]
    assert f" ledger={last['HUFU_LEDGER']} " in last["HUFU_DETAIL"]
    ledger.box.sh("systemctl start hufud")
    ledger.box.until(lambda: last["HUFU_DETAIL"] in checkpoints(ledger))
    assert verify(ledger)["journal"]["compared"] > 0


def test_one_is_made_for_who_asks(ledger):
    ledger.box.put("/root/call.py", CALL)
    reply = json.loads(ledger.box.sh("python3 /root/call.py LedgerCheckpoint"))["parameters"]
    record = next(r for r in ledger.audit(event="checkpoint") if r["sequence"] == reply["record"])
    assert record["detail"] == reply["checkpoint"] and record["result"] == "success"


def test_stock_openssl_verifies(ledger):
    """As docs/audit.md has it."""
    box = ledger.box
    box.sh("hufuctl audit key >/root/db01.pub")
    detail = checkpoints(ledger)[-1]
    box.sh("journalctl --sync")
    good = box.run(["sh", "-ec", f"cd /root\n{COMMANDS}"])
    assert good.ok and "Verified Successfully" in good.text, good
    assert box.get("/root/checkpoint").decode().strip() in checkpoints(ledger)
    for altered in (detail.replace("sequence=", "sequence=1", 1), detail.replace(" host=", " host=x", 1)):
        box.put("/root/checkpoint", f"{altered}\n")
        bad = box.run(["sh", "-c", f"cd /root\n{OPENSSL}"])
        assert not bad.ok and "Verified Successfully" not in bad.text, bad


def test_sm3_and_retention_by_size(ledger):
    box = ledger.box
    last = ledger.audit()[-1]["sequence"]
    box.sh(f"install -d -o hufu -g hufu -m 700 {ARCHIVE}")
    configure(ledger, "hash = sm3", "checkpoint-every = 1s", "keep-size = 1K", f"archive = {ARCHIVE}")
    assert doctor_finds(ledger, "archive-unwritable")  # hufud.service does not let it through
    box.sh(f"mkdir -p $(dirname {DROP_IN}) && printf '[Service]\\nReadWritePaths={ARCHIVE}\\n' >{DROP_IN}")
    restart(ledger)
    assert not doctor_finds(ledger, "archive-unwritable")
    box.until(lambda: ledger.audit()[0]["sequence"] > last, timeout=20)
    configure(ledger, "hash = sm3")
    restart(ledger)

    records = ledger.audit()
    first = records[0]["sequence"]
    assert [r["sequence"] for r in records] == list(range(first, first + len(records)))
    assert {r["format"] for r in records} == {3}
    trims = [r["detail"] for r in records if r["event"] == "ledger-trim" and r["result"] == "success"]
    name, digest = (trims[-1].split(f"{word}=")[1].split()[0] for word in ("archive", "sha256"))
    assert box.sh(f"sha256sum {ARCHIVE}/{name}").split()[0] == digest
    live = verify(ledger)
    assert live["good"] and live["first"] == first, live

    # What has left, and what is there, elsewhere.
    box.sh(f"hufuctl audit export -o {ARCHIVE}/rest.jsonl && hufuctl audit key >/root/db01.pub")
    heads = {name: json.loads(box.sh(f"head -n 1 {ARCHIVE}/{name}")) for name in box.sh(f"ls {ARCHIVE}").split()}
    files = [f"{ARCHIVE}/{name}" for name in sorted(heads, key=lambda name: heads[name]["first"])]
    assert len(files) > 1 and heads["rest.jsonl"]["first"] == first
    whole = verify(ledger, *files, "--key", "/root/db01.pub")
    assert whole["good"] and whole["first"] == 1 and whole["last"] >= records[-1]["sequence"], whole
    box.sh(f"sed -i '5s/\"result\":\"[a-z]*\"/\"result\":\"altered\"/' {files[0]}")
    assert not verify(ledger, *files, "--key", "/root/db01.pub")["good"]


def test_a_ledger_that_was_made_anew(ledger):
    """As hufud(8) has it for a clone. The old one's records are still in the journal, and have the same sequences."""
    box = ledger.box
    box.sh(f"systemctl stop hufud && mv {STATE} /root/hufu.before && install -d -o hufu -g hufu -m 700 {STATE}")
    box.sh("runuser -u hufu -- hufud --create-store && systemctl start hufud")
    box.until(lambda: box.run("hufuctl --json status").out)
    said = verify(ledger)
    assert said["good"] and said["journal"]["read"] and said["journal"]["compared"] > 0, said
    others = [note for note in said["notes"] if "are of another ledger" in note]
    assert others and int(others[0].split()[0]) > 10, said
