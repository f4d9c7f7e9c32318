#ifndef HUFU_DAEMON_SEALER_INTERNAL_H
#define HUFU_DAEMON_SEALER_INTERNAL_H

#include "broker/audit/checkpoint.h"
#include "broker/daemon/sealer.h"
#include "broker/daemon/signer.h"

#define META_KEY "ledger-key" /* fingerprint that was recorded last */

struct asker {
    struct asker *next;
    sealer_made *made;
    void *userdata;
};

struct sealer {
    struct broker *broker;
    struct signer *signer;
    sd_event_source *timer;
    char recorded[CHECKPOINT_KEY_SIZE]; /* empty: no key ever was */
    char recording[CHECKPOINT_KEY_SIZE];

    bool busy, again; /* one is being made; another one is wanted after it */
    bool stopping;
    struct checkpoint c; /* being signed */
    char *text;          /* on its way to the disk, then the last one */
    char *last;
    uint64_t last_sequence, made_at_us; /* boot clock; 0: none yet */
    struct asker *askers;
    sealer_made *seal; /* what is being signed is a head for it */
    void *seal_userdata;

    char trouble[SIGNER_WHY_SIZE + 100]; /* empty: none */
    bool trouble_recorded;
};

/** What is to be signed: this record, now, by the key in use. */
void sealer_describe(struct sealer *s, uint64_t sequence, const uint8_t hash[static RECORD_HASH_SIZE]);
/** 0 or -ENOMEM. */
int sealer_take_signature(struct sealer *s, const struct signer_answer *a);
/** Nothing is being made any more: tells who asked (`why`: there is none), and begins what is wanted next. */
void sealer_finish(struct sealer *s, const char *why);

/** Puts the key on record if it is another one than before, or `again`. 0 or -ENOMEM. */
int sealer_put_key(struct sealer *s, struct store_txn *t, bool again);
/** Answers who waits for a head, if somebody does. */
void sealer_end_seal(struct sealer *s, const char *text, const char *why);

#endif
