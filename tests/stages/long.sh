# shellcheck shell=bash disable=SC2154 # names that tests/run sets
# long.sh - what takes hours, for `tests/run --long`: README's two commands on a bare Debian 12, and each program in tests/long.

# In the tree's folder, where the compilers are.
run_long() { # NAME
  # shellcheck disable=SC2016 # expanded inside
  run_shown "tests/long/$1" world run --worlds "$builder" sh -euc 'cd "$1" && exec "tests/long/$2"' _ "$source_folder" "$1"
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
