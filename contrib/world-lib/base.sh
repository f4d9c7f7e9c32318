# shellcheck shell=bash
# base.sh - bases: a root with packages installed, made neutral enough that what this machine happens to run, mount, schedule
# or keep secret plays no part in it.

# Folders that begin empty. Contents of this machine's are hidden by a whiteout below the mount, never touched.
hidden_folders=(/root /home /usr/local /tmp /var/tmp /var/log /var/spool /var/mail
  /etc/systemd/system /etc/systemd/user /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly
  /etc/rc2.d /etc/rc3.d /etc/rc4.d /etc/rc5.d /etc/rcS.d /etc/sudoers.d /etc/profile.d /etc/ssh)

# Static units that a world boots with. Whatever else a package of this machine hooks into the boot is masked.
wanted_units='systemd-journal*|systemd-tmpfiles-setup*|systemd-user-sessions*|systemd-logind*|systemd-update-utmp*|dbus*|systemd-ask-password*|*.slice|*.target|systemd-initctl*'

read_lists() {
  sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' -- "$@" | sort -u
}

# What a base is made from: the list, this code, and the state of what lies below it.
base_key() { # PARENT PACKAGES
  {
    printf '%s\n' "$1" "$2"
    cat "$lib/base.sh"
    [ "$1" != - ] || cat "${host%/}"/var/lib/dpkg/status "${host%/}"/etc/{passwd,group,os-release}
  } | sha256sum | cut -c1-16
}

hide_folder() { # NODE PATH
  local upper parent
  [ -d "${host%/}$2" ] || return 0
  upper=$(upper_of "$1" "$2")
  parent=$(dirname "$upper")
  if [ ! -d "$parent" ]; then
    # A folder in the upper layer also gives the merged one its owner and mode.
    mkdir -p "$parent"
    copy_folder_modes "$1" "$(dirname "$2")"
  fi
  [ -e "$upper" ] || mknod "$upper" c 0 0
}

# What stands in / and is not Debian's.
hide_foreign_folders() { # NODE
  local path
  for path in "${host%/}"/*; do
    case ${path##*/} in
      bin | dev | etc | lib | lib32 | lib64 | libx32 | proc | run | sbin | sys | tmp | usr | var) ;;
      *) hide_folder "$1" "/${path##*/}" ;;
    esac
  done
}

copy_folder_modes() { # NODE PATH: PATH and its parents in the upper layer, as they are on the machine
  local path=$2 upper
  while [ "$path" != / ]; do
    upper=$(upper_of "$1" "$path")
    [ ! -d "$upper" ] || { chown --reference="${host%/}$path" "$upper" && chmod --reference="${host%/}$path" "$upper"; }
    path=$(dirname "$path")
  done
}

fill_hidden_folders() { # ROOT
  local folder
  for folder in "${hidden_folders[@]}"; do
    mkdir -p "$1$folder"
  done
  mkdir -p "$1"/{mnt,media,opt,srv,proc,sys,dev,run} "$1"/usr/local/{bin,sbin,lib,share,etc,include,src} "$1"/var/log/{apt,journal} "$1"/var/spool/cron
  chmod 700 "$1/root"
  chmod 1777 "$1/tmp" "$1/var/tmp"
}

# Before apt: names that resolve, no service started, nothing that waits for a person.
prepare_root() { # ROOT
  rm -f "$1/etc/resolv.conf" "$1/etc/ld.so.preload" "$1/etc/nologin" "$1/var/lib/man-db/auto-update"
  cat /etc/resolv.conf >"$1/etc/resolv.conf" 2>/dev/null || true
  sed -i 's/^hosts:.*/hosts: files dns/' "$1/etc/nsswitch.conf"
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod 755 "$1/usr/sbin/policy-rc.d"
}

apt_options=(-q -y -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0
  -o 'Dpkg::Options::=--path-exclude=/usr/share/doc/*' -o APT::Install-Recommends=false)

