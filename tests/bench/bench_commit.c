// LAYERS: store trust
// LIBRARIES: sqlite3
#include "broker/store/internal.h"
#include "broker/store/store.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * The commit of an admission against a bare SQLite commit of one row of the size of its record on the same
 * disk, one after the other so that a noisy machine is equally noisy to both; and the rate of 32 admissions
 * at once. Two more say what it is that takes longer: as many rows as an admission has in a bare SQLite, and
 * the admission itself without the two threads that hand it to each other; and one what a program has that
 * sets nothing but synchronous=FULL. Prints ratios; judges nothing.
 *
 * bench_commit [FOLDER [ROUNDS]]
 */
#define AT_ONCE     32
#define BATCH_EVERY 8
/* By then both logs were copied once, and are written over from their beginning: while a log grows, each sync
 * has to note its length, too, and takes twice as long. */
#define WARM_COMMITS 1500

static double now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

__attribute__((noreturn)) static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_commit: %s: %s\n", what, why);
    exit(1);
}

/* ---- a bare commit ---- */

#define BARE_STATEMENTS 5

struct bare {
    sqlite3 *db;
    sqlite3_stmt *statements[BARE_STATEMENTS];
    size_t n;
};

static void bare_exec(struct bare *b, const char *sql)
{
    if (sqlite3_exec(b->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(b->db));
}

static void bare_prepare(struct bare *b, const char *sql)
{
    if (sqlite3_prepare_v2(b->db, sql, -1, &b->statements[b->n++], NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(b->db));
}

/* What Hufu's store has, too. */
#define LIKE_THE_STORE "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; "

static void bare_open(struct bare *b, const char *path, const char *settings)
{
    if (sqlite3_open(path, &b->db) != SQLITE_OK)
        die(path, sqlite3_errmsg(b->db));
    bare_exec(b, settings);
    bare_exec(b, "PRAGMA synchronous = FULL;"
                 "CREATE TABLE line (number INTEGER PRIMARY KEY, text BLOB NOT NULL) STRICT;");
}

static void bare_open_one(struct bare *b, const char *path, const char *settings)
{
    bare_open(b, path, settings);
    bare_prepare(b, "INSERT INTO line (text) VALUES (zeroblob(340))");
}

/* Of the sizes that those of an admission have, and one of them is changed. */
static void bare_open_three(struct bare *b, const char *path)
{
    bare_open(b, path, LIKE_THE_STORE);
    bare_exec(b, "CREATE TABLE session (number INTEGER PRIMARY KEY, text BLOB NOT NULL) STRICT;"
                 "CREATE TABLE use (number INTEGER PRIMARY KEY, taken INTEGER NOT NULL) STRICT;"
                 "INSERT INTO use VALUES (1, 0);");
    bare_prepare(b, "BEGIN IMMEDIATE");
    bare_prepare(b, "INSERT INTO session (text) VALUES (zeroblob(90))");
    bare_prepare(b, "UPDATE use SET taken = taken + 1 WHERE number = 1");
    bare_prepare(b, "INSERT INTO line (text) VALUES (zeroblob(260))");
    bare_prepare(b, "COMMIT");
}

static double bare_commit(struct bare *b)
{
    double before = now_us();

    for (size_t i = 0; i < b->n; i++)
        if (sqlite3_step(b->statements[i]) != SQLITE_DONE || sqlite3_reset(b->statements[i]) != SQLITE_OK)
            die("commit", sqlite3_errmsg(b->db));
    return now_us() - before;
}

static void bare_close(struct bare *b)
{
    for (size_t i = 0; i < b->n; i++)
        (void)sqlite3_finalize(b->statements[i]);
    (void)sqlite3_close(b->db);
}

/* ---- an admission: its record, its session, its use ---- */

static uint64_t number;

static void answered(void *userdata, int result, uint64_t sequence)
{
    unsigned *pending = userdata;

    (void)sequence;
    if (result < 0)
        die("commit", strerror(-result));
    --*pending;
}

static struct store_txn *admission(struct store *s)
{
    const struct record r = {
        .at_us = 1795219200123456,
        .event = "login",
        .result = "success",
        .reason = REASON_OK,
        .staff = "zhang.san",
        .vendor = "acme",
        .account = "zhang.san",
        .service = "sshd",
        .address = "10.1.2.3",
        .tty = "ssh",
        .grant = "0123456789abcdef0123456789abcdef",
        .version = 3,
        .ticket = "CHG-2026-1142",
        .session = ++number,
        .deadline = 1795300000,
        .reference = "8F3K-22",
        .actor = UINT32_MAX,
        .detail = "SHA256:Yb6CYb6CYb6CYb6CYb6CYb6CYb6CYb6CYb6CYb6CYb6",
    };
    const struct store_session session = {.number = number,
                                          .state = STORE_SESSION_RESERVED,
                                          .grant = {{1}},
                                          .staff = "zhang.san",
                                          .service = "sshd",
                                          .source = "10.1.2.3",
                                          .boot_id = "0123456789abcdef0123456789abcdef"};
    const struct store_books books = {.id = {{1}}, .uses_taken = (uint32_t)number};
    struct store_txn *t;

    if (store_txn_new(s, &t) < 0)
        die("transaction", strerror(ENOMEM));
    store_txn_session(t, &session);
    store_txn_books(t, &books);
    store_txn_record(t, &r);
    return t;
}

static void submit_admission(struct store *s, unsigned *pending)
{
    if (store_submit(s, admission(s), answered, pending) < 0)
        die("submit", strerror(ENOMEM));
    ++*pending;
}

/* As the store's thread does it, which has nothing else to do meanwhile. */
static double direct_commit(struct store *s)
{
    double before = now_us();
    struct store_txn *t = admission(s);
    struct commit_group one = {.txns = &t, .n = 1};

    (void)pthread_mutex_lock(&s->connection);
    if (committer_group(&s->committer, &one) < 0 || t->result < 0)
        die("commit", "failed");
    (void)pthread_mutex_unlock(&s->connection);
    store_txn_free(t);
    return now_us() - before;
}

/* Microseconds until all of n have been answered, as the broker's loop would see it. */
static double store_commits(struct store *s, unsigned n)
{
    struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
    unsigned pending = 0;
    double before = now_us();

    for (unsigned i = 0; i < n; i++)
        submit_admission(s, &pending);
    while (pending > 0) {
        (void)poll(&p, 1, -1);
        store_dispatch(s);
    }
    return now_us() - before;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(double *samples, size_t n, double q)
{
    qsort(samples, n, sizeof(*samples), by_size);
    return samples[(size_t)((double)(n - 1) * q)];
}

enum kind {
    BARE_ONE,
    AS_IT_COMES,
    BARE_THREE,
    DIRECT,
    ONE,
    BATCH,
    KINDS,
};

/* Those of a bare database come first. */
#define BARE_KINDS (BARE_THREE + 1)

struct samples {
    double *of[KINDS];
    size_t n, n_batch;
};

static void measure(struct store *s, struct bare *bare, struct samples *x)
{
    for (int i = 0; i < WARM_COMMITS; i++) {
        (void)bare_commit(&bare[BARE_ONE]);
        (void)bare_commit(&bare[BARE_THREE]);
        (void)store_commits(s, 1);
    }
    for (size_t i = 0; i < x->n; i++) {
        x->of[BARE_ONE][i] = bare_commit(&bare[BARE_ONE]);
        x->of[ONE][i] = store_commits(s, 1);
        x->of[BARE_THREE][i] = bare_commit(&bare[BARE_THREE]);
        x->of[DIRECT][i] = direct_commit(s);
        if (i % BATCH_EVERY == 0)
            x->of[BATCH][x->n_batch++] = store_commits(s, AT_ONCE);
    }
    /* By themselves: a journal that comes and goes keeps the file system busy in the next one's turn. */
    for (size_t i = 0; i < x->n; i++)
        x->of[AS_IT_COMES][i] = bare_commit(&bare[AS_IT_COMES]);
}

static void report(struct samples *x)
{
    static const char *const what[] = {[BARE_ONE] = "a bare commit of SQLite, one row",
                                       [AS_IT_COMES] = "the same with a rollback journal, as SQLite comes",
                                       [BARE_THREE] = "a bare commit of SQLite, three rows",
                                       [DIRECT] = "what is committed for an admission, on one thread",
                                       [ONE] = "the commit of an admission"};
    double bare50 = quantile(x->of[BARE_ONE], x->n, 0.5), bare99 = quantile(x->of[BARE_ONE], x->n, 0.99);
    double batch50 = quantile(x->of[BATCH], x->n_batch, 0.5);

    (void)printf("%zu rounds\n\n| | p50 | p99 | beside a bare commit |\n|---|---|---|---|\n", x->n);
    for (int i = BARE_ONE; i <= ONE; i++) {
        double p50 = quantile(x->of[i], x->n, 0.5), p99 = quantile(x->of[i], x->n, 0.99);

        (void)printf("| %s | %.0f us | %.0f us | %.2f x at p50, %.2f x at p99 |\n", what[i], p50, p99,
                     p50 / bare50, p99 / bare99);
    }
    (void)printf("| %d admissions at once | %.0f us for all | | %.1f x its rate |\n", AT_ONCE, batch50,
                 AT_ONCE * bare50 / batch50);
}

static void remove_all(const char *folder)
{
    static const char *const names[] = {"hufu.db",  "hufu.db-wal",  "bare.db", "bare.db-wal",
                                        "three.db", "three.db-wal", "own.db",  "own.db-journal"};
    char path[512];

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static struct store *make_store(const char *folder)
{
    char path[500], error[200];
    struct store_options options = {.path = path, .sha256 = digest_sha256};
    struct store *s = NULL;

    (void)snprintf(path, sizeof(path), "%s/hufu.db", folder);
    if (store_create(&options, error) < 0 || store_open(&options, &s, error) < 0)
        die("store", error);
    return s;
}

static void bench(const char *folder, struct samples *x)
{
    struct store *s = make_store(folder);
    struct bare bare[BARE_KINDS] = {0};
    char path[500];

    (void)snprintf(path, sizeof(path), "%s/own.db", folder);
    bare_open_one(&bare[AS_IT_COMES], path, "");
    (void)snprintf(path, sizeof(path), "%s/bare.db", folder);
    bare_open_one(&bare[BARE_ONE], path, LIKE_THE_STORE);
    (void)snprintf(path, sizeof(path), "%s/three.db", folder);
    bare_open_three(&bare[BARE_THREE], path);
    measure(s, bare, x);
    report(x);
    store_close(s);
    for (int i = 0; i < BARE_KINDS; i++)
        bare_close(&bare[i]);
}

int main(int argc, char **argv)
{
    struct samples x = {.n = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 1000};
    char folder[400];

    if (x.n == 0)
        die("ROUNDS", "not a number");
    (void)snprintf(folder, sizeof(folder), "%s/hufu-bench-XXXXXX", argc > 1 ? argv[1] : ".");
    if (!mkdtemp(folder))
        die(folder, strerror(errno));
    for (int i = 0; i < KINDS; i++) {
        x.of[i] = calloc(x.n, sizeof(double));
        if (!x.of[i])
            die("memory", strerror(ENOMEM));
    }
    bench(folder, &x);
    remove_all(folder);
    for (int i = 0; i < KINDS; i++)
        free(x.of[i]);
    return 0;
}
