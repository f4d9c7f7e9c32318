"""Roles: the auditor reads all and changes nothing, the operator changes and cannot alter records, a vendor's person and everybody
else do neither. Each of them logs in and tries each forbidden way there is: each method of the interface, and each file, folder,
socket and process of the product, as they are found (so that a new one is tried, too), and what a host offers besides."""

import json
import re

import pytest
import recording_site as recording

from box import TREE

INTERFACE = (TREE / "broker" / "ipc" / "org.hufu.control.varlink").read_text(encoding="utf-8")
DOCUMENT = (TREE / "docs" / "protocol-control.md").read_text(encoding="utf-8")
HEADING = "| method | root | hufu-operators | hufu-auditors | gated | others | without hufu-reaper |"
OPERATOR, AUDITOR, VENDOR, OTHER = "zhao.yi", "qian.er", "zhang.san", "sun.san"
COLUMNS = {OPERATOR: 2, AUDITOR: 3, VENDOR: 4, OTHER: 5}
SCRIPTS = "/usr/local/share/trespass"
FOLDERS = ["/var/lib/hufu", "/var/lib/hufu-anchor", "/etc/hufu", "/run/hufu", "/run/hufu-reaper", recording.FOLDER, "/root/backup"]
PROGRAMS = ["/usr/sbin/hufud", "/usr/bin/hufuctl", "/etc/pam.d/sshd", "/etc/group", "/etc/ssh/sshd_config.d/00-hufu.conf"]
# What lies there on every host; that the others are found is not to depend on luck.
EXPECTED = {"/var/lib/hufu/hufu.db", "/var/lib/hufu/hufu.db-wal", "/etc/hufu/hufud.conf", "/etc/hufu/trust"}
UNITS = {"hufud": "hufud", "hufu-reaper": "hufu-reaper"}
BUS = "busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager"
COMMANDS = [
    *(f"systemctl --no-ask-password {what}" for what in (
        "stop hufud", "restart hufud", "reload hufud", "kill -s KILL hufud", "stop hufu-reaper", "stop hufu-reaper.socket", "mask hufud",
        "disable hufud", "set-property --runtime hufud CPUQuota=1%", "daemon-reload", "daemon-reexec", "revert hufud")),
    "SYSTEMD_EDITOR=true systemctl --no-ask-password edit --full hufud",
    f"{BUS} StopUnit ss hufud.service replace",
    f"{BUS} KillUnit ssi hufud.service main 9",
    "timedatectl --no-ask-password set-time 2030-01-01",
    "date -s 2030-01-01",
    "hostnamectl --no-ask-password set-hostname other",
    "journalctl --rotate",
    "/usr/sbin/usermod -aG hufu-operators,hufu-auditors $(id -un)",
    "gpasswd -a $(id -un) hufu-auditors",
    "su -c true",
    "su -s /bin/sh -c true hufu",
    "/usr/sbin/hufud --create-store",
    "timeout 5 /usr/sbin/hufud",
    "timeout 5 /usr/libexec/hufu/hufu-reaper",
]


def methods():
    """Name and parameters (name, type) of each method of the interface description."""
    for name, parameters in re.findall(r"^method (\w+)\(([^)]*)\)", INTERFACE, re.MULTILINE):
        fields = [field.strip() for field in re.sub(r"#.*", "", parameters).replace("\n", " ").split(",")]
        yield name, [tuple(part.strip() for part in field.split(":")) for field in fields if field]


def printed_rights():
    """For each method its row of the document, which a unit test compares with hufud's own table."""
    rows = {}
    for line in DOCUMENT.split(HEADING + "\n", 1)[1].splitlines()[1:]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows.update({name: cells for name in cells[0].split(", ")})
    return rows


def test_each_method_has_a_row():
    assert {name for name, _ in methods()} == set(printed_rights()) - {"org.varlink.service.*"}


def given(fields, values):
    """Parameters that mean something here, so that a door which is open would be gone through."""
    by_type = {"string": "x", "int": 1, "bool": True}
    parameters = {}
    for name, kind in fields:
        plain = kind.lstrip("?")
        if name in values:
            parameters[name] = values[name]
        elif not kind.startswith("?"):
            parameters[name] = [] if plain.startswith("[]") else by_type.get(plain, {})
    return parameters


def plan_of(name, values, own):
    rights, plan = printed_rights(), {}
    for method, fields in methods():
        row = rights[method]
        cell = row[COLUMNS[name]]
        reads = row[COLUMNS[AUDITOR]] == "x" and row[COLUMNS[OPERATOR]] == "x"
        if cell == "own":
            plan[method] = {"expect": "not found", "parameters": given(fields, own)}
        elif cell == "":
            plan[method] = {"expect": "refused", "parameters": given(fields, values)}
        elif reads:
            plan[method] = {"expect": "answered", "parameters": given(fields, values), "more": method == "SessionWatch"}
        else:
            plan[method] = {"expect": "allowed", "parameters": {}}
    return plan


