/*
 * What the grammar demands of every document, put to each sample line by line: nothing here knows what a
 * field means.
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINES_MAX 64

struct lines {
    char *text; /* with NULs instead of line feeds */
    const char *line[LINES_MAX];
    size_t n;
};

static struct lines lines_of(const char *text)
{
    struct lines l = {.text = strdup(text)};

    assert_non_null(l.text);
    for (char *at = l.text; *at;) {
        char *end = strchr(at, '\n');

        assert_non_null(end);
        assert_true(l.n < LINES_MAX);
        *end = 0;
        l.line[l.n++] = at;
        at = end + 1;
    }
    return l;
}

static bool same_key(const char *a, const char *b)
{
    size_t length = strcspn(a, ":");

    return strcspn(b, ":") == length && memcmp(a, b, length) == 0;
}

static bool is_optional(const char *line)
{
    static const char *const keys[] = {
        "revoker:", "status-key:", "revoked:", "revoked-certificate:", "minimum-version:"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (same_key(line, keys[i]))
            return true;
    return false;
}

static char *join(const struct lines *l)
{
    cleanup_buf struct buf text = BUF_INIT;
    char *joined;

    for (size_t i = 0; i < l->n; i++)
        if (l->line[i])
            buf_printf(&text, "%s\n", l->line[i]);
    joined = buf_steal_text(&text);
    assert_non_null(joined);
    return joined;
}

/* Refused for the octets of line i, here spoilt by `format` with the line as its argument. */
__attribute__((format(printf, 4, 0))) static void spoil(const struct sample *s, size_t i, const char *part,
                                                        const char *format, ...)
{
    struct lines l = lines_of(s->text);
    cleanup_free char *spoilt = NULL, *text = NULL;
    va_list arguments;
    int r;

    va_start(arguments, format);
    r = vasprintf(&spoilt, format, arguments);
    va_end(arguments);
    assert_true(r >= 0);
    l.line[i] = spoilt;
    text = join(&l);
    sample_refused(s->round, text, strlen(text), (unsigned)i + 1, part);
    free(l.text);
}

static void test_samples_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++)
        sample_accepted(samples[i].round, samples[i].text, strlen(samples[i].text));
}

static void test_octets(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        struct lines l = lines_of(samples[k].text);

        for (size_t i = 0; i < l.n; i++) {
            const char *line = l.line[i], *value = strchr(line, ' ') + 1;
            int key = (int)strcspn(line, ":");

            spoil(&samples[k], i, "carriage return", "%s\r", line);
            spoil(&samples[k], i, "a tab", "%.*s:\t%s", key, line, value);
            spoil(&samples[k], i, "a tab", "%s\t", line);
            spoil(&samples[k], i, "control character (0x1b)", "%s\x1b[1m", line);
            spoil(&samples[k], i, "control character (0x7f)", "%s\x7f", line);
            spoil(&samples[k], i, "blank at the end", "%s ", line);
            spoil(&samples[k], i, "more than one blank", "%.*s:  %s", key, line, value);
            spoil(&samples[k], i, "not a line `key: value`", "%.*s:%s", key, line, value);
            spoil(&samples[k], i, "not a line `key: value`", "%.*s : %s", key, line, value);
            spoil(&samples[k], i, "not a line `key: value`", "%.*s", key, line);
            spoil(&samples[k], i, "not a line `key: value`", "%.*s:", key, line);
            spoil(&samples[k], i, "blank at the end", "%.*s: ", key, line);
            spoil(&samples[k], i, "not a line `key: value`", " %s", line);
            spoil(&samples[k], i, "not a line `key: value`", "# %s", line);
            spoil(&samples[k], i, "not a line `key: value`", ": %s", line);
            spoil(&samples[k], i, "an empty line", "\n%s", line);
        }
        free(l.text);
    }
}

/* Octets that are no UTF-8 and characters that are not seen, in every value. Among sorted repeats the next
 * line may be the one named. */
