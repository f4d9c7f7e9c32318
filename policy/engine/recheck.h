#ifndef HUFU_ENGINE_RECHECK_H
#define HUFU_ENGINE_RECHECK_H

#include "policy/engine/decide.h"

/*
 * A live session is looked at again whenever something changed (a verified version, revocation, lock,
 * trust) and at its deadline. It keeps its grant to the end. Counts are not asked again: it has its use.
 */
struct recheck {
	bool keep;
	enum reason reason; /* why it ends; REASON_OK with keep */
	when_t deadline;    /* with keep: first instant at which it must end */
	when_t warn_next;   /* with keep: next of deadline - 15, - 5, - 1 minutes after now, or WHEN_NEVER */
};

/** `facts` as gathered for the login (source, key, service), with now and states of now; `opened` is
 * when the session began. */
struct recheck recheck_session(const struct grant_entry *entry, const struct facts *facts, when_t opened);

#endif
