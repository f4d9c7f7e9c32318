#include "policy/document/grant_token.h"

#include "policy/base/cleanup.h"
#include "policy/base/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTES_PER_DAY 1440

/* Words that stand for everything or nothing elsewhere. A host, service or account of such a name would be
 * misread by the approver, so none can be granted. */
static bool is_reserved(const char *text, size_t length)
{
    static const char *const reserved[] = {"any", "none"};

    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
        if (grammar_token_is((struct grammar_token){text, length}, reserved[i]))
            return true;
    return false;
}

static bool is_host(const char *text, size_t length)
{
    if (length > 0 && text[0] == '@')
        return ident_is_name(text + 1, length - 1);
    return ident_is_name(text, length) && !is_reserved(text, length);
}

static bool is_service(const char *text, size_t length)
{
    char name[IDENT_NAME_MAX + 1];

    if (!ident_is_name(text, length) || is_reserved(text, length))
        return false;
    memcpy(name, text, length);
    name[length] = 0;
    return service_may_be_granted(name);
}

static bool is_run_as(const char *text, size_t length)
{
    return ident_is_account(text, length) && !is_reserved(text, length);
}

/* Components neither empty nor `.` nor `..`, so that one program has one path here. */
static bool is_absolute_path(struct grammar_token path)
{
    size_t start = 1;

    if (path.length < 2 || path.text[0] != '/' || memchr(path.text, '*', path.length))
        return false;
    for (size_t i = 1; i <= path.length; i++) {
        struct grammar_token component = {path.text + start, i - start};

        if (i < path.length && path.text[i] != '/')
            continue;
        if (component.length == 0 || grammar_token_is(component, ".") || grammar_token_is(component, ".."))
            return false;
        start = i + 1;
    }
    return true;
}

static bool is_command(const char *text, size_t length)
{
    struct grammar_token rest = {text, length};
    bool first = true;

    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    for (;;) {
        const char *blank = rest.length > 0 ? memchr(rest.text, ' ', rest.length) : NULL;
        struct grammar_token word = {rest.text, blank ? (size_t)(blank - rest.text) : rest.length};

        if (first ? !is_absolute_path(word) : word.length == 0)
            return false;
        if (!first && word.length > 1 && memchr(word.text, '*', word.length))
            return false;
        if (!blank)
            return true;
        first = false;
        rest = (struct grammar_token){blank + 1, rest.length - word.length - 1};
    }
}

const struct grammar_word grant_token_host = {is_host,
                                              N_("an exact host name, or `@` and the name of a group")};
const struct grammar_word grant_token_service = {
    is_service,
    N_("a service a grant may name (login, sshd, cron, at, a display manager; not su, sudo and the like)")};
const struct grammar_word grant_token_run_as = {
    is_run_as, N_("an account (a-z or `_`, then a-z, 0-9, `_`, `.`, `-`; at most 32), or `none`")};
const struct grammar_word grant_token_command = {
    is_command,
    N_("an absolute path (no `*`, `//`, `.`, `..`) and arguments, one blank apart, where `*` stands alone")};

/* --- hours ------------------------------------------------------------------------------------------- */

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

#define EXPECTED_HOURS N_("`DAYS HH:MM-HH:MM OFFSET`, like `mon-fri 09:00-18:00 +08:00`")
#define EXPECTED_DAYS  N_("one day or one range running forward from mon to sun, like `tue` or `mon-fri`")
#define EXPECTED_TIMES \
    N_("a span of two different times 00:00 to 23:59, the end also 24:00, like `09:00-18:00`")
#define EXPECTED_OFFSET N_("an offset from UTC between -12:00 and +14:00, like `+08:00`")

static bool parse_day(struct grammar_token token, unsigned *ret)
{
    for (*ret = 0; *ret < ARRAY_SIZE(day_names); (*ret)++)
        if (grammar_token_is(token, day_names[*ret]))
            return true;
    return false;
}

