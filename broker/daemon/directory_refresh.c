#include "broker/common/clock.h"
#include "broker/daemon/directory_internal.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/repetition.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * A refresh: what comes between BEGIN and END is staged, and means nothing until the END is there and has
 * counted the same; then it is what there is. Only a revocation is tried at once, and holds if somebody
 * signed it who may: whoever cuts each refresh short keeps none away.
 */

#define PURGE_FEW 10 /* so many may always go */

static void drop_staged(void *item)
{
    struct directory_staged *s = item;

    directory_task_free(s->task);
    free(s);
}

void directory_unstage(struct directory *d)
{
    uint8_t seed[sizeof(d->staged.seed)];

    memcpy(seed, d->staged.seed, sizeof(seed));
    table_done(&d->staged, drop_staged);
    table_init(&d->staged, seed);
}

void directory_begin(struct directory *d, bool full)
{
    directory_unstage(d);
    if (d->asked_full && !full) {
        directory_trouble(d, "a refresh that was to tell everything tells changes only");
        d->phase = DIRECTORY_IDLE;
        directory_retry(d);
        return;
    }
    d->phase = DIRECTORY_REFRESHING;
    d->full = full;
    d->strange = false;
    d->told = 0;
    shadow_begin(d->shadow);
}

/* ---- staging ---- */

/* In place of what was told of the entry before. NULL without room or memory. */
static struct directory_staged *stage(struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE])
{
    struct directory_staged *s = table_find(&d->staged, uuid);

    if (s) {
        s->task = directory_task_free(s->task);
        s->early = s->gone = false;
        return s;
    }
    s = d->staged.n < DIRECTORY_ENTRIES_MAX ? calloc(1, sizeof(*s)) : NULL;
    if (s)
        memcpy(s->item.key, uuid, sizeof(s->item.key));
    if (!s || table_put(&d->staged, &s->item) < 0) {
        free(s);
        d->strange = true;
        return NULL;
    }
    return s;
}

static void try_early(struct directory *d, const struct feed_message *m)
{
    struct shadow_record entry;
    char name[DIRECTORY_NAME_SIZE], text[DIRECTORY_TEXT_SIZE];
    int error;
    struct directory_task *t = directory_read(d, m, &entry, name, text, &error);

    if (!t)
        return;
    t->early = true;
    directory_enqueue(d, t);
}

static void stage_entry(struct directory *d, const struct feed_message *m)
{
    struct directory_staged *s = stage(d, m->uuid);
    int error;

    if (!s)
        return;
    s->task = directory_read(d, m, &s->entry, s->name, s->text, &error);
    if (error < 0)
        d->strange = true;
    if (s->task && d->held > DIRECTORY_HELD_MAX) {
        s->task = directory_task_free(s->task);
        (void)snprintf(s->text, sizeof(s->text), "too much was told at once");
        d->strange = true;
    }
    if (s->task && s->entry.type == DOCUMENT_REVOCATION)
        try_early(d, m);
}

static void put_entry(struct directory *d, const struct feed_message *m)
{
    struct shadow_record entry;
    char name[DIRECTORY_NAME_SIZE], text[DIRECTORY_TEXT_SIZE];
    int error;
    struct directory_task *t = directory_read(d, m, &entry, name, text, &error);

    directory_put(d, &entry, t, text);
    if (error < 0) {
        d->full_wanted = true;
        directory_retry(d);
    }
    directory_act(d);
    directory_pump_soon(d);
}

void directory_told(struct directory *d, const struct feed_message *m)
{
    if (d->phase == DIRECTORY_REFRESHING) {
        d->told++;
        stage_entry(d, m);
    } else if (d->phase == DIRECTORY_COMPLETE) {
        put_entry(d, m);
    } else {
        directory_trouble(d, "an entry came outside of a search");
    }
}

