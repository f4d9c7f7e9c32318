#include "broker/store/rows.h"

#include "broker/store/sql.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <string.h>

#define ROWS_FIRST_CAPACITY 64

/* Columns of texts in the order of record_text_offsets, behind the others. */
static const char select_columns[] =
    "SELECT sequence, at_us, reason, version, session, deadline, latency_us, actor, previous, hash,"
    " format, count, first_us, sources, event, result, staff, vendor, account, service, address, tty, "
    "grant_id, ticket, reference, detail"
    " FROM ledger WHERE sequence BETWEEN ?1 AND ?2";
#define COLUMN_TEXTS 14

struct condition {
    const char *sql;
    const char *text; /* NULL: bind the number */
    int64_t number;
};

struct conditions {
    struct condition items[16];
    size_t n;
};

static void want_text(struct conditions *c, const char *sql, const char *text)
{
    if (text)
        c->items[c->n++] = (struct condition){.sql = sql, .text = text};
}

static void want_number(struct conditions *c, const char *sql, int64_t number)
{
    c->items[c->n++] = (struct condition){.sql = sql, .number = number};
}

static int conditions_of(const struct record_filter *f, struct conditions *c)
{
    enum reason reason;

    want_text(c, " AND staff = ?", f->staff);
    want_text(c, " AND vendor = ?", f->vendor);
    want_text(c, " AND event = ?", f->event);
    want_text(c, " AND result = ?", f->result);
    want_text(c, " AND grant_id = ?", f->grant);
    want_text(c, " AND ticket = ?", f->ticket);
    want_text(c, " AND service = ?", f->service);
    want_text(c, " AND account = ?", f->account);
    want_text(c, " AND address = ?", f->address);
    if (f->from != 0)
        want_number(c, " AND at_us >= ?", record_filter_us(f->from));
    if (f->until != 0)
        want_number(c, " AND at_us < ?", record_filter_us(f->until));
    if (f->session != 0)
        want_number(c, " AND session = ?", (int64_t)f->session);
    if (!f->reason)
        return 0;
    if (reason_from_name(f->reason, &reason) < 0)
        return -EINVAL;
    want_number(c, " AND reason = ?", reason);
    return 0;
}

static int rows_bind(sqlite3_stmt *statement, const struct row_window *window, const struct conditions *c)
{
    int index = 3;
    int code = sqlite3_bind_int64(statement, 1, (int64_t)window->first);

    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, 2, (int64_t)window->last);
    for (size_t i = 0; i < c->n && code == SQLITE_OK; i++, index++)
        code = c->items[i].text ? sqlite3_bind_text(statement, index, c->items[i].text, -1, SQLITE_STATIC)
                                : sqlite3_bind_int64(statement, index, c->items[i].number);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, index, (int64_t)window->limit);
    return code == SQLITE_OK ? 0 : sql_error(sqlite3_db_handle(statement), code);
}

static int rows_prepare(sqlite3 *db, const struct row_window *window, const struct record_filter *f,
                        sqlite3_stmt **ret)
{
    cleanup_buf struct buf query = BUF_INIT;
    cleanup_free char *text = NULL;
    struct conditions c = {.n = 0};
    int r = conditions_of(f, &c);

    if (r < 0)
        return r;
    buf_puts(&query, select_columns);
    for (size_t i = 0; i < c.n; i++)
        buf_puts(&query, c.items[i].sql);
    buf_puts(&query, f->newest_first ? " ORDER BY sequence DESC LIMIT ?" : " ORDER BY sequence LIMIT ?");
    text = buf_steal_text(&query);
    if (!text)
        return -ENOMEM;
    r = sql_prepare(db, text, ret);
    return r < 0 ? r : rows_bind(*ret, window, &c);
}

static int column_hash(sqlite3_stmt *statement, int column, uint8_t hash[static RECORD_HASH_SIZE])
{
    const void *octets = sqlite3_column_blob(statement, column);

    if (!octets || sqlite3_column_bytes(statement, column) != RECORD_HASH_SIZE)
        return -EBADMSG;
    memcpy(hash, octets, RECORD_HASH_SIZE);
    return 0;
}

/* Texts with a NUL inside cannot have come from us. */
static int column_texts(sqlite3_stmt *statement, struct record *r)
{
    const char *texts[RECORD_TEXTS];

    for (int i = 0; i < RECORD_TEXTS; i++) {
        texts[i] = (const char *)sqlite3_column_text(statement, COLUMN_TEXTS + i);
        if (!texts[i])
            return -ENOMEM;
        if ((size_t)sqlite3_column_bytes(statement, COLUMN_TEXTS + i) != strlen(texts[i]))
            return -EBADMSG;
    }
    return record_own_texts(r, texts);
}

/* 0, which no format is, for what cannot be one. */
static uint8_t column_format(sqlite3_stmt *statement, int column)
{
    int64_t format = sqlite3_column_int64(statement, column);

    return format > 0 && format <= UINT8_MAX ? (uint8_t)format : 0;
}

static int rows_take(sqlite3_stmt *statement, struct record *r)
{
    int e;

    *r = (struct record){
        .sequence = (uint64_t)sqlite3_column_int64(statement, 0),
        .at_us = sqlite3_column_int64(statement, 1),
        .reason = (enum reason)(uint16_t)sqlite3_column_int(statement, 2), /* as it is hashed */
        .version = (uint32_t)sqlite3_column_int64(statement, 3),
        .session = (uint64_t)sqlite3_column_int64(statement, 4),
        .deadline = sqlite3_column_int64(statement, 5),
        .latency_us = (uint64_t)sqlite3_column_int64(statement, 6),
        .actor = (uint32_t)sqlite3_column_int64(statement, 7),
        .format = column_format(statement, 10),
        .count = (uint64_t)sqlite3_column_int64(statement, 11),
        .first_us = sqlite3_column_int64(statement, 12),
        .sources = (uint32_t)sqlite3_column_int64(statement, 13),
    };
    /* What no hash covers is not there. */
    if (r->format == RECORD_FORMAT_1) {
        r->count = 0;
        r->sources = 0;
        r->first_us = 0;
    }
    e = column_hash(statement, 8, r->previous);
    if (e == 0)
        e = column_hash(statement, 9, r->hash);
    return e < 0 ? e : column_texts(statement, r);
}

static int rows_grow(struct record_rows *rows)
{
    size_t capacity = rows->capacity != 0 ? rows->capacity * 2 : ROWS_FIRST_CAPACITY;
    struct record *more;

    if (rows->n < rows->capacity)
        return 0;
    more = reallocarray(rows->rows, capacity, sizeof(*more));
    if (!more)
        return -ENOMEM;
    rows->rows = more;
    rows->capacity = capacity;
    return 0;
}

int rows_read(sqlite3 *db, const struct row_window *window, const struct record_filter *f,
              struct record_rows *rows)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r = rows_prepare(db, window, f, &statement);

    if (r < 0)
        return r;
    while ((r = sql_step(statement)) > 0) {
        r = rows_grow(rows);
        if (r == 0)
            r = rows_take(statement, &rows->rows[rows->n]);
        if (r < 0)
            return r;
        rows->n++;
    }
    return r;
}
