#include "pam_module/client.h"
#include "pam_module/result.h"
#include "pam_module/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Every single bit wrong, and the usual suspects: none of them is an admission. */
static void only_allow_is_success(void **state)
{
    static const uint32_t suspects[] = {
        0, 1, 2, 0xff, 0x7fffffff, VERDICT_DENY, VERDICT_ALLOW + 1, VERDICT_ALLOW - 1};
    struct gate_reply reply = {.verdict = VERDICT_ALLOW};

    (void)state;
    assert_int_equal(result_of_reply(&reply), PAM_SUCCESS);
    for (unsigned bit = 0; bit < 31; bit++) {
        reply.verdict = (enum verdict)(VERDICT_ALLOW ^ (1u << bit));
        assert_int_equal(result_of_reply(&reply), PAM_PERM_DENIED);
    }
    for (size_t i = 0; i < sizeof(suspects) / sizeof(suspects[0]); i++) {
        reply.verdict = (enum verdict)suspects[i];
        reply.reason = REASON_OK;
        assert_int_equal(result_of_reply(&reply), PAM_PERM_DENIED);
    }
}

static void only_free_is_passed_over(void **state)
{
    static const enum scope_result refused[] = {SCOPE_GATED, SCOPE_TWO_PERSONS, SCOPE_UNSURE,
                                                (enum scope_result)0, (enum scope_result)1};

    (void)state;
    assert_int_equal(result_of_scope(SCOPE_FREE), PAM_IGNORE);
    assert_int_equal(result_of_scope(SCOPE_NO_USER), PAM_USER_UNKNOWN);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_int_equal(result_of_scope(refused[i]), PAM_PERM_DENIED);
    for (unsigned bit = 0; bit < 31; bit++)
        assert_int_not_equal(result_of_scope((enum scope_result)(SCOPE_FREE ^ (1u << bit))), PAM_IGNORE);
}

/* Lines of at most 79 columns: a terminal of 80 would end them anywhere. */
static void is_plain_ascii(const char *text)
{
    for (size_t column = 0; *text != 0; text++) {
        column = *text == '\n' ? 0 : column + 1;
        assert_true(column <= 79);
        assert_true(column == 0 || (*text >= ' ' && *text <= '~'));
    }
}

static void sentences_are_plain_ascii(void **state)
{
    (void)state;
    is_plain_ascii(CLIENT_AWAY_TEXT);
    is_plain_ascii(SCOPE_MISCONFIGURED_TEXT);
    is_plain_ascii(scope_text(SCOPE_TWO_PERSONS));
    is_plain_ascii(scope_text(SCOPE_UNSURE));
    assert_null(scope_text(SCOPE_FREE));
    assert_null(scope_text(SCOPE_NO_USER));
}

static void text_is_made_fit_for_a_terminal(void **state)
{
    static const struct {
        const char *dirty, *clean;
    } rows[] = {
        {"", ""},
        {"plain\nlines", "plain\nlines"},
        {"\x1b[2J\x07\x08\r\t\x7f", "?[2J?????"},
        {"\xc2\x9b"
         "2J",
         "??2J"}, /* CSI in one character */
        {"\xc2\x80\xc2\x9f\xc2\xa0", "????\xc2\xa0"},
        {"虎符", "虎符"},
        {"\xc2", "\xc2"},
        {"\xe6\x9c\x80", "\xe6\x9c\x80"}, /* octets of that range inside another character */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[32];

        memcpy(text, rows[i].dirty, strlen(rows[i].dirty) + 1);
        text_clean(text);
        assert_string_equal(text, rows[i].clean);
    }
    for (unsigned octet = 1; octet < 0x20; octet++) {
        char text[2] = {(char)octet, 0};

        text_clean(text);
        assert_int_equal(text[0], octet == '\n' ? '\n' : '?');
    }
}

static void numbers_are_decimal(void **state)
{
    static const uint32_t numbers[] = {0, 1, 9, 10, 11, 99, 100, 28800, 999999999, 1000000000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char text[TEXT_NUMBER_SIZE + 1], expected[TEXT_NUMBER_SIZE];

        memset(text, '~', sizeof(text));
        assert_int_equal(text_number(numbers[i], text),
                         snprintf(expected, sizeof(expected), "%u", numbers[i]));
        assert_string_equal(text, expected);
        assert_int_equal(text[sizeof(text) - 1], '~');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_allow_is_success),     cmocka_unit_test(only_free_is_passed_over),
        cmocka_unit_test(sentences_are_plain_ascii), cmocka_unit_test(text_is_made_fit_for_a_terminal),
        cmocka_unit_test(numbers_are_decimal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
