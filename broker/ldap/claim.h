#ifndef HUFU_LDAP_CLAIM_H
#define HUFU_LDAP_CLAIM_H

#include "broker/ldap/config.h"
#include "policy/wire/feed.h"

#include <systemd/sd-event.h>

/*
 * The claim provider: one connection to `claim-uri`, of its own, so that a refresh of a million entries does
 * not stand in front of a login. It is kept open, since STATE has to say whether a claim is possible before
 * anybody asks. Questions are pipelined on it, CLAIM_QUESTIONS_MAX at most. Each is answered once, within
 * CLAIM_PATIENCE_US, which is less than hufud waits, so that "nothing was changed" is told and not guessed.
 */
struct claimer;

#define CLAIM_QUESTIONS_MAX 64
#define CLAIM_PATIENCE_US   ((uint64_t)1300000)

struct claimer_calls {
    void (*answer)(void *userdata, const struct feed_message *m);      /* CLAIMED */
    void (*state)(void *userdata, bool possible, const char *why_not); /* it changed */
};

/** `config` as for dialer_new(). Without a claim-uri nothing is ever possible. 0 or -errno. */
int claimer_new(sd_event *event, const struct ldapd_config *config, const struct claimer_calls *calls,
                void *userdata, struct claimer **ret);
struct claimer *claimer_free(struct claimer *c);
DEFINE_CLEANUP(struct claimer, claimer_free);

/** hufud is there, and this is its host's name: connects, and stays connected. */
void claimer_start(struct claimer *c, const char *host);
/** hufud is gone: what it asked is void, and the connection is given up. */
void claimer_stop(struct claimer *c);

/** CLAIM. It may be answered from within. */
void claimer_ask(struct claimer *c, const struct feed_message *question);

bool claimer_is_possible(const struct claimer *c);
/** False while a connection is being opened on its thread. */
bool claimer_is_alone(const struct claimer *c);

#endif
