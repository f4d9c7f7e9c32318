// LAYERS: test_support
// LINK: -Wl,--wrap=reserve_give

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/store/reserve.h"
#include "tests/unit/broker/daemon/world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cmocka.h>

/* A broker whose disk is small, and full: a file system of the test's own, in place of /tmp. */

#define KIB 1024

bool __real_reserve_give(struct reserve *r, uint64_t octets);
bool __wrap_reserve_give(struct reserve *r, uint64_t octets);
static atomic_uint given; /* how often a commit asked for a piece */

bool __wrap_reserve_give(struct reserve *r, uint64_t octets)
{
    given++;
    return __real_reserve_give(r, octets);
}

static int private_mounts(void **state)
{
    (void)state;
    return unshare(CLONE_NEWNS) < 0 ? -1 : mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int setup(void **state)
{
    return mount("tmpfs", "/tmp", "tmpfs", 0, "size=12m,mode=1777") < 0 ? -1 : world_setup(state);
}

static int teardown(void **state)
{
    int r = world_teardown(state);

    return umount("/tmp") < 0 ? -1 : r;
}

/* Somebody else takes all that is free. */
static void fill(struct world *w)
{
    static const char zeros[64 * KIB];
    int fd = open(world_path(w, "others"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    for (size_t size = sizeof(zeros); size >= 4 * KIB; size /= 2)
        while (write(fd, zeros, size) == (ssize_t)size)
            ;
    (void)close(fd);
}

static void make_room(struct world *w)
{
    assert_int_equal(unlink(world_path(w, "others")), 0);
}

static long long reserve_on_disk(struct world *w)
{
    struct stat st;

    assert_int_equal(stat(world_path(w, "reserve"), &st), 0);
    return (long long)st.st_blocks * 512;
}

static enum room_standing standing(const struct world *w)
{
    struct room_view v;

    room_view(w->broker->room, &v);
    return v.standing;
}

static bool stands(struct world *w, void *userdata)
{
    return standing(w) == *(enum room_standing *)userdata;
}

static void until(struct world *w, enum room_standing s)
{
    world_until(w, stands, &s);
}

/* What is left of the reserve is so much, and nothing beside it; and a commit has felt that. */
static void leave(struct world *w, long octets)
{
    struct room_view v;

    assert_int_equal(truncate(world_path(w, "reserve"), octets), 0);
    fill(w);
    for (unsigned i = 0; i < 200; i++) {
        struct record r = ledger_record(EVENT_CLOCK_STEP, REASON_OK, true);
        static const char detail[2000] = {[0 ... 1998] = 'x'};

        r.detail = detail;
        ledger_write(w->broker, &r);
        (void)store_flush(w->broker->store);
        world_for(w, 20);
        room_view(w->broker->room, &v);
        if (v.held < (uint64_t)octets || v.kept > 0)
            return;
    }
    fail_msg("nothing was taken from the reserve");
}

static unsigned findings(struct world *w, const char *subject, const char *words)
{
    struct varlink_reply r = world_call(w, "Status", json_object());
    const json_t *finding;
    unsigned n = 0;
    size_t i;

    json_array_foreach(json_object_get(r.parameters, "findings"), i, finding) n +=
        strcmp(json_string_value(json_object_get(finding, "subject")), subject) == 0 &&
        strstr(json_string_value(json_object_get(finding, "message")), words);
    varlink_reply_done(&r);
    return n;
}

static void test_set_aside_from_the_start(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    assert_int_equal(reserve_on_disk(w), 1024 * KIB);
    assert_int_equal(standing(w), ROOM_AMPLE);
    assert_int_equal(world_records(w, EVENT_STORE_ROOM, NULL, NULL), 0);
    r = world_call(w, "Status", json_object());
    assert_string_equal(world_text(&r, "room"), "ample");
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "reserve_held")), 1024 * KIB);
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "reserve")), 1024 * KIB);
    assert_true(json_integer_value(json_object_get(r.parameters, "room_free")) > 1024 * KIB);
    varlink_reply_done(&r);
}

/* Nobody new; who is in goes on, what an operator orders is on disk, and it all ends by itself. */
static void test_full_and_room_again(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;

    world_grant_often(w);
    world_log_in(w, &v);
    fill(w);
    until(w, ROOM_FULL);
    assert_int_equal(world_login_reason(w), REASON_STORE_FULL);
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    assert_int_equal(findings(w, "room", "is full"), 1);
    assert_string_equal(
        world_error_of(w, "Lock", json_pack("{ss ss ss}", "scope", "vendor", "name", "other", "why", "t")),
        "");
    assert_int_equal(store_kept(w->broker->store), 0);
    assert_int_equal(world_records(w, EVENT_STORE_ROOM, "failure", &reason), 1);
    assert_int_equal(reason, REASON_STORE_FULL);
    make_room(w);
    until(w, ROOM_AMPLE);
    assert_int_equal(reserve_on_disk(w), 1024 * KIB);
    assert_int_equal(world_login_reason(w), REASON_OK);
    assert_int_equal(world_records(w, EVENT_STORE_ROOM, "success", NULL), 1);
    assert_int_equal(findings(w, "room", ""), 0);
    visitor_end(&v);
}

