#ifndef HUFU_TESTS_CRASH_FACTS_H
#define HUFU_TESTS_CRASH_FACTS_H

#include "policy/base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What hufud has said, and what that has to have left: each answer that a client got is a fact, which is
 * looked for in the store after the next kill. A record is told from all others by a token that its request
 * carried (terminal, reason) or was given (reference). With the lane's lock held, all of it.
 */
#define FACTS_PERSONS 8
#define FACTS_UID     20001
#define TOKEN_SIZE    32

/* What a record is known by. The text behind it is the whole of what makes it unique. */
enum fact_kind {
    FACT_LOGIN = 'L',      /* terminal, of an account phase that allowed */
    FACT_OPEN = 'O',       /* terminal, of a session phase that allowed */
    FACT_REFUSAL = 'R',    /* reference that a person was told */
    FACT_ORDER = 'D',      /* event and token, of what an operator was told is done */
    FACT_GRANT = 'G',      /* id */
    FACT_EPOCH = 'E',      /* of the trust */
    FACT_CHECKPOINT = 'P', /* number of its record */
};

struct fact {
    enum fact_kind kind;
    char key[TOKEN_SIZE + 32];
    unsigned life;   /* in which it was asked */
    uint64_t serial; /* when it was answered */
    uint64_t told_us;
    bool own;  /* a refusal that has a record of its own, and is not counted together with others */
    bool owed; /* what it was counted with is on disk, and becomes a record */
};

/* A session that was allowed, and whose process lives. */
struct live {
    char token[TOKEN_SIZE];
    struct process *process;
    unsigned person;
    bool may_end; /* somebody asked for what may end it */
};

enum known { KNOWN_NO, KNOWN_YES, KNOWN_UNSURE };

struct grant_fact {
    char id[IDENT_ID_TEXT_SIZE];
    unsigned person;
    uint32_t limit; /* UINT32_MAX: none */
    bool fleet;
    bool by_signature; /* revoked, if it is, by a signed document: FACTS_REVOCATION is its id's first digit */
    uint32_t opened;   /* sessions that were allowed */
    enum known added, revoked;
};

#define FACTS_REVOCATION '8'

/*
 * What was told before `upto_us` in this life is on disk by now, also what is only counted. hufud puts that
 * on disk 50 ms later, unless the one before is still on its way, and then 50 ms behind that. Time alone
 * proves nothing on a busy machine, so this is passed by answers which hufud gives behind a commit: one to
 * what was asked 60 ms later comes from a loop in which that time is over, and the answer to what was asked
 * behind that from a disk that has what the loop asked for by then. Three times, for what may have been on
 * its way.
 */
#define COVERING_STEPS 6
#define COVERING_US    ((uint64_t)60000)
struct covering {
    uint64_t upto_us;            /* all that was told before it */
    uint64_t next_us, passed_us; /* on its way to become that; when its last step was passed */
    unsigned step;
};

/* How many refusals there are: on disk, and told. */
struct refusal_count {
    uint64_t recorded;       /* by the ledger: what is counted counts as many */
    uint64_t on_disk;        /* after the kill before, in the ledger or to be in it */
    uint64_t asked, allowed; /* questions */
    uint64_t over;           /* refused, or hung up on */
    uint64_t over_before;    /* at the kill before */
};

#define FACTS_PENDING 4096
#define FACTS_LIVE    64
#define FACTS_GRANTS  2048

struct facts {
    struct fact pending[FACTS_PENDING];
    size_t n_pending;
    struct live live[FACTS_LIVE];
    size_t n_live;
    struct grant_fact grants[FACTS_GRANTS];
    size_t n_grants;
    enum known locked[FACTS_PERSONS];
    unsigned disturbed[FACTS_PERSONS]; /* orders under way that may end what lives of them */
    uint64_t serial;                   /* counts questions and answers */
    unsigned refused;                  /* in this life */
    uint64_t sealed; /* what was answered before this was followed by a commit of the same life */
    struct covering covering;
    struct refusal_count refusals;
    unsigned epoch; /* of the trust, that was taken in */
    uint64_t *keys; /* of all records so far: a set of hashes */
    size_t n_keys, room;
};

struct lane;

/* A question on its way. */
struct asked {
    unsigned life;
    uint64_t serial;
    uint64_t at_us;
};
struct asked facts_ask(struct lane *l);
/** The same, of a question at the gate: each is then allowed, refused or hung up on. */
struct asked facts_ask_gate(struct lane *l);
void facts_allowed(struct lane *l);
void facts_hung_up(struct lane *l);
/** It was answered, by what is said only behind a commit. */
void facts_answer(struct lane *l, struct asked a, enum fact_kind kind, const char *key);
/** It was answered by what is on disk, from now or from before. */
void facts_tell(struct lane *l, struct asked a, enum fact_kind kind, const char *key);
/** It was answered by a refusal, whose record may come after it. `fresh`: nothing like it was asked before.
 */
void facts_refuse(struct lane *l, struct asked a, const char *reference, bool fresh);

void facts_session_opened(struct lane *l, const char *token, struct process *p, unsigned person);
/** Takes out the n-th. */
struct live facts_session_take(struct lane *l, size_t n);
/** Between these two an order is under way: what lives of a person then (FACTS_PERSONS: of anyone) may end.
 */
void facts_disturb(struct lane *l, unsigned person);
void facts_calm(struct lane *l, unsigned person);
/** Whether this process may be ended by the reaper. */
bool facts_may_end(const struct lane *l, const struct process *p);

struct grant_fact *facts_find_grant(struct lane *l, const char *id);
/** The newest of a person's that was added and not revoked, or NULL. */
struct grant_fact *facts_grant_of(struct lane *l, unsigned person);

/** Adds what a record is known by; false: another one is known by the same. */
bool facts_add_key(struct facts *f, enum fact_kind kind, const char *key);
bool facts_has_key(const struct facts *f, enum fact_kind kind, const char *key);
void facts_done(struct facts *f);

#endif
