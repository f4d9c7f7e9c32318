#include "policy/base/service.h"

#include "policy/base/cleanup.h"

#include <stddef.h>
#include <string.h>

/* Names lie in the rows: a pointer to each would have to be put right whenever the module is loaded. */
struct service_row {
    char pam_service[24];
    enum service_kind kind;
    char grant_name[8]; /* empty: its own */
    bool display_manager;
};

/* Greeters (lightdm-greeter, gdm-launch-environment, sddm-greeter) run as their own user and are no login. */
static const struct service_row service_rows[] = {
    {"sshd", SERVICE_LOGIN, "", false},
    {"login", SERVICE_LOGIN, "", false},
    {"gdm", SERVICE_LOGIN, "", true},
    {"gdm-autologin", SERVICE_LOGIN, "", true},
    {"gdm-fingerprint", SERVICE_LOGIN, "", true},
    {"gdm-password", SERVICE_LOGIN, "", true},
    {"gdm-pin", SERVICE_LOGIN, "", true},
    {"gdm-smartcard", SERVICE_LOGIN, "", true},
    {"gdm3", SERVICE_LOGIN, "", true},
    {"greetd", SERVICE_LOGIN, "", true},
    {"kdm", SERVICE_LOGIN, "", true},
    {"lightdm", SERVICE_LOGIN, "", true},
    {"lightdm-autologin", SERVICE_LOGIN, "", true},
    {"lxdm", SERVICE_LOGIN, "", true},
    {"sddm", SERVICE_LOGIN, "", true},
    {"sddm-autologin", SERVICE_LOGIN, "", true},
    {"slim", SERVICE_LOGIN, "", true},
    {"wdm", SERVICE_LOGIN, "", true},
    {"xdm", SERVICE_LOGIN, "", true},
    {"at", SERVICE_JOB, "", false},
    {"atd", SERVICE_JOB, "at", false},
    {"cron", SERVICE_JOB, "", false},
    {"crond", SERVICE_JOB, "cron", false},
    {"polkit-1", SERVICE_SWITCH, "", false},
    {"runuser", SERVICE_SWITCH, "", false},
    {"runuser-l", SERVICE_SWITCH, "", false},
    {"su", SERVICE_SWITCH, "", false},
    {"su-l", SERVICE_SWITCH, "", false},
    {"sudo", SERVICE_SWITCH, "", false},
    {"sudo-i", SERVICE_SWITCH, "", false},
    {"systemd-user", SERVICE_USER_MANAGER, "", false},
    /* What libpam falls back to when a service has no file of its own: names no service at all. */
    {"other", SERVICE_OTHER, "", false},
};

static const struct service_row *find_row(const char *pam_service)
{
    for (size_t i = 0; pam_service && i < ARRAY_SIZE(service_rows); i++)
        if (strcmp(service_rows[i].pam_service, pam_service) == 0)
            return &service_rows[i];
    return NULL;
}

enum service_kind service_kind_of(const char *pam_service)
{
    const struct service_row *row = find_row(pam_service);

    return row ? row->kind : SERVICE_OTHER;
}

const char *service_grant_name(const char *pam_service)
{
    const struct service_row *row = find_row(pam_service);

    return row && row->grant_name[0] ? row->grant_name : pam_service;
}

bool service_may_be_granted(const char *name)
{
    const struct service_row *row = find_row(name);

    if (!row)
        return name != NULL;
    return (row->kind == SERVICE_LOGIN || row->kind == SERVICE_JOB) && !row->grant_name[0];
}

bool service_is_sudo(const char *pam_service)
{
    return pam_service && (strcmp(pam_service, "sudo") == 0 || strcmp(pam_service, "sudo-i") == 0);
}

bool service_is_display_manager(const char *pam_service)
{
    const struct service_row *row = find_row(pam_service);

    return row && row->display_manager;
}
