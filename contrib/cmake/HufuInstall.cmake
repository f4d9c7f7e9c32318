# Where a distribution would put everything. With the default prefix /usr, and under DESTDIR, this is the package.

set(HUFU_PAM_MODULE_DIR "${CMAKE_INSTALL_LIBDIR}/security" CACHE PATH "Folder of PAM modules, below the prefix")
set(HUFU_LIBEXEC_DIR "${CMAKE_INSTALL_LIBEXECDIR}/hufu" CACHE PATH "Folder of the helpers, below the prefix")
set(HUFU_SYSTEMD_UNIT_DIR lib/systemd/system CACHE PATH "Folder of units, below the prefix")
set(HUFU_SYSUSERS_DIR lib/sysusers.d CACHE PATH "Folder of sysusers.d snippets, below the prefix")
set(HUFU_CATALOG_DIR lib/systemd/catalog CACHE PATH "Folder of the journal's message catalogues, below the prefix")
set(HUFU_BASH_COMPLETIONS_DIR share/bash-completion/completions CACHE PATH "Folder of completions for bash, below the prefix")
set(HUFU_ZSH_COMPLETIONS_DIR share/zsh/vendor-completions CACHE PATH "Folder of completions for zsh, below the prefix")
set(HUFU_FISH_COMPLETIONS_DIR share/fish/vendor_completions.d CACHE PATH "Folder of completions for fish, below the prefix")
set(HUFU_TMPFILES_DIR lib/tmpfiles.d CACHE PATH "Folder of tmpfiles.d snippets, below the prefix")

function(hufu_install_program target folder)
  if(TARGET ${target})
    install(TARGETS ${target} RUNTIME DESTINATION "${folder}")
  endif()
endfunction()

# The module is put in place by rename: a file that is cut short or half written ends every program that loads it, and
# all of sshd, login, su and sudo do.
function(hufu_install_module target folder)
  if(NOT TARGET ${target})
    return()
  endif()
  install(CODE "
    set(folder \"${folder}\")
    cmake_path(ABSOLUTE_PATH folder BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\")
    set(target \"\${folder}/$<TARGET_FILE_NAME:${target}>\")
    message(STATUS \"Installing: \$ENV{DESTDIR}\${target}\")
    file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${folder}\")
    file(COPY_FILE \"$<TARGET_FILE:${target}>\" \"\$ENV{DESTDIR}\${target}.new\")
    file(CHMOD \"\$ENV{DESTDIR}\${target}.new\" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    file(RENAME \"\$ENV{DESTDIR}\${target}.new\" \"\$ENV{DESTDIR}\${target}\")
    list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${target}\")")
endfunction()

hufu_install_module(pam_hufu "${HUFU_PAM_MODULE_DIR}")
hufu_install_module(hufu_sudo "${HUFU_LIBEXEC_DIR}")
hufu_install_program(hufud "${CMAKE_INSTALL_SBINDIR}")
hufu_install_program(hufuctl "${CMAKE_INSTALL_BINDIR}")
foreach(helper hufu-reaper hufu-authorized-keys hufu-channel hufu-recorder hufu-probe hufu-ldapd hufu-ledger-sign)
  hufu_install_program(${helper} "${HUFU_LIBEXEC_DIR}")
endforeach()

install(FILES contrib/systemd/hufud.service contrib/systemd/hufu-reaper.service
  contrib/systemd/hufu-reaper.socket contrib/systemd/hufu-ldapd.service
  contrib/systemd/hufu-status.service contrib/systemd/hufu-status.timer
  contrib/systemd/hufu-heartbeat.service contrib/systemd/hufu-heartbeat.timer DESTINATION "${HUFU_SYSTEMD_UNIT_DIR}")
install(FILES contrib/sysusers/hufu.conf DESTINATION "${HUFU_SYSUSERS_DIR}")
install(FILES contrib/tmpfiles/hufu.conf DESTINATION "${HUFU_TMPFILES_DIR}")
install(FILES contrib/catalog/hufu.catalog contrib/catalog/hufu.zh_CN.catalog DESTINATION "${HUFU_CATALOG_DIR}")
install(FILES contrib/completions/hufuctl.bash DESTINATION "${HUFU_BASH_COMPLETIONS_DIR}" RENAME hufuctl)
install(FILES contrib/completions/_hufuctl DESTINATION "${HUFU_ZSH_COMPLETIONS_DIR}")
install(FILES contrib/completions/hufuctl.fish DESTINATION "${HUFU_FISH_COMPLETIONS_DIR}")

# Nothing below /etc is touched: what an administrator puts there lies ready in share.
set(share "${CMAKE_INSTALL_DATADIR}")
install(DIRECTORY contrib/pam.d/ DESTINATION "${share}/hufu/pam")
install(FILES contrib/pam-configs/hufu DESTINATION "${share}/pam-configs")
install(FILES contrib/ssh/hufu.conf DESTINATION "${share}/hufu/ssh")
install(DIRECTORY contrib/recording/ DESTINATION "${share}/hufu/recording")
# In force as soon as it is there, for members of hufu-gated alone.
install(FILES contrib/polkit/00-hufu.rules DESTINATION "${share}/polkit-1/rules.d")
install(DIRECTORY contrib/ldap/ DESTINATION "${share}/hufu/ldap")
# sudo.conf names the plugin's file; the lines in it are an administrator's to write, last of all.
cmake_path(ABSOLUTE_PATH HUFU_LIBEXEC_DIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE HUFU_SUDO_PLUGIN)
string(APPEND HUFU_SUDO_PLUGIN /hufu_sudo.so)
configure_file(contrib/sudo/enable.in sudo/enable @ONLY)
install(PROGRAMS "${PROJECT_BINARY_DIR}/sudo/enable" contrib/sudo/disable DESTINATION "${share}/hufu/sudo")
install(FILES contrib/sudo/hufu.sudoers DESTINATION "${share}/hufu/sudo")
# auditd takes no pattern for a path.
cmake_path(ABSOLUTE_PATH HUFU_PAM_MODULE_DIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE module_folder)
configure_file(contrib/audit/50-hufu.rules.in audit/50-hufu.rules @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/audit/50-hufu.rules" contrib/audit/README DESTINATION "${share}/hufu/audit")

file(GLOB examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/contrib/*.conf")
install(FILES ${examples} DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples")
install(FILES README.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
# Where README's links find them.
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs" FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN man EXCLUDE)
foreach(section 1 5 7 8)
  file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.${section}")
  install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
endforeach()
