#include "broker/common/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : (size_t)limit.rlim_max;
}

void descriptors_make_room(size_t slots)
{
    size_t allowed = raise_limit();
    int any = open("/", O_PATH | O_CLOEXEC), last = -1;

    if (slots > allowed)
        slots = allowed;
    if (any >= 0 && slots > 0)
        last = fcntl(any, F_DUPFD_CLOEXEC, (int)slots - 1);
    if (last >= 0)
        (void)close(last);
    if (any >= 0)
        (void)close(any);
}
