#include "broker/daemon/claiming.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/daemon/claim_book.h"
#include "broker/daemon/claim_settling.h"
#include "broker/daemon/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int send_to_feed(void *userdata, const struct feed_message *m)
{
    const struct claiming *c = userdata;

    return c->send ? c->send(c->userdata, m) : -ENOTCONN;
}

int claiming_new(struct broker *b, struct claiming **ret)
{
    struct claiming *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return -ENOMEM;
    c->broker = b;
    c->times = CLAIMING_TIMES_DEFAULT;
    r = claims_new(b->event, send_to_feed, c, &c->questions);
    if (r < 0)
        free(c);
    else
        *ret = c;
    return r;
}

void claiming_stop(struct claiming *c)
{
    struct claims *questions = c ? c->questions : NULL;

    if (!questions)
        return;
    c->questions = NULL;
    claims_free(questions);
    for (struct claim *x = c->claims; x; x = x->next)
        x->timer = sd_event_source_disable_unref(x->timer);
}

struct claiming *claiming_free(struct claiming *c)
{
    if (!c)
        return NULL;
    claiming_stop(c);
    while (c->claims)
        claim_book_remove(c->claims);
    free(c);
    return NULL;
}

void claiming_set_times(struct claiming *c, struct claiming_times times)
{
    c->times = times;
}

/* ---- at start ---- */

/* A session that is over and did not write so was cut off between the two: it never opened, or its claim
 * would be USED. */
static int load_claim(void *userdata, const struct store_claim *row)
{
    struct claiming *c = userdata;
    struct claim *x = claim_book_add(c, &row->grant);

    if (!x)
        return -ENOMEM;
    x->row = *row;
    if (row->state == STORE_CLAIM_HELD && registry_find(c->broker->registry, row->session))
        return 0;
    if (row->state == STORE_CLAIM_HELD) {
        x->row.state = STORE_CLAIM_OWED;
        x->unwritten = true;
    }
    claim_settling_begin(x, false);
    return 0;
}

int claiming_load(struct claiming *c)
{
    return store_load_claims(c->broker->store, load_claim, c);
}

/* ---- the feed ---- */

void claiming_set_feed(struct claiming *c, claims_send *send, void *userdata)
{
    c->send = send;
    c->userdata = userdata;
}

void claiming_on_feed(struct claiming *c, const struct feed_message *m)
{
    bool before = claiming_is_possible(c);

    if (!c->questions)
        return;
    if (m->type == FEED_CLAIMED)
        claims_answer(c->questions, m);
    else if (m->type == FEED_STATE)
        claims_state(c->questions, m);
    if (!before && claiming_is_possible(c))
        claim_settling_hurry(c);
}

void claiming_on_feed_gone(struct claiming *c)
{
    if (c->questions)
        claims_gone(c->questions);
}

bool claiming_is_possible(const struct claiming *c)
{
    return c && c->questions && claims_possible(c->questions);
}

bool claiming_is_awaited(const struct claiming *c)
{
    return c && c->questions && claims_awaited(c->questions);
}

/* ---- a login ---- */

static void tell(struct claim *x, struct claim *held, enum reason reason)
{
    claiming_done *done = x->done;

    x->done = NULL;
    done(x->userdata, held, x->claiming->broker->stopping && !held ? REASON_STOPPING : reason);
}

/* The provider was asked, and nobody knows what became of it. */
static void lose(struct claim *x)
{
    struct broker *b = x->claiming->broker;
    struct store_txn *t = ledger_txn(b);

    if (t)
        claim_book_record(x, EVENT_CLAIM, REASON_CLAIM_UNAVAILABLE, "it is being looked for", t);
    ledger_submit(b, t, NULL, NULL);
    claim_settling_begin(x, false);
}

static void on_taken(void *userdata, enum feed_outcome outcome)
{
    struct claim *x = userdata;

    FAILPOINT(CLAIM_TAKEN);
    switch (outcome) {
    case FEED_HELD:
        x->row.state = STORE_CLAIM_HELD;
        tell(x, x, REASON_OK);
        return;
    case FEED_EXHAUSTED:
        tell(x, NULL, REASON_USES_EXHAUSTED);
        claim_settling_drop(x, NULL, "");
        return;
    case FEED_UNAVAILABLE:
        tell(x, NULL, REASON_CLAIM_UNAVAILABLE);
        claim_settling_drop(x, NULL, "");
        return;
    case FEED_NOT_HELD:
    case FEED_UNKNOWN:
        break;
    }
    tell(x, NULL, REASON_CLAIM_UNAVAILABLE);
    lose(x);
}

