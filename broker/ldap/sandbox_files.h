#ifndef HUFU_LDAP_SANDBOX_FILES_H
#define HUFU_LDAP_SANDBOX_FILES_H

#include "broker/ldap/config.h"

/** The part of sandbox_enter() that landlock does: reading below /etc, /usr and the folders of the
 * configuration's files, and nothing else with files; TCP only to the ports of the configuration's URIs and
 * to 53. 0; 1: this kernel has no landlock; -errno. */
int sandbox_files(const struct ldapd_config *config);

#endif
