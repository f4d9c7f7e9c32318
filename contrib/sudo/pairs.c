#include "contrib/sudo/pairs.h"

#include <stddef.h>
#include <string.h>

const char *pairs_get(char *const list[], const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; list && list[i]; i++)
        if (strncmp(list[i], name, length) == 0 && list[i][length] == '=')
            return list[i] + length + 1;
    return NULL;
}

bool pairs_say(char *const list[], const char *name)
{
    const char *value = pairs_get(list, name);

    return value && strcmp(value, "true") == 0;
}

bool pairs_number(char *const list[], const char *name, uint32_t *ret)
{
    const char *text = pairs_get(list, name);
    uint64_t value = 0;

    *ret = UINT32_MAX;
    if (!text || text[0] == '\0' || strlen(text) > 10)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (value >= UINT32_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}
