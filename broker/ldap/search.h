#ifndef HUFU_LDAP_SEARCH_H
#define HUFU_LDAP_SEARCH_H

#include "broker/ldap/connection.h"
#include "policy/wire/feed.h"

#include <systemd/sd-event.h>

/*
 * One search on one connection, told as frames: refresh and persist where the server offers RFC 4533 and
 * does it, refreshes at intervals where it refuses to persist, and polling where it has no such thing. It is
 * event driven and takes at most 64 messages a turn of the loop.
 *
 * Polling: every poll-interval what was changed since the newest modifyTimestamp seen; every tenth time, all
 * entryUUIDs with theirs, by which deletions are known, and changes that a replica got late. If anything
 * does not fit, everything is read anew.
 */
struct search;

struct search_calls {
    void (*tell)(void *userdata, const struct feed_message *m); /* any frame but STATE */
    void (*state)(void *userdata, enum feed_state state, bool pushes, uint32_t seconds);
    /* The connection is of no use any more. The search may be freed from here. */
    void (*failed)(void *userdata, const char *why);
};

struct search_options {
    sd_event *event;
    struct connection *connection; /* stays the caller's; nothing else is asked on it meanwhile */
    bool offers_sync;
    const struct ldapd_config *config; /* base, poll-interval */
    uint32_t stall_after;              /* seconds without a message that end it; see below */
    const struct feed_message *start;  /* number, host, groups; the cookie to begin with */
    bool expects_beats;                /* heartbeats were seen before */
    struct search_calls calls;
    void *userdata;
};

/** Begins at once. What is told refers to the START's number. 0 or -errno. Silence ends the search while an
 * answer is due, and, where changes are pushed, if the directory has a heartbeat at all. */
int search_new(const struct search_options *options, struct search **ret);
struct search *search_free(struct search *s); /* abandons it at the server */
DEFINE_CLEANUP(struct search, search_free);

/** While paused, nothing is read from the server (what it has to say waits there). */
void search_pause(struct search *s, bool paused);

#endif
