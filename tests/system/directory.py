"""A real slapd in a box, made from contrib/ldap as it is: a provider, a replica if asked for, and everybody who may speak to them.

    directory.host("db02.finance.example", "databases")     # an account and a certificate
    directory.publish("/root/grant", approvals)             # as an operator's command would
    directory.modify(ldif, who="approver")                  # anybody; a Result
    directory.search("(hufuId=*)", who="db01.finance.example")
    directory.provider.kill()
"""

import base64
import re
import shlex

from directory_server import SHIPPED, Server

BASE = "ou=hufu,dc=finance,dc=example"
PROVIDER, REPLICA = "ldap1.finance.example", "ldap2.finance.example"
KEYS = "/root/ldap"
PASSWORD = "pw"
ARGUMENT_MAX = 100_000
# Of the group that is theirs: publishers, approvers, ...
PEOPLE = ("publisher", "approver", "signer", "auditor")

AUTHORITY = f"""mkdir -p {KEYS} /etc/ldap/hufu/tls && cd {KEYS}
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -days 3650 -subj '/O=finance/CN=Hufu directory' -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem
touch index.txt
printf '%s\\n' '[ca]' default_ca=d '[d]' database={KEYS}/index.txt default_md=sha256 certificate={KEYS}/ca.pem private_key={KEYS}/ca.key > ca.cnf
openssl ca -config ca.cnf -gencrl -crldays 3650 -out crl.pem 2>/dev/null
cp ca.pem crl.pem /etc/ldap/hufu/tls/
"""


def attributes(name, value):
    """Lines of LDIF; anything that is not plain as base64."""
    for one in value if isinstance(value, (list, tuple)) else [value]:
        octets = one if isinstance(one, bytes) else str(one).encode()
        yield f"{name}:: {base64.b64encode(octets).decode()}"


def ldif_add(dn, **values):
    return "\n".join([f"dn: {dn}", "changetype: add", *(line for item in values.items() for line in attributes(*item))]) + "\n\n"


class Follower:
    """A search of a host's that stays, as ldapsearch prints it."""

    def __init__(self, box, path):
        self.box, self.path = box, path

    def text(self):
        return self.box.get(self.path).decode(errors="replace")

    def told(self, what, dn):
        """Whether the last word about this entry was `added`, `modified` or `deleted`."""
        found = re.findall(rf"^dn: {re.escape(dn)}\n(?:control: .*\n)?# SyncState control, UUID \S+ (\w+)$", self.text(), re.MULTILINE)
        return bool(found) and found[-1] == what


