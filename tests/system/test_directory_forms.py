"""contrib/ldap says everything twice, for slapd.conf and for cn=config: both forms load, and say the same."""

import re

import pytest

from directory_server import SHIPPED

# Made by slapd for every entry, and what tells where a configuration was read from.
OF_SLAPD = r"entryUUID|entryCSN|\w+Timestamp|\w+sName|structuralObjectClass|olcConfigFile|olcConfigDir|contextCSN"
# What a setting of a database is before anybody says it, and what cn=config inherits where slapd.conf copies.
PLAIN = """include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
security ssf=128 simple_bind=128
require authc
database config
database mdb
suffix cn=plain
rootdn cn=plain
directory /root/plain
syncrepl rid=1 provider=ldap://plain searchbase=cn=plain bindmethod=simple
"""


@pytest.fixture(scope="module")
def machine(box):
    """What README.md says to put where, for both forms."""
    box.sh("mkdir -p /etc/ldap/hufu/tls /root/plain /run/slapd && cd /etc/ldap/hufu/tls && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x"
           " -keyout server.key -out server.pem 2>/dev/null && cp server.pem ca.pem && touch index.txt"
           " && printf '%s\\n' '[ca]' default_ca=d '[d]' database=index.txt default_md=sha256 > ca.cnf"
           " && openssl ca -config ca.cnf -gencrl -crldays 9 -cert ca.pem -keyfile server.key -out crl.pem 2>/dev/null")
    box.sh("cd /var/lib/ldap && mkdir -p hufu hufu-log hufu-uses")
    for path in SHIPPED.iterdir():
        box.put(f"/etc/ldap/hufu/{path.name}", path.read_bytes())
    return box


def settings(machine, made_by):
    """Every setting that slapd has after a configuration was loaded, by entry. (slaptest writes it, and then misses databases.)"""
    machine.sh(f"rm -rf /root/loaded && mkdir /root/loaded && {made_by}; slaptest -u -F /root/loaded")
    found = {}
    for block in machine.sh("slapcat -n 0 -F /root/loaded -o ldif-wrap=no").split("\n\n"):
        lines = [line for line in block.splitlines() if not re.match(OF_SLAPD, line)]
        if lines:
            found[lines[0].removeprefix("dn: ")] = {normal(line) for line in lines[1:]}
    return found


def normal(line):
    """slapd has more than one spelling for some things, and writes some words that nobody has to say."""
    line = re.sub(r"\s+", " ", line)
    for theirs, ours in (("dn.one=", "dn.onelevel="), ("dn.base=", "dn.exact="), ("dn.base,", "dn.exact,"), ("+0 break", "break")):
        line = line.replace(theirs, ours)
    line = re.sub(r"group/groupOfNames/member(\.exact)?=", "group=", line).replace("set.exact=", "set=").replace("cn=Subschema", "cn=subschema")
    if line.startswith("olcSyncrepl"):
        unsaid = r" (starttls=no|filter=\S+|scope=sub|schemachecking=off|tls_reqsan=allow|tls_cipher_suite=\S+)"
        line = re.sub(unsaid, "", line.replace('"', "").replace("rid=001", "rid=1"))
        words = line.removeprefix("olcSyncrepl: ").removeprefix("{0}").split(" ")
        line = "olcSyncrepl: " + " ".join(sorted(words))
    return re.sub(r"^(olcLimits|olcAccess|olcAuthzRegexp|olcModuleLoad|olcUpdateRef|olcObjectClasses|olcAttributeTypes): \{\d+\}", r"\1: ", line)


@pytest.mark.parametrize("name", ["provider", "replica"])
def test_both_forms_say_the_same(machine, name):
    machine.put("/root/plain.conf", PLAIN)
    plain = set().union(*settings(machine, "slaptest -f /root/plain.conf -F /root/loaded").values())
    conf = settings(machine, f"slaptest -f /etc/ldap/hufu/{name}.conf -F /root/loaded")
    ldif = settings(machine, f"slapadd -n 0 -F /root/loaded -l /etc/ldap/hufu/{name}.ldif")
    assert conf.keys() == ldif.keys()
    ours = [entry for entry in conf if not entry.endswith("cn=schema,cn=config") or "hufu" in entry]
    for entry in ours:
        assert ldif[entry] - conf[entry] == set(), entry
        assert conf[entry] - ldif[entry] - plain == set(), entry
    # What was compared has something in it.
    assert sum(line.startswith("olcObjectClasses") for line in ldif["cn={3}hufu,cn=schema,cn=config"]) == 9
    assert sum(line.startswith("olcAccess") for line in ldif["olcDatabase={-1}frontend,cn=config"]) > 20


def test_replica_differs_where_it_says(machine):
    """Everything else is the provider's: who may speak, what is kept, which names are searched for."""
    provider = settings(machine, "slaptest -f /etc/ldap/hufu/provider.conf -F /root/loaded")
    replica = settings(machine, "slaptest -f /etc/ldap/hufu/replica.conf -F /root/loaded")
    different = set()
    for entry, theirs in {"cn=config": "cn=config", "olcDatabase={-1}frontend,cn=config": "olcDatabase={-1}frontend,cn=config",
                          "olcDatabase={1}mdb,cn=config": "olcDatabase={1}mdb,cn=config",
                          "olcDatabase={3}mdb,cn=config": "olcDatabase={2}mdb,cn=config"}.items():
        different |= {line.split(":")[0] for line in provider[entry] ^ replica[theirs]}
    assert different == {"olcServerID", "olcDatabase", "olcAddContentAcl", "olcSyncrepl", "olcUpdateRef", "olcMultiProvider"}


def test_nothing_of_a_secret(machine):
    """No password and no key is shipped, and none is needed to load what is."""
    for path in SHIPPED.iterdir():
        assert not re.search(r"rootpw|credentials=|BEGIN .*PRIVATE", path.read_text(), re.IGNORECASE), path
