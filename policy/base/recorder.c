#include "policy/base/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void recorder_name(uint64_t session, uint32_t channel, uint64_t random, char name[static RECORDER_NAME_SIZE])
{
    (void)snprintf(name, RECORDER_NAME_SIZE, "%" PRIu64 "-%" PRIu32 "-%016" PRIx64, session, channel, random);
}

/* What stands before `-` or the end, as if all of it were digits; *at is moved behind that. */
static uint64_t take_number(const char **at, unsigned base)
{
    const char *text = *at;
    uint64_t number = 0;

    for (; *text && *text != '-'; text++)
        number = number * base + (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
    *at = *text ? text + 1 : text;
    return number;
}

/* Whatever the numbers are taken for: written anew, they must make the same name. */
bool recorder_is_name(const char *name, uint64_t *session, uint32_t *channel)
{
    char again[RECORDER_NAME_SIZE];
    const char *at = name;
    uint64_t s = take_number(&at, 10);
    uint32_t c = (uint32_t)take_number(&at, 10);
    uint64_t random = take_number(&at, 16);

    recorder_name(s, c, random, again);
    if (strcmp(name, again) != 0)
        return false;
    if (session)
        *session = s;
    if (channel)
        *channel = c;
    return true;
}

bool recorder_cmdline_names(const char *cmdline, size_t size, const char *name)
{
    const char *first_end = memchr(cmdline, '\0', size);
    size_t length = strlen(name), left;

    if (!first_end)
        return false;
    left = size - (size_t)(first_end + 1 - cmdline);
    return left > length && memcmp(first_end + 1, name, length + 1) == 0;
}
