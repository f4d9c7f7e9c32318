#ifndef HUFU_SESSIONS_SESSION_H
#define HUFU_SESSIONS_SESSION_H

#include "broker/sessions/places.h"
#include "policy/base/ident.h"
#include "policy/engine/facts.h"
#include "policy/engine/recheck.h"
#include "policy/wire/reap.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * A login session, from the account phase that reserved a use for it to the proof that nothing of it is left.
 *
 *   RESERVED --open--> OPENING --lease, record on disk--> OPEN --deadline, revoke, logout ...--> ENDING
 * --proof--> (gone) |                  |
 *      +--holder gone, cancelled--> (gone: the use is given back)
 *
 * Processes are held by pidfd: a pid alone may be another's by the time it is looked at.
 */
enum session_state {
    SESSION_RESERVED = 1, /* account phase allowed; belongs to `leader`, for sshd also to `parent` */
    SESSION_OPENING,      /* session phase allowed, lease or record under way; `leader` is the caller */
    SESSION_OPEN,
    SESSION_ENDING, /* ordered to end; its account stays locked until that is proven */
};

struct session_process {
    uint32_t pid;
    uint64_t start_time; /* ticks since boot; 0: not known */
    uint64_t number;     /* process_number(), of one whose start time is not known; 0: not known */
    int pidfd;           /* owned; -1: not watched */
};

struct session {
    uint64_t number;          /* this and uid are given to registry_add() */
    enum session_state state; /* registry_set_state() */
    struct ident_id grant;
    uint32_t version;
    enum grant_class class;
    char staff[IDENT_ACCOUNT_MAX + 1];
    uint32_t uid;
    char service[IDENT_NAME_MAX + 1]; /* as PAM names it */
    enum source_kind source;
    struct address address;
    char tty[129];
    enum key_kind key;
    struct ident_fingerprint fingerprint;
    struct session_process leader; /* RESERVED: the holder */
    struct session_process parent; /* of the holder, for sshd */
    uint32_t audit_session;        /* UINT32_MAX: unset */
    bool counts;                   /* it took a use */
    bool written;                  /* its row went to the store: what it took is in the books there */
    uint8_t channels;              /* what it has, or may have, in use (struct facts) */
    bool job; /* of cron or at: it ends with its grant like a login session, but is none. It takes no use, and
                 nothing that needs a live session may rest on it */
    bool sweep_owed; /* a session before it ended without everything of the person being ended, because of it
                      */
    bool opened;     /* its opening is on record and on disk: its use is used */
    bool released;   /* ENDING, but no longer in the books: only its processes are still to be ended */
    bool stranger;   /* ENDING; in no book: it may be under whatever grant */
    bool settled;    /* false: read from the store, and the reaper has not said yet whether it lives */
    when_t reserved_at, opened_at; /* 0: not yet */
    when_t deadline;               /* 0: none yet */
    when_t warn_next;              /* WHEN_NEVER: none */
    when_t grace_until;            /* what it rests on was taken away, but it has until then; 0: no grace */
    enum reason grace_reason;      /* the only reason that grace holds against */
    /* The wall clock may be set; what has passed since this pair was read together may not. */
    int64_t wall_base_us;
    uint64_t boot_base_us;
    enum reason end_reason; /* ENDING */
    /* Where recording is required: what the last look saw. Nothing of it is kept over a restart. */
    uint32_t recorders;  /* that record */
    uint64_t bare_since; /* CLOCK_BOOTTIME, since when every look saw somebody without one; 0: nobody */
    unsigned bare_looks; /* so many */
    bool asked;          /* something to be recorded was let start, or that was before this hufud */
    bool bare_noted;     /* that is on record */
    bool looked_at;      /* a look is under way */
    char reference[9];   /* what its person is told to quote of its end; empty: none was given */

    /* the registry's */
    struct registry *registry;
    struct session *next, *previous;
    struct place by_number, by_uid, unwritten, by_state, by_holder, by_parent;
    sd_event_source *leader_io;
    sd_event_source *parent_io;
    sd_event_source *grace; /* RESERVED, holder gone, its parent may still open */
    sd_event_source *wall_timer;
    sd_event_source *boot_timer;

    struct ending_order *order; /* the endings': what hufu-reaper was told, until that is over */
};

/** What a process is known by beside its pid, as the store keeps it: its start time, or its number with the
 * bit beside the highest set, which no start time has. 0: nothing. */
uint64_t session_process_mark(const struct session_process *p);
void session_process_take_mark(struct session_process *p, uint64_t mark);

/** The wall clock's second, or what it would be had nobody set it back since the session began: whichever is
 * later. */
when_t session_now(const struct session *s, int64_t wall_us, uint64_t boot_us);

/** How the session appears in a question to the reaper. */
struct reap_target session_target(const struct session *s, enum reap_scope scope);

/** "10.1.2.3", "local" or "". */
void session_source_text(const struct session *s, char text[static ADDRESS_TEXT_SIZE]);

/** Name of a state as shown: "reserved", "opening", "open", "ending". */
const char *session_state_name(enum session_state state);

#endif
