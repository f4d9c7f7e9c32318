#include "broker/store/column.h"

#include "broker/store/sql.h"

#include <errno.h>
#include <string.h>

int64_t column_int(struct column *c)
{
    return sqlite3_column_int64(c->statement, c->next++);
}

uint32_t column_u32(struct column *c)
{
    int64_t v = column_int(c);

    if (v < 0 || v > UINT32_MAX)
        c->error = -EBADMSG;
    return (uint32_t)v;
}

void column_text(struct column *c, char *text, size_t size)
{
    const char *value = (const char *)sqlite3_column_text(c->statement, c->next++);

    if (!value || strlen(value) >= size) {
        c->error = value ? -EBADMSG : -ENOMEM;
        return;
    }
    memcpy(text, value, strlen(value) + 1);
}

void column_id(struct column *c, struct ident_id *id)
{
    const void *octets = sqlite3_column_blob(c->statement, c->next);

    if (!octets || sqlite3_column_bytes(c->statement, c->next) != IDENT_ID_SIZE)
        c->error = -EBADMSG;
    else
        memcpy(id->octets, octets, IDENT_ID_SIZE);
    c->next++;
}

const uint8_t *column_blob(struct column *c, size_t *size)
{
    const uint8_t *octets = sqlite3_column_blob(c->statement, c->next);

    *size = (size_t)sqlite3_column_bytes(c->statement, c->next++);
    return octets ? octets : (const uint8_t *)"";
}

int column_document(struct column *c, struct store_document *ret, struct store_blob **approvals)
{
    const uint8_t *encoded;
    size_t size;
    int r;

    *ret = (struct store_document){.type = 0};
    column_id(c, &ret->id);
    ret->type = (uint8_t)column_int(c);
    ret->version = column_u32(c);
    ret->octets = column_blob(c, &ret->size);
    encoded = column_blob(c, &size);
    if (c->error < 0)
        return c->error;
    r = txn_approvals_decode(encoded, size, approvals, &ret->n_approvals);
    ret->approvals = *approvals;
    return r;
}

int column_visit_document(struct column *c, void *userdata)
{
    const struct column_documents *walk = userdata;
    cleanup_free struct store_blob *approvals = NULL;
    struct store_document d;
    int r = column_document(c, &d, &approvals);

    if (r < 0)
        return r;
    d.row = column_int(c);
    r = walk->visit(walk->u, &d);
    return r < 0 ? r : 0;
}

void column_books(struct column *c, struct store_books *ret)
{
    *ret = (struct store_books){.uses_taken = 0};
    column_id(c, &ret->id);
    ret->uses_taken = column_u32(c);
    ret->closed = column_int(c) != 0;
    ret->verified_version = column_u32(c);
}

void column_verdict(struct column *c, struct store_verdict *ret)
{
    *ret = (struct store_verdict){.size = 0};
    (void)column_octets(c, ret->key, sizeof(ret->key), sizeof(ret->key));
    (void)column_octets(c, ret->basis, sizeof(ret->basis), sizeof(ret->basis));
    ret->size = column_octets(c, ret->octets, 1, sizeof(ret->octets));
}

int column_walk(struct store *s, const char *query, int (*row)(struct column *c, void *walk), void *walk)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r;

    (void)pthread_mutex_lock(&s->connection);
    r = sql_prepare(s->db, query, &statement);
    while (r == 0 && (r = sql_step(statement)) > 0) {
        struct column c = {.statement = statement};

        r = row(&c, walk);
    }
    (void)sqlite3_finalize(steal_pointer(&statement));
    (void)pthread_mutex_unlock(&s->connection);
    return r > 0 ? 0 : r;
}

size_t column_octets(struct column *c, uint8_t *octets, size_t least, size_t most)
{
    size_t size;
    const uint8_t *found = column_blob(c, &size);

    if (size < least || size > most)
        c->error = -EBADMSG;
    else
        memcpy(octets, found, size);
    return size;
}

const char *column_borrowed_text(struct column *c)
{
    const char *value = (const char *)sqlite3_column_text(c->statement, c->next++);

    if (!value)
        c->error = -ENOMEM;
    return value;
}
