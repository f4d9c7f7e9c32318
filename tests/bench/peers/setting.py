"""A machine with everything that is compared on it: three hufud that differ in how many grants they hold, slapd with the same people, nslcd,
sssd, files for pam_access, and a service folder for each, in which `sshd` is the one module alone.
"""

import re
import subprocess

from box import WORLD

PERSON = "v0000000"  # the first of make_store's
UID = 20001
HOST = "db01.finance.example"
PEOPLE = 1000  # in slapd
BASE = "dc=finance,dc=example"
LINES = (10, 1000, 10_000, 100_000)
SLAPD = f"""include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /run/slapd/people.pid
database mdb
maxsize 1073741824
suffix "{BASE}"
rootdn "cn=admin,{BASE}"
rootpw pw
directory /var/lib/ldap-people
index objectClass,uid,uidNumber,host eq
access to * by * read
"""
SLAPD_UNIT = """[Service]
Type=forking
PIDFile=/run/slapd/people.pid
ExecStart=/usr/sbin/slapd -u openldap -g openldap -f /etc/ldap/people.conf -h ldap://127.0.0.2/
"""
NSLCD = f"""uid nslcd
gid nslcd
uri ldap://127.0.0.2/
base {BASE}
pam_authz_search (&(objectClass=posixAccount)(uid=$username)(host={HOST}))
"""
SSSD = f"""[sssd]
services = pam
domains = finance
[domain/finance]
id_provider = ldap
auth_provider = none
access_provider = ldap
ldap_uri = ldap://127.0.0.2/
ldap_search_base = {BASE}
ldap_access_order = filter
ldap_access_filter = (host={HOST})
"""
REAPER = """[reaper]
gated-uid = 20000-29999
max-session-normal = 28800
max-session-privileged = 14400
max-session-emergency = 28800
"""
FOLDER = "/opt/peers"
HURRY = ("chrt", "--rr", "1")


def hurry(box):
    """Everything of the machine, those who ask and those who answer, goes before whatever else this machine has to do."""
    box.sh("for pid in $(ps -eo pid=); do chrt --all-tasks --rr --pid 1 $pid; done >/dev/null 2>&1 || true")


def service(box, name, module):
    box.put(f"{FOLDER}/pam/{name}/sshd", f"account required {module}\n")
    box.put(f"{FOLDER}/pam/{name}/other", "")  # without it, libpam complains in syslog each time
    return f"{name}=pam:{FOLDER}/pam/{name}:sshd:{PERSON}"


def entry(number):
    return entry_of(f"v{number:07}", UID + number)


def entry_of(name, uid):
    """Somebody in the directory, who may log in on this host."""
    lines = [f"dn: uid={name},{BASE}", "objectClass: account", "objectClass: posixAccount", f"uid: {name}", f"cn: {name}"]
    lines += [f"uidNumber: {uid}", "gidNumber: 20000", f"homeDirectory: /home/{name}", "loginShell: /bin/bash", f"host: {HOST}"]
    return "\n".join(lines) + "\n\n"


def serve_people(box, more=()):
    """slapd with these people and many others, at an address of its own."""
    box.put("/etc/ldap/people.conf", SLAPD)
    box.put("/etc/systemd/system/people.service", SLAPD_UNIT)
    root = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: finance\no: finance\n\n"
    box.put("/root/people.ldif", root + "".join([*more, *(entry(number) for number in range(PEOPLE))]))
    box.sh("install -d -o openldap -g openldap /var/lib/ldap-people /run/slapd && slapadd -q -f /etc/ldap/people.conf -l /root/people.ldif")
    box.sh("chown -R openldap: /var/lib/ldap-people && systemctl daemon-reload && systemctl start people")
    box.until("ldapsearch -x -H ldap://127.0.0.2/ -b '' -s base")


def follow_people(box):
    """nslcd and sssd, and the services that ask them."""
    box.put("/etc/nslcd.conf", NSLCD, "640", "root:nslcd")
    box.put("/etc/sssd/sssd.conf", SSSD, "600")
    box.sh("systemctl restart nslcd sssd", timeout=60)
    texts = [service(box, "nslcd", "pam_ldap.so"), service(box, "sssd", "pam_sss.so")]
    for text in texts:
        box.until(lambda text=text: granted(box, text), timeout=30)
    return texts


