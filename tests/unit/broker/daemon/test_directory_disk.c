// LAYERS: test_support
// LINK: -Wl,--wrap=store_submit

#include "broker/audit/event.h"
#include "broker/daemon/directory_internal.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* What the disk did not take is not lost: no cookie covers it, and it is asked for again. */

static bool full;             /* the disk */
static bool refuse_next;      /* ... is, once */
static unsigned room_for = 0; /* ... after so many transactions; 0: not by itself */

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    if (!full && !refuse_next) {
        full = room_for > 0 && --room_for == 0;
        return __real_store_submit(s, t, done, userdata);
    }
    refuse_next = false;
    store_txn_free(t);
    return -ENOSPC;
}

static int setup(void **state)
{
    full = false;
    refuse_next = false;
    room_for = 0;
    return world_setup(state);
}

static void tell_grant(struct ldapd *l, void *userdata)
{
    (void)userdata;
    ldapd_signed(l, 1, (struct grant_plan){0});
}

/* As a broker that was killed leaves it. */
static void restart_without_disk(struct world *w, struct ldapd *l)
{
    ldapd_hang_up(l);
    world_stop(w);
    full = false;
    world_start(w);
    ldapd_connect(l);
}

static bool nothing_is_under_way(struct world *w, void *userdata)
{
    const struct directory *d = w->broker->directory;

    (void)userdata;
    return directory_is_quiet(d) && !d->is_writing && !d->refresh_done_due;
}

static void test_disk_full_during_a_refresh(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_begin(&l, true);
    tell_grant(&l, NULL);
    ldapd_settle(&l);
    full = true;
    ldapd_end(&l, true, "rid=1,csn=1");
    world_for(w, 50);
    world_until(w, nothing_is_under_way, NULL);
    assert_true(ldapd_shows(w, REASON_STORE_UNAVAILABLE, "could not be stored"));
    assert_true(w->broker->directory->is_retrying);
    assert_int_equal(w->broker->directory->cookie.size, 0);
    restart_without_disk(w, &l);
    assert_string_equal(l.cookie, "");
    assert_int_equal(ldapd_count(w, "entries"), 0);
    assert_int_equal(world_knock(w), REASON_NO_GRANT);
    ldapd_refresh(&l, tell_grant, NULL);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* No cookie covers what could not be written, though others are told after it. */
static void test_disk_full_for_a_change(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    full = true;
    ldapd_signed(&l, 2, (struct grant_plan){.version = 4, .source = "10.9.9.0/24"});
    ldapd_cookie(&l, "rid=1,csn=2");
    world_for(w, 50);
    world_until(w, nothing_is_under_way, NULL);
    full = false;
    ldapd_signed(&l, 3, (struct grant_plan){.id = "00000000000000000000000000000001"});
    ldapd_cookie(&l, "rid=1,csn=3");
    world_for(w, 50);
    world_until(w, nothing_is_under_way, NULL);
    restart_without_disk(w, &l);
    assert_string_equal(l.cookie,
                        ""); /* what is not known here is not in force, and everything is asked for */
    ldapd_begin(&l, true);
    tell_grant(&l, NULL);
    ldapd_signed(&l, 2, (struct grant_plan){.version = 4, .source = "10.9.9.0/24"});
    ldapd_end(&l, true, "rid=1,csn=3");
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_WRONG_SOURCE);
    ldapd_hang_up(&l);
}

static bool all_is_written(struct world *w, void *userdata)
{
    (void)userdata;
    return w->broker->directory->n_unwritten == 0 && !w->broker->directory->is_writing;
}

/* A grant is never on disk without the word of where it came from: what is gone when the broker is back is
 * withdrawn. */
static void test_killed_behind_the_grant(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    room_for = 1;
    tell_grant(&l, NULL);
    world_for(w, 50);
    world_until(w, nothing_is_under_way, NULL);
    assert_true(full);
    restart_without_disk(w, &l);
    assert_string_equal(l.cookie, "");
    assert_int_equal(world_knock(w), REASON_OK); /* its entry is known, too */
    ldapd_refresh(&l, NULL, NULL);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    ldapd_refresh(&l, tell_grant, NULL);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* One that held while nobody had signed it holds on when its signature comes and cannot be written: also
 * after a start without the directory. */
static void test_unsigned_is_not_lost(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *document = paper_revocation(&(struct revocation_plan){0});
    char *approval = paper_approval(&(struct approval_plan){.by = &w->department->approvers[DEPARTMENT_UNIT],
                                                            .document = document,
                                                            .about = "revocation " PAPERS_REVOCATION});

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    ldapd_entry(&l, 2, document, NULL, NULL);
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "revocations_unsigned"), 1);
    assert_int_equal(world_knock(w), REASON_REVOKED);
    refuse_next = true;
    ldapd_entry(&l, 2, document, approval, NULL);
    world_for(w, 50);
    world_until(w, nothing_is_under_way, NULL);
    assert_false(refuse_next);
    world_until(w, all_is_written, NULL);
    ldapd_hang_up(&l);
    world_stop(w);
    world_start(w);
    assert_int_equal(world_knock(w), REASON_REVOKED);
    free(document);
    free(approval);
}

/* Asked again by itself, and then all is well. */
static void test_asked_again(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    full = true;
    ldapd_begin(&l, true);
    tell_grant(&l, NULL);
    ldapd_end(&l, true, "rid=1,csn=1");
    world_for(w, 50);
    world_until(w, nothing_is_under_way, NULL);
    full = false;
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    ldapd_refresh(&l, tell_grant, NULL);
    assert_int_equal(ldapd_count(w, "waiting"), 0);
    assert_true(w->broker->directory->cookie.size > 0);
    restart_without_disk(w, &l);
    assert_string_equal(l.cookie, "rid=1,csn=1");
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_disk_full_during_a_refresh, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_disk_full_for_a_change, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_killed_behind_the_grant, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_is_not_lost, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_asked_again, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
