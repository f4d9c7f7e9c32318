// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/audit/export.h"
#include "policy/base/cleanup.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Records in files of several hosts, on a machine without a broker. */

#define SECOND 1000000
#define GRANT  "0123456789abcdef0123456789abcdef"

static void write_export(const char *name, const char *host, const struct record *rows, size_t n)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;
    const struct export_head head = {.host = host,
                                     .ledger = "00112233445566778899aabbccddeeff",
                                     .first = rows[0].sequence,
                                     .last = rows[n - 1].sequence,
                                     .exported = PAPERS_NOW};

    export_put_head(&b, &head);
    for (size_t i = 0; i < n; i++)
        export_put_record(&b, &rows[i]);
    export_put_end(&b, n, rows[n - 1].sequence, rows[n - 1].hash);
    text = buf_steal_text(&b);
    assert_non_null(text);
    put_file(name, text);
}

static struct record record_at(uint64_t sequence, when_t at, const char *staff)
{
    return (struct record){.format = RECORD_FORMAT_2_SHA256,
                           .sequence = sequence,
                           .at_us = at * SECOND,
                           .event = "login",
                           .result = "failure",
                           .reason = REASON_NO_GRANT,
                           .staff = staff,
                           .grant = GRANT,
                           .session = sequence,
                           .actor = UINT32_MAX};
}

static int setup(void **state)
{
    struct record db[3], web[2];

    for (unsigned i = 0; i < 3; i++)
        db[i] = record_at(i + 1, 1000 + 10 * i, "zhang.san");
    web[0] = record_at(1, 1005, "li.si");
    web[1] = record_at(2, 1100, "li.si");
    if (enter_folder(state) != 0)
        return -1;
    write_export("db.jsonl", "db01", db, ARRAY_SIZE(db));
    write_export("web.jsonl", "web01", web, ARRAY_SIZE(web));
    return 0;
}

/* Hosts and times in the order of the reply. */
static void expect(const char *line, const char *expected)
{
    cleanup_result struct result r = invoke_line(line);
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;
    json_t *reply = json_loads(r.out, 0, NULL);
    const json_t *record;
    size_t i;

    assert_int_equal(r.code, EXIT_DONE);
    assert_non_null(reply);
    json_array_foreach(json_object_get(reply, "records"), i, record)
        buf_printf(&b, "%s%s:%lld", i > 0 ? " " : "", json_string_value(json_object_get(record, "host")),
                   (long long)json_integer_value(json_object_get(record, "sequence")));
    text = buf_steal_text(&b);
    assert_string_equal(text ? text : "", expected);
    json_decref(reply);
}

static void test_by_time(void **state)
{
    (void)state;
    expect("audit show db.jsonl web.jsonl --json", "db01:1 web01:1 db01:2 db01:3 web01:2");
    expect("audit show web.jsonl db.jsonl --json", "db01:1 web01:1 db01:2 db01:3 web01:2");
    expect("audit show web.jsonl db.jsonl --json -n 2", "db01:3 web01:2");
    expect("audit show web.jsonl db.jsonl --json -n 1", "web01:2");
}

static void test_narrowed_down(void **state)
{
    (void)state;
    expect("audit show db.jsonl web.jsonl --json --host web01", "web01:1 web01:2");
    expect("audit show db.jsonl web.jsonl --json --host other", "");
    expect("audit show db.jsonl web.jsonl --json --staff zhang.san --session 2", "db01:2");
    expect("audit show db.jsonl web.jsonl --json --grant " GRANT " --since 1970-01-01T00:16:50Z --until "
           "1970-01-01T00:17:05Z",
           "db01:2 db01:3");
}

static void test_table(void **state)
{
    cleanup_result struct result r = invoke_line("audit show db.jsonl web.jsonl --utc");

    (void)state;
    assert_int_equal(r.code, EXIT_DONE);
    assert_says(r.out, "HOST");
    assert_says(r.out, "web01   1 1970-01-01T00:16:45Z login");
}

static void test_misuse(void **state)
{
    static const char *const lines[] = {
        "audit --host db01",
        "audit --event nonsense",
        "audit show db.jsonl --follow",
        "audit show db.jsonl --grant 01234567",
        "audit show db.jsonl --event nonsense",
        "audit show db.jsonl -n 0",
        "audit show db.jsonl --since yesterday",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        cleanup_result struct result r = invoke_line(lines[i]);

        assert_int_equal(r.code, EXIT_USAGE);
        assert_string_equal(r.out, "");
    }
}

/* What was read before a bad line is not shown as if it were all. */
static void test_bad_files(void **state)
{
    cleanup_result struct result missing = invoke_line("audit show nothing.jsonl");

    (void)state;
    assert_int_equal(missing.code, EXIT_NOT_FOUND);
    put_file("cut.jsonl", "{\"hufu-ledger\":1");
    {
        cleanup_result struct result cut = invoke_line("audit show db.jsonl cut.jsonl");

        assert_int_equal(cut.code, EXIT_REFUSED);
        assert_string_equal(cut.out, "");
        assert_says(cut.error, "cut.jsonl: ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_time, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_narrowed_down, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_table, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_misuse, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_bad_files, setup, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
