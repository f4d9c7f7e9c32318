#include "broker/daemon/alive.h"
#include "broker/daemon/grants_internal.h"
#include "broker/daemon/papers_packed.h"
#include "policy/engine/rules.h"

#include <string.h>

/* What a grant's signatures are worth under a trust. */

#define JUDGE_AGAIN 60 /* seconds */

/* Those under another trust file are worth nothing. */
static int find_verdicts(const struct grants *g, const struct trust_set *trust, const struct grant *grant,
                         struct grant_papers *papers)
{
    struct subject subject;
    int r;

    if (papers_have_verdicts(papers, trust))
        return 0;
    r = subject_of_grant(grant, papers->document, &subject);
    if (r == 0)
        r = verifier_verdicts(g->verifier, trust, &subject, papers->approvals, papers->n_approvals,
                              papers->verdicts);
    if (r == 0)
        memcpy(papers->basis, trust_set_basis(trust), TRUST_BASIS_SIZE);
    return r;
}

static int verify(const struct grants *g, const struct trust_set *trust, const struct grant *grant,
                  struct grant_papers *papers, when_t now, struct grant_standing *ret)
{
    const struct trust_verdicts verdicts = {papers->approvals, papers->verdicts, papers->n_approvals};
    int r;

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    if (!trust)
        return 0;
    r = find_verdicts(g, trust, grant, papers);
    return r < 0 ? r : trust_judge_grant(trust, grant, &verdicts, now, ret);
}

/* The same for the entry's standing: a status may take some of the votes that it rests on away. */
int grants_verify_and_keep(const struct grants *g, const struct trust_set *trust, const struct grant *grant,
                           struct grant_papers *papers, when_t now, struct grant_standing *ret)
{
    int r = verify(g, trust, grant, papers, now, ret);

    if (r == 0)
        papers_keep_votes(papers, ret->votes, ret->n_votes);
    /* Judged by none: under the next one it is judged again, whichever that is. */
    if (!trust)
        memset(papers->basis, 0, sizeof(papers->basis));
    return r;
}

bool grants_is_superseded(const struct grant_entry *e)
{
    return e->version < e->verified_version;
}

uint32_t grants_session_max(const struct trust_set *trust, enum grant_class class)
{
    return trust ? trust_set_document(trust)->limit[class].session : 0;
}

/* ---- judging anew ---- */

/* What cannot be judged has not been verified. */
static void judge(struct grants *g, const struct trust_set *trust, when_t now, struct grant_entry *e)
{
    const struct grant grant = grant_entry_grant(e);
    cleanup(papers_free_one_p) struct grant_papers *papers = NULL;
    struct grant_standing standing = {.standing = REASON_APPROVAL_MISSING};

    if (grants_papers(g, e, &papers) == 0) {
        papers->judged_at = now;
        if (grants_verify_and_keep(g, trust, &grant, papers, now, &standing) < 0 ||
            grants_keep_papers(g, e, papers) < 0)
            standing = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    }
    grant_entry_judge(e, standing.standing, standing.votes_until,
                      grants_session_max(trust, grant_entry_grant(e).class));
}

void grants_judge_again(struct grants *g, const struct trust_set *trust, when_t now, struct grant_entry *e)
{
    size_t size;
    const uint8_t *packed = grant_entry_attached(e, &size);

    if (e->standing != REASON_OK && trust && packed && !grants_is_superseded(e) &&
        now - papers_packed_judged_at(packed, size) >= JUDGE_AGAIN)
        judge(g, trust, now, e);
}

int grants_standing(struct grants *g, const struct trust_set *trust, when_t now, const struct grant_entry *e,
                    struct grant_standing *ret)
{
    const struct grant grant = grant_entry_grant(e);
    cleanup(papers_free_one_p) struct grant_papers *papers = NULL;
    int r = grants_papers(g, e, &papers);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    return r < 0 ? r : verify(g, trust, &grant, papers, now, ret);
}

/* The verdicts that an entry was judged by are beside it, and what they rest on. */
static bool is_judged_by(const struct grants *g, const struct trust_set *trust, const struct grant_entry *e)
{
    size_t size;
    const uint8_t *packed = grant_entry_attached(e, &size);

    return trust && packed && papers_packed_rest_on(g->words, packed, size, trust_set_basis(trust));
}

void grants_judge(struct grants *g, const struct trust_set *trust, when_t now, struct grant_entry *e)
{
    if (!grants_is_superseded(e) && !is_judged_by(g, trust, e))
        judge(g, trust, now, e);
}

struct judging_all {
    struct grants *grants;
    const struct trust_set *trust;
    when_t now;
    uint64_t told_alive_us;
};

static void judge_one(struct grant_entry *e, void *userdata)
{
    struct judging_all *j = userdata;

    alive_tell(&j->told_alive_us);
    grants_judge(j->grants, j->trust, j->now, e);
}

void grants_judge_all(struct grants *g, const struct trust_set *trust, when_t now)
{
    struct judging_all j = {.grants = g, .trust = trust, .now = now};

    grant_index_each(g->index, judge_one, &j);
}

enum reason grants_state(const struct grant_entry *e, const struct host_identity *host, when_t now)
{
    const struct facts facts = {.now = now, .host = host};
    enum reason reason;

    /* Without a trust file there is no site that one could be for. */
    if (*host->site == '\0' && e->standing != REASON_OK)
        return e->standing;
    reason = rules_judge(QUESTION_STANDING, e, &facts);
    /* To the engine it is just not verified. */
    return reason == REASON_APPROVAL_MISSING && e->standing != REASON_OK ? e->standing : reason;
}
