#include "broker/store/past.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META_RESTORED  "restored" /* what was found: kind, had, had_us, has, has_us; empty: nothing */
#define META_ACCEPTED  "restored-accepted" /* the anchor that stood there when it was accepted */
#define META_ANCHORED  "anchored"          /* the store has had an anchor: a missing one was taken away */
#define META_LEDGER_ID "ledger-id"

#define META_SIZE      256

static const char *const kind_names[] = {
    [STORE_PAST_COPY] = "copy",       [STORE_PAST_BEHIND] = "behind",         [STORE_PAST_FORKED] = "forked",
    [STORE_PAST_FOREIGN] = "foreign", [STORE_PAST_UNANCHORED] = "unanchored",
};

/* ---- meta ---- */

static int meta_read(sqlite3 *db, const char *query, char value[static META_SIZE])
{
    int r = sql_get_text(db, query, value, META_SIZE);

    return r == -ENOENT ? 0 : r;
}

static int meta_write(sqlite3 *db, const char *name, const char *value)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r = sql_prepare(db,
                        "INSERT INTO meta (name, value) VALUES (?1, ?2)"
                        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                        &statement);

    if (r < 0)
        return r;
    if (sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC) != SQLITE_OK)
        return -ENOMEM;
    return sql_run(statement);
}

static void mark_format(const struct store_past *f, char text[static META_SIZE])
{
    (void)snprintf(text, META_SIZE, "%s %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRId64, kind_names[f->kind],
                   f->had, f->had_us, f->has, f->has_us);
}

/* A mark of which nothing can be made out is one all the same. */
static void mark_parse(const char *text, struct store_past *f)
{
    char name[16] = "";

    *f = (struct store_past){.kind = STORE_PAST_KNOWN};
    if (text[0] == '\0')
        return;
    // NOLINTNEXTLINE(cert-err34-c): written by this file
    if (sscanf(text, "%15s %" SCNu64 " %" SCNd64 " %" SCNu64 " %" SCNd64, name, &f->had, &f->had_us, &f->has,
               &f->has_us) != 5)
        *f = (struct store_past){.kind = STORE_PAST_COPY};
    f->kind = STORE_PAST_COPY;
    for (size_t i = 1; i < ARRAY_SIZE(kind_names); i++)
        if (strcmp(kind_names[i], name) == 0)
            f->kind = (enum store_past_kind)i;
}

static void accepted_format(const struct anchor_mark *m, char text[static META_SIZE])
{
    char hash[2 * RECORD_HASH_SIZE + 1];

    ident_format_hex(m->hash, sizeof(m->hash), hash);
    (void)snprintf(text, META_SIZE, "%s %" PRIu64 " %s", m->ledger, m->sequence, hash);
}

/* ---- comparing ---- */

/* 0: another one, or it cannot be told any more; 1: the same. */
static int has_record(sqlite3 *db, const struct anchor_mark *m)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    const void *hash;
    int r;

    if (m->sequence == 0)
        return 1;
    r = sql_prepare(db,
                    "SELECT hash FROM ledger WHERE sequence = ?1"
                    " UNION ALL SELECT hash FROM segment WHERE last = ?1",
                    &statement);
    if (r < 0)
        return r;
    if (sqlite3_bind_int64(statement, 1, (sqlite3_int64)m->sequence) != SQLITE_OK)
        return -ENOMEM;
    r = sql_step(statement);
    if (r <= 0)
        return r;
    hash = sqlite3_column_blob(statement, 0);
    return hash && sqlite3_column_bytes(statement, 0) == RECORD_HASH_SIZE &&
           memcmp(hash, m->hash, RECORD_HASH_SIZE) == 0;
}

static int compare(const struct past *p, const struct committer *c, enum store_past_kind *ret)
{
    char accepted[META_SIZE] = "", here[META_SIZE];
    int r = meta_read(c->db, "SELECT value FROM meta WHERE name = '" META_ACCEPTED "'", accepted);

    *ret = STORE_PAST_KNOWN;
    if (r < 0)
        return r;
    accepted_format(&p->had, here);
    if (strcmp(accepted, here) == 0)
        return 0; /* killed between accepting and writing the new anchor */
    if (p->had.ledger[0] != '\0' && strcmp(p->had.ledger, p->ledger) != 0)
        *ret = STORE_PAST_FOREIGN;
    else if (p->had.sequence > c->head.sequence)
        *ret = STORE_PAST_BEHIND;
    else
        r = has_record(c->db, &p->had);
    if (r == 0 && *ret == STORE_PAST_KNOWN)
        *ret = STORE_PAST_FORKED;
    return r < 0 ? r : 0;
}

static int time_of_record(sqlite3 *db, uint64_t sequence, int64_t *ret)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r = sql_prepare(db, "SELECT at_us FROM ledger WHERE sequence = ?1", &statement);

    if (r < 0)
        return r;
    if (sqlite3_bind_int64(statement, 1, (sqlite3_int64)sequence) != SQLITE_OK)
        return -ENOMEM;
    r = sql_step(statement);
    if (r > 0)
        *ret = sqlite3_column_int64(statement, 0);
    return r < 0 ? r : 0;
}

/* What stands in the store already stays; the anchor may know more about it. */
static int settle(struct past *p, enum store_past_kind kind, const struct committer *c)
{
    struct store_past *f = &p->found;
    int r = 0;

    if (f->kind == STORE_PAST_KNOWN && kind != STORE_PAST_KNOWN)
        *f = (struct store_past){.kind = kind, .has = c->head.sequence};
    if (f->has_us == 0)
        r = time_of_record(c->db, f->has, &f->has_us);
    if (f->kind == STORE_PAST_KNOWN || !p->anchor)
        return r;
    if (p->had.sequence > f->had || f->had_us == 0) {
        f->had = p->had.sequence;
        f->had_us = p->had.at_us;
    }
    return r;
}

