// LAYERS: test_support
#include "broker/daemon/feeder.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LEDGER "00112233445566778899aabbccddeeff"

/*
 * The real libsystemd against a socket that nobody reads, in a mount namespace of the test's own: after a
 * while the kernel makes its sender wait, as a journald does that hangs.
 */
static int sha256(const void *octets, size_t size, uint8_t out[static 32])
{
    return EVP_Digest(octets, size, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static int private_run(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return -1;
    if (mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
        return -1;
    return mkdir("/run/systemd", 0755) < 0 || mkdir("/run/systemd/journal", 0755) < 0 ? -1 : 0;
}

static int journal_socket(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void commit(struct store *s, unsigned n)
{
    struct record r = {.event = "login", .result = "success", .staff = "zhang.san", .actor = UINT32_MAX};

    for (unsigned i = 0; i < n; i++) {
        struct store_txn *t;

        assert_int_equal(store_txn_new(s, &t), 0);
        store_txn_record(t, &r);
        assert_int_equal(store_submit(s, t, NULL, NULL), 0);
    }
    assert_int_equal(store_flush(s), 0);
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How far it was fed when it did not get any further for a fifth of a second. */
static uint64_t await_stall(struct store *s)
{
    uint64_t before = 0, now = store_fed(s);

    while (now == 0 || now != before) {
        before = now;
        (void)usleep(200000);
        now = store_fed(s);
    }
    return now;
}

static bool take_sequence(int fd, uint64_t *sequence)
{
    char text[8192];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    const char *at;
    ssize_t n;

    if (poll(&p, 1, 10000) != 1)
        return false;
    n = recv(fd, text, sizeof(text) - 1, 0);
    if (n <= 0)
        return false;
    text[n] = '\0';
    at = strstr(text, "\nHUFU_SEQUENCE=");
    if (!at || sscanf(at, "\nHUFU_SEQUENCE=%lu", sequence) != 1)
        return false;
    return strstr(text, "SYSLOG_IDENTIFIER=hufud\n") && strstr(text, "HUFU_LEDGER=" LEDGER "\n") &&
           !strstr(text, "CODE_FILE=");
}

static void test_socket_that_nobody_reads(void **state)
{
    const unsigned n = 3000;
    struct store_options options = {.path = folder_path(*state, "hufu.db"), .sha256 = sha256};
    struct store *s = NULL;
    struct feeder *f = NULL;
    uint64_t stalled, sequence, next = 1;
    char error[200];
    double before;
    int fd = journal_socket();

    assert_int_equal(store_create(&options, error), 0);
    assert_int_equal(store_open(&options, &s, error), 0);
    assert_int_equal(feeder_start(s, "db01", LEDGER, &f), 0);
    commit(s, n);
    stalled = await_stall(s);
    assert_in_range(stalled, 1, n - 1);
    before = seconds();
    commit(s, 10); /* goes on meanwhile */
    f = feeder_stop(f);
    assert_true(seconds() - before < 20);
    s = store_close(s);

    /* Everything is there in the end: what was fed, what was under way, and after a new start the rest. */
    options.path = folder_path(*state, "hufu.db");
    assert_int_equal(store_open(&options, &s, error), 0);
    assert_int_equal(store_fed(s), stalled);
    assert_int_equal(feeder_start(s, "db01", LEDGER, &f), 0);
    while (next <= n + 10) {
        assert_true(take_sequence(fd, &sequence));
        assert_true(sequence <= next); /* nothing was passed over */
        if (sequence == next)
            next++;
    }
    f = feeder_stop(f);
    store_close(s);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_socket_that_nobody_reads, folder_setup, folder_teardown),
    };

    if (private_run() < 0) {
        (void)fprintf(stderr, "needs a mount namespace of its own (root): %s\n", strerror(errno));
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
