# shellcheck shell=bash
# box.sh - boxes: nodes in which a real systemd runs as PID 1.
#
# A box is a cgroup, $cgroups/NAME, whose first process made all namespaces. `down` kills the cgroup, which is atomic and
# misses nothing. Its PID 1 is found through the cgroup, in whatever PID namespace the question is asked.

command_up() {
  [ $# -eq 1 ] || usage_error "up: one NAME"
  valid_name "$1"
  need_node "$1"
  sweep_runs
  [ ! -d "$cgroups/$1" ] || die "$1 is up already"
  setsid "$BASH" "$world_program" .private launch "$1" </dev/null >"$(node_folder "$1")/log" 2>&1 &
  local _
  for _ in {1..200}; do
    [ ! -d "$cgroups/$1" ] || return 0
    kill -0 $! 2>/dev/null || break
    sleep 0.01
  done
  cat "$(node_folder "$1")/log" >&2
  die "$1 did not start"
}

# Stays as the box's parent: its death, however it comes, is the box's.
command_launch() {
  lock_node "$1"
  mount_node "$1"
  mkdir -p "$cgroups/$1"
  (echo 0 >"$cgroups/$1/cgroup.procs" && exec setpriv --pdeathsig KILL unshare --mount --uts --ipc \
    --net --pid --cgroup --fork --kill-child --propagation private -- "$BASH" "$world_program" .box-init "$1") || true
  end_box "$1"
}

end_box() { # NODE
  local cgroup=$cgroups/$1 _
  [ -d "$cgroup" ] || return 0
  echo 1 >"$cgroup/cgroup.kill" 2>/dev/null || true
  for _ in {1..500}; do
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
    if [ ! -d "$cgroup" ]; then
      rmdir "$cgroups" 2>/dev/null || true # the last one's
      return 0
    fi
    sleep 0.01
  done
  die "$1: a process does not end"
}

# systemd's PID as seen from here: in its own namespace it is 1.
box_leader() { # NODE
  local pid numbers
  while read -r pid; do
    numbers=$(sed -n 's/^NSpid:\t//p' "/proc/$pid/status" 2>/dev/null) || continue
    if [ "${numbers##*[[:blank:]]}" = 1 ]; then
      printf '%s\n' "$pid"
      return
    fi
  done <"$cgroups/$1/init.scope/cgroup.procs"
  return 1
} 2>/dev/null

command_exec() {
  local leader
  [ $# -ge 2 ] || usage_error "exec: NAME and a command"
  valid_name "$1"
  leader=$(box_leader "$1") || die "$1 is not up"
  echo 0 >"$cgroups/$1/init.scope/cgroup.procs" || die "$1 is not up"
  shift
  forget_login_uid
  exec nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup --root --wd -- \
    env -i container=hufu-world PATH="$clean_path" HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

command_where() {
  local leader
  [ $# -eq 1 ] || usage_error "where: one NAME"
  valid_name "$1"
  leader=$(box_leader "$1") || die "$1 is not up"
  printf '%s %s\n' "$leader" "${cgroups#"$store/cgroup"}/$1"
}

command_wait() {
  [ $# -eq 1 ] || usage_error "wait: one NAME"
  valid_name "$1"
  local state='' _
  for _ in {1..300}; do
    [ -d "$cgroups/$1" ] || die "$1 is not up: $(tail -n 3 "$(node_folder "$1")/log" 2>/dev/null)"
    state=$(box_leader "$1" >/dev/null && "$BASH" "$world_program" exec "$1" systemctl is-system-running --wait 2>/dev/null) || true
    case $state in running | degraded)
      printf '%s\n' "$state"
      return
      ;;
    esac
    sleep 0.02
  done
  die "$1 did not boot: $state"
}

command_down() {
  [ $# -eq 1 ] || usage_error "down: one NAME"
  valid_name "$1"
  end_box "$1"
  local _
  for _ in {1..100}; do
    ! node_in_use "$1" || { sleep 0.01; continue; }
    return 0
  done
  die "$1 is still in use"
}
