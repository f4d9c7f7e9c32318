// LAYERS: test_support

#include "broker/daemon/texts.h"
#include "policy/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROW(symbol, number, name) REASON_##symbol,
static const enum reason reasons[] = {REASON_TABLE(ROW)};
#undef ROW

static void test_every_reason_has_a_sentence_and_advice(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        const struct texts_reason *t = texts_of(reasons[i]);

        if (!t)
            fail_msg("%s: no text", reason_name(reasons[i]));
        if (strlen(t->sentence) < 10 || t->sentence[strlen(t->sentence) - 1] != '.')
            fail_msg("%s: no sentence", reason_name(reasons[i]));
        if (strlen(t->advice) < 10 || t->advice[strlen(t->advice) - 1] != '.')
            fail_msg("%s: no advice", reason_name(reasons[i]));
    }
    assert_null(texts_of((enum reason)9999));
}

static void test_sentences_are_not_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(texts_of(reasons[i])->sentence, texts_of(reasons[j])->sentence) == 0)
                fail_msg("%s and %s", reason_name(reasons[i]), reason_name(reasons[j]));
}

static bool is_ascii_line(const char *text)
{
    for (; *text != '\n' && *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* First line: ASCII, with the reason's name; then what to do; last the reference, and no LF behind it. */
static void test_refusal(void **state)
{
    char message[TEXTS_MESSAGE_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        const struct texts_refusal t = {.reason = reasons[i],
                                        .reference = "ABCDEFGH",
                                        .grant = "0123456789abcdef0123456789abcdef",
                                        .ticket = "CHG-1",
                                        .opens = 1795255200};

        texts_refuse(&t, message);
        assert_true(is_ascii_line(message));
        assert_non_null(strstr(message, reason_name(reasons[i])));
        assert_non_null(strstr(message, texts_of(reasons[i])->advice));
        assert_non_null(strstr(message, "CHG-1"));
        assert_non_null(strstr(message, "01234567,")); /* as much of the id as a person can say */
        assert_non_null(strstr(message, "2026-11-21T10:00:00Z"));
        assert_string_equal(message + strlen(message) - 8, "ABCDEFGH");
    }
}

static void test_refusal_without_a_grant(void **state)
{
    const struct texts_refusal t = {.reason = REASON_NO_GRANT, .reference = "ABCDEFGH", .opens = WHEN_NEVER};
    char message[TEXTS_MESSAGE_SIZE];

    (void)state;
    texts_refuse(&t, message);
    assert_null(strstr(message, "ticket"));
    assert_null(strstr(message, "allowed from"));
}

static void test_unknown_reason_is_an_error_not_silence(void **state)
{
    const struct texts_refusal t = {.reason = (enum reason)9999, .reference = "R", .opens = WHEN_NEVER};
    char message[TEXTS_MESSAGE_SIZE];

    (void)state;
    texts_refuse(&t, message);
    assert_non_null(strstr(message, "internal error"));
}

static void test_warning_and_admission(void **state)
{
    char text[256], message[TEXTS_MESSAGE_SIZE] = "";

    (void)state;
    texts_warn(1, 1795255200, text, sizeof(text));
    assert_non_null(strstr(text, " 1 min,"));
    texts_warn(15, 1795255200, text, sizeof(text));
    assert_non_null(strstr(text, " 15 min,"));
    assert_non_null(strstr(text, "2026-11-21T10:00:00Z"));
    texts_admit(1795255200, 1795255200 - 5400, "CHG-1", message);
    assert_non_null(strstr(message, "1 h 30 min"));
    assert_non_null(strstr(message, "CHG-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reason_has_a_sentence_and_advice),
        cmocka_unit_test(test_sentences_are_not_the_same),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_refusal_without_a_grant),
        cmocka_unit_test(test_unknown_reason_is_an_error_not_silence),
        cmocka_unit_test(test_warning_and_admission),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
