"""A host that Hufu guards, with its people: what an administrator, a requester and two approvers would do, in a box.

Everybody uses the shipped commands, and keys and certificates come from stock openssl.
"""

import copy
import json
import re
import shlex
import time

HOST = "db01.finance.example"
NAME = "cn.example.finance"
TRUST = "/root/trust"
PEOPLE = "/root/people"
SM2_ID = "-sigopt distid:1234567812345678"


class Authority:
    """The department's certificate authorities, Ed25519 and SM2, and certificates for its people."""

    GENERATE = {
        "ed25519": "openssl genpkey -quiet -algorithm ed25519",
        "sm2-sm3": "openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:SM2",
    }

    def __init__(self, box):
        self.box = box
        box.sh(f"mkdir -p {PEOPLE}")
        for algorithm in self.GENERATE:
            self._make_root(algorithm)

    def _signing(self, algorithm):
        return f"-sm3 {SM2_ID}" if algorithm == "sm2-sm3" else ""

    def _make_root(self, algorithm):
        path = f"{PEOPLE}/ca-{algorithm}"
        self.box.sh(
            f"{self.GENERATE[algorithm]} -out {path}.key && openssl req -x509 -new -key {path}.key {self._signing(algorithm)}"
            f" -days 3650 -subj '/O=finance/CN=finance {algorithm}' -addext keyUsage=critical,keyCertSign,cRLSign -out {path}.pem"
        )

    def person(self, name, algorithm, days=365):
        """A key and a certificate; the certificate's DER in base64."""
        path, ca = f"{PEOPLE}/{name}", f"{PEOPLE}/ca-{algorithm}"
        verifying = SM2_ID.replace("sigopt", "vfyopt") if algorithm == "sm2-sm3" else ""
        self.box.sh(
            f"{self.GENERATE[algorithm]} -out {path}.key"
            f" && openssl req -new -key {path}.key {self._signing(algorithm)} -subj /O=finance/CN={name} -out {path}.csr"
            " -addext keyUsage=critical,digitalSignature -addext basicConstraints=critical,CA:FALSE"
            f" && openssl x509 -req -in {path}.csr -CA {ca}.pem -CAkey {ca}.key {self._signing(algorithm)} {verifying}"
            f" -days {days} -copy_extensions copyall -out {path}.pem"
        )
        return self.certificate(path)

    def known(self, name, algorithm):
        """The certificate of somebody who may have one already."""
        path = f"{PEOPLE}/{name}"
        return self.certificate(path) if self.box.run(f"test -e {path}.pem").ok else self.person(name, algorithm)

    def certificate(self, path):
        return self.box.sh(f"openssl x509 -in {path}.pem -outform der | base64 -w0")

    def anchor(self, algorithm):
        return self.certificate(f"{PEOPLE}/ca-{algorithm}")


