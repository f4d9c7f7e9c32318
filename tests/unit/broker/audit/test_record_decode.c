#include "broker/audit/record_decode.h"
#include "tests/unit/broker/audit/samples.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static void expect_back(struct record r)
{
    cleanup_record_space struct record_space space = RECORD_SPACE_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct record back;

    record_encode(&r, &b);
    assert_int_equal(buf_error(&b), 0);
    memset(r.previous, 0, sizeof(r.previous));
    memset(r.hash, 0, sizeof(r.hash));
    assert_int_equal(record_decode(b.data, b.size, &space, &back), 0);
    sample_expect_equal(&r, &back);
}

static void test_what_was_encoded_comes_back(void **state)
{
    struct record r = sample_record();

    (void)state;
    expect_back(r);
    r.format = RECORD_FORMAT_2_SM3;
    expect_back(r);
    r = sample_bare_record();
    expect_back(r);
    r.deadline = WHEN_NEVER;
    r.sequence = UINT64_MAX;
    expect_back(r);
}

/* Cut anywhere, or with anything behind it, it is no record. */
static void test_whole_or_not_at_all(void **state)
{
    cleanup_record_space struct record_space space = RECORD_SPACE_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct record r = sample_record(), back;

    (void)state;
    record_encode(&r, &b);
    for (size_t size = 0; size < b.size; size++) {
        cleanup_free uint8_t *cut = malloc(size + 1);

        memcpy(cut, b.data, size);
        assert_true(record_decode(cut, size, &space, &back) < 0);
    }
    buf_put_u8(&b, 0);
    assert_int_equal(record_decode(b.data, b.size, &space, &back), -EBADMSG);
}

/* Any octet changed: refused, or another record, which encodes to just these octets. */
static void test_nothing_else_encodes_to_it(void **state)
{
    cleanup_record_space struct record_space space = RECORD_SPACE_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct record r = sample_record(), back;

    (void)state;
    record_encode(&r, &b);
    for (size_t i = 0; i < b.size; i++) {
        cleanup_buf struct buf again = BUF_INIT;

        b.data[i] ^= 0x15;
        if (record_decode(b.data, b.size, &space, &back) == 0) {
            record_encode(&back, &again);
            assert_int_equal(again.size, b.size);
            assert_memory_equal(again.data, b.data, b.size);
        }
        b.data[i] ^= 0x15;
    }
}

static void test_unknown_format(void **state)
{
    cleanup_record_space struct record_space space = RECORD_SPACE_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct record back;

    (void)state;
    buf_put_string(&b, "hufu-record-9");
    assert_int_equal(record_decode(b.data, b.size, &space, &back), -ENOTSUP);
}

static void test_a_text_has_no_nul(void **state)
{
    cleanup_record_space struct record_space space = RECORD_SPACE_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct record r = sample_record(), back;
    uint8_t *at;

    (void)state;
    record_encode(&r, &b);
    at = memmem(b.data, b.size, "acme", 4);
    assert_non_null(at);
    at[1] = 0;
    assert_int_equal(record_decode(b.data, b.size, &space, &back), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_encoded_comes_back), cmocka_unit_test(test_whole_or_not_at_all),
        cmocka_unit_test(test_nothing_else_encodes_to_it),  cmocka_unit_test(test_unknown_format),
        cmocka_unit_test(test_a_text_has_no_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
