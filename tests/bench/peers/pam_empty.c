/* A module that says yes: what libpam costs by itself. Linked to libsystemd, libcrypto and libldap besides
 * (pam_heavy.so), what loading these costs each login. */
#include <security/pam_modules.h>

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
