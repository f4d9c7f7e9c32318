#ifndef HUFU_DAEMON_REPETITION_H
#define HUFU_DAEMON_REPETITION_H

#include "broker/audit/record.h"

struct broker;
struct repetition;

/*
 * What somebody without any right can have recorded as often as they like: refusals, and what is said of
 * documents that nobody signed. The first few of a kind within a minute are records of their own. What comes
 * then is counted, with the first, the last and the distinct addresses, and becomes one record: when nothing
 * of the kind came for ten seconds, after a minute at the latest, and when hufud stops. It stands where the
 * counting ended, its time is that of the last, and it holds what all that it counts have in common.
 *
 * Counts are in the store 50 ms and one commit after the refusal was told, in the row that the record then
 * takes the place of; a start makes records of the rows that it finds. So nothing is lost but what was
 * refused so shortly before hufud was killed, as with records of their own. What the disk does not take goes
 * on being counted.
 *
 * A kind is event, result, reason, and of the record staff, account, service, grant, session and actor; not
 * what the refused choose at will (address, terminal, command, key). Of 256 kinds at a time each is counted
 * by itself; what is new then, by event, result and reason alone.
 */
#define REPETITION_FEW       10
#define REPETITION_FEW_NAMED 60 /* where a document, a command or a key is named by its record alone */

int repetition_new(struct broker *b, struct repetition **ret);
/** After the store was closed. */
struct repetition *repetition_free(struct repetition *rep);

/** Makes records of what was counted before hufud was started. 0 or -errno of the store. */
int repetition_load(struct repetition *rep);

/** Writes or counts `r`; returns the reference that finds it, to be told to the refused: its own, or that of
 * those it was counted with. Valid until the next call. */
const char *repetition_write(struct broker *b, const struct record *r);

/** The same; the first `few` are records. */
const char *repetition_write_some(struct broker *b, const struct record *r, unsigned few);

/** The same for what names nobody who is known: its kind is event, result, reason and `about` ("uid 1000"),
 * and the first `few` are records. */
const char *repetition_write_about(struct broker *b, const struct record *r, const char *about, unsigned few);

/** Has all that is counted so far written. With `last`, what comes is not counted any more. */
void repetition_settle(struct repetition *rep, bool last);

/* For status and tests. */
struct repetition_counters {
    uint64_t counted;      /* refusals that are no records of their own */
    uint64_t transactions; /* submitted */
    unsigned kinds;        /* known now */
};
struct repetition_counters repetition_counters(const struct repetition *rep);

#endif
