// LAYERS: ipc review trust audit common document base
// LIBRARIES: jansson
// PARTS: ctl broker/ctl/options.c broker/ctl/review_paper.c broker/ctl/papers.c broker/ctl/text.c
// COVERS: broker/ctl/options.c:find_in,find,store,read_option,check_complete,options_read
// COVERS: broker/ctl/review_paper.c:-review_paper_octets,digest_text
// OPTIONS: -max_len=4096
// CUTS: 64
/*
 * What hufuctl is given: a command line, cut at line feeds into words, and, behind a `<` or `{`, a file that
 * shall be a review. A command line is read strictly: each word is found again, as an argument, an option or
 * its value; what is refused says why. A review has a period and a digest that are some; that of JSON is its
 * own.
 */
#include "broker/ctl/options.h"
#include "broker/ctl/review_paper.h"
#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* ---- a command line ---- */

#define WORDS_MAX 200

struct settings {
    const char *text, *needed;
    struct option_list list;
    bool flag;
};

static const struct option_row rows[] = {
    {"text", 't', OPTION_TEXT, false, "TEXT", "", offsetof(struct settings, text)},
    {"needed", 0, OPTION_TEXT, true, "TEXT", "", offsetof(struct settings, needed)},
    {"list", 'l', OPTION_LIST, false, "TEXT", "", offsetof(struct settings, list)},
    {"flag", 'f', OPTION_FLAG, false, NULL, "", offsetof(struct settings, flag)},
};
static const struct verb verb = {.name = "try",
                                 .options = rows,
                                 .n_options = ARRAY_SIZE(rows),
                                 .least = 1,
                                 .most = 3,
                                 .settings_size = sizeof(struct settings)};

enum exit_code cli_fail(const struct cli *cli, enum exit_code code, const char *format, ...)
{
    char text[4096];
    va_list arguments;

    (void)cli;
    va_start(arguments, format);
    demand(vsnprintf(text, sizeof(text), format, arguments) > 0, "a refusal says why");
    va_end(arguments);
    return code;
}

/* Whether a text is one of the words, or what stands behind the first = of one. */
static bool is_given(const char *text, char **words, int n)
{
    for (int i = 0; i < n; i++)
        if (text >= words[i] && text <= words[i] + strlen(words[i]))
            return text == words[i] || text[-1] == '=';
    return false;
}

static void try_words(char **words, int n)
{
    struct settings s = {.text = NULL};
    struct option_list arguments = {.count = 0};
    struct cli cli = {.json = false};
    char reason[OPTION_REASON_SIZE] = "";
    enum option_outcome outcome = options_read(&verb, n, words, &cli, &s, &arguments, reason);

    demand((outcome == OPTIONS_USAGE) == (reason[0] != '\0'), "a usage error says why");
    if (outcome != OPTIONS_READ)
        return;
    demand(s.needed && arguments.count >= 1 && arguments.count <= 3, "all that is needed");
    demand(is_given(s.needed, words, n) && (!s.text || is_given(s.text, words, n)), "a value from elsewhere");
    for (size_t i = 0; i < s.list.count; i++)
        demand(is_given(s.list.items[i], words, n), "an item from elsewhere");
    for (size_t i = 0; i < arguments.count; i++)
        demand(is_given(arguments.items[i], words, n), "an argument from elsewhere");
    demand((size_t)n >= arguments.count + s.list.count + s.flag + cli.json, "more than there are words");
}

static void try_line(char *text)
{
    char *words[WORDS_MAX];
    int n = 0;

    while (text && n < WORDS_MAX) {
        char *end = strchr(text, '\n');

        if (end)
            *end++ = '\0';
        words[n++] = text;
        text = end;
    }
    try_words(words, n);
}

/* ---- a review ---- */

static void try_review(const uint8_t *data, size_t size)
{
    const struct cli cli = {.json = false};
    struct sign_off x;
    uint8_t digest[32], own[32];
    char text[SIGN_OFF_SHA256_SIZE], when[WHEN_TEXT_SIZE];

    if (review_paper_read(&cli, fuzz_file(data, size), &x) != EXIT_DONE)
        return;
    demand(strlen(x.sha256) == sizeof(x.sha256) - 1 &&
               ident_parse_hex(x.sha256, strlen(x.sha256), digest, sizeof(digest)) == 0,
           "a digest that is none");
    when_format(x.from, when);
    demand(memmem(data, size, when, strlen(when)) != NULL || data[0] == '{', "a period from elsewhere");
    if (data[0] == '<') {
        demand(memmem(data, size, x.sha256, strlen(x.sha256)) != NULL, "a digest from elsewhere");
        return;
    }
    demand(digest_sha256(data, size, own) == 0, "memory");
    ident_format_hex(own, sizeof(own), text);
    demand(strcmp(text, x.sha256) == 0, "the digest of another file");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_text(data, size);

    if (size > 0 && (data[0] == '<' || data[0] == '{'))
        try_review(data, size);
    else
        try_line(text);
    return 0;
}
