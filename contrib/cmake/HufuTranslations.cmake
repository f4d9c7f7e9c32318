# Message catalogues: po/<language>.po becomes <prefix>/share/locale/<language>/LC_MESSAGES/hufu.mo.
#
# `ninja pot` collects the messages of the sources anew and merges them into every catalogue; a build only compiles them,
# and fails on one whose format directives do not match. Places are named by file alone, so that a line that moves changes
# no catalogue. Messages are in policy/ and broker/; pam_module/ never touches a locale.

find_program(MSGFMT msgfmt REQUIRED)
find_program(XGETTEXT xgettext REQUIRED)
find_program(MSGMERGE msgmerge REQUIRED)
find_program(MSGATTRIB msgattrib REQUIRED)

file(GLOB catalogues CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/po/*.po")
set(compiled "")
foreach(catalogue IN LISTS catalogues)
  cmake_path(GET catalogue STEM language)
  set(mo "${PROJECT_BINARY_DIR}/locale/${language}/LC_MESSAGES/hufu.mo")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/locale/${language}/LC_MESSAGES")
  add_custom_command(OUTPUT "${mo}" COMMAND "${MSGFMT}" --check -o "${mo}" "${catalogue}" DEPENDS "${catalogue}" VERBATIM)
  list(APPEND compiled "${mo}")
  install(FILES "${mo}" DESTINATION "${CMAKE_INSTALL_LOCALEDIR}/${language}/LC_MESSAGES")
endforeach()
add_custom_target(translations ALL DEPENDS ${compiled})

set(merge "")
foreach(catalogue IN LISTS catalogues)
  list(APPEND merge COMMAND "${MSGMERGE}" --quiet --update --backup=none --no-wrap --add-location=file "${catalogue}" po/hufu.pot
    COMMAND "${MSGATTRIB}" --no-obsolete --no-wrap --add-location=file -o "${catalogue}" "${catalogue}"
    COMMAND sed -i "/^\"POT-Creation-Date:/d" "${catalogue}")
endforeach()
file(GLOB_RECURSE messages CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
  "${PROJECT_SOURCE_DIR}/policy/*.[ch]" "${PROJECT_SOURCE_DIR}/broker/*.[ch]")
list(JOIN messages "\n" message_files)
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/messages.list" CONTENT "${message_files}\n" @ONLY)
# tests/texts collects with the same words.
set(HUFU_XGETTEXT "${XGETTEXT}" --from-code=UTF-8 --language=C --keyword=_ --keyword=N_ --keyword=ngettext:1,2
  --package-name=hufu --add-comments=translators: --sort-by-file --no-wrap --add-location=file
  --files-from=${PROJECT_BINARY_DIR}/messages.list)
# Without the date of collecting, a collection that finds nothing new changes nothing.
add_custom_target(pot
  COMMAND ${HUFU_XGETTEXT} -o po/hufu.pot
  COMMAND sed -i "/^\"POT-Creation-Date:/d" po/hufu.pot
  ${merge}
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  VERBATIM)