/* What needs more than what is free is recorded all the same: piece by piece from the reserve. */
static void test_recorded_from_the_reserve(void **state)
{
    struct world *w = *state;
    struct room_view v;

    fill(w);
    until(w, ROOM_FULL);
    leave(w, 1024 * KIB);
    room_view(w->broker->room, &v);
    assert_true(v.held >= 896 * KIB); /* and no more of it than that took */
    assert_int_equal(v.kept, 0);
    assert_int_equal(store_health(w->broker->store), 0);
}

static bool is_warned(struct world *w, void *userdata)
{
    (void)userdata;
    return w->reaper.warns > 0;
}

/* One after the other, who came last first, each warned; and spared if there is room again in time. */
static void test_warned_and_spared(void **state)
{
    struct world *w = *state;
    struct visitor first = visitor_new(), second = visitor_new();
    struct session *s;
    when_t before;
    uint64_t last;

    world_grant_often(w);
    world_log_in(w, &first);
    last = world_log_in(w, &second);
    s = registry_find(w->broker->registry, last);
    before = s->deadline;
    leave(w, 255 * KIB);
    until(w, ROOM_SPENT);
    world_until(w, is_warned, NULL);
    assert_int_equal(w->reaper.last_warn.target.session, last);
    assert_non_null(strstr(w->reaper.last_warn.text, "[store-full]"));
    world_for(w, 1500);
    assert_int_equal(w->reaper.warns, 1);
    assert_int_equal(s->state, SESSION_OPEN);
    assert_true(s->deadline <= before - 60);
    assert_int_equal(findings(w, "room", "one after the other"), 1);
    make_room(w);
    until(w, ROOM_AMPLE);
    assert_int_equal(s->state, SESSION_OPEN);
    assert_true(s->deadline == before);
    visitor_end(&first);
    visitor_end(&second);
}

struct ends {
    uint64_t sessions[4];
    size_t n;
    bool done;
};

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct ends *e = userdata;

    assert_int_equal(result, 0);
    for (size_t i = 0; i < n && i < 4; i++) {
        assert_int_equal(rows[i].reason, REASON_STORE_FULL);
        e->sessions[i] = rows[i].session;
    }
    e->n = n;
    e->done = true;
}

static bool is_done(struct world *w, void *userdata)
{
    (void)w;
    return ((struct ends *)userdata)->done;
}

/* They end, in order, though nothing can be written at all; which is told when it can. */
static void test_ended_without_any_room(void **state)
{
    struct world *w = *state;
    struct visitor first = visitor_new(), second = visitor_new();
    const struct record_filter filter = {.event = EVENT_SESSION_CLOSE};
    struct ends ends = {.n = 0};
    uint64_t numbers[2];

    world_grant_often(w);
    numbers[0] = world_log_in(w, &first);
    numbers[1] = world_log_in(w, &second);
    leave(w, 0);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(standing(w), ROOM_LAST);
    assert_true(store_kept(w->broker->store) > 2);
    assert_int_equal(findings(w, "room", "cases waits in memory"), 1);
    given = 0;
    world_for(w, 2500);
    assert_in_range(given, 1, 6); /* it is tried, and not all the time */
    make_room(w);
    until(w, ROOM_AMPLE);
    assert_int_equal(w->broker->not_recorded, 0);
    assert_int_equal(store_flush(w->broker->store), 0);
    assert_int_equal(store_read(w->broker->store, &filter, on_rows, &ends), 0);
    world_until(w, is_done, &ends);
    assert_int_equal(ends.n, 2);
    assert_int_equal(ends.sessions[0], numbers[1]);
    assert_int_equal(ends.sessions[1], numbers[0]);
    world_restart(w);
    assert_null(registry_first(w->broker->registry));
    visitor_end(&first);
    visitor_end(&second);
}

static void test_start_on_a_full_disk(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    world_stop(w);
    fill(w);
    world_start(w);
    assert_int_equal(standing(w), ROOM_FULL);
    assert_int_equal(world_login_reason(w), REASON_STORE_FULL);
    make_room(w);
    until(w, ROOM_AMPLE);
    assert_int_equal(world_login_reason(w), REASON_OK);
}

/* A disk on which it does not fit is as good as a full one. */
static void test_no_room_for_the_reserve(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_reload(w, "[host]\nhost = db01.finance.example\n[gate]\ngated-uid = 20000-29999\n"
                                     "[directory]\nstatus-max-age = none\n[ledger]\nreserve = 64M\n"),
                     0);
    until(w, ROOM_FULL);
    assert_int_equal(reserve_on_disk(w), 1024 * KIB);
    assert_int_equal(findings(w, "room", "1 MiB of the 64 MiB"), 1);
}

/* What stands there and is no reserve is left as it is. */
static void test_something_else_in_its_place(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    world_stop(w);
    assert_int_equal(unlink(world_path(w, "reserve")), 0);
    assert_int_equal(mkdir(world_path(w, "reserve"), 0700), 0);
    world_start(w);
    assert_int_equal(world_login_reason(w), REASON_STORE_FULL);
    assert_int_equal(findings(w, "room", "No room can be set aside"), 1);
    assert_int_equal(rmdir(world_path(w, "reserve")), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_set_aside_from_the_start),  TEST(test_full_and_room_again),
        TEST(test_recorded_from_the_reserve), TEST(test_warned_and_spared),
        TEST(test_ended_without_any_room),    TEST(test_start_on_a_full_disk),
        TEST(test_no_room_for_the_reserve),   TEST(test_something_else_in_its_place),
    };

    return cmocka_run_group_tests(tests, private_mounts, NULL);
}
