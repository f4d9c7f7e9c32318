# shellcheck shell=bash disable=SC2154 # names that tests/run sets
# quickstart.sh - contrib/quickstart, twice, and once with a directory.

stage_quickstart() {
  if [ ! -x "$tree/contrib/quickstart" ]; then
    begin quickstart && broke "contrib/quickstart is not there"
    return
  fi
  run_script "quickstart" bash "$tree/contrib/quickstart"
  run_script "quickstart, a second time" bash "$tree/contrib/quickstart"
  run_script "quickstart --directory" bash "$tree/contrib/quickstart" --directory
}