void directory_deleted(struct directory *d, const struct feed_message *m)
{
    for (size_t i = 0; i < m->n_uuids; i++) {
        const uint8_t *uuid = m->uuids + i * SHADOW_UUID_SIZE;
        struct directory_staged *s;

        if (d->phase == DIRECTORY_COMPLETE) {
            directory_remove(d, uuid);
        } else if (d->phase == DIRECTORY_REFRESHING) {
            s = stage(d, uuid);
            if (s)
                s->gone = true;
        }
    }
    if (d->phase == DIRECTORY_IDLE)
        directory_trouble(d, "a deletion came outside of a search");
    directory_act(d);
    directory_pump_soon(d);
}

void directory_present(struct directory *d, const struct feed_message *m)
{
    if (d->phase != DIRECTORY_REFRESHING) {
        directory_trouble(d, "a list of what is there came outside of a refresh");
        return;
    }
    d->told += (uint32_t)m->n_uuids;
    for (size_t i = 0; i < m->n_uuids; i++)
        if (!shadow_mark(d->shadow, m->uuids + i * SHADOW_UUID_SIZE) &&
            !table_find(&d->staged, m->uuids + i * SHADOW_UUID_SIZE))
            d->strange = true;
}

/* ---- the end ---- */

static void taken_early(struct directory *d, const struct shadow_record *entry)
{
    static const struct octets nothing;
    struct shadow_record is;

    if (!shadow_find(d->shadow, entry->uuid, &is))
        return;
    directory_settle(d, &is, REASON_OK, false, "", nothing);
    directory_drop_unsigned(d, entry->digest);
}

static void take_staged(struct directory *d, struct directory_staged *s)
{
    struct directory_task *t = steal_pointer(&s->task);

    s->entry.name = s->name;
    if (t) {
        t->of_refresh = true;
        t->entry.name = t->name;
    }
    if (t && s->early) { /* it is in force already */
        t = directory_task_free(t);
        directory_put(d, &s->entry, NULL, "");
        taken_early(d, &s->entry);
        return;
    }
    directory_put(d, &s->entry, t, s->text);
}

static void on_swept(void *userdata, const struct shadow_record *r)
{
    struct directory *d = userdata;

    if (d->n_swept < d->swept_capacity)
        d->swept[d->n_swept++] = *r;
}

/* The shadow is not changed while it tells. */
static void sweep(struct directory *d)
{
    d->swept_capacity = shadow_count_unseen(d->shadow);
    d->swept = calloc(d->swept_capacity + 1, sizeof(*d->swept));
    d->n_swept = 0;
    if (!d->swept) {
        d->strange = true;
        return;
    }
    shadow_sweep(d->shadow, on_swept, d);
    for (size_t i = 0; i < d->n_swept; i++)
        directory_removed(d, &d->swept[i]);
    free(d->swept);
    d->swept = NULL;
}

static void record_purge(struct directory *d, size_t n, size_t of, bool confirmed)
{
    struct record r = ledger_record(EVENT_DIRECTORY_PURGE, confirmed ? REASON_OK : 0, confirmed);
    char detail[80];

    (void)snprintf(detail, sizeof(detail), "%zu of %zu entries", n, of);
    r.detail = detail;
    (void)repetition_write_about(d->broker, &r, "", REPETITION_FEW_NAMED);
}

/* A list of what is there that was cut short must not close the house. */
static bool holds_back(struct directory *d, size_t unseen, size_t before)
{
    bool large = unseen > PURGE_FEW && 2 * unseen > before;

    /* All of it, however few, is what a server says that forgot to say that it told deletions. */
    if (d->full || unseen == 0 || (!large && unseen < before))
        return false;
    d->held_back = unseen;
    d->full_wanted = true;
    record_purge(d, unseen, before, false);
    return true;
}

static void sweep_if_told(struct directory *d, const struct feed_message *m, size_t before)
{
    size_t unseen = shadow_count_unseen(d->shadow);

    if (!d->full && m->refresh_deletes)
        return;
    if (holds_back(d, unseen, before))
        return;
    if (d->held_back > 0 && unseen > 0)
        record_purge(d, unseen, before, true);
    if (d->full)
        d->held_back = 0;
    sweep(d);
}

