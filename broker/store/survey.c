#include "broker/store/survey.h"

#include "broker/store/sql.h"

#include <errno.h>

static int look(sqlite3 *db, uint64_t *first, uint64_t *used)
{
    int64_t oldest, pages = 0, unused = 0, size = 0;
    int r = sql_get_int(db, "SELECT coalesce(min(sequence), 0) FROM ledger;", &oldest);

    if (r == 0)
        r = sql_get_int(db, "PRAGMA page_count;", &pages);
    if (r == 0)
        r = sql_get_int(db, "PRAGMA freelist_count;", &unused);
    if (r == 0)
        r = sql_get_int(db, "PRAGMA page_size;", &size);
    if (r < 0)
        return r;
    *first = (uint64_t)oldest;
    *used = (uint64_t)(pages - unused) * (uint64_t)size;
    return 0;
}

int survey_begin(struct survey *s, sqlite3 *db, bool measure)
{
    int64_t octets;
    int r;

    *s = (struct survey){0};
    r = look(db, &s->first, &s->used);
    if (r < 0)
        return r;
    s->measured = s->now = s->used;
    if (!measure)
        return 0;
    /* A libsqlite3 without dbstat: then all that is in use counts. */
    if (sql_get_int(db, "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = 'ledger';", &octets) == 0)
        s->measured = (uint64_t)octets;
    return 0;
}

int survey_again(struct survey *s, sqlite3 *db)
{
    return look(db, &s->first, &s->now);
}

uint64_t survey_ledger(const struct survey *s)
{
    if (s->now >= s->used)
        return s->measured + (s->now - s->used);
    return s->measured > s->used - s->now ? s->measured - (s->used - s->now) : 0;
}
