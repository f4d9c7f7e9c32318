// LAYERS: test_support
// LIBRARIES: sqlite3

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* hufud over the store of another version than its own. */

static void on_store(struct world *w, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(world_path(w, "hufu.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static enum reason ask(struct world *w, const struct visitor *v)
{
    struct gate_pam m = world_login(v);

    return world_ask(w, v, FRAME_GATE_ACCOUNT, &m).reason;
}

static void test_an_earlier_version_keeps_grants_sessions_and_counts(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), next = visitor_new();
    uint64_t number;

    world_grant(w, (struct grant_plan){.sessions = "2"});
    number = world_log_in(w, &v);
    world_stop(w);
    /* Nor had it an anchor. What becomes of the ledger is in the store's own tests: format 1 cannot be
     * written here. */
    assert_int_equal(unlink(world_path(w, "anchor")), 0);
    on_store(w, "DELETE FROM meta WHERE name = 'anchored';"
                "INSERT INTO session SELECT * FROM session_live; DROP TABLE session_live;"
                "CREATE INDEX session_not_over ON session (number) WHERE state IN (1, 2, 3);"
                "DROP INDEX document_of_staff; DROP INDEX document_no_grant;"
                "DROP TABLE repetition; DROP TRIGGER ledger_append; DROP TRIGGER ledger_delete;"
                "DROP TABLE segment; DELETE FROM ledger;"
                "CREATE TRIGGER ledger_append BEFORE INSERT ON ledger"
                " WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM ledger)"
                " BEGIN SELECT raise(ABORT, 'the ledger has no gaps and is not overwritten'); END;"
                "CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger"
                " BEGIN SELECT raise(ABORT, 'the ledger is not shortened'); END;"
                "ALTER TABLE ledger DROP COLUMN sources; ALTER TABLE ledger DROP COLUMN first_us;"
                "ALTER TABLE ledger DROP COLUMN count; ALTER TABLE ledger DROP COLUMN format;"
                "ALTER TABLE session DROP COLUMN channels;"
                "DROP TABLE claim; DROP TABLE published; DROP TABLE feed; DROP TABLE verdict;"
                "PRAGMA user_version = 1;");
    world_start(w);
    assert_non_null(registry_find(w->broker->registry, number));
    assert_int_equal(grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF)->uses_taken, 1);
    assert_int_equal(ask(w, &next), REASON_OK);
    assert_int_equal(ask(w, &next), REASON_OK); /* the same reservation */
    visitor_end(&v);
    visitor_end(&next);
}

static char *content(struct world *w, size_t *size)
{
    char *octets;

    assert_int_equal(files_read(world_path(w, "hufu.db"), geteuid(), 16 * 1024 * 1024, &octets, size), 0);
    return octets;
}

static bool status_says(struct world *w, const char *subject, const char *words)
{
    struct varlink_reply reply = world_call(w, "Status", json_object());
    json_t *finding;
    bool said = false;
    size_t i;

    json_array_foreach(json_object_get(reply.parameters, "findings"), i, finding) said |=
        strcmp(json_string_value(json_object_get(finding, "subject")), subject) == 0 &&
        strstr(json_string_value(json_object_get(finding, "message")), words) != NULL;
    varlink_reply_done(&reply);
    return said;
}

static void test_a_newer_version_is_left_alone(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    char *before, *after;
    size_t n_before, n_after;

    world_grant(w, (struct grant_plan){0});
    world_stop(w);
    on_store(w, "PRAGMA user_version = 99;");
    before = content(w, &n_before);
    world_start(w);
    assert_int_equal(ask(w, &v), REASON_STORE_DAMAGED);
    assert_true(status_says(w, "store", "made by a newer version"));
    world_stop(w);
    after = content(w, &n_after);
    assert_int_equal(n_after, n_before);
    assert_memory_equal(after, before, n_before);
    free(before);
    free(after);
    visitor_end(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_earlier_version_keeps_grants_sessions_and_counts, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_a_newer_version_is_left_alone, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
