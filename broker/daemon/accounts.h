#ifndef HUFU_DAEMON_ACCOUNTS_H
#define HUFU_DAEMON_ACCOUNTS_H

#include <stdbool.h>
#include <sys/types.h>

/* The host's users and groups that have rights here. */
struct accounts {
    uid_t keys;      /* hufu-keys, who asks about keys; (uid_t)-1: nobody */
    uid_t ldap;      /* hufu-ldap, who brings what the directory holds; (uid_t)-1: nobody */
    uid_t recorder;  /* hufu-rec, whose rights recorders have; (uid_t)-1: nobody */
    gid_t operators; /* hufu-operators; (gid_t)-1: no such group */
    gid_t auditors;  /* hufu-auditors */
};

#define ACCOUNTS_NONE                          \
    ((struct accounts){.keys = (uid_t)-1,      \
                       .ldap = (uid_t)-1,      \
                       .recorder = (uid_t)-1,  \
                       .operators = (gid_t)-1, \
                       .auditors = (gid_t)-1})

/** Looks them up. Of what cannot be looked up now *a keeps what it holds: that is not to have gone. */
void accounts_find(struct accounts *a);

bool accounts_differ(const struct accounts *a, const struct accounts *b);

#endif
