#include "broker/ctl/moment.h"

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "Z" or "+08:00", all of it. */
static int parse_offset(const char *text, int *seconds)
{
    int hours, minutes;

    *seconds = 0;
    if (strcmp(text, "Z") == 0)
        return 0;
    if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || !is_digit(text[1]) ||
        !is_digit(text[2]) || !is_digit(text[4]) || !is_digit(text[5]))
        return -EINVAL;
    hours = (text[1] - '0') * 10 + text[2] - '0';
    minutes = (text[4] - '0') * 10 + text[5] - '0';
    if (hours > 14 || minutes > 59)
        return -EINVAL;
    *seconds = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
    return 0;
}

int moment_parse(const char *text, when_t now, when_t *ret)
{
    char utc[WHEN_TEXT_SIZE];
    size_t length = strlen(text);
    const char *rest;
    int offset;

    *ret = 0;
    if (strcmp(text, "now") == 0) {
        *ret = now;
        return 0;
    }
    if (length < 17 || (text[10] != 'T' && text[10] != ' '))
        return -EINVAL;
    rest = text + (text[16] == ':' && length >= 20 ? 19 : 16);
    (void)snprintf(utc, sizeof(utc), "%.10sT%.5s%.3sZ", text, text + 11,
                   rest == text + 19 ? text + 16 : ":00");
    if (parse_offset(rest, &offset) < 0 || when_parse(utc, strlen(utc), ret) < 0)
        return -EINVAL;
    *ret -= offset;
    /* The offset may lead out of the years that can be written, 1970 to 9999. */
    when_format(*ret, utc);
    if (when_parse(utc, strlen(utc), ret) == 0)
        return 0;
    *ret = 0;
    return -EINVAL;
}

int moment_parse_duration(const char *text, uint32_t *seconds)
{
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    size_t length = strlen(text);
    uint32_t factor = 1;
    uint32_t number;

    *seconds = 0;
    if (length == 0)
        return -EINVAL;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (text[length - 1] != units[i].unit)
            continue;
        factor = units[i].seconds;
        length--;
        break;
    }
    if (ident_parse_number(text, length, &number) < 0 || number > INT32_MAX / factor)
        return -EINVAL;
    *seconds = number * factor;
    return 0;
}
