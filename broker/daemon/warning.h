#ifndef HUFU_DAEMON_WARNING_H
#define HUFU_DAEMON_WARNING_H

#include "broker/daemon/broker.h"

/* Telling the people in a session that it is going to end: hufu-reaper writes to the terminals of its
 * processes. That nobody could be told is on record (warn-unheard), once for each warning. */

/** So many minutes are left, rounded up. */
void warning_of_deadline(struct broker *b, const struct session *s, when_t now);
/** It ends at its deadline, for `reason`; `reference` is what to quote. */
void warning_of_grace(struct broker *b, const struct session *s, enum reason reason, const char *reference);

/** What the person of an ending session is told right before its end: an event of struct endings_events.
 * Empty where nobody is there to read it. */
void warning_of_end(void *userdata, const struct session *s, char *text, size_t size);

#endif
