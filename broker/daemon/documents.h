#ifndef HUFU_DAEMON_DOCUMENTS_H
#define HUFU_DAEMON_DOCUMENTS_H

#include "broker/daemon/ledger.h"
#include "broker/daemon/offer.h"
#include "broker/daemon/orders.h"
#include "broker/ipc/control.h"

/*
 * A signed document on its way in: handed in by somebody (DocumentAdd), or told by the directory. Its
 * signatures are verified on worker threads while the loop goes on; then, on the loop and under what holds
 * then, what its type makes of it is one function, the taker; all else is the same for every type. A taker
 * judges without changing anything and ends the addition with addition_refuse() or addition_fail(); or it
 * changes what is in memory (at once: no admission leaves under what held before), orders the ends of what
 * lost its ground, and ends it with addition_accept(). A call is then answered when the transaction is on
 * disk and those ends are proven, or after 10.5 s; the directory is told when it is on disk.
 */
struct addition;
typedef void document_take(struct addition *a, const struct offer *offer);

/* What the directory is told. Its texts last for the call. */
struct addition_outcome {
    int error;          /* < 0: it is not on disk, nor perhaps in memory: to be tried again */
    bool taken;         /* in; as what, `reason` says: ok, or approval-missing */
    enum reason reason; /* of one that was refused, why */
    const char *text;   /* English; empty if it was taken in */
};
typedef void addition_told(void *userdata, const struct addition_outcome *outcome);
/* What the directory has written in the transaction of the document itself. */
typedef void addition_writes(void *userdata, struct store_txn *t);

struct addition {
    struct broker *broker;
    struct control_call *call;    /* NULL: of the directory, or it was answered */
    struct operator_order *order; /* waits for the ends of sessions: order_expect(), life_recheck_under();
                                     NULL: nobody does */
    enum document_type type;
    const char *event; /* of its records */
    document_take *take;
    json_t *parameters;      /* of the call: its octets */
    struct trust_set *trust; /* under which they are being verified; a reference */
    json_t *answer;
    int result; /* of the commit; 1: not known yet */

    const char *entry; /* of the directory: its name, for the record. NULL: somebody handed it in */
    addition_told *told;
    addition_writes *writes;
    void *userdata;
    enum reason standing; /* as it was taken in */
};

/* One for each type that is handed in by itself. */
document_take documents_take_grant;
document_take documents_take_revocation;
document_take documents_take_trust;
document_take documents_take_status;

/* Of a type: NULL, if it is nothing by itself. */
struct document_taker {
    enum document_type type;
    const char *event;
    document_take *take;
};
const struct document_taker *documents_taker(enum document_type type);

/* What the reply says of a document that was taken in. */
struct addition_answer {
    const char *id; /* NULL: documents of this type have none */
    uint32_t version;
    enum reason state;
    const struct grant_standing *standing; /* what became of each approval */
    const char *state_text;                /* instead of the name of `state`; NULL: that */
};

/** NULL: the call has been answered. */
struct addition *addition_new(struct broker *b, struct control_call *call, enum document_type type,
                              const char *event);
/** The same for an entry of the directory, whose name is borrowed till `told` is called, once, perhaps before
 * the taker returns. `writes` is called before it if the document is taken in. A grant, revocation, status or
 * trust file; its approvals are verified already, or are now. NULL without memory: `told` is not called.
 * There is a trust in force. */
struct addition *addition_of_entry(struct broker *b, enum document_type type, const char *entry,
                                   addition_told *told, addition_writes *writes, void *userdata);

/** A record of it that names who brought it: a caller. Or the directory, by addition_detail(), which is what
 * its detail has to be made with. */
struct record addition_record(const struct addition *a, enum reason reason, bool success);
#define ADDITION_DETAIL_SIZE 1200
const char *addition_detail(const struct addition *a, const char *detail,
                            char text[static ADDITION_DETAIL_SIZE]);
/** Records why not, and answers Malformed or Refused. What the directory is told it records itself. */
void addition_refuse(struct addition *a, const struct offer_refusal *refusal);
/** Answers StoreUnavailable: nothing was changed. */
void addition_fail(struct addition *a, int error);
/** Submits `t` (NULL: there was no memory for one) and answers when it is time. */
void addition_accept(struct addition *a, const struct addition_answer *answer, struct store_txn *t);
/** The same with another answer than DocumentAdd's, which is taken over; its `ending` is put in. */
void addition_finish(struct addition *a, json_t *answer, struct store_txn *t);

/** Answers Malformed. */
void documents_refuse_malformed(struct control_call *call, const char *document,
                                const struct document_error *error);
/** []ApprovalSeen of the interface. */
json_t *documents_seen(const struct grant_standing *standing);
/** Approvals of a store's row as an offer has them; returns how many. */
size_t documents_approvals(const struct store_document *d, struct octets approvals[static QUORUM_VOTES_MAX]);

#endif
