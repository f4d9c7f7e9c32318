#ifndef HUFU_DAEMON_LEDGER_H
#define HUFU_DAEMON_LEDGER_H

#include "broker/audit/event.h"
#include "broker/daemon/broker.h"

/* Putting things on record. */

#define LEDGER_REFERENCE_SIZE 9

/** What a person is told to quote, and the record holds: eight letters and digits that are not mistaken for
 * one another on the telephone. */
void ledger_reference(char text[static LEDGER_REFERENCE_SIZE]);

/** A record of `event` as of now, with every text empty and no actor. */
struct record ledger_record(const char *event, enum reason reason, bool success);

/** What a grant adds to a record. `id` is the caller's memory. */
void ledger_grant(struct record *r, const struct grant_entry *e, char id[static IDENT_ID_TEXT_SIZE]);

/** What the trust in force adds to a record: epoch, site, SHA-256. `detail` is the caller's memory. */
#define LEDGER_TRUST_SIZE 512
void ledger_trust(struct record *r, const struct broker *b, const char *why,
                  char detail[static LEDGER_TRUST_SIZE]);

/** A transaction. NULL: there is no store, or no memory. */
struct store_txn *ledger_txn(struct broker *b);

/** Submits; `done` may be NULL: then it says what has happened already, and is kept until there is room for
 * it. If it cannot even be handed over, done is called at once. */
void ledger_submit(struct broker *b, struct store_txn *t, store_done *done, void *userdata);

/** Why nobody is let in after such a result of a commit. */
enum reason ledger_reason(int result);

/** Writes one record, which nobody waits for. What somebody without any right can cause goes to repetition.h
 * instead. */
void ledger_write(struct broker *b, const struct record *r);

/** "uid 1000": whose refusals are counted together where nothing else is known of them. Returns `text`. */
#define LEDGER_PEER_SIZE 20
const char *ledger_peer(const struct peer *peer, char text[static LEDGER_PEER_SIZE]);

/** A refusal at the door: malformed, forged, too many. Repeated ones are counted (repetition.h). */
void ledger_trouble(struct broker *b, const struct peer *peer, enum reason reason, const char *detail);

#endif