static void on_intent_written(void *userdata, int result, uint64_t sequence)
{
    struct claim *x = userdata;
    uint64_t now = clock_boot_us();

    (void)sequence;
    FAILPOINT(CLAIM_INTENDED);
    if (result < 0) {
        tell(x, NULL, ledger_reason(result));
        claim_book_remove(x);
        return;
    }
    if (now < x->until_us && claim_book_ask(x, FEED_TAKE, x->until_us - now, on_taken) == 0)
        return;
    tell(x, NULL, REASON_CLAIM_UNAVAILABLE);
    claim_settling_drop(x, NULL, "");
}

void claiming_take(struct claiming *c, const struct grant_entry *entry, uint64_t until_us,
                   claiming_done *done, void *userdata)
{
    struct claim *x = claiming_is_possible(c) ? claim_book_add(c, &entry->id) : NULL;
    struct store_txn *t;

    if (!x) {
        done(userdata, NULL, claiming_is_possible(c) ? REASON_BROKER_ERROR : REASON_CLAIM_UNAVAILABLE);
        return;
    }
    x->done = done;
    x->userdata = userdata;
    x->until_us = until_us;
    t = ledger_txn(c->broker);
    if (t)
        store_txn_claim(t, &x->row);
    ledger_submit(c->broker, t, on_intent_written, x);
}

const struct ident_id *claiming_grant(const struct claim *x)
{
    return &x->row.grant;
}

/* On disk it is ASKED if no session had it, and then nothing has to be written first. */
void claiming_give_back(struct claim *x)
{
    if (!x)
        return;
    x->unwritten = x->row.session != 0;
    x->row.state = STORE_CLAIM_OWED;
    x->row.session = 0;
    claim_settling_begin(x, true);
}

void claiming_bind(struct claim *x, const struct session *s, struct store_txn *t)
{
    x->row.session = s->number;
    if (!t)
        return;
    store_txn_claim(t, &x->row);
    claim_book_record(x, EVENT_CLAIM, REASON_OK, "", t);
}

/* ---- a session ---- */

struct claim *claiming_of(const struct claiming *c, uint64_t session)
{
    for (struct claim *x = c ? c->claims : NULL; x; x = x->next)
        if (x->row.state == STORE_CLAIM_HELD && x->row.session == session && session != 0)
            return x;
    return NULL;
}

void claiming_write_used(const struct claim *x, struct store_txn *t)
{
    struct store_claim row = x->row;

    row.state = STORE_CLAIM_USED;
    store_txn_claim(t, &row);
}

void claiming_used(struct claim *x)
{
    if (x)
        claim_book_remove(x);
}

void claiming_write_all_used(struct claiming *c, struct store_txn *t)
{
    for (struct claim *x = c->claims; x; x = x->next)
        if (x->loose) {
            x->row.state = STORE_CLAIM_USED;
            store_txn_claim(t, &x->row);
        }
}

/* One that is being written to the disk as something else is removed when that is done. */
void claiming_all_used(struct claiming *c)
{
    struct claim *next;

    for (struct claim *x = c->claims; x; x = next) {
        next = x->next;
        if (x->loose && !x->busy && x->row.state == STORE_CLAIM_USED)
            claim_book_remove(x);
    }
}

/* ---- for people ---- */

unsigned claiming_unresolved(const struct claiming *c)
{
    unsigned n = 0;

    for (const struct claim *x = c ? c->claims : NULL; x; x = x->next)
        n += x->loose;
    return n;
}

when_t claiming_oldest(const struct claiming *c)
{
    when_t oldest = 0;

    for (const struct claim *x = c ? c->claims : NULL; x; x = x->next)
        if (x->loose && (oldest == 0 || x->row.at < oldest))
            oldest = x->row.at;
    return oldest;
}
