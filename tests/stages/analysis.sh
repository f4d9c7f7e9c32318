# shellcheck shell=bash disable=SC2016,SC2154 # expanded inside; names that tests/run sets
# analysis.sh - readers of source code, over everything that is shipped: clang-format's layout, cppcheck, clang-tidy, gcc -fanalyzer
# and scan-build. Each is one test, and fails on a finding that no person has judged.

# In a root of its own, with contrib/packages/analysis.list.
stage_analysis() {
  begin "packages for analysis"
  local other analyst=analysis-${builder#build-} tool
  if ! other=$(world base --on "$base" "$tree/contrib/packages/analysis.list"); then
    broke "the root for analysis could not be made"
    return
  fi
  if ! keep_builder "$analyst" "$other" ||
    ! world run "$analyst" sh -euc 'cd "$1" && cmake --preset debug' _ "$source_folder" >/dev/null 2>&1 </dev/null; then
    broke "the source tree could not be made ready for analysis"
    return
  fi
  end
  for tool in format-check cppcheck tidy; do
    run_script "analysis: $tool" world run "$analyst" ninja -C "$source_folder/build/debug" "$tool"
  done
  for tool in gcc scan-build; do
    run_shown "analysis: $tool" world run "$analyst" python3 "$source_folder/tests/analysis.py" "$tool" "$source_folder/build/debug"
  done
}
