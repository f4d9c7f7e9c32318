#include "policy/base/doubt.h"

#include <stddef.h>

const char *doubt_name(enum doubt doubt)
{
    switch (doubt) {
#define ROW(symbol, bit, name) \
    case DOUBT_##symbol:       \
        return name;
        DOUBT_TABLE(ROW)
#undef ROW
    }
    return NULL;
}
