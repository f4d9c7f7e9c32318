/*
 * A module of the tests' own. Behind pam_hufu in the session stack it stands where pam_systemd stands, and
 * shows the application what that would find: data items cannot be read from outside a module, so their text
 * goes into the PAM environment. With the argument `mark` it returns a code that pam_hufu never does, and so
 * tells that this line of the stack was reached.
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <string.h>

static int mark(int argc, const char **argv, int otherwise)
{
    return argc == 1 && strcmp(argv[0], "mark") == 0 ? PAM_MODULE_UNKNOWN : otherwise;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const void *data = NULL;
    char text[64];

    (void)flags;
    if (pam_get_data(pamh, "systemd.runtime_max_sec", &data) != PAM_SUCCESS || !data)
        return mark(argc, argv, PAM_SUCCESS);
    (void)snprintf(text, sizeof(text), "RUNTIME_MAX=%s", (const char *)data);
    return mark(argc, argv, pam_putenv(pamh, text));
}

#define HOOK(name)                                                       \
    int name(pam_handle_t *pamh, int flags, int argc, const char **argv) \
    {                                                                    \
        (void)pamh, (void)flags;                                         \
        return mark(argc, argv, PAM_SUCCESS);                            \
    }

HOOK(pam_sm_authenticate)
HOOK(pam_sm_setcred)
HOOK(pam_sm_acct_mgmt)
HOOK(pam_sm_close_session)
HOOK(pam_sm_chauthtok)
