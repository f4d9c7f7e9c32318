# Language, warnings and hardening: the same for every target of the tree.

include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
# The module is linked from the same archives as the programs, so all of them are position independent.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(HUFU_WERROR "Treat warnings as errors" ON)
set(HUFU_INSTRUMENT "" CACHE STRING "Instrument the build: empty, sanitize, threads, fuzz or coverage")
set_property(CACHE HUFU_INSTRUMENT PROPERTY STRINGS "" sanitize threads fuzz coverage)
if(NOT HUFU_INSTRUMENT MATCHES "^(|sanitize|threads|fuzz|coverage)$")
  message(FATAL_ERROR "HUFU_INSTRUMENT: '${HUFU_INSTRUMENT}' is neither empty, sanitize, threads, fuzz nor coverage")
endif()

include_directories(BEFORE "${PROJECT_SOURCE_DIR}")
add_compile_definitions(_GNU_SOURCE)
if(HUFU_FAILPOINTS)
  add_compile_definitions(HUFU_FAILPOINTS)
endif()

add_compile_options(
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef -Wvla)
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
  # It looks into seccomp.h's macros, which gcc knows for a system's.
  add_compile_options(-Wno-missing-field-initializers)
endif()
if(HUFU_WERROR)
  add_compile_options(-Werror)
endif()

# Hardening. What the processor or the compiler does not know is left out; tests/arch looks at what came of it.
add_compile_options(-fstack-protector-strong)
foreach(flag -fstack-clash-protection -fcf-protection=full)
  string(MAKE_C_IDENTIFIER "HUFU_HAS${flag}" has)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    add_compile_options(${flag})
  endif()
endforeach()
add_link_options(LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack LINKER:--as-needed)

if(HUFU_INSTRUMENT STREQUAL "sanitize")
  set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_options(${sanitize})
  add_link_options(${sanitize})
elseif(HUFU_INSTRUMENT STREQUAL "threads")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(HUFU_INSTRUMENT STREQUAL "fuzz")
  # One build for both, searching and counting: it is made within a minute, and two would not be.
  set(fuzz -fsanitize=address,undefined -fno-sanitize-recover=all -fprofile-instr-generate)
  add_compile_options(${fuzz} -fsanitize=fuzzer-no-link -fno-omit-frame-pointer -fcoverage-mapping)
  add_link_options(${fuzz})
elseif(HUFU_INSTRUMENT STREQUAL "coverage")
  # What several threads count at a time is counted once each.
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
else()
  # FORTIFY needs an optimised build; it and the sanitizers get in each other's way.
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  # Each program has what it calls, and no more of the layers that it is made of.
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(LINKER:--gc-sections)
endif()