def granted(box, text):
    return ask(box, text)[0] == 0


def ask(box, text, timeout=30):
    """One account phase: what PAM said, and milliseconds."""
    result, nanoseconds = box.sh([f"{FOLDER}/harness", "once", text], timeout=timeout).split()
    return int(result), int(nanoseconds) / 1e6


def access_file(box, lines):
    """The person is in the last line."""
    path = f"{FOLDER}/access-{lines}"
    box.put(path, "".join(f"+:w{number:07}:10.0.0.0/8\n" for number in range(lines - 2)) + f"+:{PERSON}:10.0.0.0/8\n-:ALL:ALL\n")
    return path


def plain_contestants(box):
    """Those without a daemon, and the round trip."""
    path = f"{FOLDER}/trips"
    box.start([*HURRY, f"{FOLDER}/harness", "serve", path])
    box.until(f"test -S {path}")
    texts = [f"socket=socket:{path}", service(box, "permit", "pam_permit.so"), service(box, "empty", f"{FOLDER}/pam_empty.so")]
    texts += [service(box, "heavy", f"{FOLDER}/pam_heavy.so"), service(box, "slim", f"{FOLDER}/pam_slim.so {path}")]
    texts += [service(box, "known", f"{FOLDER}/pam_known.so {path}")]
    texts += [service(box, f"access-{n}", f"pam_access.so nodefgroup accessfile={access_file(box, n)}") for n in LINES]
    return texts


def unpack(box, size, path):
    """The packed state of a hufud with so many grants, into the box before it boots."""
    into = f"{FOLDER}/state-{size}"
    with open(path, "rb") as archive:
        command = [WORLD, "run", box.name, "sh", "-euc", f"mkdir -p {into} && tar -C {into} -x --no-same-owner"]
        subprocess.run(command, stdin=archive, check=True, timeout=300)


def begin_hufud(box, size):
    """Another hufud and hufu-reaper beside each other: the shipped units, whose folders are others underneath."""
    state, run = f"/var/lib/hufu-{size}", f"/run/hufu-{size}"
    box.sh(f"mv {FOLDER}/state-{size} {state} && install -d -m 755 /etc/hufu-{size} && mv {state}/trust {state}/hufud.conf /etc/hufu-{size}/")
    box.put(f"/etc/hufu-{size}/reaper.conf", REAPER)
    box.sh(f"rm -rf {state}/more; chown -R hufu: {state} && chmod 700 {state}; install -d -o hufu -g hufu -m 755 {run}")
    for unit, folders in (("hufud.service", ("/run/hufu", "/etc/hufu", "/var/lib/hufu", "/var/lib/hufu-anchor")),
                          ("hufu-reaper.service", ("/run/hufu", "/etc/hufu", "/run/hufu-reaper")), ("hufu-reaper.socket", ())):
        box.put(f"/etc/systemd/system/{unit.replace('.', f'-{size}.')}", instance(box.get(f"/lib/systemd/system/{unit}").decode(), size, folders))
    box.sh(f"systemctl daemon-reload && systemctl start hufu-reaper-{size}.socket hufu-reaper-{size} && systemctl start hufud-{size}", timeout=120)
    return service(box, f"hufu-{size}", f"pam_hufu.so gated_uid=20000-29999 socket={run}/gate")


def instance(text, size, folders):
    """A shipped unit, for which each of these folders is the one with the size behind its name."""
    text = re.sub(r"\b(hufu-reaper|hufud)\.(service|socket)", rf"\1-{size}.\2", text)
    text = re.sub(r"^(StateDirectory|RuntimeDirectory)=(.*)$", lambda m: f"{m[1]}={' '.join(f'{name}-{size}' for name in m[2].split())}", text, flags=re.MULTILINE)
    text = text.replace("ListenSequentialPacket=/run/hufu/", f"ListenSequentialPacket=/run/hufu-{size}/")
    binds = "".join(f"BindPaths={folder}-{size}:{folder}\n" for folder in folders)
    return text.replace("[Service]\n", f"[Service]\n{binds}", 1)
