# shellcheck shell=bash
# inside.sh - the first process of a namespace: what it mounts, and how it moves into the root.

# Device nodes are made, never bound from this machine: a getty, login or tmpfiles inside changes their owner and mode, and
# through a bind mount it would change the machine's own.
mount_devices() { # ROOT
  local device name major minor
  mount -t tmpfs -o mode=755,nosuid tmpfs "$1/dev"
  mkdir "$1"/dev/{pts,shm,mqueue}
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5,nosuid,noexec devpts "$1/dev/pts"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$1/dev/shm"
  for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    IFS=: read -r name major minor <<<"$device"
    (umask 0 && mknod -m 666 "$1/dev/$name" c "$major" "$minor")
  done
  ln -s pts/ptmx "$1/dev/ptmx"
  ln -s /proc/self/fd "$1/dev/fd"
  ln -s /proc/self/fd/0 "$1/dev/stdin"
  ln -s /proc/self/fd/1 "$1/dev/stdout"
  ln -s /proc/self/fd/2 "$1/dev/stderr"
}

mount_interfaces() { # ROOT
  mount -t proc -o nosuid,nodev,noexec proc "$1/proc"
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$1/sys"
  mount -t cgroup2 -o nsdelegate cgroup2 "$1/sys/fs/cgroup" 2>/dev/null || mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
  mount_devices "$1"
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$1/run"
  mkdir "$1/run/lock"
  chmod 1777 "$1/run/lock"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$1/tmp"
}

loopback_up() { # ROOT; before the machine's own /proc is left behind
  ! chroot "$1" sh -c 'command -v ip' >/dev/null || chroot "$1" ip link set lo up
}

# The caller's own login uid must not become the login uid of everything inside.
forget_login_uid() {
  { echo 4294967295 >/proc/self/loginuid; } 2>/dev/null || true
}

become_root() { # ROOT, a mount point
  cd "$1"
  mkdir -p .old
  pivot_root . .old
  cd /
}

leave_old_root() {
  umount -l /.old
  rmdir /.old 2>/dev/null || true
}

# --- one command, without systemd -------------------------------------------------------------------------------------------

command_run() {
  local flags=()
  while [ "${1:-}" != "${1#--}" ]; do
    case $1 in
      --net | --worlds) flags+=("$1") ;;
      *) usage_error "run: unknown option $1" ;;
    esac
    shift
  done
  [ $# -ge 2 ] || usage_error "run: NAME and a command"
  valid_name "$1"
  need_node "$1"
  lock_node "$1"
  mount_node "$1"
  end_box "$1" # what a killed run may have left; the lock says that nobody is in it
  mkdir -p "$cgroups/$1"
  local status=0
  trap : INT TERM HUP
  (echo 0 >"$cgroups/$1/cgroup.procs" && exec "$BASH" "$world_program" .run-init "${flags[@]}" "$@") || status=$?
  end_box "$1"
  return "$status"
}

# First in the caller's namespaces, to make new ones; then, --inside, as their first process.
step_run-init() {
  local net=--net worlds=0 inside=0 flags=()
  while [ "$1" != "${1#--}" ]; do
    case $1 in
      --net) net='' ;;
      --worlds) worlds=1 ;;
      --inside) inside=1 ;;
    esac
    flags+=("$1")
    shift
  done
  if [ "$inside" = 0 ]; then
    # shellcheck disable=SC2086 # absent when empty
    exec setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc --cgroup $net --fork --kill-child --propagation private -- \
      "$BASH" "$world_program" .run-init --inside "${flags[@]}" "$@"
  fi
  local root environment
  root=$(node_folder "$1")/root
  shift
  mount_interfaces "$root"
  hostname_of "$root" >/proc/sys/kernel/hostname
  [ -z "$net" ] || loopback_up "$root"
  forget_login_uid
  environment=(PATH="$clean_path" HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    TERM="${TERM:-dumb}" HUFU_WORLD=1)
  local name
  for name in http_proxy https_proxy ftp_proxy no_proxy CI; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
  done
  if [ "$worlds" = 1 ]; then
    lend_worlds "$root"
    environment+=(HUFU_WORLD_DIR="$store" HUFU_WORLD_HOST=/run/hufu-host HUFU_WORLD_RUN="${HUFU_WORLD_RUN:-}")
  fi
  become_root "$root"
  leave_old_root
  trap 'exit 130' INT TERM HUP
  cd /root
  local status=0
  env -i "${environment[@]}" "$@" || status=$?
  exit "$status"
}

# Let contrib/world work inside: the store at its own path, and this machine's root as the lowest layer.
lend_worlds() { # ROOT
  local part
  mkdir -p "$1$store" "$1/run/hufu-host"
  mount --bind "$store" "$1$store"
  mount --bind "$host" "$1/run/hufu-host"
  while read -r part; do
    mount --bind "${host%/}$part" "$1/run/hufu-host$part"
  done < <(host_partitions)
}

# --- systemd ----------------------------------------------------------------------------------------------------------------

step_box-init() { # NODE, as the first process of its namespaces
  local root
  root=$(node_folder "$1")/root
  # A clone is another machine than its original.
  [ -e "$(upper_of "$1" /etc/machine-id)" ] || tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  mount_interfaces "$root"
  mknod -m 600 "$root/dev/console" c 1 3
  hostname_of "$root" >/proc/sys/kernel/hostname
  loopback_up "$root"
  forget_login_uid
  become_root "$root"
  mount --bind /proc/sys /proc/sys
  mount -o remount,ro,bind /proc/sys
  leave_old_root
  # systemd does this itself only outside containers; LoadCredential= and others need it.
  mount --make-rshared /
  exec env -i container=hufu-world PATH="$clean_path" LANG=C.UTF-8 /lib/systemd/systemd
}

hostname_of() {
  cat "$1/etc/hostname" 2>/dev/null || echo box
}
