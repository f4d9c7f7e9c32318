#ifndef HUFU_REAPER_RECORDED_H
#define HUFU_REAPER_RECORDED_H

#include "broker/reaper/look.h"

/*
 * Who of a session is there without a recorder above them (docs/recording.md). Nothing counts that a process
 * of the person's could say of itself: parents, start times, uids, cgroups and stopped or not are the
 * kernel's, and name and arguments are looked at only where the saved uid shows that hufu-recorder gave them.
 *
 * Known why they may be there are:
 *   the leader; below sshd's leader the one process that sshd made of itself;
 *   the person's user manager and its helper, and nothing that they started;
 *   hufu-recorder, where a channel was to be recorded, and tlog below it;
 *   whatever descends from tlog while it runs, and has not been stopped;
 *   orphans among these: the kernel gives them to tlog, and not to pid 1;
 *   hufu-channel, where a transfer was to be, and one process below it.
 * Everything else is bare.
 */

struct recorded {
    bool *bare;         /* bare[i]: processes[i] of the look is the target's, and not known */
    uint32_t recorders; /* that record */
};

/** Judges a look. `named[i]`: the arguments of the process of q->channels[i] name its recording. 0 or
 * -ENOMEM. */
int recorded_judge(const struct look *l, const struct reap_request *q,
                   const bool named[static REAP_CHANNELS_MAX], struct recorded *ret);
void recorded_done(struct recorded *r);
#define cleanup_recorded cleanup(recorded_done)

/** Answers FRAME_REAP_RECORDED. */
void recorded_scan(int proc, const struct leases *leases, const struct reap_request *q,
                   struct reap_reply *reply);

#endif
