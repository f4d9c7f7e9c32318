#ifndef HUFU_ENGINE_DECIDE_H
#define HUFU_ENGINE_DECIDE_H

#include "policy/engine/facts.h"
#include "policy/engine/index.h"

/*
 * decide(): the one place that says yes. Every rule is a row of one table (name, predicate), asked in
 * the order of REASON_TABLE; the first that fails is the grant's reason. One grant must satisfy
 * everything; fields of two are never combined. Of several that do: unlimited uses before counted,
 * then the later end, then the smaller id. If none does, the grant that came furthest is named.
 *
 * The same function answers a login and `hufuctl explain`: the trace sees every grant considered.
 */

struct decision {
	enum verdict verdict;
	enum reason reason;
	struct grant_entry *entry; /* the grant that admits, or the closest one; NULL if there is none */
	when_t valid_until; /* with ALLOW: first instant at which a new look is due (deadline for a session that
	                       starts now): min of not-after, end of hours, certificates, now + longest session */
};

/* One call for each grant considered: REASON_OK if it satisfies all, else its first failing rule. */
typedef void decide_trace(void *userdata, const struct grant_entry *entry, enum reason reason);

/** Total: every input has an answer. `trace` may be NULL. */
struct decision decide(const struct grant_index *index, const struct facts *facts, decide_trace *trace,
                       void *userdata);

/** Whether a key may authenticate at all (AuthorizedKeysCommand): some grant of this person names
 * it, whatever its state (so that the account phase can say why not). *forward is true if every
 * grant naming it that is valid now gives channel forward, and there is one. */
bool decide_key_is_known(const struct grant_index *index, const struct facts *facts, bool *forward);

/** Whether a live session under `entry` may start this channel now. */
struct decision decide_channel(const struct grant_entry *entry, const struct facts *facts,
                               enum grant_channel channel);

#endif
