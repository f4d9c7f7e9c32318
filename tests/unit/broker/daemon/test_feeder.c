// LINK: -Wl,--wrap=sd_journal_sendv -Wl,--wrap=access -Wl,--wrap=pthread_cond_timedwait
// LAYERS: test_support
#include "broker/daemon/feeder.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LEDGER "00112233445566778899aabbccddeeff"

/* journald, as far as the feeder sees it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t sequences[4096];
    size_t n;
    int errors;      /* the next so many records are refused */
    bool hang, hung; /* the next record is taken, and its sender waits */
    bool relents;    /* as soon as somebody waits with patience */
    bool absent;     /* no socket */
    size_t looked;   /* how often one was looked for */
    char host[64];   /* of the last record */
    char ledger[64];
} journal = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
    bool absent;

    if (strcmp(path, "/run/systemd/journal/socket") != 0)
        return __real_access(path, mode);
    (void)pthread_mutex_lock(&journal.lock);
    absent = journal.absent;
    journal.looked++;
    (void)pthread_mutex_unlock(&journal.lock);
    errno = ENOENT;
    return absent ? -1 : 0;
}

static void note(const struct iovec *v, int n, const char *field, char text[static 64])
{
    size_t used = strlen(field);

    for (int i = 0; i < n; i++)
        if (v[i].iov_len > used && memcmp(v[i].iov_base, field, used) == 0)
            (void)snprintf(text, 64, "%.*s", (int)(v[i].iov_len - used), (const char *)v[i].iov_base + used);
}

static uint64_t sequence_of(const struct iovec *v, int n)
{
    for (int i = 0; i < n; i++) {
        char text[64] = "";
        unsigned long long sequence;

        if (v[i].iov_len >= sizeof(text))
            continue;
        memcpy(text, v[i].iov_base, v[i].iov_len);
        if (sscanf(text, "HUFU_SEQUENCE=%llu", &sequence) == 1)
            return sequence;
    }
    return 0;
}

int __wrap_sd_journal_sendv(const struct iovec *v, int n);
int __wrap_sd_journal_sendv(const struct iovec *v, int n)
{
    int r = 0;

    (void)pthread_mutex_lock(&journal.lock);
    if (journal.errors > 0) {
        journal.errors--;
        r = -ECONNREFUSED;
    } else {
        journal.sequences[journal.n++] = sequence_of(v, n);
        note(v, n, "HUFU_HOST=", journal.host);
        note(v, n, "HUFU_LEDGER=", journal.ledger);
    }
    if (journal.hang) {
        journal.hung = true;
        (void)pthread_cond_broadcast(&journal.changed);
        while (journal.hang)
            (void)pthread_cond_wait(&journal.changed, &journal.lock);
        journal.hung = false;
    }
    (void)pthread_cond_broadcast(&journal.changed);
    (void)pthread_mutex_unlock(&journal.lock);
    return r;
}

static void journal_await(size_t n)
{
    (void)pthread_mutex_lock(&journal.lock);
    while (journal.n < n)
        (void)pthread_cond_wait(&journal.changed, &journal.lock);
    (void)pthread_mutex_unlock(&journal.lock);
}

static void journal_hang(bool hang)
{
    (void)pthread_mutex_lock(&journal.lock);
    journal.hang = hang;
    (void)pthread_cond_broadcast(&journal.changed);
    (void)pthread_mutex_unlock(&journal.lock);
}

int __real_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
    if (journal.relents)
        journal_hang(false);
    return __real_pthread_cond_timedwait(c, m, until);
}

static void journal_await_hung(bool hung)
{
    (void)pthread_mutex_lock(&journal.lock);
    while (journal.hung != hung)
        (void)pthread_cond_wait(&journal.changed, &journal.lock);
    (void)pthread_mutex_unlock(&journal.lock);
}

static void journal_set(bool absent, int errors)
{
    (void)pthread_mutex_lock(&journal.lock);
    journal.absent = absent;
    journal.errors = errors;
    (void)pthread_mutex_unlock(&journal.lock);
}

static size_t journal_count(const size_t *counter)
{
    size_t n;

    (void)pthread_mutex_lock(&journal.lock);
    n = *counter;
    (void)pthread_mutex_unlock(&journal.lock);
    return n;
}

