#ifndef HUFU_DAEMON_FOLLOW_H
#define HUFU_DAEMON_FOLLOW_H

#include "broker/daemon/broker.h"

/*
 * Following the ledger (Audit with `more`): a page of the latest records, then each one that is committed, as
 * long as the caller listens. What is new is read from the ledger by its sequence, and only when the caller
 * has taken what came before: so a slow one costs one page, and misses nothing.
 */
struct follower;

/** A record as the interface has it (type Record). */
typedef json_t *follow_json(const struct record *r);

/** Makes a stream of the call. `filter`'s texts are the call's own parameters. With filter->after what comes
 * beyond it; else the latest filter->limit records come first, in one reply. 0; -ENOMEM: the call is still to
 * be answered. */
int follow_begin(struct broker *b, struct control_call *call, const struct record_filter *filter,
                 follow_json *json);

/** Records were committed. */
void follow_wake(struct broker *b);

#endif
