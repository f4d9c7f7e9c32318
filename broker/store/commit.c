#include "broker/store/commit.h"

#include "broker/common/failpoint.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/*
 * Group commit. One BEGIN IMMEDIATE ... COMMIT holds all the transactions that waited, and those that arrived
 * while these were applied. A savepoint has SQLite copy each page before it is changed, and hardly ever does
 * one fail; so they are applied without at first. When one fails, the group is done again, each in a
 * savepoint: one that fails is rolled back to its savepoint and answers with its error, and the others go on.
 * Three things are less obvious:
 *
 * - Some errors (disk full, I/O) make SQLite roll the whole transaction back by itself. What came before in
 * the group is then lost, so the group is done again, each transaction alone. So it is when the disk is full:
 * each is tried until room was made for it or there is none, before the next, so that their order stays.
 * - A COMMIT whose fsync failed has written its frames to the write-ahead log all the same, and a broker
 * killed right then would find them there again: transactions that were answered with an error would have
 * happened. So after a failed COMMIT one number is written: its frames overwrite the first of the failed
 * ones, whose checksums build on each other, and that it may fail to sync as well does no harm.
 * - The sequence and hash of the ledger are kept in memory and taken back with what they belong to, so a
 * failed transaction leaves no gap.
 */

#define SESSION_ROW                                                                                        \
    " (number, state, grant_id, version, staff, uid, service, source, tty, key, boot_id, pid, start_time," \
    " parent, parent_start_time, audit_session, counts, reserved_at, opened_at, ended_at, deadline,"       \
    " end_reason, channels)"                                                                               \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, " \
    "?21,"                                                                                                 \
    " ?22, ?23)"