/* From `first` on, each once and in order. */
static void expect_in_order(size_t from, uint64_t first, size_t n)
{
    assert_int_equal(journal_count(&journal.n), from + n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(journal.sequences[from + i], first + i);
}

struct desk {
    void *folder;
    char path[200];
    struct store_options options;
    struct store *store;
    struct feeder *feeder;
};

static int sha256(const void *octets, size_t size, uint8_t out[static 32])
{
    return EVP_Digest(octets, size, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static void open_store(struct desk *d)
{
    char error[200];

    if (store_open(&d->options, &d->store, error) < 0)
        fail_msg("%s", error);
}

static int setup(void **state)
{
    struct desk *d = calloc(1, sizeof(*d));
    char error[200];

    if (!d || folder_setup(&d->folder) < 0)
        return -1;
    journal.n = 0;
    journal.looked = 0;
    journal_set(false, 0);
    (void)snprintf(d->path, sizeof(d->path), "%s/hufu.db", (const char *)d->folder);
    d->options = (struct store_options){.path = d->path, .sha256 = sha256};
    if (store_create(&d->options, error) < 0)
        return -1;
    open_store(d);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    int r;

    journal_hang(false);
    d->feeder = feeder_stop(d->feeder);
    store_close(d->store);
    r = folder_teardown(&d->folder);
    free(d);
    return r;
}

static void commit(struct desk *d, unsigned n)
{
    struct record r = {.event = "login", .result = "success", .staff = "zhang.san", .actor = UINT32_MAX};

    for (unsigned i = 0; i < n; i++) {
        struct store_txn *t;

        assert_int_equal(store_txn_new(d->store, &t), 0);
        store_txn_record(t, &r);
        assert_int_equal(store_submit(d->store, t, NULL, NULL), 0);
    }
    assert_int_equal(store_flush(d->store), 0);
}

static void start(struct desk *d)
{
    assert_int_equal(feeder_start(d->store, "db01", LEDGER, &d->feeder), 0);
}

/* Milliseconds that stopping took. */
static long stop(struct desk *d)
{
    struct timespec before, after;

    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    d->feeder = feeder_stop(d->feeder);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
}

static void test_feeds_what_is_there_and_what_comes(void **state)
{
    struct desk *d = *state;

    commit(d, 150); /* more than one batch */
    start(d);
    journal_await(150);
    commit(d, 3);
    journal_await(153);
    assert_true(stop(d) < 1000);
    expect_in_order(0, 1, 153);
    assert_int_equal(store_fed(d->store), 153);
}

static void test_another_host(void **state)
{
    struct desk *d = *state;

    commit(d, 1);
    start(d);
    journal_await(1);
    assert_string_equal(journal.host, "db01");
    feeder_set_host(d->feeder, "db02");
    commit(d, 1);
    journal_await(2);
    (void)stop(d);
    assert_string_equal(journal.host, "db02");
    assert_string_equal(journal.ledger, LEDGER);
}

static void test_goes_on_where_it_was(void **state)
{
    struct desk *d = *state;

    commit(d, 5);
    start(d);
    journal_await(5);
    (void)stop(d);
    commit(d, 2);
    d->store = store_close(d->store);
    open_store(d);
    start(d);
    journal_await(7);
    (void)stop(d);
    expect_in_order(0, 1, 7);
}

/* The thread hangs; commits, reads and stopping do not. Let go long after the store is closed, it touches
 * nothing of it. */
static void test_journal_hangs(void **state)
{
    struct desk *d = *state;

    journal_hang(true);
    start(d);
    commit(d, 1);
    journal_await_hung(true);
    commit(d, 100);
    assert_true(stop(d) < 1000);
    assert_int_equal(store_fed(d->store), 0);
    d->store = store_close(d->store);
    journal_hang(false);
    journal_await_hung(false);

    open_store(d);
    start(d);
    journal_await(1 + 101);
    (void)stop(d);
    expect_in_order(1, 1, 101); /* the first one twice, none not at all */
}

/* What was committed just before is handed over: the last checkpoint is among it. */
static void test_hands_over_at_stop(void **state)
{
    struct desk *d = *state;

    journal_hang(true);
    start(d);
    commit(d, 1);
    journal_await_hung(true);
    commit(d, 20);
    journal.relents = true; /* once stopping has begun */
    assert_true(stop(d) < 1000);
    journal.relents = false;
    expect_in_order(0, 1, 21);
    assert_int_equal(store_fed(d->store), 21);
}

/* Refused records are sent again, and none of them is passed over. */
static void test_journal_refuses(void **state)
{
    struct desk *d = *state;

    journal_set(false, 1);
    commit(d, 3);
    start(d);
    journal_await(3);
    (void)stop(d);
    expect_in_order(0, 1, 3);
}

/* libsystemd says that all is well when there is no socket. */
static void test_journal_absent(void **state)
{
    struct desk *d = *state;

    journal_set(true, 0);
    commit(d, 3);
    start(d);
    while (journal_count(&journal.looked) == 0)
        (void)usleep(1000);
    assert_int_equal(journal_count(&journal.n), 0);
    assert_int_equal(store_fed(d->store), 0);
    assert_true(stop(d) < 1000); /* although it waits before the next try */
    journal_set(false, 0);
    start(d);
    journal_await(3);
    (void)stop(d);
    expect_in_order(0, 1, 3);
}

static void test_stop_when_idle(void **state)
{
    struct desk *d = *state;

    start(d);
    assert_true(stop(d) < 400);
    assert_null(feeder_stop(NULL));
    for (int i = 0; i < 50; i++) { /* at any moment */
        start(d);
        commit(d, 1);
        assert_true(stop(d) < 1000);
    }
    start(d);
    while (store_fed(d->store) < 50)
        (void)usleep(1000);
    (void)stop(d);
    expect_in_order(0, 1, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_feeds_what_is_there_and_what_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_goes_on_where_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_journal_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hands_over_at_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_journal_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_journal_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_when_idle, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
