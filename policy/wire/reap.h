#ifndef HUFU_WIRE_REAP_H
#define HUFU_WIRE_REAP_H

#include "policy/base/recorder.h"
#include "policy/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What hufud asks hufu-reaper, one datagram a request and one a reply (SOCK_SEQPACKET, read with
 * frame_parse()), answered in any order and matched by `cookie`. The reaper believes none of it where
 * killing is concerned: it takes login uids from the kernel and the gated range from its own
 * configuration.
 */

#define REAP_SURVIVORS_MAX 64
#define REAP_CHANNELS_MAX  32

/* Which processes. */
enum reap_scope {
    REAP_SESSION = 1, /* those of one login session: uid and audit session (and the lease's cgroup leaf) */
    REAP_PERSON,      /* everything of that uid: all its sessions, user manager, cron and at leftovers */
    REAP_STRAYS,      /* as PERSON, but what belongs to another session on lease than `session` stays: what a
                         session left in user managers, cron and at can be told from theirs in no other way */
    REAP_LEFTOVERS,   /* as STRAYS, but jobs of cron and at stay (a grant that names them is valid now) */
};

struct reap_target {
    enum reap_scope scope;
    uint32_t uid;           /* gated login uid */
    uint64_t session;       /* hufud's session number; 0: none in particular */
    uint32_t audit_session; /* UINT32_MAX: unset (then leader and its descendants by login uid) */
    uint32_t leader;        /* pid of the PAM caller; 0: none */
    uint64_t leader_start;  /* its start time */
};

/* A process of the session that was told what to be, and what it has to be now for RECORDED. */
enum reap_channel_kind {
    REAP_CHANNEL_RECORDED = 1, /* hufu-recorder, with this name as its first argument */
    REAP_CHANNEL_TRANSFER,     /* hufu-channel, with sftp-server below it */
};

struct reap_channel {
    uint32_t pid;
    uint64_t start_time;
    uint8_t kind;                  /* enum reap_channel_kind */
    char name[RECORDER_NAME_SIZE]; /* RECORDED: of the recording; else empty */
};

/* Only the fields of the request's type travel; the others decode as 0 and empty. */
struct reap_request {
    enum frame_type type; /* FRAME_REAP_LEASE, _WARN, _END, _SCAN, _RECORDED, _WHO, _LEASED */
    uint32_t cookie;
    struct reap_target target; /* not WHO; LEASED: the session alone */
    uint8_t class;    /* LEASE: 1 normal, 2 privileged, 3 emergency (enum grant_class): bounds the lease */
    uint64_t seconds; /* LEASE: end when this many seconds have passed on CLOCK_BOOTTIME from receipt;
                         0 drops the lease without ending anything */
    char text[1025]; /* WARN: what to write to the session's terminals; not empty. END: the same, right before
                        the end; empty: nothing */
    uint32_t pid;    /* WHO */
    /* RECORDED */
    uint32_t recorder_uid; /* whose saved uid only hufu-recorder gives */
    uint8_t sshd;          /* 1: the leader is sshd, and the process below it is its own */
    uint32_t n_channels;
    struct reap_channel channels[REAP_CHANNELS_MAX];
};

enum reap_result {
    REAP_DONE = 1,  /* END: two scans in a row found nobody. LEASE: held. SCAN, WHO, LEASED: answered.
                       RECORDED: of every process it is known why it may be there */
    REAP_SURVIVORS, /* END: after 10 s some are still there (uninterruptible); SCAN: who is there. RECORDED:
                       who is there without a recorder above it */
    REAP_REFUSED,   /* target not gated, lease longer than allowed: clamped leases are DONE */
    REAP_GONE,      /* WHO: no such process; SCAN: nobody there; LEASED: that was the last */
    REAP_NOT_PROVABLE, /* processes of the session are seen that have left its login uid (root was held) */
    REAP_FAILED,
};

/* A process that is (still) there. */
struct reap_process {
    uint32_t pid;
    uint64_t start_time;
    uint32_t parent;
    uint32_t login_uid;
    uint32_t audit_session;
    uint32_t uid; /* real */
    char name[17];
};

struct reap_reply {
    uint32_t cookie;
    enum reap_result result;
    uint64_t took_us;      /* END: from receipt to proof */
    uint32_t ended;        /* END: processes seen alive at the start; RECORDED: recorders that record */
    uint64_t seconds_left; /* LEASE: as granted (clamped to the class's maximum) */
    uint32_t terminals;    /* WARN, END: terminals written to */
    uint32_t n_total;      /* processes there in all, at least n_processes */
    uint32_t n_processes;  /* listed, at most REAP_SURVIVORS_MAX */
    struct reap_process processes[REAP_SURVIVORS_MAX];
    /* An unasked reply (cookie 0): a lease ran out and the reaper ended the session by itself. LEASED: the
     * lease behind the one that was named, 0 being before all; its person and leader are the one process. */
    uint64_t session;
};

/** Encoders write header and body to `out` and return the size, or: -EMSGSIZE (an array of text without
 * NUL, more processes than listed at most), -EINVAL (what the decoder would refuse). No allocation. */
int reap_encode_request(const struct reap_request *m, uint8_t out[static FRAME_MAX]);
int reap_encode_reply(const struct reap_reply *m, uint8_t out[static FRAME_MAX]);

/** Decoders take a body; they clear *ret first and consume everything. 0, or -EBADMSG with *ret clear
 * (also for a `type` that is no request). */
int reap_decode_request(enum frame_type type, const uint8_t *body, size_t size, struct reap_request *ret);
int reap_decode_reply(const uint8_t *body, size_t size, struct reap_reply *ret);

#endif