static void test_invisible(void **state)
{
    static const char *const bad[] = {"\xc3\x28", "\xe2\x80\x8b", "\xe2\x80\xae", "\xff", "\xc2\xa0"};

    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        struct lines l = lines_of(samples[k].text);

        for (size_t i = 0; i < l.n * ARRAY_SIZE(bad); i++) {
            struct lines copy = l;
            size_t at = i / ARRAY_SIZE(bad);
            cleanup_free char *line = NULL, *text = NULL, *again = NULL;
            struct document_error error = {0};

            assert_true(asprintf(&line, "%.*s%s%s", (int)strcspn(l.line[at], " ") + 1, l.line[at],
                                 bad[i % ARRAY_SIZE(bad)], strchr(l.line[at], ' ') + 1) > 0);
            copy.line[at] = line;
            text = join(&copy);
            assert_int_equal(samples[k].round(text, strlen(text), &again, &error), -EINVAL);
            assert_in_range(error.line, at + 1, at + 2);
        }
        free(l.text);
    }
}

static void test_nul(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        size_t size = strlen(samples[k].text);
        cleanup_free char *text = strdup(samples[k].text);
        unsigned line = 1;

        for (size_t i = 0; i < size; i++) {
            if (text[i] == '\n') {
                line++;
                continue;
            }
            text[i] = 0;
            sample_refused(samples[k].round, text, size, line, "NUL");
            text[i] = samples[k].text[i];
        }
    }
}

static void test_unknown_key(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        struct lines l = lines_of(samples[k].text);

        for (size_t i = 0; i < l.n; i++) {
            spoil(&samples[k], i, i == 0 ? "first line is not `hufu-" : "unknown key `x-note`",
                  "x-note: 1\n%s", l.line[i]);
            spoil(&samples[k], i, i == 0 ? "first line is not `hufu-" : "unknown key `a`", "a: 1\n%s",
                  l.line[i]);
            spoil(&samples[k], i, i == 0 ? "first line is not `hufu-" : "unknown key `09az-`", "09az-: 1\n%s",
                  l.line[i]);
            spoil(&samples[k], i, "`a{: 1` is not a line", "a{: 1\n%s", l.line[i]);
        }
        free(l.text);
    }
}

static void test_missing_key(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++)
        for (size_t i = 0, n = 1; i < n; i++) {
            struct lines l = lines_of(samples[k].text), whole = l;
            cleanup_free char *text = NULL, *part = NULL;
            size_t after = i;

            n = l.n;
            while (after < n && same_key(whole.line[after], whole.line[i]))
                l.line[after++] = NULL;
            text = join(&l);
            assert_true(
                asprintf(&part, "`%.*s` is missing", (int)strcspn(whole.line[i], ":"), whole.line[i]) > 0);
            if (i == 0)
                sample_refused(samples[k].round, text, strlen(text), 1, "first line");
            else if (same_key(whole.line[i], "incident-level:"))
                sample_refused(samples[k].round, text, strlen(text), (unsigned)i, "emergency needs");
            else if (is_optional(whole.line[i]))
                sample_accepted(samples[k].round, text, strlen(text));
            else
                sample_refused(samples[k].round, text, strlen(text), (unsigned)(after < n ? i + 1 : i), part);
            free(l.text);
            i = after - 1;
        }
}

/* The same line again, right behind itself. */
static void test_duplicates(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        struct lines l = lines_of(samples[k].text);

        for (size_t i = 0; i < l.n; i++) {
            struct lines copy = l;
            cleanup_free char *both = NULL, *text = NULL, *again = NULL;
            struct document_error error = {0};

            assert_true(asprintf(&both, "%s\n%s", l.line[i], l.line[i]) > 0);
            copy.line[i] = both;
            text = join(&copy);
            assert_int_equal(samples[k].round(text, strlen(text), &again, &error), -EINVAL);
            assert_true(strstr(error.reason, "twice") || strstr(error.reason, "more than"));
            assert_true(error.line >= i + 2);
        }
        free(l.text);
    }
}

/* The same line again, at the end. */
static void test_late_duplicates(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        struct lines l = lines_of(samples[k].text);

        for (size_t i = 0; i < l.n && !same_key(l.line[i], l.line[l.n - 1]); i++) {
            cleanup_free char *text = NULL, *part = NULL;

            assert_true(asprintf(&text, "%s%s\n", samples[k].text, l.line[i]) > 0);
            assert_true(asprintf(&part, "`%.*s` stands twice or out of order", (int)strcspn(l.line[i], ":"),
                                 l.line[i]) > 0);
            sample_refused(samples[k].round, text, strlen(text), (unsigned)l.n + 1, part);
        }
        free(l.text);
    }
}

