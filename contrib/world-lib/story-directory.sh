# shellcheck shell=bash
# story-directory.sh - Hufu with a directory: contrib/quickstart --directory. A real slapd, made from contrib/ldap as it is.

tree=${tree:?} work=${work:?} bold=${bold?} dim=${dim?} plain=${plain?}
base=ou=hufu,dc=finance,dc=example

# --- its people -------------------------------------------------------------------------------------------------------------

make_offices() {
  say '' "Two more: sun.qi may revoke for all hosts, and a machine signs each day's status, with which a host knows that nothing was kept from it."
  make_certificate sun.qi ed25519 'genpkey -algorithm ed25519' '' ''
  make_certificate status-2026 ed25519 'genpkey -algorithm ed25519' '' ''
  # shellcheck disable=SC2016 # expanded inside
  quietly 'der() { openssl x509 -in "$1.pem" -outform der | base64 -w0; }
    printf "%s\n" "revoker: sun.qi finance ed25519 $(der sun.qi)" "status-key: status-2026 ed25519 $(der status-2026)" >trust.more'
}

# A key, and a certificate of the authority that says who may speak to the directory. It signs no grants.
request() { # NAME UNIT
  printf '%s' "openssl ecparam -name prime256v1 -genkey -noout -out ldap-$1.key && openssl req -new -key ldap-$1.key -subj /O=finance/OU=$2/CN=$1 -out ldap-$1.csr"
}

certify() { # NAME EXTENSION
  printf '%s' "openssl x509 -req -in ldap-$1.csr -CA ldap-ca.pem -CAkey ldap-ca.key -days 365 -extfile <(echo $2) -out ldap-$1.pem"
}

admit() { # WHO NAME UNIT EXTENSION
  must "$1" "$(request "$2" "$3")"
  must pki "$(certify "$2" "$4")"
}

# How somebody at a desk reaches the directory, and as whom.
write_desk() { # NAME
  quietly "sed -e 's#/etc/hufu/tls/ca#$work/ldap-ca#; s#/etc/hufu/tls/host#$work/ldap-$1#' -e '/^crl/d' ldapd.conf >$1.conf"
}

# --- the server -------------------------------------------------------------------------------------------------------------

make_directory() {
  chapter "3. The directory's server: a slapd of Debian's, with what contrib/ldap has for it"
  must pki "openssl ecparam -name prime256v1 -genkey -noout -out ldap-ca.key"
  must pki "openssl req -x509 -new -key ldap-ca.key -days 3650 -subj '/O=finance/CN=Hufu directory' -addext keyUsage=critical,keyCertSign,cRLSign -out ldap-ca.pem"
  quietly "touch index.txt && printf '%s\n' '[ca]' default_ca=d '[d]' database=index.txt certificate=ldap-ca.pem private_key=ldap-ca.key default_md=sha256 >ldap-ca.cnf"
  must pki "openssl ca -config ldap-ca.cnf -gencrl -crldays 90 -out ldap-crl.pem"
  admit root@ldap1 ldap1.finance.example servers subjectAltName=DNS:ldap1.finance.example
  must root@ldap1 "install -d /etc/ldap/hufu/tls && cp /usr/share/hufu/ldap/* /etc/ldap/hufu/"
  must root@ldap1 "install -m 644 ldap-ca.pem /etc/ldap/hufu/tls/ca.pem && install -m 644 ldap-crl.pem /etc/ldap/hufu/tls/crl.pem"
  must root@ldap1 "install -m 644 ldap-ldap1.finance.example.pem /etc/ldap/hufu/tls/server.pem"
  must root@ldap1 "install -m 640 -g openldap ldap-ldap1.finance.example.key /etc/ldap/hufu/tls/server.key"
  must root@ldap1 "cd /var/lib/ldap && install -d -o openldap -g openldap -m 700 hufu hufu-log hufu-uses"
  must root@ldap1 "sed -i -e 's|^SLAPD_CONF=.*|SLAPD_CONF=/etc/ldap/hufu/provider.conf|' -e 's|^SLAPD_SERVICES=.*|SLAPD_SERVICES=\"ldaps:/// ldapi:///\"|' /etc/default/slapd"
  must root@ldap1 "systemctl start slapd"
  compact=1 must root@ldap1 "ldapadd -Q -Y EXTERNAL -H ldapi:/// -f /etc/ldap/hufu/tree.ldif"
}

entry_of_person() { # NAME GROUP
  printf '%s\n' "dn: cn=$1,ou=people,$base" "changetype: add" "objectClass: person" "cn: $1" "sn: $1" "" \
    "dn: cn=$2,ou=groups,$base" "changetype: modify" "add: member" "member: cn=$1,ou=people,$base" ""
}

