/* The least that a module with a daemon behind it can be: one round trip over the socket at argv[0], and yes
 * if it came about. Tells the harness, if that is who called, when it was heard. */
#include "tests/bench/peers/trip.h"

#include <security/pam_modules.h>

extern __attribute__((weak)) int64_t login_heard;

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    int64_t heard = 0;

    (void)pamh, (void)flags;
    if (argc != 1 || trip(argv[0], &heard) < 0)
        return PAM_SYSTEM_ERR;
    if (&login_heard)
        login_heard = heard;
    return PAM_SUCCESS;
}
