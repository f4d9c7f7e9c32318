/* The least that a module with a daemon behind it can be: one round trip over the socket at argv[0], and yes
 * if it came about. */
#include "tests/bench/peers/trip.h"

#include <security/pam_modules.h>

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags;
    return argc == 1 && trip(argv[0]) == 0 ? PAM_SUCCESS : PAM_SYSTEM_ERR;
}
