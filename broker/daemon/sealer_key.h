#ifndef HUFU_DAEMON_SEALER_KEY_H
#define HUFU_DAEMON_SEALER_KEY_H

#include "broker/daemon/broker.h"
#include "broker/daemon/signer.h"

/* Where the ledger's key is. */

/** Has the signer use the configured key. One in the default place is made if it is not there and the ledger
 * never had one (`had`). 0, or -errno with `why` filled, a sentence's part for people. */
int sealer_key_load(const struct broker *b, struct signer *signer, bool had,
                    char why[static SIGNER_WHY_SIZE]);

/** Makes it if it is the default one and not there. 0 or -errno. */
int sealer_key_make(const struct broker_options *o, const struct config *config);

/** Detail of the record `ledger-key`, the caller's to free; NULL: no memory. */
char *sealer_key_text(const struct ledger_public *p);

#endif