def found(box, kind):
    listed = box.run(f"find {' '.join(FOLDERS)} -type {kind} ! -path '/run/hufu-world*' 2>/dev/null").out.split()
    return sorted(listed)


def snapshot(site):
    """What no way may have changed."""
    box = site.box
    return {
        "files": box.sh(f"find {' '.join(FOLDERS + PROGRAMS)} -printf '%p %i %m %U %G\\n' 2>/dev/null | grep -v hufu.db- | sort; true"),
        "texts": box.sh("sha256sum /etc/hufu/* /etc/group /etc/passwd /etc/hostname 2>/dev/null; true"),
        "processes": {unit: site.daemon_pid(unit) for unit in UNITS},
        "grants": [(g["id"], g["state"]) for g in site.ctl("grant", "list", "--all")],
        "taken": site.ctl("locks"),
        "sessions": [s["number"] for s in site.live()],
        "trust": site.ctl("trust", "show")["epoch"],
        "units": box.sh("systemctl is-enabled hufud hufu-reaper.socket; systemctl show -p CPUQuotaPerSecUSec hufud"),
        "host": box.sh("hostname; ls /etc/systemd/system /run/systemd/system.control 2>/dev/null; true"),
    }


@pytest.fixture(scope="module")
def people(guarded):
    """The four, and what there is to be had: a recording, a backup, somebody else's grant and session."""
    box = guarded.box
    for name, group in ((OPERATOR, "hufu-operators"), (AUDITOR, "hufu-auditors"), (OTHER, None)):
        guarded.staff(name)
        if group:
            box.sh(["gpasswd", "-a", name, group])
    box.sh(f"mkdir -p {SCRIPTS}")
    for script in ("trespass.py", "gate_frames.py"):
        box.put(f"{SCRIPTS}/{script}", (TREE / "tests" / "system" / script).read_text(encoding="utf-8"))
    recording.set_up(guarded)
    box.sh("mkdir -m 700 /root/backup && cp /var/lib/hufu/hufu.db /root/backup/")
    return guarded


@pytest.fixture(scope="module")
def spoils(people):
    site, box = people, people.box
    other = site.newcomer()
    grant = site.grant(other, uses="5 per-host", recording="required")
    running, session = site.session_open(other)
    mine = site.grant(uses="100 per-host", sessions="20")
    box.until(lambda: recording.names(site))
    values = {
        "id": grant, "number": session["number"], "staff": other, "scope": "grant", "name": grant, "why": "trespass",
        "document": box.get("/root/grant").decode(), "sha256": box.sh("sha256sum /etc/hufu/trust").split()[0],
    }
    plan = {
        "files": [path for path in found(box, "f") + PROGRAMS if path != "/root/backup"] + box.sh("find /var/log/journal /run/log/journal -type f 2>/dev/null; true").split(),
        "folders": [path for path in found(box, "d")],
        "sockets": found(box, "s"),
        "store": "/var/lib/hufu/hufu.db",
        "processes": {unit: site.daemon_pid(unit) for unit in UNITS},
        "cgroups": {unit: box.sh(f"systemctl show -p ControlGroup --value {unit}") for unit in UNITS},
        "hufu": int(box.sh("id -u hufu")),
        "other": other,
        "other_uid": int(box.sh(["id", "-u", other])),
        "roles": {},
    }
    assert EXPECTED <= set(plan["files"]), plan["files"]
    groups = {name: int(box.sh(f"getent group {name}").split(":")[2]) for name in ("root", "hufu", "hufu-operators", "hufu-auditors", "shadow")}
    preload = [f"LD_PRELOAD=/tmp/none.so {path} 2>&1 | grep preloaded" for path in box.sh("find /usr/libexec/hufu -perm /6000").split()]
    for name in COLUMNS:
        member = set(box.sh(["id", "-Gn", name]).split())
        kept = f"^({recording.FOLDER})" if name == AUDITOR else "^$"
        secret = [path for path in plan["files"] + plan["folders"] if re.match("/var/lib/hufu|/root|/run/hufu-reaper|/var/log/hufu/rec", path)]
        plan["roles"][name] = {
            "methods": plan_of(name, values, values),
            "secret": [path for path in secret if not re.match(kept, path)],
            "groups": {group: number for group, number in groups.items() if group not in member},
            "commands": COMMANDS + preload + [f"sg {group} true" for group in ("hufu-operators", "hufu-auditors") if group not in member],
        }
    box.put("/tmp/plan.json", json.dumps(plan))
    yield {"site": site, "mine": mine}
    running.kill()


