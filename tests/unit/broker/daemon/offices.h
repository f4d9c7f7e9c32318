#ifndef HUFU_TESTS_DAEMON_OFFICES_H
#define HUFU_TESTS_DAEMON_OFFICES_H

#include "tests/unit/broker/daemon/world.h"

/*
 * A world whose trust file has, beside the department's approvers, people and keys that can only take away:
 * the revoker sun.qi and the status keys status-2026 and status-2027.
 */
struct offices {
    struct world *w;
    struct signatory revoker, status_key, next_key;
};

/** Not started yet. status_max_age as in hufud.conf. */
struct offices *offices_new(const char *status_max_age);
struct offices *offices_free(struct offices *o);
/** With status-max-age = none, started. */
int offices_setup(void **state);
int offices_teardown(void **state);

/** The trust file of this epoch: with the revoker or without, with this status key (NULL: none). */
char *offices_trust(const struct offices *o, unsigned epoch, bool revoker,
                    const struct signatory *status_key);
/** Has it replace the one in force, signed by the department. */
void offices_replace_trust(struct offices *o, unsigned epoch, bool revoker,
                           const struct signatory *status_key);

/** "2026-11-21T00:00:00Z": so many seconds from now. The caller's to free. */
char *offices_time(when_t seconds);

/** An approval of a revocation or a status; the subject line is made of the document. */
char *offices_sign(const struct signatory *by, const char *role, const char *document);

/** Hands in a revocation by this plan, signed by the revoker. */
struct varlink_reply offices_revoke(struct offices *o, struct revocation_plan plan);

/* A status. */
struct issue {
    unsigned trust_epoch; /* 0: 4 */
    unsigned epoch;       /* 0: 17 */
    when_t age;           /* seconds since it was issued */
    when_t lasts;         /* seconds from now; 0: a day */
    const char *lines;
    const struct signatory *by; /* NULL: the status key */
};
char *issue_status(struct issue x);
struct varlink_reply issue_hand_in(struct offices *o, struct issue x);
/** It must be taken in, with this state. */
void issue_take_in_as(struct offices *o, struct issue x, const char *state);
void issue_take_in(struct offices *o, struct issue x); /* "ok" */
void issue_refused(struct offices *o, struct issue x, enum reason reason);

/** Text of a member of a reply, "" if there is none. */
const char *offices_text(const struct varlink_reply *r, const char *member);
/** The same of its first grant (GrantShow, GrantList). */
const char *offices_grant_text(const struct varlink_reply *r, const char *member);

/** Fails unless the reply is Refused for this reason; frees it. */
void offices_refused(struct varlink_reply *r, enum reason reason);

#endif
