"""hufuctl misused: what it does not understand it does not do."""

import json
import re

import pytest

from site_setup import HOST, NAME, TRUST

COMPLETE = {
    "setup": f"--host {HOST} --trust {TRUST} --standalone",
    "status": "",
    "grant draft": f"--site {NAME} --vendor acme --contract C --staff zhang.san --key password --host {HOST} --service sshd"
    " --channel shell --source any --from now --for 8h --requester li.si --ticket T --purpose P -o /root/misuse/made",
    "grant check": "/root/misuse/grant",
    "approve": "/root/misuse/grant --as wang.wu --role leader --key /root/people/wang.wu.key -o /root/misuse/made --yes",
    "grant add": "/root/misuse/grant --approval /root/misuse/grant.wang.wu.approval --approval /root/misuse/grant.zhou.ming.approval",
    "grant list": "",
    "grant show": "GRANT",
    "explain": "zhang.san",
    "session list": "",
    "session show": "NUMBER",
    "session end": "NUMBER",
    "session watch": "",
    "session replay": "NUMBER --list",
    "doctor": "",
    "grant finish": "GRANT",
    "revoke": "GRANT",
    "lock": "--staff wang.wu --why W",
    "unlock": "--staff wang.wu --why W",
    "locks": "",
    "audit show": "",
    "audit export": "-o /root/misuse/made",
    "audit key": "",
    "audit verify": "",
    "review": "",
    "review sign": "/root/misuse/grant",
    "backup": "/root/misuse/backup",
    "restore": "/root/misuse/backup --check",
    "document add": "/root/misuse/grant",
    "document renew": "/root/misuse/made --as status-2026 --key /root/people/wang.wu.key --first",
    "publish": "/root/misuse/grant",
    "withdraw": "/root/misuse/grant --yes",
    "sync status": "",
    "sync refresh": "",
    "sync beat": "",
    "sync export": "-o /root/misuse/made",
    "sync import": "/root/misuse/grant",
    "trust show": "",
    "trust update": "/root/misuse/grant",
    "trust reset": "--why W --yes",
    "clock confirm": "--why W --yes",
    "host confirm": "--why W --yes",
}


def everything(site):
    """What a command could have changed: records, grants, sessions, configuration, files."""
    files = site.box.sh("sha256sum /root/misuse/* /etc/hufu/*; ls -R /etc/hufu /root/misuse")
    return site.audit()[-1]["sequence"], site.ctl("grant", "list", "--all"), [s["number"] for s in site.live()], files


def overview(site):
    """The commands that `hufuctl --help` names."""
    lines = site.box.sh("hufuctl --help").split("\n\n")[1].splitlines()
    return {match.group(1) for line in lines if (match := re.match(r"  (\S+(?: \S+)?)(?:  |$)", line))}


@pytest.fixture
def busy(site):
    """A grant that is not added yet, one in use, and its session's number."""
    path = site.draft(path="/root/misuse/grant") if site.box.sh("mkdir -p /root/misuse") == "" else None
    for person in site.approvers:
        site.approve(path, person)
    grant = site.grant()
    _, session = site.session_open()
    return site, {"GRANT": grant, "NUMBER": str(session["number"])}


def line_of(verb, names):
    words = COMPLETE[verb]
    for name, value in names.items():
        words = words.replace(name, value)
    return f"hufuctl {verb} {words}"


def test_unknown_option(busy):
    site, names = busy
    assert overview(site) == set(COMPLETE)
    before = everything(site)
    for verb in COMPLETE:
        for option in ("--nonsense", "--nonsense=1", "-Z", "--jsonn"):
            result = site.box.run(f"{line_of(verb, names)} {option} </dev/null")
            assert result.code == 2 and result.out == "", result
            assert f"{option} is no option" in result.err and f"Usage: hufuctl {verb}" in result.err, result
    assert everything(site) == before
    # The same lines without it are complete, and do something.
    for verb in ("grant draft", "grant add", "session end", "revoke"):
        result = site.box.run(line_of(verb, names))
        assert result.ok, result


@pytest.mark.parametrize("line", ["", "nonsense", "grant", "grant nonsense", "session", "--nonsense", "revoke", "revoke --staff a --vendor b"])
def test_no_command(site, line):
    result = site.box.run(f"hufuctl {line}")
    assert result.code == 2 and result.out == "" and "hufuctl" in result.err, result


# --- documents

MALFORMED = {
    "no document": (lambda text: b"\x7fELF\x02\x01\x01\n", 1),
    "another version": (lambda text: text.replace(b"hufu-grant: 1", b"hufu-grant: 2"), 1),
    "an unknown line": (lambda text: text.replace(b"\nstaff:", b"\nnonsense: x\nstaff:"), "staff"),
    "a line twice": (lambda text: text.replace(b"\nstaff: zhang.san", b"\nstaff: zhang.san\nstaff: zhang.san"), "staff+1"),
    "a line missing": (lambda text: re.sub(rb"\nticket: [^\n]*", b"", text), "ticket"),
    "a value that is none": (lambda text: re.sub(rb"\nsource: [^\n]*", b"\nsource: somewhere.example", text), "source"),
    "a blank at the end": (lambda text: text.replace(b"\nstaff: zhang.san", b"\nstaff: zhang.san "), "staff"),
    "carriage returns": (lambda text: text.replace(b"\n", b"\r\n"), 1),
    "cut short": (lambda text: text[:-1], "last"),
}


def line_number(text, where):
    if isinstance(where, int):
        return where
    keys = [line.split(":")[0] for line in text.decode().splitlines()]
    if where == "last":
        return len(keys)
    key, _, more = where.partition("+")
    return keys.index(key) + 1 + int(more or 0)


ASK = """
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/hufu/control")
document = open("/root/malformed", "rb").read().decode("latin-1")
s.sendall(json.dumps({"method": "org.hufu.control.DocumentAdd", "parameters": {"document": document, "approvals": []}}).encode() + b"\\0")
print(s.makefile("rb").read1().rstrip(b"\\0").decode())
"""


def refused_documents(site):
    return [record for record in site.audit(result="failure") if record["event"] in ("grant-add", "request-refused")]


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=lambda malformed: next(k for k, v in MALFORMED.items() if v is malformed))
def test_malformed_grant(site, malformed):
    """By the command, which looks first, and by the broker, which does not rely on it."""
    change, where = malformed
    path = site.draft()
    approvals = [site.approve(path, person) for person in site.approvers]
    good = site.box.get(path)
    bad = change(good)
    assert bad != good
    line = line_number(good, where)
    known = site.ctl("grant", "list", "--all")
    site.box.put("/root/malformed", bad)
    refused = site.add("/root/malformed", approvals)
    assert refused.code == 1 and refused.out == "", refused
    assert re.search(rf"/root/malformed, line {line}: \S", refused.err), (line, refused)

    before = refused_documents(site)
    reply = json.loads(site.box.sh(["python3", "-c", ASK]))
    assert reply["error"] == "org.hufu.control.Malformed", reply
    assert reply["parameters"]["line"] == line and reply["parameters"]["reason"], reply
    assert site.ctl("grant", "list", "--all") == known
    assert site.box.run(["hufuctl", "grant", "show", site.grant_id(path)]).code == 3
    assert not site.ssh().ok
    # What does not even say that it is a grant is refused as a request.
    [record] = refused_documents(site)[len(before) :]
    assert record["reason"] == "bad-request", record
    assert f"line {line}: {reply['parameters']['reason']}" in record["detail"], (reply, record)
