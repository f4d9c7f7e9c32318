/* Leases: clamped, kept across a restart, lapsing by themselves. */
#include "broker/reaper/leases.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct world {
    sd_event *event;
    char path[32];
    int folder;
    struct leases *leases;
    unsigned lapsed;
    uint64_t last;
};

static void on_lapsed(void *userdata, const struct reap_target *target)
{
    struct world *w = userdata;
    w->lapsed++;
    w->last = target->session;
}

static void load(struct world *w, unsigned expected_skipped)
{
    unsigned skipped = 0;
    struct leases_options o = {
        .event = w->event,
        .folder = w->folder,
        .maximum_seconds = {0, 100, 50, 10},
        .lapsed = on_lapsed,
        .userdata = w,
    };
    w->leases = leases_free(w->leases);
    assert_int_equal(leases_new(&o, &w->leases, &skipped), 0);
    assert_int_equal(skipped, expected_skipped);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    strcpy(w->path, "/tmp/hufu-leases-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->folder = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(sd_event_new(&w->event), 0);
    load(w, 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    for (uint64_t session = 1; session < 10; session++)
        leases_drop(w->leases, session, 20001);
    (void)leases_free(w->leases);
    (void)sd_event_unref(w->event);
    (void)unlinkat(w->folder, "9.lease", 0);
    (void)close(w->folder);
    assert_int_equal(rmdir(w->path), 0);
    free(w);
    return 0;
}

static struct reap_target target(uint64_t session)
{
    return (struct reap_target){
        .scope = REAP_SESSION, .uid = 20001, .session = session, .audit_session = (uint32_t)session + 100};
}

static uint64_t put(struct world *w, uint64_t session, uint8_t class, uint64_t seconds)
{
    uint64_t granted = UINT64_MAX;
    struct reap_target t = target(session);
    assert_int_equal(leases_put(w->leases, &t, class, seconds, &granted), 0);
    return granted;
}

static void class_bounds_the_lease(void **state)
{
    struct world *w = *state;
    assert_int_equal(put(w, 1, 1, 60), 60);
    assert_int_equal(put(w, 2, 1, 100000), 100);
    assert_int_equal(put(w, 3, 3, 100000), 10);
    /* An extension counts from the first lease and under its class. */
    assert_in_range(put(w, 3, 1, 100000), 9, 10);
}

static void bad_orders_change_nothing(void **state)
{
    struct world *w = *state;
    uint64_t granted = 0;
    struct reap_target t = target(1);
    assert_int_equal(put(w, 1, 1, 60), 60);
    assert_int_equal(leases_put(w->leases, &t, 0, 60, &granted), -EINVAL);
    assert_int_equal(leases_put(w->leases, &t, 4, 60, &granted), -EINVAL);
    assert_int_equal(leases_put(w->leases, &t, 1, UINT64_MAX, &granted), -EINVAL);
    t.uid = 20002;
    assert_int_equal(leases_put(w->leases, &t, 1, 60, &granted), -EINVAL);
    assert_int_equal(leases_count(w->leases), 1);
}

static void survives_a_restart_and_lapses_then(void **state)
{
    struct world *w = *state;
    (void)put(w, 1, 1, 60);
    (void)put(w, 2, 1, 1);
    load(w, 0);
    assert_int_equal(leases_count(w->leases), 2);
    assert_true(leases_has(w->leases, 1));
    while (w->lapsed == 0)
        assert_true(sd_event_run(w->event, 5 * 1000 * 1000) > 0);
    assert_int_equal(w->last, 2);
    /* It is kept until the ending is proven, and spares nobody meanwhile. */
    assert_true(leases_has(w->leases, 2));
    uint32_t sessions[LEASES_PER_PERSON_MAX];
    assert_int_equal(leases_audit_sessions(w->leases, 20001, 0, sessions), 1);
    assert_int_equal(sessions[0], 101);
    assert_int_equal(leases_audit_sessions(w->leases, 20001, 1, sessions), 0);
    assert_int_equal(leases_audit_sessions(w->leases, 20002, 0, sessions), 0);
    leases_drop(w->leases, 2, 20001);
    load(w, 0);
    assert_int_equal(leases_count(w->leases), 1);
}

static void each_is_next_once(void **state)
{
    struct world *w = *state;
    static const uint64_t sessions[] = {1, 2, 3, 9};
    unsigned seen = 0, sum = 0;
    const struct reap_target *next;
    uint64_t session = 0;
    assert_null(leases_next(w->leases, 0));
    for (size_t i = 0; i < 4; i++)
        (void)put(w, sessions[i], 1, 60);
    /* In one chain with the first. */
    (void)put(w, 1 + 1024, 1, 60);
    while ((next = leases_next(w->leases, session)) != NULL) {
        session = next->session;
        seen++;
        sum += (unsigned)session;
        if (session == 2)
            leases_drop(w->leases, 2, 20001); /* the others are found from where it was */
    }
    assert_int_equal(seen, 5);
    assert_int_equal(sum, 1 + 2 + 3 + 9 + 1025);
    leases_drop(w->leases, 1025, 20001);
}

static void another_persons_is_not_dropped(void **state)
{
    struct world *w = *state;
    (void)put(w, 1, 1, 60);
    leases_drop(w->leases, 1, 20002);
    assert_true(leases_has(w->leases, 1));
}

static void a_shorter_maximum_cuts_what_is_there(void **state)
{
    struct world *w = *state;
    const uint64_t shorter[4] = {0, 1, 50, 10};
    (void)put(w, 1, 1, 60);
    (void)put(w, 2, 2, 40);
    assert_int_equal(leases_set_maximum(w->leases, shorter), 0);
    /* Also for a reaper that comes after this one. */
    load(w, 0);
    while (w->lapsed == 0)
        assert_true(sd_event_run(w->event, 5 * 1000 * 1000) > 0);
    assert_int_equal(w->last, 1);
    assert_int_equal(w->lapsed, 1);
    assert_int_equal(leases_count(w->leases), 2);
}

static void a_longer_maximum_counts_for_what_is_asked_next(void **state)
{
    struct world *w = *state;
    const uint64_t longer[4] = {0, 1000, 50, 10};
    assert_int_equal(put(w, 1, 1, 500), 100);
    assert_int_equal(leases_set_maximum(w->leases, longer), 0);
    assert_in_range(put(w, 1, 1, 500), 499, 500);
}

static void a_torn_file_is_reported_not_believed(void **state)
{
    struct world *w = *state;
    (void)put(w, 1, 1, 60);
    int fd = openat(w->folder, "9.lease", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "HUFU", 4), 4);
    (void)close(fd);
    load(w, 1);
    assert_int_equal(leases_count(w->leases), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(class_bounds_the_lease, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_orders_change_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_a_restart_and_lapses_then, setup, teardown),
        cmocka_unit_test_setup_teardown(each_is_next_once, setup, teardown),
        cmocka_unit_test_setup_teardown(another_persons_is_not_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_shorter_maximum_cuts_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_longer_maximum_counts_for_what_is_asked_next, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_file_is_reported_not_believed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
