# shellcheck shell=bash disable=SC2154 # names that tests/run sets
# coverage.sh - what unit, golden and pam tests and the replayed corpora reach, by layer (tests/coverage.py). One test for each
# layer: that it has what tests/coverage.floors says. The table is printed at the end of all.

stage_coverage() {
  begin "coverage"
  local table
  # Counts of an earlier run would be added to, or not fit to what was built anew.
  # shellcheck disable=SC2016 # expanded inside
  if ! table=$(world run "$builder" sh -uc 'cd "$1"
    { cmake --preset coverage && cmake --build --preset coverage -- -j2; } >build.log 2>&1 || { tail -n 40 build.log; exit 1; }
    find build/coverage -name "*.gcda" -delete
    ctest --preset coverage -L "^(unit|golden|pam)\$" -LE "^long\$" --no-tests=error --parallel 2 >ctest.log 2>&1 ||
      sed -n "/^The following tests FAILED/,\$s/^.* - /FAILED: on the coverage build: /p" ctest.log
    python3 tests/coverage.py build/coverage 2>&1 || true' _ "$source_folder" </dev/null); then
    printf '%s\n' "$table"
    broke "the coverage build"
    return
  fi
  grep FAILED <<<"$table"
  add "$(grep -E '^   [a-z_/]+ +[0-9.]+ % of' <<<"$table" | grep -vc FAILED)" "$(grep -c FAILED <<<"$table")" 0
  remember "coverage by layer:"$'\n'"$table"
  end
}
