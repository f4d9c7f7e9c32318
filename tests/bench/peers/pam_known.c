/* As pam_slim.c, but it looks the account up first, which any module has to that is for some people only. */
#include "tests/bench/peers/trip.h"

#include <pwd.h>
#include <security/pam_modules.h>
#include <stddef.h>

extern __attribute__((weak)) int64_t login_heard;

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const void *user = NULL;
    struct passwd memory, *row = NULL;
    char buffer[1024];
    int64_t heard = 0;

    (void)flags;
    if (pam_get_item(pamh, PAM_USER, &user) != PAM_SUCCESS || user == NULL)
        return PAM_SYSTEM_ERR;
    if (getpwnam_r(user, &memory, buffer, sizeof(buffer), &row) != 0 || row == NULL)
        return PAM_USER_UNKNOWN;
    if (argc != 1 || trip(argv[0], &heard) < 0)
        return PAM_SYSTEM_ERR;
    if (&login_heard)
        login_heard = heard;
    return PAM_SUCCESS;
}
