#include "broker/common/clock.h"
#include "tests/crash/check.h"
#include "tests/crash/clients.h"

#include <string.h>
#include <unistd.h>

/* What hufud says of itself after a start. */

#define PATIENCE_US ((uint64_t)30000000)

static bool is_text(json_t *object, const char *member, const char *text)
{
    const char *value = json_string_value(json_object_get(object, member));

    return value && strcmp(value, text) == 0;
}

/* It decides as soon as the reaper is connected. */
static int await_deciding(struct lane *l)
{
    uint64_t until = clock_boot_us() + PATIENCE_US;
    json_t *status;

    for (;;) {
        bool deciding;

        if (control_ask(l, l->pidfd, "Status", json_object(), &status) < 0)
            return -1;
        deciding = json_is_true(json_object_get(status, "deciding"));
        if (!deciding && clock_boot_us() > until)
            lane_violation(l, "hufud is back and does not decide: %s", json_dumps(status, 0));
        json_decref(status);
        if (deciding)
            return 0;
        (void)usleep(2000);
    }
}

static json_t *session_of(json_t *sessions, const char *tty)
{
    json_t *s;
    size_t i;

    json_array_foreach(sessions, i, s)
    {
        if (is_text(s, "tty", tty))
            return s;
    }
    return NULL;
}

static void check_sessions(struct lane *l, json_t *sessions)
{
    (void)pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->facts.n_live; i++) {
        const struct live *x = &l->facts.live[i];
        json_t *s = session_of(sessions, x->token);

        if (!x->may_end && !x->process->killed && (!s || !is_text(s, "state", "open")))
            lane_violation(l, "session %s was allowed and lives, and hufud says it is %s", x->token,
                           s ? json_string_value(json_object_get(s, "state")) : "not there");
    }
    (void)pthread_mutex_unlock(&l->lock);
}

static void check_taken(struct lane *l, json_t *taken)
{
    (void)pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->facts.n_grants; i++) {
        bool found = l->facts.grants[i].revoked != KNOWN_YES;
        json_t *x;
        size_t n;

        json_array_foreach(taken, n, x)
        {
            found = found || (is_text(x, "kind", "revocation") && is_text(x, "name", l->facts.grants[i].id));
        }
        if (!found)
            lane_violation(l, "grant %s was revoked, and hufud does not know", l->facts.grants[i].id);
    }
    (void)pthread_mutex_unlock(&l->lock);
}

bool check_alive(struct lane *l)
{
    json_t *reply;

    if (await_deciding(l) < 0 || control_ask(l, l->pidfd, "SessionList", json_object(), &reply) < 0)
        return false;
    check_sessions(l, json_object_get(reply, "sessions"));
    json_decref(reply);
    if (control_ask(l, l->pidfd, "TakenList", json_object(), &reply) < 0)
        return false;
    check_taken(l, json_object_get(reply, "taken"));
    json_decref(reply);
    return true;
}

/* ---- settled ---- */

/* All sessions are open, and of processes that live, which have a lease each. */
static bool is_settled(struct lane *l, struct reaper *r, json_t *sessions)
{
    size_t live = 0, i;
    bool settled = true;
    json_t *s;

    json_array_foreach(sessions, i, s)
    {
        settled = settled && is_text(s, "state", "open");
    }
    for (i = 0; i < l->facts.n_live; i++) {
        const struct process *p = l->facts.live[i].process;

        if (p->killed)
            continue;
        live++;
        settled = settled && session_of(sessions, l->facts.live[i].token) && reaper_holds(r, p);
    }
    return settled && json_array_size(sessions) == live;
}

/* What was done before an order that is answered is on disk. */
static bool seal(struct lane *l)
{
    json_t *reply;

    if (control_ask(l, l->pidfd, "Lock",
                    json_pack("{ss ss ss}", "scope", "staff", "name", "nobody", "why", ""), &reply) < 0)
        return false;
    if (json_object_get(reply, "error"))
        lane_violation(l, "an order is refused: %s", json_dumps(reply, 0));
    json_decref(reply);
    return true;
}

bool check_settled(struct lane *l, struct reaper *r)
{
    uint64_t until = clock_boot_us() + PATIENCE_US;
    json_t *reply;

    for (;;) {
        bool settled;

        if (control_ask(l, l->pidfd, "SessionList", json_object(), &reply) < 0)
            return false;
        settled = is_settled(l, r, json_object_get(reply, "sessions"));
        if (!settled && clock_boot_us() > until)
            lane_violation(l, "sessions do not come to rest: %s", json_dumps(reply, 0));
        json_decref(reply);
        if (settled)
            return seal(l);
        (void)usleep(5000);
    }
}
