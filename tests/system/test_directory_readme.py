"""contrib/ldap/README.md, read as an administrator does: its commands, in its order, on a machine with no directory."""

import re
import shlex

from directory import BASE, PROVIDER
from directory_server import SHIPPED


def blocks():
    return re.findall(r"^```sh\n(# .*?)^```$", (SHIPPED / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_every_command(fresh_box):
    found = blocks()
    assert len(found) > 8
    fresh_box.sh(f"echo '127.0.0.11 {PROVIDER}' >> /etc/hosts")
    # Without a network there is nothing to fetch; the packages are there.
    fresh_box.put("/usr/local/sbin/apt-get", "#!/bin/sh\ndpkg -s slapd ldap-utils >/dev/null\n", mode="755")
    said = ""
    for block in found:
        done = fresh_box.run(f"bash -euo pipefail -c {shlex.quote(block)}", timeout=60)
        assert done.ok, f"{block}\n{done}"
        said += done.out
    # The host was itself, and saw what concerns every host.
    assert f"dn:cn=db01.finance.example,ou=hosts,{BASE}" in said
    assert "hufuBeat: 1970-01-01T00:00:00Z" in said
    # And is out.
    show = "cd /root/ca && LDAPTLS_CACERT=ca.pem LDAPTLS_CERT=db01.pem LDAPTLS_KEY=db01.key ldapwhoami -Q -Y EXTERNAL"
    assert fresh_box.run(f"{show} -H ldaps://{PROVIDER}").code in (254, 255)
    assert fresh_box.run("ldapwhoami -Q -Y EXTERNAL -H ldapi:///").ok
    # As many connections as there are hosts. (This machine may not give as many to anybody.)
    assert fresh_box.sh("systemctl show -P LimitNOFILE slapd") == "65536"
