#include "broker/store/load_grants.h"

#include "broker/store/column.h"
#include "broker/store/schema.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <string.h>

/*
 * Grants one by one, for whoever cannot wait until all are there. A statement is made once: there may be two
 * of them for each of a million grants.
 */
static const char *const texts[STORE_FINDS] = {
    [FIND_GRANTS_BEHIND] = "SELECT id, type, version, octets, approvals, rowid FROM document NOT INDEXED"
                           " WHERE rowid > ?1 AND type = 1 ORDER BY rowid LIMIT ?2",
    [FIND_GRANT] = "SELECT id, type, version, octets, approvals, rowid FROM document"
                   " WHERE id = ?1 AND type = 1 AND rowid > ?2 ORDER BY rowid",
    [FIND_IDS_OF] = "SELECT DISTINCT id FROM document INDEXED BY document_of_staff"
                    " WHERE type = 1 AND " STORE_GRANT_STAFF " = ?1",
    [FIND_IDS_BETWEEN] = "SELECT DISTINCT id FROM document WHERE id BETWEEN ?1 AND ?2 AND type = 1",
    [FIND_BOOKS] = "SELECT id, uses_taken, closed, verified_version FROM books WHERE id = ?1",
    [FIND_BOOKS_BEHIND] = "SELECT id, uses_taken, closed, verified_version FROM books WHERE id > ?1"
                          " ORDER BY id LIMIT ?2",
    [FIND_VERDICT] = "SELECT key, basis, verdict FROM verdict WHERE key = ?1",
    [FIND_VERDICTS_BEHIND] = "SELECT key, basis, verdict FROM verdict WHERE key > ?1 ORDER BY key LIMIT ?2",
};

void finds_done(struct store *s)
{
    for (size_t i = 0; i < STORE_FINDS; i++) {
        (void)sqlite3_finalize(s->finds[i]);
        s->finds[i] = NULL;
    }
}

/* What is bound: one of the first three, or a number; and then an id or a number. */
struct sought {
    const struct ident_id *id;
    const char *text;
    const uint8_t *key;
    int64_t first;
    const struct ident_id *upto;
    int64_t second;
};

static int bind(sqlite3_stmt *statement, const struct sought *x)
{
    int code;

    if (x->id)
        code = sqlite3_bind_blob(statement, 1, x->id->octets, IDENT_ID_SIZE, SQLITE_STATIC);
    else if (x->text)
        code = sqlite3_bind_text(statement, 1, x->text, -1, SQLITE_STATIC);
    else if (x->key)
        code = sqlite3_bind_blob(statement, 1, x->key, STORE_VERDICT_KEY, SQLITE_STATIC);
    else
        code = sqlite3_bind_int64(statement, 1, x->first);
    if (code == SQLITE_OK && x->upto)
        code = sqlite3_bind_blob(statement, 2, x->upto->octets, IDENT_ID_SIZE, SQLITE_STATIC);
    else if (code == SQLITE_OK && sqlite3_bind_parameter_count(statement) > 1)
        code = sqlite3_bind_int64(statement, 2, x->second);
    return code == SQLITE_OK ? 0 : -ENOMEM;
}

static int walk_locked(struct store *s, enum store_find which, const struct sought *x,
                       int (*row)(struct column *c, void *walk), void *walk)
{
    cleanup_reset sqlite3_stmt *statement = NULL;
    int r = s->finds[which] ? 0 : sql_prepare(s->db, texts[which], &s->finds[which]);

    statement = s->finds[which];
    if (r == 0)
        r = bind(statement, x);
    while (r == 0 && (r = sql_step(statement)) > 0) {
        struct column c = {.statement = statement};

        r = row(&c, walk);
    }
    return r > 0 ? 0 : r;
}

static int find(struct store *s, enum store_find which, const struct sought *x,
                int (*row)(struct column *c, void *walk), void *walk)
{
    int r;

    (void)pthread_mutex_lock(&s->connection);
    r = walk_locked(s, which, x, row, walk);
    (void)pthread_mutex_unlock(&s->connection);
    return r;
}

/* ---- documents ---- */

int store_load_grant(struct store *s, const struct ident_id *id, int64_t after,
                     int (*visit)(void *u, const struct store_document *d), void *u)
{
    struct column_documents walk = {.visit = visit, .u = u};

    return find(s, FIND_GRANT, &(struct sought){.id = id, .second = after}, column_visit_document, &walk);
}

