// LAYERS: test_support
// LINK: -Wl,--wrap=bindtextdomain

#include "broker/daemon/texts.h"
#include "policy/base/cleanup.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
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
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7e)
            return false;
    return true;
}

/* The line at *text without its end; *text is the next one. */
static const char *next_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');

    *text = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    return line;
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

static void check_refusal(enum reason reason)
{
    const struct texts_refusal t = {.reason = reason,
                                    .reference = "ABCDEFGH",
                                    .grant = "0123456789abcdef0123456789abcdef",
                                    .ticket = "CHG-1",
                                    .opens = AT};
    char message[TEXTS_MESSAGE_SIZE], *rest = message;
    const char *line;

    texts_refuse(&t, message);
    line = next_line(&rest);
    if (!is_ascii(line, strlen(line)) || !strstr(line, texts_of(reason)->sentence) ||
        !strstr(line, reason_name(reason)))
        fail_msg("%s begins `%s`", reason_name(reason), line);
    for (size_t i = 0; i < 2; i++) { /* what happened, from when on */
        line = next_line(&rest);
        if (is_ascii(line, strlen(line)))
            fail_msg("%s: `%s` is not translated", reason_name(reason), line);
    }
    assert_non_null(strstr(line, "2026-11-21T10:00:00Z"));
    assert_string_equal(next_line(&rest), "授权书 01234567，工单 CHG-1。");
    line = next_line(&rest); /* what to do */
    if (is_ascii(line, strlen(line)) || strcmp(line + strlen(line) - strlen("。"), "。") != 0)
        fail_msg("%s: `%s` does not say what to do", reason_name(reason), line);
    assert_string_equal(rest, "查询编号：ABCDEFGH");
}

static void test_every_reason_is_told_in_chinese(void **state)
{
    catalogues = *state;
    compile(*state);
    assert_int_equal(texts_init("zh_CN"), 0);
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        check_refusal(reasons[i]);
}

static void check_two_lines(char *text, const char *english, const char *chinese)
{
    char *rest = text;
    const char *line = next_line(&rest);

    assert_true(is_ascii(line, strlen(line)));
    assert_string_equal(line, english);
    assert_string_equal(rest, chinese);
}

/* Follows the one before, and has its language. */
static void test_admission_and_warning_begin_in_ascii(void **state)
{
    char message[TEXTS_MESSAGE_SIZE] = "";

    (void)state;
    texts_admit(AT, AT - 5400, "CHG-1", message);
    check_two_lines(
        message,
        "Hufu: you are let in for ticket CHG-1 until 2026-11-21T10:00:00Z (UTC), 1 h 30 min from "
        "now.",
        "Hufu：您已获准进入，工单 CHG-1，至 2026-11-21T10:00:00Z（UTC）为止，还有 1 小时 30 分钟。");
    texts_warn(15, AT, message, sizeof(message));
    check_two_lines(message,
                    "Hufu: your session ends in 15 min, at 2026-11-21T10:00:00Z (UTC). Save your work.",
                    "Hufu：您的会话将在 15 分钟后结束，时间为 2026-11-21T10:00:00Z（UTC）。请保存您的工作。");
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
        cmocka_unit_test(test_admission_and_warning_begin_in_ascii),
        cmocka_unit_test_setup_teardown(test_there_and_back, folder_setup, folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
