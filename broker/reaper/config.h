#ifndef HUFU_REAPER_CONFIG_H
#define HUFU_REAPER_CONFIG_H

#include "broker/common/conf.h"

#include <stdint.h>

/*
 * /etc/hufu/reaper.conf, the reaper's own: hufud cannot widen what stands here.
 *
 *     [reaper]
 *     gated-uid = 20000-29999
 *     max-session-normal = 28800
 *     max-session-privileged = 14400
 *     max-session-emergency = 28800
 */
struct reaper_config {
    unsigned gated_first, gated_last;
    uint64_t maximum_seconds[4]; /* by enum grant_class, from 1 */
};

#define REAPER_CONFIG_PATH "/etc/hufu/reaper.conf"

/** Loads a root-owned file; every key is required. 0 or -errno with line and reason. */
int reaper_config_load(const char *path, struct reaper_config *ret, struct conf_error *error);

/** The same from octets with a NUL behind them. */
int reaper_config_parse(const char *text, size_t size, struct reaper_config *ret, struct conf_error *error);

#endif
