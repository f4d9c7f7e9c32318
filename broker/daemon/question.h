#ifndef HUFU_DAEMON_QUESTION_H
#define HUFU_DAEMON_QUESTION_H

#include "broker/daemon/broker.h"
#include "policy/engine/decide.h"

/*
 * A request as a question to decide(). What the caller said is taken once; what the broker knows is looked up
 * again each time it is judged (question_refresh), since an answer may have to wait for the disk.
 */
struct question {
    struct facts facts; /* points into this struct, and into the broker's configuration */
    struct gate_pam m;
    enum reason refused; /* REASON_OK, or why the caller is not believed: then nothing else is asked */
    bool sshd;
    uint64_t caller_number;    /* process_number(), 0 where there is none */
    enum key_kind claimed_key; /* session phase: what sshd says was used */
    struct ident_fingerprint claimed_fingerprint;
    uint64_t reservation; /* number of the session that this caller holds reserved, or 0 */
    uint64_t session;     /* number of the session that it happens in, or 0 */
    bool claimed;         /* its caller holds a claim, which is in no session's books yet */
    struct ident_id reserved_id;
    struct ident_id session_id;
};

/** Takes what `peer` says in `q->m`. All else of *q is clear before. */
void question_take(struct broker *b, const struct peer *peer, enum phase phase, struct question *q);

/** Looks up what the broker knows now. */
void question_refresh(struct broker *b, struct question *q);

/** decide(), or the refusal of a caller who is not believed. */
struct decision question_decide(struct broker *b, const struct question *q);

/** Whether what is being opened carries the person's login uid and an audit session: by these the reaper
 * tells whose a process is. Without pam_loginuid before the module it has none, or that of whoever started
 * the daemon by hand; and where none was set any process may set one, anybody's. True for all that opens
 * nothing. */
bool question_is_tied(const struct question *q);

/** Whether the session phase names another key than the account phase was judged with. */
bool question_key_differs(const struct question *q, const struct session *reservation);

#endif
