#ifndef HUFU_WIRE_GATE_H
#define HUFU_WIRE_GATE_H

#include "policy/base/verdict.h"
#include "policy/base/when.h"
#include "policy/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What the module and the two helpers ask at /run/hufu/gate, and the one reply. The structs hold
 * NUL-terminated text in fixed arrays: the encoder runs inside sshd and allocates nothing (it writes
 * to a caller's buffer), the decoder copies and must consume everything.
 *
 * Fields stand on the wire in the order of the structs. Text marked * must not be empty.
 */

/* A process as it describes itself; believed from uid 0 alone, pid and uid checked with SO_PEERCRED,
 * whose uid is the effective one: 0 for su and sudo, whatever the real uid below. Any other peer must give
 * its own. */
struct gate_caller {
    uint32_t pid;
    uint32_t parent;
    uint64_t start_time;        /* of pid, clock ticks since boot, /proc/self/stat field 22 */
    uint64_t parent_start_time; /* 0: not readable */
    uint32_t uid;               /* real uid */
    uint32_t login_uid;         /* audit; UINT32_MAX: unset */
    uint32_t audit_session;     /* UINT32_MAX: unset */
};

/* Gated uids as configured where the request comes from: 1 <= first <= last, or the frame is refused. */
struct gate_range {
    uint32_t first;
    uint32_t last;
};

/* FRAME_GATE_ACCOUNT, FRAME_GATE_OPEN, FRAME_GATE_CLOSE */
struct gate_pam {
    struct gate_caller caller;
    struct gate_range range;
    char user[257]; /* * PAM_USER: for su the target; for sudo the caller in account, the target in session */
    uint32_t user_uid;   /* UINT32_MAX: no such account */
    char person[257];    /* * the gated person that scope found: PAM_USER, or whoever runs su, sudo ... */
    uint32_t person_uid; /* inside `range`, or the frame is refused */
    char service[65];    /* * */
    char tty[129];
    char remote_host[257];
    char remote_user[257];
    char ssh_connection[129]; /* "client port server port", empty if not sshd */
    char auth_info[4097];     /* SSH_AUTH_INFO_0, lines ended by LF; for plain public key in the session phase
                                 only */
};

/* FRAME_GATE_KEYS: may this key authenticate this account? Asked before authentication by hufu-keys. */
struct gate_keys {
    uint32_t pid;
    uint32_t parent; /* the sshd monitor, believed of hufu-keys */
    uint64_t parent_start_time;
    char user[257];    /* * */
    char key_type[65]; /* * */
    char key[6001];    /* * base64 of the blob, %k */
};

/* What hufu-channel is asked to start: the first three bits of the grammar's `channel:` (enum grant_channel
 * has the same numbers; the fourth, forward, is sshd's to enforce). One of them, never several. */
enum gate_channel_kind {
    GATE_CHANNEL_SHELL = 1,
    GATE_CHANNEL_EXEC = 2,
    GATE_CHANNEL_TRANSFER = 4,
};

/* FRAME_GATE_CHANNEL: may my session start this? Asked by hufu-channel as the person. */
struct gate_channel {
    struct gate_caller caller;
    uint8_t channel;    /* enum gate_channel_kind */
    char command[1025]; /* SSH_ORIGINAL_COMMAND, cut; for the record */
    char tty[129];
    char ssh_connection[129];
};

/* FRAME_GATE_COMMAND: may sudo run this? Asked by sudo's plugin, in the process of sudo that is about to open
 * the target's PAM session; only uid 0 is answered. */
struct gate_command {
    struct gate_caller caller;
    struct gate_range range;
    char person[257];    /* * the gated person who runs sudo */
    uint32_t person_uid; /* inside `range`, or the frame is refused */
    char target[257];    /* * account to run as */
    uint32_t target_uid; /* UINT32_MAX: no such account */
    uint32_t doubts;     /* enum doubt bits; others refuse the frame */
    char path[2049];     /* * real path of the program; as sudo has it where it could not be followed */
    char
        arguments[4097]; /* without argv[0]: each ended by LF. Cut, or without a LF in one: DOUBT_ARGUMENTS */
    char cwd[513];       /* where it will run, cut; for the record */
    char tty[129];
    char concern[129]; /* the variable, file or folder that a doubt is about; empty: none has one */
};

enum gate_command_outcome {
    GATE_COMMAND_EXITED = 1,  /* status: the exit code */
    GATE_COMMAND_SIGNALLED,   /* status: the signal */
    GATE_COMMAND_NOT_STARTED, /* status: errno of execve() */
    GATE_COMMAND_FAILED,      /* sudo itself failed, before or after; detail */
    GATE_COMMAND_REFUSED,     /* sudo, or another plugin of it, refused; detail */
};

/* FRAME_GATE_COMMAND_END: what came of it. Asked by sudo's plugin; reported, whatever the reply says. */
struct gate_command_end {
    struct gate_caller caller;
    struct gate_range range;
    char person[257]; /* * */
    uint32_t person_uid;
    char reference[33]; /* of the reply that allowed it; empty: it did not come to that */
    uint8_t outcome;    /* enum gate_command_outcome */
    uint8_t core;       /* 1: SIGNALLED, and core dumped; else 0 */
    uint32_t status;    /* 0 with FAILED and REFUSED */
    char command[1025]; /* as sudo names it, cut; for the record */
    char tty[129];
    char detail[257]; /* what sudo says, cut */
};

/* FRAME_GATE_TRANSFER: what came of one file, as sftp-server says it. Told by hufu-channel, which started it.
 */
enum gate_transfer_kind {
    GATE_TRANSFER_FILE =
        1,             /* a file was open: octets read from it went to the client, written came from there */
    GATE_TRANSFER_CUT, /* the same, but it was open when the connection ended */
    GATE_TRANSFER_RENAME, /* path became target */
    GATE_TRANSFER_REMOVE, /* a file */
    GATE_TRANSFER_LINK,   /* path is what target leads to from now on */
    GATE_TRANSFER_LIST,   /* a folder's names */
    GATE_TRANSFER_MAKE_FOLDER,
    GATE_TRANSFER_REMOVE_FOLDER,
    GATE_TRANSFER_ATTRIBUTES, /* size, mode, owner or times */
};

struct gate_transfer {
    struct gate_caller caller;
    uint8_t kind;      /* enum gate_transfer_kind */
    uint64_t read;     /* octets; FILE and CUT, else 0 */
    uint64_t written;  /* octets; FILE and CUT, else 0 */
    char path[2049];   /* * as sftp-server shows it, cut */
    char target[2049]; /* RENAME and LINK, else empty */
};

struct gate_reply {
    enum verdict verdict;
    enum reason reason;
    when_t valid_until; /* with ALLOW: deadline of the session; WHEN_NEVER: none of its own; never negative */
    uint32_t runtime_max; /* OPEN: seconds, the class's maximum for systemd.runtime_max_sec; 0: none */
    char reference[33];   /* what to quote when asking */
    char message[4001];   /* for the person: lines separated by LF, ASCII line first; empty: say nothing */
    char options[257];    /* KEYS with ALLOW: authorized_keys options, "restrict,pty" ... CHANNEL with ALLOW:
                             "record=NAME" (policy/base/recorder.h), "report", or empty */
};

/** Encoders write header and body to `out` and return the size, or: -EMSGSIZE (an array of text without
 * NUL), -EINVAL (what the decoder would refuse: another frame type, an enumerator or range that is none,
 * empty text where there must be some). No allocation. */
int gate_encode_pam(enum frame_type type, const struct gate_pam *m, uint8_t out[static FRAME_MAX]);
int gate_encode_keys(const struct gate_keys *m, uint8_t out[static FRAME_MAX]);
int gate_encode_channel(const struct gate_channel *m, uint8_t out[static FRAME_MAX]);
int gate_encode_command(const struct gate_command *m, uint8_t out[static FRAME_MAX]);
int gate_encode_command_end(const struct gate_command_end *m, uint8_t out[static FRAME_MAX]);
int gate_encode_transfer(const struct gate_transfer *m, uint8_t out[static FRAME_MAX]);
int gate_encode_reply(const struct gate_reply *m, uint8_t out[static FRAME_MAX]);

/** Decoders take a body; they clear *ret first, refuse NUL inside text, unknown enumerators, octets
 * left over. 0, or -EBADMSG with *ret clear. A reply's verdict decodes to ALLOW only from exactly its
 * value, and a clear reply is none. */
int gate_decode_pam(const uint8_t *body, size_t size, struct gate_pam *ret);
int gate_decode_keys(const uint8_t *body, size_t size, struct gate_keys *ret);
int gate_decode_channel(const uint8_t *body, size_t size, struct gate_channel *ret);
int gate_decode_command(const uint8_t *body, size_t size, struct gate_command *ret);
int gate_decode_command_end(const uint8_t *body, size_t size, struct gate_command_end *ret);
int gate_decode_transfer(const uint8_t *body, size_t size, struct gate_transfer *ret);
int gate_decode_reply(const uint8_t *body, size_t size, struct gate_reply *ret);

#endif
