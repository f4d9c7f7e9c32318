#include "policy/base/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void recorder_name(uint64_t session, uint32_t channel, uint64_t random, char name[static RECORDER_NAME_SIZE])
{
    (void)snprintf(name, RECORDER_NAME_SIZE, "%" PRIu64 "-%" PRIu32 "-%016" PRIx64, session, channel, random);
}

/* Digits at *at in this base, and `behind` them; *at is moved behind that. */
static bool take_number(const char **at, unsigned base, char behind, uint64_t *ret)
{
    const char *text = *at;

    *ret = 0;
    for (; *text != behind; text++) {
        unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                         : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a') + 10
                                                        : base;

        if (digit >= base || *ret > (UINT64_MAX - digit) / base)
            return false;
        *ret = *ret * base + digit;
    }
    if (text == *at)
        return false;
    *at = text + 1;
    return true;
}

/* Written anew it must be the same: no leading zero passes, and no random number of another length. */
bool recorder_is_name(const char *name, uint64_t *session, uint32_t *channel)
{
    char again[RECORDER_NAME_SIZE];
    const char *at = name;
    uint64_t s, c, random;

    if (!take_number(&at, 10, '-', &s) || !take_number(&at, 10, '-', &c) || c > UINT32_MAX ||
        !take_number(&at, 16, '\0', &random))
        return false;
    recorder_name(s, (uint32_t)c, random, again);
    if (strcmp(name, again) != 0)
        return false;
    if (session)
        *session = s;
    if (channel)
        *channel = (uint32_t)c;
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