install_packages() { # NODE PACKAGES
  # One archive out of order must not stop a build that needs nothing from it: the install decides.
  in_root "$1" apt-get -q update || say "apt-get update failed; trying to install all the same"
  local packages
  mapfile -t packages <<<"$2"
  in_root "$1" apt-get "${apt_options[@]}" install "${packages[@]}" || return 1
  [ -e "$(node_folder "$1")/root/etc/pam.d/other" ] || restore_stacks "$1" || return 1
  in_root "$1" apt-get clean
}

in_root() {
  # Its input is nobody's terminal: a question would otherwise wait for ever.
  "$BASH" "$world_program" .run-init --net "$@" </dev/null
}

# After apt: a quiet boot that is the same everywhere.
settle_root() { # ROOT
  local root=$1 unit name units=$1/etc/systemd/system
  rm -rf "$root"/var/lib/apt/lists/* "$root/etc/crypttab" "$root/usr/sbin/policy-rc.d"
  : >"$root/etc/fstab"
  : >"$root/etc/environment"
  : >"$root/etc/resolv.conf"
  echo box >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 box\n::1 localhost\n' >"$root/etc/hosts"
  printf '%s\n' 'passwd: files systemd' 'group: files systemd' 'shadow: files' 'hosts: files' 'services: files' >"$root/etc/nsswitch.conf"
  # Not empty: else systemd takes the boot for the first one and turns on what presets say.
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"

  mkdir -p "$units/multi-user.target.wants"
  for unit in "$root"/lib/systemd/system/*.wants/*; do
    name=${unit##*/}
    # shellcheck disable=SC2254
    case $name in @($wanted_units)) ;; *) ln -sfn /dev/null "$units/$name" ;; esac
  done
  for name in console-getty getty@tty1 networking systemd-networkd systemd-resolved systemd-timesyncd systemd-modules-load \
    systemd-udevd systemd-remount-fs rc-local; do
    ln -sfn /dev/null "$units/$name.service"
  done
  ln -sfn /lib/systemd/system/multi-user.target "$units/default.target"
  for name in ssh cron; do
    if [ -e "$root/lib/systemd/system/$name.service" ]; then
      ln -sfn "/lib/systemd/system/$name.service" "$units/multi-user.target.wants/$name.service"
    fi
  done
  # Started by the test that wants it, with `systemctl start`: installed, but no part of any boot.
  for name in atd auditd greetd polkit rsync; do
    rm -f "$units"/*.wants/"$name.service"
  done
  rm -f "$units"/*.wants/machines.target "$units/display-manager.service"
}

# What the packages' own scripts would have made, had they run here and not on this machine long ago.
settle_services() { # NODE
  # shellcheck disable=SC2016 # expanded inside
  in_root "$1" sh -euc '
    if [ -e /usr/share/openssh/sshd_config ]; then
      mkdir -p /etc/ssh/sshd_config.d /etc/ssh/ssh_config.d
      [ -e /etc/ssh/sshd_config ] || cp /usr/share/openssh/sshd_config /etc/ssh/
      ssh-keygen -A >/dev/null
    fi
    if getent group crontab >/dev/null; then
      mkdir -p /var/spool/cron/crontabs
      chgrp crontab /var/spool/cron/crontabs
      chmod 1730 /var/spool/cron/crontabs
    fi
    if [ -e /usr/sbin/atd ]; then
      install -d -o daemon -g daemon -m 1770 /var/spool/cron/atjobs /var/spool/cron/atspool
      [ -e /var/spool/cron/atjobs/.SEQ ] || install -o daemon -g daemon -m 600 /dev/null /var/spool/cron/atjobs/.SEQ
    fi
    # Started by who wants one, with a configuration of their own. Where the machine itself has it, its links lie in folders that
    # are hidden here.
    if [ -e /etc/init.d/slapd ]; then
      rm -f /etc/rc?.d/[SK]??slapd
      update-rc.d slapd defaults-disabled 2>/dev/null
    fi'
}

# Whether this machine's PAM stacks are the distribution's own. Elsewhere (sssd, a directory, two factors) a world would wait
# for servers that it cannot reach, and tests would test that site's stacks.
stacks_are_stock() {
  local below=${host%/} changed
  sed -n 's#^ \(/etc/pam\.d/[^ ]*\) \([0-9a-f]\{32\}\)$#\2  '"$below"'\1#p' "$below/var/lib/dpkg/status" | md5sum --status -c || return 1
  changed=$(grep -hsoE 'pam_[a-z0-9_]+\.so' "$below"/etc/pam.d/common-* |
    grep -vxE 'pam_(unix|deny|permit|systemd|cap|umask|localuser|gnome_keyring|keyinit)\.so') || true
  [ -z "$changed" ]
}

# Their packages again, with the files that are missing now.
restore_stacks() { # NODE
  local root packages
  root=$(node_folder "$1")/root
  mapfile -t packages < <(grep -l '^/etc/pam\.d/' "$root"/var/lib/dpkg/info/*.conffiles | sed -e 's#.*/##' -e 's#\.conffiles$##')
  in_root "$1" apt-get "${apt_options[@]}" -o Dpkg::Options::=--force-confmiss install --reinstall "${packages[@]}" &&
    in_root "$1" pam-auth-update --force --package
}