static const char *const statement_texts[COMMIT_STATEMENTS] = {
    [COMMIT_BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT_COMMIT] = "COMMIT",
    [COMMIT_ROLLBACK] = "ROLLBACK",
    [COMMIT_SAVEPOINT] = "SAVEPOINT one",
    [COMMIT_RELEASE] = "RELEASE one",
    [COMMIT_ROLLBACK_TO] = "ROLLBACK TO one",
    [COMMIT_WRITTEN] = "UPDATE state SET written = written + 1 WHERE id = 1",
    [COMMIT_FED] = "UPDATE state SET fed = ?1 WHERE id = 1 AND fed <> ?1",
    [COMMIT_OPENED] = "UPDATE state SET opened = ?1, written = written + 1 WHERE id = 1",
    [COMMIT_RECORD] =
        "INSERT INTO ledger (sequence, at_us, reason, version, session, deadline, latency_us, actor,"
        " previous, hash, event, result, staff, vendor, account, service, address, tty, grant_id,"
        " ticket, reference, detail, format, count, first_us, sources)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
        " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)",
    [COMMIT_DOCUMENT] =
        "INSERT INTO document (id, type, version, octets, approvals) VALUES (?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT (id, type, version) DO UPDATE SET octets = excluded.octets,"
        " approvals = excluded.approvals",
    [COMMIT_DROP_DOCUMENTS] = "DELETE FROM document WHERE id = ?1 AND type = ?2 AND version > ?3",
    [COMMIT_FORGET_DOCUMENTS] =
        "DELETE FROM document WHERE id = ?1 AND type = 1 AND NOT EXISTS"
        " (SELECT 1 FROM books WHERE id = ?1 AND (verified_version > 0 OR uses_taken > 0 OR closed))",
    [COMMIT_FORGET_BOOKS] =
        "DELETE FROM books WHERE id = ?1 AND verified_version = 0 AND uses_taken = 0 AND NOT closed",
    [COMMIT_FORGET_PUBLISHED] =
        "DELETE FROM published WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM books WHERE id = ?1)",
    [COMMIT_FEED] = "REPLACE INTO feed (uuid, digest, approvals, type, id, reason, again, name, text, octets)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [COMMIT_UNFEED] = "DELETE FROM feed WHERE uuid = ?1",
    [COMMIT_PUBLISHED] = "REPLACE INTO published (id, digest) VALUES (?1, ?2)",
    [COMMIT_BOOKS] =
        "INSERT INTO books (id, uses_taken, closed, verified_version) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT (id) DO UPDATE SET uses_taken = excluded.uses_taken, closed = excluded.closed,"
        " verified_version = max(verified_version, excluded.verified_version)",
    [COMMIT_SESSION] =
        "INSERT INTO session_live" SESSION_ROW " ON CONFLICT (number) DO UPDATE SET state = excluded.state,"
        " grant_id = excluded.grant_id,"
        " version = excluded.version,"
        " staff = excluded.staff,"
        " uid = excluded.uid,"
        " service = excluded.service,"
        " source = excluded.source,"
        " tty = excluded.tty,"
        " key = excluded.key,"
        " boot_id = excluded.boot_id,"
        " pid = excluded.pid,"
        " start_time = excluded.start_time,"
        " parent = excluded.parent,"
        " parent_start_time = excluded.parent_start_time,"
        " audit_session = excluded.audit_session,"
        " counts = excluded.counts,"
        " reserved_at = excluded.reserved_at,"
        " opened_at = excluded.opened_at,"
        " ended_at = excluded.ended_at,"
        " deadline = excluded.deadline,"
        " end_reason = excluded.end_reason,"
        " channels = excluded.channels",
    [COMMIT_SESSION_IS_OVER] = "DELETE FROM session_live WHERE number = ?1",
    [COMMIT_SESSION_OVER] = "REPLACE INTO session" SESSION_ROW,
    [COMMIT_TAKEN] = "REPLACE INTO taken (kind, scope, name, at, until, by_uid, why)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [COMMIT_UNTAKEN] = "DELETE FROM taken WHERE kind = ?1 AND scope = ?2 AND name = ?3",
    [COMMIT_SEGMENT] = "INSERT INTO segment (first, last, hash, sealed) VALUES (?1, ?2, ?3, ?4)",
    [COMMIT_TRIM] =
        "DELETE FROM ledger WHERE sequence <= min(?1, (SELECT coalesce(max(last), 0) FROM segment))",
    [COMMIT_META] = "INSERT INTO meta (name, value) VALUES (?1, ?2)"
                    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [COMMIT_VERDICT] = "REPLACE INTO verdict (key, basis, verdict) VALUES (?1, ?2, ?3)",
    [COMMIT_KEEP_VERDICTS] = "DELETE FROM verdict WHERE basis <> ?1 AND key BETWEEN ?2 AND ?3",
    [COMMIT_CLAIM] = "REPLACE INTO claim (nonce, grant_id, state, session, at) VALUES (?1, ?2, ?3, ?4, ?5)",
    [COMMIT_DROP_CLAIM] = "DELETE FROM claim WHERE nonce = ?1",
    [COMMIT_REPETITION] = "REPLACE INTO repetition (key, sample, count, first_us, last_us, addresses)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [COMMIT_DROP_REPETITION] = "DELETE FROM repetition WHERE key = ?1",
};

int committer_init(struct committer *c, sqlite3 *db, const struct store_options *o)
{
    *c = (struct committer){.db = db, .sha256 = o->sha256, .sm3 = o->sm3};
    atomic_init(&c->format, o->format != 0 ? o->format : RECORD_FORMAT_2_SHA256);
    for (size_t i = 0; i < COMMIT_STATEMENTS; i++) {
        int r = sql_prepare(db, statement_texts[i], &c->statements[i]);

        if (r < 0) {
            committer_done(c);
            return r;
        }
    }
    return 0;
}

void committer_done(struct committer *c)
{
    for (size_t i = 0; i < COMMIT_STATEMENTS; i++) {
        (void)sqlite3_finalize(c->statements[i]);
        c->statements[i] = NULL;
    }
}

static int commit_run(struct committer *c, enum commit_statement statement)
{
    return sql_run(c->statements[statement]);
}

