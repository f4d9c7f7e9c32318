#include "broker/daemon/grants_verdicts.h"

#include <errno.h>

/* ---- what is known ---- */

/* NULL: none, or no memory. */
static struct grant_papers *papers_of(const struct grants *g, const struct grant_entry *e)
{
    struct grant_papers *papers = NULL;

    return e && grants_papers(g, e, &papers) == 0 ? papers : NULL;
}

typedef void on_verdict(const struct trust_verdict_key *key, const struct trust_verdict *x, void *userdata);

static void each_verdict(const struct grant_papers *papers, const struct trust_set *trust,
                         const struct subject *subject, on_verdict *visit, void *userdata)
{
    struct trust_verdict_key key;

    for (size_t i = 0; i < papers->n_approvals; i++)
        if (trust_verdict_key_of(trust, subject, papers->approvals[i], &key) == 0)
            visit(&key, &papers->verdicts[i], userdata);
}

static void remember(const struct trust_verdict_key *key, const struct trust_verdict *x, void *verifier)
{
    verifier_remember(verifier, key, x);
}

void grants_recall(const struct grants *g, struct verifier *verifier, const struct trust_set *trust,
                   const struct subject *subject)
{
    cleanup(papers_free_one_p) struct grant_papers *papers = papers_of(g, grants_find(g, &subject->id));

    /* Another document of the same id gets other keys, which nobody will ask for. */
    if (papers && papers_have_verdicts(papers, trust) && papers->document.size == subject->octets.size)
        each_verdict(papers, trust, subject, remember, verifier);
}

struct writing {
    const struct grants *grants;
    const struct trust_set *trust;
    struct store_txn *txn;
};

static void write_one(const struct trust_verdict_key *key, const struct trust_verdict *x, void *userdata)
{
    const struct writing *w = userdata;

    verifier_write(w->txn, w->trust, key, x);
}

static void write_grant(struct grant_entry *e, void *userdata)
{
    const struct writing *w = userdata;
    cleanup(papers_free_one_p) struct grant_papers *papers = papers_of(w->grants, e);
    const struct grant grant = grant_entry_grant(e);
    struct subject subject;

    if (papers && papers_have_verdicts(papers, w->trust) &&
        subject_of_grant(&grant, papers->document, &subject) == 0)
        each_verdict(papers, w->trust, &subject, write_one, userdata);
}

void grants_write_verdicts(const struct grants *g, const struct trust_set *trust, struct grant_entry *e,
                           struct store_txn *t)
{
    write_grant(e, &(struct writing){g, trust, t});
}

void grants_write_all_verdicts(const struct grants *g, const struct trust_set *trust, struct store_txn *t)
{
    store_txn_keep_verdicts(t, trust_set_basis(trust), 0, 1);
    grant_index_each(grants_index(g), write_grant, &(struct writing){g, trust, t});
}

/* ---- before the trust changes ---- */

/* Documents under way at a time: the workers are busy, and the loop is not held up for long. */
#define WINDOW 32
/* What needs no worker is told at once, so all of it might be in one turn. */
#define AT_ONCE 8

struct sweep {
    struct grants *grants;
    struct verifier *verifier;
    struct trust_set *trust; /* a reference */
    struct hash_walk walk;
    size_t pending;
    size_t n_approvals;
    bool stepping;
    int result;
    verifier_done *done;
    void *userdata;
};

static void sweep_free(struct sweep *s)
{
    trust_set_free(s->trust);
    free(s);
}

static void step(struct sweep *s);

static void on_one(void *userdata, int result)
{
    struct sweep *s = userdata;

    s->pending--;
    if (result < 0)
        s->result = result;
    step(s);
}

static void prepare_one(struct grant_entry *e, void *userdata)
{
    struct sweep *s = userdata;
    cleanup(papers_free_one_p) struct grant_papers *papers = papers_of(s->grants, e);
    struct subject subject;
    struct grant grant;

    if (!papers)
        return;
    grant = grant_entry_grant(e);
    if (subject_of_grant(&grant, papers->document, &subject) < 0) {
        s->result = -ENOMEM;
        return;
    }
    s->pending++;
    s->n_approvals += papers->n_approvals;
    verifier_reserve(s->verifier, s->n_approvals);
    verifier_prepare(s->verifier, s->trust, &subject, papers->approvals, papers->n_approvals, on_one, s);
}

static void prepare_some(struct sweep *s)
{
    const struct grant_index *index = grants_index(s->grants);

    for (unsigned i = 0; i < AT_ONCE && s->pending < WINDOW && s->result == 0; i++)
        if (!grant_index_next(index, &s->walk, prepare_one, s))
            return;
}

/* What is told at once comes back here from within; the outermost call goes on. */
static void step(struct sweep *s)
{
    if (s->stepping)
        return;
    s->stepping = true;
    prepare_some(s);
    if (s->pending == 0 && s->result == 0 && !s->walk.over) {
        s->pending++;
        verifier_yield(s->verifier, on_one, s);
    }
    s->stepping = false;
    if (s->pending > 0)
        return;
    s->done(s->userdata, s->result);
    sweep_free(s);
}

/* All are there. */
static void begin(void *userdata, int result)
{
    struct sweep *s = userdata;

    s->result = result;
    step(s);
}

void grants_prepare(struct grants *grants, struct verifier *verifier, struct trust_set *next,
                    verifier_done *done, void *userdata)
{
    struct sweep *s = calloc(1, sizeof(*s));

    if (!s) {
        done(userdata, -ENOMEM);
        return;
    }
    *s = (struct sweep){.grants = grants,
                        .verifier = verifier,
                        .trust = trust_set_ref(next),
                        .done = done,
                        .userdata = userdata};
    grants_when_whole(grants, begin, s);
}
