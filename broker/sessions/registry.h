#ifndef HUFU_SESSIONS_REGISTRY_H
#define HUFU_SESSIONS_REGISTRY_H

#include "broker/sessions/session.h"
#include "policy/base/cleanup.h"

/*
 * All sessions of this host, and what is being waited for with each: that its leader exits, that a
 * reservation's holder exits without a session, that a deadline comes. It tells; what is to be done about it
 * is its owner's.
 *
 * A reservation belongs to its holder (the caller of the account phase). Under sshd with keyboard-interactive
 * the holder is a short-lived child, and the session is opened by its parent: so after the holder's end the
 * reservation stays for the parent, 120 s at most, or until the parent exits (3-rules, "How it changes").
 */
struct registry;

#define REGISTRY_PARENT_GRACE_US ((uint64_t)120 * 1000000)

struct registry_events {
    void (*leader_gone)(void *userdata, struct session *s); /* OPENING, OPEN: its leader exited */
    void (*holder_gone)(void *userdata, struct session *s); /* RESERVED: nobody can open it any more */
    void (*due)(void *userdata, struct session *s);         /* OPEN: deadline or warning has come */
};

int registry_new(sd_event *event, const struct registry_events *events, void *userdata,
                 struct registry **ret);
struct registry *registry_free(struct registry *r);
DEFINE_CLEANUP(struct registry, registry_free);

/** A new empty session in the registry: state RESERVED, descriptors -1, this number and person, by which it
 * is found. NULL without memory. */
struct session *registry_add(struct registry *r, uint64_t number, uint32_t uid);
/** Takes it out and frees it. NULL is fine. */
struct session *registry_remove(struct session *s);

/** s->state is changed by this alone. */
void registry_set_state(struct session *s, enum session_state state);
/** Its service, s->leader and s->parent are filled in: from now on the reservation is found by them. */
void registry_set_holder(struct session *s);

/** Watches the reservation's holder, and for sshd its parent (pidfds in s->leader and s->parent), by which it
 * is found from now on. */
int registry_watch_holder(struct session *s);
/** From now on `leader` (pidfd taken over, also on failure) is the session's; the parent is not watched. */
int registry_bind_leader(struct session *s, struct session_process leader);
/** Arms both clocks for the earlier of deadline and warning. */
int registry_arm(struct session *s);
/** Watches and arms nothing any more: it is being ended. */
void registry_unwatch(struct session *s);

struct session *registry_first(const struct registry *r);
struct session *registry_next(const struct session *s);
struct session *registry_find(const struct registry *r, uint64_t number);

/** Those of one person, jobs too, the newest first. */
struct session *registry_first_of(const struct registry *r, uint32_t uid);
struct session *registry_next_of(const struct session *s);

/** Its row went to the store. Those of which none did are few, and asked for often. */
void registry_set_written(struct session *s);
struct session *registry_first_unwritten(const struct registry *r);
struct session *registry_next_unwritten(const struct session *s);

/** The reservation of which this process is holder, or, under sshd, holder's parent; or NULL. Its pidfd is
 * not looked at. */
struct session *registry_find_reservation(const struct registry *r, uint32_t uid,
                                          const struct session_process *who);
/** The open login session that has this audit session; without one, the person's only open one. NULL also for
 * the audit session of a job. */
struct session *registry_find_current(const struct registry *r, uint32_t uid, uint32_t audit_session);

/** Login sessions of the person whose state is among `states` (bits 1 << state), other than `but` (may be
 * NULL). */
unsigned registry_count(const struct registry *r, uint32_t uid, unsigned states, const struct session *but);

/** What they have in use, all together (struct facts). */
uint8_t registry_channels(const struct registry *r, uint32_t uid, unsigned states);

/** Whether a session or job of the person is being ended. */
bool registry_is_ending(const struct registry *r, uint32_t uid);

#define SESSION_BIT(state) (1U << (unsigned)(state))
#define SESSION_ANY                                                                             \
    (SESSION_BIT(SESSION_RESERVED) | SESSION_BIT(SESSION_OPENING) | SESSION_BIT(SESSION_OPEN) | \
     SESSION_BIT(SESSION_ENDING))

#endif
