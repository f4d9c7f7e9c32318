#include "broker/daemon/grants_internal.h"

/* What is still in the store, or to be judged. */

void grants_set_source(struct grants *g, const struct grants_source *source, void *userdata)
{
    g->source = source;
    g->source_userdata = userdata;
}

int grants_know(const struct grants *g, const struct ident_id *id)
{
    return g->source ? g->source->know(g->source_userdata, id) : 0;
}

int grants_know_staff(const struct grants *g, const char *staff)
{
    return g->source ? g->source->know_staff(g->source_userdata, staff) : 0;
}

int grants_know_between(const struct grants *g, const struct ident_id *first, const struct ident_id *last)
{
    return g->source ? g->source->know_between(g->source_userdata, first, last) : 0;
}

struct grant_entry *grants_find(const struct grants *g, const struct ident_id *id)
{
    return grants_know(g, id) < 0 ? NULL : grant_index_find(g->index, id);
}

struct grant_entry *grants_first_of(const struct grants *g, const char *staff)
{
    return grants_know_staff(g, staff) < 0 ? NULL : grant_index_first_of(g->index, staff);
}

bool grants_are_whole(const struct grants *g)
{
    return !g->source;
}

void grants_when_whole(const struct grants *g, void (*done)(void *userdata, int result), void *userdata)
{
    if (g->source)
        g->source->when_whole(g->source_userdata, done, userdata);
    else
        done(userdata, 0);
}
