// LAYERS: test_support
// LIBRARIES: sqlite3
#include "broker/store/schema.h"
#include "broker/store/sql.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
    sqlite3 *db;
    int r = sql_open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db);

    *state = db;
    return r;
}

static int teardown(void **state)
{
    return sqlite3_close(*state);
}

static const char *const steps[] = {
    "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);",
    "ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = 'two';",
    "CREATE INDEX a_x ON a (x);",
};

static int64_t version(sqlite3 *db)
{
    int64_t v;

    assert_int_equal(sql_get_int(db, "PRAGMA user_version", &v), 0);
    return v;
}

static void test_steps_in_order(void **state)
{
    char text[10];

    assert_int_equal(schema_migrate(*state, steps, 1), 0);
    assert_int_equal(version(*state), 1);
    assert_int_equal(schema_migrate(*state, steps, 3), 0);
    assert_int_equal(version(*state), 3);
    assert_int_equal(sql_get_text(*state, "SELECT y FROM a", text, sizeof(text)), 0);
    assert_string_equal(text, "two");
    assert_int_equal(schema_migrate(*state, steps, 3), 0);
    assert_int_equal(schema_verify(*state, steps, 3), 0);
    assert_int_equal(schema_verify(*state, steps, 2), -EBADMSG);
}

/* A step happens whole or not at all; those before it stand. */
static void test_failing_step(void **state)
{
    const char *const bad[] = {steps[0],
                               "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nothing VALUES (1);"};
    int64_t n;

    assert_true(schema_migrate(*state, bad, 2) < 0);
    assert_int_equal(version(*state), 1);
    assert_int_equal(sql_get_int(*state, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'", &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(schema_migrate(*state, steps, 3), 0);
}

static void test_newer(void **state)
{
    assert_int_equal(schema_migrate(*state, steps, 3), 0);
    assert_int_equal(schema_migrate(*state, steps, 2), -EPROTO);
    assert_int_equal(version(*state), 3);
}

/* What went out with version 1 stays as it is: a change of it would leave old stores unlike new ones. */
static void test_shipped_version_1(void **state)
{
    const struct {
        const char *query;
        int64_t expected;
    } facts[] = {
        {"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'", 7},
        {"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", 7},
        {"SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'ledger'", 3},
        {"SELECT sum(length(sql)) FROM sqlite_schema", 2804},
    };

    assert_int_equal(schema_migrate(*state, schema_steps, 1), 0);
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
        int64_t v;

        assert_int_equal(sql_get_int(*state, facts[i].query, &v), 0);
        if (v != facts[i].expected)
            fail_msg("%s: %lld", facts[i].query, (long long)v);
    }
}

static void test_shipped_version_2(void **state)
{
    int64_t length;

    assert_int_equal(schema_migrate(*state, schema_steps, 1), 0);
    assert_int_equal(sql_exec(*state, "INSERT INTO meta VALUES ('host', 'db01.finance.example');"), 0);
    assert_int_equal(schema_migrate(*state, schema_steps, 2), 0);
    assert_int_equal(
        sql_get_int(*state, "SELECT length(sql) FROM sqlite_schema WHERE name = 'verdict'", &length), 0);
    assert_int_equal(length, 212);
    assert_int_equal(sql_get_int(*state, "SELECT count(*) FROM meta", &length), 0);
    assert_int_equal(length, 1);
}

static void test_shipped_version_3(void **state)
{
    int64_t length;

    assert_int_equal(schema_migrate(*state, schema_steps, 2), 0);
    assert_int_equal(schema_migrate(*state, schema_steps, 3), 0);
    assert_int_equal(sql_get_int(*state,
                                 "SELECT sum(length(sql)) FROM sqlite_schema"
                                 " WHERE name IN ('feed', 'published')",
                                 &length),
                     0);
    assert_int_equal(length, 555);
}

static void test_shipped_version_4(void **state)
{
    int64_t length;

    assert_int_equal(schema_migrate(*state, schema_steps, 4), 0);
    assert_int_equal(
        sql_get_int(*state, "SELECT sum(length(sql)) FROM sqlite_schema WHERE tbl_name = 'claim'", &length),
        0);
    assert_int_equal(length, 329);
}

static void test_shipped_version_5(void **state)
{
    int64_t length, before;

    assert_int_equal(schema_migrate(*state, schema_steps, 4), 0);
    assert_int_equal(
        sql_get_int(*state, "SELECT length(sql) FROM sqlite_schema WHERE name = 'session'", &before), 0);
    assert_int_equal(schema_migrate(*state, schema_steps, 5), 0);
    assert_int_equal(
        sql_get_int(*state, "SELECT length(sql) FROM sqlite_schema WHERE name = 'session'", &length), 0);
    assert_int_equal(length - before, 71);
}

static void test_shipped_version_6(void **state)
{
    int64_t length;

    assert_int_equal(schema_migrate(*state, schema_steps, 6), 0);
    assert_int_equal(sql_get_int(*state,
                                 "SELECT sum(length(sql)) FROM sqlite_schema"
                                 " WHERE tbl_name IN ('ledger', 'segment', 'repetition')",
                                 &length),
                     0);
    assert_int_equal(length, 2236);
}

static void test_shipped_version_7(void **state)
{
    int64_t length;

    assert_int_equal(schema_migrate(*state, schema_steps, 6), 0);
    assert_int_equal(schema_migrate(*state, schema_steps, 7), 0);
    assert_int_equal(sql_get_int(*state,
                                 "SELECT sum(length(sql)) FROM sqlite_schema"
                                 " WHERE name IN ('document_of_staff', 'document_no_grant')",
                                 &length),
                     0);
    assert_int_equal(length, 280);
}

static void test_shipped_version_8(void **state)
{
    int64_t length;

    assert_int_equal(schema_migrate(*state, schema_steps, 8), 0);
    assert_int_equal(
        sql_get_int(*state, "SELECT length(sql) FROM sqlite_schema WHERE tbl_name = 'session_live'", &length),
        0);
    assert_int_equal(length, 735);
    assert_int_equal(
        sql_get_int(*state, "SELECT count(*) FROM sqlite_schema WHERE tbl_name = 'session'", &length), 0);
    assert_int_equal(length, 1);
    assert_int_equal(schema_n_steps, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_steps_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped_version_1, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped_version_2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped_version_3, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped_version_4, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped_version_5, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped_version_6, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped_version_7, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped_version_8, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
