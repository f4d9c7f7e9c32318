/* docs/protocol.md against the code: each dump is what the encoder gives for the example of its name, each
 * example has a dump, and the table of reasons is the one that is compiled in. */
#include "policy/base/cleanup.h"
#include "policy/base/verdict.h"
#include "samples.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DOCUMENT "docs/protocol.md"
#define FENCE    "```hexdump "

static FILE *open_document(void)
{
    FILE *f = fopen(DOCUMENT, "re");

    if (!f)
        fail_msg("%s: run from the top of the tree", DOCUMENT);
    return f;
}

/* Octets of a line up to `;`, appended. */
static size_t read_octets(const char *line, uint8_t *octets, size_t size)
{
    while (*line == ' ')
        line++;
    while (isxdigit((unsigned char)line[0]) && isxdigit((unsigned char)line[1])) {
        char pair[3] = {line[0], line[1], 0};

        assert_true(size < FRAME_MAX);
        octets[size++] = (uint8_t)strtoul(pair, NULL, 16);
        for (line += 2; *line == ' '; line++)
            ;
    }
    if (*line != ';' && *line != '\n')
        fail_msg("not a dump: %s", line);
    return size;
}

static void compare(const struct sample *s, const uint8_t *octets, size_t size)
{
    static uint8_t message[SAMPLE_SIZE_MAX], frame[FRAME_MAX];
    int expected;

    memset(message, 0, sizeof(message));
    s->fill(s->type, message);
    expected = s->encode(s->type, message, frame);
    for (size_t i = 0; i < size && (int)i < expected; i++)
        if (octets[i] != frame[i])
            fail_msg("%s: octet %zu is %02x in the document, the encoder gives %02x", s->name, i, octets[i],
                     frame[i]);
    assert_int_equal(size, expected);
}

static const struct sample *find_sample(const char *name)
{
    for (size_t i = 0; i < n_samples; i++)
        if (strncmp(samples[i].name, name, strlen(samples[i].name)) == 0 &&
            name[strlen(samples[i].name)] == '\n')
            return &samples[i];
    fail_msg("%s shows a frame that is not known: %s", DOCUMENT, name);
    return NULL;
}

static void every_dump_is_what_is_encoded(void **state)
{
    static uint8_t octets[FRAME_MAX];
    FILE *f = open_document();
    size_t size = 0, shown = 0;
    const struct sample *s = NULL;
    char line[512];

    (void)state;
    while (fgets(line, sizeof(line), f)) {
        if (strncmp(line, FENCE, strlen(FENCE)) == 0) {
            s = find_sample(line + strlen(FENCE));
            size = 0;
        } else if (s && strncmp(line, "```", 3) == 0) {
            compare(s, octets, size);
            s = NULL;
            shown++;
        } else if (s) {
            size = read_octets(line, octets, size);
        }
    }
    (void)fclose(f);
    assert_null(s);
    assert_int_equal(shown, n_samples);
}

static void every_frame_has_its_dump(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        char wanted[64], line[512];
        FILE *f = open_document();
        unsigned seen = 0;

        (void)snprintf(wanted, sizeof(wanted), FENCE "%s\n", samples[i].name);
        while (fgets(line, sizeof(line), f))
            seen += strcmp(line, wanted) == 0;
        (void)fclose(f);
        if (seen != 1)
            fail_msg("%s shows %s %u times", DOCUMENT, samples[i].name, seen);
    }
}

static void every_reason_is_listed(void **state)
{
    static const struct {
        unsigned number;
        const char *name;
    } rows[] = {
#define ROW(symbol, number, name) {number, name},
        REASON_TABLE(ROW)
#undef ROW
    };
    FILE *f = open_document();
    bool inside = false;
    char line[512];
    size_t at = 0;

    (void)state;
    while (fgets(line, sizeof(line), f)) {
        char expected[128];

        if (strcmp(line, "| number | name |\n") == 0)
            inside = true;
        else if (inside && line[0] != '|')
            inside = false;
        if (!inside || !isdigit((unsigned char)line[2]))
            continue;
        assert_true(at < ARRAY_SIZE(rows));
        (void)snprintf(expected, sizeof(expected), "| %u | %s |\n", rows[at].number, rows[at].name);
        assert_string_equal(line, expected);
        at++;
    }
    (void)fclose(f);
    assert_int_equal(at, ARRAY_SIZE(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dump_is_what_is_encoded),
        cmocka_unit_test(every_frame_has_its_dump),
        cmocka_unit_test(every_reason_is_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
