#include "tests/fuzz/stage/model.h"

#include "tests/fuzz/stage/model_decide.h"
#include "tests/fuzz/stage/model_parts.h"

#include <string.h>

#define US           ((int64_t)1000000)
#define TOLERANCE_US (10 * US)
#define GRACE_US     (120 * US) /* of a reservation whose holder is gone, for its parent */

void model_init(struct model *m, int64_t wall_us, int64_t boot_us)
{
    memset(m, 0, sizeof(*m));
    for (unsigned i = 0; i < SITE_GRANTS; i++)
        m->grants[i].paper = -1;
    m->trust = m->trust_kept = (struct model_trust){0, KEYS_EPOCH};
    m->next_number = m->next_written = 1;
    m->wall_us = m->highest_us = wall_us;
    m->boot_us = boot_us;
    m->line_us = wall_us - boot_us;
    m->line_at_us = boot_us;
    m->synchronised = m->sure = true;
}

/* ---- sessions ---- */

struct model_session *model_of_number(struct model *m, uint64_t number)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++)
        if (m->sessions[i].state != MODEL_NONE && m->sessions[i].number == number)
            return &m->sessions[i];
    return NULL;
}

struct model_session *model_of_process(struct model *m, int pid)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++)
        if (m->sessions[i].state != MODEL_NONE && m->sessions[i].pid == pid)
            return &m->sessions[i];
    return NULL;
}

const struct model_session *model_reservation_held(const struct model *m, const struct model_caller *c)
{
    const struct model_session *found = NULL;

    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        const struct model_session *s = &m->sessions[i];
        bool its = (s->pid == c->pid && !s->holder_gone) || (s->parent >= 0 && s->parent == c->pid);

        if (s->state == MODEL_RESERVED && s->person == c->person && its &&
            (!found || s->number > found->number))
            found = s;
    }
    return found;
}

struct model_session *model_reservation_of(struct model *m, const struct model_caller *c)
{
    const struct model_session *held = model_reservation_held(m, c);

    return held ? &m->sessions[held - m->sessions] : NULL;
}

struct model_session *model_add(struct model *m, const struct model_caller *c, enum model_state state)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++)
        if (m->sessions[i].state == MODEL_NONE) {
            m->sessions[i] = (struct model_session){.state = state,
                                                    .number = m->next_number++,
                                                    .person = c->person,
                                                    .caller = *c,
                                                    .pid = c->pid,
                                                    .job = c->job != NULL,
                                                    .parent = c->sshd ? c->parent : -1};
            return &m->sessions[i];
        }
    return NULL;
}

void model_write(struct model *m, const struct model_session *s)
{
    if (m->next_written <= s->number)
        m->next_written = s->number + 1;
}

void model_release_unwritten(struct model *m, struct model_session *s)
{
    m->grants[s->grant].uses -= !s->job;
    m->grants[s->grant].live -= !s->job;
    s->state = MODEL_NONE;
}

void model_release(struct model *m, struct model_session *s)
{
    model_write(m, s);
    model_release_unwritten(m, s);
}

/* Nothing is left of it. The last use closes its grant. */
static void gone(struct model *m, struct model_session *s)
{
    struct model_grant *g = &m->grants[s->grant];
    const struct site_paper *p;

    s->state = MODEL_NONE;
    model_exit(m, s->pid); /* whatever else it held */
    if (s->refused || s->job)
        return;
    if (!s->opened) { /* it never was a use */
        model_release_unwritten(m, s);
        return;
    }
    p = model_paper(m, s->grant);
    g->live--;
    if (g->closed || p->uses == 0 || g->live > 0 || g->uses < p->uses)
        return;
    g->closed = true;
    m->changes++;
    model_look_at_sessions(m);
}

void model_end_session(struct model *m, struct model_session *s, enum reason reason)
{
    if (s->state == MODEL_RESERVED) {
        model_release(m, s);
        return;
    }
    if (!s->refused)
        model_write(m, s);
    s->state = MODEL_ENDING;
    s->end_reason = reason;
    if (!m->reaper_away && !m->cannot_end && !m->busy)
        gone(m, s);
}

/* The wall clock, or what it would show had nobody set it back since the session began. */
static when_t now_in(const struct model *m, const struct model_session *s)
{
    int64_t steady = s->base_wall_us + m->boot_us - s->base_boot_us;

    return (steady > m->wall_us ? steady : m->wall_us) / US;
}

