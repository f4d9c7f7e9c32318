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
