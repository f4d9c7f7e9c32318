#include "broker/ipc/rate.h"

#include <stddef.h>

bool rate_allows(struct rate *r, uid_t uid, uint64_t now, uint64_t window_us, unsigned limit)
{
    size_t at = 0;

    for (size_t i = 0; i < RATE_UIDS; i++) {
        if (r->seen[i].last != 0 && r->seen[i].uid == uid) {
            at = i;
            break;
        }
        if (r->seen[i].last < r->seen[at].last)
            at = i;
    }
    if (r->seen[at].last == 0 || r->seen[at].uid != uid || now - r->seen[at].since >= window_us) {
        r->seen[at].uid = uid;
        r->seen[at].since = now;
        r->seen[at].n = 0;
    }
    r->seen[at].last = now;
    if (r->seen[at].n >= limit)
        return false;
    r->seen[at].n++;
    return true;
}