static when_t least(when_t a, when_t b)
{
    return a < b ? a : b;
}

/* When it has to be over. An opening in the future counts as now. */
static when_t deadline_of(const struct model *m, const struct model_session *s, when_t now)
{
    const struct site_paper *p = model_paper(m, s->grant);
    when_t longest = least((when_t)p->max_session, MODEL_CLASS_MAX);
    when_t end = least(SITE_BEGIN + p->until, model_hours_end(p, now));

    return s->job ? end : least(least(s->opened_at, now) + longest, end);
}

/* REASON_OK, or why it may not go on. */
static enum reason judge(const struct model *m, const struct model_session *s, when_t now)
{
    enum reason reason = model_taken_of_person(m, s->person, now);

    if (model_holds(&m->locked_host, now))
        return REASON_HOST_LOCKED;
    if (reason != REASON_OK)
        return reason;
    if (model_paper(m, s->grant)->person != s->person)
        return REASON_NO_GRANT;
    reason = model_fits(m, s->grant, &s->caller, now);
    if (reason != REASON_OK)
        return reason;
    return deadline_of(m, s, now) > now ? REASON_OK : REASON_MAX_SESSION;
}

void model_look_at(struct model *m, struct model_session *s)
{
    when_t now = now_in(m, s);
    enum reason reason = judge(m, s, now);

    if (s->opened_at > now)
        s->latest = deadline_of(m, s, s->opened_at);
    if (reason == REASON_OK)
        s->deadline = deadline_of(m, s, now);
    else
        model_end_session(m, s, reason);
}

/* One that is being opened has no deadline of its own yet. */
void model_look_at_sessions(struct model *m)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];
        bool opening = s->state == MODEL_OPENING && (m->stepped || m->grants[s->grant].closed);

        if (opening || s->state == MODEL_OPEN)
            model_look_at(m, s);
    }
}

/* ---- what happens ---- */

static void look_at_clock(struct model *m)
{
    int64_t expected = m->line_us + m->boot_us, ahead = m->wall_us - expected;
    bool was_sure = m->sure;
    bool behind = ahead < -TOLERANCE_US || m->wall_us + TOLERANCE_US < m->highest_us;

    if (behind && m->sure && expected > m->highest_us)
        m->highest_us = expected;
    m->sure = (!behind && ahead <= TOLERANCE_US) || (m->synchronised && m->wall_us >= m->highest_us);
    m->changes += m->sure != was_sure || (m->sure && ahead > TOLERANCE_US);
    if (!m->sure)
        return;
    /* Without a source of time a step back is forgotten by 1 in 2000. */
    expected -= (m->boot_us - m->line_at_us) / 2000;
    m->nudged |= ahead != 0;
    m->line_us = (m->synchronised || m->wall_us > expected ? m->wall_us : expected) - m->boot_us;
    m->line_at_us = m->boot_us;
    if (m->wall_us > m->highest_us)
        m->highest_us = m->wall_us;
}

void model_look(struct model *m, int64_t wall_us, int64_t boot_us, bool synchronised)
{
    m->stepped = wall_us - boot_us != m->wall_us - m->boot_us;
    m->wall_us = wall_us;
    m->boot_us = boot_us;
    m->synchronised = synchronised;
    look_at_clock(m);
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        if (s->state == MODEL_RESERVED && s->holder_gone && boot_us - s->holder_gone_us >= GRACE_US)
            model_release(m, s);
    }
    model_look_at_sessions(m);
    m->stepped = false;
}

void model_confirm(struct model *m)
{
    m->highest_us = m->wall_us;
    m->line_us = m->wall_us - m->boot_us;
    m->line_at_us = m->boot_us;
    m->sure = true;
}

void model_exit(struct model *m, int pid)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        if ((s->state == MODEL_OPEN || s->state == MODEL_OPENING) && s->pid == pid) {
            model_end_session(m, s, REASON_LOGGED_OUT);
        } else if (s->state == MODEL_RESERVED && s->pid == pid && !s->holder_gone) {
            s->holder_gone = true;
            s->holder_gone_us = m->boot_us;
            if (s->parent < 0)
                model_release(m, s);
        } else if (s->state == MODEL_RESERVED && s->parent == pid) {
            s->parent = -1;
            if (s->holder_gone)
                model_release(m, s);
        }
    }
}

