// LAYERS: test_support
// LIBRARIES: sqlite3 libcrypto
// LINK: -Wl,--wrap=EVP_DigestVerify

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/world.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Nothing is verified twice: how often the library was asked is counted, and on which threads. */

static pthread_t owner;
static atomic_uint verified, verified_by_owner;

int __real_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size)
{
    (void)atomic_fetch_add(&verified, 1);
    if (pthread_equal(pthread_self(), owner))
        (void)atomic_fetch_add(&verified_by_owner, 1);
    return __real_EVP_DigestVerify(ctx, s, size, tbs, tbs_size);
}

/* Since the last time. */
static unsigned count(void)
{
    return atomic_exchange(&verified, 0);
}

static int setup(void **state)
{
    int r = world_setup(state);

    owner = pthread_self();
    (void)count();
    atomic_store(&verified_by_owner, 0);
    return r;
}

static char *grant_text(struct grant_plan plan)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

    when_format(clock_wall() - 3600, from);
    when_format(clock_wall() + 3600, until);
    plan.from = from;
    plan.until = until;
    return paper_grant(&plan);
}

static enum reason hand_in(struct world *w, const char *document, const char *one, const char *two)
{
    struct varlink_reply r = world_hand_in(w, document, one, two);
    enum reason state = REASON_BROKER_ERROR;

    if (r.error)
        fail_msg("DocumentAdd: %s %s", r.error, json_dumps(r.parameters, 0));
    must(reason_from_name(json_string_value(json_object_get(r.parameters, "state")), &state) == 0);
    varlink_reply_done(&r);
    return state;
}

static enum reason standing(struct world *w)
{
    return grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF)->standing;
}

