#ifndef HUFU_DAEMON_ADMISSION_H
#define HUFU_DAEMON_ADMISSION_H

#include "broker/daemon/question.h"

/*
 * A request of the PAM module on its way through: judged, written down, judged again if anything changed
 * meanwhile, and answered. An admission leaves only after its record, its session row and its use are on disk
 * (statement 5), and only if no tombstone came in between (statement 4); a refusal waits for nothing.
 */
struct admission {
    struct broker *broker;
    struct gate_call *call;
    struct question q;
    struct decision decision;
    uint64_t generation; /* under which it was decided */
    uint64_t session;    /* number of the session reserved or opened by it, or 0 */
    bool own;            /* ... and it was this very call that reserved it */
    bool waited;
    struct claim *claim; /* that it took, and that no session has yet; or NULL */
    char reference[9];
};

/** Begins with the body of a frame. Answers the call, now or later. */
void admission_begin(struct broker *b, struct gate_call *call, const uint8_t *body, size_t size,
                     enum phase phase);

/** Answers with the decision's refusal (or another reason), records it, and ends the admission. */
void admission_refuse(struct admission *a, enum reason reason);

/** Answers with ALLOW and ends the admission. */
void admission_allow(struct admission *a);

/** The record of the admission as it stands. `address` and `id` are the caller's memory. */
struct record admission_record(const struct admission *a, enum reason reason, bool success,
                               char address[static ADDRESS_TEXT_SIZE], char id[static IDENT_ID_TEXT_SIZE]);

/** Judges it, for the first time or again, and goes on from there. */
void admission_judge(struct admission *a);

/** Session phase of a login: from the decision on. In admission_open.c. */
void admission_open(struct admission *a);
/** Refuses it there, with what its caller holds and has begun. */
void admission_open_refuse(struct admission *a, enum reason reason);

/* Grants that count over all hosts. In admission_claim.c. */

/** Whether it was allowed by a grant of which a use has to be claimed first. */
bool admission_needs_claim(const struct admission *a);
/** Claims it. Then it is judged again, or refused. */
void admission_claim(struct admission *a);
/** Whether it was allowed by another grant than the one of which it claimed a use. */
bool admission_has_other_claim(const struct admission *a);
/** Hands the claim over to the session, in `t` (may be NULL). */
void admission_bind_claim(struct admission *a, const struct session *s, struct store_txn *t);

#endif