static int commit_run_int(struct committer *c, enum commit_statement statement, int64_t v)
{
    if (sqlite3_bind_int64(c->statements[statement], 1, v) != SQLITE_OK)
        return -ENOMEM;
    return sql_run(c->statements[statement]);
}

static bool commit_is_open(const struct committer *c)
{
    return sqlite3_get_autocommit(c->db) == 0;
}

static int commit_op(struct committer *c, const struct op *o, uint64_t *sequence)
{
    int r = apply_op(c, o, sequence);

    FAILPOINT(STORE_APPLIED);
    return r;
}

static int commit_apply(struct committer *c, struct store_txn *t)
{
    int r = 0;

    for (const struct op *o = t->first; o && r == 0; o = o->next)
        r = commit_op(c, o, &t->sequence);
    return r;
}

/* Who fails takes all with them that were applied before. */
static int commit_bare(struct committer *c, struct store_txn *t)
{
    int r;

    t->sequence = 0;
    r = commit_apply(c, t);
    FAILPOINT(STORE_RELEASED);
    if (r < 0)
        t->sequence = 0;
    return r;
}

static int commit_guarded(struct committer *c, struct store_txn *t)
{
    const struct store_head before = c->head;
    int r = commit_run(c, COMMIT_SAVEPOINT);

    t->sequence = 0;
    if (r < 0)
        return r;
    r = commit_apply(c, t);
    if (r == 0)
        r = commit_run(c, COMMIT_RELEASE);
    FAILPOINT(STORE_RELEASED);
    if (r == 0)
        return 0;
    t->sequence = 0;
    c->head = before;
    /* Should this not succeed, the transaction cannot be trusted any more and is given up as a whole. */
    if (commit_is_open(c) && (commit_run(c, COMMIT_ROLLBACK_TO) < 0 || commit_run(c, COMMIT_RELEASE) < 0))
        (void)commit_run(c, COMMIT_ROLLBACK);
    return r;
}

static void commit_abandon(struct committer *c)
{
    if (commit_is_open(c))
        (void)commit_run(c, COMMIT_ROLLBACK);
}

/* Applies all; true if the transaction is still there, and nobody in it lacks room. */
static bool commit_each(struct committer *c, struct store_txn *const *txns, size_t n, size_t *n_good)
{
    *n_good = 0;
    for (size_t i = 0; i < n; i++) {
        txns[i]->result = commit_guarded(c, txns[i]);
        if (txns[i]->result == 0)
            ++*n_good;
        if (!commit_is_open(c) || txns[i]->result == -ENOSPC)
            return false;
    }
    return true;
}

/* Applies all, and what arrives meanwhile; true if none failed. */
static bool commit_all(struct committer *c, struct commit_group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        g->txns[i]->result = commit_bare(c, g->txns[i]);
        if (g->txns[i]->result < 0 || !commit_is_open(c))
            return false;
        if (i + 1 == g->n && g->join)
            g->join(g);
    }
    return true;
}

static void commit_fail(struct store_txn *const *txns, size_t n, int error)
{
    for (size_t i = 0; i < n; i++) {
        if (txns[i]->result == 0)
            txns[i]->result = error;
        txns[i]->sequence = 0;
    }
}

/* Whether an error says that the store cannot write, and not that one transaction is wrong. */
static bool is_of_the_store(int error)
{
    return error != 0 && error != -EINVAL && error != -EMSGSIZE;
}

static int commit_end(struct committer *c, struct store_txn *const *txns, size_t n)
{
    int r;

    FAILPOINT(STORE_COMMITTING);
    r = commit_run(c, COMMIT_COMMIT);
    FAILPOINT(STORE_COMMITTED);
    if (r == 0)
        return 0;
    commit_abandon(c);
    (void)commit_run(c, COMMIT_WRITTEN);
    commit_fail(txns, n, r);
    return r;
}

