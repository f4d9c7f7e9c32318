#ifndef HUFU_TESTS_FUZZ_MODEL_H
#define HUFU_TESTS_FUZZ_MODEL_H

#include "policy/base/verdict.h"
#include "policy/engine/facts.h"
#include "tests/fuzz/stage/site.h"

/*
 * What a broker has to be doing, as simply as it can be said: everything in small arrays, looked through from
 * the beginning; no store, no loop, nothing that waits. Written from docs/rules.md, and shares no code with
 * broker/ and policy/engine but the names of reasons.
 *
 * Whoever drives it tells it what happened (model_*), in the order in which the broker heard of it, and
 * compares. Time is handed in: wall clock and boot clock in microseconds.
 */
#define MODEL_SESSIONS 32

enum model_state { MODEL_NONE, MODEL_RESERVED, MODEL_OPENING, MODEL_OPEN, MODEL_ENDING };
#define MODEL_CLASS_MAX 28800 /* longest session of class normal, in seconds */

/* Who asks, from where. */
struct model_caller {
    unsigned person;
    int pid, parent; /* parent -1: none that could open in its place */
    bool sshd;       /* else the console */
    const char *job; /* as grants name it: cron or at, and neither of these; NULL: a login */
    bool far;        /* from an address that no grant has */
};

struct model_session {
    enum model_state state;
    struct model_caller caller; /* who reserved it */
    uint64_t number;
    unsigned grant, person;
    int pid, parent; /* parent -1: nobody but the holder may open it */
    bool holder_gone;
    int64_t holder_gone_us; /* boot clock */
    bool refused;           /* a login that was refused in its session phase, and is in no books */
    bool opened;            /* its use is used */
    enum reason end_reason;
    bool claim; /* its use is one of all hosts, lent by the provider */
    bool job;   /* takes no use, is no session to rest on, and ends with its grant */
    when_t opened_at, deadline;
    when_t latest; /* deadline, had the clock not been set back behind its opening; else 0 */
    int64_t base_wall_us, base_boot_us;
};

struct model_grant {
    int paper;          /* the version that counts, or -1: none was handed in */
    bool verified;      /* its quorum signed it, by the trust file in force */
    bool stands;        /* it was verified once: nothing lower takes its place any more */
    unsigned approvals; /* bits of keys.h, of that version */
    unsigned uses, live;
    bool closed;
    bool withdrawn;       /* gone from the directory, while it is */
    unsigned claims_used; /* of all hosts */
    unsigned ever;        /* sessions that were opened under it, whatever became of the counts */
};

struct model_taken {
    bool there;
    when_t until; /* WHEN_NEVER: for ever */
    /* The same as it is on disk. */
    bool kept;
    when_t kept_until;
};

/* Answers of one kind. */
struct model_told {
    unsigned allowed, refused;
};

struct model_trust {
    unsigned list, epoch;
};

struct model_status {
    bool there;
    unsigned trust_epoch, epoch, kind; /* as in statuses.h */
};

struct model {
    struct model_status status;           /* the highest that a key of its trust file signed */
    struct model_trust trust, trust_kept; /* in force, and on disk */
    struct model_grant grants[SITE_GRANTS];
    struct model_session sessions[MODEL_SESSIONS];
    uint64_t next_number, next_written;
    unsigned changes; /* of what a decision rests on */
    bool busy;        /* nothing is ended before it is over */
    bool stepped;     /* somebody set the clock just now */
    struct model_taken revoked_grant[SITE_GRANTS];
    struct model_taken revoked_staff[SITE_PERSONS], locked_staff[SITE_PERSONS];
    struct model_taken revoked_vendor[SITE_VENDORS], locked_vendor[SITE_VENDORS];
    struct model_taken locked_host;
    /* What the directory says and nobody signed: it holds as long as it is there. */
    struct model_taken said_grant[SITE_GRANTS], said_staff[SITE_PERSONS], said_vendor[SITE_VENDORS];
    bool claims_possible; /* the provider can be asked */
    bool full;            /* there is no room for what somebody new does */
    bool cannot_end;      /* the reaper ends nobody */
    bool reaper_away;
    /* the clock */
    int64_t wall_us, boot_us;
    bool synchronised, sure;
    int64_t line_us, line_at_us; /* wall less boot clock, as trusted, and when, by the boot clock */
    bool nudged;                 /* it was set by less than is doubted, which may not be on disk yet */
    int64_t highest_us;
    /* what the ledger must hold */
    unsigned refused_logins, refused_opens, opened;
    struct model_told jobs, switches, commands;
};

