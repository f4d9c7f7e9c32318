#include "broker/sessions/questions.h"

#include <stdlib.h>

void questions_init(struct questions *l)
{
    *l = (struct questions){.end = &l->first};
}

void question_free(struct question *q)
{
    free(q->frame);
    free(q);
}

static struct question **chain_of(struct questions *l, uint32_t cookie)
{
    return &l->chains[cookie & (QUESTIONS_CHAINS - 1)];
}

void questions_put(struct questions *l, struct question *q)
{
    struct question **chain = chain_of(l, q->cookie);

    q->next_of_chain = *chain;
    *chain = q;
    q->next = NULL;
    q->at = l->end;
    *l->end = q;
    l->end = &q->next;
    if (q->frame && !l->unsent)
        l->unsent = q;
}

static struct question *take_out(struct questions *l, struct question *q)
{
    struct question **at = chain_of(l, q->cookie);

    while (*at != q)
        at = &(*at)->next_of_chain;
    *at = q->next_of_chain;
    *q->at = q->next;
    if (q->next)
        q->next->at = q->at;
    else
        l->end = q->at;
    if (l->unsent == q)
        l->unsent = q->next;
    return q;
}

struct question *questions_take(struct questions *l, uint32_t cookie)
{
    struct question *q = *chain_of(l, cookie);

    while (q && q->cookie != cookie)
        q = q->next_of_chain;
    return q ? take_out(l, q) : NULL;
}

struct question *questions_take_late(struct questions *l, uint64_t now)
{
    struct question *q = l->first;

    while (q && q->until > now)
        q = q->next;
    return q ? take_out(l, q) : NULL;
}

struct question *questions_take_all(struct questions *l)
{
    struct question *first = l->first;

    questions_init(l);
    return first;
}

uint64_t questions_first_until(const struct questions *l)
{
    uint64_t first = UINT64_MAX;

    for (const struct question *q = l->first; q; q = q->next)
        if (q->until < first)
            first = q->until;
    return first;
}

struct question *questions_unsent(const struct questions *l)
{
    return l->unsent;
}

void questions_set_sent(struct questions *l)
{
    free(l->unsent->frame);
    l->unsent->frame = NULL;
    l->unsent = l->unsent->next;
}
