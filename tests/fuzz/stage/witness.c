#include "tests/fuzz/stage/witness.h"

#include "broker/audit/event.h"
#include "broker/daemon/timekeeper.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/statuses.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void insist(bool condition, const char *format, ...)
{
    va_list arguments;

    if (condition)
        return;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

void witness_reason(enum reason due, enum reason got, enum verdict verdict)
{
    insist(due == got, "model: %s, broker: %s", reason_name(due), reason_name(got));
    insist(verdict == (got == REASON_OK ? VERDICT_ALLOW : VERDICT_DENY), "a verdict that its reason is not");
}

void witness_admitted(const struct model *m, const struct model_caller *c)
{
    const struct model_session *s = NULL;
    const struct model_grant *g;
    const struct site_paper *p;
    when_t now = m->wall_us / 1000000;

    for (unsigned i = 0; i < MODEL_SESSIONS && !s; i++)
        if (m->sessions[i].state != MODEL_NONE && m->sessions[i].pid == c->pid)
            s = &m->sessions[i];
    insist(s, "somebody came in who has no session");
    g = &m->grants[s->grant];
    p = &site_papers[g->paper];
    insist(keys_suffice(m->trust.list, g->approvals) && p->person == c->person,
           "nobody signed that for them");
    insist(!m->status.there || !statuses_revoke(m->status.kind, s->grant, p->version),
           "what the status takes away admitted somebody");
    insist(now >= SITE_BEGIN + p->from && now < SITE_BEGIN + p->until, "not at this time");
    insist(!model_is_taken(m, &m->revoked_grant[s->grant]) &&
               !model_is_taken(m, &m->revoked_staff[c->person]) &&
               !model_is_taken(m, &m->revoked_vendor[site_persons[c->person].vendor]) &&
               !model_is_taken(m, &m->locked_host),
           "what was taken away admitted somebody");
    insist(p->uses == 0 || g->ever <= p->uses, "%u uses of %u", g->ever, p->uses);
}

void witness_handed_in(const struct model *m, unsigned paper, unsigned approvals, bool accepted)
{
    const struct site_paper *p = &site_papers[paper];
    const struct model_grant *g = &m->grants[p->grant];
    const struct site_paper *old = g->paper < 0 ? NULL : &site_papers[g->paper];
    bool supersedes =
        !old || !g->stands || old == p || (p->version >= old->version && p->person == old->person);

    insist(!accepted || supersedes, "version %u of grant %u was taken after version %u", p->version, p->grant,
           old ? old->version : 0);
    insist(accepted || !supersedes || !keys_suffice(m->trust.list, approvals),
           "a signed version %u of grant %u was refused", p->version, p->grant);
}

/* ---- the same in both ---- */

static enum model_state state_of(const struct session *s)
{
    switch (s->state) {
    case SESSION_RESERVED:
        return MODEL_RESERVED;
    case SESSION_OPENING:
        return MODEL_OPENING;
    case SESSION_OPEN:
        return MODEL_OPEN;
    case SESSION_ENDING:
        return MODEL_ENDING;
    }
    return MODEL_NONE;
}

static void compare_session(struct model *m, const struct session *s)
{
    const struct model_session *x = model_of_number(m, s->number);
    char id[IDENT_ID_TEXT_SIZE];

    insist(x, "session %" PRIu64 " (%s) should be no more", s->number, session_state_name(s->state));
    insist(x->state == state_of(s), "session %" PRIu64 " is %s", s->number, session_state_name(s->state));
    insist(strcmp(s->staff, site_persons[x->person].name) == 0, "somebody else's session");
    if (x->refused)
        return;
    ident_format_id(&s->grant, id);
    insist(strcmp(id, site_id(x->grant)) == 0, "session %" PRIu64 " under grant %s", s->number, id);
    /* What was opened in the future is looked at again when it is due. */
    insist(x->state != MODEL_OPEN || x->deadline == s->deadline || s->deadline <= x->latest,
           "deadline %+" PRId64, (int64_t)(s->deadline - x->deadline));
}

static void compare_sessions(struct model *m, struct host *h)
{
    unsigned here = 0, due = 0;

    for (const struct session *s = registry_first(h->broker->registry); s; s = registry_next(s), here++)
        compare_session(m, s);
    for (unsigned i = 0; i < MODEL_SESSIONS; i++)
        due += m->sessions[i].state != MODEL_NONE;
    insist(here == due, "%u sessions, and %u should be", here, due);
    insist(h->broker->next_session == m->next_number, "next number %" PRIu64 ", model: %" PRIu64,
           h->broker->next_session, m->next_number);
}

static void compare_grant(const struct model_grant *g, unsigned i, struct host *h)
{
    const struct grant_entry *e;
    struct ident_id id;

    must(ident_parse_id(site_id(i), 32, &id) == 0);
    if (!host_knows(h, &id))
        return;
    e = grant_index_find(grants_index(h->broker->grants), &id);
    insist(!e == (g->paper < 0), "grant %u is %s", i, e ? "here" : "not here");
    if (!e)
        return;
    insist(e->version == site_papers[g->paper].version, "grant %u is version %u", i, e->version);
    insist(host_is_whole(h) ? (e->standing == REASON_OK) == g->verified : true, "grant %u: %s", i,
           reason_name(e->standing));
    insist(e->uses_taken == g->uses, "grant %u: %u uses, model: %u", i, e->uses_taken, g->uses);
    insist(e->sessions_live == g->live, "grant %u: %u sessions, model: %u", i, e->sessions_live, g->live);
    insist(e->closed == g->closed, "grant %u: %s", i, e->closed ? "closed" : "not closed");
}

static void compare_trust(const struct model *m, const struct host *h)
{
    const struct grant_papers *papers = h->broker->trust_keeper.papers;
    const char *text = keys_trust(m->trust.list, m->trust.epoch);

    insist(papers->document.size == strlen(text) && memcmp(papers->document.data, text, strlen(text)) == 0,
           "the trust in force is another than epoch %u with list %u", m->trust.epoch, m->trust.list);
}

static void compare_status(const struct model_status *s, const struct status *is)
{
    insist(s->there == (is != NULL), "a status is %s", is ? "here" : "not here");
    insist(!is || (is->trust_epoch == s->trust_epoch && is->epoch == s->epoch),
           "the status is not that of trust epoch %u, epoch %u", s->trust_epoch, s->epoch);
}

void witness_compare(struct model *m, struct host *h)
{
    compare_trust(m, h);
    compare_status(&m->status, h->broker->status.current.document);
    compare_sessions(m, h);
    for (unsigned i = 0; i < SITE_GRANTS; i++)
        compare_grant(&m->grants[i], i, h);
    insist(timekeeper_is_sure(h->broker->timekeeper) == m->sure, "the clock is %s",
           m->sure ? "sure" : "in doubt");
}

void witness_restarted(struct model *m, struct host *h)
{
    insist(h->broker->next_session <= m->next_number, "numbers that were left out");
    insist(h->broker->next_session == m->next_number, "number %" PRIu64 " is given twice",
           h->broker->next_session);
}

/* ---- the ledger ---- */

struct reading {
    bool done;
    uint64_t last;
    uint64_t refused_logins, refused_opens, opened;
    struct told {
        uint64_t allowed, refused;
    } jobs, switches, commands;
};

static struct told *told_by(struct reading *x, const char *event)
{
    if (strcmp(event, EVENT_JOB) == 0)
        return &x->jobs;
    if (strcmp(event, EVENT_SWITCH) == 0)
        return &x->switches;
    return strcmp(event, EVENT_COMMAND) == 0 ? &x->commands : NULL;
}

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct reading *x = userdata;

    must(result == 0);
    for (size_t i = 0; i < n; i++) {
        const struct record *r = &rows[i];
        uint64_t stands_for = r->count != 0 ? r->count : 1;
        bool success = strcmp(r->result, "success") == 0;

        insist(r->sequence == x->last + 1, "record %" PRIu64 " after %" PRIu64, r->sequence, x->last);
        x->last = r->sequence;
        if (strcmp(r->event, EVENT_LOGIN) == 0)
            x->refused_logins += success ? 0 : stands_for;
        else if (strcmp(r->event, EVENT_SESSION_OPEN) == 0)
            *(success ? &x->opened : &x->refused_opens) += stands_for;
        else if (told_by(x, r->event))
            *(success ? &told_by(x, r->event)->allowed : &told_by(x, r->event)->refused) += stands_for;
    }
    x->done = true;
}

static void compare_told(const char *what, const struct told *is, const struct model_told *due)
{
    insist(is->allowed == due->allowed && is->refused == due->refused,
           "%s: %" PRIu64 " allowed, %" PRIu64 " refused on record, and %u and %u were", what, is->allowed,
           is->refused, due->allowed, due->refused);
}

void witness_ledger(const struct model *m, struct host *h)
{
    const struct record_filter all = {.limit = 1000000};
    struct reading x = {.last = 0};

    must(store_read(h->broker->store, &all, on_rows, &x) == 0);
    while (!x.done)
        must(sd_event_run(h->event, 100000) >= 0);
    insist(x.refused_logins == m->refused_logins, "%" PRIu64 " refused logins on record, and %u were",
           x.refused_logins, m->refused_logins);
    insist(x.refused_opens == m->refused_opens, "%" PRIu64 " refused sessions on record, and %u were",
           x.refused_opens, m->refused_opens);
    insist(x.opened == m->opened, "%" PRIu64 " sessions on record, and %u were", x.opened, m->opened);
    compare_told("jobs", &x.jobs, &m->jobs);
    compare_told("su and sudo", &x.switches, &m->switches);
    compare_told("commands", &x.commands, &m->commands);
}