def ways_of(site, name):
    done = site.box.ssh(name, "python3", f"{SCRIPTS}/trespass.py", name, key=site.keys[name], timeout=120)
    assert done.ok, done
    return [json.loads(line) for line in done.out.splitlines()]


def test_no_way_is_open(spoils, capsys):
    site = spoils["site"]
    before = snapshot(site)
    last = site.audit()[-1]["sequence"]
    tried = refused = 0
    for name in COLUMNS:
        ways = ways_of(site, name)
        forbidden = [way for way in ways if not way["way"].startswith("may ")]
        may = {way["way"]: way["said"] for way in ways if way["way"].startswith("may ")}
        open_ways = [way for way in forbidden if not way["refused"]]
        assert open_ways == [], (name, open_ways)
        assert {way: said for way, said in may.items() if said != "answered"} == {}, name
        assert len(forbidden) > 200, (name, len(forbidden))
        tried, refused = tried + len(forbidden), refused + len([way for way in forbidden if way["refused"]])
        # Each that was refused at the control socket is on record, by the login uid of who tried.
        uid = int(site.box.sh(["id", "-u", name]))
        records = [r for r in site.audit(event="control-refused") if r["actor"] == uid and r["sequence"] > last]
        plan = json.loads(site.box.get("/tmp/plan.json"))["roles"][name]["methods"]
        wanted = {method for method, how in plan.items() if how["expect"] == "refused"}
        assert {re.match(r"(\w+) needs", r["detail"]).group(1) for r in records} == wanted, name
    # Nothing was done in their names, and what there was is there.
    uids = {int(site.box.sh(["id", "-u", name])) for name in COLUMNS}
    done = [r for r in site.audit() if r["sequence"] > last and r["actor"] in uids and r["result"] == "success"]
    assert [r["event"] for r in done] in ([], ["directory-refresh"]), done
    assert snapshot(site) == before
    with capsys.disabled():
        print(f"\nroles: {tried} forbidden ways tried, {refused} refused")


def test_the_auditor_reads_all(spoils):
    """By hufuctl, and in the folder of recordings: without another's leave, and without changing anything."""
    site = spoils["site"]
    box, key = site.box, site.keys[AUDITOR]
    running, session = site.session_open(VENDOR)
    number = str(session["number"])
    reads = [["status"], ["grant", "list", "--all"], ["grant", "show", spoils["mine"]], ["session", "list", "--all"],
             ["session", "show", number], ["locks"], ["audit", "-n", "5"], ["trust", "show"], ["sync", "status"],
             ["explain", VENDOR, "--service", "sshd"]]
    for verb in reads:
        done = box.ssh(AUDITOR, "hufuctl", *verb, key=key)
        assert done.code in (0, 1) and done.out, done
    shown = box.ssh(AUDITOR, "hufuctl", "--json", "grant", "show", spoils["mine"], key=key)
    assert json.loads(shown.out)["document"].startswith("hufu-grant: 1\n")
    running.kill()
    [name, *_] = recording.names(site)
    assert box.ssh(AUDITOR, f"cat {recording.FOLDER}/{name}", key=key).ok, name


def test_the_ways_are_ways(spoils):
    """What is tried is there: root goes each of those that harm nothing."""
    site = spoils["site"]
    plan = json.loads(site.box.get("/tmp/plan.json"))
    script = (
        "import json, sys; sys.path.insert(0, %r); import trespass as t, gate_frames as g; plan = json.load(open('/tmp/plan.json'));"
        "files = [p for p in plan['files'] if not p.endswith('.lease')];"
        "[t.read(p) for p in files]; [t.append(p) for p in files if not p.startswith('/usr/')];"
        "[t.os.listdir(p) for p in plan['folders']]; [t.os.kill(p, 0) for p in plan['processes'].values()];"
        "[t.os.listdir(f'/proc/{p}/fd') for p in plan['processes'].values()];"
        "[t.append(f'/sys/fs/cgroup{c}/cgroup.procs') for c in plan['cgroups'].values()];"
        "t.open_database(plan['store'], 'immutable=1');"
        "print(g.reply(g.ask(g.CLOSE, g.pam('zhang.san', 20001, '10.1.2.3')))[0] == g.ALLOW)"
    ) % SCRIPTS
    assert site.box.sh(["python3", "-c", script]) == "True"
    assert set(plan["sockets"]) >= {"/run/hufu/gate", "/run/hufu/control", "/run/hufu/reaper", "/run/hufu/feed"}
