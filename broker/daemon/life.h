#ifndef HUFU_DAEMON_LIFE_H
#define HUFU_DAEMON_LIFE_H

#include "broker/daemon/question.h"

/*
 * The life of a session as the books and the record see it: reserved, opened, ended, given back. Sessions and
 * counts change in memory at once and on disk in the same transaction as the record that says so.
 */

/** A reservation of one use and one session slot of `entry` for the caller; counts are taken in memory. *ret
 * is the registry's, and nobody's until life_hold() or life_bind(). 0 or -errno, and nothing is taken. */
int life_reserve(struct broker *b, const struct question *q, struct grant_entry *entry, struct session **ret);

/** From now on the reservation goes with the caller, whose pidfd this is (borrowed), even if they are gone
 * already. 0 or -errno. */
int life_hold(struct session *s, int holder_pidfd);

/** Makes the caller of the session phase the leader: state OPENING, deadline, audit session. 0 or -errno. */
int life_bind(struct broker *b, struct session *s, const struct question *q, int caller_pidfd,
              when_t deadline);

/** Appends the books of a grant, as they are now: the transaction has to be submitted before they change
 * again. Uses of sessions that were never written are not in them. */
void life_write_books(struct broker *b, const struct grant_entry *e, struct store_txn *t);

/** Appends row and books of the session to a transaction. */
void life_write(struct broker *b, struct session *s, enum store_session_state state, struct store_txn *t);

/** Gives a reservation back, records why, and removes the session. Its use was never one. */
void life_release(struct broker *b, struct session *s, enum reason reason);

/** Takes a reservation back that was never written (its commit failed): without a record. */
void life_forget(struct broker *b, struct session *s);

/** A login that was refused in its session phase has its processes ended, too: sshd goes on with a connection
 * whose session was refused. Without grant and books. 0 or -errno. */
int life_refuse_leader(struct broker *b, const struct question *q, int caller_pidfd, enum reason reason);

/** No session after this one gets its number, which is in the record of its end and in no row. */
void life_pass_number(struct broker *b, uint64_t number);
/** Goes on behind the numbers that those had; at start, after the sessions of the store. */
void life_load_numbers(struct broker *b);

/** The entry of its grant (NULL: none), and what the session takes of it given back in memory. */
struct grant_entry *life_entry(const struct broker *b, const struct session *s);
void life_count_back(struct broker *b, const struct session *s, bool use);

/** Has an open session ended for `reason` when so many seconds have passed, and warned at once. Its deadline
 * is never moved away by that; if another reason comes up, it ends at once. */
void life_end_after(struct broker *b, struct session *s, uint32_t seconds, enum reason reason,
                    const char *reference);

/** Has a session ended; a reservation is given back. The person is told why on its terminals, and to quote a
 * reference, which the record of the end has. */
void life_end(struct broker *b, struct session *s, enum reason reason);
/** The same with a reference that is on record already; NULL: one of its own. */
void life_end_as(struct broker *b, struct session *s, enum reason reason, const char *reference);

/** Puts the session's deadline on lease at the reaper, who drops it with the session's end. `done` may be
 * NULL. */
void life_lease(struct broker *b, const struct session *s, when_t now, reaper_done *done, void *userdata);

/** Judges a live session again: ends it, or moves its deadline. */
void life_recheck(struct broker *b, struct session *s);
/** All of them: something was taken away, or changed. */
void life_recheck_all(struct broker *b);
/** Those of one person, jobs too. */
void life_recheck_of(struct broker *b, uint32_t uid);
/** The same, also for reservations, with `order` (NULL: nobody) waiting for those that end. */
void life_recheck_under(struct broker *b, struct operator_order *order);

/** What the reaper says of an ending: it is recorded, and one that is proven is over. */
void life_outcome(void *userdata, struct session *s, const struct ending *e);

/** The events of registry, endings and reaper; `userdata` is the broker. */
extern const struct registry_events life_registry_events;
extern const struct endings_events life_endings_events;
void life_on_reaper(void *userdata, bool here);
void life_on_unasked(void *userdata, const struct reap_reply *reply);

/** What a session adds to a record. `address` is the caller's memory. */
void life_record(struct record *r, const struct session *s, char address[static ADDRESS_TEXT_SIZE]);

#endif
