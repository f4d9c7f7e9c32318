#ifndef HUFU_ENGINE_DECIDE_H
#define HUFU_ENGINE_DECIDE_H

#include "policy/engine/facts.h"
#include "policy/engine/index.h"

/*
 * decide(): the one place that says yes. Every rule is a row of one table (reason, predicate), asked in
 * the order of REASON_TABLE (policy/engine/rules.h); the first that fails is the grant's reason. One
 * grant must satisfy everything; fields of two are never combined. Of several that do: unlimited uses
 * before counted, then the later not-after, then the smaller id. If none does, the grant that came
 * furthest is named; of equals the one with the smaller id.
 *
 * States of the host and of the person refuse first, whatever the grants say; then no grant is
 * considered. What is asked of a grant depends on the kind of service:
 *
 *   login         everything
 *   job           as a login, but neither source, key nor counts
 *   switch        the grant of the session that it happens in, alone: valid now, run-as and command
 *   user manager, locker: no grant; allowed exactly while session_live, a user manager only if one of the
 *                 sessions may run commands (FACTS_UNITS)
 *   other         refused
 *
 * The same function answers a login and `hufuctl explain`: the trace sees every grant considered.
 */

struct decision {
    enum verdict verdict;
    enum reason reason;
    struct grant_entry *entry; /* the grant that admits, or the closest one; NULL if there is none */
    when_t valid_until; /* with ALLOW: first instant at which a new look is due: min of not-after, end of
                           hours, certificates, age of the status and, for a login, now + longest session (the
                           deadline of a session that starts now). Without a grant (user manager, locker), and
                           with DENY: now */
};

/* One call for each grant considered: REASON_OK if it satisfies all, else its first failing rule. */
typedef void decide_trace(void *userdata, const struct grant_entry *entry, enum reason reason);

/** Total: every input has an answer. `trace` may be NULL. */
struct decision decide(const struct grant_index *index, const struct facts *facts, decide_trace *trace,
                       void *userdata);

/** Whether a key (facts: staff, fingerprint) may authenticate at all (AuthorizedKeysCommand): some grant
 * of this person names it, whatever its state, so that the account phase can say why not. *forward is
 * true if every grant naming it that is valid on this host now (site, host, dates, hours, incident,
 * nothing taken away) gives channel forward, and there is one. States are not asked: the account phase
 * refuses and says why. */
bool decide_key_is_known(const struct grant_index *index, const struct facts *facts, bool *forward);

/** Whether a live session under `entry` (NULL: there is none) may start this one channel now. Asked are
 * states, what a switch asks but run-as and command, and the channel. */
struct decision decide_channel(struct grant_entry *entry, const struct facts *facts,
                               enum grant_channel channel);

#endif
