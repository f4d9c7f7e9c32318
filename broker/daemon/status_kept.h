#ifndef HUFU_DAEMON_STATUS_KEPT_H
#define HUFU_DAEMON_STATUS_KEPT_H

#include "broker/daemon/papers.h"
#include "policy/document/status.h"

#include <stdbool.h>

/* A status that is kept, and the ones that wait: their trust epoch has not arrived, so nobody can verify
 * them yet, and what nobody signed must not be able to displace what somebody did. So several are kept. */
struct kept_status {
    struct status *document;     /* NULL: none */
    struct grant_papers *papers; /* its octets, and the approvals that came */
    when_t votes_until; /* end of the signers' certificates; 0: nobody of the trust in force signed it */
    when_t judged_at;
    uint32_t row; /* of the store, among statuses */
    char signer[IDENT_NAME_MAX + 1];
};

void kept_status_forget(struct kept_status *x);

#define STATUS_WAITING_MAX 8
#define STATUS_WAITING_ROW 2 /* the first of so many */

/* The lowest trust epoch first, since it comes next; of one trust epoch the newest, of equals the one that
 * came first. */
struct status_waiting {
    struct kept_status items[STATUS_WAITING_MAX];
    size_t n;
};

/** Whether a status would be kept: there is room, or one that comes later to make room. */
bool status_waiting_has_room(const struct status_waiting *w, const struct status *s);

/** Keeps it, as long as status_waiting_has_room(); takes over what *x holds. The same with the same approvals
 * is kept once. If `row` is 0 it gets one that is free. Where it stands now, until the next call. */
struct kept_status *status_waiting_put(struct status_waiting *w, struct kept_status *x);

/** Takes out the first. */
struct kept_status status_waiting_take(struct status_waiting *w);

void status_waiting_free(struct status_waiting *w);

#endif
