// LAYERS: test_support
// LINK: -Wl,--wrap=bindtextdomain

#include "broker/common/reason_text.h"
#include "broker/common/wrap.h"
#include "broker/daemon/texts.h"
#include "policy/base/cleanup.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What people are told where the configuration says zh_CN, through the shipped catalogue. */

#define AT                        1795255200 /* 2026-11-21T10:00:00Z */

#define ROW(symbol, number, name) REASON_##symbol,
static const enum reason reasons[] = {REASON_TABLE(ROW)};
#undef ROW

static const char *catalogues;

char *__real_bindtextdomain(const char *domain, const char *folder);
char *__wrap_bindtextdomain(const char *domain, const char *folder);

/* The catalogue is the tree's, not one that may be installed here. */
char *__wrap_bindtextdomain(const char *domain, const char *folder)
{
    assert_string_equal(folder, HUFU_LOCALEDIR);
    return __real_bindtextdomain(domain, catalogues);
}

static void compile(const char *folder)
{
    char command[400];

    assert_int_equal(mkdir(folder_path(folder, "zh_CN"), 0700), 0);
    assert_int_equal(mkdir(folder_path(folder, "zh_CN/LC_MESSAGES"), 0700), 0);
    assert_true((size_t)snprintf(command, sizeof(command), "msgfmt --check -o %s po/zh_CN.po",
                                 folder_path(folder, "zh_CN/LC_MESSAGES/hufu.mo")) < sizeof(command));
    assert_int_equal(system(command), 0);
}

static bool is_ascii(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] > 0x7e || ((unsigned char)text[i] < 0x20 && text[i] != '\n'))
            return false;
    return true;
}

/* Chinese counts double, as on a terminal. */
static void check_widths(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        size_t columns = wrap_columns(text, length);

        if (columns == 0 || columns > 79)
            fail_msg("%zu columns: %.*s", columns, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

/* A line's end within Chinese stands where nothing stood. */
static void unwrap(char *text)
{
    char *out = text;

    for (; *text; text++)
        if (*text != '\n')
            *out++ = *text;
    *out = '\0';
}

static void test_english_needs_no_catalogue(void **state)
{
    (void)state;
    assert_int_equal(texts_init("en"), 0);
}

static void test_a_missing_catalogue_is_said(void **state)
{
    catalogues = *state;
    assert_int_equal(texts_init("zh_CN"), -ENOENT);
}

/* `sentence` or `advice` in Chinese; it must have been translated. */
static const char *chinese(enum reason reason, const char *msgid)
{
    const char *text = gettext(msgid);

    if (is_ascii(text, strlen(text)) || strcmp(text + strlen(text) - strlen("。"), "。") != 0)
        fail_msg("%s: `%s` is `%s`", reason_name(reason), msgid, text);
    return text;
}

/* All of it in English, and behind that all of it in Chinese. */
static void check_refusal(enum reason reason)
{
    const struct texts_refusal t = {.reason = reason,
                                    .reference = "ABCDEFGH",
                                    .grant = "0123456789abcdef0123456789abcdef",
                                    .ticket = "CHG-1",
                                    .opens = AT};
    char message[TEXTS_MESSAGE_SIZE], expected[TEXTS_MESSAGE_SIZE], *own;

    texts_refuse(&t, message);
    check_widths(message);
    own = strstr(message, "\nReference: ABCDEFGH\n");
    assert_non_null(own);
    own += strlen("\nReference: ABCDEFGH\n");
    if (!is_ascii(message, (size_t)(own - message)))
        fail_msg("%s begins `%s`", reason_name(reason), message);
    unwrap(own);
    assert_true((size_t)snprintf(expected, sizeof(expected),
                                 "%s自 2026-11-21T10:00:00Z（UTC）起可获准许。"
                                 "授权书 01234567，工单 CHG-1。%s查询编号：ABCDEFGH",
                                 chinese(reason, reason_text_of(reason)->sentence),
                                 chinese(reason, reason_text_of(reason)->advice)) < sizeof(expected));
    assert_string_equal(own, expected);
}

static void test_every_reason_is_told_in_chinese(void **state)
{
    catalogues = *state;
    compile(*state);
    assert_int_equal(texts_init("zh_CN"), 0);
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        check_refusal(reasons[i]);
}

/* The same; the longest is not cut short. */
static void test_every_end_is_told_in_chinese(void **state)
{
    char message[1000], expected[1000], *own;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        texts_end(reasons[i], "ABCDEFGH", message, sizeof(message));
        check_widths(message);
        own = strstr(message, "\nReference: ABCDEFGH\n");
        assert_non_null(own);
        own += strlen("\nReference: ABCDEFGH\n");
        unwrap(own);
        assert_true(
            (size_t)snprintf(expected, sizeof(expected), "Hufu：您的会话现在结束。%s%s查询编号：ABCDEFGH",
                             chinese(reasons[i], reason_text_of(reasons[i])->sentence),
                             chinese(reasons[i], reason_text_of(reasons[i])->advice)) < sizeof(expected));
        assert_string_equal(own, expected);
    }
}

/* Follows the one before, and has its language. */
static void test_admission_and_warning_begin_in_ascii(void **state)
{
    char message[TEXTS_MESSAGE_SIZE] = "";

    (void)state;
    texts_admit(AT, AT - 5400, "CHG-1", true, message);
    assert_string_equal(message,
                        "Hufu: you are let in for ticket CHG-1 until 2026-11-21T10:00:00Z (UTC), 1 h 30\n"
                        "min from now.\n"
                        "Hufu: this session is recorded, also what you type.\n"
                        "Hufu：您已获准进入，工单 CHG-1，至 2026-11-21T10:00:00Z（UTC）为止，还有 1 小时\n"
                        "30 分钟。\n"
                        "Hufu：本次会话会被录制，包括您键入的内容。");
    texts_warn(15, AT, message, sizeof(message));
    assert_string_equal(message,
                        "Hufu: session ends in 15 min, at 2026-11-21T10:00:00Z (UTC). Save your work.\n"
                        "Hufu：会话将在 15 分钟后结束，时间为 2026-11-21T10:00:00Z（UTC）。请保存工作。");
    check_widths(message);
}

/* As a reload does it; the locale of the process, which other threads have, stays what it was. */
static void test_there_and_back(void **state)
{
    char message[TEXTS_MESSAGE_SIZE] = "";

    catalogues = *state;
    compile(*state);
    assert_int_equal(texts_init("zh_CN"), 0);
    check_refusal(REASON_EXPIRED);
    assert_string_equal(setlocale(LC_MESSAGES, NULL), "C");
    assert_int_equal(texts_init("en"), 0);
    texts_warn(15, AT, message, sizeof(message));
    assert_true(is_ascii(message, strlen(message)));
    assert_int_equal(texts_init("zh_CN"), 0);
    check_refusal(REASON_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_english_needs_no_catalogue),
        cmocka_unit_test_setup_teardown(test_a_missing_catalogue_is_said, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_every_reason_is_told_in_chinese, folder_setup, folder_teardown),
        cmocka_unit_test(test_every_end_is_told_in_chinese),
        cmocka_unit_test(test_admission_and_warning_begin_in_ascii),
        cmocka_unit_test_setup_teardown(test_there_and_back, folder_setup, folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
