#ifndef HUFU_PAM_MODULE_ACCOUNT_H
#define HUFU_PAM_MODULE_ACCOUNT_H

#include <stdint.h>

/* A row of the user database, as far as it matters here. */
struct account {
    char name[257]; /* as the database spells it, which may differ from how it was asked for */
    uint32_t uid;
    uint32_t gid; /* primary group */
};

#define ACCOUNT_ABSENT 1

/** 0; ACCOUNT_ABSENT when the user database answered that there is none; or a negative errno when it could
 * not answer (which proves nothing). Memory is taken only while the call lasts. */
int account_by_name(const char *name, struct account *ret);
int account_by_uid(uint32_t uid, struct account *ret);

/** Gid of the group `name`; results as above. */
int account_group(const char *name, uint32_t *ret);

#endif
