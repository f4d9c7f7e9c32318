# shellcheck shell=bash
# story.sh - a host of its own, and what is told about it: every command that is printed is the one that runs, and each step knows how it
# has to end. For contrib/quickstart, which sets `tree`, `pause` and `shell`, and has product.sh.

tree=${tree:?} pause=${pause:?}

# --- printing ---------------------------------------------------------------------------------------------------------------

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi

chapter() {
  printf '\n%s%s%s\n' "$bold" "$1" "$plain"
  if [ "$pause" = 1 ]; then read -rsp "${dim}[Enter]${plain}" _ && printf '\r       \r'; fi
}

say() {
  printf '%s\n' "$@"
}

indent() { # with `compact` set without empty lines
  sed -u -e 's/\r$//' ${compact:+-e '/^$/d'} -e 's/^/    /'
}

fail() {
  printf '\nquickstart: %s\n' "$1" >&2
  world exec "$box" journalctl --no-pager -o short-precise -n 40 >&2 || true
  exit 1
}

# --- the host and its people ------------------------------------------------------------------------------------------------

box=quickstart-${HUFU_WORLD_RUN#run-} # two at a time do not meet
work=/root/demo

# Runs a shell command in the box, without printing it.
quietly() {
  world exec "$box" env DEBIAN_FRONTEND=noninteractive bash -euc "cd $work && $1" </dev/null
}

# Prints who types what, runs it, prints its output. The exit code is the command's.
as() { # WHO COMMAND
  local status=0
  printf '%s%s %s%s\n' "$bold" "$1 \$" "$2" "$plain"
  quietly "$2" > >(indent) 2>&1 || status=$?
  wait $! 2>/dev/null || true
  return "$status"
}

must() {
  as "$@" || fail "that should have worked"
}

must_not() {
  if as "$@"; then fail "that should have been refused"; fi
}

make_host() { # [LIST]: packages on top of those of a guarded host
  local base archive log
  log=$HUFU_WORLD_DIR/quickstart.log
  chapter "Preparing a host of its own (this machine is not touched)"
  say "packages: a compiler, libraries, systemd, sshd ..."
  base=$(world base "$tree/contrib/packages/build.list" "$tree/contrib/packages/quickstart.list")
  mkdir -p "$HUFU_WORLD_DIR/products"
  archive=$HUFU_WORLD_DIR/products/$(source_hash)-$base.tar
  if [ ! -e "$archive" ]; then
    say "building Hufu ..."
    find "$HUFU_WORLD_DIR/products" -name '*-base-*.tar' -mmin +60 -delete
    world clone "$box-build" "$base"
    copy_source "$box-build"
    pack_product "$box-build" "$archive" -DBUILD_TESTING=OFF 2>"$log" || {
      tail -n 30 "$log" >&2
      exit 1
    }
    world drop "$box-build"
  fi
  [ -z "${1:-}" ] || base=$(world base --on "$base" "$1")
  say "installing and booting ..."
  world clone "$box" "$base"
  install_product "$box" "$archive"
  world run "$box" sh -euc 'echo db01 >/etc/hostname && sed -i "/ box$/d" /etc/hosts'
  world up "$box"
  world wait "$box" >/dev/null
  world exec "$box" bash -euc "mkdir -p $work
    # One network card, loopback, with the host's address and the vendor's.
    ip address add 10.1.2.1/24 dev lo
    ip address add 10.1.2.77/24 dev lo
    echo 10.1.2.1 db01.finance.example db01 >>/etc/hosts
    mkdir -p -m 700 /root/.ssh
    printf '%s\n' 'Host db01' '  BindAddress 10.1.2.77' '  IdentitiesOnly yes' '  BatchMode yes' >/root/.ssh/config
    ssh-keyscan -t ed25519 db01 2>/dev/null >/root/.ssh/known_hosts"
}

make_authority() { # NAME GENERATE SIGNING
  must pki "openssl $2 -out ca-$1.key"
  must pki "openssl req -x509 -new -key ca-$1.key$3 -days 3650 -subj '/O=finance/CN=finance $1' -addext keyUsage=critical,keyCertSign,cRLSign -out ca-$1.pem"
}

make_certificate() { # PERSON AUTHORITY GENERATE SIGNING VERIFYING
  must "$1" "openssl $3 -out $1.key"
  must "$1" "openssl req -new -key $1.key$4 -subj /O=finance/CN=$1 -addext keyUsage=critical,digitalSignature -out $1.csr"
  must pki "openssl x509 -req -in $1.csr -CA ca-$2.pem -CAkey ca-$2.key$4$5 -days 365 -copy_extensions copy -out $1.pem"
}

make_people() {
  chapter "1. The department's people and their keys, made with stock openssl"
  say "li.si asks for access. zhou.ming approves for the unit in charge, with an Ed25519 key. wang.wu, the department's leader," \
    "approves with an SM2 key. Each certificate comes from the department's own certificate authority."
  make_authority ed25519 'genpkey -algorithm ed25519' '' ''
  make_authority sm2 'genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2' \
    ' -sm3 -sigopt distid:1234567812345678' ' -vfyopt distid:1234567812345678'
  make_certificate zhou.ming ed25519 'genpkey -algorithm ed25519' '' ''
  make_certificate wang.wu sm2 'genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2' \
    ' -sm3 -sigopt distid:1234567812345678' ' -vfyopt distid:1234567812345678'
}

make_trust() { # with the lines of trust.more, if that is there
  chapter "2. The trust file: who may ask, who may approve, and how many it takes"
  # shellcheck disable=SC2016 # expanded inside
  quietly '
    der() { openssl x509 -in "$1.pem" -outform der | base64 -w0; }
    touch trust.more
    cat - trust.more >trust <<TRUST
hufu-trust: 1
site: cn.example.finance
epoch: 1
not-before: 2020-01-01T00:00:00Z
not-after: 2040-01-01T00:00:00Z
anchor: finance-ed25519 $(der ca-ed25519)
anchor: finance-sm2 $(der ca-sm2)
requester: li.si finance
approver: wang.wu finance leader sm2-sm3 $(der wang.wu)
approver: zhou.ming finance unit ed25519 $(der zhou.ming)
TRUST
    cat >>trust <<TRUST
limit: emergency validity=86400 session=28800 any=hours,source
limit: normal validity=2592000 session=28800 any=hours
limit: privileged validity=604800 session=14400 any=hours
quorum: emergency total=1 leader=1
quorum: normal total=2 leader=1 unit=1
quorum: privileged total=2 leader=1 unit=1
TRUST'
  must 'root@db01' "cut -c1-100 trust"
}

set_up() { # CHAPTER, and what it knows of a directory, as options of `hufuctl setup`
  chapter "$1"
  must 'root@db01' "hufuctl setup --host db01.finance.example --trust trust $2"
  must 'root@db01' "pam-auth-update --enable hufu"
  must 'root@db01' "install -m 644 /usr/share/hufu/ssh/hufu.conf /etc/ssh/sshd_config.d/00-hufu.conf"
  must 'root@db01' "systemctl enable --now hufu-reaper hufud"
  must 'root@db01' "systemctl restart ssh"
  # Who has a directory has heard nothing from it yet, and the gate says so.
  if [ "$2" = --standalone ]; then must 'root@db01' "hufuctl status"; else must_not 'root@db01' "hufuctl status"; fi
  say '' "Two accounts. zhao.liu works for the department. zhang.san works for the vendor acme: an account in the uid range of" \
    "vendors' staff, 20000 to 29999, is gated."
  must 'root@db01' "useradd --badname -m -s /bin/bash zhao.liu"
  must 'root@db01' "useradd --badname -m -s /bin/bash -u 20001 -g hufu-gated zhang.san"
  quietly "for person in zhang.san zhao.liu; do ssh-keygen -q -t ed25519 -N '' -C \$person -f \$person; done
    install -d -o zhao.liu -m 700 ~zhao.liu/.ssh
    install -o zhao.liu -m 600 zhao.liu.pub ~zhao.liu/.ssh/authorized_keys"
  if [ "$2" = --standalone ]; then
    say '' "Is there a way past the gate on this host? The real module is asked as well."
    must 'root@db01' "hufuctl doctor"
  fi
}

# --- a session ---------------------------------------------------------------------------------------------------------------

goes_to_work() {
  printf '%s%s%s\n' "$bold" "zhang.san@laptop \$ ssh -t -i zhang.san zhang.san@db01" "$plain"
  # A person at a terminal types a command that goes on, and stays.
  world exec "$box" bash -c "cd $work && ssh -tt -i zhang.san zhang.san@db01 >laptop.log 2>&1 \
    < <(echo 'while sleep 0.2; do date +working-at-%T; done'; exec sleep 300); date +%s.%N >laptop.ended" </dev/null >/dev/null 2>&1 &
  # shellcheck disable=SC2016 # expanded inside
  quietly 'for i in $(seq 100); do ! grep -q ^working-at- laptop.log 2>/dev/null || exit 0; sleep 0.1; done; cat laptop.log; exit 1' ||
    fail "the session did not open"
  must root@db01 "hufuctl session list"
}

# The session of goes_to_work, and everything of it. To be called right after the command that ends it.
session_has_ended() {
  # shellcheck disable=SC2016 # expanded inside
  quietly 'now=$(date +%s.%N)
    for i in $(seq 100); do [ ! -s laptop.ended ] || break; sleep 0.01; done
    [ -s laptop.ended ] && awk -v ended="$(cat laptop.ended)" -v now="$now" "BEGIN { exit !(ended - now < 1) }"' ||
    fail "the session outlived its grant"
  quietly '! pgrep -u zhang.san' || fail "a process of the session is alive"
  say '' "What zhang.san saw:"
  must "zhang.san@laptop" "tail -n 3 laptop.log"
  must root@db01 "hufuctl session list"
}
