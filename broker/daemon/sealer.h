#ifndef HUFU_DAEMON_SEALER_H
#define HUFU_DAEMON_SEALER_H

#include "broker/audit/segment.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/status_findings.h"

/*
 * Signs the ledger: a checkpoint now and then (broker/audit/checkpoint.h), which journald and whoever
 * collects it carries away. It has the ledger's key, and says so when that is not there: nothing is refused
 * for it.
 *
 * A key is made once, in the default place, while the ledger has had none. One that vanished is never
 * replaced by itself: whoever can take it away would have the ledger signed by another one, in silence. It is
 * put back from a backup, or root makes another one, which is then recorded as a failure, for auditors to
 * ask.
 */
struct sealer;

/** After the store was opened and before the loop runs. 0 or -errno. */
int sealer_new(struct broker *b, struct sealer **ret);
/** The last checkpoint, signed and handed to the store when it returns; for a token it waits a few seconds at
 * most. Who asked for one has heard then. */
void sealer_stop(struct sealer *s);
/** After store_close(). */
struct sealer *sealer_free(struct sealer *s);
DEFINE_CLEANUP(struct sealer, sealer_free);

/** Has a checkpoint made soon; of several wishes one comes true. NULL is fine. */
void sealer_checkpoint(struct sealer *s);
/** The configuration is another one. */
void sealer_reload(struct sealer *s);

/** Called once, soon or at once: the checkpoint's text and the sequence of its record, or NULL and why there
 * is none. */
typedef void sealer_made(void *userdata, const char *checkpoint, uint64_t sequence, const char *why);
/** Asks for a checkpoint; one that is not ten seconds old will do. */
void sealer_ask(struct sealer *s, sealer_made *made, void *userdata);

/** Signs a head for records that are to leave the ledger, the last of which has this sequence and hash:
 * `made` gets a checkpoint's text, which is not written anywhere. NULL and no reason: not now, ask again
 * later. */
void sealer_seal(struct sealer *s, uint64_t sequence, const uint8_t hash[static RECORD_HASH_SIZE],
                 sealer_made *made, void *userdata);
/** Puts the key on record again, since its record leaves the ledger. 0 or -ENOMEM. */
int sealer_announce(struct sealer *s, struct store_txn *t);

/** Key that signs; NULL: none, or not known yet. */
const struct ledger_public *sealer_key(const struct sealer *s);

#define SEALER_FINDINGS_MAX 1
size_t sealer_findings(const struct sealer *s, struct status_finding ret[static SEALER_FINDINGS_MAX]);

#endif
