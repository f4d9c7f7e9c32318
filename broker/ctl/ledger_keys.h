#ifndef HUFU_CTL_LEDGER_KEYS_H
#define HUFU_CTL_LEDGER_KEYS_H

#include "broker/audit/chain.h"
#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"
#include "broker/trust/ledger_public.h"

/* Keys that a ledger's checkpoints may be verified with, and what binds them to the chain. */

#define LEDGER_KEYS_MAX 256 /* a ledger that names more is none of ours */

struct ledger_keys {
    struct ledger_public *keys[LEDGER_KEYS_MAX];
    const char *fingerprints[LEDGER_KEYS_MAX]; /* of the same */
    size_t n;
    size_t n_pinned; /* the first of them were given by people */
};

void ledger_keys_done(struct ledger_keys *k);
#define cleanup_ledger_keys cleanup(ledger_keys_done)

/** Reads the files of --key: these are pinned. EXIT_DONE, or said. */
enum exit_code ledger_keys_pin(const struct cli *cli, struct ledger_keys *k, const struct option_list *paths);
/** What a ledger says its key is (PEM; NULL: nothing). One that is there already, or none, is passed over. 0
 * or -ENOMEM. */
int ledger_keys_name(struct ledger_keys *k, const char *pem);

/** Hash, learn and verify with `k`, which outlives the chain; the keys that are there now are named or
 * pinned. */
void ledger_keys_bind(struct ledger_keys *k, struct chain_options *options);

/** As chain_means.verify; with keys that were given, by those alone. */
int ledger_keys_verify(const struct ledger_keys *k, const struct checkpoint *c);

#endif
