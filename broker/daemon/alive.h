#ifndef HUFU_DAEMON_ALIVE_H
#define HUFU_DAEMON_ALIVE_H

#include <stdint.h>

/** For whatever holds the loop up for long, at each of its steps: tells the service manager now and then that
 * hufud is alive. *told_us: when it did, at first 0. */
void alive_tell(uint64_t *told_us);

#endif
