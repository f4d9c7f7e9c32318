#include "tests/unit/broker/store/seen.h"

#include <string.h>

struct seen seen;

void seen_forget(void)
{
    memset(&seen, 0, sizeof(seen));
}
