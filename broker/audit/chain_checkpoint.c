#include "broker/audit/chain_internal.h"
#include "broker/common/i18n.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- keys and checkpoints ---- */

static bool is_among(const char *key, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static bool is_learnt(const struct chain *c, const char *key)
{
    for (size_t i = 0; i < c->n_learnt; i++)
        if (strcmp(c->learnt[i], key) == 0)
            return true;
    return false;
}

/* Whether what this key signs counts. */
static bool key_counts(const struct chain *c, const char *key)
{
    if (c->o.n_pinned > 0)
        return is_among(key, c->o.pinned, c->o.n_pinned);
    return is_learnt(c, key) || is_among(key, c->o.named, c->o.n_named);
}

int chain_learn_key(struct chain *c, const struct record *r)
{
    char(*more)[CHECKPOINT_KEY_SIZE] = reallocarray(c->learnt, c->n_learnt + 1, sizeof(*more));
    struct checkpoint_key key;
    int e;

    if (!more)
        return -ENOMEM;
    c->learnt = more;
    e = checkpoint_key_parse(r->detail, &key);
    if (e == -EINVAL)
        return chain_fail(c, CHAIN_KEY, r, "%s", _("what it names is no key"));
    if (e < 0)
        return e;
    memcpy(more[c->n_learnt], key.key, CHECKPOINT_KEY_SIZE);
    e = c->o.means.learn(c->o.means.userdata, &key);
    checkpoint_key_done(&key);
    if (e == -EBADMSG)
        return chain_fail(c, CHAIN_KEY, r, "%s", _("what it names is no key"));
    if (e == 0 && !is_learnt(c, more[c->n_learnt]))
        c->n_learnt++;
    return e;
}

/* Who signed it, and whether that counts. */
static int judge_signature(struct chain *c, const struct record *r, const struct checkpoint *p)
{
    int e;

    if (!key_counts(c, p->key))
        return chain_fail(c, CHAIN_KEY, r, _("its key is %s"), p->key);
    e = c->o.means.verify(c->o.means.userdata, p);
    if (e == -ENOKEY)
        return chain_fail(c, CHAIN_KEY, r, _("its key is %s"), p->key);
    if (e < 0)
        return e;
    return e == 1 ? 0 : chain_fail(c, CHAIN_SIGNATURE, r, _("its key is %s"), p->key);
}

/* Whose it is. */
static int judge_ledger(struct chain *c, const struct record *r, const struct checkpoint *p)
{
    if (c->ledger[0] == '\0')
        (void)snprintf(c->ledger, sizeof(c->ledger), "%s", p->ledger);
    if (strcmp(c->ledger, p->ledger) == 0)
        return 0;
    return chain_fail(c, CHAIN_CHECKPOINT, r, _("it is of the ledger %s, and this one is %s"), p->ledger,
                      c->ledger);
}

static void count_checkpoint(struct chain *c, const struct checkpoint *p, bool compared)
{
    /* Its signature is good wherever it stands: only that it is about a record which is here holds the
     * ledger. */
    if (!compared) {
        c->report.far_checkpoints++;
        return;
    }
    c->report.checkpoints++;
    if (p->sequence > c->report.covered) {
        c->report.covered = p->sequence;
        c->report.covered_at = p->at;
        memcpy(c->report.host, p->host, sizeof(p->host));
    }
}

int chain_take_checkpoint(struct chain *c, const struct record *r)
{
    const struct remembered *m;
    struct checkpoint p;
    bool here;
    int e = checkpoint_parse(r->detail, &p);

    if (e < 0)
        return e == -ENOMEM ? e : chain_fail(c, CHAIN_CHECKPOINT, r, "%s", _("it cannot be read"));
    if (p.sequence >= r->sequence)
        e = chain_fail(c, CHAIN_CHECKPOINT, r, _("it is about record %llu, which came later"),
                       (unsigned long long)p.sequence);
    if (e == 0)
        e = judge_ledger(c, r, &p);
    if (e == 0)
        e = judge_signature(c, r, &p);
    m = chain_slot(c, p.sequence);
    here = m->sequence == p.sequence && p.sequence != 0;
    if (e == 0 && here && memcmp(m->hash, p.hash, RECORD_HASH_SIZE) != 0)
        e = chain_fail(c, CHAIN_CHECKPOINT_RECORD, r, _("it is about record %llu"),
                       (unsigned long long)p.sequence);
    if (e == 0)
        count_checkpoint(c, &p, here);
    checkpoint_done(&p);
    return e;
}

/* ---- sealed segments ---- */

/* Without a key that was given, one that is not known any more may have signed it: its record was sealed too.
 */
static int judge_segment_signature(struct chain *c, const struct record *r, const struct checkpoint *p)
{
    int e;

    if (c->o.n_pinned == 0 && !key_counts(c, p->key)) {
        c->report.unjudged_segments++;
        return 0;
    }
    e = judge_signature(c, r, p);
    if (e == 0)
        count_checkpoint(c, p, true);
    return e;
}

static int judge_segment(struct chain *c, const struct sealed_segment *s)
{
    const struct record r = {.sequence = s->last};
    struct checkpoint p;
    int e = checkpoint_parse(s->sealed, &p);

    if (e < 0)
        return e == -ENOMEM ? e : chain_fail(c, CHAIN_SEGMENT, &r, "%s", _("its head cannot be read"));
    if (s->first != c->begins || p.sequence != s->last || memcmp(p.hash, s->hash, RECORD_HASH_SIZE) != 0)
        e = chain_fail(c, CHAIN_SEGMENT, &r,
                       _("the segment of records %llu to %llu does not fit its signed head"),
                       (unsigned long long)s->first, (unsigned long long)s->last);
    if (e == 0)
        e = judge_ledger(c, &r, &p);
    if (e == 0)
        e = judge_segment_signature(c, &r, &p);
    if (e == 0) {
        c->begins = s->last + 1;
        memcpy(c->joined, s->hash, RECORD_HASH_SIZE);
        c->sealed = *s;
        c->sealed.sealed = NULL;
        chain_remember(c, s->last, s->hash);
    }
    checkpoint_done(&p);
    return e;
}

/* A signed head is an ordinary checkpoint, of which a ledger has many: what tells a part that was sealed from
 * one that somebody left out is the record of its sealing, which is written in the same transaction. */
void chain_note_trim(struct chain *c, const struct record *r)
{
    char hash[2 * RECORD_HASH_SIZE + 1], expected[200];
    const struct sealed_segment *last = &c->sealed;
    int length;

    if (last->last == 0)
        return;
    ident_format_hex(last->hash, sizeof(last->hash), hash);
    length = snprintf(expected, sizeof(expected), "first=%" PRIu64 " last=%" PRIu64 " hash=%s ", last->first,
                      last->last, hash);
    if (strncmp(r->detail, expected, (size_t)length) == 0)
        c->report.sealed_on_record = true;
}

int chain_judge_segments(struct chain *c)
{
    int e = 0;

    for (size_t i = 0; i < c->o.n_segments && e == 0; i++)
        e = judge_segment(c, &c->o.segments[i]);
    c->o.segments = NULL;
    c->o.n_segments = 0;
    return e;
}
