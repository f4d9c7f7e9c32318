#ifndef HUFU_DIRECTORY_CLAIMS_H
#define HUFU_DIRECTORY_CLAIMS_H

#include "policy/base/cleanup.h"
#include "policy/wire/feed.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * Questions to the claim provider, asked through hufu-ldapd: each is answered exactly once, by an answer that
 * is about it, by its time being over, or by the feed being gone. Nothing is kept here: what an answer means
 * for the books is its asker's (broker/daemon/claiming).
 */
struct claims;

/* Questions under way at a time: as many as hufu-ldapd has room for. */
#define CLAIMS_MAX 64

struct claims_question {
    enum feed_operation operation;
    struct ident_id grant;
    uint8_t nonce[FEED_NONCE_SIZE];
};

/** Sends to hufu-ldapd. 0 or -errno: then nothing was sent. */
typedef int claims_send(void *userdata, const struct feed_message *m);
/** FEED_UNKNOWN also when the time was over, or the feed was lost while it waited. */
typedef void claims_done(void *userdata, enum feed_outcome outcome);

int claims_new(sd_event *event, claims_send *send, void *userdata, struct claims **ret);
/** What waits is answered with FEED_UNKNOWN. */
struct claims *claims_free(struct claims *c);
DEFINE_CLEANUP(struct claims, claims_free);

/** Asks, for `patience_us` at most. `done` is called once, never from within this call. 0; -ENOTCONN (claims
 * are not possible now), -EBUSY (too many under way), -errno: nothing was sent, and done is not called. */
int claims_ask(struct claims *c, const struct claims_question *q, uint64_t patience_us, claims_done *done,
               void *userdata);

/** CLAIMED of the feed. One that answers nothing that waits is dropped. */
void claims_answer(struct claims *c, const struct feed_message *m);

/** STATE of the feed. */
void claims_state(struct claims *c, const struct feed_message *m);

/** The feed is gone. */
void claims_gone(struct claims *c);

/** Whether the claim provider can be asked now, as far as hufu-ldapd says. */
bool claims_possible(const struct claims *c);
/** Whether anybody waits for an answer. */
bool claims_awaited(const struct claims *c);

#endif
