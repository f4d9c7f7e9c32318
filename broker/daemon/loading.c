#include "broker/daemon/directory.h"
#include "broker/daemon/loading_internal.h"
#include "broker/daemon/timekeeper.h"
#include "broker/store/load_grants.h"

#include <errno.h>
#include <sys/random.h>

#define EXPECTED_MAX 4000000

/* ---- one grant ---- */

int loading_take_row(struct loading *l, const struct loading_rows *rows, size_t i)
{
    struct broker *b = l->broker;
    struct octets approvals[QUORUM_VOTES_MAX];
    const struct offer offer = loading_rows_offer(rows, i, approvals);
    struct grant_entry *entry;
    int r;

    verifier_note(b->verifier, true);
    r = grants_load(b->grants, b->trust, l->now, &offer, &entry);
    verifier_note(b->verifier, false);
    /* What is refused now (an old version) gives nothing, and stays on disk. */
    return r == -EINVAL ? 0 : r;
}

static int take_rows_of(struct loading *l, const struct ident_id *id)
{
    struct loading_rows rows = {.octets = BUF_INIT};
    int r = l->phase <= LOADING_DOCUMENTS
                ? store_load_grant(l->broker->store, id, l->row, loading_rows_add, &rows)
                : 0;

    for (size_t i = 0; i < rows.n && r == 0; i++)
        r = loading_take_row(l, &rows, i);
    loading_rows_done(&rows);
    return r;
}

static int take_books_of(struct loading *l, const struct ident_id *id)
{
    struct store_books books;
    int r = store_load_books_of(l->broker->store, id, &books);

    return r > 0 ? grants_load_books(l->broker->grants, &books) : r;
}

/* A store that is damaged somewhere is damaged; anything else may be better the next time. */
int loading_note_damage(struct loading *l, int r)
{
    if (r == -EBADMSG) {
        store_set_damaged(l->broker->store);
        l->error = r;
    }
    return r;
}

static int know(void *userdata, const struct ident_id *id)
{
    struct loading *l = userdata;
    int r;

    if (l->phase == LOADING_WHOLE || loading_known_has_id(&l->known, id))
        return 0;
    r = take_rows_of(l, id);
    if (r == 0)
        r = take_books_of(l, id);
    if (r == 0)
        r = loading_known_put_id(&l->known, id);
    if (r == 0)
        directory_grant_came(l->broker->directory, id);
    return loading_note_damage(l, r);
}

/* ---- several ---- */

struct ids {
    struct ident_id *items;
    size_t n;
};

static int add_id(void *userdata, const struct ident_id *id)
{
    struct ids *ids = userdata;
    struct ident_id *more = ids->items;

    if ((ids->n & (ids->n - 1)) == 0)
        more = reallocarray(ids->items, ids->n == 0 ? 1 : 2 * ids->n, sizeof(*more));
    if (!more)
        return -ENOMEM;
    ids->items = more;
    ids->items[ids->n++] = *id;
    return 0;
}

/* `r`: of finding them. */
static int know_ids(struct loading *l, struct ids *ids, int r)
{
    (void)loading_note_damage(l, r);
    for (size_t i = 0; i < ids->n && r == 0; i++)
        r = know(l, &ids->items[i]);
    free(ids->items);
    return r;
}

static int know_staff(void *userdata, const char *staff)
{
    struct loading *l = userdata;
    struct ids ids = {.n = 0};
    int r;

    if (l->phase == LOADING_WHOLE || loading_known_has_name(&l->known, staff))
        return 0;
    r = store_load_ids_of(l->broker->store, staff, add_id, &ids);
    r = know_ids(l, &ids, r);
    return r < 0 ? r : loading_known_put_name(&l->known, staff);
}

static int know_between(void *userdata, const struct ident_id *first, const struct ident_id *last)
{
    struct loading *l = userdata;
    struct ids ids = {.n = 0};

    if (l->phase == LOADING_WHOLE)
        return 0;
    return know_ids(l, &ids, store_load_ids_between(l->broker->store, first, last, add_id, &ids));
}

/* ---- when all are there ---- */

static void when_whole(void *userdata, void (*done)(void *userdata, int result), void *done_userdata)
{
    struct loading *l = userdata;
    int r = l->error == 0 ? grants_waiters_add(&l->waiters, done, done_userdata) : l->error;

    if (r < 0) {
        done(done_userdata, r);
        return;
    }
    /* In turns with everything else from now on: whoever keeps the loop busy with questions must not keep a
     * trust from being replaced. */
    if (l->source)
        (void)sd_event_source_set_priority(l->source, SD_EVENT_PRIORITY_NORMAL);
}

static const struct grants_source source = {know, know_staff, know_between, when_whole};

/* ---- begin and end ---- */

static int begin(struct loading *l, struct broker *b)
{
    uint8_t seed[GRANT_INDEX_SEED_SIZE];
    int r;

    l->broker = b;
    l->now = timekeeper_now(b->timekeeper);
    l->rows.octets = BUF_INIT;
    grants_waiters_init(&l->waiters);
    if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
        return -EIO;
    r = loading_known_init(&l->known, seed);
    if (r == 0)
        r = store_last_document(b->store, &l->last);
    verifier_load_from(b->verifier, b->store);
    /* The table of a million ids holds the loop up each time that it grows. */
    if (r == 0 && l->last <= EXPECTED_MAX)
        (void)grant_index_expect(grants_index(b->grants), (size_t)l->last);
    return r;
}

int loading_begin(struct broker *b)
{
    int r;

    b->loading = calloc(1, sizeof(*b->loading));
    if (!b->loading)
        return -ENOMEM;
    r = begin(b->loading, b);
    if (r == 0)
        grants_set_source(b->grants, &source, b->loading);
    return r;
}

int loading_go_on(struct broker *b)
{
    struct loading *l = b->loading;

    if ((uint64_t)l->last <= broker_at_once(b))
        return loading_finish(b);
    return b->options.pace.by_hand ? 0 : loading_arm(l);
}

struct loading *loading_free(struct loading *l)
{
    if (!l)
        return NULL;
    if (l->phase != LOADING_WHOLE) {
        grants_set_source(l->broker->grants, NULL, NULL);
        verifier_loaded(l->broker->verifier);
        grants_waiters_tell(&l->waiters, -ECANCELED);
        loading_rows_done(&l->rows);
        loading_known_done(&l->known);
    }
    sd_event_source_disable_unref(l->source);
    sd_event_source_disable_unref(l->retry);
    free(l);
    return NULL;
}

bool loading_is(const struct broker *b)
{
    return b->loading && b->loading->phase != LOADING_WHOLE;
}

void loading_progress(const struct broker *b, uint64_t *done, uint64_t *of)
{
    *of = (uint64_t)b->loading->last;
    *done = b->loading->phase <= LOADING_DOCUMENTS ? (uint64_t)b->loading->row : *of;
}

int loading_error(const struct broker *b)
{
    return loading_is(b) ? b->loading->error : 0;
}
