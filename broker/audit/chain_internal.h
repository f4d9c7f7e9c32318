#ifndef HUFU_AUDIT_CHAIN_INTERNAL_H
#define HUFU_AUDIT_CHAIN_INTERNAL_H

#include "broker/audit/chain.h"

/* What chain.c and chain_checkpoint.c share. */

/* A checkpoint is about a record that was the last one while it was being signed. */
#define MEMORY 65536

struct remembered {
    uint64_t sequence; /* 0: none */
    uint8_t hash[RECORD_HASH_SIZE];
};

struct chain {
    struct chain_options o;
    struct chain_report report;
    struct remembered *memory;        /* of the last MEMORY records, by sequence */
    uint8_t joined[RECORD_HASH_SIZE]; /* what the first record was written behind */
    uint64_t begins;                  /* its sequence */
    struct sealed_segment sealed;     /* the last one, without its text; last 0: none */
    char ledger[CHECKPOINT_LEDGER_SIZE];
    char (*learnt)[CHECKPOINT_KEY_SIZE]; /* named by the ledger itself */
    size_t n_learnt;
    size_t next_witness;
    struct buf octets;
};

/* Notes the fault, if it is the first: that one counts. -EBADMSG. */
__attribute__((format(printf, 4, 5))) int chain_fail(struct chain *c, enum chain_fault what,
                                                     const struct record *r, const char *format, ...);

/* The same about a record of which only the number is known. */
#define chain_fail_at(c, what, number, ...) \
    chain_fail((c), (what), &(struct record){.sequence = (number)}, __VA_ARGS__)

struct remembered *chain_slot(const struct chain *c, uint64_t sequence);
void chain_remember(struct chain *c, uint64_t sequence, const uint8_t hash[static RECORD_HASH_SIZE]);

/* Each 0; -EBADMSG: a fault, noted; other -errno. */
int chain_learn_key(struct chain *c, const struct record *r);
int chain_take_checkpoint(struct chain *c, const struct record *r);
int chain_judge_segments(struct chain *c);
/** Told of each record of a sealing. */
void chain_note_trim(struct chain *c, const struct record *r);

#endif