/* It says nothing about the file. */
static bool is_shortage(int error)
{
    return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

static int look(struct past *p, const struct committer *c)
{
    char mark[META_SIZE] = "", anchored[META_SIZE] = "", ledger[META_SIZE] = "";
    enum store_past_kind kind = STORE_PAST_KNOWN;
    int r = meta_read(c->db, "SELECT value FROM meta WHERE name = '" META_RESTORED "'", mark);

    if (r == 0)
        r = meta_read(c->db, "SELECT value FROM meta WHERE name = '" META_ANCHORED "'", anchored);
    if (r == 0)
        r = meta_read(c->db, "SELECT value FROM meta WHERE name = '" META_LEDGER_ID "'", ledger);
    if (r < 0)
        return r;
    (void)snprintf(p->ledger, sizeof(p->ledger), "%.32s", ledger);
    mark_parse(mark, &p->found);
    p->error = anchor_open(p->path, p->sha256, &p->anchor, &p->had);
    if (is_shortage(p->error))
        return p->error;
    p->anchored = anchored[0] != '\0';
    p->first = p->error == -ENOENT && !p->anchored;
    if (p->anchor)
        r = compare(p, c, &kind);
    else if (!p->first)
        kind = STORE_PAST_UNANCHORED;
    if (r == 0)
        r = settle(p, kind, c);
    p->follows = p->found.kind == STORE_PAST_KNOWN && p->anchor;
    return r;
}

int past_judge(struct past *p, const struct committer *c, const struct store_options *o)
{
    *p = (struct past){.sha256 = o->sha256};
    if (!o->anchor_path)
        return 0;
    p->path = strdup(o->anchor_path);
    return p->path ? look(p, c) : -ENOMEM;
}

/* ---- writing ---- */

static struct anchor_mark mark_of(const struct past *p, const struct store_head *head)
{
    struct anchor_mark m = {.sequence = head->sequence, .at_us = clock_wall_us()};

    memcpy(m.hash, head->hash, sizeof(m.hash));
    memcpy(m.ledger, p->ledger, sizeof(m.ledger));
    return m;
}

static int make_anew(struct past *p, const struct store_head *head)
{
    struct anchor_mark m = mark_of(p, head);

    p->anchor = anchor_free(p->anchor);
    p->error = anchor_make(p->path, p->sha256, &m, &p->anchor);
    p->follows = p->anchor != NULL;
    p->written = head->sequence;
    return p->error;
}

void past_note(struct past *p, const struct committer *c)
{
    char text[META_SIZE];

    if (!p->path)
        return;
    if (p->found.kind != STORE_PAST_KNOWN) {
        mark_format(&p->found, text);
        (void)meta_write(c->db, META_RESTORED, text); /* if not, it is found again */
        return;
    }
    /* The anchor before the fact: killed in between, the next start finds what it expects. */
    if (p->first) {
        FAILPOINT(ANCHOR_MAKING);
        if (make_anew(p, &c->head) < 0)
            return;
        FAILPOINT(ANCHOR_MADE);
    }
    if (!p->anchored)
        (void)meta_write(c->db, META_ANCHORED, "yes");
}

void past_follow(struct past *p, const struct store_head *head)
{
    struct anchor_mark m;

    if (!p->follows || p->written == head->sequence)
        return;
    m = mark_of(p, head);
    FAILPOINT(ANCHOR_SETTING);
    p->error = anchor_set(p->anchor, &m);
    FAILPOINT(ANCHOR_SET);
    if (p->error == 0)
        p->written = head->sequence;
}

void past_accept(struct past *p, const struct store_head *head)
{
    p->found = (struct store_past){.kind = STORE_PAST_KNOWN};
    if (p->path)
        (void)make_anew(p, head);
}

void past_accept_write(const struct past *p, struct store_txn *t)
{
    char text[META_SIZE] = "";

    if (p->anchor)
        accepted_format(&p->had, text);
    store_txn_meta(t, META_RESTORED, "");
    store_txn_meta(t, META_ACCEPTED, text);
    if (p->path)
        store_txn_meta(t, META_ANCHORED, "yes");
}

void past_done(struct past *p)
{
    p->anchor = anchor_free(p->anchor);
    free(p->path);
    *p = (struct past){0};
}

/* ---- copies ---- */

static int head_read(sqlite3 *db, struct store_head *head)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    const void *hash;
    int r = sql_prepare(db,
                        "SELECT sequence, hash FROM ledger UNION ALL SELECT last, hash FROM segment"
                        " ORDER BY 1 DESC LIMIT 1",
                        &statement);

    *head = (struct store_head){0};
    if (r < 0)
        return r;
    r = sql_step(statement);
    if (r <= 0)
        return r;
    head->sequence = (uint64_t)sqlite3_column_int64(statement, 0);
    hash = sqlite3_column_blob(statement, 1);
    if (!hash || sqlite3_column_bytes(statement, 1) != RECORD_HASH_SIZE)
        return -EBADMSG;
    memcpy(head->hash, hash, RECORD_HASH_SIZE);
    return 0;
}

int past_mark_copy(sqlite3 *db, struct store_head *head)
{
    struct store_past found = {.kind = STORE_PAST_COPY};
    char text[META_SIZE];
    int r = head_read(db, head);

    if (r < 0)
        return r;
    found.has = head->sequence;
    mark_format(&found, text);
    return meta_write(db, META_RESTORED, text);
}
