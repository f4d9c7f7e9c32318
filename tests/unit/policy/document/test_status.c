/*
 * Statuses: what they may take away, and how large they may be.
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/document/status.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STATUS (&samples[8])
#define ONE    "11111111111111111111111111111111"
#define TWO    "22222222222222222222222222222222"

static struct status *parse(const char *text)
{
    struct document_error error = {0};
    struct status *s;

    if (status_parse(text, strlen(text), &s, &error) != 0)
        fail_msg("%u: %s", error.line, error.reason);
    return s;
}

static void test_every_member(void **state)
{
    cleanup(status_free_p) struct status *s = parse(sample_status);
    char issued[WHEN_TEXT_SIZE], expires[WHEN_TEXT_SIZE];

    (void)state;
    when_format(s->issued, issued);
    when_format(s->expires, expires);
    assert_string_equal(s->site, "cn.example.finance");
    assert_int_equal(s->trust_epoch, 4);
    assert_int_equal(s->epoch, 17);
    assert_string_equal(issued, "2026-11-21T08:00:00Z");
    assert_string_equal(expires, "2026-11-22T08:00:00Z");
    assert_int_equal(s->n_revoked, 2);
    assert_int_equal(s->revoked[0].octets[0], 0x01);
    assert_int_equal(s->revoked[1].octets[0], 0x89);
    assert_int_equal(s->n_revoked_certificates, 1);
    assert_int_equal(s->revoked_certificates[0].sha256[0], 0x0f);
    assert_int_equal(s->revoked_certificates[0].sha256[31], 0xdd);
    assert_int_equal(s->n_minimum_versions, 2);
    assert_int_equal(s->minimum_versions[0].id.octets[0], 0x11);
    assert_int_equal(s->minimum_versions[0].version, 3);
    assert_int_equal(s->minimum_versions[1].version, 2147483647);
}

static void test_nothing_taken_away(void **state)
{
    cleanup(status_free_p) struct status *s = parse(sample_status_empty);

    (void)state;
    assert_int_equal(s->n_revoked, 0);
    assert_int_equal(s->n_revoked_certificates, 0);
    assert_int_equal(s->n_minimum_versions, 0);
}

static void test_values(void **state)
{
    static const struct {
        const char *from, *to;
        unsigned line;
        const char *part;
    } rows[] = {
        {"trust-epoch: 4", "trust-epoch: 0", 3, "not a whole number"},
        {"\nepoch: 17", "\nepoch: 017", 4, "not a whole number"},
        {"\nepoch: 17", "\nepoch: 2147483648", 4, "not a whole number"},
        {"expires: 2026-11-22T08:00:00Z", "expires: 2026-11-21T08:00:00Z", 6, "not later than issued"},
        {"expires: 2026-11-22T08:00:00Z", "expires: forever", 6, "not a time"},
        {"revoked: 0123", "revoked: 0123 ", 7, "not an id"},
        {"revoked: 0123", "revoked: 012", 7, "not an id"},
        {"revoked: 89", "revoked: 8F", 8, "not an id"},
        {"revoked-certificate: 0fce", "revoked-certificate: 0fc", 9, "not a SHA-256"},
        {"minimum-version: " ONE " 3", "minimum-version: " ONE, 10, "not `ID VERSION`"},
        {"minimum-version: " ONE " 3", "minimum-version: " ONE " 0", 10, "not a whole number"},
        {"minimum-version: " ONE " 3", "minimum-version: " ONE " 3 4", 10, "not `ID VERSION`"},
        {"minimum-version: " ONE " 3", "minimum-version: 1 3", 10, "not `ID VERSION`"},
        {"minimum-version: " TWO " 2147483647", "minimum-version: " ONE " 4", 11, "two minimum versions"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        sample_edit_refused(STATUS, rows[i].from, rows[i].to, rows[i].line, rows[i].part);
    sample_edit_accepted(STATUS, "expires: 2026-11-22T08:00:00Z", "expires: 2026-11-21T08:00:01Z");
}

/* As many lines as fit into 1 MiB: 42 octets each. */
static char *with_revoked(unsigned n, size_t padding)
{
    cleanup_buf struct buf text = BUF_INIT;
    char *joined;

    buf_printf(&text, "hufu-status: 1\nsite: s%.*s\n", (int)padding,
               "sssssssssssssssssssssssssssssssssssssssssss");
    buf_puts(&text,
             "trust-epoch: 1\nepoch: 1\nissued: 2026-11-21T08:00:00Z\nexpires: 2026-11-22T08:00:00Z\n");
    for (unsigned i = 0; i < n; i++)
        buf_printf(&text, "revoked: %032x\n", i);
    joined = buf_steal_text(&text);
    assert_non_null(joined);
    return joined;
}

