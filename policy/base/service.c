#include "policy/base/service.h"

#include "policy/base/cleanup.h"

#include <stddef.h>
#include <string.h>

struct service_row {
    const char *pam_service;
    enum service_kind kind;
    const char *grant_name; /* NULL: its own */
    bool display_manager;
};

/* Greeters (lightdm-greeter, gdm-launch-environment, sddm-greeter) run as their own user and are no login. */
static const struct service_row service_rows[] = {
    {"sshd", SERVICE_LOGIN, NULL, false},
    {"login", SERVICE_LOGIN, NULL, false},
    {"gdm", SERVICE_LOGIN, NULL, true},
    {"gdm-autologin", SERVICE_LOGIN, NULL, true},
    {"gdm-fingerprint", SERVICE_LOGIN, NULL, true},
    {"gdm-password", SERVICE_LOGIN, NULL, true},
    {"gdm-pin", SERVICE_LOGIN, NULL, true},
    {"gdm-smartcard", SERVICE_LOGIN, NULL, true},
    {"gdm3", SERVICE_LOGIN, NULL, true},
    {"greetd", SERVICE_LOGIN, NULL, true},
    {"kdm", SERVICE_LOGIN, NULL, true},
    {"lightdm", SERVICE_LOGIN, NULL, true},
    {"lightdm-autologin", SERVICE_LOGIN, NULL, true},
    {"lxdm", SERVICE_LOGIN, NULL, true},
    {"sddm", SERVICE_LOGIN, NULL, true},
    {"sddm-autologin", SERVICE_LOGIN, NULL, true},
    {"slim", SERVICE_LOGIN, NULL, true},
    {"wdm", SERVICE_LOGIN, NULL, true},
    {"xdm", SERVICE_LOGIN, NULL, true},
    {"at", SERVICE_JOB, NULL, false},
    {"atd", SERVICE_JOB, "at", false},
    {"cron", SERVICE_JOB, NULL, false},
    {"crond", SERVICE_JOB, "cron", false},
    {"polkit-1", SERVICE_SWITCH, NULL, false},
    {"runuser", SERVICE_SWITCH, NULL, false},
    {"runuser-l", SERVICE_SWITCH, NULL, false},
    {"su", SERVICE_SWITCH, NULL, false},
    {"su-l", SERVICE_SWITCH, NULL, false},
    {"sudo", SERVICE_SWITCH, NULL, false},
    {"sudo-i", SERVICE_SWITCH, NULL, false},
    {"systemd-user", SERVICE_USER_MANAGER, NULL, false},
    /* What libpam falls back to when a service has no file of its own: names no service at all. */
    {"other", SERVICE_OTHER, NULL, false},
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

    return row && row->grant_name ? row->grant_name : pam_service;
}

bool service_may_be_granted(const char *name)
{
    const struct service_row *row = find_row(name);

    if (!row)
        return name != NULL;
    return (row->kind == SERVICE_LOGIN || row->kind == SERVICE_JOB) && !row->grant_name;
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
