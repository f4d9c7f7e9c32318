#ifndef HUFU_DAEMON_ANSWER_H
#define HUFU_DAEMON_ANSWER_H

#include "broker/daemon/question.h"

/** The reply to a refusal, with the text that the person reads. `entry` is the closest grant or NULL. */
void answer_refuse(enum reason reason, const struct grant_entry *entry, when_t now, const char *reference,
                   struct gate_reply *ret);

/** The same, with a line that names what it is about; NULL: nothing. */
void answer_refuse_about(enum reason reason, const struct grant_entry *entry, when_t now,
                         const char *reference, const char *concern, struct gate_reply *ret);

/** When a grant that refuses by date or hours would open: WHEN_NEVER if that is not why. */
when_t answer_opens(enum reason reason, const struct grant_entry *entry, when_t now);

/** What the question adds to a record. `address` is the caller's memory. */
void answer_record(const struct question *q, struct record *r, char address[static ADDRESS_TEXT_SIZE]);

/** The event that a question of this kind and phase is recorded as. */
const char *answer_event(const struct question *q);

#endif