static void on_store(struct world *w, const char *sql)
{
    sqlite3 *db = NULL;

    world_stop(w);
    assert_int_equal(sqlite3_open(world_path(w, "hufu.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void restart(struct world *w)
{
    world_stop(w);
    world_start(w);
}

static void test_restart_verifies_nothing(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(count(), 2);
    restart(w);
    assert_int_equal(count(), 0);
    assert_int_equal(standing(w), REASON_OK);
    world_log_in(w, &v);
    assert_int_equal(count(), 0);
    visitor_end(&v);
}

/* Approvals come one by one, twice, and in another order; the second does not have the first verified again.
 */
static void test_each_approval_once(void **state)
{
    struct world *w = *state;
    char *grant = grant_text((struct grant_plan){0});
    char *one = department_approval(w->department, DEPARTMENT_LEADER, grant);
    char *two = department_approval(w->department, DEPARTMENT_UNIT, grant);

    assert_int_equal(hand_in(w, grant, one, NULL), REASON_APPROVAL_MISSING);
    assert_int_equal(count(), 1);
    assert_int_equal(hand_in(w, grant, two, NULL), REASON_OK);
    assert_int_equal(count(), 1);
    assert_int_equal(hand_in(w, grant, two, one), REASON_OK);
    assert_int_equal(hand_in(w, grant, NULL, NULL), REASON_OK);
    assert_int_equal(count(), 0);
    restart(w);
    assert_int_equal(hand_in(w, grant, one, two), REASON_OK);
    assert_int_equal(count(), 0);
    free(grant);
    free(one);
    free(two);
}

/* A signature that is none is remembered as that, over a restart too. */
static void test_negatives(void **state)
{
    struct world *w = *state;
    char *grant = grant_text((struct grant_plan){0});
    char *forged = paper_approval(&(struct approval_plan){.by = &w->department->approvers[DEPARTMENT_LEADER],
                                                          .document = grant,
                                                          .key = w->department->anchors[DEPARTMENT_SM2].key});

    assert_int_equal(hand_in(w, grant, forged, NULL), REASON_APPROVAL_MISSING);
    assert_int_equal(count(), 1);
    assert_int_equal(hand_in(w, grant, forged, NULL), REASON_APPROVAL_MISSING);
    restart(w);
    assert_int_equal(hand_in(w, grant, forged, NULL), REASON_APPROVAL_MISSING);
    assert_int_equal(count(), 0);
    assert_int_equal(standing(w), REASON_APPROVAL_MISSING);
    free(grant);
    free(forged);
}

static void test_showing_verifies_nothing(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    world_grant(w, (struct grant_plan){0});
    (void)count();
    r = world_call(w, "GrantShow", json_pack("{ss}", "id", PAPERS_ID));
    assert_int_equal(json_array_size(json_object_get(r.parameters, "approvals")), 2);
    varlink_reply_done(&r);
    assert_int_equal(count(), 0);
}

/* Under another trust file everything is verified anew, on workers, and then never again. */
static void test_another_trust(void **state)
{
    struct world *w = *state;
    char *next = epoch_text(w, (struct trust_plan){.epoch = 5});

    world_grant(w, (struct grant_plan){0});
    (void)count();
    epoch_replace(w, next, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    assert_int_equal(count(), 2 + 2 + 2); /* by the old, by itself, and the grant under it */
    assert_int_equal(standing(w), REASON_OK);
    assert_int_equal(atomic_load(&verified_by_owner), 0);
    restart(w);
    assert_int_equal(count(), 0);
    assert_int_equal(standing(w), REASON_OK);
    free(next);
}

/* A verdict of another trust file is none: the leader has left, and what is left over of him on disk admits
 * nobody. */
static void test_verdicts_of_another_trust_admit_nobody(void **state)
{
    struct world *w = *state;
    char *next = epoch_without_leader(w, 5);
    struct varlink_reply r;

    world_grant(w, (struct grant_plan){0});
    epoch_put_file(w, next);
    r = epoch_reset(w, next);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(standing(w), REASON_APPROVAL_MISSING);
    restart(w);
    assert_int_equal(standing(w), REASON_APPROVAL_MISSING);
    free(next);
}

static void is_ok(struct grant_entry *e, void *n)
{
    assert_int_equal(e->standing, REASON_OK);
    ++*(unsigned *)n;
}

/* A store without verdicts, of the version before or after a repair of libcrypto: all on workers, and once.
 */
static void test_start_without_verdicts(void **state)
{
    struct world *w = *state;
    char id[IDENT_ID_TEXT_SIZE];
    unsigned n = 0;

    for (unsigned i = 1; i <= 60; i++) {
        char about[64];
        char *grant, *one, *two;

        (void)snprintf(id, sizeof(id), "%032x", i);
        (void)snprintf(about, sizeof(about), "grant %s 3", id);
        grant = grant_text((struct grant_plan){.id = id});
        one = paper_approval(&(struct approval_plan){
            .by = &w->department->approvers[DEPARTMENT_LEADER], .document = grant, .about = about});
        two = paper_approval(&(struct approval_plan){
            .by = &w->department->approvers[DEPARTMENT_UNIT], .document = grant, .about = about});
        assert_int_equal(hand_in(w, grant, one, two), REASON_OK);
        free(grant);
        free(one);
        free(two);
    }
    (void)count();
    on_store(w, "DELETE FROM verdict");
    atomic_store(&verified_by_owner, 0);
    world_start(w);
    assert_int_equal(count(), 120);
    assert_int_equal(atomic_load(&verified_by_owner), 0);
    grant_index_each(grants_index(w->broker->grants), is_ok, &n);
    assert_int_equal(n, 60);
    restart(w);
    assert_int_equal(count(), 0);
}

/* A row that is missing is verified; one that is not ours is damage. */
static void test_missing_row(void **state)
{
    struct world *w = *state;

    world_grant(w, (struct grant_plan){0});
    (void)count();
    on_store(w, "DELETE FROM verdict WHERE key = (SELECT min(key) FROM verdict)");
    world_start(w);
    assert_int_equal(count(), 1);
    assert_int_equal(standing(w), REASON_OK);
    restart(w);
    assert_int_equal(count(), 0);
}

static int one_number(void *ret, int n, char **values, char **names)
{
    (void)n;
    (void)names;
    *(int *)ret = atoi(values[0]);
    return 0;
}

static int number_of(struct world *w, const char *sql)
{
    sqlite3 *db = NULL;
    int n = -1;

    assert_int_equal(sqlite3_open(world_path(w, "hufu.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, one_number, &n, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

/* What rests on a program or library that was there before is not used. */
static void test_rows_of_another_basis(void **state)
{
    struct world *w = *state;

    world_grant(w, (struct grant_plan){0});
    (void)count();
    on_store(w, "UPDATE verdict SET basis = zeroblob(32)");
    world_start(w);
    assert_int_equal(count(), 2);
    assert_int_equal(standing(w), REASON_OK);
    restart(w);
    assert_int_equal(count(), 0);
}

/* Nor does it pile up: verdicts under the trust before are back, and forgotten by the next start. */
static void test_rows_of_another_trust_are_forgotten(void **state)
{
    struct world *w = *state;
    char *next = epoch_text(w, (struct trust_plan){.epoch = 5});
    char sql[300];

    world_grant(w, (struct grant_plan){0});
    (void)snprintf(sql, sizeof(sql), "ATTACH '%s' AS s; CREATE TABLE s.v AS SELECT * FROM main.verdict",
                   world_path(w, "stash.db"));
    on_store(w, sql);
    world_start(w);
    epoch_replace(w, next, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    (void)snprintf(sql, sizeof(sql), "ATTACH '%s' AS s; INSERT INTO main.verdict SELECT * FROM s.v",
                   world_path(w, "stash.db"));
    on_store(w, sql);
    assert_int_equal(number_of(w, "SELECT count(*) FROM verdict"), 4);
    (void)count();
    world_start(w);
    assert_int_equal(count(), 0);
    world_stop(w);
    assert_int_equal(number_of(w, "SELECT count(*) FROM verdict"), 2);
    world_start(w);
    assert_int_equal(count(), 0);
    free(next);
}

static void assert_damage(struct world *w, const char *sql)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    on_store(w, sql);
    world_start(w);
    assert_null(w->broker->store);
    assert_int_equal(w->broker->store_error, -EBADMSG);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_DENY);
    visitor_end(&v);
}

static void test_damaged_row(void **state)
{
    struct world *w = *state;

    world_grant(w, (struct grant_plan){0});
    assert_damage(w, "UPDATE verdict SET verdict = x'014700000000000000000000'");
}

/* The verdict on one approval under the key of another. */
static void test_rows_that_changed_places(void **state)
{
    struct world *w = *state;

    world_grant(w, (struct grant_plan){0});
    assert_damage(w, "UPDATE verdict SET verdict = (SELECT verdict FROM verdict ORDER BY key DESC LIMIT 1)");
}

static void test_row_of_nothing(void **state)
{
    struct world *w = *state;

    assert_damage(w, "INSERT INTO verdict VALUES (zeroblob(32), zeroblob(32), x'00')");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_restart_verifies_nothing),
        TEST(test_each_approval_once),
        TEST(test_negatives),
        TEST(test_showing_verifies_nothing),
        TEST(test_another_trust),
        TEST(test_verdicts_of_another_trust_admit_nobody),
        TEST(test_start_without_verdicts),
        TEST(test_missing_row),
        TEST(test_rows_of_another_basis),
        TEST(test_rows_of_another_trust_are_forgotten),
        TEST(test_damaged_row),
        TEST(test_rows_that_changed_places),
        TEST(test_row_of_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
