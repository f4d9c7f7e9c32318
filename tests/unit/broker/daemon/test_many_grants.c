// LAYERS: test_support
// LIBRARIES: sqlite3
// LINK: -Wl,--wrap=grant_index_each -Wl,--wrap=sqlite3_step

#include "tests/unit/broker/daemon/world.h"
#include "tests/unit/support/many.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/*
 * What an operator or a visitor does costs what it concerns, not how many grants there are: nothing goes
 * through all of them, neither in memory nor in a table of the store.
 */
#define GRANTS    120 /* of two vendors */
#define FEW       30  /* rows of tables that are not of grants */

#define ONE       7U
#define OTHER     8U
#define THIRD     9U
#define NOBODYS   "99999999999999999999999999999999"
#define LAST      (GRANTS - 1)
#define NOT_FOUND "org.hufu.control.NotFound"

static unsigned walks;
static atomic_ullong rows; /* the store's thread counts too */

void __real_grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *),
                             void *userdata);
void __wrap_grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *),
                             void *userdata);
int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

void __wrap_grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *),
                             void *userdata)
{
    walks++;
    __real_grant_index_each(index, f, userdata);
}

/* Rows of tables and indexes that are read from one end to the other. */
int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
    int r = __real_sqlite3_step(statement);

    atomic_fetch_add(&rows, (unsigned)sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1));
    return r;
}

static struct many_plan plan;

static void hand_in(struct world *w, unsigned i)
{
    struct many_grant g = many_grant(&plan, i);
    struct varlink_reply r = world_hand_in(w, g.document, g.approvals[0], g.approvals[1]);

    assert_null(r.error);
    assert_string_equal(world_text(&r, "state"), "ok");
    varlink_reply_done(&r);
    many_grant_done(&g);
}

static int setup(void **state)
{
    struct world *w;

    if (world_setup(state) < 0)
        return -1;
    w = *state;
    plan = (struct many_plan){
        .department = w->department, .from = time(NULL) - 3600, .until = time(NULL) + 3600};
    for (unsigned i = 0; i < GRANTS - 1; i++)
        hand_in(w, i);
    assert_int_equal(world_grant(w, (struct grant_plan){.uses = "9 per-host", .sessions = "9"}), REASON_OK);
    return 0;
}

/* ---- what is done ---- */

static void assert_call(struct world *w, const char *method, json_t *parameters, const char *error)
{
    struct varlink_reply r = world_call(w, method, parameters);

    if (error)
        assert_string_equal(r.error, error);
    else
        assert_null(r.error);
    varlink_reply_done(&r);
}

static void take_away(struct world *w, const char *method, const char *scope, const char *name)
{
    assert_call(w, method, json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "x"), NULL);
}

static void do_hand_in(struct world *w)
{
    hand_in(w, LAST);
}

static void do_revoke_person(struct world *w)
{
    char staff[MANY_STAFF];

    many_staff(&plan, ONE, staff);
    take_away(w, "Revoke", "staff", staff);
}

static void do_revoke_vendor(struct world *w)
{
    cleanup_free char *vendor = many_vendor(LAST);

    take_away(w, "Revoke", "vendor", vendor);
}

static void do_revoke_grant(struct world *w)
{
    struct many_grant g = many_grant(&plan, OTHER);

    take_away(w, "Revoke", "grant", g.id);
    many_grant_done(&g);
}

static void do_revoke_unknown(struct world *w)
{
    take_away(w, "Revoke", "grant", NOBODYS);
}

static void do_lock(struct world *w)
{
    cleanup_free char *vendor = many_vendor(LAST);

    take_away(w, "Lock", "vendor", vendor);
    take_away(w, "Unlock", "vendor", vendor);
}

static void do_show(struct world *w)
{
    struct many_grant g = many_grant(&plan, THIRD);

    assert_call(w, "GrantShow", json_pack("{ss}", "id", g.id), NULL);
    assert_call(w, "GrantShow", json_pack("{ss}", "id", NOBODYS), NOT_FOUND);
    many_grant_done(&g);
}

static void do_list(struct world *w)
{
    char staff[MANY_STAFF];
    struct varlink_reply r;

    many_staff(&plan, THIRD, staff);
    r = world_call(w, "GrantList", json_pack("{ss}", "staff", staff));
    assert_int_equal(json_array_size(json_object_get(r.parameters, "grants")), 1);
    varlink_reply_done(&r);
}

static void do_finish(struct world *w)
{
    struct many_grant g = many_grant(&plan, THIRD);

    assert_call(w, "GrantFinish", json_pack("{ss}", "id", g.id), NULL);
    assert_call(w, "GrantFinish", json_pack("{ss}", "id", NOBODYS), NOT_FOUND);
    many_grant_done(&g);
}

static void do_explain(struct world *w)
{
    assert_call(w, "Explain", json_pack("{ss ss}", "staff", WORLD_STAFF, "source", "10.1.2.3"), NULL);
}

/* A gated person has nothing gone through but what is theirs. */
static void do_session(struct world *w)
{
    struct visitor v = visitor_new();

    world_log_in(w, &v);
    w->reaper.login_uid = WORLD_UID;
    assert_call(w, "GrantFinish", json_pack("{ss}", "id", "99999999"), NOT_FOUND);
    assert_call(w, "GrantFinish", json_pack("{ss}", "id", "01234567"), NULL);
    w->reaper.login_uid = UINT32_MAX;
    world_until(w, world_nobody_is_left, NULL);
    visitor_end(&v);
}

static const struct {
    const char *what;
    void (*act)(struct world *w);
} acts[] = {
    {"a grant handed in", do_hand_in},
    {"a person revoked", do_revoke_person},
    {"a grant revoked", do_revoke_grant},
    {"a grant revoked that is not there", do_revoke_unknown},
    {"a vendor locked", do_lock},
    {"a grant shown", do_show},
    {"a person's grants listed", do_list},
    {"a grant finished", do_finish},
    {"a question", do_explain},
    {"a session, and its grant finished from within", do_session},
    {"a vendor revoked", do_revoke_vendor},
};

static void test_nothing_goes_through_all(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
        walks = 0;
        atomic_store(&rows, 0);
        acts[i].act(*state);
        if (walks > 0 || atomic_load(&rows) >= FEW)
            fail_msg("%s: went through all grants %u times, and %llu rows", acts[i].what, walks,
                     (unsigned long long)atomic_load(&rows));
    }
}

/* Whoever does not say whose, nor which, has all gone through: once. It is what tells that the test counts.
 */
static void test_by_the_first_digits(void **state)
{
    struct world *w = *state;
    sqlite3_stmt *all = NULL;
    sqlite3 *db = NULL;

    walks = 0;
    assert_call(w, "GrantShow", json_pack("{ss}", "id", "01234567"), NULL);
    assert_int_equal(walks, 1);
    world_stop(w);
    assert_int_equal(sqlite3_open(world_path(w, "hufu.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT count(*) FROM document WHERE length(octets) > 0", -1, &all, NULL),
        SQLITE_OK);
    atomic_store(&rows, 0);
    assert_int_equal(sqlite3_step(all), SQLITE_ROW);
    assert_true(atomic_load(&rows) >= GRANTS - 1);
    assert_int_equal(sqlite3_finalize(all), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_goes_through_all),
        cmocka_unit_test(test_by_the_first_digits),
    };

    return cmocka_run_group_tests(tests, setup, world_teardown);
}
