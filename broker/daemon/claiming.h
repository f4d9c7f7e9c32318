#ifndef HUFU_DAEMON_CLAIMING_H
#define HUFU_DAEMON_CLAIMING_H

#include "broker/daemon/broker.h"
#include "broker/directory/claims.h"

/*
 * The books of claims: uses of `N fleet` grants, held at the claim provider as (this host, nonce). What is
 * asked there is on disk before it is asked, so that no end of this program loses a nonce, and with it a use
 * of everybody's:
 *
 *   ASKED --held--> HELD by a session that is reserved --opened--> USED, for good
 *     |               |
 *     |               +--no session came of it--> OWED --given back--> (gone)
 *     +--exhausted, nothing changed--> (gone)
 *     +--unknown--> looked for until known: held, so given back; or not held --> (gone)
 *
 * A claim is given back only after it is on disk that no session has it. A question that was lost may still
 * take effect: a provider that stood still finds it in its socket. So what is not found counts as not held
 * only when it is still not found some time later, with a provider that has answered in between.
 */
struct claiming;

/* From the request of the module to the claim's answer: the module itself waits 2 s. */
#define CLAIMING_PATIENCE_US ((uint64_t)1500000)

struct claiming_times {
    uint64_t retry_us;   /* until the second try of what is not known; then twice as long each time */
    uint64_t longest_us; /* ... and no longer than this */
    uint64_t settle_us;  /* how long a provider that answers may still have a lost question before it */
};
#define CLAIMING_TIMES_DEFAULT \
    ((struct claiming_times){.retry_us = 1000000, .longest_us = 60000000, .settle_us = 60000000})

int claiming_new(struct broker *b, struct claiming **ret);
/** What is under way is answered; nothing is asked any more. */
void claiming_stop(struct claiming *c);
struct claiming *claiming_free(struct claiming *c);

/** How long things are waited for. */
void claiming_set_times(struct claiming *c, struct claiming_times times);

/** After sessions were loaded: what no session has is resolved from now on. 0 or -errno. */
int claiming_load(struct claiming *c);

/* ---- the feed ---- */

/** Who sends to hufu-ldapd. */
void claiming_set_feed(struct claiming *c, claims_send *send, void *userdata);
/** CLAIMED and STATE. */
void claiming_on_feed(struct claiming *c, const struct feed_message *m);
void claiming_on_feed_gone(struct claiming *c);
bool claiming_is_possible(const struct claiming *c);
/** Whether an answer of the provider is waited for: it comes behind whatever else the feed has. */
bool claiming_is_awaited(const struct claiming *c);

/* ---- a login ---- */

struct claim;

/** `reason` REASON_OK: `claim` is held, and the asker's to bind or to give back. Else it is NULL, and what is
 * to be resolved is resolved here. */
typedef void claiming_done(void *userdata, struct claim *claim, enum reason reason);

/** Takes one use of a grant until `until_us` of CLOCK_BOOTTIME: first the intent goes to disk, then the
 * question to the provider. `done` is called once, perhaps from within. */
void claiming_take(struct claiming *c, const struct grant_entry *entry, uint64_t until_us,
                   claiming_done *done, void *userdata);

/** Of which grant it is a use. */
const struct ident_id *claiming_grant(const struct claim *claim);

/** Nothing came of it: it is given back. NULL is fine. */
void claiming_give_back(struct claim *claim);

#define CLAIMING_DETAIL_SIZE 48
/** "claim NONCE", or "" of NULL. */
void claiming_detail(const struct claim *claim, char text[static CLAIMING_DETAIL_SIZE]);

/** From now on the session has it. In `t` (may be NULL): that, and that it was taken. */
void claiming_bind(struct claim *claim, const struct session *s, struct store_txn *t);

/* ---- a session ---- */

/** The claim that a session has, or NULL. */
struct claim *claiming_of(const struct claiming *c, uint64_t session);

/** Appends that its session opened. */
void claiming_write_used(const struct claim *claim, struct store_txn *t);
/** That is on disk: nothing remains to be done about it. NULL is fine. */
void claiming_used(struct claim *claim);

/** All that no session has count as used, and nothing more is asked about them: in memory and in the
 * transaction; and when that is on disk. */
void claiming_write_all_used(struct claiming *c, struct store_txn *t);
void claiming_all_used(struct claiming *c);

/* ---- for people ---- */

/** Claims that are not known, or still to be given back. */
unsigned claiming_unresolved(const struct claiming *c);
/** When the oldest of them was asked for; 0 without any. */
when_t claiming_oldest(const struct claiming *c);

#endif
