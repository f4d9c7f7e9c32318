# The layer table: who may know whom, and which folder is the door to which outside library.
#
# This file is the only place that states it. HufuTargets.cmake refuses a link edge that is not here, and the tests in
# tests/arch read the same rows (written to <build>/layers.json) to judge #include lines. A new row or edge is a change
# of architecture: say why in its commit, and in docs/architecture.
#
# Arrows point one way, so a row may only name layers from the rows above it.

# hufu_library(<name> [PKGCONFIG <module>] [LINK <library>...] HEADERS <regex>... [SHARED_DOOR])
#
# An outside library, the headers that belong to it, and whether more than one folder may open it. Without SHARED_DOOR
# exactly one row may name it: a security review of that library is then a review of one folder.
function(hufu_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SHARED_DOOR" "PKGCONFIG" "LINK;HEADERS")
  set_property(GLOBAL APPEND PROPERTY HUFU_LIBRARIES ${name})
  set_property(GLOBAL PROPERTY HUFU_LIBRARY_${name}_PKGCONFIG "${arg_PKGCONFIG}")
  set_property(GLOBAL PROPERTY HUFU_LIBRARY_${name}_LINK "${arg_LINK}")
  set_property(GLOBAL PROPERTY HUFU_LIBRARY_${name}_HEADERS "${arg_HEADERS}")
  set_property(GLOBAL PROPERTY HUFU_LIBRARY_${name}_SHARED_DOOR "${arg_SHARED_DOOR}")
  set_property(GLOBAL PROPERTY HUFU_LIBRARY_${name}_DOORS "")
endfunction()

# hufu_row(<layer> <folder> [LAYERS <layer>...] [LIBRARIES <library>...] [MAINS <file>...])
#
# MAINS are the files of the folder that hold a program or a module; they stay out of the archive, so that tests can
# link it. They live by the same row.
function(hufu_row layer folder)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LAYERS;LIBRARIES;MAINS")
  get_property(known_layers GLOBAL PROPERTY HUFU_LAYERS)
  get_property(known_libraries GLOBAL PROPERTY HUFU_LIBRARIES)
  foreach(below IN LISTS arg_LAYERS)
    if(NOT below IN_LIST known_layers)
      message(FATAL_ERROR "layer table: ${layer} names ${below}, which no row above it defines")
    endif()
  endforeach()
  foreach(library IN LISTS arg_LIBRARIES)
    if(NOT library IN_LIST known_libraries)
      message(FATAL_ERROR "layer table: ${layer} names the library ${library}, which is not in the table")
    endif()
    get_property(doors GLOBAL PROPERTY HUFU_LIBRARY_${library}_DOORS)
    get_property(shared GLOBAL PROPERTY HUFU_LIBRARY_${library}_SHARED_DOOR)
    if(doors AND NOT shared)
      message(FATAL_ERROR "layer table: ${layer} would be a second door to ${library}; the door is ${doors}")
    endif()
    set_property(GLOBAL APPEND PROPERTY HUFU_LIBRARY_${library}_DOORS ${layer})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY HUFU_LAYERS ${layer})
  set_property(GLOBAL PROPERTY HUFU_LAYER_${layer}_FOLDER "${folder}")
  set_property(GLOBAL PROPERTY HUFU_LAYER_${layer}_LAYERS "${arg_LAYERS}")
  set_property(GLOBAL PROPERTY HUFU_LAYER_${layer}_LIBRARIES "${arg_LIBRARIES}")
  set_property(GLOBAL PROPERTY HUFU_LAYER_${layer}_MAINS "${arg_MAINS}")
endfunction()

# --- outside libraries -------------------------------------------------------------------------------------------

