# shellcheck shell=bash
# node.sh - nodes: one overlay layer each, with a parent.
#
# $store/nodes/NAME/  up/ work/ root/   the overlay's folders
#                     parts/            the same, for each separate partition of this machine (/usr, /var, ...)
#                     parent            name of the node below, `-` for the machine itself, `.` for nothing
#                     lock              exclusive while the node is mounted writable, shared while something above it is
#                     done              it is whole; touched at each use, since after half a day without one it is dropped
#                     run               the `hold` it belongs to; without one it stays until it is dropped

node_folder() {
  printf '%s/nodes/%s' "$store" "$1"
}

need_node() {
  [ -e "$(node_folder "$1")/parent" ] || die "no such node: $1"
}

make_node() { # NAME PARENT
  local folder
  folder=$(node_folder "$1")
  [ ! -e "$folder" ] || die "$1 exists already"
  mkdir -p "$folder"/{up,work,root,parts}
  chmod --reference="$host" "$folder/up"
  : >"$folder/lock"
  [ -z "${HUFU_WORLD_RUN:-}" ] || printf '%s\n' "$HUFU_WORLD_RUN" >"$folder/run"
  printf '%s\n' "$2" >"$folder/parent"
}

# The writable layer that holds PATH: the node's own, or the one of the partition that PATH lies on.
upper_of() { # NODE PATH
  local folder part best=
  folder=$(node_folder "$1")
  while read -r part; do
    case $2/ in "$part"/*) best=$part ;; esac
  done < <(host_partitions)
  if [ -z "$best" ]; then printf '%s/up%s' "$folder" "$2"; else printf '%s/parts/%s/up%s' "$folder" "${best//\//@}" "${2#"$best"}"; fi
}

lower_layers() { # NODE PART('' for /) -> upper layers of all its ancestors, the machine or nothing last
  local node=$1 part=$2 layers=
  while node=$(<"$(node_folder "$node")/parent"); is_node "$node"; do
    if [ -z "$part" ]; then layers+=$(node_folder "$node")/up:; else layers+=$(node_folder "$node")/parts/${part//\//@}/up:; fi
  done
  if [ "$node" = - ]; then printf '%s%s' "$layers" "${host%/}${part:-/}"; else printf '%s%s' "$layers" "$store/nothing"; fi
}

is_node() { # PARENT
  [ "$1" != - ] && [ "$1" != . ]
}

stands_on_machine() { # NODE
  local node=$1
  while is_node "$node"; do node=$(<"$(node_folder "$node")/parent"); done
  [ "$node" = - ]
}

mount_node() { # NODE: onto its own root/
  local folder part own
  folder=$(node_folder "$1")
  mount -t overlay hufu-world -o "lowerdir=$(lower_layers "$1" ''),upperdir=$folder/up,workdir=$folder/work" "$folder/root"
  stands_on_machine "$1" || return 0
  while read -r part; do
    own=$folder/parts/${part//\//@}
    mkdir -p "$own"/{up,work}
    mount -t overlay hufu-world -o "lowerdir=$(lower_layers "$1" "$part"),upperdir=$own/up,workdir=$own/work" "$folder/root$part"
  done < <(host_partitions)
}

# Hold the node for writing and its ancestors against writers; the locks last as long as this shell and its children.
lock_node() { # NODE
  local node=$1 descriptor
  exec {descriptor}>>"$(node_folder "$node")/lock"
  flock -n "$descriptor" || die "$node is in use"
  while node=$(<"$(node_folder "$node")/parent"); is_node "$node"; do
    exec {descriptor}>>"$(node_folder "$node")/lock"
    flock -n -s "$descriptor" || die "$node, below $1, is being written to"
  done
}

node_in_use() {
  ! flock -n "$(node_folder "$1")/lock" true
}

remove_node() {
  local folder
  folder=$(node_folder "$1")
  end_box "$1"
  # Renamed first: a half-removed node must not be taken for a whole one.
  rm -f "$folder/parent"
  rm -rf --one-file-system "$folder"
}

command_clone() {
  [ $# -eq 1 ] || [ $# -eq 2 ] || usage_error "clone: NAME and at most one FROM"
  valid_name "$1"
  [ "${2:--}" = - ] || need_node "$2"
  sweep_runs
  make_node "$1" "${2:--}"
}

command_import() {
  [ $# -eq 1 ] || usage_error "import: one NAME"
  valid_name "$1"
  sweep_runs
  make_node "$1" .
  tar -x -C "$(node_folder "$1")/up" --numeric-owner --xattrs || {
    remove_node "$1"
    die "not a whole tar archive"
  }
}

command_drop() {
  [ $# -eq 1 ] || usage_error "drop: one NAME"
  valid_name "$1"
  remove_node "$1"
}

command_list() {
  local folder state
  for folder in "$store"/nodes/*; do
    [ -e "$folder/parent" ] || continue
    state=idle
    [ ! -d "$cgroups/${folder##*/}" ] || state=up
    printf '%-32s %-32s %-5s %s\n' "${folder##*/}" "$(<"$folder/parent")" "$state" "$(du -sh "$folder" | cut -f1)"
  done
}
