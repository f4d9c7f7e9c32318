// LAYERS: store trust audit
#include "broker/audit/chain.h"
#include "broker/audit/event.h"
#include "broker/audit/export_read.h"
#include "broker/audit/record_decode.h"
#include "broker/store/store.h"
#include "broker/trust/digest.h"
#include "broker/trust/ledger_key.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * A ledger of a million records: made in a store, read out of it as LedgerRead does, verified as `hufuctl
 * audit verify` does from the broker's octets and from a file; beside raw SHA-256 over the same octets, in
 * the same run. Prints seconds of processor time, of all threads (a machine has other things to do), and
 * ratios; judges nothing.
 *
 * bench_ledger [FOLDER [RECORDS]]; FOLDER keeps ledger.jsonl, ledger.pub and hufu.db, for hufuctl and hufud
 * to try.
 */
#define CHECKPOINT_EVERY 1000
#define PER_TRANSACTION  1000
#define CHUNK            512
#define LEDGER           "00112233445566778899aabbccddeeff"

__attribute__((noreturn)) static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_ledger: %s: %s\n", what, why);
    exit(1);
}

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct ledger_key *key;

/* ---- what is written ---- */

static struct record ordinary(uint64_t n)
{
    return (struct record){.at_us = 1795219200123456 + (int64_t)n * 250000,
                           .event = n % 3 == 0   ? "login"
                                    : n % 3 == 1 ? "session-open"
                                                 : "command",
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
                           .session = n,
                           .deadline = 1795300000,
                           .latency_us = 1234,
                           .reference = "8F3K22AB",
                           .actor = UINT32_MAX,
                           .detail = "SHA256:Yb6CYb6CYb6CYb6CYb6CYb6CYb6CYb6CYb6CYb6CYb6"};
}

static void write_checkpoint(struct store *s, struct store_txn *t)
{
    const struct store_head head = store_head(s);
    struct checkpoint c = {.sequence = head.sequence, .at = 1795219200, .host = "db01", .ledger = LEDGER};
    struct buf octets = BUF_INIT, detail = BUF_INIT;
    struct record r = ordinary(head.sequence);

    memcpy(c.hash, head.hash, sizeof(c.hash));
    (void)snprintf(c.key, sizeof(c.key), "%s", ledger_public_fingerprint(ledger_key_public(key)));
    (void)snprintf(c.alg, sizeof(c.alg), "%s", ledger_public_algorithm(ledger_key_public(key)));
    checkpoint_signed_octets(&c, &octets);
    if (ledger_key_sign(key, octets.data, octets.size, &c.signature, &c.signature_size) < 0)
        die("sign", strerror(EIO));
    checkpoint_format(&c, &detail);
    r.event = EVENT_CHECKPOINT;
    buf_put_u8(&detail, 0);
    r.detail = (const char *)detail.data;
    store_txn_record(t, &r);
    checkpoint_done(&c);
    buf_done(&octets);
    buf_done(&detail);
}

static void fill(struct store *s, uint64_t records)
{
    while (store_head(s).sequence < records) {
        uint64_t from = store_head(s).sequence;
        struct store_txn *t;

        if (store_txn_new(s, &t) < 0)
            die("transaction", strerror(ENOMEM));
        if (from > 0)
            write_checkpoint(s, t);
        for (uint64_t i = from + (from > 0); i < from + PER_TRANSACTION && i < records; i++) {
            struct record r = ordinary(i);

            store_txn_record(t, &r);
        }
        if (store_submit(s, t, NULL, NULL) < 0 || store_flush(s) < 0)
            die("commit", strerror(EIO));
    }
}

/* ---- out of the store ---- */

struct reading {
    struct store *store;
    struct buf octets; /* of all records, as LedgerRead has them */
    uint64_t after;
    bool ended, answered;
};

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct reading *x = userdata;

    if (result < 0)
        die("read", strerror(-result));
    for (size_t i = 0; i < n; i++) {
        struct buf b = BUF_INIT;

        record_encode(&rows[i], &b);
        buf_put_u32(&x->octets, (uint32_t)b.size);
        buf_put(&x->octets, b.data, b.size);
        buf_put(&x->octets, rows[i].previous, RECORD_HASH_SIZE);
        buf_put(&x->octets, rows[i].hash, RECORD_HASH_SIZE);
        x->after = rows[i].sequence;
        buf_done(&b);
    }
    x->ended = n == 0;
    x->answered = true;
}

static double read_store(struct reading *x)
{
    struct pollfd p = {.fd = store_fd(x->store), .events = POLLIN};
    double from = now_s();

    while (!x->ended) {
        const struct record_filter f = {.after = x->after, .limit = CHUNK};

        x->answered = false;
        if (store_read(x->store, &f, on_rows, x) < 0)
            die("read", strerror(ENOMEM));
        while (!x->answered) {
            (void)poll(&p, 1, -1);
            store_dispatch(x->store);
        }
    }
    return now_s() - from;
}

/* ---- verifying ---- */

static int hash(void *userdata, uint8_t format, const void *octets, size_t size,
                uint8_t out[static RECORD_HASH_SIZE])
{
    (void)userdata;
    return format == RECORD_FORMAT_2_SM3 ? digest_sm3(octets, size, out) : digest_sha256(octets, size, out);
}

static int learn(void *userdata, const struct checkpoint_key *k)
{
    (void)userdata;
    (void)k;
    return 0;
}

static int verify(void *userdata, const struct checkpoint *c)
{
    struct buf octets = BUF_INIT;
    int r;

    (void)userdata;
    checkpoint_signed_octets(c, &octets);
    r = ledger_public_verify(ledger_key_public(key), c->alg, octets.data, octets.size, c->signature,
                             c->signature_size);
    buf_done(&octets);
    return r;
}

static struct chain *begin_chain(void)
{
    static const char *named[1];
    const struct chain_options o = {.means = {.hash = hash, .learn = learn, .verify = verify},
                                    .ledger = LEDGER,
                                    .named = named,
                                    .n_named = 1};
    struct chain *c;

    named[0] = ledger_public_fingerprint(ledger_key_public(key));
    if (chain_new(&o, &c) < 0)
        die("chain", strerror(ENOMEM));
    return c;
}

static void end_chain(struct chain *c, const char *what)
{
    if (chain_end(c) < 0)
        die(what, chain_report(c)->fault.text);
    chain_free(c);
}

static double verify_octets(const struct reading *x)
{
    struct record_space space = RECORD_SPACE_INIT;
    struct view v = view_of(x->octets.data, x->octets.size);
    struct chain *c = begin_chain();
    double from = now_s();

    while (v.left > 0) {
        size_t size = view_get_u32(&v);
        const uint8_t *octets = view_get(&v, size), *hashes = view_get(&v, 2 * RECORD_HASH_SIZE);
        struct record r;

        if (record_decode(octets, size, &space, &r) < 0)
            die("decode", strerror(EBADMSG));
        memcpy(r.previous, hashes, RECORD_HASH_SIZE);
        memcpy(r.hash, hashes + RECORD_HASH_SIZE, RECORD_HASH_SIZE);
        if (chain_take(c, &r) < 0)
            die("verify", chain_report(c)->fault.text);
    }
    end_chain(c, "verify");
    record_space_done(&space);
    return now_s() - from;
}

static double verify_file(const char *path)
{
    char error[EXPORT_ERROR_SIZE];
    struct export_file *f;
    struct chain *c = begin_chain();
    double from = now_s();
    int fd = open(path, O_RDONLY | O_CLOEXEC), e;
    struct record r;

    if (fd < 0 || export_open(fd, &f, error) < 0)
        die(path, "cannot be read");
    while ((e = export_next(f, &r, error)) == 1)
        if (chain_take(c, &r) < 0)
            die("verify", chain_report(c)->fault.text);
    if (e < 0)
        die(path, error);
    end_chain(c, path);
    export_close(f);
    (void)close(fd);
    return now_s() - from;
}

/* The same octets, each record's by themselves as a chain has to have them, and nothing else. */
static double raw_sha256(const struct reading *x)
{
    struct view v = view_of(x->octets.data, x->octets.size);
    uint8_t out[32];
    double from = now_s();

    while (v.left > 0) {
        size_t size = view_get_u32(&v);
        const uint8_t *octets = view_get(&v, size + RECORD_HASH_SIZE);

        (void)view_get(&v, RECORD_HASH_SIZE);
        if (!octets || digest_sha256(octets, size + RECORD_HASH_SIZE, out) < 0)
            die("digest", strerror(EIO));
    }
    return now_s() - from;
}

static double write_file(const struct reading *x, const char *path, uint64_t records)
{
    char *pem = ledger_public_pem(ledger_key_public(key));
    const struct export_head head = {
        .host = "db01", .ledger = LEDGER, .first = 1, .last = records, .key = pem, .exported = 1795219200};
    struct record_space space = RECORD_SPACE_INIT;
    struct view v = view_of(x->octets.data, x->octets.size);
    FILE *out = fopen(path, "we");
    struct buf b = BUF_INIT;
    double from = now_s();
    struct record r = {0};

    if (!out)
        die(path, strerror(errno));
    export_put_head(&b, &head);
    while (v.left > 0) {
        size_t size = view_get_u32(&v);
        const uint8_t *octets = view_get(&v, size), *hashes = view_get(&v, 2 * RECORD_HASH_SIZE);

        (void)record_decode(octets, size, &space, &r);
        memcpy(r.previous, hashes, RECORD_HASH_SIZE);
        memcpy(r.hash, hashes + RECORD_HASH_SIZE, RECORD_HASH_SIZE);
        export_put_record(&b, &r);
        if (b.size > 1024 * 1024) {
            (void)fwrite(b.data, 1, b.size, out);
            b.size = 0;
        }
    }
    export_put_end(&b, records, r.sequence, r.hash);
    (void)fwrite(b.data, 1, b.size, out);
    if (fclose(out) != 0)
        die(path, strerror(errno));
    record_space_done(&space);
    buf_done(&b);
    free(pem);
    return now_s() - from;
}

static void write_key(const char *path)
{
    char *pem = ledger_public_pem(ledger_key_public(key));
    FILE *out = fopen(path, "we");

    if (!out || fputs(pem, out) < 0 || fclose(out) != 0)
        die(path, strerror(errno));
    free(pem);
}

int main(int argc, char **argv)
{
    char folder[400], path[500], file[500], public[500], error[200], *pem;
    struct store_options options = {.path = path, .sha256 = digest_sha256, .sm3 = digest_sm3};
    uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    struct reading x = {.octets = {.limit = SIZE_MAX / 4}};
    double from, raw;

    (void)snprintf(folder, sizeof(folder), "%s", argc > 1 ? argv[1] : "ledger-bench");
    (void)mkdir(folder, 0700);
    (void)snprintf(path, sizeof(path), "%s/hufu.db", folder);
    (void)snprintf(file, sizeof(file), "%s/ledger.jsonl", folder);
    (void)snprintf(public, sizeof(public), "%s/ledger.pub", folder);
    if (ledger_key_make(&pem) < 0 || ledger_key_parse(pem, strlen(pem), &key) < 0)
        die("key", strerror(EIO));
    if (store_create(&options, error) < 0 || store_open(&options, &x.store, error) < 0)
        die("store", error);
    from = now_s();
    fill(x.store, records);
    (void)printf("%llu records\n", (unsigned long long)records);
    (void)printf("written to a store       %6.2f s\n", now_s() - from);
    (void)printf("read out of it           %6.2f s\n", read_store(&x));
    raw = raw_sha256(&x);
    (void)printf("raw SHA-256              %6.2f s, %.0f octets a record\n", raw,
                 (double)x.octets.size / (double)records);
    from = verify_octets(&x);
    (void)printf("verified, from octets    %6.2f s, %.1f times SHA-256\n", from, from / raw);
    (void)printf("written to a file        %6.2f s\n", write_file(&x, file, records));
    from = verify_file(file);
    (void)printf("verified, from the file  %6.2f s, %.1f times SHA-256 (bound 10 s for a million)\n", from,
                 from / raw);
    write_key(public);
    store_close(x.store);
    buf_done(&x.octets);
    ledger_key_free(key);
    free(pem);
    return 0;
}
