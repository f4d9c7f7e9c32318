#ifndef HUFU_TESTS_DAEMON_FAKE_REAPER_H
#define HUFU_TESTS_DAEMON_FAKE_REAPER_H

#include "policy/wire/reap.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

/* hufu-reaper as the broker sees it, in the test's own event loop: answers as the test says, and counts. */
struct fake_reaper {
    sd_event *event;
    sd_event_source *listen_io, *io;
    int listening, fd;
    /* what it says */
    enum reap_result end_result;
    enum reap_result lease_result;
    bool hold_ends;   /* END is not answered until fake_reaper_release() */
    bool hold_leases; /* LEASE likewise */
    bool hold_leased; /* LEASED likewise */
    uint32_t login_uid;
    uint32_t audit_session;
    struct reap_target leased; /* LEASED: the only one; session 0: none */
    bool gone;                 /* WHO: no such process */
    uint32_t bare, recorders;  /* RECORDED: so many are bare, and record */
    uint64_t start_time;
    uint32_t terminals; /* WARN: so many were written to */
    /* what it was asked */
    unsigned leases, ends, warns, whos, recordeds;
    struct reap_request last_recorded, last_lease, last_end, last_warn, held;
    bool holding;
};

void fake_reaper_start(struct fake_reaper *r, sd_event *event, const char *path);
void fake_reaper_stop(struct fake_reaper *r);
/** Answers what was held. */
void fake_reaper_release(struct fake_reaper *r);

#endif
