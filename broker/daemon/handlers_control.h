#ifndef HUFU_DAEMON_HANDLERS_CONTROL_H
#define HUFU_DAEMON_HANDLERS_CONTROL_H

#include "broker/audit/event.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/orders.h"

/* The methods of org.hufu.control, one function each; the table is in handlers_control.c. `userdata` is the
 * broker. What their parameters mean: broker/ipc/org.hufu.control.varlink. */

control_handler control_status;
control_handler control_document_add;
control_handler control_grant_list;
control_handler control_grant_show;
control_handler control_grant_finish;
control_handler control_revoke;
control_handler control_lock;
control_handler control_unlock;
control_handler control_taken_list;
control_handler control_session_list;
control_handler control_session_show;
control_handler control_session_end;
control_handler control_session_watch;
control_handler control_explain;
control_handler control_audit;
control_handler control_ledger_read;
control_handler control_review_sign;
control_handler control_ledger_key;
control_handler control_ledger_checkpoint;
control_handler control_clock_show;
control_handler control_clock_confirm;
control_handler control_host_show;
control_handler control_host_confirm;
control_handler control_backup;
control_handler control_trust_show;
control_handler control_trust_reset;
control_handler control_sync_show;
control_handler control_sync_refresh;

/* ---- what several of them need ---- */

/** Reads parameters by a table; on failure the call has been answered. */
bool control_read(struct control_call *call, json_t *parameters, const struct varlink_field *fields,
                  size_t n);

/** An instant as text, or null for 0 and WHEN_NEVER. */
json_t *control_time(when_t t);
/** Text, or null for NULL or empty. */
json_t *control_text(const char *text);
/** UINT32_MAX is null. */
json_t *control_number(uint32_t n);

json_t *control_process(const struct reap_process *p);
/** Session (the varlink type) as it is now. */
json_t *control_session(const struct broker *b, const struct session *s);

/** Reads an instant that may be absent (NULL: *ret stays). On failure the call has been answered. */
bool control_when(struct control_call *call, const char *name, const char *text, when_t *ret);

void control_not_found(struct control_call *call, const char *what);
/** Error Refused. The sentence is a msgid. */
void control_refuse(struct control_call *call, enum reason reason, const char *sentence);
void control_store_unavailable(struct control_call *call, int result);

/** The grant with this id, or with the only id that begins so (8 digits or more), of this person (NULL: of
 * anybody). NULL: the call has been answered. */
struct grant_entry *control_find_grant(struct broker *b, struct control_call *call, const char *id,
                                       const char *staff);

/** Whether grants are still on their way from the store, of which the call needs all: then `handle` is called
 * again when they are there, or the call is answered with why they cannot be. */
bool control_waits_for_grants(struct broker *b, struct control_call *call, json_t *parameters,
                              control_handler *handle);

/** Puts a tombstone or lock into memory, ends what lives under it (with `grace` seconds, if not 0), writes it
 * with its record, and answers with the ending. */
void control_take_away(struct broker *b, struct control_call *call, const struct store_taken *asked,
                       const char *event, enum reason reason, uint32_t grace);
/** What a tombstone or lock adds to a record; lasts as long as *x. */
void control_record_taken(struct record *r, const struct store_taken *x);
/** Taken (the varlink type). */
json_t *control_taken(const struct taken_entry *x);

/** A record of an operator's act. */
struct record control_record(const struct control_call *call, const char *event, enum reason reason,
                             bool success);

/** Ending (the varlink type) of an order. */
json_t *control_ending(const struct order_result *result);

#endif
