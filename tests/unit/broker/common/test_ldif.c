#include "broker/common/ldif.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* Reads a whole text; the number of records, or what the reader refuses it with. */
static int read_all(const char *text, size_t size, struct ldif_reader *reader)
{
    FILE *in = fmemopen((void *)text, size, "re");
    int n = 0, r;

    assert_non_null(in);
    *reader = (struct ldif_reader){.in = in};
    do {
        cleanup(ldif_record_free_p) struct ldif_record *record = NULL;

        r = ldif_read(reader, &record);
        assert_int_equal(record != NULL, r == 1);
        n += r == 1;
    } while (r == 1);
    (void)fclose(in);
    return r < 0 ? r : n;
}

static void assert_refused(const char *text, unsigned line, const char *reason)
{
    struct ldif_reader reader;

    assert_int_equal(read_all(text, strlen(text), &reader), -EINVAL);
    if (!strstr(reader.reason, reason))
        fail_msg("refused with \"%s\": %s", reader.reason, text);
    assert_int_equal(reader.line, line);
}

static struct ldif_record *read_one(const char *text)
{
    struct ldif_record *record = NULL;
    FILE *in = fmemopen((void *)text, strlen(text), "re");
    struct ldif_reader reader = {.in = in};

    assert_non_null(in);
    if (ldif_read(&reader, &record) != 1)
        fail_msg("line %u: %s", reader.line, reader.reason);
    (void)fclose(in);
    return record;
}

static void test_reads_what_the_standard_shows(void **state)
{
    cleanup(ldif_record_free_p) struct ldif_record *r =
        read_one("version: 1\n# a comment\n # that goes on\n\n"
                 "dn: cn=Barbara Jensen, ou=Product\n  Development\nobjectclass:  top\r\ncn:: 5bygCuS4iQ==\n"
                 "empty:\n# between\nx-1: a:b <c\n\nnext: record\n");

    (void)state;
    assert_string_equal(r->dn, "cn=Barbara Jensen, ou=Product Development");
    assert_int_equal(r->line, 6); /* the last line of its name */
    assert_int_equal(r->n_lines, 4);
    assert_string_equal(ldif_text(r, "objectClass"), "top");
    assert_string_equal(ldif_text(r, "CN"), "张\n三");
    assert_string_equal(ldif_text(r, "empty"), "");
    assert_string_equal(ldif_text(r, "x-1"), "a:b <c");
    assert_null(ldif_text(r, "next"));
}

static void test_one_value_means_one(void **state)
{
    cleanup(ldif_record_free_p) struct ldif_record *r = read_one("dn: a\na: 1\nA: 2\nb:: AGI=\n");

    (void)state;
    assert_null(ldif_text(r, "a"));
    assert_null(ldif_text(r, "b")); /* a NUL in it */
    assert_int_equal(r->lines[2].size, 2);
}

static void test_counts_records(void **state)
{
    struct ldif_reader reader;
    static const char text[] = "dn: a\nb: 1\n\n\n# c\ndn: b\nb: 1\n\n";

    (void)state;
    assert_int_equal(read_all(text, strlen(text), &reader), 2);
    assert_int_equal(read_all("version: 1\n", 11, &reader), 0);
}

static void test_reads_parts_of_changes(void **state)
{
    cleanup(ldif_record_free_p) struct ldif_record *r =
        read_one("dn: a\nchangetype: modify\nadd: x\nx: 1\n-\nadd: y\ny: 2\n-\n");

    (void)state;
    assert_int_equal(r->n_lines, 7);
    assert_string_equal(r->lines[3].name, "-");
    assert_int_equal(r->lines[3].size, 0);
}

