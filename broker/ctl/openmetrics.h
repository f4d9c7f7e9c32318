#ifndef HUFU_CTL_OPENMETRICS_H
#define HUFU_CTL_OPENMETRICS_H

#include <jansson.h>

/** What SyncShow answered as OpenMetrics 1.0, which the node exporter's textfile collector reads as well:
 * gauges alone, instants in seconds since 1970. What is not known is left out. NULL: hufud is away, which
 * `hufu_up` says. The caller's to free; NULL without memory. */
char *openmetrics_of_sync(const json_t *sync);

#endif
