#ifndef HUFU_DAEMON_DIRECTORY_INTERNAL_H
#define HUFU_DAEMON_DIRECTORY_INTERNAL_H

#include "broker/daemon/broker.h"
#include "broker/daemon/directory.h"

/* What the files of the directory share. */
struct directory {
    struct broker *broker;
    bool full_wanted; /* the next search has to be told everything */
};

#endif
