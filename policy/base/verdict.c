#include "policy/base/verdict.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <string.h>

/* Names lie in the rows: a pointer to each would have to be put right whenever the module is loaded. */
struct reason_row {
    enum reason reason;
    char name[28];
};

static const struct reason_row reason_rows[] = {
#define ROW(symbol, number, text) {REASON_##symbol, text},
    REASON_TABLE(ROW)
#undef ROW
};

const char *reason_name(enum reason reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(reason_rows); i++)
        if (reason_rows[i].reason == reason)
            return reason_rows[i].name;
    return NULL;
}

int reason_from_name(const char *name, enum reason *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(reason_rows); i++)
        if (strcmp(reason_rows[i].name, name) == 0) {
            *ret = reason_rows[i].reason;
            return 0;
        }
    return -ENOENT;
}

int reason_from_number(uint16_t number, enum reason *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(reason_rows); i++)
        if ((unsigned)reason_rows[i].reason == number) {
            *ret = reason_rows[i].reason;
            return 0;
        }
    return -ENOENT;
}
