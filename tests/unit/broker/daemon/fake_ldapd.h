#ifndef HUFU_TESTS_DAEMON_FAKE_LDAPD_H
#define HUFU_TESTS_DAEMON_FAKE_LDAPD_H

#include "policy/wire/feed.h"
#include "tests/unit/broker/daemon/world.h"

/* hufu-ldapd as the broker sees it: real frames over the real socket, and says what the test wants. Entries
 * have numbers; their uuid is made of them. */
struct ldapd {
    struct world *w;
    int fd; /* -1: not connected */
    struct buf in;
    unsigned starts; /* so many came over this connection */
    uint32_t search; /* of the last one */
    struct feed_message start;
    struct feed_message claim;        /* the last question */
    unsigned claims;                  /* so many came over this connection */
    char cookie[FEED_COOKIE_MAX + 1]; /* of the last one; empty: none */
    uint32_t told;                    /* since BEGIN */
};

struct ldapd ldapd_new(struct world *w);
/** Connects, and waits for START. */
void ldapd_connect(struct ldapd *l);
void ldapd_hang_up(struct ldapd *l);
/** Waits until so many STARTs have come over this connection. */
void ldapd_await_start(struct ldapd *l, unsigned n);

void ldapd_send(struct ldapd *l, const struct feed_message *m);
void ldapd_begin(struct ldapd *l, bool full);
/** An entry with up to two approvals (NULL: none). */
void ldapd_entry(struct ldapd *l, unsigned n, const char *document, const char *one, const char *two);
void ldapd_entry_of(struct ldapd *l, unsigned n, const char *document, const char *const *approvals,
                    size_t n_approvals);
void ldapd_delete(struct ldapd *l, unsigned n);
/** Entries from..to, both inclusive, are there and unchanged. */
void ldapd_present(struct ldapd *l, unsigned from, unsigned to);
void ldapd_end(struct ldapd *l, bool refresh_deletes, const char *cookie);
void ldapd_end_as(struct ldapd *l, bool refresh_deletes, const char *cookie, uint32_t count);
void ldapd_cookie(struct ldapd *l, const char *cookie);
void ldapd_state(struct ldapd *l, enum feed_state state, const char *text);

/** Waits until so many questions have come over this connection. */
void ldapd_await_claim(struct ldapd *l, unsigned n);
/** Says that the provider can be asked. */
void ldapd_claims_possible(struct ldapd *l);
/** Answers the last one. */
void ldapd_claimed(struct ldapd *l, enum feed_outcome outcome);

/** Turns the loop until all that was said is heard, has found its place, and is on disk. */
void ldapd_settle(struct ldapd *l);

/** A whole refresh of nothing but what `tell` tells: BEGIN, that, END with a cookie; and settled. */
void ldapd_refresh(struct ldapd *l, void (*tell)(struct ldapd *l, void *userdata), void *userdata);

/** An entry with a grant that leader and unit signed. */
void ldapd_signed(struct ldapd *l, unsigned n, struct grant_plan plan);

/** A member of SyncShow. */
json_int_t ldapd_count(struct world *w, const char *member);
/** Whether the entry is among those that are shown, for this reason and with these words. */
bool ldapd_shows(struct world *w, enum reason reason, const char *words);

#endif
