#ifndef HUFU_ENGINE_INDEX_H
#define HUFU_ENGINE_INDEX_H

#include "policy/base/cleanup.h"
#include "policy/base/verdict.h"
#include "policy/document/grant.h"
#include "policy/engine/hash_table.h"

#include <stddef.h>
#include <stdint.h>

/*
 * All grants that this host knows, found by staff name or id. An entry is one grant (site + id) in
 * its highest version whose quorum verified, or, as long as none did, the highest that did not (it
 * then only explains a refusal). Counts belong to site + id, across versions.
 *
 * An entry stays where it is in memory until it is removed; a new version replaces what it points to. What
 * grants have in common is kept once (terms.h), so that an entry costs what is its own: some 200 octets.
 */

struct grant_entry {
    struct grant_own *own; /* the index's */
    struct grant_entry *next_of_staff;
    when_t votes_until;     /* earliest end of a certificate the quorum rests on */
    when_t by_status_until; /* with OK: from then on the approvals that it leaves hold the quorum no longer */
    struct ident_id id;
    uint32_t version;
    uint32_t verified_version;  /* highest that ever verified: what is lower is refused for ever. 0: none.
                                   Who loads a store raises it to what the store remembers */
    uint32_t session_max;       /* seconds, of the class's limit */
    uint32_t uses_taken;        /* on this host: sessions opened and reserved */
    uint32_t sessions_live;     /* on this host: open and reserved */
    enum reason standing : 7;   /* REASON_OK: quorum verified under the current trust; else why not */
    enum reason taken_away : 7; /* REASON_OK, or REVOKED, VENDOR_REVOKED, VENDOR_LOCKED, WITHDRAWN */
    enum reason by_status : 7;  /* what the status leaves of it: REASON_OK, REVOKED, APPROVAL_MISSING */
    bool finish_unwritten : 1;  /* closed by order, and the record of that is not on disk */
    bool unordered : 1;         /* the index's: not in its place among the person's yet */
    bool closed;                /* its last use ended here: for good */
};

/** The grant, whole. What it points to lasts until a new version comes, or the entry goes. */
struct grant grant_entry_grant(const struct grant_entry *entry);
/** Of these alone there is no need to make it whole. */
const char *grant_entry_staff(const struct grant_entry *entry);
const char *grant_entry_vendor(const struct grant_entry *entry);

/** Octets that the owner of the index keeps beside the version that is there, in place of others; they last
 * until a new version comes. 0 or -ENOMEM. */
int grant_entry_attach(struct grant_entry *entry, const void *octets, size_t size);
/** NULL: there are none. */
const uint8_t *grant_entry_attached(const struct grant_entry *entry, size_t *size);

struct grant_index;

#define GRANT_INDEX_SEED_SIZE 16

/** Ids and names come from a directory that is not trusted, so the hash tables are keyed: `seed` is
 * random octets (tests: any). 0 or -ENOMEM. */
int grant_index_new(const uint8_t seed[static GRANT_INDEX_SEED_SIZE], struct grant_index **ret);
struct grant_index *grant_index_free(struct grant_index *index);
DEFINE_CLEANUP(struct grant_index, grant_index_free);

/** Inserts or replaces the entry of g->id, which is as grant_parse() made it (terms are told apart by its
 * text; -EINVAL if it has none), takes the grant over (also on failure it is freed) and keeps counts, closed
 * and taken_away of an entry already there; a state of the vendor in taken_away is dropped if the vendor is
 * another one, so the caller judges taken_away after each put, and what a status leaves of the new version.
 * *ret may be NULL.
 *
 * Versions (3-rules, "A version supersedes"): once one verified, identity fields that differ are
 * -EINVAL, a lower version or one whose equal stands verified is -ESTALE, an unverified one -EPERM.
 * Before, an unverified version lower than the one there is -ESTALE. Else 0, or -ENOMEM. */
int grant_index_put(struct grant_index *index, struct grant *g, enum reason standing, when_t votes_until,
                    uint32_t session_max, struct grant_entry **ret);

/** So many grants are about to come: makes room for their ids at once. 0 or -ENOMEM, which may be left alone.
 */
int grant_index_expect(struct grant_index *index, size_t n);

/** Judges the version that is there anew: its approvals arrived, or the trust changed. Taking the
 * standing away does not let a lower version in again. */
void grant_entry_judge(struct grant_entry *entry, enum reason standing, when_t votes_until,
                       uint32_t session_max);

/** The entry and its books are gone, and with them the memory of its versions; unknown: nothing. */
void grant_index_remove(struct grant_index *index, const struct ident_id *id);
struct grant_entry *grant_index_find(const struct grant_index *index, const struct ident_id *id);
/** First entry of a person; follow next_of_staff. Order: ascending id. */
struct grant_entry *grant_index_first_of(const struct grant_index *index, const char *staff);
size_t grant_index_count(const struct grant_index *index);
/** Calls f for each entry in no particular order; f must not insert or remove. */
void grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *),
                      void *userdata);
/** For whoever goes through all by and by: f for the entry that comes next (hash_table_next). False: there is
 * none left. */
bool grant_index_next(const struct grant_index *index, struct hash_walk *walk,
                      void (*f)(struct grant_entry *, void *), void *userdata);

#endif
