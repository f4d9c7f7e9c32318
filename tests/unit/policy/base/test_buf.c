// LINK: -Wl,--wrap=realloc
/*
 * The growing buffer, and the view that reads it back.
 */
#include "policy/base/buf.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static bool no_memory;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_realloc(void *old, size_t size)
{
    return no_memory ? NULL : __real_realloc(old, size);
}

static void test_what_is_written_is_read(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct view v;
    char text[6];

    (void)state;
    buf_put_u8(&b, 0x01);
    buf_put_u16(&b, 0x0203);
    buf_put_u32(&b, 0x04050607);
    buf_put_u64(&b, 0x08090a0b0c0d0e0f);
    buf_put_string(&b, "hello");
    buf_put_string(&b, NULL);
    buf_put(&b, "xyz", 3);
    assert_int_equal(buf_error(&b), 0);
    assert_int_equal(b.size, 15 + 7 + 2 + 3);
    for (unsigned i = 0; i < 15; i++)
        assert_int_equal(b.data[i], i + 1);
    v = view_of(b.data, b.size);
    assert_int_equal(view_get_u8(&v), 0x01);
    assert_int_equal(view_get_u16(&v), 0x0203);
    assert_int_equal(view_get_u32(&v), 0x04050607);
    assert_true(view_get_u64(&v) == 0x08090a0b0c0d0e0f);
    memset(text, 'x', sizeof(text));
    view_get_string(&v, text, sizeof(text));
    assert_string_equal(text, "hello");
    view_get_string(&v, text, sizeof(text));
    assert_string_equal(text, "");
    assert_int_equal(view_end(&v), -EBADMSG);
    assert_memory_equal(view_get(&v, 3), "xyz", 3);
    assert_int_equal(view_end(&v), 0);
}

static void test_growth(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        buf_put_u32(&b, i);
    assert_int_equal(buf_error(&b), 0);
    assert_int_equal(b.size, 400000);
    for (unsigned i = 0; i < 100000; i += 999) {
        struct view v = view_of(b.data + (size_t)4 * i, 4);

        assert_int_equal(view_get_u32(&v), i);
    }
}

static void test_text(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    char *text, longer[300];

    (void)state;
    text = buf_steal_text(&b);
    assert_string_equal(text, "");
    free(text);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    buf_puts(&b, "a");
    buf_printf(&b, "-%d-%s", 7, longer);
    buf_printf(&b, "%s", ""); /* nothing is no error */
    assert_int_equal(b.size, 1 + 3 + 299);
    text = buf_steal_text(&b);
    assert_int_equal(strlen(text), 303);
    assert_memory_equal(text, "a-7-xxx", 7);
    free(text);
    assert_null(b.data);
    assert_int_equal(b.size, 0);
}

/* A text of just as many octets as there may be. */
static void test_text_at_the_limit(void **state)
{
    cleanup_buf struct buf b = {.limit = 4};
    cleanup_free char *text = NULL;

    (void)state;
    buf_put(&b, "abcd", 4);
    buf_put(&b, "", 0);
    assert_int_equal(buf_error(&b), 0);
    text = buf_steal_text(&b);
    assert_string_equal(text, "abcd");
}

static void test_limit(void **state)
{
    cleanup_buf struct buf b = {.limit = 4};
    cleanup_buf struct buf whole = BUF_INIT;

    (void)state;
    buf_puts(&b, "abcd");
    assert_int_equal(buf_error(&b), 0);
    buf_put_u8(&b, 1);
    assert_int_equal(buf_error(&b), -EMSGSIZE);
    /* The first error stays, and nothing follows it. */
    buf_puts(&b, "");
    buf_printf(&b, "x");
    assert_int_equal(b.size, 4);
    assert_int_equal(buf_error(&b), -EMSGSIZE);
    assert_null(buf_steal_text(&b));
    buf_put(&whole, "", BUF_DEFAULT_LIMIT + 1);
    assert_int_equal(buf_error(&whole), -EMSGSIZE);
    buf_done(&whole);
    buf_put(&whole, "", SIZE_MAX);
    assert_int_equal(buf_error(&whole), -EMSGSIZE);
}

static void test_string_too_long(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    char *text = malloc(65537);

    (void)state;
    memset(text, 'x', 65536);
    text[65536] = 0;
    buf_put_string(&b, text + 1);
    assert_int_equal(buf_error(&b), 0);
    assert_int_equal(b.size, 65537);
    buf_put_string(&b, text);
    assert_int_equal(buf_error(&b), -EMSGSIZE);
    assert_int_equal(b.size, 65537);
    free(text);
}

static void test_no_memory(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;

    (void)state;
    buf_puts(&b, "abc");
    no_memory = true;
    for (unsigned i = 0; i < 100; i++)
        buf_put_u64(&b, 0);
    no_memory = false;
    assert_int_equal(buf_error(&b), -ENOMEM);
    assert_null(buf_steal_text(&b));
    buf_puts(&b, "later");
    assert_int_equal(buf_error(&b), -ENOMEM);
    assert_memory_equal(b.data, "abc", 3);
}

static void test_view_never_passes_its_end(void **state)
{
    const uint8_t octets[] = {0, 5, 'h', 'e', 'l', 'l', 'o'};

    (void)state;
    for (size_t size = 0; size <= sizeof(octets); size++) {
        struct view v = view_of(octets, size);
        char text[8] = "?";

        view_get_string(&v, text, sizeof(text));
        if (size == sizeof(octets)) {
            assert_string_equal(text, "hello");
            assert_int_equal(view_end(&v), 0);
        } else {
            assert_string_equal(text, "");
            assert_int_equal(view_end(&v), -EBADMSG);
            assert_int_equal(view_get_u8(&v), 0);
        }
    }
}

static void test_view_refuses(void **state)
{
    const uint8_t nul[] = {0, 3, 'a', 0, 'b', 9}, five[] = {0, 5, 'h', 'e', 'l', 'l', 'o', 9};
    struct view v = view_of(nul, sizeof(nul));
    char text[6] = "?";

    (void)state;
    view_get_string(&v, text, sizeof(text));
    assert_string_equal(text, "");
    /* Every later read fails as well. */
    assert_int_equal(view_get_u8(&v), 0);
    assert_int_equal(view_end(&v), -EBADMSG);
    v = view_of(five, sizeof(five));
    view_get_string(&v, text, 5);
    assert_string_equal(text, "");
    assert_int_equal(view_end(&v), -EBADMSG);
    v = view_of(five, sizeof(five));
    view_get_string(&v, text, 0);
    assert_int_equal(v.error, -EBADMSG);
    v = view_of(five, sizeof(five));
    assert_null(view_get(&v, sizeof(five) + 1));
    assert_null(view_get(&v, 1));
    v = view_of(five, sizeof(five));
    assert_null(view_get(&v, SIZE_MAX));
    v = view_of(five, 3);
    assert_int_equal(view_get_u32(&v), 0);
    assert_int_equal(view_get_u16(&v), 0);
    v = view_of(NULL, 0);
    assert_non_null(view_get(&v, 0));
    assert_int_equal(view_end(&v), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_text_at_the_limit),
        cmocka_unit_test(test_string_too_long),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_view_never_passes_its_end),
        cmocka_unit_test(test_view_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
