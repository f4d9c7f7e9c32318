# shellcheck shell=bash disable=SC2154 # names that tests/run sets
# crash.sh - tests/crash: hufud killed a thousand times, and what is left. On a build of its own, with failpoints, of hufud and
# the driver alone.

stage_crash() {
  begin "tests/crash"
  local log counts kills=1000
  [ "$long" = 0 ] || kills=10000
  log=$(mktemp)
  # shellcheck disable=SC2016 # expanded inside
  if ! world run "$builder" sh -uc 'cd "$1"
    { cmake --preset failpoints && cmake --build --preset failpoints -- -j2; } >build.log 2>&1 || { tail -n 40 build.log; exit 1; }
    exec build/failpoints/tests/crash/crash --kills="$2" build/failpoints/hufud' _ "$source_folder" "$kills" >"$log" 2>&1 </dev/null; then
    cat "$log"
    broke "tests/crash"
    rm -f "$log"
    return
  fi
  cat "$log"
  # Each failpoint, and the moments in between, is something that was tried.
  counts=$(grep -cE '^ +[1-9][0-9]*  [a-z]' "$log")
  rm -f "$log"
  add "$counts" 0 0
  end
}