build_base() { # NODE PARENT PACKAGES
  local folder path root begin=$SECONDS
  remove_node "$1"
  HUFU_WORLD_RUN='' make_node "$1" "$2"
  folder=$(node_folder "$1")
  root=$folder/root
  if [ "$2" = - ]; then
    stacks_are_stock || hidden_folders+=(/etc/pam.d)
    for path in "${hidden_folders[@]}"; do hide_folder "$1" "$path"; done
    hide_foreign_folders "$1"
  fi
  mount_node "$1"
  [ "$2" != - ] || fill_hidden_folders "$root"
  prepare_root "$root"
  say "installing packages into $1"
  install_packages "$1" "$3" >"$folder/log" 2>&1 || {
    tail -n 20 "$folder/log" >&2
    [ "$(df --output=pcent "$store" | tail -n 1 | tr -dc 0-9)" -lt 98 ] ||
      say "$store is full: it takes memory; HUFU_WORLD_DIR can name a folder on a file system of its own"
    die "apt could not install the packages; the whole output is in $folder/log"
  }
  settle_root "$root"
  settle_services "$1"
  umount -R "$root"
  say "$1 made in $((SECONDS - begin)) s, $(du -sh "$folder" | cut -f1)"
}

# What is kept for the next time costs memory: drop the bases that an interrupted build left, and whatever says when it was
# last used (bases, and the builders of tests/run), if that was half a day ago and nothing stands on it.
drop_stale_nodes() {
  local folder
  for folder in "$store"/nodes/*; do
    case ${folder##*/} in
      base-*) [ -e "$folder/done" ] || remove_node "${folder##*/}" ;;
    esac
    [ -n "$(find "$folder/done" -mmin +720 2>/dev/null)" ] || continue
    grep -qsx "${folder##*/}" "$store"/nodes/*/parent || node_in_use "${folder##*/}" || remove_node "${folder##*/}"
  done
}

command_base() {
  local parent=- packages node building
  if [ "${1:-}" = --on ]; then
    [ $# -ge 2 ] || usage_error "base: --on needs a node"
    parent=$2
    need_node "$parent"
    shift 2
  fi
  [ $# -gt 0 ] || usage_error "base: a list of packages is needed"
  packages=$(read_lists "$@") || die "cannot read the lists"
  [ -n "$packages" ] || die "the lists name no package"
  sweep_runs
  node=base-$(base_key "$parent" "$packages")
  exec {building}>"$store/building"
  flock "$building"
  drop_stale_nodes
  [ -e "$(node_folder "$node")/done" ] || build_base "$node" "$parent" "$packages" >&2
  touch "$(node_folder "$node")/done"
  printf '%s\n' "$node"
}
