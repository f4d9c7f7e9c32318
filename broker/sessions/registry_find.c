#include "broker/sessions/registry_internal.h"

struct session *registry_first(const struct registry *r)
{
    return r->sessions;
}

struct session *registry_next(const struct session *s)
{
    return s->next;
}

struct session *registry_find(const struct registry *r, uint64_t number)
{
    return places_first(&r->by_number, number);
}

struct session *registry_first_of(const struct registry *r, uint32_t uid)
{
    return places_first(&r->by_uid, uid);
}

struct session *registry_next_of(const struct session *s)
{
    return places_next(&s->by_uid);
}

struct session *registry_first_unwritten(const struct registry *r)
{
    return places_first(&r->unwritten, 0);
}

struct session *registry_next_unwritten(const struct session *s)
{
    return places_next(&s->unwritten);
}

/* Start times, or numbers, agree, or one is not known: a pid whose pidfd has not fired yet is still that
 * process. */
static bool is_process(const struct session_process *p, const struct session_process *who)
{
    if (p->pidfd < 0 || p->pid != who->pid ||
        (p->number != 0 && who->number != 0 && p->number != who->number))
        return false;
    return p->start_time == who->start_time || p->start_time == 0 || who->start_time == 0;
}

/* What a broker before this one left has no pidfd until the reaper has answered: it is known by pid, and
 * start time or number. */
static bool is_left_by(const struct session *s, const struct session_process *p,
                       const struct session_process *who)
{
    if (s->settled || who->pid == 0 || p->pid != who->pid)
        return false;
    if (p->number != 0)
        return p->number == who->number;
    return who->start_time != 0 && p->start_time == who->start_time;
}

static bool is_holder(const struct session *s, const struct session_process *p,
                      const struct session_process *who)
{
    return is_process(p, who) || is_left_by(s, p, who);
}

/* Whoever has several, as a process that asked and whose child asked after it, opens the one that came last.
 */
static struct session *later(struct session *one, struct session *other)
{
    return one && one->number > other->number ? one : other;
}

struct session *registry_find_reservation(const struct registry *r, uint32_t uid,
                                          const struct session_process *who)
{
    struct session *found = NULL;

    for (struct session *s = places_first(&r->by_holder, who->pid); s; s = places_next(&s->by_holder))
        if (s->uid == uid && is_holder(s, &s->leader, who))
            found = later(found, s);
    for (struct session *s = places_first(&r->by_parent, who->pid); s; s = places_next(&s->by_parent))
        if (s->uid == uid && is_holder(s, &s->parent, who))
            found = later(found, s);
    return found;
}

static struct session *first_in(const struct registry *r, uint32_t uid, enum session_state state)
{
    return places_first(&r->by_state, registry_state_key(uid, state));
}

static struct session *next_in(const struct session *s)
{
    return places_next(&s->by_state);
}

/* What a job begins stays as long as the job may, whichever login sessions come and go beside it. */
static bool is_of_job(const struct registry *r, uint32_t uid, uint32_t audit_session)
{
    for (const struct session *s = registry_first_of(r, uid); s; s = registry_next_of(s))
        if (s->job && s->audit_session == audit_session)
            return true;
    return false;
}

struct session *registry_find_current(const struct registry *r, uint32_t uid, uint32_t audit_session)
{
    struct session *only = NULL;
    unsigned n = 0;

    if (audit_session != UINT32_MAX && is_of_job(r, uid, audit_session))
        return NULL;
    for (struct session *s = first_in(r, uid, SESSION_OPEN); s; s = next_in(s)) {
        if (s->job)
            continue;
        if (audit_session != UINT32_MAX && s->audit_session == audit_session)
            return s;
        only = s;
        n++;
    }
    return n == 1 ? only : NULL;
}

unsigned registry_count(const struct registry *r, uint32_t uid, unsigned states, const struct session *but)
{
    unsigned n = 0;

    for (enum session_state state = SESSION_RESERVED; state <= SESSION_ENDING; state++)
        if ((states & SESSION_BIT(state)) != 0)
            for (const struct session *s = first_in(r, uid, state); s; s = next_in(s))
                n += s != but && !s->job;
    return n;
}

uint8_t registry_channels(const struct registry *r, uint32_t uid, unsigned states)
{
    uint8_t channels = 0;

    for (enum session_state state = SESSION_RESERVED; state <= SESSION_ENDING; state++)
        if ((states & SESSION_BIT(state)) != 0)
            for (const struct session *s = first_in(r, uid, state); s; s = next_in(s))
                if (!s->job)
                    channels |= s->channels;
    return channels;
}

bool registry_is_ending(const struct registry *r, uint32_t uid)
{
    return first_in(r, uid, SESSION_ENDING) != NULL;
}
