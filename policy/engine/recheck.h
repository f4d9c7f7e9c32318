#ifndef HUFU_ENGINE_RECHECK_H
#define HUFU_ENGINE_RECHECK_H

#include "policy/engine/decide.h"

/*
 * A live session is looked at again whenever something changed (a verified version, revocation, lock,
 * trust, incident, recorder) and at its deadline. It keeps its grant to the end: no other grant is
 * considered. Counts are not asked again: it has its use. Everything else that admitted it must still
 * hold, in the version that is there now; then its length is asked (REASON_MAX_SESSION).
 */
struct recheck {
    bool keep;
    enum reason reason; /* why it ends; REASON_OK with keep */
    when_t deadline;    /* with keep: first instant at which it must end; else now */
    when_t warn_next;   /* with keep: next of deadline - 15, - 5, - 1 minutes after now, or WHEN_NEVER */
};

/** `facts` as gathered for the login (service, source, key), with now and states of now; `opened` is
 * when the session began. host_state and person_state end the session, so the caller leaves out what
 * only keeps new logins away (clock, store, reaper). `entry` NULL: its grant is not known any more. A
 * SERVICE_JOB is asked what its kind is asked; it has no length of its own. */
struct recheck recheck_session(const struct grant_entry *entry, const struct facts *facts, when_t opened);

/** The next of deadline - 15, - 5, - 1 minutes after now, or WHEN_NEVER. */
when_t recheck_next_warning(when_t deadline, when_t now);

#endif
