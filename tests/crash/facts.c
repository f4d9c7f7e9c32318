#include "tests/crash/facts.h"

#include "broker/common/clock.h"
#include "tests/crash/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of more kinds than hufud keeps apart (256) a new one has no record of its own. */
#define OWN_REFUSALS 200

/* ---- questions and answers ---- */

struct asked facts_ask(struct lane *l)
{
    struct asked a;

    (void)pthread_mutex_lock(&l->lock);
    a = (struct asked){.life = l->life, .serial = ++l->facts.serial, .at_us = clock_boot_us()};
    (void)pthread_mutex_unlock(&l->lock);
    return a;
}

static void count(struct lane *l, uint64_t *what)
{
    (void)pthread_mutex_lock(&l->lock);
    ++*what;
    (void)pthread_mutex_unlock(&l->lock);
}

struct asked facts_ask_gate(struct lane *l)
{
    count(l, &l->facts.refusals.asked);
    return facts_ask(l);
}

void facts_allowed(struct lane *l)
{
    count(l, &l->facts.refusals.allowed);
}

void facts_hung_up(struct lane *l)
{
    count(l, &l->facts.refusals.over);
}

static void add(struct lane *l, struct asked a, enum fact_kind kind, const char *key)
{
    struct facts *f = &l->facts;
    struct fact *x = &f->pending[f->n_pending];

    must(f->n_pending < FACTS_PENDING);
    f->n_pending++;
    *x = (struct fact){.kind = kind, .life = a.life, .serial = ++f->serial, .told_us = clock_boot_us()};
    must(snprintf(x->key, sizeof(x->key), "%s", key) < (int)sizeof(x->key));
}

void facts_tell(struct lane *l, struct asked a, enum fact_kind kind, const char *key)
{
    (void)pthread_mutex_lock(&l->lock);
    add(l, a, kind, key);
    (void)pthread_mutex_unlock(&l->lock);
}

/* Each odd step takes its time, each even one only an answer more. */
static void cover(struct covering *c, uint64_t asked_us)
{
    uint64_t now = clock_boot_us();

    if (c->step == 0)
        c->next_us = now;
    else if (asked_us <= c->passed_us + (c->step % 2 == 1 ? COVERING_US : 0))
        return;
    c->passed_us = now;
    if (c->step++ < COVERING_STEPS)
        return;
    c->upto_us = c->next_us;
    c->step = 0;
}

/* Commits are in the order in which they were asked for, so that whatever was said before this was asked is
 * on disk if this is. */
void facts_answer(struct lane *l, struct asked a, enum fact_kind kind, const char *key)
{
    (void)pthread_mutex_lock(&l->lock);
    add(l, a, kind, key);
    if (a.life == l->life) {
        cover(&l->facts.covering, a.at_us);
        l->facts.sealed = a.serial > l->facts.sealed ? a.serial : l->facts.sealed;
    }
    (void)pthread_mutex_unlock(&l->lock);
}

void facts_refuse(struct lane *l, struct asked a, const char *reference, bool fresh)
{
    atomic_fetch_add(&l->totals->refusals, 1);
    (void)pthread_mutex_lock(&l->lock);
    l->facts.refusals.over++;
    add(l, a, FACT_REFUSAL, reference);
    l->facts.pending[l->facts.n_pending - 1].own = fresh && l->facts.refused++ < OWN_REFUSALS;
    (void)pthread_mutex_unlock(&l->lock);
}

/* ---- sessions ---- */

void facts_session_opened(struct lane *l, const char *token, struct process *p, unsigned person)
{
    struct facts *f = &l->facts;

    (void)pthread_mutex_lock(&l->lock);
    must(f->n_live < FACTS_LIVE);
    f->live[f->n_live] = (struct live){.process = p, .person = person};
    (void)snprintf(f->live[f->n_live].token, TOKEN_SIZE, "%s", token);
    f->n_live++;
    (void)pthread_mutex_unlock(&l->lock);
}

