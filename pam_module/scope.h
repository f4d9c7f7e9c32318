#ifndef HUFU_PAM_MODULE_SCOPE_H
#define HUFU_PAM_MODULE_SCOPE_H

#include "pam_module/account.h"
#include "pam_module/arguments.h"
#include "policy/base/service.h"
#include "policy/wire/gate.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Is this call about a gated person at all, and about whom? Answered on the host alone, before and without
 * any broker, because nothing that Hufu does may stand in the way of anyone else (3-rules, "Who").
 *
 * The person is PAM_USER; but for su, sudo, runuser and polkit it is whoever calls: the user of the audit
 * login uid or of the caller's own uid, whichever is gated, so that a vendor who became root is still that
 * vendor. For every other service the login uid plays no part: a daemon that was restarted from a vendor's
 * shell must not lock the department's staff out.
 *
 * Compared `== SCOPE_FREE` only: whatever else it is, the call is not waved through.
 */
enum scope_result {
    SCOPE_FREE = 0x2E51C0D7,        /* proven not gated */
    SCOPE_GATED = 0x619A3F28,       /* one gated person */
    SCOPE_TWO_PERSONS = 0x14C7B56B, /* login uid and uid are two gated people */
    SCOPE_NO_USER = 0x4B0D6EA3,     /* no account PAM_USER, and the service needs one */
    SCOPE_UNSURE = 0x37F2915C,      /* the user database could not answer */
};

/* The primary group of every gated account (sysusers.d), who is gated when the range is not to be had. */
#define SCOPE_GATED_GROUP "hufu-gated"

struct scope_candidate {
    uint32_t uid; /* UINT32_MAX: none */
    bool member;  /* its primary group is SCOPE_GATED_GROUP; looked up only where there is no range */
};

struct scope_facts {
    enum service_kind service;
    const struct gate_range *range; /* NULL: arguments without one, the group decides */
    int user_lookup;                /* of PAM_USER: 0, ACCOUNT_ABSENT, negative errno (account.h) */
    struct scope_candidate user;    /* PAM_USER */
    struct scope_candidate caller;  /* real uid */
    struct scope_candidate login;   /* audit login uid; read with SERVICE_SWITCH only */
};

/** The rule itself: pure. *ret_uid is the person's with SCOPE_GATED, else UINT32_MAX. */
enum scope_result scope_judge(const struct scope_facts *f, uint32_t *ret_uid);

/** Sentence for a person refused by the module itself, or NULL (nothing to say). ASCII. */
const char *scope_text(enum scope_result result);
#define SCOPE_TWO_PERSONS_TEXT                                                  \
    "Hufu: this would act for two outside persons at once, so it is refused.\n" \
    "Please log in again as yourself."
#define SCOPE_UNSURE_TEXT                                                            \
    "Hufu: this host cannot look up its accounts right now,\nso access is refused. " \
    "Please call the unit responsible for this host."
#define SCOPE_MISCONFIGURED_TEXT                                                               \
    "Hufu: this host's PAM configuration for outside staff is faulty,\nso access is refused. " \
    "Please call the unit responsible for this host."

struct scope {
    enum scope_result result;
    struct account person; /* with SCOPE_GATED */
    uint32_t user_uid;     /* of PAM_USER; UINT32_MAX: no such account */
};

/** Whether the caller's login uid has to be known for scope_find(). */
bool scope_needs_login(const char *service);

/** Gathers the facts and judges them. `service` and `user` are the PAM items, NULL where unset. A gated uid
 * without a name is SCOPE_UNSURE: nobody can be asked about. */
void scope_find(const char *service, const char *user, const struct arguments *arguments,
                const struct gate_caller *caller, struct scope *ret);

#endif