void model_init(struct model *m, int64_t wall_us, int64_t boot_us);

/** Time went by, or the clock was set: whoever has to go goes. */
void model_look(struct model *m, int64_t wall_us, int64_t boot_us, bool synchronised);
/** `clock confirm`. */
void model_confirm(struct model *m);

/* What was decided, and is not answered before it is on disk. */
struct model_flight {
    struct model_caller caller;
    bool opens, own;
    uint64_t number;
    unsigned grant, changes;
    when_t until;
    /* A use of all hosts: it has asked for one, it has it; of which grant, since when. */
    bool asks, claimed;
    unsigned claim;
    int64_t asked_us;
};
/** If that is REASON_OK, it is on its way, or asks for a use of all hosts first; else it is answered. */
enum reason model_begin(struct model *m, const struct model_caller *c, bool opens, struct model_flight *f);
/** Whether it would ask; that is answered (REASON_OK: lent), and then as model_begin(). */
bool model_would_ask(const struct model *m, const struct model_caller *c);
enum reason model_claimed(struct model *m, struct model_flight *f, enum reason answer);
/** Whether it has waited for that as long as it may. */
bool model_has_waited(const struct model *m, const struct model_flight *f);
/** The disk took it, or did not (`failed`): the answer. To be followed by model_settle(), with `busy` set
 * before the first of several that are answered together. */
enum reason model_answer(struct model *m, const struct model_flight *f, enum reason failed);
void model_settle(struct model *m);
/** It is on disk, and nobody was told. */
void model_written(struct model *m, const struct model_flight *f);

/** Account phase; then, if that is REASON_OK, the caller holds a reservation. */
enum reason model_account(struct model *m, const struct model_caller *c);
/** Session phase; then, if that is REASON_OK, the caller has a session. */
enum reason model_open(struct model *m, const struct model_caller *c);

/* What su and sudo ask, of a process within the session whose leader is `leader`. */
enum model_step {
    MODEL_SU,      /* both phases of su */
    MODEL_ACCOUNT, /* sudo, which does not know its target yet */
    MODEL_COMMAND, /* its plugin */
    MODEL_RUN,     /* its session phase, after the plugin let it run */
    MODEL_UNASKED, /* the same without that */
};
struct model_switch {
    unsigned person;
    int leader;
    enum model_step step;
    const char *target, *command;
};
enum reason model_switch(struct model *m, const struct model_switch *x);
/** A MODEL_COMMAND that was allowed, when it is on disk, or is not. */
enum reason model_switch_answer(struct model *m, const struct model_switch *x, enum reason failed);

void model_exit(struct model *m, int pid);
/** A paper with some of its approvals (bits). */
void model_hand_in(struct model *m, unsigned paper, unsigned approvals);
/** Another trust file is in force; it is on disk, too; what is not is forgotten. */
void model_trust(struct model *m, unsigned list, unsigned epoch);
void model_keep_trust(struct model *m);
void model_forget_trust(struct model *m);
/** Whether a status with these approvals (bits) takes the place of the one that is here; it does. */
bool model_status_counts(const struct model *m, const struct model_status *s, unsigned approvals);
void model_heed_status(struct model *m, const struct model_status *s);
/** Takes something away, in `slot` (one of the above). A lock may be given another end, a tombstone a later
 * one alone. */
void model_take(struct model *m, struct model_taken *slot, when_t until, bool lock);
/** That is on disk, too; without it, a start does not know of it. */
void model_keep(struct model_taken *slot);
/** Something was taken away or withdrawn: whoever has to go goes. */
void model_apply(struct model *m);
bool model_is_taken(const struct model *m, const struct model_taken *x);
void model_finish(struct model *m, unsigned grant);
void model_end_session(struct model *m, struct model_session *s, enum reason reason);
/** The broker was stopped or killed: no number that is on disk is given again. */
void model_stopped(struct model *m);
/** It was started. `alive` says whether a process still is there. */
void model_restart(struct model *m, bool (*alive)(int pid));
/** There is no room for what somebody new does; nor, `wholly`, for anything, and who is in is ended. */
void model_full(struct model *m, bool full, bool wholly);
/** The reaper can, cannot, or is away; when it can, what was left is ended. */
void model_reaper(struct model *m, bool away, bool cannot);

struct model_session *model_of_number(struct model *m, uint64_t number);
/** The session or reservation of this process; NULL: none. */
struct model_session *model_of_process(struct model *m, int pid);

#endif
