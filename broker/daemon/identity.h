#ifndef HUFU_DAEMON_IDENTITY_H
#define HUFU_DAEMON_IDENTITY_H

#include "broker/store/store.h"

struct broker;
struct broker_options;

/*
 * Which host a store belongs to: the name in hufud.conf and the machine-id, written when it was made. A store
 * that turns up elsewhere is a clone's, or its host was renamed; neither may go on counting uses as if it
 * were the original until root has said so (3-rules, "Who").
 */

#define IDENTITY_HOST_SIZE 65
#define IDENTITY_ID_SIZE   33

struct identity {
    char host[IDENTITY_HOST_SIZE];
    char machine_id[IDENTITY_ID_SIZE]; /* 32 digits; empty: unknown */
};

/** Reads what the store was made for. At load, before the first submit. */
void identity_load(struct broker *b);

/** What this host is: its name in the configuration, and its machine-id. 0; -errno, and the machine-id is
 * empty: -ENODATA if there is a file that no id was written to yet, -EBADMSG if that is no id. */
int identity_of_host(const struct broker *b, struct identity *ret);

/** Compares both, fills b->host_trouble or empties it, and raises the generation if that changed anything. At
 * start, and whenever name or machine-id may have changed. */
void identity_check(struct broker *b);

/** The same as what a new store has from the start: they point into `i`. */
#define IDENTITY_METAS 2
void identity_metas(const struct identity *i, struct store_meta metas[static IDENTITY_METAS]);
/** Adds to a transaction that the store belongs to `i` from now on. */
void identity_write(struct store_txn *t, const struct identity *i);
/** That is on disk: what waits and what lives is judged by it, at once. */
void identity_confirmed(struct broker *b, const struct identity *i);

/** A machine-id as 32 digits, or -errno as of identity_of_host(). */
int identity_machine_id(const struct broker_options *o, char text[static IDENTITY_ID_SIZE]);

#endif
