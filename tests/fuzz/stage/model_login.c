#include "tests/fuzz/stage/model_decide.h"
#include "tests/fuzz/stage/model_parts.h"

/* Both phases of a login or of a job, each in two steps: it is decided, and, when that is on disk, it is
 * answered by what holds then. */

static void tell(struct model_told *told, enum reason reason)
{
    told->allowed += reason == REASON_OK;
    told->refused += reason != REASON_OK;
}

#define PATIENCE_US 1500000 /* for a use of all hosts: the module itself waits for 2 s */

/* ---- refused ---- */

static enum reason refuse(struct model *m, const struct model_flight *f, enum reason reason)
{
    if (f->caller.job)
        m->jobs.refused++;
    else if (f->opens)
        m->refused_opens++;
    else
        m->refused_logins++;
    return reason;
}

/* What sshd began goes on after a refusal, unless it is ended. */
static void end_leader(struct model *m, const struct model_caller *c)
{
    struct model_session *s = c->sshd ? model_add(m, c, MODEL_OPEN) : NULL;

    if (!s)
        return;
    s->refused = true;
    m->next_written = m->next_number;
    model_end_session(m, s, REASON_REMAINS);
}

/* ---- decided ---- */

static struct model_session *reserve(struct model *m, const struct model_caller *c, unsigned grant,
                                     struct model_session *held)
{
    struct model_session *s;

    if (held && held->grant == grant)
        return held;
    if (held)
        model_release(m, held);
    s = model_add(m, c, MODEL_RESERVED);
    if (!s)
        return NULL;
    s->grant = grant;
    m->grants[grant].uses += !s->job;
    m->grants[grant].live += !s->job;
    return s;
}

static void bind(struct model *m, struct model_session *s, const struct model_caller *c)
{
    s->state = MODEL_OPENING;
    s->holder_gone = false;
    s->pid = c->pid;
    s->parent = -1;
    s->opened_at = model_now(m);
    s->base_wall_us = m->wall_us;
    s->base_boot_us = m->boot_us;
}

static enum reason refuse_at_once(struct model *m, const struct model_flight *f, struct model_session *held,
                                  enum reason reason)
{
    (void)refuse(m, f, reason);
    if (f->opens && held)
        model_release(m, held);
    if (f->opens)
        end_leader(m, &f->caller);
    return reason;
}

/* ... and if it has to be asked for first, nothing is reserved yet. */
static bool asks_first(const struct model *m, const struct model_caller *c, const struct model_session *held,
                       unsigned grant)
{
    return !c->job && model_paper(m, grant)->fleet && !(held && held->grant == grant && held->claim);
}

static enum reason admit(struct model *m, struct model_flight *f, struct model_session *held)
{
    bool job = f->caller.job != NULL;
    struct model_session *s;

    f->until = model_until(m, f->grant, job);
    m->jobs.allowed += job;
    m->opened += f->opens && !job;
    if (job && !f->opens)
        return REASON_OK;
    s = reserve(m, &f->caller, f->grant, held);
    if (!s)
        return REASON_BROKER_ERROR;
    s->claim |= f->claimed;
    f->own = s != held;
    f->number = s->number;
    if (f->opens)
        bind(m, s, &f->caller);
    return REASON_OK;
}

static enum reason decide(struct model *m, struct model_flight *f)
{
    struct model_session *held = model_reservation_of(m, &f->caller);
    enum reason reason = model_decide(m, &f->caller, held ? (int)held->grant : -1, f->claimed, &f->grant);

    f->changes = m->changes;
    if (reason == REASON_OK && f->claimed && f->grant != f->claim)
        reason = REASON_REVOKED; /* what was asked for admits no more: they may try again */
    if (reason != REASON_OK)
        return refuse_at_once(m, f, held, reason);
    f->asks = !f->claimed && asks_first(m, &f->caller, held, f->grant);
    if (!f->asks)
        return admit(m, f, held);
    f->claim = f->grant;
    f->asked_us = m->boot_us;
    return REASON_OK;
}

enum reason model_begin(struct model *m, const struct model_caller *c, bool opens, struct model_flight *f)
{
    *f = (struct model_flight){.caller = *c, .opens = opens};
    return decide(m, f);
}

bool model_would_ask(const struct model *m, const struct model_caller *c)
{
    const struct model_session *held = model_reservation_held(m, c);
    unsigned grant = 0;

    return model_decide(m, c, held ? (int)held->grant : -1, false, &grant) == REASON_OK &&
           asks_first(m, c, held, grant);
}

enum reason model_claimed(struct model *m, struct model_flight *f, enum reason answer)
{
    f->asks = false;
    if (answer != REASON_OK)
        return refuse_at_once(m, f, model_reservation_of(m, &f->caller), answer);
    f->claimed = true;
    return decide(m, f);
}

