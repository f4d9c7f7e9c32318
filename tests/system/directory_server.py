"""One slapd in a box: its process and its database."""

from box import TREE

SHIPPED = TREE / "contrib" / "ldap"


class Server:
    def __init__(self, box, name, unit, conf, data, local):
        self.box, self.name, self.unit, self.conf, self.data = box, name, unit, conf, data
        self.uri, self.plain, self.local = f"ldaps://{name}", f"ldap://{name}", local

    @classmethod
    def provider(cls, box, name, keys):
        """Debian's own unit, and the files where README.md of contrib/ldap puts them."""
        made = cls(box, name, "slapd", "/etc/ldap/hufu/provider.conf", "/var/lib/ldap", "ldapi:///")
        made.install(keys, "/etc/ldap/hufu", ["hufu", "hufu-log", "hufu-uses"])
        services = f"{made.plain}/ {made.uri}/ {made.local}"
        box.sh(f"sed -i 's#^SLAPD_CONF=.*#SLAPD_CONF={made.conf}#; s#^SLAPD_SERVICES=.*#SLAPD_SERVICES=\"{services}\"#' /etc/default/slapd")
        box.put("/etc/systemd/system/slapd.service.d/hufu.conf", (SHIPPED / "slapd.service.conf").read_bytes())
        box.sh("systemctl daemon-reload")
        return made

    @classmethod
    def replica(cls, box, name, keys):
        """The same on another machine would need no other paths; in one box with the provider it does."""
        made = cls(box, name, "hufu-replica", "/etc/ldap/replica/replica.conf", "/var/lib/ldap-replica", "ldapi://%2Frun%2Fslapd%2Freplica")
        text = (SHIPPED / "replica.conf").read_text()
        for ours, theirs in (("/etc/ldap/hufu/tls/server", "/etc/ldap/replica/tls/server"), ("/var/lib/ldap/", made.data + "/")):
            assert ours in text
            text = text.replace(ours, theirs)
        box.put(made.conf, text.replace("/run/slapd/slapd.", "/run/slapd/replica."))
        made.install(keys, "/etc/ldap/replica", ["hufu", "hufu-log"])
        command = f"/usr/sbin/slapd -u openldap -g openldap -d 0 -f {made.conf} -h '{made.plain}/ {made.uri}/ {made.local}'"
        box.put("/run/systemd/system/hufu-replica.service", f"[Service]\nExecStart={command.replace('%', '%%')}\nLimitNOFILE=65536\n")
        box.sh("systemctl daemon-reload")
        return made

    def install(self, keys, folder, databases):
        self.box.sh(
            f"mkdir -p {folder}/tls && cp {keys}.pem {folder}/tls/server.pem && install -g openldap -m 640 {keys}.key {folder}/tls/server.key"
            f" && cd $(mkdir -p {self.data} && chown openldap: {self.data} && echo {self.data})"
            f" && install -d -o openldap -g openldap -m 700 {' '.join(databases)} && install -d -o openldap -g openldap /run/slapd"
        )

    # --- its process

    @property
    def pid(self):
        return self.box.run(f"pgrep -f '^/usr/sbin/slapd .*{self.conf}'").out.strip()

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
        """It holds its connections and says nothing."""
        self.box.sh(f"kill -STOP {self.pid}")

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
