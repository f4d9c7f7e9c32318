#include "broker/audit/sign_off.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DETAIL "from=2026-10-31T16:00:00Z until=2026-11-30T16:00:00Z sha256=" DIGEST " note=seen, note=all"

static void test_round_trip(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;
    struct sign_off x;

    (void)state;
    assert_int_equal(sign_off_parse(DETAIL, &x), 0);
    assert_int_equal(x.until - x.from, 30 * 86400);
    assert_string_equal(x.sha256, DIGEST);
    assert_string_equal(x.note, "seen, note=all");
    sign_off_format(&x, &b);
    text = buf_steal_text(&b);
    assert_string_equal(text, DETAIL);
}

static void test_strict(void **state)
{
    static const char *const wrong[] = {
        "",
        "from=2026-10-31T16:00:00Z",
        "from=2026-10-31T16:00:00Z until=2026-11-30T16:00:00Z sha256=e3b0 note=",
        "from=2026-10-31T16:00:00Z until=2026-11-30T16:00:00Z sha256=" DIGEST,
        "from=2026-11-30T16:00:00Z until=2026-10-31T16:00:00Z sha256=" DIGEST " note=",
        "from=2026-10-31 16:00:00Z until=2026-11-30T16:00:00Z sha256=" DIGEST " note=",
        " " DETAIL,
    };
    struct sign_off x;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(sign_off_parse(wrong[i], &x), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_strict)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
