#include "broker/daemon/verdict_writer.h"

#include "broker/daemon/grants_verdicts.h"
#include "broker/daemon/judging.h"
#include "broker/daemon/ledger.h"

#include <stdlib.h>

#define PART 256 /* grants */

struct verdict_writer {
    struct broker *broker;
    bool due;              /* all are to be written, and it was not begun yet */
    struct hash_walk walk; /* through those whose verdicts are to be written */
    uint32_t part, parts;  /* of what is kept under the trust before */
    sd_event_source *source;
};

static void finish(struct verdict_writer *w)
{
    w->due = false;
    w->part = w->parts = 0;
    if (w->source)
        (void)sd_event_source_set_enabled(w->source, SD_EVENT_OFF);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct verdict_writer *w = userdata;

    (void)sequence;
    if (w->due) /* it is of the trust before */
        return;
    /* What is not on disk is verified again after the next start, which forgets what is left over, too. */
    if (result < 0 || (w->part == w->parts && w->walk.over) || !w->source)
        finish(w);
    else
        (void)sd_event_source_set_enabled(w->source, SD_EVENT_ONESHOT);
}

struct writing {
    struct broker *broker;
    struct store_txn *txn;
};

static void write_one(struct grant_entry *e, void *userdata)
{
    const struct writing *x = userdata;

    grants_write_verdicts(x->broker->grants, x->broker->trust, e, x->txn);
}

static void write_part(struct verdict_writer *w, struct store_txn *t)
{
    struct broker *b = w->broker;
    struct writing x = {b, t};

    if (w->part < w->parts)
        store_txn_keep_verdicts(t, trust_set_basis(b->trust), w->part++, w->parts);
    for (size_t i = 0; i < PART && grant_index_next(grants_index(b->grants), &w->walk, write_one, &x); i++)
        ;
}

static int on_idle(sd_event_source *s, void *userdata)
{
    struct verdict_writer *w = userdata;
    struct broker *b = w->broker;
    struct store_txn *t = b->trust ? ledger_txn(b) : NULL;

    (void)s;
    if (!t) {
        finish(w);
        return 0;
    }
    write_part(w, t);
    ledger_submit(b, t, on_written, w);
    return 0;
}

static struct verdict_writer *writer_of(struct broker *b)
{
    struct verdict_writer *w = b->verdict_writer ? b->verdict_writer : calloc(1, sizeof(*w));

    b->verdict_writer = w;
    if (!w || w->source)
        return w;
    w->broker = b;
    if (sd_event_add_defer(b->event, &w->source, on_idle, w) < 0 ||
        sd_event_source_set_priority(w->source, SD_EVENT_PRIORITY_IDLE) < 0 ||
        sd_event_source_set_enabled(w->source, SD_EVENT_OFF) < 0)
        w->source = sd_event_source_disable_unref(w->source);
    return w;
}

static void go_on(struct verdict_writer *w, struct hash_walk walk)
{
    w->walk = walk;
    w->part = 0;
    w->parts = (uint32_t)(grant_index_count(grants_index(w->broker->grants)) / PART) + 1;
    (void)sd_event_source_set_enabled(w->source, SD_EVENT_ONESHOT);
}

void verdict_writer_begin(struct broker *b, struct store_txn *t)
{
    struct verdict_writer *w;

    verdict_writer_stop(b);
    if (broker_has_few_grants(b)) {
        grants_write_all_verdicts(b->grants, b->trust, t);
        return;
    }
    w = writer_of(b);
    if (!w || !w->source)
        return;
    w->due = true;
    if (!judging_is(b))
        verdict_writer_go_on(b);
}

void verdict_writer_go_on(struct broker *b)
{
    struct verdict_writer *w = b->verdict_writer;

    if (!w || !w->due)
        return;
    w->due = false;
    go_on(w, (struct hash_walk){0});
}

void verdict_writer_forget(struct broker *b)
{
    struct verdict_writer *w = broker_has_few_grants(b) ? NULL : writer_of(b);
    struct store_txn *t;

    if (w && w->source) {
        go_on(w, (struct hash_walk){.over = true});
        return;
    }
    t = ledger_txn(b);
    if (t)
        store_txn_keep_verdicts(t, trust_set_basis(b->trust), 0, 1);
    ledger_submit(b, t, NULL, NULL);
}

bool verdict_writer_is_busy(const struct broker *b)
{
    return b->verdict_writer && (b->verdict_writer->due || b->verdict_writer->parts > 0);
}

void verdict_writer_stop(struct broker *b)
{
    if (b->verdict_writer)
        finish(b->verdict_writer);
}

struct verdict_writer *verdict_writer_free(struct verdict_writer *w)
{
    if (!w)
        return NULL;
    finish(w);
    sd_event_source_disable_unref(w->source);
    free(w);
    return NULL;
}
