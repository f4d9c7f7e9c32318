#include "broker/store/internal.h"

#include <errno.h>

/* What has happened already and could not be written for lack of room. It is written before anything else. */

static void put(struct store *s, struct store_txn *t)
{
    t->next = NULL;
    *s->kept_end = t;
    s->kept_end = &t->next;
    s->n_kept++;
}

void kept_add(struct store *s, struct store_txn **txns, size_t *n)
{
    size_t left = 0;

    for (size_t i = 0; i < *n; i++) {
        if (txns[i]->keep && txns[i]->result == -ENOSPC && s->n_kept < STORE_KEPT_MAX)
            put(s, txns[i]);
        else
            txns[left++] = txns[i];
    }
    *n = left;
}

static size_t take_oldest(struct store *s, struct store_txn **txns, size_t max)
{
    size_t n = 0;

    for (; s->kept && n < max; n++) {
        txns[n] = s->kept;
        s->kept = s->kept->next;
        txns[n]->next = NULL;
    }
    if (!s->kept)
        s->kept_end = &s->kept;
    return n;
}

size_t kept_take(struct store *s, struct store_txn **txns, size_t max)
{
    size_t n = take_oldest(s, txns, max);

    s->n_kept -= (unsigned)n;
    return n;
}

/* In front of those that were not tried. */
static void put_back(struct store *s, struct store_txn **txns, size_t *n)
{
    struct store_txn *rest = s->kept;
    size_t taken = *n;

    s->n_kept -= (unsigned)taken;
    s->kept = NULL;
    s->kept_end = &s->kept;
    kept_add(s, txns, n);
    *s->kept_end = rest;
    while (*s->kept_end)
        s->kept_end = &(*s->kept_end)->next;
}

int kept_commit(struct store *s, struct store_txn **txns, size_t max, size_t *n, uint64_t fed)
{
    struct commit_group g = {.txns = txns, .n = take_oldest(s, txns, max), .fed = fed};
    int r;

    *n = g.n;
    if (g.n == 0)
        return 0;
    r = committer_group(&s->committer, &g);
    put_back(s, txns, n);
    return r;
}

unsigned store_kept(struct store *s)
{
    return s->n_kept;
}
