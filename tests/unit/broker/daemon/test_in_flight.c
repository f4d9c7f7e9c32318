// LAYERS: test_support
// LINK: -Wl,--wrap=store_submit

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/identity.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Answers that wait for the disk or the reaper while the ground they rest on changes: what leaves is what
 * holds then. */

static struct {
    struct world *world;
    void (*happens)(struct world *w); /* while the next transaction is written */
    when_t until;
} meanwhile;

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    void (*happens)(struct world * w) = meanwhile.happens;

    meanwhile.happens = NULL;
    if (happens)
        happens(meanwhile.world);
    return __real_store_submit(s, t, done, userdata);
}

static void until_the_end(struct world *w)
{
    (void)w;
    while (clock_wall() < meanwhile.until)
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

/* It turns out that this is not the host that the store was made for. */
static void another_host(struct world *w)
{
    static const char other[] = "fedcba9876543210fedcba9876543210\n";

    assert_int_equal(files_write(world_path(w, "machine-id"), 0600, other, strlen(other)), 0);
    identity_check(w->broker);
}

static int setup(void **state)
{
    int r = world_setup(state);

    meanwhile.world = *state;
    meanwhile.happens = NULL;
    return r;
}

static void test_grant_ends(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    char until[WHEN_TEXT_SIZE];
    struct gate_reply reply;

    meanwhile.until = clock_wall() + 2;
    when_format(meanwhile.until, until);
    world_grant(w, (struct grant_plan){.until = until});
    meanwhile.happens = until_the_end;
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_null(meanwhile.happens);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    assert_int_equal(reply.reason, REASON_EXPIRED);
    visitor_end(&v);
}

/* A live session goes on where nobody is admitted any more; but this one was never told that it may. */
static void test_host_turns_out_to_be_another(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    meanwhile.happens = another_host;
    world_tie(&m);
    reply = world_ask(w, &v, FRAME_GATE_OPEN, &m);
    assert_null(meanwhile.happens);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    assert_int_equal(reply.reason, REASON_HOST_UNCONFIRMED);
    world_until(w, world_nobody_is_left, NULL);
    visitor_end(&v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_grant_ends), TEST(test_host_turns_out_to_be_another)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
