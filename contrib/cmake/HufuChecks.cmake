# Checks that are run by name, not with every build: `ninja tidy cppcheck format-check`, and `ninja format`.

file(GLOB_RECURSE checked_sources CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/policy/*.c" "${PROJECT_SOURCE_DIR}/pam_module/*.c" "${PROJECT_SOURCE_DIR}/broker/*.c"
  "${PROJECT_SOURCE_DIR}/contrib/*.c")
file(GLOB_RECURSE formatted_sources CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/policy/*.[ch]" "${PROJECT_SOURCE_DIR}/pam_module/*.[ch]" "${PROJECT_SOURCE_DIR}/broker/*.[ch]"
  "${PROJECT_SOURCE_DIR}/contrib/*.[ch]" "${PROJECT_SOURCE_DIR}/tests/*.[ch]")

# hufu_check_target(<name> <program> <command>...): a target that says what is missing, if its program is.
function(hufu_check_target name program)
  if(program)
    add_custom_target(${name} COMMAND ${ARGN} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" VERBATIM)
  else()
    add_custom_target(${name} COMMAND "${CMAKE_COMMAND}" -E echo "${name}: its program is not installed" COMMAND false VERBATIM)
  endif()
endfunction()

# The layout of one version differs from the next; 14 is that of Debian 12.
find_program(CLANG_FORMAT clang-format-14)
hufu_check_target(format-check "${CLANG_FORMAT}" "${CLANG_FORMAT}" --dry-run -Werror ${formatted_sources})
hufu_check_target(format "${CLANG_FORMAT}" "${CLANG_FORMAT}" -i ${formatted_sources})

# xargs runs one process for each file, two at a time. The flags that only gcc knows are no finding.
find_program(CLANG_TIDY NAMES clang-tidy-14 clang-tidy)
string(JOIN "\n" tidy_list ${checked_sources})
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/tidy.list" CONTENT "${tidy_list}\n" @ONLY)
hufu_check_target(tidy "${CLANG_TIDY}"
  xargs -a "${PROJECT_BINARY_DIR}/tidy.list" -P 2 -n 4 "${CLANG_TIDY}" -p "${PROJECT_BINARY_DIR}" --quiet)

find_program(CPPCHECK cppcheck)
hufu_check_target(cppcheck "${CPPCHECK}"
  "${CPPCHECK}" --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j 2
  -I "${PROJECT_SOURCE_DIR}" -D_GNU_SOURCE "-DHUFU_VERSION=\"\"" "-DHUFU_LOCALEDIR=\"\""
  # Jansson's headers are not looked into.
  "-Djson_array_foreach(array,index,value)=while((value=json_array_get(array,index)))"
  "-Djson_object_foreach(object,key,value)=while((value=json_object_get(object,key)))"
  "--suppressions-list=${PROJECT_SOURCE_DIR}/contrib/cmake/cppcheck.suppressions" ${checked_sources})
