#include "broker/store/inspect.h"

#include "broker/store/check.h"
#include "broker/store/sql.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Immutable: no lock is taken, no log is looked for, nothing is made beside it. */
static int open_copy(const char *path, sqlite3 **ret)
{
    cleanup_buf struct buf uri = BUF_INIT;
    cleanup_free char *text = NULL;

    buf_puts(&uri, "file:");
    for (const char *p = path; *p != '\0'; p++)
        if (*p == '%' || *p == '?' || *p == '#')
            buf_printf(&uri, "%%%02x", (unsigned char)*p);
        else
            buf_put(&uri, p, 1);
    buf_puts(&uri, "?immutable=1");
    text = buf_steal_text(&uri);
    return text ? sql_open(text, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, ret) : -ENOMEM;
}

static int count_all(sqlite3 *db, struct store_inspection *x)
{
    const struct {
        const char *query;
        uint64_t *to;
    } counts[] = {
        {"SELECT coalesce(min(sequence), 0) FROM ledger", &x->first},
        {"SELECT count(DISTINCT id) FROM document WHERE type = 1", &x->grants},
        {"SELECT coalesce(sum(uses_taken & 2147483647), 0) FROM books", &x->uses},
        {"SELECT count(*) FROM taken WHERE kind = 1", &x->tombstones},
        {"SELECT count(*) FROM taken WHERE kind = 2", &x->locks},
        {"SELECT count(*) FROM session_live", &x->sessions_open},
        {"SELECT coalesce((SELECT at_us FROM ledger ORDER BY sequence LIMIT 1), 0)",
         (uint64_t *)&x->first_us},
        {"SELECT coalesce((SELECT at_us FROM ledger ORDER BY sequence DESC LIMIT 1), 0)",
         (uint64_t *)&x->last_us},
    };
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(counts) && r == 0; i++)
        r = sql_get_int(db, counts[i].query, (int64_t *)counts[i].to);
    return r;
}

static int read_names(sqlite3 *db, struct store_inspection *x)
{
    const struct {
        const char *query;
        char *to;
        size_t size;
    } names[] = {
        {"SELECT value FROM meta WHERE name = 'host'", x->host, sizeof(x->host)},
        {"SELECT value FROM meta WHERE name = 'machine-id'", x->machine_id, sizeof(x->machine_id)},
        {"SELECT value FROM meta WHERE name = 'ledger-id'", x->ledger, sizeof(x->ledger)},
    };
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++) {
        r = sql_get_text(db, names[i].query, names[i].to, names[i].size);
        if (r == -ENOENT)
            r = 0;
    }
    return r;
}

static int inspect(sqlite3 *db, const struct store_options *options, struct store_inspection *x, char *error)
{
    struct committer c = {0};
    int r = check_copy(db, error);

    if (r < 0)
        return r;
    r = committer_init(&c, db, options);
    if (r == 0)
        r = check_chain(&c, error);
    if (r == 0) {
        x->last = c.head.sequence;
        memcpy(x->hash, c.head.hash, sizeof(x->hash));
        r = count_all(db, x);
    }
    if (r == 0)
        r = read_names(db, x);
    committer_done(&c);
    return r < 0 && error[0] == '\0' ? check_sql(db, r, error) : r;
}

int store_inspect(const struct store_options *options, int (*opened)(void *userdata), void *userdata,
                  struct store_inspection *ret, char error[static 200])
{
    sqlite3 *db = NULL;
    bool log;
    int r = check_files(options->path, &log, error);

    *ret = (struct store_inspection){0};
    error[0] = r < 0 ? error[0] : '\0';
    if (r < 0)
        return r;
    r = open_copy(options->path, &db);
    if (r < 0)
        return check_sql(NULL, r, error);
    r = opened ? opened(userdata) : 0;
    if (r < 0)
        (void)snprintf(error, 200, "%s", strerrordesc_np(-r));
    else
        r = inspect(db, options, ret, error);
    (void)sqlite3_close(db);
    return r;
}