#define COMMIT_ALONE 1 /* nothing of the group is committed: each has to be tried by itself */
#define COMMIT_AGAIN 2 /* nothing of it either: with savepoints */

static int commit_begin(struct committer *c, struct store_txn *const *txns, size_t n)
{
    int r = commit_run(c, COMMIT_BEGIN);

    FAILPOINT(STORE_BEGUN);
    for (size_t i = 0; i < n; i++)
        txns[i]->result = 0;
    if (r < 0)
        commit_fail(txns, n, r);
    return r;
}

static int commit_finish(struct committer *c, struct store_txn *const *txns, size_t n, uint64_t fed,
                         const struct store_head *before)
{
    int r;

    bool noted = c->fed_noted && c->fed == fed;

    if (!noted)
        noted = commit_run_int(c, COMMIT_FED, (int64_t)fed) == 0;
    r = commit_end(c, txns, n);
    if (r < 0)
        c->head = *before;
    c->fed_noted = r == 0 && noted;
    c->fed = fed;
    return r;
}

static int commit_together(struct committer *c, struct commit_group *g)
{
    const struct store_head before = c->head;
    int r = commit_begin(c, g->txns, g->n);

    if (r < 0)
        return r;
    if (commit_all(c, g))
        return commit_finish(c, g->txns, g->n, g->fed, &before);
    commit_abandon(c);
    c->head = before;
    if (g->n > 1)
        return COMMIT_AGAIN;
    commit_fail(g->txns, 1, -EIO);
    return is_of_the_store(g->txns[0]->result) ? g->txns[0]->result : 0;
}

static int commit_apart(struct committer *c, struct commit_group *g)
{
    const struct store_head before = c->head;
    size_t n_good = 0;
    int r = commit_begin(c, g->txns, g->n);

    if (r < 0)
        return r;
    if (!commit_each(c, g->txns, g->n, &n_good)) {
        commit_abandon(c);
        c->head = before;
        return COMMIT_ALONE;
    }
    if (n_good == 0) {
        commit_abandon(c);
        return is_of_the_store(g->txns[0]->result) ? g->txns[0]->result : 0;
    }
    return commit_finish(c, g->txns, g->n, g->fed, &before);
}

bool committer_has_made_room(const struct committer *c, int result, unsigned attempt)
{
    return result == -ENOSPC && c->make_room && c->make_room(c->userdata, attempt);
}

/* `r`: what one transaction came to. */
static int commit_with_room(struct committer *c, struct commit_group *g, int r)
{
    for (unsigned attempt = 0; !g->txns[0]->can_wait && committer_has_made_room(c, r, attempt); attempt++)
        r = commit_together(c, g);
    return r;
}

static int commit_alone(struct committer *c, const struct commit_group *g)
{
    bool behind = false; /* one that will be written later */
    int result = 0;

    for (size_t i = 0; i < g->n; i++) {
        struct commit_group one = {.txns = &g->txns[i], .n = 1, .fed = g->fed};
        int r = -ENOSPC;

        g->txns[i]->result = 0;
        if (behind)
            commit_fail(one.txns, 1, r);
        else
            r = commit_with_room(c, &one, commit_together(c, &one));
        behind = behind || (r == -ENOSPC && g->txns[i]->keep);
        if (r < 0)
            result = r;
    }
    return result;
}

int committer_group(struct committer *c, struct commit_group *g)
{
    int r = commit_together(c, g);

    g->join = NULL;
    if (g->n == 1)
        return commit_with_room(c, g, r);
    if (r == COMMIT_AGAIN)
        r = commit_apart(c, g);
    if (r == COMMIT_ALONE || r == -ENOSPC)
        r = commit_alone(c, g);
    return r;
}

int committer_set_opened(struct committer *c, int opened)
{
    return commit_run_int(c, COMMIT_OPENED, opened);
}

int committer_set_fed(struct committer *c, uint64_t fed)
{
    return commit_run_int(c, COMMIT_FED, (int64_t)fed);
}
