#ifndef HUFU_DAEMON_VERIFIER_INTERNAL_H
#define HUFU_DAEMON_VERIFIER_INTERNAL_H

#include "broker/daemon/verifier.h"
#include "broker/trust/verdict_cache.h"
#include "broker/trust/workers.h"
#include "policy/base/buf.h"

/* What a verifier is made of. */

/* One document's approvals on their way over a worker. It owns its octets, which follow it. */
struct preparation {
    struct preparation *next;
    struct verifier *verifier;
    struct trust_set *trust; /* a reference */
    struct subject subject;
    struct octets approvals[QUORUM_VOTES_MAX]; /* those that are missing */
    struct trust_verdict_key keys[QUORUM_VOTES_MAX];
    struct trust_verdict verdicts[QUORUM_VOTES_MAX];
    size_t n;
    int result;
    bool noted;
    bool yields; /* goes over a worker also with nothing to verify */
    verifier_done *done;
    void *userdata;
};

struct verifier {
    struct verdict_cache *cache;
    struct workers *workers;
    sd_event_source *io;
    struct preparation *running;              /* on the workers */
    struct preparation *parked, **parked_end; /* wait for what is running, or for room */
    size_t n_pending;                         /* both */
    bool stopping;

    struct store *store; /* from verifier_load_from() to verifier_loaded() */
    size_t n_loaded;     /* of its rows */
    bool noting;
    bool foreign;    /* the store has verdicts that rest on something else */
    struct buf made; /* struct made, one after the other */
};

struct made {
    struct trust_verdict_key key;
    struct trust_verdict verdict;
};

#endif
