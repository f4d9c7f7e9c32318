#include "tests/fuzz/stage/model.h"

#include "tests/fuzz/stage/model_decide.h"

#include <string.h>

#define US           ((int64_t)1000000)
#define TOLERANCE_US (10 * US)
#define GRACE_US     (120 * US) /* of a reservation whose holder is gone, for its parent */
#define CLASS_MAX    28800      /* longest session of class normal */

void model_init(struct model *m, int64_t wall_us, int64_t boot_us)
{
    memset(m, 0, sizeof(*m));
    for (unsigned i = 0; i < SITE_GRANTS; i++)
        m->grants[i].paper = -1;
    m->next_number = 1;
    m->wall_us = m->highest_us = wall_us;
    m->boot_us = boot_us;
    m->line_us = wall_us - boot_us;
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

static struct model_session *reservation_of(struct model *m, const struct model_caller *c)
{
    struct model_session *found = NULL;

    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];
        bool its = (s->pid == c->pid && !s->holder_gone) || (s->parent >= 0 && s->parent == c->pid);

        if (s->state == MODEL_RESERVED && s->person == c->person && its &&
            (!found || s->number > found->number))
            found = s;
    }
    return found;
}

static struct model_session *add(struct model *m, const struct model_caller *c, enum model_state state)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++)
        if (m->sessions[i].state == MODEL_NONE) {
            m->sessions[i] = (struct model_session){.state = state,
                                                    .number = m->next_number++,
                                                    .person = c->person,
                                                    .caller = *c,
                                                    .pid = c->pid,
                                                    .parent = c->sshd ? c->parent : -1};
            return &m->sessions[i];
        }
    return NULL;
}

static void release(struct model *m, struct model_session *s)
{
    m->grants[s->grant].uses--;
    m->grants[s->grant].live--;
    s->state = MODEL_NONE;
}

static void look_at_sessions(struct model *m);

/* Nothing is left of it. The last use closes its grant. */
static void gone(struct model *m, struct model_session *s)
{
    struct model_grant *g = &m->grants[s->grant];
    const struct site_paper *p;

    s->state = MODEL_NONE;
    if (!s->opened)
        return;
    p = model_paper(m, s->grant);
    g->live--;
    if (g->closed || p->uses == 0 || g->live > 0 || g->uses < p->uses)
        return;
    g->closed = true;
    look_at_sessions(m);
}

void model_end_session(struct model *m, struct model_session *s)
{
    if (s->state == MODEL_RESERVED) {
        release(m, s);
        return;
    }
    s->state = MODEL_ENDING;
    if (!m->reaper_away && !m->cannot_end)
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

/* When it has to be over. */
static when_t deadline_of(const struct model *m, const struct model_session *s, when_t now)
{
    const struct site_paper *p = model_paper(m, s->grant);
    when_t longest = least((when_t)p->max_session, CLASS_MAX);

    return least(least(s->opened_at, now) + longest, least(SITE_BEGIN + p->until, model_hours_end(p, now)));
}

static bool may_stay(const struct model *m, const struct model_session *s, when_t now)
{
    const struct site_paper *p = model_paper(m, s->grant);

    return !model_holds(&m->locked_host, now) && model_taken_of_person(m, s->person, now) == REASON_OK &&
           p->person == s->person && model_fits(m, s->grant, &s->caller, now) == REASON_OK &&
           deadline_of(m, s, now) > now;
}

static void look_at_sessions(struct model *m)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];
        when_t now;

        if (s->state != MODEL_OPEN)
            continue;
        now = now_in(m, s);
        if (may_stay(m, s, now))
            s->deadline = deadline_of(m, s, now);
        else
            model_end_session(m, s);
    }
}

/* ---- what happens ---- */

static void look_at_clock(struct model *m)
{
    int64_t expected = m->line_us + m->boot_us, ahead = m->wall_us - expected;
    bool behind = ahead < -TOLERANCE_US || m->wall_us + TOLERANCE_US < m->highest_us;

    if (behind && m->sure && expected > m->highest_us)
        m->highest_us = expected;
    m->sure = (!behind && ahead <= TOLERANCE_US) || (m->synchronised && m->wall_us >= m->highest_us);
    if (!m->sure)
        return;
    m->line_us = m->wall_us - m->boot_us;
    if (m->wall_us > m->highest_us)
        m->highest_us = m->wall_us;
}

void model_look(struct model *m, int64_t wall_us, int64_t boot_us, bool synchronised)
{
    m->wall_us = wall_us;
    m->boot_us = boot_us;
    m->synchronised = synchronised;
    look_at_clock(m);
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        if (s->state == MODEL_RESERVED && s->holder_gone && boot_us - s->holder_gone_us >= GRACE_US)
            release(m, s);
    }
    look_at_sessions(m);
}

void model_confirm(struct model *m)
{
    m->highest_us = m->wall_us;
    m->line_us = m->wall_us - m->boot_us;
    m->sure = true;
}

static struct model_session *reserve(struct model *m, const struct model_caller *c, unsigned grant,
                                     struct model_session *held)
{
    struct model_session *s;

    if (held && held->grant == grant)
        return held;
    if (held)
        release(m, held);
    s = add(m, c, MODEL_RESERVED);
    if (!s)
        return NULL;
    s->grant = grant;
    m->grants[grant].uses++;
    m->grants[grant].live++;
    return s;
}

