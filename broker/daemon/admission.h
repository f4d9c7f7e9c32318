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
    char reference[9];
};

/** Begins with a decoded message. Answers the call, now or later. */
void admission_begin(struct broker *b, struct gate_call *call, const struct gate_pam *m, enum phase phase);

/** Answers with the decision's refusal (or another reason), records it, and ends the admission. */
void admission_refuse(struct admission *a, enum reason reason);

/** Answers with ALLOW and ends the admission. */
void admission_allow(struct admission *a);

/** The record of the admission as it stands. `address` and `id` are the caller's memory. */
struct record admission_record(const struct admission *a, enum reason reason, bool success,
                               char address[static ADDRESS_TEXT_SIZE], char id[static IDENT_ID_TEXT_SIZE]);

/** Session phase of a login: from the decision on. In admission_open.c. */
void admission_open(struct admission *a);

#endif
