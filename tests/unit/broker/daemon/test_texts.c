// LAYERS: test_support

#include "broker/common/reason_text.h"
#include "broker/daemon/texts.h"
#include "policy/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROW(symbol, number, name) REASON_##symbol,
static const enum reason reasons[] = {REASON_TABLE(ROW)};
#undef ROW

static void test_every_reason_has_a_sentence_and_advice(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        const struct reason_text *t = reason_text_of(reasons[i]);

        if (!t)
            fail_msg("%s: no text", reason_name(reasons[i]));
        if (strlen(t->sentence) < 10 || t->sentence[strlen(t->sentence) - 1] != '.')
            fail_msg("%s: no sentence", reason_name(reasons[i]));
        if (strlen(t->advice) < 10 || t->advice[strlen(t->advice) - 1] != '.')
            fail_msg("%s: no advice", reason_name(reasons[i]));
    }
    assert_null(reason_text_of((enum reason)9999));
}

static void test_sentences_are_not_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(reason_text_of(reasons[i])->sentence, reason_text_of(reasons[j])->sentence) == 0)
                fail_msg("%s and %s", reason_name(reasons[i]), reason_name(reasons[j]));
}

/* Lines as a terminal of 80 columns shows them: ASCII, none wider than 79, none empty. */
static void check_lines(const char *name, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        if (length == 0 || length > 79)
            fail_msg("%s: %zu columns: %s", name, length, text);
        for (size_t i = 0; i < length; i++)
            if (text[i] < ' ' || text[i] > '~')
                fail_msg("%s: not ASCII: %s", name, text);
        text += length + (text[length] == '\n');
    }
}

/* The text as it was before it was put into lines; a line's end stands where a blank stood. */
static void unwrap(char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            *text = ' ';
}

static void check_has(const char *name, const char *message, const char *part)
{
    if (!strstr(message, part))
        fail_msg("%s: `%s` lacks `%s`", name, message, part);
}

/* What happened, with the reason's name; from when on; under which grant; what to do; last the reference, and
 * no LF behind it. */
static void test_refusal(void **state)
{
    char message[TEXTS_MESSAGE_SIZE], first[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        const char *name = reason_name(reasons[i]);
        const struct texts_refusal t = {.reason = reasons[i],
                                        .reference = "ABCDEFGH",
                                        .grant = "0123456789abcdef0123456789abcdef",
                                        .ticket = "CHG-1",
                                        .opens = 1795255200};

        texts_refuse(&t, message);
        check_lines(name, message);
        assert_string_equal(strrchr(message, '\n') + 1, "Reference: ABCDEFGH");
        unwrap(message);
        (void)snprintf(first, sizeof(first), "Hufu: %s [%s] ", reason_text_of(reasons[i])->sentence, name);
        if (strncmp(message, first, strlen(first)) != 0)
            fail_msg("%s begins `%s`", name, message);
        check_has(name, message, reason_text_of(reasons[i])->advice);
        check_has(name, message, "allowed from 2026-11-21T10:00:00Z (UTC).");
        check_has(name, message, "Grant 01234567, ticket CHG-1."); /* as much of the id as a person can say */
    }
}

/* Who is sent to somebody is told what to quote; a person's next step is theirs to take. */
static void test_advice_names_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        const char *advice = reason_text_of(reasons[i])->advice;

        if ((strstr(advice, "sk the operator") || strstr(advice, "ell the")) &&
            !strstr(advice, "quote the reference below"))
            fail_msg("%s: `%s` says not what to quote", reason_name(reasons[i]), advice);
    }
}

/* The longest ticket a grant may have goes to a line of its own, whole. */
static void test_a_long_ticket_is_not_broken(void **state)
{
    struct texts_refusal t = {.reason = REASON_EXPIRED,
                              .reference = "ABCDEFGH",
                              .grant = "0123456789abcdef0123456789abcdef",
                              .opens = WHEN_NEVER};
    char message[TEXTS_MESSAGE_SIZE], ticket[65];

    (void)state;
    memset(ticket, 'x', sizeof(ticket) - 1);
    ticket[sizeof(ticket) - 1] = '\0';
    t.ticket = ticket;
    texts_refuse(&t, message);
    check_lines("ticket", message);
    assert_non_null(strstr(message, ticket));
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

static void test_nobody_is_told_to_come_back_in_vain(void **state)
{
    static const enum reason waiting[] = {REASON_OUTSIDE_HOURS, REASON_NOT_YET_VALID};
    struct texts_refusal t = {.reference = "ABCDEFGH"};
    char message[TEXTS_MESSAGE_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
        t.reason = waiting[i];
        t.opens = 1795255200;
        texts_refuse(&t, message);
        assert_non_null(strstr(message, "Come back"));
        t.opens = WHEN_NEVER;
        texts_refuse(&t, message);
        assert_null(strstr(message, "Come back"));
        assert_non_null(strstr(message, "No such hours are left before it ends."));
        check_lines(reason_name(waiting[i]), message);
    }
}

static void test_unknown_reason_is_an_error_not_silence(void **state)
{
    const struct texts_refusal t = {.reason = (enum reason)9999, .reference = "R", .opens = WHEN_NEVER};
    char message[TEXTS_MESSAGE_SIZE];

    (void)state;
    texts_refuse(&t, message);
    unwrap(message);
    assert_non_null(strstr(message, "an internal error"));
}

/* Why, what to do and what to quote: all of it, in what a request to the reaper holds. */
static void test_end(void **state)
{
    char text[1000], first[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        const char *name = reason_name(reasons[i]);

        texts_end(reasons[i], "ABCDEFGH", text, sizeof(text));
        check_lines(name, text);
        assert_string_equal(strrchr(text, '\n') + 1, "Reference: ABCDEFGH");
        unwrap(text);
        (void)snprintf(first, sizeof(first), "Hufu: your session ends now. %s [%s] ",
                       reason_text_of(reasons[i])->sentence, name);
        check_has(name, text, first);
        check_has(name, text, reason_text_of(reasons[i])->advice);
    }
}

static void test_warning_and_admission(void **state)
{
    char text[256], message[TEXTS_MESSAGE_SIZE] = "";

    (void)state;
    texts_warn(1, 1795255200, text, sizeof(text));
    assert_non_null(strstr(text, " 1 min,"));
    texts_warn(15, 1795255200, text, sizeof(text));
    assert_non_null(strstr(text, " 15 min,"));
    assert_non_null(strstr(text, "2026-11-21T10:00:00Z (UTC)"));
    check_lines("warning", text);
    texts_admit(1795255200, 1795255200 - 5400, "CHG-1", false, message);
    check_lines("admission", message);
    unwrap(message);
    assert_non_null(strstr(message, "1 h 30 min from now."));
    assert_non_null(strstr(message, "CHG-1"));
    assert_null(strstr(message, "recorded"));
    texts_admit(1795255200, 1795255200 - 5400, "CHG-1", true, message);
    check_lines("admission", message);
    assert_non_null(strstr(message, "\nHufu: this session is recorded, also what you type."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reason_has_a_sentence_and_advice),
        cmocka_unit_test(test_sentences_are_not_the_same),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_advice_names_the_reference),
        cmocka_unit_test(test_a_long_ticket_is_not_broken),
        cmocka_unit_test(test_refusal_without_a_grant),
        cmocka_unit_test(test_nobody_is_told_to_come_back_in_vain),
        cmocka_unit_test(test_unknown_reason_is_an_error_not_silence),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_warning_and_admission),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
