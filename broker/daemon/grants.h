#ifndef HUFU_DAEMON_GRANTS_H
#define HUFU_DAEMON_GRANTS_H

#include "broker/daemon/offer.h"
#include "broker/daemon/papers.h"
#include "broker/daemon/verifier.h"
#include "broker/store/store.h"
#include "broker/trust/trust_set.h"
#include "policy/base/cleanup.h"
#include "policy/engine/facts.h"
#include "policy/engine/index.h"

/*
 * The grants of this host: the index that decide() asks, and packed beside each entry its papers (the octets
 * that were signed, and the approvals), which operators may want to see.
 */
struct grants;

/** `verifier` is borrowed. */
int grants_new(struct verifier *verifier, struct grants **ret);
struct grants *grants_free(struct grants *g);
DEFINE_CLEANUP(struct grants, grants_free);

/**
 * After a start grants come from the store while others are asked about already (loading.h), and after a
 * change of the trust they are judged while others are asked about (judging.h). Who looks for one by id, or
 * for those of a person, waits for these; who goes through all, until all are there. An entry that was found
 * in any other way may lack versions and counts, or stand as it did under the trust before.
 */
struct grants_source {
    int (*know)(void *userdata, const struct ident_id *id);
    int (*know_staff)(void *userdata, const char *staff);
    int (*know_between)(void *userdata, const struct ident_id *first, const struct ident_id *last);
    void (*when_whole)(void *userdata, void (*done)(void *userdata, int result), void *done_userdata);
};
/** NULL: all are there. What `source` points to is borrowed. */
void grants_set_source(struct grants *g, const struct grants_source *source, void *userdata);

/** Has the grant, all those of a person, or all from one id to another, here if the store has them. 0, or why
 * they cannot be read. */
int grants_know(const struct grants *g, const struct ident_id *id);
int grants_know_staff(const struct grants *g, const char *staff);
int grants_know_between(const struct grants *g, const struct ident_id *first, const struct ident_id *last);
/** NULL: there is none, or it cannot be read, of which grants_know() says which it is. */
struct grant_entry *grants_find(const struct grants *g, const struct ident_id *id);
/** The first of the person's; follow next_of_staff. As grants_find(). */
struct grant_entry *grants_first_of(const struct grants *g, const char *staff);
/** Whether all are there. */
bool grants_are_whole(const struct grants *g);
/** Calls `done` when all are there: at once, or later; or with why they cannot be. */
void grants_when_whole(const struct grants *g, void (*done)(void *userdata, int result), void *userdata);

/** For decide(), and for whoever made sure that what it looks for is known. */
struct grant_index *grants_index(const struct grants *g);

/**
 * Parses and verifies a grant with its approvals, and puts it into the index. Approvals of octets that are
 * there already are added to those known. *ret is its entry, *standing what each approval
 * amounts to. 0; -EINVAL: refused, see *refusal; -ENOMEM.
 */
int grants_add(struct grants *g, const struct trust_set *trust, when_t now, const struct offer *offer,
               struct grant_entry **ret, struct grant_standing *standing, struct offer_refusal *refusal);

/** The same for a document of the store: one that is for another site or wider than its class may be is taken
 * in as well, as what it is; the trust may be replaced, and its counts must not get lost. */
int grants_load(struct grants *g, const struct trust_set *trust, when_t now, const struct offer *offer,
                struct grant_entry **ret);

/* Uses taken of a grant whose count was lost when the store was restored: more than any grant gives, so that
 * one that is counted is used up, and one that is not goes on. Later uses and ends count on from here. */
#define GRANTS_USES_LOST 0x80000000U

/** From now on a grant that comes anew has lost its count if it may have been used here before this instant:
 * it began earlier, or there was a version before. 0: none has. */
void grants_set_uses_from(struct grants *g, when_t from);
/** The count of this one is lost. */
static inline void grants_lose_uses(struct grant_entry *e)
{
    if (e->uses_taken < GRANTS_USES_LOST)
        e->uses_taken += GRANTS_USES_LOST;
}

/** What the store has counted. Of a grant that is not here it is kept until it comes: a document whose own
 * commit failed, and that was used. 0 or -ENOMEM. */
int grants_load_books(struct grants *g, const struct store_books *books);

/** A grant that never was verified here, and of which nothing was used or is live, is forgotten: the
 * directory no longer has it. False: it is another kind, or not here. */
bool grants_forget(struct grants *g, const struct ident_id *id);

/** Judges an entry under a trust that took the place of another (NULL: there is none), unless it was judged
 * under that one. Which versions were verified once is not forgotten. */
void grants_judge(struct grants *g, const struct trust_set *trust, when_t now, struct grant_entry *e);
/** All of them, now: the loop stands still. */
void grants_judge_all(struct grants *g, const struct trust_set *trust, when_t now);

/** Judges an entry anew whose quorum was not met, once a minute at most: certificates begin to be valid. */
void grants_judge_again(struct grants *g, const struct trust_set *trust, when_t now, struct grant_entry *e);

/** As an entry stands at this instant, with what became of each approval. 0; -ENOENT (there are no papers of
 * this version); -ENOMEM, -EIO. */
int grants_standing(struct grants *g, const struct trust_set *trust, when_t now, const struct grant_entry *e,
                    struct grant_standing *ret);

/** The papers of an entry's version, the caller's (papers_free_one). 0; -ENOENT (there are none); -ENOMEM. */
int grants_papers(const struct grants *g, const struct grant_entry *e, struct grant_papers **ret);
/** Of these the signatures that count, the latest end first. Returns how many. */
size_t grants_votes(const struct grants *g, const struct grant_entry *e,
                    struct quorum_signature votes[static QUORUM_VOTES_MAX]);
/** Appends the document of the entry's version. 0 or -ENOMEM. */
int grants_document(const struct grant_entry *e, struct buf *document);
/** Whether these octets are the document of the entry's version. */
bool grants_document_is(const struct grant_entry *e, struct octets document);

/** How a grant stands, apart from who asks: what `grant list` shows. */
enum reason grants_state(const struct grant_entry *e, const struct host_identity *host, when_t now);

#endif
