#ifndef HUFU_ENGINE_INDEX_H
#define HUFU_ENGINE_INDEX_H

#include <stddef.h>

#include "policy/base/cleanup.h"
#include "policy/base/verdict.h"
#include "policy/document/grant.h"

/*
 * All grants that this host knows, found by staff name or id. An entry is one grant (site + id) in
 * its highest version whose quorum verified, or, as long as none did, the highest that did not (it
 * then only explains a refusal), with the books that counts are kept in. Counts belong to site + id,
 * across versions.
 */

struct grant_entry {
	struct grant *grant;     /* owned */
	enum reason standing;    /* REASON_OK: quorum verified under the current trust; else why not */
	when_t votes_until;      /* earliest end of a certificate the quorum rests on */
	uint32_t session_max;    /* seconds, of the class's limit */
	uint32_t uses_taken;     /* on this host: sessions opened and reserved */
	uint32_t sessions_live;  /* on this host: open and reserved */
	enum reason taken_away;  /* REASON_OK, or REVOKED, VENDOR_REVOKED, VENDOR_LOCKED, WITHDRAWN */
	bool closed;             /* its last use ended here: for good */
	struct grant_entry *next_of_staff; /* the index's */
	struct grant_entry *next_of_id;    /* the index's */
};

struct grant_index;

int grant_index_new(struct grant_index **ret);
struct grant_index *grant_index_free(struct grant_index *index);
DEFINE_CLEANUP(struct grant_index, grant_index_free);

/** Inserts or replaces the entry of g->id, takes the grant over (also on failure it is freed) and
 * keeps counts, closed and taken_away of an entry already there. *ret may be NULL. A version rule is
 * enforced: -ESTALE if a version at least as high is verified, -EINVAL if identity fields differ
 * from the verified one. An unverified version never replaces a verified one (-EPERM). 0, -ENOMEM. */
int grant_index_put(struct grant_index *index, struct grant *g, enum reason standing, when_t votes_until,
                    uint32_t session_max, struct grant_entry **ret);

void grant_index_remove(struct grant_index *index, const struct ident_id *id);
struct grant_entry *grant_index_find(const struct grant_index *index, const struct ident_id *id);
/** First entry of a person; follow next_of_staff. Order: ascending id. */
struct grant_entry *grant_index_first_of(const struct grant_index *index, const char *staff);
size_t grant_index_count(const struct grant_index *index);
/** Calls f for each entry in no particular order; f must not insert or remove. */
void grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *), void *userdata);

#endif
