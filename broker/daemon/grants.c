#include "broker/daemon/grants_internal.h"
#include "broker/daemon/grants_refusal.h"
#include "broker/daemon/papers_packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int grants_new(struct verifier *verifier, struct grants **ret)
{
    cleanup(grants_free_p) struct grants *g = calloc(1, sizeof(*g));
    uint8_t seed[GRANT_INDEX_SEED_SIZE];
    int r;

    if (!g)
        return -ENOMEM;
    g->verifier = verifier;
    if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
        return -EIO;
    r = grant_index_new(seed, &g->index);
    if (r < 0)
        return r;
    r = papers_words_new(&g->words);
    if (r < 0)
        return r;
    *ret = steal_pointer(&g);
    return 0;
}

struct grants *grants_free(struct grants *g)
{
    if (!g)
        return NULL;
    grant_index_free(g->index);
    papers_words_free(g->words);
    free(g->absent);
    free(g);
    return NULL;
}

struct grant_index *grants_index(const struct grants *g)
{
    return g->index;
}

/* ---- papers ---- */

int grants_papers(const struct grants *g, const struct grant_entry *e, struct grant_papers **ret)
{
    const struct grant grant = grant_entry_grant(e);
    size_t size;
    const uint8_t *packed = grant_entry_attached(e, &size);

    return papers_unpack(g->words, &grant, packed, size, ret);
}

size_t grants_votes(const struct grants *g, const struct grant_entry *e,
                    struct quorum_signature votes[static QUORUM_VOTES_MAX])
{
    size_t size;
    const uint8_t *packed = grant_entry_attached(e, &size);

    return papers_packed_votes(g->words, packed, size, votes);
}

int grants_keep_papers(struct grants *g, struct grant_entry *e, const struct grant_papers *papers)
{
    const struct grant grant = grant_entry_grant(e);
    cleanup_buf struct buf packed = BUF_INIT;
    int r = papers_pack(g->words, &grant, papers, &packed);

    return r < 0 ? r : grant_entry_attach(e, packed.data, packed.size);
}

int grants_document(const struct grant_entry *e, struct buf *document)
{
    const struct grant grant = grant_entry_grant(e);

    grant_common_join(&grant, document);
    return buf_error(document);
}

bool grants_document_is(const struct grant_entry *e, struct octets document)
{
    cleanup_buf struct buf own = BUF_INIT;

    return grants_document(e, &own) == 0 && own.size == document.size &&
           memcmp(own.data, document.data, document.size) == 0;
}

/* ---- what was counted ---- */

/* A higher version verified once, under a trust file that may be another by now: what is lower stays refused.
 */
static void keep_version(struct grant_entry *e, uint32_t verified_version)
{
    if (e->verified_version >= verified_version)
        return;
    e->verified_version = verified_version;
    if (e->version < verified_version)
        grant_entry_judge(e, REASON_GRANT_SUPERSEDED, 0, e->session_max);
}

static void apply_books(struct grant_entry *e, const struct store_books *books)
{
    e->uses_taken = books->uses_taken;
    e->closed = books->closed;
    keep_version(e, books->verified_version);
}

