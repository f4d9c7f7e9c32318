#include "broker/daemon/verdict_writer.h"

#include "broker/daemon/grants_verdicts.h"
#include "broker/daemon/ledger.h"

#include <stdlib.h>

#define AT_ONCE 2000 /* grants */
#define PART    256

struct verdict_writer {
    struct broker *broker;
    struct ident_id *ids;
    size_t n, next;
    sd_event_source *source;
};

static void list(struct grant_entry *e, void *userdata)
{
    struct verdict_writer *w = userdata;

    w->ids[w->n++] = e->id;
}

static void finish(struct verdict_writer *w)
{
    free(w->ids);
    w->ids = NULL;
    w->n = w->next = 0;
    if (w->source)
        (void)sd_event_source_set_enabled(w->source, SD_EVENT_OFF);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct verdict_writer *w = userdata;

    (void)sequence;
    /* What is not on disk is verified again after the next start. */
    if (result < 0 || w->next == w->n || !w->source)
        finish(w);
    else
        (void)sd_event_source_set_enabled(w->source, SD_EVENT_ONESHOT);
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
    for (size_t i = 0; i < PART && w->next < w->n; i++) {
        struct grant_entry *e = grants_find(b->grants, &w->ids[w->next++]);

        if (e)
            grants_write_verdicts(b->grants, b->trust, e, t);
    }
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

void verdict_writer_begin(struct broker *b, struct store_txn *t)
{
    size_t n = grant_index_count(grants_index(b->grants));
    unsigned at_once = b->options.pace.at_once > 0 ? b->options.pace.at_once : AT_ONCE;
    struct verdict_writer *w;

    verdict_writer_stop(b);
    if (n <= at_once) {
        grants_write_all_verdicts(b->grants, b->trust, t);
        return;
    }
    store_txn_keep_verdicts(t, trust_set_basis(b->trust));
    w = writer_of(b);
    if (!w || !w->source)
        return;
    w->ids = calloc(n, sizeof(*w->ids));
    if (!w->ids)
        return;
    grant_index_each(grants_index(b->grants), list, w);
    (void)sd_event_source_set_enabled(w->source, SD_EVENT_ONESHOT);
}

bool verdict_writer_is_busy(const struct broker *b)
{
    return b->verdict_writer && b->verdict_writer->ids;
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
