#include "broker/common/failpoint.h"

#ifdef HUFU_FAILPOINTS

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[FAILPOINT_COUNT] = {
#define ROW(symbol, name) [FAILPOINT_##symbol] = (name),
    FAILPOINT_TABLE(ROW)
#undef ROW
};

#define MOST_MS 10000

/* Written before main(), and read from then on. */
static enum failpoint armed = FAILPOINT_COUNT;
static atomic_long left;
static int stands_ms;

/* A setting that is none is no quiet run without a kill: whoever gave it waits for one. */
static void refuse(const char *setting)
{
    (void)fprintf(stderr,
                  "HUFU_FAILPOINT=%s: no failpoint and count, such as store-committed:1 or "
                  "store-committed:1:20\n",
                  setting);
    _exit(2);
}

__attribute__((constructor)) static void arm(void)
{
    const char *setting = getenv("HUFU_FAILPOINT"), *colon;
    long n, ms = 0;
    char *end;

    if (!setting)
        return;
    colon = strchr(setting, ':');
    n = colon ? strtol(colon + 1, &end, 10) : 0;
    if (n >= 1 && *end == ':')
        ms = strtol(end + 1, &end, 10);
    if (n < 1 || n == LONG_MAX || ms < 0 || ms > MOST_MS || *end != '\0')
        refuse(setting);
    atomic_init(&left, n);
    stands_ms = (int)ms;
    for (enum failpoint i = 0; i < FAILPOINT_COUNT; i++)
        if (strlen(names[i]) == (size_t)(colon - setting) && memcmp(names[i], setting, strlen(names[i])) == 0)
            armed = i;
    if (armed == FAILPOINT_COUNT)
        refuse(setting);
}

void failpoint_pass(enum failpoint here)
{
    if (here != armed)
        return;
    if (stands_ms > 0)
        (void)poll(NULL, 0, stands_ms);
    if (atomic_fetch_sub(&left, 1) != 1)
        return;
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

#endif