class Directory:
    followers = 0

    def __init__(self, box):
        self.box = box
        self.replica = None

    # --- setting up

    def establish(self, form="conf"):
        """Provider, tree and people, on the box's loopback. Its configuration is `conf` or `ldif`."""
        self.box.sh(f"echo '127.0.0.11 {PROVIDER} ldap1\n127.0.0.12 {REPLICA} ldap2' >> /etc/hosts")
        self.box.sh(AUTHORITY)
        self.certificate(PROVIDER, "servers", f"subjectAltName=DNS:{PROVIDER}")
        self.certificate("desk.finance.example", "machines")
        self.box.put("/etc/ldap/hufu/tree.ldif", (SHIPPED / "tree.ldif").read_bytes())
        self.provider = Server.provider(self.box, PROVIDER, f"{KEYS}/{PROVIDER}", form).start()
        self.tool("ldapadd", "-f", "/etc/ldap/hufu/tree.ldif")
        self.modify("".join(self._person(name) for name in PEOPLE)).check()
        return self

    def _person(self, name):
        dn = f"cn={name},ou=people,{BASE}"
        person = ldif_add(dn, objectClass="person", cn=name, sn=name, userPassword=PASSWORD)
        return f"{person}dn: cn={name}s,ou=groups,{BASE}\nchangetype: modify\nadd: member\nmember: {dn}\n\n"

    def certificate(self, name, unit, extensions="extendedKeyUsage=clientAuth", ca="ca"):
        """A key and a certificate, CN=NAME,OU=UNIT,O=finance; the path without .key and .pem."""
        path = f"{KEYS}/{name}"
        self.box.sh(
            f"cd {KEYS} && openssl ecparam -name prime256v1 -genkey -noout -out {path}.key"
            f" && openssl req -new -key {path}.key -subj /O=finance/OU={unit}/CN={name} -out {path}.csr"
            f" && openssl x509 -req -in {path}.csr -CA {ca}.pem -CAkey {ca}.key -days 365 -extfile <(printf '{extensions}') -out {path}.pem"
        )
        return path

    def host(self, name, *groups, password=None):
        """An account that may read grants for the host and these groups of hosts, and a certificate for it."""
        values = {"objectClass": ["device", "hufuHostAccount"], "cn": name, "hufuHost": [name, *(f"@{group}" for group in groups)]}
        if password:
            values["userPassword"] = password
        self.modify(ldif_add(self.account(name), **values)).check()
        return self.certificate(name, "hosts")

    def account(self, name):
        return f"cn={name},ou=hosts,{BASE}"

    def add_replica(self):
        """A second slapd that follows the first; returned once it has all."""
        path = self.certificate(REPLICA, "replicas", f"subjectAltName=DNS:{REPLICA}")
        self.modify(ldif_add(f"cn={REPLICA},ou=replicas,{BASE}", objectClass="device", cn=REPLICA)).check()
        self.replica = Server.replica(self.box, REPLICA, path, self.provider.form).start()
        self.box.until(self.in_step, timeout=10)
        return self.replica

    def in_step(self):
        """Whether the replica has what the provider has."""
        states = [self.search("(objectClass=*)", server=server, scope="base", attrs=["contextCSN"]) for server in (self.provider, self.replica)]
        return states[0] == states[1] and states[0] and "contextCSN" in states[0][0]

    # --- speaking to it

    def identity(self, who, server):
        """Options and environment of ldap-utils: `admin` is root of the server, one of PEOPLE binds by password, everybody else
        shows the certificate of that name."""
        if who == "admin":
            return ["-H", server.local, "-Q", "-Y", "EXTERNAL"], {}
        certificate = "desk.finance.example" if who in PEOPLE else who
        tls = {"LDAPTLS_CACERT": f"{KEYS}/ca.pem", "LDAPTLS_CERT": f"{KEYS}/{certificate}.pem", "LDAPTLS_KEY": f"{KEYS}/{certificate}.key"}
        options = ["-x", "-D", f"cn={who},ou=people,{BASE}", "-w", PASSWORD] if who in PEOPLE else ["-Q", "-Y", "EXTERNAL"]
        return ["-H", server.uri, *options], tls

    def run(self, program, *arguments, who="admin", server=None, stdin=None):
        options, environment = self.identity(who, server or self.provider)
        argv = [program, *options, *arguments]
        if stdin is not None and len(stdin) > ARGUMENT_MAX:
            argv = f"{shlex.join(argv)} < {self.box.put('/root/stdin', stdin)}"
        elif stdin is not None:
            argv = f"{shlex.join(argv)} <<'LDIF'\n{stdin}\nLDIF"
        return self.box.run(argv, env=environment)

    def tool(self, program, *arguments, **how):
        """The same, which has to succeed; its output."""
        done = self.run(program, *arguments, **how)
        assert done.ok, done
        return done.out

    def modify(self, ldif, who="admin", server=None):
        """What ldapmodify made of it; `.code` is LDAP's result code."""
        return self.run("ldapmodify", who=who, server=server, stdin=ldif)

    def search(self, query="(objectClass=*)", who="admin", server=None, base=BASE, scope="sub", attrs=()):
        """Entries as {"dn": ..., attribute: [octets, ...]}."""
        done = self.run("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope, query, *attrs, who=who, server=server)
        assert done.ok or done.code == 32, done
        return [self._entry(block) for block in done.out.split("\n\n") if block.strip()]

    @staticmethod
    def _entry(block):
        entry = {}
        for name, colons, value in re.findall(r"^([^:\n]+)(::?) ?(.*)$", block, re.MULTILINE):
            octets = base64.b64decode(value) if colons == "::" else value.encode()
            if name == "dn":
                entry["dn"] = octets.decode()
            else:
                entry.setdefault(name, []).append(octets)
        return entry

    def follow(self, who, server=None, query="(objectClass=*)"):
        """A search with refreshAndPersist that ends with the test."""
        options, environment = self.identity(who, server or self.provider)
        Directory.followers += 1
        path = f"/root/follower.{Directory.followers}"
        argv = ["ldapsearch", "-o", "ldif-wrap=no", *options, "-E", "!sync=rp", "-b", BASE, query, "1.1"]
        self.box.start(f"exec stdbuf -oL {shlex.join(argv)} > {path} 2>&1", env=environment)
        self.box.until(f"test -e {path}")
        return Follower(self.box, path)

    def add(self, dn, who="admin", **values):
        return self.modify(ldif_add(dn, **values), who=who)

    def replace(self, dn, who="admin", **values):
        parts = "-\n".join("\n".join([f"replace: {name}", *attributes(name, value)]) + "\n" for name, value in values.items())
        return self.modify(f"dn: {dn}\nchangetype: modify\n{parts}", who=who)

    def delete(self, dn, who="admin"):
        return self.modify(f"dn: {dn}\nchangetype: delete\n", who=who)

    # --- documents

    def entry_of(self, path, approvals=()):
        """The entry that a document belongs to, with its approvals: name and values. They are files in the box, or octets."""
        document = self.octets(path)
        fields = {}
        for name, value in re.findall(r"^([a-z0-9-]+): (.*)$", document.decode(), re.MULTILINE):
            fields.setdefault(name, []).append(value)
        values = {"hufuDocument": document}
        if approvals:
            values["hufuApproval"] = [self.octets(approval) for approval in approvals]
        kind = next(iter(fields)).removeprefix("hufu-")
        name = {
            "grant": lambda: f"{fields['id'][0]}.{fields['version'][0]}",
            "revocation": lambda: fields["id"][0],
            "status": lambda: fields["trust-epoch"][0],
            "trust": lambda: fields["epoch"][0],
        }[kind]()
        folder = {"grant": "grants", "revocation": "revocations"}.get(kind, kind)
        values.update(objectClass=f"hufu{kind.capitalize()}", cn=name)
        if kind in ("grant", "revocation"):
            values["hufuId"] = fields["id"][0]
        else:
            values["hufuEpoch"] = fields["epoch"][0]
        if kind == "grant":
            values.update(hufuVersion=fields["version"][0], hufuHost=fields["host"], hufuStaff=fields["staff"][0])
            values.update(hufuVendor=fields["vendor"][0], hufuNotAfter=fields["not-after"][0])
        return f"cn={name},ou={folder},{BASE}", values

    def octets(self, paper):
        return paper if isinstance(paper, bytes) else self.box.get(paper)

    def publish(self, path, approvals=(), who="publisher"):
        """A document with its approvals, for hosts to see; its name. A status document replaces the one before it."""
        dn, values = self.entry_of(path, approvals)
        done = self.add(dn, who="signer" if "ou=status" in dn else who, **values)
        if done.code == 68 and "ou=status" in dn:
            done = self.replace(dn, who="signer", **{name: values[name] for name in values if name not in ("cn", "objectClass")})
        assert done.ok, done
        return dn

    def withdraw(self, path, who="publisher"):
        dn, _ = self.entry_of(path)
        done = self.delete(dn, who=who)
        assert done.ok, done
        return dn

    def uses(self, grant, count, hosts):
        """As many slots as a grant of `N fleet` has, for these hosts and groups."""
        for slot in range(1, count + 1):
            dn = f"cn={grant}.{slot},ou=uses,{BASE}"
            done = self.add(dn, who="publisher", objectClass="hufuUse", cn=f"{grant}.{slot}", hufuId=grant, hufuSlot=slot, hufuHost=list(hosts))
            assert done.ok, done

    def beat(self, when="now"):
        """The heartbeat, as the status signer writes it."""
        instant = self.box.sh(f"date -u -d {shlex.quote(when)} +%FT%TZ")
        done = self.replace(f"cn=heartbeat,{BASE}", who="signer", hufuBeat=instant)
        assert done.ok, done
        return instant

    def restored(self):
        """Whatever a test did to the servers: running again."""
        for server in filter(None, (self.provider, self.replica)):
            if server.pid:
                server.thaw()
            server.start()
        return self

    def clear(self):
        """No documents and no uses any more."""
        for folder in ("grants", "revocations", "status", "trust", "uses"):
            found = self.search(base=f"ou={folder},{BASE}", scope="one", attrs=["1.1"])
            if found:
                self.modify("".join(f"dn: {entry['dn']}\nchangetype: delete\n\n" for entry in found))
