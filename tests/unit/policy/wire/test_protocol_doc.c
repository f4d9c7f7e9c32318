/* docs/protocol.md against the code: each dump is what the encoder gives for the example of its name, each
 * example has a dump, and the table of reasons is the one that is compiled in. */
#include "feed_samples.h"
#include "policy/base/buf.h"
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

/* The frame that a sample gives, or 0 if `at` is behind the last. */
static size_t encode_sample(size_t at, const char **name, uint8_t frame[static FRAME_MAX])
{
    static uint8_t message[SAMPLE_SIZE_MAX];
    static struct feed_message feed;
    cleanup_buf struct buf out = BUF_INIT;

    if (at < n_samples) {
        *name = samples[at].name;
        return sample_encode(&samples[at], samples[at].fill, message, frame);
    }
    at -= n_samples;
    if (at >= n_feed_samples)
        return 0;
    *name = feed_samples[at].name;
    feed_sample_fill(&feed_samples[at], feed_samples[at].fill, &feed);
    assert_int_equal(feed_encode(&feed, &out), 0);
    assert_true(out.size <= FRAME_MAX);
    memcpy(frame, out.data, out.size);
    return out.size;
}

static void compare(const char *shown, const uint8_t *octets, size_t size)
{
    static uint8_t frame[FRAME_MAX];
    const char *name = NULL;
    size_t expected;

    for (size_t i = 0; (expected = encode_sample(i, &name, frame)) > 0; i++)
        if (strcmp(name, shown) == 0)
            break;
    if (expected == 0)
        fail_msg("%s shows a frame that is not known: %s", DOCUMENT, shown);
    for (size_t i = 0; i < size && i < expected; i++)
        if (octets[i] != frame[i])
            fail_msg("%s: octet %zu is %02x in the document, the encoder gives %02x", shown, i, octets[i],
                     frame[i]);
    assert_int_equal(size, expected);
}

static void every_dump_is_what_is_encoded(void **state)
{
    static uint8_t octets[FRAME_MAX];
    FILE *f = open_document();
    size_t size = 0, shown = 0;
    char line[512], name[64] = "";

    (void)state;
    while (fgets(line, sizeof(line), f)) {
        if (strncmp(line, FENCE, strlen(FENCE)) == 0) {
            (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + strlen(FENCE), "\n"),
                           line + strlen(FENCE));
            size = 0;
        } else if (name[0] && strncmp(line, "```", 3) == 0) {
            compare(name, octets, size);
            name[0] = 0;
            shown++;
        } else if (name[0]) {
            size = read_octets(line, octets, size);
        }
    }
    (void)fclose(f);
    assert_string_equal(name, "");
    assert_int_equal(shown, n_samples + n_feed_samples);
}

static void every_frame_has_its_dump(void **state)
{
    static uint8_t frame[FRAME_MAX];
    const char *name = NULL;

    (void)state;
    for (size_t i = 0; encode_sample(i, &name, frame) > 0; i++) {
        char wanted[64], line[512];
        FILE *f = open_document();
        unsigned seen = 0;

        (void)snprintf(wanted, sizeof(wanted), FENCE "%s\n", name);
        while (fgets(line, sizeof(line), f))
            seen += strcmp(line, wanted) == 0;
        (void)fclose(f);
        if (seen != 1)
            fail_msg("%s shows %s %u times", DOCUMENT, name, seen);
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
