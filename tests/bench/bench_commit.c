// LAYERS: store trust
// LIBRARIES: sqlite3
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
 * The commit of an admission against a bare SQLite commit of one row of the same size on the same disk, one
 * after the other so that a noisy machine is equally noisy to both; and the rate of 32 admissions at once.
 * Prints ratios; judges nothing.
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

struct bare {
    sqlite3 *db;
    sqlite3_stmt *insert;
};

static void bare_exec(struct bare *b, const char *sql)
{
    if (sqlite3_exec(b->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(b->db));
}

static void bare_open(struct bare *b, const char *path)
{
    if (sqlite3_open(path, &b->db) != SQLITE_OK)
        die(path, sqlite3_errmsg(b->db));
    bare_exec(b, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                 "CREATE TABLE line (number INTEGER PRIMARY KEY, text BLOB NOT NULL) STRICT;");
    if (sqlite3_prepare_v2(b->db, "INSERT INTO line (text) VALUES (zeroblob(340))", -1, &b->insert, NULL) !=
        SQLITE_OK)
        die("prepare", sqlite3_errmsg(b->db));
}

static double bare_commit(struct bare *b)
{
    double before = now_us();

    if (sqlite3_step(b->insert) != SQLITE_DONE || sqlite3_reset(b->insert) != SQLITE_OK)
        die("insert", sqlite3_errmsg(b->db));
    return now_us() - before;
}

/* ---- an admission: its record, its session, its use ---- */

static uint64_t number;

static void submit_admission(struct store *s, unsigned *pending);

static void answered(void *userdata, int result, uint64_t sequence)
{
    unsigned *pending = userdata;

    (void)sequence;
    if (result < 0)
        die("commit", strerror(-result));
    --*pending;
}

static void submit_admission(struct store *s, unsigned *pending)
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
    if (store_submit(s, t, answered, pending) < 0)
        die("submit", strerror(ENOMEM));
    ++*pending;
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

struct samples {
    double *bare, *one, *batch;
    size_t n, n_batch;
};

static void measure(struct store *s, struct bare *b, struct samples *x)
{
    for (int i = 0; i < WARM_COMMITS; i++) {
        (void)bare_commit(b);
        (void)store_commits(s, 1);
    }
    for (size_t i = 0; i < x->n; i++) {
        x->bare[i] = bare_commit(b);
        x->one[i] = store_commits(s, 1);
        if (i % BATCH_EVERY == 0)
            x->batch[x->n_batch++] = store_commits(s, AT_ONCE);
    }
}

static void report(struct samples *x)
{
    double bare50 = quantile(x->bare, x->n, 0.5), bare99 = quantile(x->bare, x->n, 0.99);
    double one50 = quantile(x->one, x->n, 0.5), one99 = quantile(x->one, x->n, 0.99);
    double batch50 = quantile(x->batch, x->n_batch, 0.5);

    (void)printf("%zu rounds\n\n| | p50 | p99 | beside a bare commit |\n|---|---|---|---|\n", x->n);
    (void)printf("| a bare commit of SQLite, one row | %.0f us | %.0f us | 1 |\n", bare50, bare99);
    (void)printf("| the commit of an admission | %.0f us | %.0f us | %.2f x at p50, %.2f x at p99 |\n", one50,
                 one99, one50 / bare50, one99 / bare99);
    (void)printf("| %d admissions at once | %.0f us for all | | %.1f x its rate |\n", AT_ONCE, batch50,
                 AT_ONCE * bare50 / batch50);
}

static void remove_all(const char *folder)
{
    static const char *const names[] = {"hufu.db", "hufu.db-wal", "bare.db", "bare.db-wal"};
    char path[512];

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    char folder[400], path[500], bare_path[500], error[200];
    struct store_options options = {.path = path, .sha256 = digest_sha256};
    struct samples x = {.n = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 1000};
    struct bare b;
    struct store *s = NULL;

    if (x.n == 0)
        die("ROUNDS", "not a number");
    (void)snprintf(folder, sizeof(folder), "%s/hufu-bench-XXXXXX", argc > 1 ? argv[1] : ".");
    if (!mkdtemp(folder))
        die(folder, strerror(errno));
    (void)snprintf(path, sizeof(path), "%s/hufu.db", folder);
    (void)snprintf(bare_path, sizeof(bare_path), "%s/bare.db", folder);
    x.bare = calloc(x.n, sizeof(double));
    x.one = calloc(x.n, sizeof(double));
    x.batch = calloc(x.n, sizeof(double));
    if (!x.bare || !x.one || !x.batch)
        die("memory", strerror(ENOMEM));
    if (store_create(&options, error) < 0 || store_open(&options, &s, error) < 0)
        die("store", error);
    bare_open(&b, bare_path);
    measure(s, &b, &x);
    report(&x);
    store_close(s);
    (void)sqlite3_finalize(b.insert);
    (void)sqlite3_close(b.db);
    remove_all(folder);
    free(x.bare);
    free(x.one);
    free(x.batch);
    return 0;
}
