#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/daemon/alive.h"
#include "broker/daemon/directory.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/loading_internal.h"
#include "broker/daemon/verdict_writer.h"
#include "broker/store/load_grants.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define SLICE_US       1000 /* who logs in meanwhile waits for no more than that */
#define RETRY_US       1000000
#define ROWS_AT_A_TIME 256
#define STEPS_ALIVE    1000
#define MADE_MAX       4096 /* verdicts in a transaction */

/* A start that had to verify is the last that had to. */
static void write_made(struct loading *l, size_t least)
{
    struct broker *b = l->broker;
    struct store_txn *t;

    if (!b->trust || verifier_n_made(b->verifier) < least)
        return;
    t = ledger_txn(b);
    if (t && verifier_write_made(b->verifier, b->trust, t)) {
        FAILPOINT(VERDICTS_MADE);
        ledger_submit(b, t, NULL, NULL);
    } else {
        store_txn_free(t);
    }
}

static void end(struct loading *l)
{
    struct broker *b = l->broker;

    l->phase = LOADING_WHOLE;
    write_made(l, 0);
    if (verifier_has_foreign(b->verifier))
        verdict_writer_forget(b);
    verifier_loaded(b->verifier);
    grants_set_source(b->grants, NULL, NULL);
    loading_rows_done(&l->rows);
    loading_known_done(&l->known);
    if (l->source)
        (void)sd_event_source_set_enabled(l->source, SD_EVENT_OFF);
    grants_waiters_tell(&l->waiters, 0);
}

/* ---- the others, by and by ---- */

/* A source that stays on would be always first among those of its priority. */
static int next_turn(struct loading *l)
{
    return sd_event_source_set_enabled(l->source, SD_EVENT_ONESHOT);
}

static void on_prepared(void *userdata, int result)
{
    struct loading *l = userdata;

    (void)result; /* what failed is tried once more when it is judged */
    if (--l->n_pending == 0 && l->source)
        (void)next_turn(l);
}

static int prepare_row(struct loading *l, size_t i)
{
    struct broker *b = l->broker;
    struct octets approvals[QUORUM_VOTES_MAX];
    const struct offer offer = loading_rows_offer(&l->rows, i, approvals);
    cleanup(grant_free_p) struct grant *g = NULL;
    struct subject subject;

    if (loading_known_has_id(&l->known, &l->rows.items[i].id) ||
        grant_parse(offer.document.data, offer.document.size, &g, NULL) < 0)
        return 0;
    if (subject_of_grant(g, offer.document, &subject) < 0)
        return -ENOMEM;
    l->n_pending++;
    verifier_note(b->verifier, true);
    verifier_prepare(b->verifier, b->trust, &subject, offer.approvals, offer.n_approvals, on_prepared, l);
    verifier_note(b->verifier, false);
    return 0;
}

static int read_rows(struct loading *l)
{
    int r;

    loading_rows_clear(&l->rows);
    r = store_load_grants(l->broker->store, l->row, LOADING_ROWS_MAX, loading_rows_add, &l->rows);
    if (r == 0 && l->rows.n == 0)
        l->phase = LOADING_BOOKS;
    for (size_t i = 0; i < l->rows.n && r == 0 && l->verifies && l->broker->trust; i++)
        r = prepare_row(l, i);
    write_made(l, MADE_MAX);
    return r;
}

static int step_documents(struct loading *l)
{
    const struct loading_row *x;
    int r = 0;

    if (l->rows.next == l->rows.n)
        return read_rows(l);
    x = &l->rows.items[l->rows.next];
    if (!loading_known_has_id(&l->known, &x->id))
        r = loading_take_row(l, &l->rows, l->rows.next);
    if (r < 0)
        return r;
    l->row = x->row;
    l->rows.next++;
    return 0;
}

static int take_books(void *userdata, const struct store_books *books)
{
    struct loading *l = userdata;
    int r = loading_known_has_id(&l->known, &books->id) ? 0 : grants_load_books(l->broker->grants, books);

    if (r < 0)
        return r;
    l->books = books->id;
    l->any_books = true;
    return 0;
}

