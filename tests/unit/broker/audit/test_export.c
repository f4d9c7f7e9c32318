#include "broker/audit/export_read.h"
#include "broker/audit/record_json.h"
#include "broker/common/files.h"
#include "tests/unit/broker/audit/samples.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define LEDGER "00112233445566778899aabbccddeeff"

static const struct sealed_segment segments[] = {
    {.first = 1, .last = 6, .hash = {1, 2}, .sealed = "sequence=6"}};

static struct export_head head(void)
{
    return (struct export_head){.host = "db01",
                                .ledger = LEDGER,
                                .first = 7,
                                .last = 8,
                                .key = "-----BEGIN PUBLIC KEY-----\n",
                                .exported = 1795219200,
                                .segments = segments,
                                .n_segments = 1};
}

/* Two records; `end`: what the last line tells of. */
static void make(struct buf *b, uint64_t end)
{
    const struct export_head h = head();
    struct record r = sample_record();

    export_put_head(b, &h);
    export_put_record(b, &r);
    r.sequence++;
    export_put_record(b, &r);
    export_put_end(b, end, r.sequence, r.hash);
    assert_int_equal(buf_error(b), 0);
}

static int memory_file(const void *octets, size_t size)
{
    int fd = memfd_create("export", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, octets, size), (ssize_t)size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Reads it all. How many records, or what went wrong. */
static int read_all(const void *octets, size_t size, char error[static EXPORT_ERROR_SIZE])
{
    cleanup_close int fd = memory_file(octets, size);
    cleanup(export_close_p) struct export_file *f = NULL;
    struct record r;
    int n = 0, e = export_open(fd, &f, error);

    if (e < 0)
        return e;
    while ((e = export_next(f, &r, error)) == 1)
        n++;
    return e < 0 ? e : n;
}

static void test_what_is_written_can_be_read(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup(export_close_p) struct export_file *f = NULL;
    struct record r = sample_record(), back;
    const struct export_head *h;
    char error[EXPORT_ERROR_SIZE];
    cleanup_close int fd = -1;

    (void)state;
    make(&b, 2);
    fd = memory_file(b.data, b.size);
    assert_int_equal(export_open(fd, &f, error), 0);
    h = export_file_head(f);
    assert_string_equal(h->host, "db01");
    assert_string_equal(h->ledger, LEDGER);
    assert_int_equal(h->first, 7);
    assert_int_equal(h->last, 8);
    assert_string_equal(h->key, head().key);
    assert_int_equal(h->exported, 1795219200);
    assert_int_equal(h->n_segments, 1);
    assert_int_equal(h->segments[0].last, 6);
    assert_memory_equal(h->segments[0].hash, segments[0].hash, RECORD_HASH_SIZE);
    assert_string_equal(h->segments[0].sealed, "sequence=6");
    assert_null(h->filter);
    assert_int_equal(export_next(f, &back, error), 1);
    sample_expect_equal(&r, &back);
    assert_int_equal(export_line(f), 2);
    assert_int_equal(export_next(f, &back, error), 1);
    assert_int_equal(back.sequence, 8);
    assert_int_equal(export_next(f, &back, error), 0);
}

static void expect_line_back(const struct record *r)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *space = NULL;
    struct record back;

    export_put_record(&b, r);
    space = malloc(b.size);
    assert_int_equal(export_parse_record((char *)b.data, b.size - 1, space, &back), 0);
    sample_expect_equal(r, &back);
}

static void test_nothing_is_lost_at_the_edges(void **state)
{
    struct record r = sample_record();

    (void)state;
    r.deadline = WHEN_NEVER;
    r.reason = (enum reason)65000;
    r.sequence = UINT64_MAX;
    r.latency_us = UINT64_MAX;
    expect_line_back(&r);
    r = sample_bare_record();
    expect_line_back(&r);
    r.detail = "\x01\x7f\xff\xfe\n";
    expect_line_back(&r);
}

/* What Audit says of a record and what stands in an export is the same. */
static void test_as_audit_has_it(void **state)
{
    struct record samples[] = {sample_record(), sample_bare_record()};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        cleanup_buf struct buf b = BUF_INIT;
        json_t *line, *audit = record_json(&samples[i]);

        export_put_record(&b, &samples[i]);
        line = json_loadb((char *)b.data, b.size, 0, NULL);
        assert_non_null(line);
        assert_true(json_equal(line, audit));
        json_decref(line);
        json_decref(audit);
    }
}

/* Cut anywhere, it is not whole, and says so. */
static void test_cut_anywhere(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    char error[EXPORT_ERROR_SIZE];

    (void)state;
    make(&b, 2);
    for (size_t size = 0; size < b.size; size++) {
        assert_int_equal(read_all(b.data, size, error), -EBADMSG);
        assert_true(error[0] != '\0');
    }
    assert_int_equal(read_all(b.data, b.size, error), 2);
    buf_puts(&b, "\n");
    assert_int_equal(read_all(b.data, b.size, error), -EBADMSG);
}