static bool is_whole(struct directory *d, const struct feed_message *m)
{
    struct record r = ledger_record(EVENT_DIRECTORY_REFRESH, REASON_BAD_REQUEST, false);
    char detail[80];

    if (m->count == d->told)
        return true;
    (void)snprintf(detail, sizeof(detail), "%u entries were told, and its end says %u", d->told, m->count);
    r.detail = detail;
    (void)repetition_write_about(d->broker, &r, "", REPETITION_FEW_NAMED);
    return false;
}

/* What is gone comes last: a grant of which another version is on its way by then is not withdrawn. */
static void take_all(struct directory *d)
{
    struct directory_staged *s;
    size_t at = 0;

    while ((s = table_next(&d->staged, &at)) != NULL)
        if (!s->gone)
            take_staged(d, s);
    at = 0;
    while ((s = table_next(&d->staged, &at)) != NULL)
        if (s->gone)
            directory_remove(d, s->item.key);
}

void directory_end(struct directory *d, const struct feed_message *m)
{
    size_t before = shadow_count(d->shadow);

    if (d->phase != DIRECTORY_REFRESHING) {
        directory_trouble(d, "the end of a refresh came that had not begun");
        return;
    }
    if (!is_whole(d, m)) {
        directory_unstage(d);
        d->phase = DIRECTORY_IDLE;
        d->full_wanted = true;
        directory_retry(d);
        return;
    }
    d->phase = DIRECTORY_COMPLETE;
    d->n_new = d->n_gone = 0;
    take_all(d);
    directory_unstage(d);
    sweep_if_told(d, m, before);
    directory_act(d);
    d->refresh_done_due = true;
    d->last_was_full = d->full;
    if (d->full)
        d->asked_full = false;
    if (d->strange)
        d->full_wanted = true;
    if (d->strange && d->full)
        directory_retry(d);
    directory_want_cookie(d, m->cookie);
    directory_reached(d);
    directory_pump_soon(d);
}

/* ---- when all of it has found its place ---- */

static void record_done(struct directory *d)
{
    struct record r = ledger_record(EVENT_DIRECTORY_REFRESH, REASON_OK, true);
    char detail[160];

    if (d->n_new == 0 && d->n_gone == 0 && d->last_refresh != 0)
        return; /* a line that comes and goes leaves no record each time */
    (void)snprintf(detail, sizeof(detail), "%s: %zu entries, %zu new or changed, %zu gone",
                   d->last_was_full ? "everything" : "what changed", shadow_count(d->shadow), d->n_new,
                   d->n_gone);
    r.detail = detail;
    (void)repetition_write_about(d->broker, &r, "", REPETITION_FEW_NAMED);
}

static void note_waiting(void *userdata, const struct shadow_record *r)
{
    struct directory *d = userdata;

    if (r->outcome != 0 && r->under != d->trust_serial &&
        (r->outcome != REASON_OK || !directory_is_good_still(d, r)))
        d->full_wanted = true;
}

/* What was refused under another trust may be taken in by now. */
static void look_for_waiting(struct directory *d)
{
    if (!d->trust_moved)
        return;
    d->trust_moved = false;
    shadow_each(d->shadow, note_waiting, d);
}

static void finish_refresh(struct directory *d)
{
    d->refresh_done_due = false;
    record_done(d);
    d->last_refresh = clock_wall();
    if (d->last_was_full)
        d->last_full = d->last_refresh;
}

void directory_settled(struct directory *d)
{
    if (d->broker->stopping)
        return;
    if (d->refresh_done_due && d->left == 0)
        finish_refresh(d);
    if (d->phase != DIRECTORY_REFRESHING && directory_is_quiet(d))
        look_for_waiting(d); /* before a cookie says that all of it was judged by the trust in force */
    directory_write(d);
    if (d->phase == DIRECTORY_REFRESHING || !directory_is_quiet(d))
        return;
    if (d->full_wanted && !d->is_retrying && d->phase == DIRECTORY_COMPLETE)
        directory_start(d);
    else if (!d->full_wanted && d->phase == DIRECTORY_COMPLETE)
        d->failures = 0;
}
