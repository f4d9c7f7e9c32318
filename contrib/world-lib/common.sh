# shellcheck shell=bash
# common.sh - where things are, and the private mount namespace in which every command of contrib/world works.

store=${HUFU_WORLD_DIR:-/run/hufu-world}
host=${HUFU_WORLD_HOST:-/} # the lowest layer; elsewhere than / only under `run --worlds`

# A `su` without `-` keeps a PATH that lacks the folders of system programs.
clean_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH=$clean_path:$PATH

die() {
  printf 'world: %s\n' "$1" >&2
  exit 1
}

say() {
  printf 'world: %s\n' "$1" >&2
}

# The store must not lie on the file system of /: overlayfs refuses an upper layer below its own lower layer. /run is mostly
# a tmpfs, but a small one.
prepare_store() {
  local chosen=${HUFU_WORLD_DIR:-}
  mkdir -p "$store"
  store=$(readlink -f "$store")
  export HUFU_WORLD_DIR=$store
  if [ ! -e "$store/own-tmpfs" ] && { [ -z "$chosen" ] || [ "$(stat -c %d "$store")" = "$(stat -c %d /)" ]; }; then
    mount -t tmpfs -o size=80%,mode=755 hufu-world "$store" || die "cannot mount a tmpfs on $store"
    # Private, so that what is later mounted below it in another namespace is never seen out here.
    mount --make-private "$store"
    : >"$store/own-tmpfs"
  fi
  mkdir -p "$store/nodes" "$store/runs" "$store/host" "$store/cgroup" "$store/nothing"
}

# Every command works in a mount namespace of its own, so that its mounts end with its processes.
enter_private() {
  exec unshare --mount --propagation unchanged -- "$BASH" "$world_program" .private "$@"
}

step_private() {
  if ! mount --make-rprivate / 2>/dev/null; then
    # / is a plain folder (a chroot): give it a mount of its own, below the store's private mount, and move there.
    [ "${HUFU_WORLD_REBOUND:-}" != 1 ] || die "cannot make the mounts of / private"
    mount --rbind / "$store/host"
    mount --make-rprivate "$store/host"
    HUFU_WORLD_REBOUND=1 exec chroot "$store/host" "$BASH" "$world_program" .private "$@"
  fi
  [ -e /proc/self/stat ] || mount -t proc -o nosuid,nodev,noexec proc /proc
  [ -e "$store/cgroup/cgroup.procs" ] || mount -t cgroup2 cgroup2 "$store/cgroup" || die "this kernel has no cgroup2"
  cgroups=$store/cgroup/hufu-world-$(cksum <<<"$store" | cut -d' ' -f1)
  local command=$1
  shift
  "command_$command" "$@"
}

valid_name() {
  [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$ ]] || die "not a name: $1"
}

# Which file systems of the machine, besides /, hold parts of what a Debian package owns.
host_partitions() {
  local target type below=${host%/}
  while read -r _ _ _ _ target _ type; do
    case $target in "$below"/*) target=${target#"$below"} ;; *) continue ;; esac
    case $target in
      /usr | /usr/* | /var | /var/lib | /var/lib/dpkg | /var/cache) ;;
      *) continue ;;
    esac
    case ${type#*- } in
      proc* | sysfs* | cgroup* | devtmpfs* | fuse*) continue ;;
    esac
    [ ! -d "$below$target" ] || printf '%s\n' "$target"
  done </proc/self/mountinfo | sort -u
}

# --- runs: what was made under one `hold` -----------------------------------------------------------------------------------

# A run is over when its lock can be had: the kernel drops it when the holder dies, in whatever way.
run_is_over() {
  [ ! -e "$store/runs/$1" ] || flock -n "$store/runs/$1" true
}

# One at a time, and not while a run begins: it has a lock file before it has the lock.
lock_runs() {
  exec {runs_lock}>"$store/sweeping"
  flock "$runs_lock"
}

unlock_runs() {
  exec {runs_lock}>&-
}

sweep_runs() {
  local node run
  lock_runs
  for node in "$store"/nodes/*; do
    [ -e "$node/run" ] || continue
    run=$(<"$node/run")
    if run_is_over "$run"; then remove_node "${node##*/}"; fi
  done
  for run in "$store"/runs/*; do
    if [ -e "$run" ] && run_is_over "${run##*/}"; then rm -f "$run"; fi
  done
  unlock_runs
}

command_hold() {
  [ $# -gt 0 ] || usage_error "hold: a command is needed"
  sweep_runs
  local run_lock status=0
  export HUFU_WORLD_RUN=run-$$-$RANDOM
  lock_runs
  exec {run_lock}>"$store/runs/$HUFU_WORLD_RUN"
  flock "$run_lock"
  unlock_runs
  # While unshare is in the foreground, a Ctrl-C reaches the command itself and this shell waits for it.
  trap : INT TERM HUP
  (exec {run_lock}>&- && exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --propagation unchanged -- \
    "$BASH" "$world_program" .hold-init "$@") || status=$?
  exec {run_lock}>&-
  sweep_runs
  return "$status"
}

step_hold-init() {
  trap 'exit 130' INT TERM HUP
  mount -t proc -o nosuid,nodev,noexec proc /proc
  local status=0
  "$@" || status=$?
  exit "$status"
}

command_clean() {
  local node
  for node in "$store"/nodes/*; do
    [ ! -d "$node" ] || remove_node "${node##*/}"
  done
  rmdir "$cgroups" 2>/dev/null || true
}

# Out here, where the store's tmpfs was mounted. A file system that somebody else put there stays mounted.
unmount_store() {
  rm -rf --one-file-system "${store:?}"/{nodes,runs,products,host,cgroup,nothing,building,sweeping} "$store"/*.{tar,log}
  [ ! -e "$store/own-tmpfs" ] || umount "$store" || die "$store is in use"
  rmdir "$store" 2>/dev/null || true
}