/* By the wall clock, also of a session that knows it to be set back. */
static enum reason hits(const struct model *m, const struct model_session *s)
{
    when_t now = model_now(m);
    enum reason reason = model_taken_of_person(m, s->person, now);

    if (model_holds(&m->locked_host, now))
        return REASON_HOST_LOCKED;
    return reason != REASON_OK ? reason : model_taken_of_grant(m, s->grant, now);
}

bool model_has_lost_its_grant(const struct model *m, const struct model_session *s)
{
    const struct model_grant *g = &m->grants[s->grant];

    return g->withdrawn || !model_is_signed(m, s->grant) || hits(m, s) != REASON_OK;
}

void model_apply(struct model *m)
{
    m->changes++;
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];
        if (s->state == MODEL_NONE || s->state == MODEL_ENDING)
            continue;
        if (s->state == MODEL_RESERVED ? model_has_lost_its_grant(m, s) : hits(m, s) != REASON_OK)
            model_end_session(m, s, hits(m, s));
    }
    model_look_at_sessions(m);
}

void model_take(struct model *m, struct model_taken *slot, when_t until, bool lock)
{
    if (lock || !slot->there || until > slot->until)
        slot->until = until;
    slot->there = true;
    model_apply(m);
}

void model_keep(struct model_taken *slot)
{
    slot->kept = slot->there;
    slot->kept_until = slot->until;
}

void model_finish(struct model *m, unsigned grant)
{
    m->grants[grant].closed = true;
    m->changes++;
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        if (s->state == MODEL_RESERVED && s->grant == grant)
            model_release(m, s);
    }
    model_look_at_sessions(m);
}

/* What was not on disk is forgotten. */
static void forget(struct model_taken *slots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        slots[i] =
            (struct model_taken){slots[i].kept, slots[i].kept_until, slots[i].kept, slots[i].kept_until};
}

void model_stopped(struct model *m)
{
    m->next_number = m->next_written;
    model_forget_trust(m);
    forget(m->revoked_grant, SITE_GRANTS);
    forget(m->revoked_staff, SITE_PERSONS);
    forget(m->locked_staff, SITE_PERSONS);
    forget(m->revoked_vendor, SITE_VENDORS);
    forget(m->locked_vendor, SITE_VENDORS);
    forget(&m->locked_host, 1);
}

void model_restart(struct model *m, bool (*alive)(int pid))
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        s->base_wall_us = m->wall_us > m->line_us + m->boot_us ? m->wall_us : m->line_us + m->boot_us;
        s->base_boot_us = m->boot_us;
        if (s->state == MODEL_ENDING && s->refused)
            s->state = MODEL_NONE; /* it was never in the books */
        if (s->state == MODEL_OPENING)
            s->state = MODEL_OPEN;
        if (s->state == MODEL_OPEN && !alive(s->pid))
            model_end_session(m, s, REASON_LOGGED_OUT);
        if (s->state != MODEL_RESERVED)
            continue;
        if (!s->holder_gone && alive(s->pid)) {
            s->parent = -1;
        } else if (s->parent >= 0 && alive(s->parent)) {
            s->pid = s->parent;
            s->parent = -1;
            s->holder_gone = false;
        } else {
            model_release(m, s);
        }
    }
    m->sure = false; /* nobody looked in between */
    look_at_clock(m);
    m->nudged = false;
    model_look_at_sessions(m);
}

void model_full(struct model *m, bool full, bool wholly)
{
    m->full = full;
    for (unsigned i = 0; i < MODEL_SESSIONS && full && wholly; i++)
        if (m->sessions[i].state == MODEL_OPEN || m->sessions[i].state == MODEL_OPENING)
            model_end_session(m, &m->sessions[i], REASON_STORE_FULL);
}

void model_reaper(struct model *m, bool away, bool cannot)
{
    m->reaper_away = away;
    m->cannot_end = cannot;
    for (unsigned i = 0; i < MODEL_SESSIONS && !away && !cannot; i++)
        if (m->sessions[i].state == MODEL_ENDING)
            gone(m, &m->sessions[i]);
}
