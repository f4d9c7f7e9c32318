"""One slapd in a box: its process and its database."""

from box import TREE

SHIPPED = TREE / "contrib" / "ldap"


# What a server's configuration is made of, besides its own file: as slapd.conf, or as LDIF for cn=config.
PARTS = {"conf": ["hufu.schema", "acl.conf"], "ldif": ["hufu.ldif", "acl.ldif"]}
# Where README.md puts files, and where a second server in the same box has its own.
MOVED = (
    ("/etc/ldap/hufu/tls/server", "/etc/ldap/replica/tls/server"),
    ("/var/lib/ldap/", "/var/lib/ldap-replica/"),
    ("/run/slapd/slapd.", "/run/slapd/replica."),
)


class Server:
    def __init__(self, box, name, unit, folder, data, local, form):
        self.box, self.name, self.unit, self.folder, self.data, self.form = box, name, unit, folder, data, form
        self.uri, self.plain, self.local = f"ldaps://{name}", f"ldap://{name}", local
        self.services = f"{self.plain}/ {self.uri}/ {self.local}"

    @classmethod
    def provider(cls, box, name, keys, form="conf"):
        """Debian's own unit, and the files where README.md of contrib/ldap puts them."""
        made = cls(box, name, "slapd", "/etc/ldap/hufu", "/var/lib/ldap", "ldapi:///", form)
        made.install(keys, ["hufu", "hufu-log", "hufu-uses"])
        made.configure("provider", (SHIPPED / f"provider.{form}").read_text())
        box.sh(f"sed -i 's#^SLAPD_CONF=.*#SLAPD_CONF={made.conf}#; s#^SLAPD_SERVICES=.*#SLAPD_SERVICES=\"{made.services}\"#' /etc/default/slapd")
        box.put("/etc/systemd/system/slapd.service.d/hufu.conf", (SHIPPED / "slapd.service.conf").read_bytes())
        box.sh("systemctl daemon-reload")
        return made

    @classmethod
    def replica(cls, box, name, keys, form="conf"):
        """On a machine of its own it would be the same unit and the same paths."""
        made = cls(box, name, "hufu-replica", "/etc/ldap/replica", "/var/lib/ldap-replica", "ldapi://%2Frun%2Fslapd%2Freplica", form)
        made.install(keys, ["hufu", "hufu-log"])
        text = (SHIPPED / f"replica.{form}").read_text()
        for ours, theirs in MOVED:
            assert ours in text
            text = text.replace(ours, theirs)
        made.configure("replica", text)
        option = "-f" if form == "conf" else "-F"
        command = f"/usr/sbin/slapd -u openldap -g openldap -d 0 {option} {made.conf} -h '{made.services}'"
        box.put("/run/systemd/system/hufu-replica.service", f"[Service]\nExecStart={command.replace('%', '%%')}\nLimitNOFILE=65536\n")
        box.sh("systemctl daemon-reload")
        return made

    def configure(self, name, text):
        for part in PARTS[self.form]:
            self.box.put(f"/etc/ldap/hufu/{part}", (SHIPPED / part).read_bytes())
        path = self.conf = self.box.put(f"{self.folder}/{name}.{self.form}", text)
        if self.form == "ldif":
            self.conf = f"{self.folder}/slapd.d"
            self.box.sh(f"mkdir {self.conf} && slapadd -n 0 -F {self.conf} -l {path} && chown -R openldap: {self.conf}")

    def install(self, keys, databases):
        tls = f"{self.folder}/tls"
        self.box.sh(
            f"mkdir -p {tls} && cp {keys}.pem {tls}/server.pem && install -g openldap -m 640 {keys}.key {tls}/server.key"
            f" && cd $(mkdir -p {self.data} && chown openldap: {self.data} && echo {self.data})"
            f" && install -d -o openldap -g openldap -m 700 {' '.join(databases)} && install -d -o openldap -g openldap /run/slapd"
        )

    # --- its process

    @property
    def pid(self):
        found = self.box.run(f"pgrep -f '^/usr/sbin/slapd .*{self.conf}'").out.split()
        assert len(found) < 2, found
        return "".join(found)

    def answers(self):
        return self.box.run(f"ldapwhoami -Q -Y EXTERNAL -H {self.local}").ok

    def start(self):
        self.box.sh(f"systemctl reset-failed {self.unit} 2>/dev/null; systemctl start {self.unit}")
        self.box.until(self.answers)
        return self

    def stop(self):
        self.box.sh(f"systemctl stop {self.unit}")

    def restart(self):
        self.stop()
        return self.start()

    def kill(self):
        self.box.sh(f"kill -KILL {self.pid}")
        self.box.until(lambda: not self.pid)
        self.box.sh(f"systemctl stop {self.unit}")

    def freeze(self):
        """It holds its connections and says nothing: each of its threads has obeyed."""
        self.box.sh(f"kill -STOP {self.pid}")
        self.box.until(f"! grep -h ^State: /proc/{self.pid}/task/*/status | grep -vq T")

    def thaw(self):
        self.box.sh(f"kill -CONT {self.pid}")

    # --- its database

    def backup(self, name="backup"):
        """The database as it is now, put aside; slapd is stopped meanwhile."""
        self.stop()
        self.box.sh(f"rm -rf {self.data}.{name} && cp -a --sparse=always {self.data} {self.data}.{name}")
        return self.start()

    def restore(self, name="backup"):
        """What was put aside, in place of what is there: what an administrator does after a disk has failed, or an attacker."""
        self.stop()
        self.box.sh(f"rm -rf {self.data} && cp -a --sparse=always {self.data}.{name} {self.data}")
        return self.start()
