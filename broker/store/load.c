#include "broker/store/column.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int store_load_few(struct store *s, int (*visit)(void *u, const struct store_document *d), void *u)
{
    struct column_documents walk = {.visit = visit, .u = u};

    return column_walk(s,
                       "SELECT id, type, version, octets, approvals, rowid FROM document INDEXED BY"
                       " document_no_grant WHERE type <> 1 ORDER BY type, version",
                       column_visit_document, &walk);
}

struct sessions {
    int (*visit)(void *u, const struct store_session *x);
    void *u;
};

static void take_session(struct column *c, struct store_session *x)
{
    x->number = (uint64_t)column_int(c);
    x->state = (enum store_session_state)column_int(c);
    column_id(c, &x->grant);
    x->version = column_u32(c);
    column_text(c, x->staff, sizeof(x->staff));
    x->uid = column_u32(c);
    column_text(c, x->service, sizeof(x->service));
    column_text(c, x->source, sizeof(x->source));
    column_text(c, x->tty, sizeof(x->tty));
    column_text(c, x->key, sizeof(x->key));
    column_text(c, x->boot_id, sizeof(x->boot_id));
    x->pid = column_u32(c);
    x->start_time = (uint64_t)column_int(c);
    x->parent = column_u32(c);
    x->parent_start_time = (uint64_t)column_int(c);
    x->audit_session = column_u32(c);
    x->counts = (uint8_t)column_int(c);
    x->reserved_at = column_int(c);
    x->opened_at = column_int(c);
    x->ended_at = column_int(c);
    x->deadline = column_int(c);
    x->end_reason = (enum reason)column_int(c);
    x->channels = (uint8_t)column_int(c);
}

static int load_session(struct column *c, void *userdata)
{
    const struct sessions *walk = userdata;
    struct store_session x = {.number = 0};
    int r;

    take_session(c, &x);
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &x);
    return r < 0 ? r : 0;
}

int store_load_sessions(struct store *s, int (*visit)(void *u, const struct store_session *x), void *u,
                        uint64_t *next_number)
{
    struct sessions walk = {.visit = visit, .u = u};
    int64_t last;
    int r;

    (void)pthread_mutex_lock(&s->connection);
    r = sql_get_int(s->db,
                    "SELECT max((SELECT coalesce(max(number), 0) FROM session),"
                    " (SELECT coalesce(max(number), 0) FROM session_live));",
                    &last);
    (void)pthread_mutex_unlock(&s->connection);
    *next_number = (uint64_t)last + 1;
    if (r < 0)
        return r;
    return column_walk(
        s,
        "SELECT number, state, grant_id, version, staff, uid, service, source, tty, key, boot_id, pid,"
        " start_time, parent, parent_start_time, audit_session, counts, reserved_at, opened_at, ended_at,"
        " deadline, end_reason, channels FROM session_live ORDER BY number",
        load_session, &walk);
}

struct taken {
    int (*visit)(void *u, const struct store_taken *t);
    void *u;
};

static int load_taken(struct column *c, void *userdata)
{
    const struct taken *walk = userdata;
    struct store_taken t = {.at = 0};
    int r;

    t.kind = (enum store_taken_kind)column_int(c);
    t.scope = (enum store_taken_scope)column_int(c);
    column_text(c, t.name, sizeof(t.name));
    t.at = column_int(c);
    t.until = column_int(c);
    t.by = column_u32(c);
    column_text(c, t.why, sizeof(t.why));
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &t);
    return r < 0 ? r : 0;
}

int store_load_taken(struct store *s, int (*visit)(void *u, const struct store_taken *t), void *u)
{
    struct taken walk = {.visit = visit, .u = u};

    return column_walk(
        s, "SELECT kind, scope, name, at, until, by_uid, why FROM taken ORDER BY kind, scope, name",
        load_taken, &walk);
}

struct repetitions {
    int (*visit)(void *u, const struct store_repetition *x);
    void *u;
};

static int load_repetition(struct column *c, void *userdata)
{
    const struct repetitions *walk = userdata;
    struct store_repetition x = {.key = column_borrowed_text(c)};
    int r;

    x.sample = column_blob(c, &x.sample_size);
    x.count = (uint64_t)column_int(c);
    x.first_us = column_int(c);
    x.last_us = column_int(c);
    x.addresses = column_blob(c, &x.addresses_size);
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &x);
    return r < 0 ? r : 0;
}

int store_load_repetitions(struct store *s, int (*visit)(void *u, const struct store_repetition *x), void *u)
{
    struct repetitions walk = {.visit = visit, .u = u};

    return column_walk(
        s, "SELECT key, sample, count, first_us, last_us, addresses FROM repetition ORDER BY last_us",
        load_repetition, &walk);
}

static int meta_get(sqlite3 *db, const char *name, char *value, size_t size)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    const char *found;
    int r = sql_prepare(db, "SELECT value FROM meta WHERE name = ?1", &statement);

    if (r < 0)
        return r;
    if (sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) != SQLITE_OK)
        return -ENOMEM;
    r = sql_step(statement);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    found = (const char *)sqlite3_column_text(statement, 0);
    if (!found)
        return -ENOMEM;
    if (strlen(found) >= size)
        return -ERANGE;
    memcpy(value, found, strlen(found) + 1);
    return 0;
}

int store_load_meta(struct store *s, const char *name, char *value, size_t size)
{
    int r;

    if (size > 0)
        value[0] = '\0';
    (void)pthread_mutex_lock(&s->connection);
    r = meta_get(s->db, name, value, size);
    (void)pthread_mutex_unlock(&s->connection);
    return r;
}
