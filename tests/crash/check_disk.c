#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/crash/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lies on disk after a kill. */

/* ---- a copy ---- */

static void copy(const struct lane *l, const char *from, const char *to)
{
    cleanup_close int in = open(lane_path(l, from), O_RDONLY | O_CLOEXEC);
    cleanup_close int out = -1;
    char octets[65536];
    ssize_t n;

    (void)unlink(lane_path(l, to));
    if (in < 0 && errno == ENOENT)
        return;
    out = open(lane_path(l, to), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(in >= 0 && out >= 0);
    while ((n = read(in, octets, sizeof(octets))) > 0)
        must(write(out, octets, (size_t)n) == n);
    must(n == 0);
}

static sqlite3 *open_copy(const struct lane *l)
{
    sqlite3 *db;

    (void)mkdir(lane_path(l, "copy"), 0700);
    copy(l, "state/hufu.db", "copy/hufu.db");
    copy(l, "state/hufu.db-wal", "copy/hufu.db-wal");
    (void)unlink(lane_path(l, "copy/hufu.db-shm"));
    must(sqlite3_open_v2(lane_path(l, "copy/hufu.db"), &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    must(sqlite3_exec(db,
                      "CREATE TEMP VIEW any_session AS"
                      " SELECT * FROM session UNION ALL SELECT * FROM session_live",
                      NULL, NULL, NULL) == SQLITE_OK);
    return db;
}

/* ---- questions ---- */

/* The number that this gives for one text. */
static int64_t ask(struct lane *l, sqlite3 *db, const char *question, const char *text)
{
    sqlite3_stmt *s;
    int64_t n;

    if (sqlite3_prepare_v2(db, question, -1, &s, NULL) != SQLITE_OK)
        lane_violation(l, "the store does not answer \"%s\": %s", question, sqlite3_errmsg(db));
    must(!text || sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC) == SQLITE_OK);
    if (sqlite3_step(s) != SQLITE_ROW)
        lane_violation(l, "the store does not answer \"%s\": %s", question, sqlite3_errmsg(db));
    n = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return n;
}

/* No row comes of this; of one that does, its first columns are told. */
static void find_none(struct lane *l, sqlite3 *db, const char *what, const char *question)
{
    sqlite3_stmt *s;

    if (sqlite3_prepare_v2(db, question, -1, &s, NULL) != SQLITE_OK)
        lane_violation(l, "the store does not answer \"%s\": %s", question, sqlite3_errmsg(db));
    if (sqlite3_step(s) == SQLITE_ROW)
        lane_violation(l, "%s: %s, %s, %s", what, sqlite3_column_text(s, 0), sqlite3_column_text(s, 1),
                       sqlite3_column_text(s, 2));
    (void)sqlite3_finalize(s);
}

/* ---- what was said ---- */

static bool is_covered(const struct lane *l, const struct fact *x)
{
    return x->kind == FACT_REFUSAL && x->life == l->life && x->told_us < l->facts.covering.upto_us;
}

/* A refusal does not wait for its record: but what is answered after it does for both, and those that are
 * counted are on disk soon after. True: it still has to become a record. */
static bool check_refusal(struct lane *l, sqlite3 *db, struct fact *x)
{
    bool sealed = x->own && x->life == l->life && x->serial < l->facts.sealed;
    bool late = is_covered(l, x);

    if (ask(l, db, "SELECT count(*) FROM repetition WHERE instr(sample, CAST(?1 AS BLOB)) > 0", x->key) > 0) {
        x->owed = true;
        return true;
    }
    if (sealed || late || x->owed)
        lane_violation(l, "refusal %s was told in life %u, and is not in the ledger%s", x->key, x->life,
                       x->owed ? ", and was among those that are counted" : "");
    atomic_fetch_add(&l->totals->lagging, 1);
    return false;
}

static bool check_there(struct lane *l, sqlite3 *db, struct fact *x)
{
    if (facts_has_key(&l->facts, x->kind, x->key))
        return false;
    if (x->kind == FACT_REFUSAL)
        return check_refusal(l, db, x);
    lane_violation(l, "%c %s was answered in life %u, and is not in the ledger", x->kind, x->key, x->life);
}

/* A session that was allowed is one, for ever, and has the use that it took. */
static void check_session(struct lane *l, sqlite3 *db, const char *token)
{
    static const char question[] =
        "SELECT lower(hex(grant_id)) FROM any_session WHERE tty = ?1 AND state IN (2, 3, 4)";
    struct grant_fact *g;
    sqlite3_stmt *s;

    must(sqlite3_prepare_v2(db, question, -1, &s, NULL) == SQLITE_OK);
    must(sqlite3_bind_text(s, 1, token, -1, SQLITE_STATIC) == SQLITE_OK);
    if (sqlite3_step(s) != SQLITE_ROW)
        lane_violation(l, "session %s was allowed, and the store does not have it as one", token);
    g = facts_find_grant(l, (const char *)sqlite3_column_text(s, 0));
    must(g != NULL);
    g->opened++;
    (void)sqlite3_finalize(s);
}

/* No refusal is lost that had its time, and none is counted twice, however many a record stands for. */
static void check_refusal_count(struct lane *l, sqlite3 *db, unsigned covered)
{
    struct refusal_count *r = &l->facts.refusals;
    uint64_t counted = (uint64_t)ask(l, db, "SELECT coalesce(sum(count), 0) FROM repetition", NULL);
    uint64_t on_disk = r->recorded + counted, more = on_disk - r->on_disk;
    uint64_t asked = r->over - r->over_before + (r->asked - r->allowed - r->over);

    if (on_disk < r->on_disk + covered)
        lane_violation(l, "%llu refusals were on disk and %u more had their time, and %llu are there",
                       (unsigned long long)r->on_disk, covered, (unsigned long long)on_disk);
    if (more > asked)
        lane_violation(l, "%llu refusals more are on disk, and at most %llu more were asked for",
                       (unsigned long long)more, (unsigned long long)asked);
    r->on_disk = on_disk;
    r->over_before = r->over;
    atomic_fetch_add(&l->totals->covered, covered);
    atomic_fetch_add(&l->totals->counted, (unsigned)counted);
}

static void check_facts(struct lane *l, sqlite3 *db)
{
    struct facts *f = &l->facts;
    unsigned covered = 0;
    size_t left = 0;

    for (size_t i = 0; i < f->n_pending; i++) {
        bool owed = check_there(l, db, &f->pending[i]);

        covered += is_covered(l, &f->pending[i]);
        if (f->pending[i].kind == FACT_OPEN)
            check_session(l, db, f->pending[i].key);
        if (owed)
            f->pending[left++] = f->pending[i];
    }
    check_refusal_count(l, db, covered);
    f->n_pending = left;
    f->sealed = 0;
}

/* ---- uses ---- */

static void check_uses(struct lane *l, sqlite3 *db)
{
    find_none(l, db, "a session that is over, and is not (number, states)",
              "SELECT number, min(state), max(state) FROM any_session GROUP BY number HAVING count(*) > 1");
    find_none(
        l, db, "uses in the books that are not those of the sessions (grant, books, sessions)",
        "SELECT hex(id), uses_taken, (SELECT count(*) FROM any_session WHERE grant_id = id AND counts = 1"
        " AND state <> 5) AS had FROM books WHERE uses_taken <> had");
    for (size_t i = 0; i < l->facts.n_grants; i++) {
        const struct grant_fact *g = &l->facts.grants[i];
        int64_t taken =
            ask(l, db, "SELECT coalesce((SELECT uses_taken FROM books WHERE lower(hex(id)) = ?1), 0)", g->id);

        if (taken > g->limit || taken < g->opened)
            lane_violation(l, "grant %s of %u uses has %u in the books, and %u sessions began", g->id,
                           g->limit, (unsigned)taken, g->opened);
    }
}

/* ---- what was taken away, and what was given ---- */

static bool is_revoked(struct lane *l, sqlite3 *db, const struct grant_fact *g)
{
    char id[IDENT_ID_TEXT_SIZE];

    if (!g->by_signature)
        return ask(l, db, "SELECT count(*) FROM taken WHERE kind = 1 AND scope = 1 AND name = ?1", g->id) ==
               1;
    (void)snprintf(id, sizeof(id), "%c%s", FACTS_REVOCATION, g->id + 1);
    return ask(l, db, "SELECT count(*) FROM document WHERE type = 3 AND lower(hex(id)) = ?1", id) == 1;
}

static void check_grants(struct lane *l, sqlite3 *db)
{
    for (size_t i = 0; i < l->facts.n_grants; i++) {
        const struct grant_fact *g = &l->facts.grants[i];

        if (g->added == KNOWN_YES &&
            ask(l, db, "SELECT count(*) FROM document WHERE type = 1 AND lower(hex(id)) = ?1", g->id) != 1)
            lane_violation(l, "grant %s was taken in, and is not in the store", g->id);
        if (g->revoked == KNOWN_YES && !is_revoked(l, db, g))
            lane_violation(l, "grant %s was revoked, and the store does not have that", g->id);
    }
}

static void check_locks(struct lane *l, sqlite3 *db)
{
    for (unsigned i = 0; i < FACTS_PERSONS; i++) {
        char name[16];
        int64_t n;

        (void)snprintf(name, sizeof(name), "zhang.s%u", i);
        n = ask(l, db, "SELECT count(*) FROM taken WHERE kind = 2 AND scope = 2 AND name = ?1", name);
        if ((l->facts.locked[i] == KNOWN_YES && n != 1) || (l->facts.locked[i] == KNOWN_NO && n != 0))
            lane_violation(l, "%s was %s, and the store has %d locks of theirs", name,
                           n == 0 ? "locked" : "unlocked", (int)n);
    }
}

static void check_epoch(struct lane *l, sqlite3 *db)
{
    int64_t epoch = ask(
        l, db, "SELECT coalesce(max(version), 0) FROM document WHERE id = zeroblob(16) AND type = 5", NULL);

    if (l->facts.epoch > (unsigned)epoch)
        lane_violation(l, "trust epoch %u was taken in, and the store has %d", l->facts.epoch, (int)epoch);
}

static void check_settled_disk(struct lane *l, sqlite3 *db)
{
    int64_t open = ask(l, db, "SELECT count(*) FROM session_live WHERE state = 2", NULL), live = 0;

    find_none(l, db, "all had come to its end, and this session not (number, state, terminal)",
              "SELECT number, state, tty FROM session_live WHERE state IN (1, 3)");
    for (size_t i = 0; i < l->facts.n_live; i++)
        live += !l->facts.live[i].process->killed;
    if (open != live)
        lane_violation(l, "%d sessions live, and the store has %d", (int)live, (int)open);
    atomic_fetch_add(&l->totals->uses,
                     (unsigned)ask(l, db, "SELECT coalesce(sum(uses_taken), 0) FROM books", NULL));
}

void check_disk(struct lane *l, struct chain *c, const struct around *a, bool settled)
{
    sqlite3 *db = open_copy(l);
    uint64_t fed;

    (void)pthread_mutex_lock(&l->lock);
    if (ask(l, db, "SELECT count(*) FROM pragma_quick_check WHERE quick_check = 'ok'", NULL) != 1)
        lane_violation(l, "the store is damaged");
    ledger_follow(l, db, c);
    check_facts(l, db);
    check_uses(l, db);
    check_grants(l, db);
    check_locks(l, db);
    check_epoch(l, db);
    if (settled)
        check_settled_disk(l, db);
    provider_check(a->provider, db);
    fed = (uint64_t)ask(l, db, "SELECT fed FROM state", NULL);
    (void)pthread_mutex_unlock(&l->lock);
    journal_check(a->journal, fed);
    (void)sqlite3_close(db);
}
