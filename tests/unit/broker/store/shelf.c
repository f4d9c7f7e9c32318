#include "tests/unit/broker/store/shelf.h"

#include "tests/unit/broker/store/fault.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int shelf_sha256(const void *octets, size_t size, uint8_t out[static 32])
{
    return EVP_Digest(octets, size, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

int shelf_setup_bare(void **state)
{
    struct shelf *x = calloc(1, sizeof(*x));

    if (!x || folder_setup(&x->folder) < 0)
        return -1;
    fault_install();
    (void)snprintf(x->path, sizeof(x->path), "%s/hufu.db", (const char *)x->folder);
    x->options = (struct store_options){.path = x->path, .sha256 = shelf_sha256};
    *state = x;
    return 0;
}

/* The first commit after a start begins the log anew, with a sync more than the others. */
static int write_something(struct shelf *x)
{
    struct store_txn *t;

    if (store_txn_new(x->store, &t) < 0)
        return -1;
    store_txn_meta(t, "something", "written");
    return store_submit(x->store, t, NULL, NULL) < 0 ? -1 : store_flush(x->store);
}

int shelf_setup(void **state)
{
    struct shelf *x;

    if (shelf_setup_bare(state) < 0)
        return -1;
    x = *state;
    if (store_create(&x->options, x->error) < 0)
        return -1;
    return shelf_open(x) < 0 ? -1 : write_something(x);
}

int shelf_teardown(void **state)
{
    struct shelf *x = *state;
    int r;

    shelf_close(x);
    fault_remove();
    r = folder_teardown(&x->folder);
    free(x);
    return r;
}

int shelf_open(struct shelf *x)
{
    return store_open(&x->options, &x->store, x->error);
}

void shelf_close(struct shelf *x)
{
    x->store = store_close(x->store);
}

void shelf_reopen(struct shelf *x)
{
    shelf_close(x);
    if (shelf_open(x) != 0)
        fail_msg("%s", x->error);
}

static void copy_file(const char *from, const char *to)
{
    char octets[65536];
    FILE *in = fopen(from, "re"), *out;
    size_t n;

    if (!in) {
        (void)unlink(to);
        return;
    }
    out = fopen(to, "we");
    assert_non_null(out);
    while ((n = fread(octets, 1, sizeof(octets), in)) > 0)
        assert_int_equal(fwrite(octets, 1, n, out), n);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

const char *shelf_copy(struct shelf *x)
{
    copy_file(folder_path(x->folder, "hufu.db"), folder_path(x->folder, "copy"));
    copy_file(folder_path(x->folder, "hufu.db-wal"), folder_path(x->folder, "copy-wal"));
    return folder_path(x->folder, "copy");
}

sqlite3 *shelf_raw(const char *path)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
    return db;
}

int shelf_raw_exec(const char *path, const char *sql)
{
    sqlite3 *db = shelf_raw(path);
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return code;
}

long long shelf_raw_int(const char *path, const char *sql)
{
    sqlite3 *db = shelf_raw(path);
    sqlite3_stmt *statement = NULL;
    long long v;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    v = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return v;
}

struct record shelf_record(const char *staff)
{
    return (struct record){
        .at_us = 1795219200123456,
        .event = "login",
        .result = "success",
        .reason = REASON_OK,
        .staff = staff,
        .vendor = "acme",
        .account = staff,
        .service = "sshd",
        .address = "10.1.2.3",
        .tty = "ssh",
        .grant = "0123456789abcdef0123456789abcdef",
        .version = 3,
        .ticket = "CHG-2026-1142",
        .session = 17,
        .deadline = 1795300000,
        .latency_us = 42,
        .reference = "8F3K-22",
        .actor = UINT32_MAX,
        .detail = "shell",
    };
}

void shelf_answered(void *answer, int result, uint64_t sequence)
{
    struct answer *a = answer;

    a->calls++;
    a->result = result;
    a->sequence = sequence;
}

void shelf_submit(struct shelf *x, const char *staff, struct answer *a)
{
    struct record r = shelf_record(staff);
    struct store_txn *t;

    *a = (struct answer){.result = 1};
    assert_int_equal(store_txn_new(x->store, &t), 0);
    store_txn_record(t, &r);
    assert_int_equal(store_submit(x->store, t, shelf_answered, a), 0);
}

int shelf_commit(struct shelf *x, const char *staff)
{
    struct answer a;

    shelf_submit(x, staff, &a);
    (void)store_flush(x->store);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.sequence != 0, a.result == 0);
    return a.result;
}

struct chain {
    uint64_t n;
    uint8_t hash[RECORD_HASH_SIZE];
};

static void check_chain(void *userdata, int result, const struct record *rows, size_t n)
{
    struct chain *c = userdata;

    assert_int_equal(result, 0);
    for (size_t i = 0; i < n; i++) {
        struct buf b = BUF_INIT;

        assert_int_equal(rows[i].sequence, c->n + 1);
        assert_memory_equal(rows[i].previous, c->hash, RECORD_HASH_SIZE);
        buf_put(&b, c->hash, RECORD_HASH_SIZE);
        record_encode(&rows[i], &b);
        assert_int_equal(shelf_sha256(b.data, b.size, c->hash), 0);
        assert_memory_equal(rows[i].hash, c->hash, RECORD_HASH_SIZE);
        buf_done(&b);
        c->n++;
    }
}

uint64_t shelf_check_ledger(struct shelf *x)
{
    struct chain c = {.n = 0};
    struct record_filter all = {.limit = UINT32_MAX};

    assert_int_equal(store_read(x->store, &all, check_chain, &c), 0);
    (void)store_flush(x->store);
    return c.n;
}

struct store_txn *shelf_txn(struct shelf *x)
{
    struct store_txn *t;

    assert_int_equal(store_txn_new(x->store, &t), 0);
    return t;
}

void shelf_commit_txn(struct shelf *x, struct store_txn *t)
{
    struct answer a = {.result = 1};

    assert_int_equal(store_submit(x->store, t, shelf_answered, &a), 0);
    assert_int_equal(store_flush(x->store), 0);
    assert_int_equal(a.result, 0);
}

void shelf_commit_some(struct shelf *x, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(shelf_commit(x, "zhang.san"), 0);
}

void shelf_leave_as_killed(struct shelf *x)
{
    (void)shelf_copy(x);
    shelf_close(x);
    assert_int_equal(rename(folder_path(x->folder, "copy"), x->path), 0);
    assert_int_equal(rename(folder_path(x->folder, "copy-wal"), folder_path(x->folder, "hufu.db-wal")), 0);
}

void shelf_assert_refused(struct shelf *x, int code, const char *words)
{
    struct stat before = {.st_size = -1}, after = {.st_size = -1};

    (void)stat(x->path, &before);
    assert_int_equal(shelf_open(x), code);
    assert_null(x->store);
    if (!strstr(x->error, words))
        fail_msg("\"%s\" does not say \"%s\"", x->error, words);
    (void)stat(x->path, &after);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}