class Site:
    """`establish()` makes all; then `grant()`, `revoke()` and the box's own ways of logging in.

    The requester is li.si, the approvers wang.wu (leader, SM2) and zhou.ming (unit, Ed25519), the vendor's staff zhang.san
    (uid 20001) of vendor acme. staff.person works for the department and is nobody's business.
    """

    approvers = {"wang.wu": ("leader", "sm2-sm3"), "zhou.ming": ("unit", "ed25519")}
    newcomers = 0
    news = "--standalone"
    stacks = "DEBIAN_FRONTEND=noninteractive pam-auth-update --enable hufu"

    def __init__(self, box):
        self.box = box
        self.keys = {}

    def on(self, box):
        """The same site, on a clone of its box."""
        clone = copy.copy(self)
        clone.box, clone.keys = box, dict(self.keys)
        clone.authority = copy.copy(self.authority)
        clone.authority.box = box
        box.until("hufuctl status")
        return clone

    # --- setting up

    def establish(self):
        self.authority = Authority(self.box)
        self.box.put(TRUST, self.trust_document())
        self.set_up()
        self.vendor("zhang.san", 20001)
        self.staff("staff.person")
        return self

    def trust_document(self, epoch=1, approvers=None, extra=()):
        lines = [f"anchor: finance-{algorithm} {self.authority.anchor(algorithm)}" for algorithm in Authority.GENERATE]
        lines += ["requester: li.si finance"]
        for person, (role, algorithm) in (approvers or self.approvers).items():
            lines.append(f"approver: {person} finance {role} {algorithm} {self.authority.known(person, algorithm)}")
        lines += ["limit: emergency validity=86400 session=28800 any=hours,source"]
        lines += ["limit: normal validity=2592000 session=28800 any=command,hours,source,uses"]
        lines += ["limit: privileged validity=604800 session=14400 any=hours"]
        lines += ["quorum: emergency total=1 leader=1"]
        lines += ["quorum: normal total=2 leader=1 unit=1"]
        lines += ["quorum: privileged total=2 leader=1 unit=1"]
        order = ["anchor", "requester", "approver", "revoker", "status-key", "limit", "quorum"]
        lines = sorted({*lines, *extra}, key=lambda line: (order.index(line.split(":")[0]), line.encode()))
        head = ["hufu-trust: 1", f"site: {NAME}", f"epoch: {epoch}"]
        head += ["not-before: 2020-01-01T00:00:00Z", "not-after: 2040-01-01T00:00:00Z"]
        return "\n".join([*head, *lines]) + "\n"

    def set_up(self):
        """The steps of README's installation after the files are in place."""
        self.box.sh(f"hufuctl setup --host {HOST} --trust {TRUST} {self.news}")
        self.box.sh(self.stacks)
        self.box.sh("install -m 644 /usr/share/hufu/ssh/hufu.conf /etc/ssh/sshd_config.d/00-hufu.conf")
        self.box.sh("systemctl daemon-reload; systemctl enable --now hufu-reaper hufud")
        self.box.sh("systemctl restart ssh")

    def vendor(self, name, uid, *groups):
        """A vendor's person: a gated account, and an ssh key on their own machine."""
        self.box.account(name, uid=uid, group="hufu-gated")
        for group in groups:
            self.box.sh(["gpasswd", "-a", name, group])
        self.keys[name] = self.box.key(name)
        return self.keys[name]

    def newcomer(self):
        """A vendor's person whom this host has never heard of, with no grants of the past."""
        Site.newcomers += 1
        name = f"newcomer.{Site.newcomers}"
        self.vendor(name, 20100 + Site.newcomers)
        return name

    def staff(self, name):
        self.box.account(name)
        self.keys[name] = self.box.key(name)
        self.box.authorize(name, self.keys[name])
        return self.keys[name]

    # --- grants

    def draft(self, staff="zhang.san", path="/root/grant", **fields):
        """Fields are hufuctl's options with `_` for `-`; a list repeats an option, None leaves it out."""
        options = {
            "site": NAME,
            "vendor": "acme",
            "contract": "C-2026-017",
            "staff": staff,
            "key": f"{self.keys[staff]}.pub" if staff in self.keys else "password",
            "host": HOST,
            "service": "sshd",
            "channel": ["exec", "forward", "shell", "transfer"],
            "source": "127.0.0.0/8",
            "from": "now",
            "for": "8h",
            "uses": "100 per-host",
            "sessions": "20",
            "requester": "li.si",
            "ticket": "CHG-2026-1142",
            "purpose": "更换数据库存储阵列控制器",
            **{name.rstrip("_").replace("_", "-"): value for name, value in fields.items()},
        }
        argv = ["hufuctl", "grant", "draft", "-o", path]
        for name, value in options.items():
            for item in value if isinstance(value, (list, tuple)) else [value]:
                if item is not None:
                    argv += [f"--{name}", str(item)]
        self.box.sh(f"rm -f {path} {path}.*.approval")
        self.box.sh(argv)
        return path

    def approve(self, path, person, trust=TRUST):
        role, _ = self.approvers[person]
        approval = f"{path}.{person}.approval"
        self.box.sh(
            f"hufuctl approve {path} --as {person} --role {role} --key {PEOPLE}/{person}.key --trust {trust} -o {approval} --yes"
        )
        return approval

    def add(self, path, approvals):
        return self.box.run(["hufuctl", "grant", "add", path, *(part for file in approvals for part in ("--approval", file))])

    def grant(self, staff="zhang.san", **fields):
        """Drafted, approved by everybody and added; its id."""
        path = self.draft(staff, **fields)
        result = self.add(path, [self.approve(path, person) for person in self.approvers])
        assert result.ok, result
        return self.grant_id(path)

    def grant_id(self, path):
        return re.search(r"^id: ([0-9a-f]{32})$", self.box.get(path).decode(), re.MULTILINE).group(1)

    def revoke(self, grant, *options):
        return self.box.run(["hufuctl", "revoke", grant, *options])

    def revoke_everything(self):
        for grant in self.ctl("grant", "list"):
            self.revoke(grant["id"])

    # --- asking

    def ctl(self, *arguments):
        """hufuctl --json; what it printed."""
        value = json.loads(self.box.sh(["hufuctl", "--json", *arguments]))
        # Lists come either bare or as the one member of an object.
        if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), list):
            return next(iter(value.values()))
        return value

    def sessions(self, *options):
        return self.ctl("session", "list", *options)

    def live(self):
        return [session for session in self.sessions() if session["state"] == "open"]

    def audit(self, **filters):
        """Records, oldest first."""
        options = (part for name, value in filters.items() for part in (f"--{name}", str(value)))
        reply = self.ctl("audit", "-n", "1000", *options)
        # What others put into the journal in hufud's name stands beside them.
        records = reply["records"] if isinstance(reply, dict) else reply
        return sorted(records, key=lambda record: record["sequence"])

    def gate_requests(self):
        return self.ctl("status")["gate_requests"]

    def refusals(self, staff="zhang.san"):
        """Reasons of the refusals recorded for a person, oldest first."""
        # A refusal may reach the ledger 50 ms after the person (3-rules, "Records").
        time.sleep(0.1)
        return [record["reason"] for record in self.audit(staff=staff, result="failure")]

    # --- logging in

    def ssh(self, account="zhang.san", command="id -un", **how):
        how.setdefault("key", self.keys.get(account))
        return self.box.ssh(account, *([command] if isinstance(command, str) else command), **how)

    def ssh_with_key_offered(self, account="zhang.san"):
        """Offers the granted key, of which this client has the public half alone, and then gives the password. The account
        phase takes the key that sshd was asked about for the one that was used, and admits; the session phase refuses."""
        self.box.sh(f"cp {self.keys[account]}.pub /root/keys/offered.pub")
        return self.ssh(account, "echo in", key="/root/keys/offered", password="pw", method="publickey,password")

    def ssh_with_certificate(self, account, key):
        """With a certificate for `key` by the key `authority`, and with nothing else: the agent signs for the certificate."""
        box, agent, certified = self.box, "/root/agent.socket", "/root/keys/certified"
        box.sh(f"rm -f {certified}* {agent}; cp {key} {certified}; cp {key}.pub {certified}.pub")
        box.sh(f"ssh-keygen -q -s {box.key('authority')} -I test -n {account} -V +1h {certified}.pub")
        box.start(["ssh-agent", "-D", "-a", agent])
        box.until(f"test -S {agent}")
        box.sh(["ssh-add", "-q", certified], env={"SSH_AUTH_SOCK": agent})
        only = ["PubkeyAcceptedAlgorithms=ssh-ed25519-cert-v01@openssh.com", f"IdentityAgent={agent}", "IdentitiesOnly=no"]
        return self.ssh(account, key=certified, options=only)

    def ssh_start(self, account="zhang.san", command="sleep 600", **how):
        how.setdefault("key", self.keys.get(account))
        return self.box.ssh_start(account, *([command] if isinstance(command, str) else command), **how)

    def ssh_master(self, account="zhang.san", *flags):
        """A connection without a channel of its own, and what lets others go over it."""
        over = {"options": ["ControlPath=/root/control-socket"]}
        argv, environment = self.box.ssh_argv(
            account, key=self.keys[account], options=[*over["options"], "ControlMaster=yes", "SessionType=none"]
        )
        running = self.box.start([argv[0], *flags, *argv[1:]], env=environment)
        self.box.until("test -S /root/control-socket")
        return running, over

    def fetch(self, account="zhang.san", *options, program="sftp"):
        """/etc/hostname, as a transfer, to /tmp/fetched."""
        return self.box.ssh(
            account, *options, f"{account}@127.0.0.1:/etc/hostname", "/tmp/fetched", key=self.keys[account], program=program
        )

    def session_open(self, account="zhang.san", **how):
        """An ssh session that stays; returned once hufud lists it as open and its command has been started."""
        before = {session["number"] for session in self.live()}
        running = self.ssh_start(account, **how)

        def opened():
            assert not running.ended, running.wait()
            return [s for s in self.live() if s["number"] not in before and s["staff"] == account]

        session = self.box.until(opened)[0]
        self.box.until(f"pgrep -u {account} -x 'sleep|sh|bash'")
        return running, session

    def shell(self, account="zhang.san", *before, **how):
        """A shell on a terminal at both ends, at its prompt, for pexpect; lines of `before` typed already."""
        terminal = self.box.ssh_spawn(account, key=self.keys[account], **how)
        terminal.expect(r"\$ ")
        for line in before:
            terminal.sendline(line)
            terminal.expect(r"\$ ")
        return terminal

    # --- breaking

    def daemon_pid(self, unit="hufud"):
        return int(self.box.sh(["systemctl", "show", "-p", "MainPID", "--value", unit]))

    def signal(self, name, unit="hufud"):
        self.box.sh(f"kill -{shlex.quote(name)} {self.daemon_pid(unit)}")
