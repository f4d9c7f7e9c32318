#ifndef HUFU_DAEMON_VERDICT_WRITER_H
#define HUFU_DAEMON_VERDICT_WRITER_H

#include "broker/daemon/broker.h"

/*
 * Writes what grants keep of their verdicts, when the trust has changed. Of a few grants this goes with the
 * change itself. Of many it comes when all are judged (judging.h), some at a time when the loop has nothing
 * else to do, each part when the one before is on disk: a million in one transaction would keep every login
 * from its own for half a minute. With each part goes a part of those that rest on something else. A start in
 * between has the rest verified on the workers.
 */
struct verdict_writer;

/** Of all grants, under the trust in force; others are forgotten. What an earlier call left over is given up.
 */
void verdict_writer_begin(struct broker *b, struct store_txn *t);
/** All grants are judged by the trust in force. */
void verdict_writer_go_on(struct broker *b);
/** Writes none, and has those forgotten that rest on anything else. */
void verdict_writer_forget(struct broker *b);
/** Whether some are not written yet. */
bool verdict_writer_is_busy(const struct broker *b);
/** Writes no more; what was handed to the store may still be answered. */
void verdict_writer_stop(struct broker *b);
struct verdict_writer *verdict_writer_free(struct verdict_writer *w);

#endif
