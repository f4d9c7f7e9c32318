#include "broker/store/internal.h"

#include <errno.h>
#include <string.h>

/* Records that one step looks at: a few milliseconds, which is what an admission may have to wait for it. */
#define STEP_RECORDS  2048
#define LIMIT_DEFAULT 1000

static int filter_copy(struct store_read *r, const struct record_filter *f)
{
    struct record_filter *own = &r->filter;
    const char **slots[FILTER_TEXTS] = {&own->staff,   &own->vendor, &own->event,  &own->result,
                                        &own->reason,  &own->grant,  &own->ticket, &own->service,
                                        &own->account, &own->address};

    *own = *f;
    for (size_t i = 0; i < FILTER_TEXTS; i++) {
        if (!*slots[i])
            continue;
        r->texts[i] = strdup(*slots[i]);
        if (!r->texts[i])
            return -ENOMEM;
        *slots[i] = r->texts[i];
    }
    return 0;
}

struct store_read *read_free(struct store_read *r)
{
    if (!r)
        return NULL;
    for (size_t i = 0; i < FILTER_TEXTS; i++)
        free(r->texts[i]);
    record_free_array(r->found.rows, r->found.n);
    free(r);
    return NULL;
}
DEFINE_CLEANUP(struct store_read, read_free);

static int read_new(const struct record_filter *f, struct store_read **ret)
{
    cleanup(read_free_p) struct store_read *r = NULL;
    enum reason reason;

    *ret = NULL;
    if (f->reason && reason_from_name(f->reason, &reason) < 0)
        return -EINVAL;
    r = calloc(1, sizeof(*r));
    if (!r)
        return -ENOMEM;
    if (filter_copy(r, f) < 0)
        return -ENOMEM;
    r->limit = f->limit != 0 ? f->limit : LIMIT_DEFAULT;
    *ret = steal_pointer(&r);
    return 0;
}

static void read_start(struct store *s, struct store_read *r)
{
    uint64_t before = r->filter.before;

    r->started = true;
    r->first = r->filter.after + 1;
    if (r->first != 0 && r->first < s->survey.first)
        r->first = s->survey.first;
    r->last = s->committer.head.sequence;
    if (before != 0 && before - 1 < r->last)
        r->last = before - 1;
    /* after = UINT64_MAX */
    if (r->first == 0)
        r->first = r->last + 1;
}

static struct row_window read_next_window(struct store_read *r)
{
    struct row_window w = {.first = r->first, .last = r->last, .limit = r->limit - r->found.n};

    if (w.last - w.first < STEP_RECORDS) {
        r->first = r->last + 1;
    } else if (r->filter.newest_first) {
        w.first = w.last - STEP_RECORDS + 1;
        r->last = w.first - 1;
    } else {
        w.last = w.first + STEP_RECORDS - 1;
        r->first = w.last + 1;
    }
    return w;
}

bool read_step(struct store *s, struct store_read *r)
{
    if (!r->started)
        read_start(s, r);
    if (r->first <= r->last) {
        struct row_window w = read_next_window(r);

        r->result = rows_read(s->db, &w, &r->filter, &r->found);
    }
    return r->result < 0 || r->first > r->last || r->found.n >= r->limit;
}

/* With `lock` held. */
static void read_enqueue(struct store *s, struct store_read *r)
{
    *s->reads_end = r;
    s->reads_end = &r->next;
    s->n_submitted++;
    (void)pthread_cond_signal(&s->work);
}

int store_read(struct store *s, const struct record_filter *f, store_rows *rows, void *userdata)
{
    cleanup(read_free_p) struct store_read *r = NULL;
    int e = read_new(f, &r);

    if (e < 0)
        return e;
    r->rows = rows;
    r->userdata = userdata;
    (void)pthread_mutex_lock(&s->lock);
    if (s->closing)
        e = -ESHUTDOWN;
    else
        read_enqueue(s, steal_pointer(&r));
    (void)pthread_mutex_unlock(&s->lock);
    return e;
}

/* With `lock` held: the last of the waiting threads lets store_close() go on. */
static void waiting_leave(struct store *s)
{
    s->n_waiting--;
    if (s->closing)
        (void)pthread_cond_broadcast(&s->settled);
}

static int read_await(struct store *s, struct store_read *r)
{
    int result = -ECANCELED;

    (void)pthread_mutex_lock(&s->lock);
    s->n_waiting++;
    if (!s->closing) {
        read_enqueue(s, r);
        while (!r->finished)
            (void)pthread_cond_wait(&s->settled, &s->lock);
        result = r->result;
    }
    waiting_leave(s);
    (void)pthread_mutex_unlock(&s->lock);
    return result;
}

int store_read_wait(struct store *s, const struct record_filter *f, struct record **ret, size_t *n)
{
    cleanup(read_free_p) struct store_read *r = NULL;
    int e = read_new(f, &r);

    *ret = NULL;
    *n = 0;
    if (e == 0)
        e = read_await(s, r);
    if (e < 0)
        return e;
    *ret = r->found.rows;
    *n = r->found.n;
    r->found = (struct record_rows){0};
    return 0;
}

int store_wait_beyond(struct store *s, uint64_t after, const atomic_bool *cancelled)
{
    bool beyond;

    (void)pthread_mutex_lock(&s->lock);
    s->n_waiting++;
    while (s->sequence <= after && !s->closing && !(cancelled && atomic_load(cancelled)))
        (void)pthread_cond_wait(&s->settled, &s->lock);
    beyond = s->sequence > after && !s->closing && !(cancelled && atomic_load(cancelled));
    waiting_leave(s);
    (void)pthread_mutex_unlock(&s->lock);
    return beyond ? 0 : -ECANCELED;
}

void store_wake_waiting(struct store *s)
{
    (void)pthread_mutex_lock(&s->lock);
    (void)pthread_cond_broadcast(&s->settled);
    (void)pthread_mutex_unlock(&s->lock);
}

struct store_head store_head(struct store *s)
{
    struct store_head head;

    (void)pthread_mutex_lock(&s->lock);
    head.sequence = s->sequence;
    memcpy(head.hash, s->hash, sizeof(head.hash));
    (void)pthread_mutex_unlock(&s->lock);
    return head;
}

uint64_t store_ledger_first(struct store *s)
{
    uint64_t first;

    (void)pthread_mutex_lock(&s->lock);
    first = s->first;
    (void)pthread_mutex_unlock(&s->lock);
    return first;
}

uint64_t store_ledger_size(struct store *s)
{
    uint64_t octets;

    (void)pthread_mutex_lock(&s->lock);
    octets = s->ledger_size;
    (void)pthread_mutex_unlock(&s->lock);
    return octets;
}

int store_set_format(struct store *s, enum record_format format)
{
    uint8_t hash[RECORD_HASH_SIZE];

    if (format == RECORD_FORMAT_2_SM3) {
        int r = s->committer.sm3 ? s->committer.sm3("", 0, hash) : -EOPNOTSUPP;

        if (r < 0)
            return r;
    }
    atomic_store(&s->committer.format, format);
    return 0;
}

int store_set_fed(struct store *s, uint64_t sequence)
{
    (void)pthread_mutex_lock(&s->lock);
    s->fed = sequence < s->sequence ? sequence : s->sequence;
    (void)pthread_mutex_unlock(&s->lock);
    return 0;
}

uint64_t store_fed(struct store *s)
{
    uint64_t fed;

    (void)pthread_mutex_lock(&s->lock);
    fed = s->fed;
    (void)pthread_mutex_unlock(&s->lock);
    return fed;
}
