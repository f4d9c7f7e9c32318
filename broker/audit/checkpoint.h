#ifndef HUFU_AUDIT_CHECKPOINT_H
#define HUFU_AUDIT_CHECKPOINT_H

#include "broker/audit/record.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

/*
 * What signs a ledger, as text of its records. Nothing here knows how to sign or to verify
 * (broker/trust/ledger_key.h).
 *
 * A checkpoint says: record `sequence` of the ledger had this `hash` at this time. It is the detail of a
 * record `checkpoint`, which may be any later one; copied elsewhere, it pins all records up to there. It is
 * also the head of a part that was sealed and taken out of the ledger (table `segment`).
 *
 * A key is announced by a record `ledger-key` before the first checkpoint that it signs.
 */
#define CHECKPOINT_KEY_SIZE    51 /* "SHA256:", 43 characters, NUL: the fingerprint of a public key */
#define CHECKPOINT_LEDGER_SIZE 33 /* 32 hexadecimal digits, NUL */
#define CHECKPOINT_HOST_SIZE   65
#define CHECKPOINT_ALG_SIZE    32

struct checkpoint {
    uint64_t sequence;
    uint8_t hash[RECORD_HASH_SIZE];
    when_t at;
    char host[CHECKPOINT_HOST_SIZE];
    char ledger[CHECKPOINT_LEDGER_SIZE]; /* id that the ledger was given when its store was made */
    char key[CHECKPOINT_KEY_SIZE];       /* SHA-256 of the DER SubjectPublicKeyInfo */
    char alg[CHECKPOINT_ALG_SIZE];       /* as in an approval: "ed25519", ... */
    uint8_t *signature;                  /* owned */
    size_t signature_size;
};

void checkpoint_done(struct checkpoint *c);
#define cleanup_checkpoint cleanup(checkpoint_done)

/** Appends `sequence=N hash=HEX at=TIME host=NAME ledger=HEX key=SHA256:... alg=NAME signature=BASE64`.
 * Errors are the buffer's. */
void checkpoint_format(const struct checkpoint *c, struct buf *b);

/** Reads exactly what checkpoint_format() writes, nothing before it or behind. *ret needs checkpoint_done()
 * after 0. 0, -EINVAL, -ENOMEM. */
int checkpoint_parse(const char *text, struct checkpoint *ret);

/** Appends the octets that are signed: the lines `hufu-checkpoint: 1`, `host: `, `ledger: `, `sequence: `,
 * `hash: `, `at: `, `key: `, `alg: `, each ended by LF. Errors are the buffer's. */
void checkpoint_signed_octets(const struct checkpoint *c, struct buf *b);

struct checkpoint_key {
    char key[CHECKPOINT_KEY_SIZE];
    char alg[CHECKPOINT_ALG_SIZE];
    uint8_t *spki; /* DER SubjectPublicKeyInfo, owned; whose fingerprint `key` is, whoever reads it checks */
    size_t spki_size;
};

void checkpoint_key_done(struct checkpoint_key *k);
#define cleanup_checkpoint_key cleanup(checkpoint_key_done)

/** Appends `key=SHA256:... alg=NAME public=BASE64`. Errors are the buffer's. */
void checkpoint_key_format(const struct checkpoint_key *k, struct buf *b);
/** Reads exactly that. *ret needs checkpoint_key_done() after 0. 0, -EINVAL, -ENOMEM. */
int checkpoint_key_parse(const char *text, struct checkpoint_key *ret);

#endif
