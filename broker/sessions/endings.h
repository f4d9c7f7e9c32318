#ifndef HUFU_SESSIONS_ENDINGS_H
#define HUFU_SESSIONS_ENDINGS_H

#include "broker/sessions/reaper_client.h"
#include "broker/sessions/registry.h"

/*
 * Ending a session, and knowing that it has ended. hufud ends nothing itself: it asks hufu-reaper, which
 * kills, looks again until nobody is there, and says so. Until then the session stays in the registry as
 * ENDING, and is asked about again and again: every reply but "nobody is left" keeps its account locked.
 *
 * A person's last session takes everything of theirs with it (3-rules, "What a grant gives").
 */
struct endings;

/* What else is to be ended with a session. */
enum sweep {
    SWEEP_SESSION = 1, /* it alone: a job, or the person is just coming in once more */
    SWEEP_STRAYS,      /* everything of that uid that belongs to no other session on lease */
    SWEEP_LEFTOVERS,   /* the last session: the same, except jobs of cron and at, which a grant names that is
                          valid now */
    SWEEP_PERSON,      /* the last session: everything of that uid */
};

struct ending {
    enum reap_result result; /* REAP_DONE: proven */
    bool away;               /* no answer: the reaper is away or silent; `result` is REAP_FAILED */
    bool first;              /* first outcome of this ending; later ones follow if it was not proven */
    uint32_t processes;      /* seen alive, ended */
    uint64_t took_us;        /* from the order to this outcome */
    uint32_t n_survivors;    /* listed in `survivors` */
    const struct reap_process *survivors;
};

struct endings_events {
    enum sweep (*sweep)(void *userdata, const struct session *s);
    /* What its person is told right before the end, on the session's terminals; empty: nothing. NULL: nobody
     * is told anything. */
    void (*farewell)(void *userdata, const struct session *s, char *text, size_t size);
    /* After REAP_DONE the owner takes the session out of its registry; otherwise it is tried again. */
    void (*outcome)(void *userdata, struct session *s, const struct ending *e);
};

#define ENDINGS_RETRY_US    ((uint64_t)5 * 1000000)
#define ENDINGS_PATIENCE_US ((uint64_t)10 * 1000000)

int endings_new(sd_event *event, struct reaper_client *reaper, const struct endings_events *events,
                void *userdata, struct endings **ret);
/** To be called after reaper_client_stop(): then nothing is under way any more. */
struct endings *endings_free(struct endings *e);
DEFINE_CLEANUP(struct endings, endings_free);

/** Marks the session ENDING for `reason` without asking yet, so that of several ended together the last is
 * known for the last. Nothing happens to one that is ending already. */
void endings_mark(struct session *s, enum reason reason);

/** Has it ended. 0 or -ENOMEM (it is tried again later all the same, by endings_retry()). */
int endings_start(struct endings *e, struct session *s, enum reason reason);

/** Asks again at once about everything that is not proven: the reaper has come back. */
void endings_retry(struct endings *e, struct registry *r);

/** Whether something of this person is being ended right now, and has been for less than 10 s: somebody who
 * comes in again may wait for it. */
bool endings_are_under_way(const struct endings *e, uint32_t uid);

#endif
