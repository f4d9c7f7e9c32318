#ifndef HUFU_DAEMON_ROOM_FINDINGS_H
#define HUFU_DAEMON_ROOM_FINDINGS_H

#include "broker/daemon/status_findings.h"

#include <jansson.h>

/* What there is to say about room on the disk. */

#define ROOM_FINDINGS_MAX 4

/** Worst first; returns how many. */
size_t room_findings(const struct broker *b, struct status_finding ret[static ROOM_FINDINGS_MAX]);

/** The members of a reply that say how much there is: room, room_free, reserve_held, reserve; null without a
 * store. */
void room_put(const struct broker *b, json_t *reply);

#endif
