#ifndef HUFU_BASE_SERVICE_H
#define HUFU_BASE_SERVICE_H

#include <stdbool.h>

/*
 * What a PAM service is to a gated person (3-rules, "Who" and "What a grant gives"). It lies in base because
 * the grammar of grants and the engine must not disagree about which services a grant may name.
 */
enum service_kind {
    SERVICE_LOGIN = 1,    /* sshd, login, a display manager: opens a session, uses a use */
    SERVICE_JOB,          /* cron, at: named in a grant valid now; no use, no session */
    SERVICE_SWITCH,       /* su, su-l, sudo, sudo-i, runuser, runuser-l, polkit-1: inside a live session */
    SERVICE_USER_MANAGER, /* systemd-user: while a session is open or opening */
    SERVICE_LOCKER,       /* asked by the person's own uid: while a session of their own lives */
    SERVICE_OTHER,        /* anything else: refused to a gated account */
};

/** Kind by the PAM service's name; NULL is SERVICE_OTHER. "atd" and "crond" are at and cron. Never
 * SERVICE_LOCKER: that follows from who asks. */
enum service_kind service_kind_of(const char *pam_service);

/** The name that a grant uses for a PAM service ("atd" -> "at", "crond" -> "cron"), else the name itself. */
const char *service_grant_name(const char *pam_service);

/** Whether a `service:` line may name it: a login or job service, or a name not known to be anything else.
 * An alias ("atd") may not, since no request would ever match it. */
bool service_may_be_granted(const char *name);

/** Whether it is sudo's: what it runs is asked about by its plugin, command by command. */
bool service_is_sudo(const char *pam_service);

/** Whether the service is a display manager: its logins are `source: local`. */
bool service_is_display_manager(const char *pam_service);

#endif
