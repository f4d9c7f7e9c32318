#ifndef HUFU_LDAP_CLAIM_REQUEST_H
#define HUFU_LDAP_CLAIM_REQUEST_H

#include "policy/wire/feed.h"

#include <ldap.h>
#include <stdbool.h>

/*
 * One question of hufud's at the claim provider, as a sequence of operations of which one is under way.
 *
 *   TAKE       OWN --none--> FREE --some--> CHANGE one at random; if somebody was faster, the next; if none
 * is left, FREE again --none--> ANY: of no such grant nothing is exhausted LOOK       OWN GIVE_BACK  OWN
 * --one--> CHANGE
 *
 * A use is taken by adding the value to a single-valued attribute, so of all that do it at a time one
 * succeeds; it is given back by deleting that very value.
 */
enum claim_stage {
    CLAIM_OWN = 1, /* is one held as HOST:NONCE? */
    CLAIM_FREE,    /* which are free? */
    CLAIM_ANY,     /* is there any at all? */
    CLAIM_CHANGE,  /* one is being taken or given back */
};

#define CLAIM_SLOTS_MAX 64 /* free ones that are asked for at a time */

struct claim_place {
    LDAP *ldap;
    const char *base; /* of Hufu's entries: uses are those of ou=uses below it */
    const char *host;
};

struct claim_request {
    struct claim_request *next;
    struct feed_message question;
    uint64_t since, until; /* CLOCK_BOOTTIME */
    enum claim_stage stage;
    int msgid; /* of what is under way */
    size_t n_slots;
    char *slots[CLAIM_SLOTS_MAX]; /* DNs that the search has found */
};

/** NULL without memory. */
struct claim_request *claim_request_new(const struct feed_message *question);
struct claim_request *claim_request_free(struct claim_request *r);

/** Begins. True: it is over already, with *outcome. */
bool claim_request_begin(struct claim_request *r, const struct claim_place *place,
                         enum feed_outcome *outcome);
/** Takes a message that answers its msgid. True: it is over, with *outcome. */
bool claim_request_take(struct claim_request *r, const struct claim_place *place, LDAPMessage *message,
                        enum feed_outcome *outcome);
/** What is known of it if nothing comes any more. */
enum feed_outcome claim_request_so_far(const struct claim_request *r);

#endif
