#ifndef HUFU_DAEMON_STATUS_FINDINGS_H
#define HUFU_DAEMON_STATUS_FINDINGS_H

#include "broker/daemon/broker.h"

/* What there is to say about the status of the site, the directory, and what is taken away here. */

#define STATUS_FINDINGS_MAX 10

struct status_finding {
    const char *severity; /* "problem", "warning", "note" */
    const char *subject;
    char message[400];
};

/** Worst first; returns how many. */
size_t status_findings(const struct broker *b, when_t now,
                       struct status_finding ret[static STATUS_FINDINGS_MAX]);

#endif