int store_load_grants(struct store *s, int64_t after, unsigned n,
                      int (*visit)(void *u, const struct store_document *d), void *u)
{
    struct column_documents walk = {.visit = visit, .u = u};

    return find(s, FIND_GRANTS_BEHIND, &(struct sought){.first = after, .second = n}, column_visit_document,
                &walk);
}

int store_last_document(struct store *s, int64_t *ret)
{
    int r;

    (void)pthread_mutex_lock(&s->connection);
    r = sql_get_int(s->db, "SELECT coalesce(max(rowid), 0) FROM document", ret);
    (void)pthread_mutex_unlock(&s->connection);
    return r;
}

struct ids {
    int (*visit)(void *u, const struct ident_id *id);
    void *u;
};

static int load_id(struct column *c, void *userdata)
{
    const struct ids *walk = userdata;
    struct ident_id id;
    int r;

    column_id(c, &id);
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &id);
    return r < 0 ? r : 0;
}

int store_load_ids_of(struct store *s, const char *staff, int (*visit)(void *u, const struct ident_id *id),
                      void *u)
{
    struct ids walk = {.visit = visit, .u = u};

    return find(s, FIND_IDS_OF, &(struct sought){.text = staff}, load_id, &walk);
}

int store_load_ids_between(struct store *s, const struct ident_id *first, const struct ident_id *last,
                           int (*visit)(void *u, const struct ident_id *id), void *u)
{
    struct ids walk = {.visit = visit, .u = u};

    return find(s, FIND_IDS_BETWEEN, &(struct sought){.id = first, .upto = last}, load_id, &walk);
}

/* ---- books ---- */

struct books {
    int (*visit)(void *u, const struct store_books *b);
    void *u;
};

static int load_books(struct column *c, void *userdata)
{
    const struct books *walk = userdata;
    struct store_books b;
    int r;

    column_books(c, &b);
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &b);
    return r < 0 ? r : 0;
}

int store_load_some_books(struct store *s, const struct ident_id *after, unsigned n,
                          int (*visit)(void *u, const struct store_books *b), void *u)
{
    struct books walk = {.visit = visit, .u = u};

    /* Any octets are greater than a number. */
    return find(s, FIND_BOOKS_BEHIND, &(struct sought){.id = after, .second = n}, load_books, &walk);
}

struct one_books {
    struct store_books *books;
    int found;
};

static int take_books(void *userdata, const struct store_books *b)
{
    struct one_books *one = userdata;

    *one->books = *b;
    one->found = 1;
    return 0;
}

int store_load_books_of(struct store *s, const struct ident_id *id, struct store_books *ret)
{
    struct one_books one = {.books = ret};
    struct books walk = {.visit = take_books, .u = &one};
    int r = find(s, FIND_BOOKS, &(struct sought){.id = id}, load_books, &walk);

    return r < 0 ? r : one.found;
}

/* ---- verdicts ---- */

struct one_verdict {
    struct store_verdict *verdict;
    int found;
};

static int take_verdict(struct column *c, void *userdata)
{
    struct one_verdict *one = userdata;

    column_verdict(c, one->verdict);
    one->found = 1;
    return c->error;
}

int store_find_verdict(struct store *s, const uint8_t key[static STORE_VERDICT_KEY],
                       struct store_verdict *ret)
{
    struct one_verdict one = {.verdict = ret};
    int r = find(s, FIND_VERDICT, &(struct sought){.key = key}, take_verdict, &one);

    return r < 0 ? r : one.found;
}

struct verdicts {
    int (*visit)(void *u, const struct store_verdict *v);
    void *u;
};

static int load_verdict(struct column *c, void *userdata)
{
    const struct verdicts *walk = userdata;
    struct store_verdict v;
    int r;

    column_verdict(c, &v);
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &v);
    return r < 0 ? r : 0;
}

int store_load_some_verdicts(struct store *s, const uint8_t *after, unsigned n,
                             int (*visit)(void *u, const struct store_verdict *v), void *u)
{
    struct verdicts walk = {.visit = visit, .u = u};

    return find(s, FIND_VERDICTS_BEHIND, &(struct sought){.key = after, .second = n}, load_verdict, &walk);
}

void store_set_damaged(struct store *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->health = -EBADMSG;
    (void)pthread_mutex_unlock(&s->lock);
}