enum reason model_account(struct model *m, const struct model_caller *c)
{
    struct model_session *held = reservation_of(m, c);
    unsigned grant = 0;
    enum reason reason = model_decide(m, c, held ? (int)held->grant : -1, &grant);

    if (reason == REASON_OK)
        (void)reserve(m, c, grant, held);
    else
        m->refused_logins++;
    return reason;
}

/* What sshd began goes on after a refusal, unless it is ended. */
static void refuse_open(struct model *m, const struct model_caller *c, struct model_session *held)
{
    struct model_session *s;

    m->refused_opens++;
    if (held)
        release(m, held);
    if (!c->sshd)
        return;
    s = add(m, c, MODEL_OPEN);
    if (s)
        model_end_session(m, s);
}

enum reason model_open(struct model *m, const struct model_caller *c)
{
    struct model_session *held = reservation_of(m, c), *s;
    unsigned grant = 0;
    enum reason reason = model_decide(m, c, held ? (int)held->grant : -1, &grant);

    if (reason != REASON_OK) {
        refuse_open(m, c, held);
        return reason;
    }
    s = reserve(m, c, grant, held);
    if (!s)
        return REASON_BROKER_ERROR;
    s->state = MODEL_OPEN;
    s->opened = true;
    s->holder_gone = false;
    s->pid = c->pid;
    s->parent = -1;
    s->opened_at = model_now(m);
    s->base_wall_us = m->wall_us;
    s->base_boot_us = m->boot_us;
    m->grants[grant].ever++;
    m->opened++;
    look_at_sessions(m);
    return REASON_OK;
}

void model_exit(struct model *m, int pid)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        if (s->state == MODEL_OPEN && s->pid == pid) {
            model_end_session(m, s);
        } else if (s->state == MODEL_RESERVED && s->pid == pid && !s->holder_gone) {
            s->holder_gone = true;
            s->holder_gone_us = m->boot_us;
            if (s->parent < 0)
                release(m, s);
        } else if (s->state == MODEL_RESERVED && s->parent == pid) {
            s->parent = -1;
            if (s->holder_gone)
                release(m, s);
        }
    }
}

/* Versions: one that its quorum signed takes the place of what is lower, and of what nobody signed. */
void model_hand_in(struct model *m, unsigned paper, unsigned approvals)
{
    const struct site_paper *p = &site_papers[paper];
    struct model_grant *g = &m->grants[p->grant];
    const struct site_paper *old = g->paper < 0 ? NULL : &site_papers[g->paper];
    unsigned all = approvals | (g->paper == (int)paper ? g->approvals : 0);
    bool verified = all == 3;

    if (old && g->verified && (p->version < old->version || p->person != old->person || !verified))
        return;
    if (old && !verified && p->version < old->version)
        return;
    g->paper = (int)paper;
    g->approvals = all;
    g->verified = verified;
    look_at_sessions(m);
}

/* By the wall clock, also of a session that knows it to be set back. */
static bool is_hit(const struct model *m, const struct model_session *s)
{
    when_t now = model_now(m);

    return model_holds(&m->locked_host, now) || model_taken_of_person(m, s->person, now) != REASON_OK ||
           model_taken_of_grant(m, s->grant, now) != REASON_OK;
}

void model_apply(struct model *m)
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];
        bool withdrawn = s->state == MODEL_RESERVED && m->grants[s->grant].withdrawn;

        if (withdrawn || ((s->state == MODEL_RESERVED || s->state == MODEL_OPEN) && is_hit(m, s)))
            model_end_session(m, s);
    }
    look_at_sessions(m);
}

void model_take(struct model *m, struct model_taken *slot, when_t until, bool lock)
{
    if (lock || !slot->there || until > slot->until)
        slot->until = until;
    slot->there = true;
    model_apply(m);
}

void model_finish(struct model *m, unsigned grant)
{
    m->grants[grant].closed = true;
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        if (s->state == MODEL_RESERVED && s->grant == grant)
            release(m, s);
    }
    look_at_sessions(m);
}

void model_restart(struct model *m, bool (*alive)(int pid))
{
    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        struct model_session *s = &m->sessions[i];

        s->base_wall_us = m->wall_us > m->line_us + m->boot_us ? m->wall_us : m->line_us + m->boot_us;
        s->base_boot_us = m->boot_us;
        if (s->state == MODEL_ENDING && !s->opened)
            s->state = MODEL_NONE; /* it was never in the books */
        if (s->state != MODEL_RESERVED)
            continue;
        if (!s->holder_gone && alive(s->pid)) {
            s->parent = -1;
        } else if (s->parent >= 0 && alive(s->parent)) {
            s->pid = s->parent;
            s->parent = -1;
            s->holder_gone = false;
        } else {
            release(m, s);
        }
    }
    look_at_clock(m);
    look_at_sessions(m);
}

void model_reaper(struct model *m, bool away, bool cannot)
{
    m->reaper_away = away;
    m->cannot_end = cannot;
    for (unsigned i = 0; i < MODEL_SESSIONS && !away && !cannot; i++)
        if (m->sessions[i].state == MODEL_ENDING)
            gone(m, &m->sessions[i]);
}
