// LINK: -Wl,--wrap=sd_journal_sendv -Wl,--wrap=access -Wl,--wrap=pthread_cond_timedwait -Wl,--wrap=store_read_wait
// LAYERS: test_support
#include "broker/daemon/feeder.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/uio.h>
#include <time.h>

/* What is committed within a moment is read and sent together. Here the moment lasts until somebody cuts it
 * short. */

static atomic_uint sent, reads;
static atomic_bool gathering;
static pthread_t owner; /* who stops it waits as long as it says */

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
    (void)path, (void)mode;
    return 0;
}

int __wrap_sd_journal_sendv(const struct iovec *v, int n);
int __wrap_sd_journal_sendv(const struct iovec *v, int n)
{
    (void)v, (void)n;
    atomic_fetch_add(&sent, 1);
    return 0;
}

int __real_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
    struct timespec later = *until;

    if (!pthread_equal(pthread_self(), owner)) {
        atomic_store(&gathering, true);
        later.tv_sec += 3600;
    }
    return __real_pthread_cond_timedwait(c, m, &later);
}

int __real_store_read_wait(struct store *s, const struct record_filter *f, struct record **ret, size_t *n);
int __wrap_store_read_wait(struct store *s, const struct record_filter *f, struct record **ret, size_t *n);
int __wrap_store_read_wait(struct store *s, const struct record_filter *f, struct record **ret, size_t *n)
{
    atomic_fetch_add(&reads, 1);
    return __real_store_read_wait(s, f, ret, n);
}

static int sha256(const void *octets, size_t size, uint8_t out[static 32])
{
    return EVP_Digest(octets, size, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static void commit(struct store *s)
{
    const struct record r = {
        .event = "login", .result = "success", .staff = "zhang.san", .actor = UINT32_MAX};
    struct store_txn *t;

    assert_int_equal(store_txn_new(s, &t), 0);
    store_txn_record(t, &r);
    assert_int_equal(store_submit(s, t, NULL, NULL), 0);
    assert_int_equal(store_flush(s), 0);
}

static void test_gathers(void **state)
{
    const struct timespec little = {.tv_nsec = 1000000};
    struct store_options options = {.sha256 = sha256};
    char path[200], error[200];
    struct store *s;
    struct feeder *f;

    owner = pthread_self();
    (void)snprintf(path, sizeof(path), "%s/hufu.db", (const char *)*state);
    options.path = path;
    assert_int_equal(store_create(&options, error), 0);
    assert_int_equal(store_open(&options, &s, error), 0);
    assert_int_equal(feeder_start(s, "db01", "00112233445566778899aabbccddeeff", &f), 0);
    commit(s);
    while (!atomic_load(&gathering))
        (void)nanosleep(&little, NULL);
    commit(s);
    commit(s);
    assert_int_equal(atomic_load(&reads), 0);
    assert_int_equal(atomic_load(&sent), 0);
    assert_null(feeder_stop(f)); /* who stops does not wait for the moment to pass */
    assert_int_equal(atomic_load(&sent), 3);
    assert_int_equal(atomic_load(&reads), 1);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gathers, folder_setup, folder_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
