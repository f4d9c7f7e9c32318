#include "broker/daemon/alive.h"

#include "broker/common/clock.h"

#include <systemd/sd-daemon.h>

/* Told more often than any watchdog bites; each time, it may take so much longer. */
#define ALIVE_US    1000000
#define ALIVE_STATE "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=60000000"

void alive_tell(uint64_t *told_us)
{
    uint64_t now = clock_boot_us();

    if (*told_us != 0 && now - *told_us < ALIVE_US)
        return;
    *told_us = now;
    (void)sd_notify(0, ALIVE_STATE);
}