bool model_has_waited(const struct model *m, const struct model_flight *f)
{
    return m->boot_us - f->asked_us >= PATIENCE_US;
}

/* ---- answered ---- */

/* What has been done for it is undone, as far as nobody did so before. */
static void give_back(struct model *m, const struct model_flight *f, struct model_session *s, bool written)
{
    if (!s || !f->own || s->state != MODEL_RESERVED)
        return;
    if (written)
        model_write(m, s);
    model_release_unwritten(m, s);
}

static enum reason judge_again(const struct model *m, const struct model_flight *f,
                               const struct model_session *s, const struct model_session *held)
{
    unsigned grant = 0;
    enum reason reason;

    if (f->changes == m->changes && model_now(m) < f->until)
        return REASON_OK;
    reason = model_decide(m, &f->caller, held ? (int)held->grant : -1, false, &grant);
    if (reason == REASON_OK && (grant != f->grant || (!f->caller.job && !s)))
        return REASON_REVOKED; /* they may try again */
    return reason;
}

static enum reason answer_account(struct model *m, const struct model_flight *f, enum reason failed)
{
    struct model_session *s = f->number != 0 ? model_of_number(m, f->number) : NULL;
    enum reason reason = failed;

    if (failed == REASON_OK) {
        if (s)
            model_write(m, s);
        reason = judge_again(m, f, s, model_reservation_of(m, &f->caller));
    }
    if (reason == REASON_OK)
        return REASON_OK;
    give_back(m, f, s, failed == REASON_OK);
    m->jobs.allowed -= failed != REASON_OK && f->caller.job;
    return refuse(m, f, reason);
}

static enum reason refuse_and_end(struct model *m, const struct model_flight *f, enum reason reason)
{
    struct model_session *s = model_of_number(m, f->number);

    if (!s)
        end_leader(m, &f->caller);
    else if (s->state != MODEL_ENDING)
        model_end_session(m, s, reason);
    return refuse(m, f, reason);
}

static enum reason fail_open(struct model *m, const struct model_flight *f, enum reason failed)
{
    m->jobs.allowed -= f->caller.job != NULL;
    m->opened -= f->caller.job == NULL;
    return refuse_and_end(m, f, failed);
}

void model_written(struct model *m, const struct model_flight *f)
{
    struct model_session *s = model_of_number(m, f->number);

    if (s)
        model_write(m, s);
    if (!s || s->state != MODEL_OPENING)
        return;
    s->opened = true;
    m->grants[s->grant].ever += !s->job;
    m->grants[s->grant].claims_used += s->claim;
}

static enum reason answer_open(struct model *m, const struct model_flight *f, enum reason failed)
{
    struct model_session *s = model_of_number(m, f->number);
    bool changed = f->changes != m->changes;

    if (failed != REASON_OK)
        return fail_open(m, f, failed);
    model_written(m, f);
    if (s && s->state == MODEL_OPENING && changed)
        model_look_at(m, s);
    if (!s || s->state != MODEL_OPENING)
        return refuse(m, f, s && s->end_reason != REASON_LOGGED_OUT ? s->end_reason : REASON_REVOKED);
    if (changed && !m->sure)
        return refuse_and_end(m, f, REASON_CLOCK_UNSURE);
    s->state = MODEL_OPEN;
    model_look_at(m, s);
    return s->state == MODEL_OPEN ? REASON_OK : refuse(m, f, s->end_reason);
}

enum reason model_answer(struct model *m, const struct model_flight *f, enum reason failed)
{
    return f->opens ? answer_open(m, f, failed) : answer_account(m, f, failed);
}

void model_settle(struct model *m)
{
    m->busy = false;
    model_reaper(m, m->reaper_away, m->cannot_end);
}

/* ---- all at once ---- */

static enum reason at_once(struct model *m, const struct model_caller *c, bool opens)
{
    struct model_flight f;
    enum reason reason = model_begin(m, c, opens, &f);

    return reason == REASON_OK ? model_answer(m, &f, REASON_OK) : reason;
}

enum reason model_account(struct model *m, const struct model_caller *c)
{
    return at_once(m, c, false);
}

enum reason model_open(struct model *m, const struct model_caller *c)
{
    enum reason reason = at_once(m, c, true);

    model_look_at_sessions(m);
    return reason;
}

enum reason model_switch(struct model *m, const struct model_switch *x)
{
    enum reason reason = model_judge_switch(m, x);

    tell(x->step == MODEL_COMMAND ? &m->commands : &m->switches, reason);
    return reason;
}

enum reason model_switch_answer(struct model *m, const struct model_switch *x, enum reason failed)
{
    enum reason reason = failed != REASON_OK ? failed : model_judge_switch(m, x);

    m->commands.allowed -= failed != REASON_OK;
    m->commands.refused += reason != REASON_OK;
    return reason;
}
