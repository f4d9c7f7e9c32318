"""A 389 Directory Server in a box, set up as contrib/ldap/README.md says: instance, schema, the two plugins that RFC 4533 takes, TLS, and
an account by password for the box's host.
"""

import base64

from box import TREE

SHIPPED = TREE / "contrib" / "ldap"
BASE = "ou=hufu,dc=finance,dc=example"
NAME = "ldap3.finance.example"
KEYS = "/root/389"
LOCAL = "ldapi://%2Frun%2Fslapd-hufu.socket"
UNIT = "dirsrv@hufu"

INSTANCE = """[general]
config_version = 2
full_machine_name = localhost
start = True
selinux = False
strict_host_checking = False
[slapd]
instance_name = hufu
port = 389
self_sign_cert = False
root_dn = cn=manager
root_password = {password}
[backend-userroot]
suffix = dc=finance,dc=example
create_suffix_entry = True
sample_entries = no
"""

CERTIFICATES = f"""mkdir -p {KEYS} && cd {KEYS}
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -days 3650 -subj '/O=finance/CN=Hufu directory' -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem
openssl ecparam -name prime256v1 -genkey -noout -out server.key
openssl req -new -key server.key -subj /O=finance/OU=servers/CN={NAME} -out server.csr
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 365 -extfile <(printf 'subjectAltName=DNS:{NAME}') -out server.pem
dsctl hufu tls import-ca ca.pem hufu-ca
dsctl hufu tls import-server-key-cert server.pem server.key
"""

# Content Synchronization answers RFC 4533, from what the Retro Changelog keeps; the latter has to keep each entry's unique id.
PLUGINS = """dn: cn=Retro Changelog Plugin,cn=plugins,cn=config
changetype: modify
replace: nsslapd-pluginEnabled
nsslapd-pluginEnabled: on
-
add: nsslapd-attribute
nsslapd-attribute: nsuniqueid:targetUniqueId

dn: cn=Content Synchronization,cn=plugins,cn=config
changetype: modify
replace: nsslapd-pluginEnabled
nsslapd-pluginEnabled: on

dn: cn=config
changetype: modify
replace: nsslapd-security
nsslapd-security: on
-
replace: nsslapd-securePort
nsslapd-securePort: 636
"""

CLASSES = "".join(f"(objectClass=hufu{kind})" for kind in ("Grant", "Revocation", "Status", "Trust", "Heartbeat"))
RIGHTS = (
    f'(targetattr="*")(targetfilter="(|{CLASSES})")(version 3.0; acl "hosts read documents";'
    f' allow (read,search,compare) userdn="ldap:///cn=*,ou=hosts,{BASE}";)'
)


class Directory389:
    def __init__(self, box):
        self.box = box

    def establish(self):
        self.box.sh(f"echo '127.0.0.13 {NAME}' >> /etc/hosts")
        self.box.put("/root/389.inf", INSTANCE.format(password="manager's own"), mode="600")
        self.box.sh("dscreate from-file /root/389.inf", timeout=60)
        self.box.put("/etc/dirsrv/slapd-hufu/schema/99hufu.ldif", (SHIPPED / "99hufu.ldif").read_bytes(), owner="dirsrv:dirsrv")
        self.modify(PLUGINS)
        self.box.sh(["bash", "-euc", CERTIFICATES], timeout=60)
        self.restart()
        self.modify(self._tree())
        return self

    def _tree(self):
        folders = ["hufu", *("grants", "revocations", "status", "trust", "hosts")]
        text = "".join(
            f"dn: ou={name},{BASE.partition(',')[2] if name == 'hufu' else BASE}\nchangetype: add\nobjectClass: organizationalUnit\nou: {name}\n\n"
            for name in folders
        )
        return f"{text}dn: {BASE}\nchangetype: modify\nadd: aci\naci: {RIGHTS}\n"

    def host(self, name, password):
        self.modify(
            f"dn: {self.account(name)}\nchangetype: add\nobjectClass: device\nobjectClass: simpleSecurityObject\n"
            f"objectClass: hufuHostAccount\ncn: {name}\nhufuHost: {name}\nuserPassword: {password}\n"
        )

    def account(self, name):
        return f"cn={name},ou=hosts,{BASE}"

    # --- its process

    def restart(self):
        self.box.sh(["systemctl", "restart", UNIT])

    def stop(self):
        self.box.sh(["systemctl", "stop", UNIT])

    def start(self):
        self.box.sh(["systemctl", "start", UNIT])

    # --- what it holds

    def modify(self, ldif):
        self.box.sh(f"ldapmodify -Q -Y EXTERNAL -H {LOCAL} <<'LDIF'\n{ldif}\nLDIF")

    def add_document(self, folder, name, kind, path, approvals=(), **values):
        """The document's entry, with its approvals; the entry's name."""
        dn = f"cn={name},ou={folder},{BASE}"
        lines = [f"dn: {dn}", "changetype: add", f"objectClass: hufu{kind}", f"cn: {name}"]
        lines += [f"{attribute}: {value}" for attribute, value in values.items()]
        for attribute, file in [("hufuDocument", path), *(("hufuApproval", approval) for approval in approvals)]:
            lines.append(f"{attribute}:: {base64.b64encode(self.box.get(file)).decode()}")
        self.modify("\n".join(lines) + "\n")
        return dn

    def delete(self, *names):
        self.modify("".join(f"dn: {dn}\nchangetype: delete\n\n" for dn in names))
