# shellcheck shell=bash disable=SC2154 # names that tests/run sets
# fuzz.sh - tests/fuzz: how far the corpora reach, and a search from there, two targets at a time. Three minutes of searching in
# all, four hours with --long, or HUFU_FUZZ_SECONDS of them.

stage_fuzz() {
  begin "tests/fuzz"
  local log seconds=180
  [ "$long" = 0 ] || seconds=14400
  log=$(mktemp)
  # shellcheck disable=SC2016 # expanded inside
  world run "$builder" sh -uc 'cd "$1"
    { cmake --preset fuzz && cmake --build --preset fuzz -- -j2; } >build.log 2>&1 || { tail -n 40 build.log; exit 1; }
    exec tests/fuzz/run --seconds "$2"' _ "$source_folder" "${HUFU_FUZZ_SECONDS:-$seconds}" >"$log" 2>&1 </dev/null
  cat "$log"
  if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    add "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" 0
    end
  else
    broke "tests/fuzz"
  fi
  rm -f "$log"
}
