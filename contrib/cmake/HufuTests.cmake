# Test executables, found by their place in the tree, so that a new test is a new file and nothing else.
#
# Lines at the top of a test's file steer its link:
#   // LINK: -Wl,--wrap=fsync       options for the linker
#   // LAYERS: wire ipc             further layers, beyond that of the folder it mirrors
#   // LIBRARIES: libcrypto         further outside libraries, by their name in the layer table

pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET GLOBAL cmocka)

# Words of the steering line <key> of <file>.
function(hufu_test_words out file key)
  file(STRINGS "${file}" lines LIMIT_COUNT 60 REGEX "^// ${key}: ")
  list(TRANSFORM lines REPLACE "^// ${key}: +" "")
  list(JOIN lines " " line)
  separate_arguments(words UNIX_COMMAND "${line}")
  set(${out} "${words}" PARENT_SCOPE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
endfunction()

# The layer that builds <folder>, or empty.
function(hufu_layer_of_folder out folder)
  get_property(layers GLOBAL PROPERTY HUFU_LAYERS)
  set(${out} "" PARENT_SCOPE)
  foreach(layer IN LISTS layers)
    get_property(candidate GLOBAL PROPERTY HUFU_LAYER_${layer}_FOLDER)
    if(candidate STREQUAL folder)
      set(${out} ${layer} PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# Fixtures of the folder: its .c files that are not tests themselves, as an archive, compiled once for all its tests. Each
# test gets those that it calls, so that one may stand in for a function (--wrap) of which other tests want the real one.
# Empty if there are none.
function(hufu_test_fixtures out folder)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LAYERS;LIBRARIES")
  file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.c")
  list(FILTER sources EXCLUDE REGEX "/test_[^/]*$")
  set(${out} "" PARENT_SCOPE)
  if(NOT sources)
    return()
  endif()
  cmake_path(RELATIVE_PATH folder BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/tests" OUTPUT_VARIABLE relative)
  string(REPLACE "/" "_" target "fixtures_${relative}")
  if(NOT TARGET ${target})
    add_library(${target} STATIC ${sources})
    hufu_link(${target} SCOPE PRIVATE LAYERS ${arg_LAYERS} LIBRARIES ${arg_LIBRARIES})
    target_link_libraries(${target} PRIVATE PkgConfig::CMOCKA)
  endif()
  set(${out} ${target} PARENT_SCOPE)
endfunction()

# hufu_test(<name> SOURCE <file> LABEL <label> [LAYERS ...] [LIBRARIES ...]): one cmocka executable, registered.
# The folder's fixtures are linked into it.
function(hufu_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE;LABEL" "LAYERS;LIBRARIES")
  get_filename_component(folder "${arg_SOURCE}" DIRECTORY)
  hufu_test_fixtures(fixtures "${folder}" LAYERS ${arg_LAYERS} LIBRARIES ${arg_LIBRARIES})
  hufu_test_words(options "${arg_SOURCE}" LINK)
  hufu_test_words(layers "${arg_SOURCE}" LAYERS)
  hufu_test_words(libraries "${arg_SOURCE}" LIBRARIES)
  add_executable(${name} "${arg_SOURCE}")
  target_link_libraries(${name} PRIVATE ${fixtures})
  hufu_link(${name} SCOPE PRIVATE LAYERS ${layers} ${arg_LAYERS} LIBRARIES ${libraries} ${arg_LIBRARIES})
  target_link_libraries(${name} PRIVATE PkgConfig::CMOCKA)
  target_link_options(${name} PRIVATE ${options})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  # What tells a hang from a slow machine. Sanitizers and counters make some tests several times as slow.
  set(timeout 120)
  if(HUFU_INSTRUMENT)
    set(timeout 360)
  endif()
  # cmocka calls an empty group a success; here nothing tested is a failure.
  set_tests_properties(${name} PROPERTIES
    LABELS ${arg_LABEL} TIMEOUT ${timeout} SKIP_RETURN_CODE 77 FAIL_REGULAR_EXPRESSION "Running 0 test")
endfunction()
