#ifndef HUFU_TESTS_DAEMON_WORLD_H
#define HUFU_TESTS_DAEMON_WORLD_H

#include "broker/daemon/broker.h"
#include "broker/ipc/varlink.h"
#include "tests/unit/broker/daemon/fake_reaper.h"
#include "tests/unit/broker/daemon/visitor.h"
#include "tests/unit/support/department.h"

/*
 * A whole broker in the test's own process and event loop, unprivileged: a folder for everything, a
 * department that signs, a reaper that says what the test wants, and visitors at the gate. Who runs the test
 * plays root, unless the test says that they are the gated person.
 */
struct world {
    char folder[64];
    sd_event *event;
    struct broker *broker;
    struct department *department;
    struct fake_reaper reaper;
    int leader;                 /* who signs as the leader: DEPARTMENT_LEADER or DEPARTMENT_BOTH */
    uid_t root;                 /* who is root to the broker */
    unsigned first, last;       /* gated range */
    const char *status_max_age; /* of hufud.conf; NULL: none */
    unsigned at_once;           /* as in broker_options.pace */
    bool by_hand;
    struct visitor caller; /* who calls, of its own making; none: somebody new each time */
};

#define WORLD_STAFF "zhang.san"
#define WORLD_UID   20001
#define WORLD_KEY   "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU" /* of no octets */

/** Writes the trust file, with the first `n_approvers` of the department. */
void world_put_trust(struct world *w, size_t n_approvers);

/** Makes folder, store and broker. */
struct world *world_new(void);
struct world *world_free(struct world *w);
int world_setup(void **state);
int world_teardown(void **state);

/** What the broker is started with; the configuration is the caller's. */
struct broker_options world_options(struct world *w);
struct config *world_config(const struct world *w);

/** Starts the broker; stops it as SIGTERM does; ends it as SIGKILL does as far as the disk is concerned. */
void world_start(struct world *w);
void world_stop(struct world *w);
/** Stops and starts. */
void world_restart(struct world *w);
/** Has the broker read a hufud.conf of this text; returns what broker_reload() does. */
int world_reload(struct world *w, const char *text);
const char *world_path(const struct world *w, const char *name);

/** Turns the loop until *done, or fails the test after half a minute. */
void world_until(struct world *w, bool (*done)(struct world *w, void *userdata), void *userdata);
/** Turns it for so long. */
void world_for(struct world *w, unsigned milliseconds);
/** Somebody who keeps the loop busy, until the source is let go of. */
sd_event_source *world_keep_busy(struct world *w);

/* ---- grants ---- */

/** A grant by this plan, valid an hour ago till an hour from now. The caller's to free. */
char *world_document(struct grant_plan plan);
/** Adds a grant signed by two, over the control socket's own way in. NULL in plan fields is the usual: valid
 * an hour ago till an hour from now, staff-key password, 2 uses, 1 session. Returns its state. */
enum reason world_grant(struct world *w, struct grant_plan plan);
/** The usual one, for many logins: 100 uses, 50 sessions. It must be taken in. */
void world_grant_often(struct world *w);
/** The usual grant (PAPERS_ID) as the broker has it; NULL: it has none. */
struct grant_entry *world_entry(struct world *w);

/** Hands in any document with its approvals (NULL: none, one). */
struct varlink_reply world_hand_in(struct world *w, const char *document, const char *one, const char *two);

/** A call on the control socket. */
struct varlink_reply world_call(struct world *w, const char *method, json_t *parameters);
/** Begins one without waiting; the reply is taken with world_reply(). */
int world_begin_call(struct world *w, const char *method, json_t *parameters);
struct varlink_reply world_take_reply(struct world *w, int fd);
bool world_has_answer(struct world *w, int fd);
/** Turns the loop until there is something to read. */
void world_until_answer(struct world *w, int fd);

/** Makes a call and returns its error's name without the interface, "" when it worked; valid until the next.
 */
const char *world_error_of(struct world *w, const char *method, json_t *parameters);
/** Text of a member of a reply, "" if there is none. */
const char *world_text(const struct varlink_reply *r, const char *member);
/** Whether Status says so. */
bool world_has_finding(struct world *w, const char *severity, const char *subject);

/* ---- the gate ---- */

/** What sshd's account phase says of this visitor: password, from 10.1.2.3. */
struct gate_pam world_login(const struct visitor *v);
int world_send(struct world *w, const struct visitor *v, enum frame_type type, const struct gate_pam *m);
struct gate_reply world_take(struct world *w, int fd);
/** Both. */
struct gate_reply world_ask(struct world *w, const struct visitor *v, enum frame_type type,
                            const struct gate_pam *m);

/** What pam_loginuid does between both phases. */
void world_tie(struct gate_pam *m);

/** What sshd's session phase says of this visitor once logged in. */
struct gate_pam world_opening(const struct visitor *v);

/** Account and session phase of a login that must succeed; returns the session's number. */
uint64_t world_log_in(struct world *w, const struct visitor *v);

/** What the account phase says to another visitor of the usual kind, who then goes. */
enum reason world_login_reason(struct world *w);

/** The same, and leaves nothing reserved behind, so that one may knock again. */
enum reason world_knock(struct world *w);

/** Fails unless this is a denial for this reason, whose message names it and the reference. */
void world_assert_denied(const struct gate_reply *reply, enum reason reason);

/** For world_until(): whether no session is there any more; whether the oldest is being ended. */
bool world_nobody_is_left(struct world *w, void *userdata);
bool world_is_ending(struct world *w, void *userdata);

/** Number of records of this event in the ledger; the last one's reason in *reason. */
unsigned world_records(struct world *w, const char *event, const char *result, enum reason *reason);

#endif
