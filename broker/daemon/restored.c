#include "broker/daemon/restored.h"

#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META_USES_FROM     "uses-from"     /* counts from before this instant are lost */
#define META_SESSIONS_FROM "sessions-from" /* no lower number is given to a session */

/* More sessions than a host has between a copy and its being put back. */
#define SESSIONS_SKIPPED 1000000

bool restored_is(const struct broker *b)
{
    return b->restored.past.kind != STORE_PAST_KNOWN;
}

/* ---- words ---- */

static void say_where(const struct store_past *p, char *text, size_t size)
{
    char at[WHEN_TEXT_SIZE];

    when_format(p->had_us / 1000000, at);
    (void)snprintf(text, size, _("the store goes to record %llu, and this host had come to record %llu (%s)"),
                   (unsigned long long)p->has, (unsigned long long)p->had, at);
}

static const char *say_kind(enum store_past_kind kind)
{
    switch (kind) {
    case STORE_PAST_COPY:
        return _("the store was put back from a backup");
    case STORE_PAST_BEHIND:
        return _("the store is an older state of the one that was here");
    case STORE_PAST_FORKED:
        return _("the store has other records than the one that was here");
    case STORE_PAST_FOREIGN:
        return _("the store is another one than was here");
    case STORE_PAST_UNANCHORED:
        return _("it cannot be told whether the store is the one that was here, since the anchor "
                 "(/var/lib/hufu-anchor/anchor) is missing or damaged");
    default:
        return "";
    }
}

static void describe(struct restored *x)
{
    char where[200] = "";

    x->trouble[0] = '\0';
    if (x->past.kind == STORE_PAST_KNOWN)
        return;
    if (x->past.had_us != 0)
        say_where(&x->past, where, sizeof(where));
    (void)snprintf(
        x->trouble, sizeof(x->trouble), _("%s%s%s. %s"), say_kind(x->past.kind),
        where[0] != '\0' ? _(": ") : "", where,
        _("What was used and revoked since then it does not know. `hufuctl host confirm`, as root, "
          "says what is lost, and makes it valid."));
}

/* ---- at start ---- */

static uint64_t load_number(struct broker *b, const char *name)
{
    char text[32];

    return store_load_meta(b->store, name, text, sizeof(text)) < 0 ? 0 : strtoull(text, NULL, 10);
}

static void write_detail(const struct store_past *p, const char *more, char *detail, size_t size)
{
    static const char *const names[] = {
        [STORE_PAST_KNOWN] = "known",     [STORE_PAST_COPY] = "copy",
        [STORE_PAST_BEHIND] = "behind",   [STORE_PAST_FORKED] = "forked",
        [STORE_PAST_FOREIGN] = "foreign", [STORE_PAST_UNANCHORED] = "unanchored",
    };

    (void)snprintf(detail, size, "%s: store=%" PRIu64 " host=%" PRIu64 "%s", names[p->kind], p->has, p->had,
                   more);
}

static void record(struct broker *b)
{
    struct record r = ledger_record(EVENT_STORE_RESTORED, REASON_STORE_RESTORED, false);
    char detail[160];

    if (!restored_is(b))
        return;
    write_detail(&b->restored.past, "", detail, sizeof(detail));
    r.detail = detail;
    ledger_write(b, &r);
}

void restored_load(struct broker *b)
{
    uint64_t sessions = load_number(b, META_SESSIONS_FROM);

    b->restored.past = store_past(b->store);
    describe(&b->restored);
    grants_set_uses_from(b->grants, (when_t)load_number(b, META_USES_FROM));
    if (sessions > b->next_session)
        b->next_session = sessions;
    record(b);
}

/* ---- what is told ---- */

static void count_one(struct grant_entry *e, void *userdata)
{
    *(unsigned *)userdata += grant_entry_grant(e).uses.scope != GRANT_USES_UNLIMITED && !e->closed;
}

static json_t *time_of(int64_t us)
{
    return control_time(us / 1000000);
}

json_t *restored_json(const struct broker *b)
{
    const struct store_past *p = &b->restored.past;
    const struct trust *trust = b->trust ? trust_set_document(b->trust) : NULL;
    const struct status *status = b->status.current.document;
    unsigned counted = 0;

    if (!restored_is(b))
        return json_null();
    grant_index_each(grants_index(b->grants), count_one, &counted);
    return json_pack("{ss so so sI so sI so so}", "what", b->restored.trouble, "had",
                     p->had_us != 0 ? json_integer((json_int_t)p->had) : json_null(), "had_at",
                     time_of(p->had_us), "has", (json_int_t)p->has, "has_at", time_of(p->has_us),
                     "counted_grants", (json_int_t)counted, "trust_epoch",
                     trust ? json_integer((json_int_t)trust->epoch) : json_null(), "status_issued",
                     control_time(status ? status->issued : 0));
}

/* ---- confirming ---- */

struct losing {
    struct broker *broker;
    struct restored_confirm *confirm;
    struct store_txn *txn;
};

/* In memory first: whatever else writes these books meanwhile writes the same. */
static void lose_one(struct grant_entry *e, void *userdata)
{
    struct losing *l = userdata;

    l->confirm->closed += grant_entry_grant(e).uses.scope != GRANT_USES_UNLIMITED && !e->closed;
    grants_lose_uses(e);
    life_write_books(l->broker, e, l->txn);
}

static void write_number(struct store_txn *t, const char *name, uint64_t n)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%" PRIu64, n);
    store_txn_meta(t, name, text);
}

/* A second more: an instant is all of it. */
static when_t instant_beyond(const struct store_past *p)
{
    when_t now = clock_wall(), had = p->had_us / 1000000;

    return (had > now ? had : now) + 1;
}

static void write_record(const struct restored_confirm *c, uint32_t actor, const char *why,
                         struct store_txn *t)
{
    struct record r = ledger_record(EVENT_STORE_RESTORED, REASON_OK, true);
    char detail[400], more[280];

    if (c->keep_uses)
        (void)snprintf(more, sizeof(more), " uses=kept: %.200s", why);
    else
        (void)snprintf(more, sizeof(more), " uses=closed grants=%u: %.200s", c->closed, why);
    write_detail(&c->past, more, detail, sizeof(detail));
    r.actor = actor;
    r.detail = detail;
    store_txn_record(t, &r);
}

void restored_confirm(struct broker *b, bool keep_uses, uint32_t actor, const char *why,
                      struct restored_confirm *c, struct store_txn *t)
{
    struct losing l = {b, c, t};

    *c = (struct restored_confirm){.past = b->restored.past,
                                   .keep_uses = keep_uses,
                                   .next_session = b->next_session + SESSIONS_SKIPPED,
                                   .uses_from = instant_beyond(&b->restored.past)};
    write_number(t, META_SESSIONS_FROM, c->next_session);
    if (!keep_uses) {
        grant_index_each(grants_index(b->grants), lose_one, &l);
        claiming_write_all_used(b->claiming, t);
        write_number(t, META_USES_FROM, (uint64_t)c->uses_from);
    }
    write_record(c, actor, why, t);
    store_txn_accept_past(b->store, t);
}

void restored_confirmed(struct broker *b, const struct restored_confirm *c)
{
    store_accept_past(b->store);
    b->restored = (struct restored){0};
    if (b->next_session < c->next_session)
        b->next_session = c->next_session;
    if (c->keep_uses)
        return;
    grants_set_uses_from(b->grants, c->uses_from);
    claiming_all_used(b->claiming);
}