admit_people() {
  chapter "4. Who may do what there: li.si and sun.qi publish, approvers add approvals and no more, the status machine writes the status"
  local person group
  for person in li.si:publishers sun.qi:publishers zhou.ming:approvers wang.wu:approvers status-2026:signers; do
    group=${person#*:} person=${person%:*}
    quietly "cat >>people.ldif <<LDIF
$(entry_of_person "$person" "$group")

LDIF"
    if [ "$person" = li.si ]; then
      admit li.si li.si people extendedKeyUsage=clientAuth
      say '' "The same for the other four."
    else
      quietly "$(request "$person" people) && $(certify "$person" extendedKeyUsage=clientAuth)" >/dev/null 2>&1
    fi
  done
  compact=1 must root@ldap1 "ldapmodify -Q -Y EXTERNAL -H ldapi:/// -f people.ldif"
}

join_host() {
  chapter "6. The host's account and certificate, and hufu-ldapd, the one program of Hufu that has a network"
  quietly "printf '%s\n' 'dn: cn=db01.finance.example,ou=hosts,$base' 'objectClass: device' 'objectClass: hufuHostAccount' 'cn: db01.finance.example' 'hufuHost: db01.finance.example' >db01.ldif"
  must root@ldap1 "cat db01.ldif"
  compact=1 must root@ldap1 "ldapadd -Q -Y EXTERNAL -H ldapi:/// -f db01.ldif"
  admit root@db01 db01.finance.example hosts extendedKeyUsage=clientAuth
  must root@db01 "install -d -m 755 /etc/hufu/tls && install -m 644 ldap-ca.pem /etc/hufu/tls/ca.pem && install -m 644 ldap-crl.pem /etc/hufu/tls/crl.pem"
  must root@db01 "install -m 644 ldap-db01.finance.example.pem /etc/hufu/tls/host.pem && install -o hufu-ldap -m 600 ldap-db01.finance.example.key /etc/hufu/tls/host.key"
  quietly "printf '%s\n' '[server]' 'uri = ldaps://ldap1.finance.example' 'base = $base' 'claim-uri = ldaps://ldap1.finance.example' \
    '[bind]' 'method = external' '[tls]' 'ca = /etc/hufu/tls/ca.pem' 'cert = /etc/hufu/tls/host.pem' 'key = /etc/hufu/tls/host.key' 'crl = /etc/hufu/tls/crl.pem' >ldapd.conf"
  must root@db01 "install -m 644 ldapd.conf /etc/hufu/ldapd.conf && cat /etc/hufu/ldapd.conf"
  must root@db01 "systemctl enable --now hufu-ldapd"
  eventually 10 "hufuctl sync status" || fail "the host does not follow the directory"
  must root@db01 "hufuctl sync status"
  local person
  for person in li.si sun.qi zhou.ming wang.wu status-2026; do write_desk "$person"; done
}

# --- the story --------------------------------------------------------------------------------------------------------------

# Within so many seconds a command comes to succeed.
eventually() { # SECONDS COMMAND
  quietly "end=\$((\$(date +%s%N) + $1 * 1000000000)); until $2; do [ \$(date +%s%N) -lt \$end ] || exit 1; sleep 0.02; done" >/dev/null 2>&1
}

write_status() { # LASTS [--first]
  must status-2026 "hufuctl document renew status${2:+ $2} --as status-2026 --key status-2026.key --trust trust --for $1 --publish --directory status-2026.conf"
  eventually 1 "hufuctl --json status | grep -q '\"status_epoch\": *$(quietly "sed -n 's/^epoch: //p' status")'" || fail "the status did not arrive within a second"
}

first_status() {
  chapter "7. Without news nobody is let in; the first status, for a day, and a heartbeat. On a site's machine, timers do both"
  write_status 24h --first
  must status-2026 "cat status"
  must status-2026 "hufuctl sync beat --directory status-2026.conf"
  must root@db01 "hufuctl status"
  must root@db01 "hufuctl sync status"
}

publish_grant() { # FILE: with the first approval
  must li.si "hufuctl grant draft --site cn.example.finance --vendor acme --contract C-2026-017 --staff zhang.san --key zhang.san.pub --host db01.finance.example --service sshd --channel shell --channel exec --source 10.1.2.0/24 --from now --for 8h --uses '9 per-host' --requester li.si --ticket CHG-2026-1142 --purpose 更换数据库存储阵列控制器 -o $1"
  must zhou.ming "hufuctl approve $1 --as zhou.ming --role unit --key zhou.ming.key --trust trust --yes"
  must li.si "hufuctl publish $1 --approval $1.zhou.ming.approval --directory li.si.conf"
}

add_approval() { # FILE
  must wang.wu "hufuctl approve $1 --as wang.wu --role leader --key wang.wu.key --trust trust --yes"
  must wang.wu "hufuctl publish $1 --approval $1.wang.wu.approval --directory wang.wu.conf"
  eventually 1 "hufuctl explain zhang.san --service sshd --source 10.1.2.77" || fail "not allowed within a second"
}

published() {
  chapter "8. li.si drafts a grant and publishes it with the first approval. One of two: still refused"
  publish_grant grant
  must_not "zhang.san@laptop" "ssh -i zhang.san zhang.san@db01 id"

  chapter "9. wang.wu, the leader, adds the other approval, from another desk. Nobody touches the host"
  add_approval grant
  say '' "Within a second:"
  must root@db01 "hufuctl explain zhang.san --service sshd --source 10.1.2.77"
  must "zhang.san@laptop" "ssh -i zhang.san zhang.san@db01 id"
  say '' "He goes to work, with a terminal, in the background:"
  goes_to_work
}

revoked() {
  chapter "10. sun.qi revokes it, for every host there is: the live session is ended within a second"
  # shellcheck disable=SC2016 # expanded inside
  quietly 'printf "%s\n" "hufu-revocation: 1" "site: cn.example.finance" "id: $(openssl rand -hex 16)" "scope: grant $(sed -n "s/^id: //p" grant)" \
    "until: forever" "revoked-at: $(date -u +%FT%TZ)" "reason: work stopped by the department" >revocation'
  must sun.qi "cat revocation"
  must sun.qi "hufuctl approve revocation --as sun.qi --role revoker --key sun.qi.key --trust trust --yes"
  must sun.qi "hufuctl publish revocation --approval revocation.sun.qi.approval --directory sun.qi.conf"
  session_has_ended
  say '' "He reconnects:"
  must_not "zhang.san@laptop" "ssh -i zhang.san zhang.san@db01 id"
}

silence() {
  chapter "11. The work goes on under another grant. Then the directory is silent"
  publish_grant again
  add_approval again
  say '' "So that nobody has to wait for a day, a status that holds for 20 seconds:"
  write_status 20s
  must root@ldap1 "systemctl stop slapd"
  say '' "Decided on the host, which knows what it needs:"
  must "zhang.san@laptop" "ssh -i zhang.san zhang.san@db01 id"
  as root@db01 "hufuctl sync status" || true

  chapter "12. The status is too old: whoever keeps the news from a host gains no more than that"
  eventually 30 "! hufuctl explain zhang.san --service sshd --source 10.1.2.77" || fail "a status that has ended counts"
  must_not "zhang.san@laptop" "ssh -i zhang.san zhang.san@db01 id"
  must_not root@db01 "hufuctl explain zhang.san --service sshd --source 10.1.2.77"
  say '' "The department works on:"
  must zhao.liu@desk "ssh -i zhao.liu zhao.liu@db01 id"

  chapter "13. The directory is back, and the next status"
  must root@ldap1 "systemctl start slapd"
  say '' "It would come back to it by itself, within a minute at the latest. Now:"
  must root@db01 "systemctl restart hufu-ldapd"
  eventually 10 "hufuctl sync status" || fail "the host does not follow the directory"
  write_status 24h
  must "zhang.san@laptop" "ssh -i zhang.san zhang.san@db01 id"
}

directory_records() {
  chapter "14. What the auditor sees"
  must auditor "hufuctl audit"
  must auditor "hufuctl sync status"
}

directory_farewell() {
  cat <<TXT

${bold}That was Hufu with a directory.${plain} contrib/ldap/README.md sets up its servers step by step; on a host, after what contrib/quickstart says:

    sudo hufuctl setup --host NAME --trust FILE --status-max-age 24h
    sudo systemctl enable --now hufu-ldapd

docs/operations.md, "The directory", has what is in between (its certificate, /etc/hufu/ldapd.conf), and what to do when it fails.

${dim}Kept for the next time: $HUFU_WORLD_DIR ($(du -sh "$HUFU_WORLD_DIR" | cut -f1) of memory). Remove it with: sudo contrib/quickstart --clean${plain}
TXT
}

directory_story() {
  make_host "$tree/contrib/packages/directory.list"
  quietly "ip address add 10.1.2.11/24 dev lo && echo 10.1.2.11 ldap1.finance.example ldap1 >>/etc/hosts"
  make_people
  make_offices
  make_trust
  make_directory
  admit_people
  set_up "5. Installing on the host, which may go without news for a day" "--status-max-age 24h"
  join_host
  first_status
  published
  revoked
  silence
  directory_records
  directory_farewell
}
