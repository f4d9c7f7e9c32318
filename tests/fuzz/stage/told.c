#include "tests/fuzz/stage/told.h"

#include <stdio.h>
#include <string.h>

#define PURGE_FEW 10

struct told_revocation told_revocations[TOLD_REVOCATIONS] = {
    {.scope = "grant 00000000000000000000000000000002"},
    {.scope = "staff li.wu", .until = 1800},
    {.scope = "vendor beta", .until = 600},
};

void told_make(const struct department *d)
{
    for (unsigned i = 0; i < TOLD_REVOCATIONS && !told_revocations[i].document; i++) {
        struct told_revocation *x = &told_revocations[i];
        char id[33], about[64], until[WHEN_TEXT_SIZE];

        (void)snprintf(id, sizeof(id), "%032x", 0xabc0 + i);
        (void)snprintf(about, sizeof(about), "revocation %s", id);
        when_format(SITE_BEGIN + x->until, until);
        x->document = paper_revocation(
            &(struct revocation_plan){.id = id, .scope = x->scope, .until = x->until != 0 ? until : NULL});
        x->approval = paper_approval(&(struct approval_plan){
            .by = &d->approvers[DEPARTMENT_UNIT], .document = x->document, .about = about});
    }
}

void told_init(struct told *t)
{
    memset(t, 0, sizeof(*t));
    for (unsigned i = 0; i < SITE_GRANTS; i++)
        t->published[i] = -1;
}

/* ---- what follows ---- */

static struct model_taken *revoked_slot(struct model *m, unsigned i, bool said)
{
    switch (i) {
    case 0:
        return said ? &m->said_grant[1] : &m->revoked_grant[1];
    case 1:
        return said ? &m->said_staff[1] : &m->revoked_staff[1];
    default:
        return said ? &m->said_vendor[1] : &m->revoked_vendor[1];
    }
}

static when_t until_of(unsigned i)
{
    return told_revocations[i].until != 0 ? SITE_BEGIN + told_revocations[i].until : WHEN_NEVER;
}

static bool is_held(const struct told *t, int content)
{
    for (unsigned i = 0; i < TOLD_ENTRIES; i++)
        if (t->entries[i].there && t->entries[i].content == content)
            return true;
    return false;
}

/* What being there or not means, once everything told has found its place. */
static void follow(struct told *t, struct model *m)
{
    for (unsigned i = 0; i < TOLD_REVOCATIONS; i++)
        *revoked_slot(m, i, true) = (struct model_taken){
            .there = is_held(t, TOLD_REVOCATION + (int)i) && !t->revoked[i], .until = until_of(i)};
    for (unsigned i = 0; i < SITE_GRANTS; i++) {
        struct model_grant *g = &m->grants[i];

        g->withdrawn = t->published[i] >= 0 && g->paper == t->published[i] && !is_held(t, g->paper);
        if (g->withdrawn && !g->verified) { /* nobody approved it: it is forgotten */
            g->paper = t->published[i] = -1;
            g->withdrawn = false;
        }
    }
    model_apply(m);
}

static void revoke(struct told *t, struct model *m, unsigned i)
{
    t->revoked[i] = true;
    model_take(m, revoked_slot(m, i, false), until_of(i), false);
    model_keep(revoked_slot(m, i, false));
}

static void put(struct told *t, struct model *m, unsigned n, const struct told_entry *e)
{
    t->entries[n] = *e;
    t->marked[n] = true;
    if (e->content >= TOLD_REVOCATION) {
        if (e->is_signed)
            revoke(t, m, (unsigned)(e->content - TOLD_REVOCATION));
    } else if (e->content >= 0) {
        unsigned grant = site_papers[e->content].grant;

        m->grants[grant].withdrawn = false; /* of that there is a version on its way */
        model_hand_in(m, (unsigned)e->content, e->is_signed ? KEYS_FIRST : 0);
        if (m->grants[grant].paper == e->content)
            t->published[grant] = e->content;
    }
}

/* ---- what is told ---- */

static void unstage(struct told *t)
{
    memset(t->staged, 0, sizeof(t->staged));
}

void told_start(struct told *t, bool full)
{
    t->asked_full = full;
    told_line_lost(t);
}

void told_line_lost(struct told *t)
{
    t->phase = TOLD_IDLE;
    unstage(t);
}

void told_begin(struct told *t, bool full)
{
    unstage(t);
    t->phase = TOLD_IDLE;
    if (t->asked_full && !full)
        return;
    t->phase = TOLD_REFRESHING;
    t->full = full;
    t->count = 0;
    memset(t->marked, 0, sizeof(t->marked));
}

void told_entry(struct told *t, struct model *m, unsigned n, int content, bool is_signed)
{
    const struct told_entry e = {.there = true, .content = content, .is_signed = is_signed};

    if (t->phase == TOLD_COMPLETE) {
        put(t, m, n, &e);
        follow(t, m);
    } else if (t->phase == TOLD_REFRESHING) {
        t->count++;
        t->staged[n] = (struct told_staged){.told = true, .entry = e};
        if (content >= TOLD_REVOCATION && is_signed) { /* this alone does not wait for the end */
            revoke(t, m, (unsigned)(content - TOLD_REVOCATION));
            follow(t, m);
        }
    }
}

void told_delete(struct told *t, struct model *m, unsigned n)
{
    if (t->phase == TOLD_COMPLETE) {
        t->entries[n].there = false;
        follow(t, m);
    } else if (t->phase == TOLD_REFRESHING) {
        t->staged[n] = (struct told_staged){.gone = true};
    }
}

void told_present(struct told *t, unsigned n)
{
    if (t->phase != TOLD_REFRESHING)
        return;
    t->count++;
    t->marked[n] = true;
}

static unsigned count_there(const struct told *t, bool unmarked)
{
    unsigned n = 0;

    for (unsigned i = 0; i < TOLD_ENTRIES; i++)
        n += t->entries[i].there && (!unmarked || !t->marked[i]);
    return n;
}

/* A list that was cut short must not close the house. */
static void sweep(struct told *t, bool refresh_deletes, unsigned before)
{
    unsigned unseen = count_there(t, true);

    if (!t->full && (refresh_deletes || unseen == before || (unseen > PURGE_FEW && 2 * unseen > before)))
        return;
    for (unsigned i = 0; i < TOLD_ENTRIES; i++)
        if (!t->marked[i])
            t->entries[i].there = false;
}

void told_end(struct told *t, struct model *m, bool refresh_deletes, uint32_t count, unsigned cookie)
{
    unsigned before = count_there(t, false);

    if (t->phase != TOLD_REFRESHING)
        return;
    if (count != t->count) {
        told_line_lost(t);
        return;
    }
    t->phase = TOLD_COMPLETE;
    for (unsigned i = 0; i < TOLD_ENTRIES; i++)
        if (t->staged[i].told)
            put(t, m, i, &t->staged[i].entry);
    for (unsigned i = 0; i < TOLD_ENTRIES; i++)
        if (t->staged[i].gone)
            t->entries[i].there = false;
    unstage(t);
    sweep(t, refresh_deletes, before);
    follow(t, m);
    if (t->full)
        t->asked_full = false;
    t->kept[cookie % TOLD_COOKIES] = true;
}

void told_cookie(struct told *t, unsigned cookie)
{
    if (t->phase == TOLD_COMPLETE)
        t->kept[cookie % TOLD_COOKIES] = true;
}
