#ifndef HUFU_DOCTOR_MODEL_H
#define HUFU_DOCTOR_MODEL_H

#include "broker/doctor/walk.h"

/*
 * What a module may return, for somebody of whom this much is known. pam_succeed_if is evaluated where the
 * facts decide it (Linux-PAM 1.5.2: `ingroup` asks about the user, or with use_uid the caller, whatever
 * attribute stands before it); pam_permit and pam_deny do what they are called; pam_hufu does what is said
 * here; any other module may return anything.
 */

struct model_account {
    bool known; /* else: it may be anybody */
    uint32_t uid;
    bool gated; /* of group hufu-gated */
};

struct model {
    const char *service;
    enum stack_phase phase;
    struct model_account user;   /* PAM_USER */
    struct model_account caller; /* the real uid */
    bool lookups_fail;           /* the user database may fail to answer */
    uint32_t gate;               /* what pam_hufu may return, as bits */
    uint32_t others;             /* what modules may return of which nothing is known, as bits */
};

/** walk_returns for a struct model. */
uint32_t model_returns(const void *userdata, const struct stack_line *line);

#endif