struct live facts_session_take(struct lane *l, size_t n)
{
    struct facts *f = &l->facts;
    struct live taken = f->live[n];

    f->live[n] = f->live[--f->n_live];
    return taken;
}

static void disturb(struct lane *l, unsigned person, int more)
{
    struct facts *f = &l->facts;

    (void)pthread_mutex_lock(&l->lock);
    for (unsigned i = 0; i < FACTS_PERSONS; i++)
        if (person == FACTS_PERSONS || person == i)
            f->disturbed[i] += (unsigned)more;
    for (size_t i = 0; i < f->n_live; i++)
        if (person == FACTS_PERSONS || f->live[i].person == person)
            f->live[i].may_end = true;
    (void)pthread_mutex_unlock(&l->lock);
}

void facts_disturb(struct lane *l, unsigned person)
{
    disturb(l, person, 1);
}

void facts_calm(struct lane *l, unsigned person)
{
    disturb(l, person, -1);
}

bool facts_may_end(const struct lane *l, const struct process *p)
{
    const struct facts *f = &l->facts;

    for (size_t i = 0; i < f->n_live; i++)
        if (f->live[i].process == p)
            return f->live[i].may_end || f->disturbed[f->live[i].person] > 0;
    return true; /* it was not allowed, or that was not heard of yet */
}

/* ---- grants ---- */

struct grant_fact *facts_find_grant(struct lane *l, const char *id)
{
    for (size_t i = 0; i < l->facts.n_grants; i++)
        if (strcmp(l->facts.grants[i].id, id) == 0)
            return &l->facts.grants[i];
    return NULL;
}

struct grant_fact *facts_grant_of(struct lane *l, unsigned person)
{
    for (size_t i = l->facts.n_grants; i > 0; i--) {
        struct grant_fact *g = &l->facts.grants[i - 1];

        if (g->person == person && g->added == KNOWN_YES && g->revoked == KNOWN_NO)
            return g;
    }
    return NULL;
}

/* ---- what records are known by ---- */

/* FNV-1a; never 0, which is a free place. */
static uint64_t hash_of(enum fact_kind kind, const char *key)
{
    uint64_t h = 0xcbf29ce484222325U ^ (uint64_t)kind;

    for (h *= 0x100000001b3U; *key != '\0'; key++)
        h = (h ^ (uint8_t)*key) * 0x100000001b3U;
    return h == 0 ? 1 : h;
}

static bool put(uint64_t *keys, size_t room, uint64_t h)
{
    size_t at = h % room;

    while (keys[at] != 0 && keys[at] != h)
        at = (at + 1) % room;
    if (keys[at] == h)
        return false;
    keys[at] = h;
    return true;
}

static void grow(struct facts *f)
{
    size_t room = f->room == 0 ? 4096 : f->room * 2;
    uint64_t *keys = calloc(room, sizeof(*keys));

    must(keys != NULL);
    for (size_t i = 0; i < f->room; i++)
        if (f->keys[i] != 0)
            (void)put(keys, room, f->keys[i]);
    free(f->keys);
    f->keys = keys;
    f->room = room;
}

bool facts_add_key(struct facts *f, enum fact_kind kind, const char *key)
{
    if (f->n_keys * 2 >= f->room)
        grow(f);
    if (!put(f->keys, f->room, hash_of(kind, key)))
        return false;
    f->n_keys++;
    return true;
}

bool facts_has_key(const struct facts *f, enum fact_kind kind, const char *key)
{
    uint64_t h = hash_of(kind, key);
    size_t at = f->room > 0 ? h % f->room : 0;

    if (f->room == 0)
        return false;
    while (f->keys[at] != 0 && f->keys[at] != h)
        at = (at + 1) % f->room;
    return f->keys[at] == h;
}

void facts_done(struct facts *f)
{
    free(f->keys);
    *f = (struct facts){0};
}