static void test_size(void **state)
{
    cleanup_free char *head = with_revoked(0, 0);
    unsigned n = (unsigned)((1048576 - strlen(head)) / 42);
    size_t padding = (1048576 - strlen(head)) % 42;
    cleanup_free char *largest = with_revoked(n, padding);
    cleanup_free char *larger = with_revoked(n, padding + 1);
    cleanup(status_free_p) struct status *s = parse(largest);

    (void)state;
    assert_int_equal(strlen(largest), 1048576);
    assert_int_equal(s->n_revoked, n);
    sample_accepted(STATUS->round, largest, strlen(largest));
    sample_refused(STATUS->round, larger, strlen(larger), 0,
                   "the document has 1048577 octets, more than 1048576");
}

static void test_line(void **state)
{
    char *line = malloc(65536 + 1);
    cleanup_free char *text = NULL;

    (void)state;
    memset(line, 'a', 65537);
    memcpy(line, "site: ", 6);
    assert_true(asprintf(&text, "hufu-status: 1\n%.65536s\n", line) > 0);
    sample_refused(STATUS->round, text, strlen(text), 2, "is not a name");
    free(text);
    assert_true(asprintf(&text, "hufu-status: 1\n%.65537s\n", line) > 0);
    sample_refused(STATUS->round, text, strlen(text), 2, "the line has 65537 octets, more than 65536");
    free(line);
}

/* Whatever the order in memory, the text is sorted, and reads back sorted. */
static void test_written_sorted(void **state)
{
    static const struct ident_id ids[] = {{{2}}, {{1}}};
    static const struct status_minimum minimums[] = {{{{3}}, 10}, {{{2}}, 9}};
    cleanup(status_free_p) struct status *s = parse(sample_status_empty);
    cleanup(status_free_p) struct status *again = NULL;
    cleanup_free char *text = NULL;

    (void)state;
    s->revoked = ids;
    s->n_revoked = 2;
    s->minimum_versions = minimums;
    s->n_minimum_versions = 2;
    assert_int_equal(status_write(s, &text, NULL), 0);
    again = parse(text);
    assert_int_equal(again->revoked[0].octets[0], 1);
    assert_int_equal(again->revoked[1].octets[0], 2);
    assert_int_equal(again->minimum_versions[0].version, 9);
    assert_int_equal(again->minimum_versions[1].version, 10);
}

static void test_what_has_no_text_is_not_written(void **state)
{
    static const struct ident_id twice[] = {{{1}}, {{1}}};
    static const struct status_minimum two[] = {{{{1}}, 1}, {{{1}}, 2}}, zero[] = {{{{1}}, 0}};
    cleanup(status_free_p) struct status *valid = parse(sample_status);
    struct document_error error = {0};
    struct status s;
    char *text;

    (void)state;
#define REFUSED(part, ...)                                          \
    do {                                                            \
        s = *valid;                                                 \
        __VA_ARGS__;                                                \
        text = (char *)"";                                          \
        error = (struct document_error){0};                         \
        assert_int_equal(status_write(&s, &text, &error), -EINVAL); \
        assert_null(text);                                          \
        assert_non_null(strstr(error.reason, part));                \
    } while (0)
    REFUSED("site:", s.site = NULL);
    REFUSED("trust-epoch:", s.trust_epoch = 0);
    REFUSED("epoch:", s.epoch = 0);
    REFUSED("expires:", s.expires = s.issued);
    REFUSED("expires:", s.expires = WHEN_NEVER);
    REFUSED("the same line stands twice", s.revoked = twice);
    REFUSED("two minimum versions", s.minimum_versions = two);
    REFUSED("minimum-version:", s.minimum_versions = zero; s.n_minimum_versions = 1);
#undef REFUSED
    assert_null(status_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_nothing_taken_away),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_written_sorted),
        cmocka_unit_test(test_what_has_no_text_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