static void test_refuses(void **state)
{
    (void)state;
    assert_refused("dn: a\nb:< file:///etc/shadow\n", 2, "by URL");
    assert_refused("dn: a\nb: 1", 2, "cut off");
    assert_refused("dn: a\nb: 1\n c", 3, "cut off");
    assert_refused("dn: a\nb: 1\n ", 2, "cut off");
    assert_refused("dn: a\nb:: AA=\n", 2, "canonical");
    assert_refused("dn: a\nb:: AB==\n", 2, "canonical");
    assert_refused("dn: a\nb: \xe5\xbc\xa0\n", 2, "base64");
    assert_refused("dn: a\nb: a\tb\n", 2, "base64");
    assert_refused("dn: a\nb: :c\n", 2, "base64");
    assert_refused("dn: a\nb: 1\rc\n", 2, "base64");
    assert_refused("dn: a\n b\nc d\n", 3, "no `attribute: value`");
    assert_refused("dn: a\n: d\n", 2, "no `attribute: value`");
    assert_refused("dn: a\nb;lang-zh: d\n", 2, "no `attribute: value`");
    assert_refused("b: 1\n", 1, "begins with `dn:`");
    assert_refused("dn:: AGI=\nb: 1\n", 1, "NUL");
    assert_refused("dn: a\n\ndn: b\nc: 1\n", 2, "without attributes");
    assert_refused("dn: a\n", 1, "without attributes");
    assert_refused(" dn: a\nb: 1\n", 1, "no `attribute: value`");
    assert_refused("version: 2\n\ndn: a\nb: 1\n", 1, "begins with `dn:`");
    assert_refused("dn: a\nb: 1\n\nversion: 1\n", 4, "begins with `dn:`");
    assert_refused("\n b: 1\n", 1, "of nothing");
}

/* A NUL, which C's strings end at. */
static void test_refuses_a_nul(void **state)
{
    static const char text[] = "dn: a\nb: 1\0002\n";
    struct ldif_reader reader;

    (void)state;
    assert_int_equal(read_all(text, sizeof(text) - 1, &reader), -EINVAL);
}

static void test_refuses_what_is_too_long(void **state)
{
    size_t size = LDIF_LINE_MAX + 100;
    cleanup_free char *text = malloc(size);
    cleanup_buf struct buf many = BUF_INIT;
    struct ldif_reader reader;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', size);
    memcpy(text, "dn: a\nb: ", 9);
    text[size - 1] = '\n';
    assert_int_equal(read_all(text, size, &reader), -EINVAL);
    assert_non_null(strstr(reader.reason, "longer"));
    buf_puts(&many, "dn: a\n");
    for (size_t i = 0; i <= LDIF_LINES_MAX; i++)
        buf_puts(&many, "b: 1\n");
    assert_int_equal(read_all((char *)many.data, many.size, &reader), -EINVAL);
    assert_non_null(strstr(reader.reason, "more than 4096 lines"));
}

static void test_writes(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    (void)state;
    ldif_put_text(&b, "dn", "cn=a");
    ldif_put_text(&b, "a", "");
    ldif_put_text(&b, "a", " b");
    ldif_put_text(&b, "a", "b ");
    ldif_put_text(&b, "a", ":b");
    ldif_put_text(&b, "a", "<b");
    ldif_put_text(&b, "a", "b\n");
    ldif_put_text(&b, "a", "张");
    ldif_put_dash(&b);
    ldif_put_end(&b);
    text = buf_steal_text(&b);
    assert_string_equal(text,
                        "dn: cn=a\na:\na:: IGI=\na:: YiA=\na:: OmI=\na:: PGI=\na:: Ygo=\na:: 5byg\n-\n\n");
}

/* Every length around the fold comes back, and no line is longer than 76 columns. */
static void test_folds(void **state)
{
    (void)state;
    for (size_t n = 60; n < 240; n++) {
        cleanup(ldif_record_free_p) struct ldif_record *r = NULL;
        cleanup_buf struct buf b = BUF_INIT;
        cleanup_free char *text = NULL;
        char value[240];

        memset(value, 'x', n);
        value[n] = '\0';
        ldif_put_text(&b, "dn", "cn=a");
        ldif_put_text(&b, "attribute", value);
        text = buf_steal_text(&b);
        for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
            assert_in_range(strcspn(line, "\n"), 0, 76);
        r = read_one(text);
        assert_string_equal(ldif_text(r, "attribute"), value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_standard_shows),
        cmocka_unit_test(test_one_value_means_one),
        cmocka_unit_test(test_counts_records),
        cmocka_unit_test(test_reads_parts_of_changes),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_refuses_a_nul),
        cmocka_unit_test(test_refuses_what_is_too_long),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_folds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
