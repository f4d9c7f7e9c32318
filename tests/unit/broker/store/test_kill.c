// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/store.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Statement 5: a record, once acknowledged, survives kill -9. A child commits as fast as it can and writes
 * the sequence of each acknowledged record to a pipe; it is killed at a random moment; the store it leaves
 * must hold all that was acknowledged, without a gap, and take more.
 */
#define KILLS     60
#define IN_FLIGHT 6

static int acknowledged_fd;

struct slot {
    struct shelf *x;
};

static void submit_one(struct slot *s);

static void acknowledge(void *userdata, int result, uint64_t sequence)
{
    if (result != 0 || write(acknowledged_fd, &sequence, sizeof(sequence)) != (ssize_t)sizeof(sequence))
        _exit(1);
    submit_one(userdata);
}

static void submit_one(struct slot *s)
{
    struct record r = shelf_record("zhang.san");
    struct store_session session = {.number = 1, .state = STORE_SESSION_OPEN};
    struct store_txn *t;

    if (store_txn_new(s->x->store, &t) < 0)
        _exit(1);
    store_txn_session(t, &session);
    store_txn_record(t, &r);
    if (store_submit(s->x->store, t, acknowledge, s) < 0)
        _exit(1);
}

static void commit_for_ever(struct shelf *x)
{
    struct slot slots[IN_FLIGHT];

    if (shelf_open(x) != 0)
        _exit(2);
    for (int i = 0; i < IN_FLIGHT; i++) {
        slots[i].x = x;
        submit_one(&slots[i]);
    }
    for (;;) {
        struct pollfd p = {.fd = store_fd(x->store), .events = POLLIN};

        (void)poll(&p, 1, -1);
        store_dispatch(x->store);
    }
}

static uint64_t highest_acknowledged(int fd)
{
    uint64_t sequence, highest = 0;

    while (read(fd, &sequence, sizeof(sequence)) == (ssize_t)sizeof(sequence))
        highest = sequence > highest ? sequence : highest;
    return highest;
}

/* Kills the child some time after its first commit; the highest number that it acknowledged. */
static uint64_t run_and_kill(struct shelf *x, long delay_ns)
{
    const struct timespec delay = {.tv_nsec = delay_ns};
    struct pollfd p;
    uint64_t highest;
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        acknowledged_fd = ends[1];
        commit_for_ever(x);
    }
    (void)close(ends[1]);
    p = (struct pollfd){.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 20000), 1);
    (void)nanosleep(&delay, NULL);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    highest = highest_acknowledged(ends[0]);
    (void)close(ends[0]);
    return highest;
}

static void test_kill(void **state)
{
    struct shelf *x = *state;
    uint64_t before = 0;

    shelf_close(x);
    fault_remove(); /* SQLite's own way to the disk */
    srandom((unsigned)time(NULL));
    for (int i = 0; i < KILLS; i++) {
        uint64_t acknowledged = run_and_kill(x, random() % 20000000), found;

        assert_true(acknowledged > before);
        if (shelf_open(x) != 0)
            fail_msg("after kill %d: %s", i, x->error);
        found = shelf_check_ledger(x);
        if (found < acknowledged || found > acknowledged + IN_FLIGHT)
            fail_msg("kill %d: %llu acknowledged, %llu there", i, (unsigned long long)acknowledged,
                     (unsigned long long)found);
        before = found;
        if (i % 2 == 0) {
            assert_int_equal(shelf_commit(x, "li.si"), 0);
            before++;
        }
        shelf_close(x);
    }
    fault_install();
    assert_true(before > KILLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill, shelf_setup, shelf_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
