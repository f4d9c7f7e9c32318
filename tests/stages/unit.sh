# shellcheck shell=bash disable=SC2154 # names that tests/run sets
# unit.sh - ctest (unit, golden, pam, arch), on the release build and on the sanitized one.

run_ctest() { # PRESET
  begin "ctest: $1"
  local exclude=()
  [ "$long" = 1 ] || exclude=(-LE long)
  # shellcheck disable=SC2016 # expanded inside
  world run "$builder" sh -uc 'cd "$1" && shift && preset=$1 && shift
    if [ "$preset" != release ]; then
      { cmake --preset "$preset" && cmake --build --preset "$preset"; } >build.log 2>&1 || { tail -n 40 build.log; exit 1; }
    fi
    rm -f "build/$preset.xml"
    ctest --preset "$preset" --output-on-failure --no-tests=error --parallel 2 --test-output-truncation head --output-junit "../$preset.xml" "$@" >ctest.log 2>&1 ||
      sed -n "/^[0-9 ]*% tests passed/q; p" ctest.log | grep -vE "^ *[0-9]+/[0-9]+ Test +#[0-9]+:.*Passed|^ *Start +[0-9]+:"
    ' _ "$source_folder" "$1" "${exclude[@]}" </dev/null
  count_report "$builder" "$source_folder/build/$1.xml" "ctest on the $1 build"
}

stage_unit() {
  need_release || return 1
  run_ctest release
  run_ctest asan
}