int grants_load_books(struct grants *g, const struct store_books *books)
{
    struct grant_entry *e = grant_index_find(g->index, &books->id);
    struct store_books *more;

    if (e) {
        apply_books(e, books);
        return 0;
    }
    more = reallocarray(g->absent, g->n_absent + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    g->absent = more;
    g->absent[g->n_absent++] = *books;
    return 0;
}

static void find_books(struct grants *g, struct grant_entry *e)
{
    for (size_t i = 0; i < g->n_absent; i++)
        if (ident_id_equal(&g->absent[i].id, &e->id)) {
            apply_books(e, &g->absent[i]);
            g->absent[i] = g->absent[--g->n_absent];
            return;
        }
}

/* ---- adding ---- */

void grants_set_uses_from(struct grants *g, when_t from)
{
    g->uses_from = from;
}

static bool may_have_been_used(const struct grants *g, const struct grant *grant)
{
    return g->uses_from != 0 && (grant->valid.from < g->uses_from || grant->version > 1);
}

/* Approvals that arrived after the document did. */
static int judge_again(struct grants *g, const struct grant_papers *before, struct grant_papers *papers,
                       struct grant_entry *entry, const struct grant_standing *standing)
{
    /* What was verified stays so: fewer or worse approvals take nothing away, nor the place of those that
     * count, without which it would not be verified any more after the next start. */
    if (entry->standing != REASON_OK || standing->standing == REASON_OK)
        grant_entry_judge(entry, standing->standing, standing->votes_until, entry->session_max);
    else if (papers_have_approvals_of(papers, before))
        papers_keep_votes(papers, before->votes, before->n_votes);
    else
        return 0;
    return grants_keep_papers(g, entry, papers);
}

static int put_new(struct grants *g, struct grant *grant, const struct grant_papers *papers, bool lost,
                   uint32_t session_max, const struct grant_standing *standing, struct grant_entry **ret,
                   struct offer_refusal *refusal)
{
    int r = grant_index_put(g->index, grant, standing->standing, standing->votes_until, session_max, ret);

    if (r < 0)
        return grants_refuse_version(refusal, r);
    find_books(g, *ret);
    if (lost)
        grants_lose_uses(*ret);
    return grants_keep_papers(g, *ret, papers);
}

/* Octets that are there already, with approvals that may be more. */
static int put_again(struct grants *g, const struct grant_papers *before, struct grant_papers *papers,
                     struct grant_entry *entry, const struct grant_standing *standing,
                     struct offer_refusal *refusal)
{
    if (!grants_is_superseded(entry))
        return judge_again(g, before, papers, entry, standing);
    return grants_refuse_version(refusal, -ESTALE);
}

static int take_in(struct grants *g, const struct trust_set *trust, when_t now, const struct offer *offer,
                   bool loading, struct grant_entry **ret, struct grant_standing *standing,
                   struct offer_refusal *refusal)
{
    cleanup(grant_free_p) struct grant *grant = NULL;
    cleanup(papers_free_one_p) struct grant_papers *papers = NULL, *known = NULL;
    struct grant_entry *there;
    uint32_t session_max;
    bool lost;
    int r;

    *refusal = (struct offer_refusal){.reason = REASON_OK};
    r = grant_parse(offer->document.data, offer->document.size, &grant, &refusal->error);
    if (r == 0 && !loading)
        r = grants_know(g, &grant->id);
    if (r < 0)
        return r;
    there = grant_index_find(g->index, &grant->id);
    if (there && grants_document_is(there, offer->document)) {
        r = grants_papers(g, there, &known);
        if (r < 0)
            return r;
    }
    r = papers_make(&grant->id, grant->version, offer->document, known, offer->approvals, offer->n_approvals,
                    &papers);
    if (r < 0)
        return r;
    papers->judged_at = now;
    r = grants_verify_and_keep(g, trust, grant, papers, now, standing);
    if (r == 0 && !loading)
        r = grants_refuse_for_ever(standing, refusal);
    if (r < 0)
        return r;
    /* Under another site's trust good ones look like those of something else; as yet this one is its site's.
     */
    if (!loading && trust && papers_have_verdicts(papers, trust))
        papers_drop_useless(papers);
    if (known) {
        *ret = there;
        return put_again(g, known, papers, there, standing, refusal);
    }
    session_max = grants_session_max(trust, grant->class);
    lost = !loading && !there && may_have_been_used(g, grant);
    return put_new(g, steal_pointer(&grant), papers, lost, session_max, standing, ret, refusal);
}

int grants_add(struct grants *g, const struct trust_set *trust, when_t now, const struct offer *offer,
               struct grant_entry **ret, struct grant_standing *standing, struct offer_refusal *refusal)
{
    return take_in(g, trust, now, offer, false, ret, standing, refusal);
}

int grants_load(struct grants *g, const struct trust_set *trust, when_t now, const struct offer *offer,
                struct grant_entry **ret)
{
    struct grant_standing standing;
    struct offer_refusal refusal = {0};

    return take_in(g, trust, now, offer, true, ret, &standing, &refusal);
}

bool grants_forget(struct grants *g, const struct ident_id *id)
{
    const struct grant_entry *e = grants_find(g, id);

    if (!e || e->standing == REASON_OK || e->verified_version != 0 || e->uses_taken != 0 ||
        e->sessions_live != 0 || e->closed)
        return false;
    grant_index_remove(g->index, id);
    return true;
}
