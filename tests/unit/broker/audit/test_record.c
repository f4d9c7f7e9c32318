#include "broker/audit/record.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static struct record sample(const char *staff)
{
    return (struct record){.format = RECORD_FORMAT_2_SHA256,
                           .at_us = 1795219200123456,
                           .event = "login",
                           .result = "success",
                           .reason = REASON_OK,
                           .staff = staff,
                           .vendor = "acme",
                           .account = staff,
                           .service = "sshd",
                           .session = 17,
                           .actor = UINT32_MAX,
                           .detail = "shell"};
}

static void encode(const struct record *r, struct buf *b)
{
    *b = BUF_INIT;
    record_encode(r, b);
    assert_int_equal(buf_error(b), 0);
}

/* Written down by hand from the definition: whoever checks a ledger without us must get these octets. */
static void test_encoding(void **state)
{
    static const uint8_t expected[] = "\0\x0dhufu-record-1"
                                      "\0\x08\0\0\0\0\0\0\0\x07"
                                      "\0\x08\0\0\0\0\0\x0f\x42\x40"
                                      "\0\x05login\0\x07success"
                                      "\0\x02\0\x01"
                                      "\0\x05zhang\0\x04"
                                      "acme\0\x06oracle\0\x04sshd\0\x08"
                                      "10.1.2.3\0\x03ssh\0\x02"
                                      "ab"
                                      "\0\x04\0\0\0\x03"
                                      "\0\x05"
                                      "CHG-1"
                                      "\0\x08\0\0\0\0\0\0\x01\x02"
                                      "\0\x08\xff\xff\xff\xff\xff\xff\xff\xfe"
                                      "\0\x08\0\0\0\0\0\0\0\x09"
                                      "\0\x02R1"
                                      "\0\x04\xff\xff\xff\xff"
                                      "\0\0";
    struct record r = {
        .format = RECORD_FORMAT_1,
        .sequence = 7,
        .at_us = 1000000,
        .event = "login",
        .result = "success",
        .reason = REASON_OK,
        .staff = "zhang",
        .vendor = "acme",
        .account = "oracle",
        .service = "sshd",
        .address = "10.1.2.3",
        .tty = "ssh",
        .grant = "ab",
        .version = 3,
        .ticket = "CHG-1",
        .session = 258,
        .deadline = -2,
        .latency_us = 9,
        .reference = "R1",
        .actor = UINT32_MAX,
        .detail = NULL,
        .count = 5, /* not of this format */
    };
    struct buf b;

    (void)state;
    encode(&r, &b);
    assert_int_equal(b.size, sizeof(expected) - 1);
    assert_memory_equal(b.data, expected, b.size);
    buf_done(&b);
}

/* The same for format 2: its own label, and three members more. */
static void test_encoding_of_format_2(void **state)
{
    static const uint8_t tail[] = "\0\x05shell"
                                  "\0\x08\0\0\0\0\0\0\x01\x2c"
                                  "\0\x08\0\0\0\0\0\x0f\x42\x40"
                                  "\0\x04\0\0\0\x03";
    struct record r = sample("zhang.san");
    struct buf sha256, sm3;

    (void)state;
    r.count = 300;
    r.first_us = 1000000;
    r.sources = 3;
    encode(&r, &sha256);
    assert_memory_equal(sha256.data, "\0\x14hufu-record-2-sha256\0\x08", 24);
    assert_memory_equal(sha256.data + sha256.size - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
    r.format = RECORD_FORMAT_2_SM3;
    encode(&r, &sm3);
    assert_memory_equal(sm3.data, "\0\x11hufu-record-2-sm3\0\x08", 21);
    assert_memory_equal(sm3.data + 19, sha256.data + 22, sm3.size - 19);
    buf_done(&sha256);
    buf_done(&sm3);
}

static void test_encoding_refuses_an_unknown_format(void **state)
{
    static const uint8_t unknown[] = {0, 4, 255};
    struct record r = sample("zhang.san");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
        cleanup_buf struct buf b = BUF_INIT;

        r.format = unknown[i];
        record_encode(&r, &b);
        assert_int_equal(buf_error(&b), -EINVAL);
        assert_null(record_format_label(unknown[i]));
    }
}

/* No two records look the same when hashed: each field that changes changes the octets, and so does a letter
 * that wanders from one text to the next. */
static void test_encoding_tells_apart(void **state)
{
    struct record a = sample("zhang.san"), b = a;
    struct buf x, y;

    (void)state;
    a.tty = "ab";
    a.grant = "c";
    b.tty = "a";
    b.grant = "bc";
    encode(&a, &x);
    encode(&b, &y);
    assert_int_equal(x.size, y.size);
    assert_memory_not_equal(x.data, y.data, x.size);
    buf_done(&x);
    buf_done(&y);
}

static void test_encoding_refuses_huge(void **state)
{
    char *huge = malloc(65537);
    struct record r = sample("zhang.san");
    struct buf b = BUF_INIT;

    (void)state;
    assert_non_null(huge);
    memset(huge, 'a', 65536);
    huge[65536] = '\0';
    r.detail = huge;
    record_encode(&r, &b);
    assert_int_equal(buf_error(&b), -EMSGSIZE);
    buf_done(&b);
    free(huge);
}

static void test_copy(void **state)
{
    char staff[] = "zhang.san";
    struct record r = sample(staff), *copy;

    (void)state;
    r.tty = NULL;
    assert_int_equal(record_copy(&r, &copy), 0);
    memset(staff, 'x', sizeof(staff) - 1);
    assert_string_equal(copy->staff, "zhang.san");
    assert_string_equal(copy->account, "zhang.san");
    assert_string_equal(copy->tty, "");
    assert_string_equal(copy->detail, "shell");
    assert_int_equal(copy->session, 17);
    record_free_array(copy, 1);
    record_free_array(NULL, 5);
}

static void test_clean(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"", ""},
        {"ls -l /srv", "ls -l /srv"},
        {"\xe8\x99\x8e\xe7\xac\xa6", "\xe8\x99\x8e\xe7\xac\xa6"},
        {"a\nb\tc\x7f"
         "d\x1b[2J",
         "a?b?c?d?[2J"},
        {"\xff\xfe"
         "a\xe8\x99",
         "??a??"},
        {"a\xe2\x80\xae"
         "b",
         "a???b"},          /* right-to-left override */
        {"\xc2\x85", "??"}, /* a control character in two octets */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct record r = {.event = "login", .detail = cases[i].from, .tty = cases[i].from}, *copy = NULL;

        assert_int_equal(record_copy(&r, &copy), 0);
        record_clean(copy);
        assert_string_equal(copy->detail, cases[i].to);
        assert_string_equal(copy->tty, cases[i].to);
        assert_string_equal(copy->event, "login");
        record_free_array(copy, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_encoding_of_format_2),
        cmocka_unit_test(test_encoding_refuses_an_unknown_format),
        cmocka_unit_test(test_encoding_tells_apart),
        cmocka_unit_test(test_encoding_refuses_huge),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
