"""After a revocation, and with a server away."""

import concurrent.futures
import time

import setting
from joined_site import REVOKER, Joined

STAFF = "peer.person"  # whom the peers let in: an account that Hufu does not gate
PATIENCE = 30  # seconds that anything is waited for
PORTS = {"access": 2201, "nslcd": 2202, "sssd": 2203}
OPEN = {"key": "password", "source": ["10.0.0.0/8", "127.0.0.0/8"]}  # of a grant: as the harness asks, and as ssh does
NEVER = "no within 30 s"


def seconds(value):
    return NEVER if value is None else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


class Ways:
    """One guarded host that follows a directory, with the peers beside Hufu; each has an sshd that asks it alone."""

    def __init__(self, box):
        self.box = box
        box.sh("DEBIAN_FRONTEND=noninteractive pam-auth-update --package --remove ldap sss")
        self.site = Joined(box).establish()
        self.key = box.key(STAFF)
        box.account(STAFF, uid=15001)
        box.authorize(STAFF, self.key)
        setting.PERSON = STAFF
        setting.serve_people(box, [setting.entry_of(STAFF, 15001)])
        self.access = box.put(f"{setting.FOLDER}/access", self.access_lines(True))
        self.texts = {"access": setting.service(box, "access", f"pam_access.so nodefgroup accessfile={self.access}")}
        self.texts["nslcd"], self.texts["sssd"] = setting.follow_people(box)
        setting.PERSON = "zhang.san"
        self.texts["hufu"] = setting.service(box, "hufu", "pam_hufu.so gated_uid=20000-29999")
        for name, port in PORTS.items():
            self._sshd(name, port)

    def access_lines(self, granted):
        return (f"+:{STAFF}:ALL\n" if granted else "") + "-:ALL:ALL\n"

    def _sshd(self, name, port):
        """OpenSSH takes the name that it was started by for its PAM service."""
        module = self.box.get(f"{setting.FOLDER}/pam/{name}/sshd").decode()
        self.box.put(f"/etc/pam.d/peer-{name}", f"{module}session required pam_permit.so\nauth required pam_deny.so\n")
        self.box.put(f"/etc/ssh/peer-{name}", f"Port {port}\nUsePAM yes\nPidFile none\nHostKey /etc/ssh/ssh_host_ed25519_key\n")
        self.box.sh(f"ln -sf /usr/sbin/sshd /usr/local/sbin/peer-{name} && /usr/local/sbin/peer-{name} -f /etc/ssh/peer-{name}")

    # --- asking

    def ask(self, name, patience=PATIENCE):
        """`granted`, `refused` or NEVER, and seconds."""
        done = self.box.run(["timeout", str(patience), f"{setting.FOLDER}/harness", "once", self.texts[name]], timeout=patience + 10)
        if done.code == 124:
            return NEVER, patience
        result, nanoseconds = done.out.split()
        return "granted" if result == "0" else "refused", int(nanoseconds) / 1e9

    def session(self, name):
        """A live session of somebody who may."""
        if name == "hufu":
            running = self.site.ssh_start("zhang.san", "sleep 600", key=None, password="pw")
            self.box.until("pgrep -u zhang.san -x sleep", timeout=15)
        else:
            running = self.box.ssh_start(STAFF, "sleep", "600", key=self.key, options=[f"Port={PORTS[name]}"])
            self.box.until(f"pgrep -u {STAFF} -x sleep", timeout=15)
        return running

    def is_alive(self, name):
        return self.box.run(["pgrep", "-u", "zhang.san" if name == "hufu" else STAFF, "-x", "sleep"]).ok

    # --- taking away

    def in_the_file(self):
        self.box.put(self.access, self.access_lines(False))

    def in_the_directory(self):
        change = f"dn: uid={STAFF},{setting.BASE}\nchangetype: modify\ndelete: host\n\n"
        self.box.put("/root/change.ldif", change)
        self.box.sh(f"ldapmodify -x -H ldap://127.0.0.2/ -D cn=admin,{setting.BASE} -w pw -f /root/change.ldif")

    def give_back(self):
        self.box.put("/root/change.ldif", f"dn: uid={STAFF},{setting.BASE}\nchangetype: modify\nadd: host\nhost: {setting.HOST}\n\n")
        self.box.run(f"ldapmodify -x -H ldap://127.0.0.2/ -D cn=admin,{setting.BASE} -w pw -f /root/change.ldif")
        self.box.put(self.access, self.access_lines(True))

    def after(self, name, take_away):
        """Seconds until it refuses, and until the session that was there has ended; None: not at all."""
        running = self.session(name)
        assert self.ask(name)[0] == "granted", name
        began = time.monotonic()
        take_away()
        refused = self._until(lambda: self.ask(name)[0] == "refused", began)
        ended = self._until(lambda: not self.is_alive(name), began)
        running.kill()
        self.box.run(["pkill", "-u", STAFF, "-x", "sleep"])
        return refused, ended

    def _until(self, condition, began):
        while time.monotonic() < began + PATIENCE:
            if condition():
                return time.monotonic() - began
            time.sleep(0.01)
        return None

    # --- servers that are away

    def all_ask(self, names):
        """All at the same time, twice: the first may be the one that finds out."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            first = list(pool.map(self.ask, names))
            second = list(pool.map(self.ask, names))
        return {name: (one, two) for name, one, two in zip(names, first, second)}

    def signal(self, name, unit):
        self.box.sh(["systemctl", "kill", f"--signal={name}", unit])

    def recovered(self):
        self.box.sh("systemctl restart people nslcd sssd hufud", timeout=90)
        for name in ("nslcd", "sssd", "hufu"):
            self.box.until(lambda name=name: self.ask(name)[0] == "granted", timeout=60)


def revocations(ways, say):
    site, rows = ways.site, {}
    grant = site.grant(**OPEN)
    ways.box.until(lambda: ways.ask("hufu")[0] == "granted")
    say("hufuctl revoke")
    rows["Hufu, `hufuctl revoke` on the host"] = ways.after("hufu", lambda: site.revoke(grant))
    octets = site.revocation(f"grant {site.published(**OPEN)}")
    signature = site.signed(octets, REVOKER, "revoker")
    say("a revocation in the directory")
    rows["Hufu, a revocation in the directory"] = ways.after("hufu", lambda: site.publish(octets, [signature]))
    for name, label, how in (
        ("access", "pam_access, the line taken from its file", ways.in_the_file),
        ("nslcd", "nslcd, the attribute taken from the entry", ways.in_the_directory),
        ("sssd", "sssd, the attribute taken from the entry", ways.in_the_directory),
    ):
        ways.give_back()
        ways.box.sh("systemctl restart nslcd sssd", timeout=60)
        ways.box.until(lambda name=name: ways.ask(name)[0] == "granted", timeout=60)
        say(label)
        rows[label] = ways.after(name, how)
    ways.give_back()
    return rows


def servers_away(ways, say):
    box, provider = ways.box, ways.site.directory.provider
    daemons = ("nslcd", "sssd", "hufud")
    names = ("nslcd", "sssd", "hufu")
    ways.site.published(**OPEN)
    ways.recovered()
    found = {}
    say("directory stopped")
    box.sh("systemctl stop people")
    provider.stop()
    found["directory stopped"] = ways.all_ask(names)
    provider.start()
    ways.recovered()
    say("directory frozen")
    ways.signal("STOP", "people")
    provider.freeze()
    found["directory frozen"] = ways.all_ask(names)
    ways.signal("CONT", "people")
    provider.thaw()
    ways.recovered()
    say("daemons stopped")
    box.sh("systemctl stop nslcd sssd hufud", timeout=60)
    found["its daemon stopped"] = ways.all_ask(names)
    box.sh("systemctl start nslcd sssd hufud", timeout=60)
    ways.recovered()
    say("daemons frozen")
    for unit in daemons:
        ways.signal("STOP", unit)
    found["its daemon frozen"] = ways.all_ask(names)
    for unit in daemons:
        ways.signal("CONT", unit)
    return found


def answer(asked):
    said, took = asked
    return said if said == NEVER else f"{said}, {took * 1000:.0f} ms" if took < 1 else f"{said}, {took:.1f} s"


def show(box, say):
    say("a host that follows a directory, and the peers beside Hufu")
    ways = Ways(box)
    rows = revocations(ways, say)
    found = servers_away(ways, say)
    print("\n| taken away | refused after | the live session |\n|---|---|---|")
    for label, (refused, ended) in rows.items():
        print(f"| {label} | {seconds(refused)} | {'lives on' if ended is None else f'ended after {seconds(ended)}'} |")
    print("\n| | nslcd | sssd | Hufu |\n|---|---|---|---|")
    for condition, asked in found.items():
        cells = [answer(one) if answer(one) == answer(two) else f"{answer(one)}; then {answer(two)}" for one, two in asked.values()]
        print(f"| {condition} | {' | '.join(cells)} |")