static int step_books(struct loading *l)
{
    const struct ident_id before = l->books;
    bool any = l->any_books;
    int r = store_load_some_books(l->broker->store, any ? &before : NULL, ROWS_AT_A_TIME, take_books, l);

    if (r == 0 && any == l->any_books && (!any || ident_id_equal(&before, &l->books)))
        l->phase = LOADING_DIRECTORY;
    return r;
}

static int look_at_verdict(void *userdata, const struct store_verdict *row)
{
    struct loading *l = userdata;

    memcpy(l->verdict, row->key, sizeof(l->verdict));
    l->any_verdicts = true;
    return verifier_load(l->broker->verifier, l->broker->trust, row);
}

/* A store with a row that is none is damaged; rows that rest on something else are forgotten. */
static int step_verdicts(struct loading *l)
{
    uint8_t before[STORE_VERDICT_KEY];
    bool any = l->any_verdicts;
    int r;

    memcpy(before, l->verdict, sizeof(before));
    r = store_load_some_verdicts(l->broker->store, any ? before : NULL, ROWS_AT_A_TIME, look_at_verdict, l);
    if (r != 0 || any != l->any_verdicts || (any && memcmp(before, l->verdict, sizeof(before)) != 0))
        return r;
    l->phase = LOADING_DOCUMENTS;
    l->verifies = verifier_n_loaded(l->broker->verifier) < (size_t)l->last / 2;
    return r;
}

static int step(struct loading *l)
{
    switch (l->phase) {
    case LOADING_DOCUMENTS:
        return step_documents(l);
    case LOADING_BOOKS:
        return step_books(l);
    case LOADING_VERDICTS:
        return step_verdicts(l);
    case LOADING_DIRECTORY:
        if (!directory_next_came(l->broker->directory))
            end(l);
        return 0;
    case LOADING_WHOLE:
        break;
    }
    return 0;
}

static int run(struct loading *l, unsigned steps, uint64_t until_us)
{
    int r = 0;

    for (; r == 0 && steps > 0 && l->phase != LOADING_WHOLE && l->n_pending == 0; steps--) {
        r = step(l);
        if (clock_boot_us() >= until_us)
            break;
    }
    return r;
}

static int on_retry(sd_event_source *timer, uint64_t now, void *userdata)
{
    struct loading *l = userdata;

    (void)timer;
    (void)now;
    l->error = 0;
    return next_turn(l);
}

/* Memory or the disk may be better later; that the store is damaged stays. */
static void stumble(struct loading *l, int r)
{
    l->error = r;
    (void)loading_note_damage(l, r);
    if (r != -EBADMSG)
        (void)sd_event_source_set_time_relative(l->retry, RETRY_US);
    if (r != -EBADMSG)
        (void)sd_event_source_set_enabled(l->retry, SD_EVENT_ONESHOT);
    grants_waiters_tell(&l->waiters, r);
}

static int on_idle(sd_event_source *s, void *userdata)
{
    struct loading *l = userdata;
    int r = run(l, UINT_MAX, clock_boot_us() + SLICE_US);

    (void)s;
    if (r < 0)
        stumble(l, r);
    else if (l->n_pending == 0 && l->phase != LOADING_WHOLE)
        return next_turn(l);
    return 0;
}

int loading_some(struct broker *b, unsigned steps)
{
    struct loading *l = b->loading;

    if (!loading_is(b))
        return 0;
    verifier_settle(b->verifier, 0);
    return loading_note_damage(l, run(l, steps, UINT64_MAX));
}

int loading_finish(struct broker *b)
{
    int r = 0;

    while (loading_is(b) && r == 0) {
        alive_tell(&b->loading->told_alive_us);
        r = loading_some(b, STEPS_ALIVE);
    }
    return r;
}

int loading_arm(struct loading *l)
{
    sd_event *event = l->broker->event;
    int r = sd_event_add_defer(event, &l->source, on_idle, l);

    if (r >= 0)
        r = sd_event_source_set_priority(l->source, SD_EVENT_PRIORITY_IDLE);
    if (r >= 0)
        r = next_turn(l);
    if (r >= 0)
        r = sd_event_add_time_relative(event, &l->retry, CLOCK_BOOTTIME, RETRY_US, 0, on_retry, l);
    return r < 0 ? r : sd_event_source_set_enabled(l->retry, SD_EVENT_OFF);
}
