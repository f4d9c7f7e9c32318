# shellcheck shell=bash disable=SC2154 # names that tests/run sets
# long.sh - what takes hours, for `tests/run --long`: README's two commands on a bare Debian 12, and each program in tests/long.

# One program, where the compilers are, in the tree's folder, as one test. What it prints is what it found, and is shown.
run_long() { # NAME
  local log status=0
  log=$(mktemp)
  begin "tests/long/$1"
  # shellcheck disable=SC2016 # expanded inside
  world run --worlds "$builder" sh -euc 'cd "$1" && exec "tests/long/$2"' _ "$source_folder" "$1" >"$log" 2>&1 </dev/null || status=$?
  [ "$status" = 77 ] || cat "$log"
  count_script "$status" "tests/long/$1" "$log"
  rm -f "$log"
  end
}

stage_long() {
  local program
  for program in "$tree"/tests/long/*; do
    case $program in
      *.md) ;;
      *) [ ! -x "$program" ] || [ -d "$program" ] || run_long "${program##*/}" ;;
    esac
  done
  run_script "README's commands on a bare Debian 12" bash "$tree/tests/bare"
}
