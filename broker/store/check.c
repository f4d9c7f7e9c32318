#include "broker/store/check.h"

#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/store/rows.h"
#include "broker/store/schema.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * What a store looks like when something happened to it. SQLite alone would take an empty file for a new
 * database, and a missing or mangled write-ahead log for an empty one: the last commits, which somebody was
 * told are safe, would be gone without a word. So a store notes in its main file that it is open, and while
 * it is, its log always has a header; "open" without a usable log is damage. (A log that was cut at a commit,
 * or replaced by an older one, looks like an older store; that is found by comparing with what had left the
 * host.)
 */
#define DATABASE_HEADER      "SQLite format 3" /* and its NUL */
#define DATABASE_HEADER_SIZE 100
#define LOG_HEADER_SIZE      32
#define LOG_MAGIC            0x377f0682U /* the lowest bit: big-endian checksums */
#define LOG_VERSION          3007000U

__attribute__((format(printf, 3, 4))) static int check_fail(char *error, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(error, CHECK_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return code;
}

static int check_errno(char *error, int code, const char *what)
{
    return check_fail(error, code, "%s: %s", what, strerrordesc_np(-code));
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t little_endian(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* https://www.sqlite.org/fileformat2.html, "WAL File Format" */
static bool log_header_is_valid(const uint8_t header[static LOG_HEADER_SIZE])
{
    uint32_t (*word)(const uint8_t *) = (header[3] & 1) != 0 ? big_endian : little_endian;
    uint32_t s0 = 0, s1 = 0;

    if ((big_endian(header) & ~1U) != LOG_MAGIC || big_endian(header + 4) != LOG_VERSION)
        return false;
    for (size_t i = 0; i < LOG_HEADER_SIZE - 8; i += 8) {
        s0 += word(header + i) + s1;
        s1 += word(header + i + 4) + s0;
    }
    return big_endian(header + 24) == s0 && big_endian(header + 28) == s1;
}

static bool log_is_usable(const char *path)
{
    cleanup_free char *name = NULL;
    cleanup_close int fd = -1;
    uint8_t header[LOG_HEADER_SIZE];

    if (asprintf(&name, "%s-wal", path) < 0) {
        name = NULL;
        return false;
    }
    fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && read(fd, header, sizeof(header)) == (ssize_t)sizeof(header) &&
           log_header_is_valid(header);
}

int check_files(const char *path, bool *ret_log, char error[static CHECK_ERROR_SIZE])
{
    cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    uint8_t header[DATABASE_HEADER_SIZE];
    struct stat st;
    ssize_t n;

    *ret_log = false;
    if (fd < 0 || fstat(fd, &st) < 0)
        return errno == ENOENT
                   ? check_fail(error, -ENOENT, _("there is no store; make one with --create-store"))
                   : check_errno(error, -errno, _("the store cannot be opened"));
    if (!S_ISREG(st.st_mode))
        return check_fail(error, -EPERM, _("the store is not a regular file"));
    n = read(fd, header, sizeof(header));
    if (n < 0)
        return check_errno(error, -errno, _("the store cannot be read"));
    if (n == 0)
        return check_fail(error, -EBADMSG, _("the store's file is empty"));
    if (n != (ssize_t)sizeof(header) || memcmp(header, DATABASE_HEADER, sizeof(DATABASE_HEADER)) != 0)
        return check_fail(error, -EBADMSG, _("the store's file is not a database"));
    *ret_log = log_is_usable(path);
    return 0;
}

int check_sql(sqlite3 *db, int code, char error[static CHECK_ERROR_SIZE])
{
    if (code == -EBUSY)
        return check_fail(error, code, _("another process has the store open"));
    if (code == -EBADMSG)
        return check_fail(error, code, _("the store is damaged: %s"),
                          db ? sqlite3_errmsg(db) : _("its header is not sound"));
    return check_errno(error, code, _("the store cannot be read"));
}

static int check_identity(sqlite3 *db, char *error)
{
    int64_t application;
    int r = sql_get_int(db, "PRAGMA application_id;", &application);

    if (r < 0)
        return check_sql(db, r, error);
    if (application != SCHEMA_APPLICATION_ID)
        return check_fail(error, -EBADMSG, _("the store's file is a database of something else"));
    return 0;
}

static int check_log(sqlite3 *db, bool log, char *error)
{
    int64_t opened;
    char mode[16];
    int r = sql_get_int(db, "SELECT opened FROM state WHERE id = 1;", &opened);

    if (r < 0)
        return r == -ENOENT || r == -EIO
                   ? check_fail(error, -EBADMSG, _("the store has no state: %s"), sqlite3_errmsg(db))
                   : check_sql(db, r, error);
    if (opened != 0 && !log)
        return check_fail(error, -EBADMSG,
                          _("the store's write-ahead log is missing or mangled: its last commits are lost"));
    r = sql_get_text(db, "PRAGMA journal_mode = WAL;", mode, sizeof(mode));
    if (r < 0)
        return check_sql(db, r, error);
    return strcmp(mode, "wal") == 0 ? 0
                                    : check_fail(error, -EIO, _("the store does not get a write-ahead log"));
}

/* Of 4 KiB: some tenths of a second. */
#define CHECK_ALL_PAGES 65536

static int check_part(sqlite3 *db, const char *pragma, char *error)
{
    char answer[160];
    int r = sql_get_text(db, pragma, answer, sizeof(answer));

    if (r < 0)
        return check_sql(db, r, error);
    if (strcmp(answer, "ok") != 0)
        return check_fail(error, -EBADMSG, _("the store is damaged: %.150s"), answer);
    return 0;
}

static int check_pages(sqlite3 *db, char *error)
{
    return check_part(db, "PRAGMA quick_check(1);", error);
}

/* All but what there is some of for each grant. */
static int check_tables(sqlite3 *db, char *error)
{
    static const char query[] =
        "SELECT 'PRAGMA quick_check(' || name || ')' FROM sqlite_schema WHERE type = 'table'"
        " AND name NOT IN ('document', 'books', 'verdict')"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r = sql_prepare(db, query, &statement);

    while (r == 0 && (r = sql_step(statement)) > 0)
        r = check_part(db, (const char *)sqlite3_column_text(statement, 0), error);
    return r < 0 && error[0] == '\0' ? check_sql(db, r, error) : r;
}

/* To look at each page of a million grants takes longer than a host may be without an answer. There the
 * grants, their books and verdicts are left to whoever reads them: that is each of them, before it counts and
 * soon after the start, and what is damaged is the whole store from then on (store_set_damaged()). */
static int check_at_start(sqlite3 *db, char *error)
{
    int64_t pages;
    int r = sql_get_int(db, "PRAGMA page_count;", &pages);

    if (r < 0)
        return check_sql(db, r, error);
    return pages <= CHECK_ALL_PAGES ? check_pages(db, error) : check_tables(db, error);
}

int check_opened(sqlite3 *db, bool log, char error[static CHECK_ERROR_SIZE])
{
    int r = check_identity(db, error);

    if (r == 0)
        r = check_log(db, log, error);
    if (r == 0)
        r = check_at_start(db, error);
    if (r < 0)
        return r;
    r = schema_migrate(db, schema_steps, schema_n_steps);
    if (r == -EPROTO)
        return check_fail(error, r, _("the store was made by a newer version"));
    if (r < 0)
        return check_sql(db, r, error);
    r = schema_verify(db, schema_steps, schema_n_steps);
    if (r == -EBADMSG)
        return check_fail(error, r, _("the store is damaged: its tables or triggers were altered"));
    return r < 0 ? check_sql(db, r, error) : 0;
}

struct tail {
    struct committer *c;
    char *error;
    bool known; /* the hash of the record before is known; else the first one's word is taken for it */
};

static int check_link(struct tail *t, const struct record *r)
{
    struct store_head *head = &t->c->head;
    uint8_t hash[RECORD_HASH_SIZE];
    int e;

    if (!t->known)
        memcpy(head->hash, r->previous, sizeof(head->hash));
    t->known = true;
    if (!record_format_label(r->format))
        return check_fail(t->error, -EBADMSG, _("the ledger is broken at record %llu"),
                          (unsigned long long)r->sequence);
    e = ledger_hash(t->c, r, head->hash, hash);
    if (e == -EOPNOTSUPP)
        return check_fail(t->error, e,
                          _("the ledger has records hashed with SM3, which this OpenSSL cannot"));
    if (e < 0)
        return check_errno(t->error, e, _("the ledger cannot be checked"));
    if (r->sequence != head->sequence + 1 || memcmp(r->previous, head->hash, sizeof(hash)) != 0 ||
        memcmp(r->hash, hash, sizeof(hash)) != 0)
        return check_fail(t->error, -EBADMSG, _("the ledger is broken at record %llu"),
                          (unsigned long long)r->sequence);
    *head = (struct store_head){.sequence = r->sequence};
    memcpy(head->hash, r->hash, sizeof(head->hash));
    return 0;
}

int check_hash(struct committer *c, char error[static CHECK_ERROR_SIZE])
{
    const struct record r = {.format = (uint8_t)atomic_load(&c->format)};
    uint8_t hash[RECORD_HASH_SIZE] = {0};
    int e = ledger_hash(c, &r, hash, hash);

    if (e == -EOPNOTSUPP)
        return check_fail(error, e,
                          _("hash = sm3 is configured, but this OpenSSL has no SM3; set hash = sha256"));
    return e < 0 ? check_errno(error, e, _("the ledger cannot be hashed")) : 0;
}

/* A ledger goes on from what was sealed and taken away; without that from nothing. */
static int check_begin(struct tail *t)
{
    static const char query[] = "SELECT last, hash FROM segment ORDER BY last DESC LIMIT 1;";
    struct store_head *head = &t->c->head;
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r = sql_prepare(t->c->db, query, &statement);

    *head = (struct store_head){0};
    t->known = true;
    if (r == 0)
        r = sql_step(statement);
    if (r < 0)
        return check_sql(t->c->db, r, t->error);
    if (r > 0 && sqlite3_column_bytes(statement, 1) == RECORD_HASH_SIZE) {
        head->sequence = (uint64_t)sqlite3_column_int64(statement, 0);
        memcpy(head->hash, sqlite3_column_blob(statement, 1), sizeof(head->hash));
    }
    return 0;
}

/* Sealed records that are still there, since removing them was interrupted, are looked at like others. */
static int check_window(struct tail *t, struct row_window *w)
{
    const uint64_t sealed = t->c->head.sequence;
    int64_t first = 0, last = 0;
    int r = sql_get_int(t->c->db, "SELECT coalesce(min(sequence), 0) FROM ledger;", &first);

    if (r == 0)
        r = sql_get_int(t->c->db, "SELECT coalesce(max(sequence), 0) FROM ledger;", &last);
    if (r < 0)
        return check_sql(t->c->db, r, t->error);
    *w = (struct row_window){.first = (uint64_t)first, .last = (uint64_t)last, .limit = CHECK_TAIL};
    if (last == 0)
        return 0;
    if (w->first > sealed + 1)
        return check_fail(t->error, -EBADMSG, _("the ledger is broken at record %llu"),
                          (unsigned long long)first);
    if (last - first >= CHECK_TAIL)
        w->first = (uint64_t)last - CHECK_TAIL + 1;
    if (w->first != sealed + 1) {
        t->known = w->first == 1;
        t->c->head = (struct store_head){.sequence = w->first - 1};
    }
    return 0;
}

int check_ledger(struct committer *c, char error[static CHECK_ERROR_SIZE])
{
    struct tail t = {.c = c, .error = error};
    struct record_rows rows = {0};
    struct row_window window = {0};
    int r = check_begin(&t);

    if (r == 0)
        r = check_window(&t, &window);
    if (r < 0 || window.last == 0)
        return r;
    r = rows_read(c->db, &window, &(struct record_filter){0}, &rows);
    if (r < 0)
        r = check_sql(c->db, r, error);
    for (size_t i = 0; i < rows.n && r == 0; i++)
        r = check_link(&t, &rows.rows[i]);
    if (r == 0 && c->head.sequence != window.last)
        r = check_fail(error, -EBADMSG, _("the ledger is broken at its end"));
    record_free_array(rows.rows, rows.n);
    return r;
}

int check_chain(struct committer *c, char error[static CHECK_ERROR_SIZE])
{
    struct tail t = {.c = c, .error = error};
    struct row_window window = {0};
    int64_t first;
    uint64_t last;
    int r = check_begin(&t);

    if (r == 0)
        r = check_window(&t, &window);
    if (r < 0 || window.last == 0)
        return r;
    r = sql_get_int(c->db, "SELECT min(sequence) FROM ledger;", &first);
    if (r < 0)
        return check_sql(c->db, r, error);
    last = window.last;
    window.last = (uint64_t)first - 1;
    if (window.first != (uint64_t)first) { /* more than the tail: from its beginning */
        (void)check_begin(&t);
        if (t.c->head.sequence != window.last) {
            t.known = first == 1;
            t.c->head = (struct store_head){.sequence = window.last};
        }
    }
    while (r == 0 && window.last < last) {
        struct record_rows rows = {0};

        window.first = window.last + 1;
        window.last = window.last + CHECK_TAIL < last ? window.last + CHECK_TAIL : last;
        r = rows_read(c->db, &window, &(struct record_filter){0}, &rows);
        if (r < 0)
            r = check_sql(c->db, r, error);
        for (size_t i = 0; i < rows.n && r == 0; i++)
            r = check_link(&t, &rows.rows[i]);
        if (r == 0 && c->head.sequence != window.last)
            r = check_fail(error, -EBADMSG, _("the ledger is broken at record %llu"),
                           (unsigned long long)c->head.sequence + 1);
        record_free_array(rows.rows, rows.n);
    }
    return r;
}

int check_copy(sqlite3 *db, char error[static CHECK_ERROR_SIZE])
{
    int64_t version = 0;
    int r = check_identity(db, error);

    if (r == 0)
        r = check_pages(db, error);
    if (r < 0)
        return r;
    r = sql_get_int(db, "PRAGMA user_version;", &version);
    if (r < 0)
        return check_sql(db, r, error);
    if (version < 0 || (uint64_t)version > schema_n_steps)
        return check_fail(error, -EPROTO, _("the store was made by a newer version"));
    if ((uint64_t)version < schema_n_steps)
        return check_fail(
            error, -EPROTO,
            _("the store was made by an earlier version, whose `hufuctl restore --check` reads it"));
    r = schema_verify(db, schema_steps, schema_n_steps);
    if (r == -EBADMSG)
        return check_fail(error, r, _("the store is damaged: its tables or triggers were altered"));
    return r < 0 ? check_sql(db, r, error) : 0;
}