static void test_the_last_line_has_to_agree(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    char error[EXPORT_ERROR_SIZE];

    (void)state;
    make(&b, 3);
    assert_int_equal(read_all(b.data, b.size, error), -EBADMSG);
    assert_string_equal(error, "line 4: the last line tells of 3 records up to 8; 2 were read, up to 8");
}

/* A ledger of many years, in which a segment was sealed each day. */
static void test_as_many_segments_as_years_have_days(void **state)
{
    enum { N = 20000 };
    cleanup_free struct sealed_segment *many = calloc(N, sizeof(*many));
    cleanup_free char *sealed = malloc(500);
    struct export_head h = head();
    cleanup_buf struct buf b = BUF_INIT;
    char error[EXPORT_ERROR_SIZE];
    struct record r = sample_record();

    (void)state;
    memset(sealed, 'x', 499);
    sealed[499] = '\0';
    for (size_t i = 0; i < N; i++)
        many[i] = (struct sealed_segment){.first = i + 1, .last = i + 1, .sealed = sealed};
    h.segments = many;
    h.n_segments = N;
    export_put_head(&b, &h);
    export_put_record(&b, &r);
    export_put_end(&b, 1, r.sequence, r.hash);
    assert_int_equal(read_all(b.data, b.size, error), 1);
}

static void test_a_line_without_end(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *blanks = malloc(EXPORT_LINE_MAX + 1024 * 1024);
    char error[EXPORT_ERROR_SIZE];

    (void)state;
    make(&b, 2);
    memset(blanks, ' ', EXPORT_LINE_MAX + 1024 * 1024);
    buf_put(&b, blanks, EXPORT_LINE_MAX + 1024 * 1024);
    assert_int_equal(read_all(b.data, b.size, error), -EBADMSG);
    assert_string_equal(error, "line 4: the line behind it is longer than any of ours");
}

static void test_a_first_line_of_something_else(void **state)
{
    static const char *const bad[] = {
        "x\n",
        "{}\n",
        "{\"hufu-ledger\":2}\n",
        "{\"hufu-ledger\":1}\n",
        "{\"hufu-ledger\":1,\"host\":\"a\",\"ledger\":\"" LEDGER "\",\"first\":1,\"last\":2,\"key\":null,"
        "\"exported\":\"2026-11-21T00:00:00Z\",\"segments\":[],\"filter\":null,\"more\":1}\n",
        "{\"hufu-ledger\":1,\"host\":\"a\",\"ledger\":\"" LEDGER "\",\"first\":-1,\"last\":2,\"key\":null,"
        "\"exported\":\"2026-11-21T00:00:00Z\",\"segments\":[],\"filter\":null}\n",
        "{\"hufu-ledger\":1,\"host\":\"a\",\"ledger\":\"x\",\"first\":1,\"last\":2,\"key\":null,"
        "\"exported\":\"2026-11-21T00:00:00Z\",\"segments\":[],\"filter\":null}\n",
        "{\"hufu-ledger\":1,\"host\":\"a\",\"ledger\":\"" LEDGER "\",\"first\":1,\"last\":2,\"key\":null,"
        "\"exported\":\"2026-11-21T00:00:00Z\",\"segments\":[{}],\"filter\":null}\n",
        /* A terminal would take this name for what we say. */
        "{\"hufu-ledger\":1,\"host\":\"a\\u001b[2J\",\"ledger\":\"" LEDGER
        "\",\"first\":1,\"last\":2,\"key\":null,"
        "\"exported\":\"2026-11-21T00:00:00Z\",\"segments\":[],\"filter\":null}\n",
    };
    char error[EXPORT_ERROR_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (read_all(bad[i], strlen(bad[i]), error) != -EBADMSG || strstr(error, "last line"))
            fail_msg("taken: %s", bad[i]); /* and only what comes behind it is missed */
}

/* What format 1 does not hash cannot be slipped in. */
static void test_format_1_has_no_counts(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *space = NULL;
    struct record r = sample_record(), back;

    (void)state;
    r.format = RECORD_FORMAT_1;
    export_put_record(&b, &r);
    space = malloc(b.size);
    assert_int_equal(export_parse_record((char *)b.data, b.size - 1, space, &back), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_can_be_read),
        cmocka_unit_test(test_nothing_is_lost_at_the_edges),
        cmocka_unit_test(test_as_audit_has_it),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_the_last_line_has_to_agree),
        cmocka_unit_test(test_as_many_segments_as_years_have_days),
        cmocka_unit_test(test_a_line_without_end),
        cmocka_unit_test(test_a_first_line_of_something_else),
        cmocka_unit_test(test_format_1_has_no_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