static bool parse_days(struct grammar_token token, uint8_t *ret)
{
    struct grammar_token ends[2];
    size_t n = grammar_split(token, '-', ends, ARRAY_SIZE(ends));
    unsigned first, last;

    if (n == 0 || !parse_day(ends[0], &first) || !parse_day(ends[n - 1], &last) || (n == 2 && first >= last))
        return false;
    *ret = (uint8_t)((1U << (last + 1)) - (1U << first));
    return true;
}

/* "HH:MM" up to 99:59, in minutes. */
static bool parse_clock(struct grammar_token token, unsigned *ret)
{
    static const char shape[] = "dd:dd";
    unsigned digit[5];

    if (token.length != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < token.length; i++) {
        if (shape[i] == 'd' ? token.text[i] < '0' || token.text[i] > '9' : token.text[i] != shape[i])
            return false;
        digit[i] = (unsigned)(token.text[i] - '0');
    }
    *ret = (digit[0] * 10 + digit[1]) * 60 + digit[3] * 10 + digit[4];
    return digit[3] < 6;
}

static bool parse_span(struct grammar_token token, struct grant_hours *ret)
{
    struct grammar_token ends[2];
    unsigned start, end;

    if (grammar_split(token, '-', ends, ARRAY_SIZE(ends)) != 2 || !parse_clock(ends[0], &start) ||
        !parse_clock(ends[1], &end))
        return false;
    ret->start_minute = (uint16_t)start;
    ret->end_minute = (uint16_t)end;
    return start < MINUTES_PER_DAY && end <= MINUTES_PER_DAY && start != end;
}

static bool parse_offset(struct grammar_token token, int16_t *ret)
{
    unsigned minutes;

    if (token.length != 6 || (token.text[0] != '+' && token.text[0] != '-') ||
        !parse_clock((struct grammar_token){token.text + 1, 5}, &minutes))
        return false;
    *ret = (int16_t)(token.text[0] == '-' ? -(int)minutes : (int)minutes);
    if (token.text[0] == '-')
        return minutes > 0 && minutes <= 12 * 60;
    return minutes <= 14 * 60;
}

const char *grant_token_parse_hours(struct grammar_token token, struct grant_hours *ret)
{
    struct grammar_token words[3];

    if (grammar_split(token, ' ', words, ARRAY_SIZE(words)) != ARRAY_SIZE(words))
        return EXPECTED_HOURS;
    if (!parse_days(words[0], &ret->days))
        return EXPECTED_DAYS;
    if (!parse_span(words[1], ret))
        return EXPECTED_TIMES;
    if (!parse_offset(words[2], &ret->offset_minutes))
        return EXPECTED_OFFSET;
    return NULL;
}

bool grant_token_format_hours(const struct grant_hours *hours, char text[static GRANT_HOURS_TEXT_SIZE])
{
    unsigned first = 0, last, offset = (unsigned)abs(hours->offset_minutes);
    char sign = hours->offset_minutes < 0 ? '-' : '+';
    int at;

    while (first < 7 && !(hours->days >> first & 1))
        first++;
    last = first;
    while (last + 1 < 7 && hours->days >> (last + 1) & 1)
        last++;
    if (first == 7 || hours->days != (uint8_t)((1U << (last + 1)) - (1U << first)))
        return false;
    if (hours->start_minute >= MINUTES_PER_DAY || hours->end_minute > MINUTES_PER_DAY || offset > 14 * 60)
        return false;
    at = snprintf(text, GRANT_HOURS_TEXT_SIZE, "%s", day_names[first]);
    if (last > first)
        at += snprintf(text + at, GRANT_HOURS_TEXT_SIZE - (size_t)at, "-%s", day_names[last]);
    snprintf(text + at, GRANT_HOURS_TEXT_SIZE - (size_t)at, " %02d:%02d-%02d:%02d %c%02u:%02u",
             hours->start_minute / 60, hours->start_minute % 60, hours->end_minute / 60,
             hours->end_minute % 60, sign, offset / 60, offset % 60);
    return true;
}