hufu_library(pam        LINK pam HEADERS "security/.*")
# A header alone: sudo is what loads the plugin.
hufu_library(sudo-plugin HEADERS "sudo_plugin\\.h")
hufu_library(inih       PKGCONFIG inih HEADERS "ini\\.h")
hufu_library(libcrypto  PKGCONFIG libcrypto HEADERS "openssl/.*")
hufu_library(sqlite3    PKGCONFIG sqlite3 HEADERS "sqlite3.*\\.h")
hufu_library(threads    LINK Threads::Threads HEADERS "pthread\\.h" "threads\\.h" SHARED_DOOR)
hufu_library(smartcols  PKGCONFIG smartcols HEADERS "libsmartcols.*\\.h")
# libsystemd is one library with several doors: the journal has one, the event loop is what every broker module hangs on.
hufu_library(sd-journal PKGCONFIG libsystemd HEADERS "systemd/sd-journal\\.h")
hufu_library(sd-event   PKGCONFIG libsystemd HEADERS "systemd/sd-event\\.h" "systemd/sd-daemon\\.h" "systemd/sd-id128\\.h" SHARED_DOOR)
hufu_library(sd-bus     PKGCONFIG libsystemd HEADERS "systemd/sd-bus.*\\.h")
hufu_library(libldap    PKGCONFIG ldap HEADERS "ldap\\.h" "lber\\.h" "openldap\\.h")
hufu_library(libseccomp PKGCONFIG libseccomp HEADERS "seccomp\\.h")
# JSON is the language of the control socket and of exports: who speaks one of them or judges it, and nobody else.
hufu_library(jansson    PKGCONFIG jansson HEADERS "jansson.*\\.h" SHARED_DOOR)

# --- layers ------------------------------------------------------------------------------------------------------

hufu_row(base     policy/base)
hufu_row(document policy/document LAYERS base)
hufu_row(engine   policy/engine   LAYERS document base)
hufu_row(wire     policy/wire     LAYERS base)

hufu_row(client   pam_module      LAYERS base wire LIBRARIES pam MAINS pam_hufu.c authorized_keys.c probe.c)
# What a channel of a connection runs is a process of its own, and may do what the module may not.
hufu_row(channel  pam_module/channel LAYERS base wire client MAINS channel.c recorder.c)

# The one piece below contrib that is C: what sudo loads.
hufu_row(plugin   contrib/sudo    LAYERS base wire client LIBRARIES sudo-plugin MAINS hufu_sudo.c)

hufu_row(common   broker/common   LAYERS base LIBRARIES inih threads)
hufu_row(trust    broker/trust    LAYERS base document engine LIBRARIES libcrypto threads MAINS ledger_sign.c)
# What a record is and what is said of it: below the store, so that a ledger can be read and checked without one.
hufu_row(audit    broker/audit    LAYERS base common LIBRARIES sd-journal jansson)
hufu_row(store    broker/store    LAYERS base common audit LIBRARIES sqlite3 threads)
# What an auditor looks at: it only computes, on records and documents that others have read. Whether a command line or an
# hour of a grant was used is asked of the functions that decide (engine).
hufu_row(review   broker/review   LAYERS base document engine common audit LIBRARIES jansson)
hufu_row(sessions broker/sessions LAYERS base document engine wire common LIBRARIES sd-event)
hufu_row(ipc      broker/ipc      LAYERS base wire common LIBRARIES sd-event jansson)
hufu_row(directory broker/directory LAYERS base wire common ipc LIBRARIES sd-event)
hufu_row(daemon   broker/daemon
  LAYERS base document engine wire common trust audit store sessions ipc directory
  LIBRARIES sd-event jansson threads MAINS main.c)
hufu_row(reaper   broker/reaper   LAYERS base wire common LIBRARIES sd-event sd-bus MAINS main.c)
hufu_row(ldap     broker/ldap     LAYERS base wire common LIBRARIES libldap libseccomp sd-event threads MAINS main.c)
# What hufud and its client say is JSON there, so findings about it are made from JSON.
hufu_row(doctor   broker/doctor   LAYERS base document common LIBRARIES jansson)
hufu_row(ctl      broker/ctl      LAYERS base document engine trust common audit review ipc doctor
  LIBRARIES jansson smartcols MAINS main.c)

# Only these headers of a layer may be seen from the layer named: hufuctl speaks the varlink codec, and is no listener.
set_property(GLOBAL PROPERTY HUFU_NARROW_ctl_ipc "varlink.*\\.h")
# The feed is one more listener, and knows neither gate nor control.
set_property(GLOBAL PROPERTY HUFU_NARROW_directory_ipc "(listener|peer)\\.h")