static void test_any_two_lines_swapped(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        struct lines l = lines_of(samples[k].text);

        for (size_t i = 0; i < l.n; i++)
            for (size_t j = i + 1; j < l.n; j++) {
                struct lines swapped = l;
                cleanup_free char *text = NULL, *again = NULL;
                struct document_error error = {0};

                swapped.line[i] = l.line[j];
                swapped.line[j] = l.line[i];
                text = join(&swapped);
                assert_int_equal(samples[k].round(text, strlen(text), &again, &error), -EINVAL);
                assert_true(error.line >= i + 1 && error.line <= j + 1);
            }
        free(l.text);
    }
}

static void test_unsorted_repeats_say_so(void **state)
{
    (void)state;
    sample_edit_refused(&samples[0], "service: login\nservice: sshd\n", "service: sshd\nservice: login\n", 13,
                        "service: repeated lines must be sorted");
    sample_edit_refused(&samples[0], "service: login\nservice: sshd\n", "service: sshd\nservice: sshd\n", 13,
                        "service: the same line stands twice");
    /* memcmp of whole lines: a line that is the beginning of another stands before it. */
    sample_edit_refused(&samples[2], "host: db01\nhost: db01.finance.example\n",
                        "host: db01.finance.example\nhost: db01\n", 14, "sorted");
}

/* Whether what follows the first `size` octets of a sample are whole lines that may be absent. */
static bool is_whole_without_the_rest(const char *text, size_t size)
{
    if (size == 0 || text[size - 1] != '\n')
        return false;
    for (const char *line = text + size; *line; line = strchr(line, '\n') + 1)
        if (!is_optional(line))
            return false;
    return true;
}

static void test_every_truncation(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        size_t size = strlen(samples[k].text);

        for (size_t i = 0; i < size; i++) {
            cleanup_free char *again = NULL;
            struct document_error error = {.line = 4711};
            /* Of its own size, so that reading beyond it is found. */
            cleanup_free char *text = malloc(i + 1);

            memcpy(text, samples[k].text, i);
            if (is_whole_without_the_rest(samples[k].text, i)) {
                sample_accepted(samples[k].round, text, i);
                continue;
            }
            assert_int_equal(samples[k].round(text, i, &again, &error), -EINVAL);
            assert_true(error.reason[0] != 0 && error.line <= 64);
        }
        sample_refused(samples[k].round, samples[k].text, size - 1,
                       sample_line(samples[k].text, strrchr(samples[k].text, ':')),
                       "does not end with a line feed");
        sample_refused(samples[k].round, samples[k].text, 0, 0, "empty");
    }
}

static const char *in_french(const char *english)
{
    static const char *const words[][2] = {
        {"`%s` is not %s", "%2$s attendu, %1$s lu"},
        {"a name (a letter or digit, then letters, digits, `.`, `_`, `-`; at most 64)", "un nom"},
        {"the document is empty", "document vide"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(english, words[i][0]) == 0)
            return words[i][1];
    return english;
}

/* Sentences, and what they are put together from. */
static void test_reasons_in_other_words(void **state)
{
    static const char *const cases[][2] = {
        {"hufu-grant: 1\nsite: /\n", "site: un nom attendu, / lu"},
        {"", "document vide"},
        {"hufu-grant: 1\n\n", "an empty line"}, /* not known to that language */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct document_error error = {.in_words = in_french};
        struct grant *g = NULL;

        assert_int_equal(grant_parse(cases[i][0], strlen(cases[i][0]), &g, &error), -EINVAL);
        assert_string_equal(error.reason, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_come_back),
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_reasons_in_other_words),
        cmocka_unit_test(test_invisible),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_unknown_key),
        cmocka_unit_test(test_missing_key),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_late_duplicates),
        cmocka_unit_test(test_any_two_lines_swapped),
        cmocka_unit_test(test_unsorted_repeats_say_so),
        cmocka_unit_test(test_every_truncation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
