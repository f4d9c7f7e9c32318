#ifndef HUFU_TESTS_UNIT_BROKER_AUDIT_SAMPLE_LEDGER_H
#define HUFU_TESTS_UNIT_BROKER_AUDIT_SAMPLE_LEDGER_H

#include "broker/audit/chain.h"

#include <openssl/evp.h>
#include <stddef.h>

/*
 * A ledger as hufud writes it, in memory, to be tampered with: real hashes (SHA-256 or SM3), real signatures
 * (Ed25519). Record 1 is broker-start, 2 names the key, then every tenth is a checkpoint of the one before
 * it, and so is the last.
 */
#define SAMPLE_LEDGER_ID "00112233445566778899aabbccddeeff"
#define SAMPLE_ROWS_MAX  64

struct sample_key {
    EVP_PKEY *key;
    char fingerprint[CHECKPOINT_KEY_SIZE];
    uint8_t spki[64];
    size_t spki_size;
};

struct sample_ledger {
    struct record rows[SAMPLE_ROWS_MAX];
    char details[SAMPLE_ROWS_MAX][600]; /* of those that are made here */
    size_t n;
    struct sample_key key, other; /* its own, and an attacker's */
};

void sample_ledger_make(struct sample_ledger *l, uint8_t format, size_t n);
void sample_ledger_done(struct sample_ledger *l);

/** Puts into row `i` a checkpoint of row `about`, signed by `key`. */
void sample_ledger_checkpoint(struct sample_ledger *l, size_t i, size_t about, const struct sample_key *key);
/** Puts into row `i` a `ledger-key` record. */
void sample_ledger_name_key(struct sample_ledger *l, size_t i, const struct sample_key *key);
/** What somebody does who knows how: numbers and hashes of all rows from `i` on are made anew. */
void sample_ledger_rehash(struct sample_ledger *l, size_t i);
/** The same, and each checkpoint is made anew, signed by `key`. */
void sample_ledger_resign(struct sample_ledger *l, size_t i, const struct sample_key *key);

void sample_ledger_remove(struct sample_ledger *l, size_t i);
void sample_ledger_insert(struct sample_ledger *l, size_t i, const struct record *r);

/** Fills options->means with what knows the two keys. */
void sample_ledger_means(struct sample_ledger *l, struct chain_options *options);
/** Feeds a chain with all rows. */
struct chain_report sample_ledger_judge(struct sample_ledger *l, const struct chain_options *options);
/** The same with the fingerprint of its key given, and nothing else. */
struct chain_report sample_ledger_judge_pinned(struct sample_ledger *l);

struct chain_witness sample_ledger_witness(const struct sample_ledger *l, size_t i,
                                           enum chain_witness_kind kind);

#endif
