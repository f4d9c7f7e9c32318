#ifndef HUFU_DAEMON_RECORDING_H
#define HUFU_DAEMON_RECORDING_H

#include "broker/daemon/broker.h"

/*
 * Sessions whose grant requires recording (docs/recording.md): what was let start in them, asking hufu-reaper
 * whether everybody there is below a recorder, and ending those in which somebody is not.
 */
struct recording;

/* While somebody is bare it is looked so often, else once a second; after so long it is on record, and the
 * session ends. */
#define RECORDING_LOOK_US     ((uint64_t)1000 * 1000)
#define RECORDING_HASTE_US    ((uint64_t)200 * 1000)
#define RECORDING_NOTED_US    ((uint64_t)1000 * 1000)
#define RECORDING_PATIENCE_US ((uint64_t)3000 * 1000)
#define RECORDING_LOOKS       4 /* at least, so that a broker that was frozen does not judge by one */

int recording_new(struct broker *b, struct recording **ret);
struct recording *recording_free(struct recording *r);

/** Reads what a broker before this one let start. Call when sessions are loaded. 0 or -errno. */
int recording_load(struct recording *r);

/** Whether a session on this host can be recorded: the configuration says so, and hufu-recorder, tlog and the
 * folder are there and belong to whom they should. */
bool recording_is_possible(const struct broker *b);

/** Whether su and sudo in this session are recorded: a recorder was seen, and nobody without one. */
bool recording_is_seen(const struct broker *b, const struct session *s);

/** Whether the next look may well see what recording_is_seen() asks for: a recorder was let start here. Who
 * waits for this session's uid (broker/daemon/waiting.h) is woken when it does. */
bool recording_may_be_seen(const struct broker *b, const struct session *s);

/** Whether this session's grant requires recording. */
bool recording_is_required(const struct broker *b, const struct session *s);

/** Notes that this process of the session may be what `kind` says; RECORDED: *name is its recording's. The
 * list is appended to `t`. 0, -ENOSPC (too many are there), -errno. */
int recording_admit(struct recording *r, struct session *s, const struct reap_process *p,
                    enum reap_channel_kind kind, struct store_txn *t, char name[static RECORDER_NAME_SIZE]);

/** The session in which this process was let start a transfer; NULL: none. */
struct session *recording_transfer_of(const struct recording *r, uint32_t pid, uint64_t start_time);

/** Begins to look after this session, if its grant requires it. It ends with the session. */
void recording_watch(struct recording *r, const struct session *s);

/** This open session ends now: writes down if nothing of it was recorded and something should have been. */
void recording_ended(struct broker *b, const struct session *s);

#endif
