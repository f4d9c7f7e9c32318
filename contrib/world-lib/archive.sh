# shellcheck shell=bash
# archive.sh - a Debian of its own as a tar archive, with nothing of this machine in it. For tests/run and tests/bare, which set `tree`
# and have product.sh.

# The smallest that debootstrap knows (variant minbase: apt and what is required) and PACKAGES, made by mmdebstrap from the archive
# that this machine's apt uses. Kept for a day, so that trying again is quick. Of several who want it at a time one makes it.
make_archive() { # SUITE FILE [PACKAGES]
  (flock 9 && make_archive_alone "$@") 9>>"$2.lock"
}

make_archive_alone() {
  local maker=archive-maker-${HUFU_WORLD_RUN#run-} base list
  [ -z "$(find "$2" -mmin -1440 2>/dev/null)" ] || return 0
  list=$(mktemp)
  echo mmdebstrap >"$list"
  base=$(world base "$list") || {
    rm -f "$list"
    return 1
  }
  rm -f "$list"
  world clone "$maker" "$base"
  # shellcheck disable=SC2016 # expanded inside
  world run --net "$maker" bash -euc '
    cat >/etc/resolv.conf
    sed -i "s/^hosts:.*/hosts: files dns/" /etc/nsswitch.conf
    apt-get -q update >&2
    archive=$(apt-get indextargets --format "\$(REPO_URI)" "Created-By: Packages" "Origin: Debian" "Codename: bookworm" | head -n 1)
    options=()
    while read -r line; do options+=(--aptopt="$line"); done < <(apt-config dump | grep -E "^Acquire::https?::.*[Pp]roxy" || true)
    [ -z "$2" ] || options+=(--include="$2")
    mmdebstrap --quiet --mode=root --variant=minbase --dpkgopt=force-unsafe-io "${options[@]}" "$1" /tmp/archive.tar "$archive" >&2
    cat /tmp/archive.tar' _ "$1" "${3:-}" </etc/resolv.conf >"$2.new" || {
    world drop "$maker"
    rm -f "$2.new"
    return 1
  }
  world drop "$maker"
  mv "$2.new" "$2"
}
