/*
 * Tokens of a grant that come from elsewhere than a document: what has no text is not written, and what has
 * is the text that is read.
 */
#include "policy/document/grant_token.h"
#include "tests/unit/unit.h"

#include <string.h>

#define ALL_DAYS 0x7f

struct row {
    struct grant_hours hours;
    const char *text; /* NULL: none */
};

static const struct row rows[] = {
    {{.days = 1, .start_minute = 0, .end_minute = 1440}, "mon 00:00-24:00 +00:00"},
    {{.days = 64, .start_minute = 1439, .end_minute = 0}, "sun 23:59-00:00 +00:00"},
    {{.days = 0x1f, .start_minute = 540, .end_minute = 1080, .offset_minutes = 480},
     "mon-fri 09:00-18:00 +08:00"},
    {{.days = 0x60, .start_minute = 1, .end_minute = 60, .offset_minutes = -1}, "sat-sun 00:01-01:00 -00:01"},
    {{.days = ALL_DAYS, .start_minute = 1, .end_minute = 2, .offset_minutes = 14 * 60},
     "mon-sun 00:01-00:02 +14:00"},
    {{.days = ALL_DAYS, .start_minute = 1, .end_minute = 2, .offset_minutes = -12 * 60},
     "mon-sun 00:01-00:02 -12:00"},
    /* No day, an eighth day, and days that are no range. */
    {{.days = 0, .start_minute = 1, .end_minute = 2}, NULL},
    {{.days = 0x80, .start_minute = 1, .end_minute = 2}, NULL},
    {{.days = 0xc0, .start_minute = 1, .end_minute = 2}, NULL},
    {{.days = 0xff, .start_minute = 1, .end_minute = 2}, NULL},
    {{.days = 5, .start_minute = 1, .end_minute = 2}, NULL},
    {{.days = 0x81, .start_minute = 1, .end_minute = 2}, NULL},
    /* A minute, a minute and an offset beyond the last. */
    {{.days = 1, .start_minute = 1440, .end_minute = 2}, NULL},
    {{.days = 1, .start_minute = 1, .end_minute = 1441}, NULL},
    {{.days = 1, .start_minute = 1, .end_minute = 2, .offset_minutes = 14 * 60 + 1}, NULL},
    {{.days = 1, .start_minute = 1, .end_minute = 2, .offset_minutes = -14 * 60 - 1}, NULL},
    {{.days = 1, .start_minute = 1, .end_minute = 2, .offset_minutes = INT16_MIN}, NULL},
};

static void test_hours(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[GRANT_HOURS_TEXT_SIZE];
        struct grant_hours again;

        assert_int_equal(grant_token_format_hours(&rows[i].hours, text), rows[i].text != NULL);
        if (!rows[i].text)
            continue;
        assert_string_equal(text, rows[i].text);
        memset(&again, 0xff, sizeof(again));
        assert_null(grant_token_parse_hours((struct grammar_token){text, strlen(text)}, &again));
        assert_int_equal(again.days, rows[i].hours.days);
        assert_int_equal(again.start_minute, rows[i].hours.start_minute);
        assert_int_equal(again.end_minute, rows[i].hours.end_minute);
        assert_int_equal(again.offset_minutes, rows[i].hours.offset_minutes);
    }
}

/* A line of a document never ends with a blank; a command may come without one. */
static void test_blanks_of_commands(void **state)
{
    static const char *const refused[] = {"", " ", "/bin/ls ", "/bin/ls  ", "/bin/ls -l  ", " /bin/ls", "/"};

    (void)state;
    assert_true(grant_token_command.is("/bin/ls", 7));
    assert_true(grant_token_command.is("/bin/ls -l", 10));
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (grant_token_command.is(refused[i], strlen(refused[i])))
            fail_msg("`%s` passes for a command", refused[i]);
}

static void test_hosts(void **state)
{
    static const char *const refused[] = {"", "@", "@@", "@ ", "any", "none", "a b", "@a b"};

    (void)state;
    assert_true(grant_token_host.is("a", 1));
    assert_true(grant_token_host.is("@a", 2));
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (grant_token_host.is(refused[i], strlen(refused[i])))
            fail_msg("`%s` passes for a host", refused[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_blanks_of_commands),
        cmocka_unit_test(test_hosts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
