"""hufu-ldapd in a box, by its unit, with somebody in hufud's place."""

from fake_hufud import FakeHufud

CONFIG = "/etc/hufu/ldapd.conf"
PASSWORD_FILE = "/etc/hufu/ldapd.password"
TIMING = {"network-timeout": "1s", "stall-after": "60s", "poll-interval": "1s", "reconnect-max": "1s"}


def configuration(uri, base="dc=example", server="", bind="", tls="", timing=None):
    bind = bind or f"method = simple\ndn = cn=host,dc=example\npassword-file = {PASSWORD_FILE}\n"
    times = "".join(f"{key} = {value}\n" for key, value in {**TIMING, **(timing or {})}.items())
    text = f"[server]\nuri = {uri}\nbase = {base}\n{server}[bind]\n{bind}"
    return text + (f"[tls]\n{tls}" if tls else "") + f"[timing]\n{times}"


class Ldapd:
    def __init__(self, box):
        self.box, self.hufud = box, None
        box.put(PASSWORD_FILE, "secret\n", "600", "hufu-ldap:hufu-ldap")

    def begin(self, uri, **settings):
        """Starts it and waits until it knocks at the feed, which is returned."""
        self.end()
        self.box.put(CONFIG, configuration(uri, **settings))
        self.hufud = FakeHufud(self.box)
        self.box.sh("systemctl reset-failed hufu-ldapd 2>/dev/null; systemctl start hufu-ldapd")
        return self.hufud.accept()

    def end(self):
        if self.hufud:
            self.box.sh("systemctl stop hufu-ldapd")
            self.hufud.close()
            self.hufud = None

    @property
    def pid(self):
        return self.box.sh("systemctl show --value -p MainPID hufu-ldapd")

    def status(self, field):
        """A line of its /proc/PID/status."""
        return self.box.sh(f"sed -n 's/^{field}:[ \t]*//p' /proc/{self.pid}/status")

    @property
    def cpu(self):
        """Seconds of processor time it has taken."""
        fields = self.box.get(f"/proc/{self.pid}/stat").decode().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100
