#include "broker/daemon/feeder.h"

#include "broker/audit/journal.h"
#include "broker/common/failpoint.h"
#include "broker/common/threads.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * A thread inside sd_journal_sendv() cannot be called back, so feeder_stop() waits a little and then leaves
 * it alone. It then holds nothing but this struct, which the last of the two frees, and never touches the
 * store again: it may do so only between feeder_enter(), which refuses once it is left alone, and
 * feeder_leave(), for which feeder_stop() waits.
 */
#define BATCH               64
#define GATHER_MS           20 /* what is recorded within that time is read and sent together */
#define STOP_PATIENCE_MS    500
#define RETRY_FIRST_SECONDS 1
#define RETRY_MOST_SECONDS  30
#define HOST_SIZE           80 /* more than a host name of a configuration may have */

struct feeder {
    struct store *store;
    pthread_t thread;
    atomic_bool stopping;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    char ledger[IDENT_ID_TEXT_SIZE];
    char host[HOST_SIZE]; /* under the lock */
    bool in_store, finished;
    bool pausing; /* journald did not take what was sent last */
    bool left_alone;
    bool hurried; /* nothing more is waited for: it is to stop */
    unsigned references;
    unsigned retry_seconds; /* the thread's own */
    bool behind;            /* the thread's own: the last batch was full */
};

static void feeder_unref(struct feeder *f)
{
    bool last;

    (void)pthread_mutex_lock(&f->lock);
    last = --f->references == 0;
    (void)pthread_mutex_unlock(&f->lock);
    if (!last)
        return;
    (void)pthread_cond_destroy(&f->changed);
    (void)pthread_mutex_destroy(&f->lock);
    free(f);
}

static bool feeder_enter(struct feeder *f)
{
    bool go;

    (void)pthread_mutex_lock(&f->lock);
    go = !f->left_alone;
    f->in_store = go;
    (void)pthread_mutex_unlock(&f->lock);
    return go;
}

static void feeder_leave(struct feeder *f)
{
    (void)pthread_mutex_lock(&f->lock);
    f->in_store = false;
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
}

static struct timespec after_ms(unsigned ms)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Whether all is fed, or nothing more will be soon. With the lock held. */
static bool is_drained(const struct feeder *f)
{
    return f->finished || f->pausing || store_fed(f->store) >= store_head(f->store).sequence;
}

/* Waits before a further try, longer each time; feeder_stop() cuts it short. */
static void feeder_pause(struct feeder *f)
{
    const struct timespec until = after_ms(f->retry_seconds * 1000);

    f->retry_seconds *= 2;
    if (f->retry_seconds > RETRY_MOST_SECONDS)
        f->retry_seconds = RETRY_MOST_SECONDS;
    (void)pthread_mutex_lock(&f->lock);
    f->pausing = true;
    (void)pthread_cond_broadcast(&f->changed);
    while (!atomic_load(&f->stopping))
        if (pthread_cond_timedwait(&f->changed, &f->lock, &until) != 0)
            break;
    f->pausing = false;
    (void)pthread_mutex_unlock(&f->lock);
}

static int send_from_host(struct feeder *f, const struct record *r)
{
    char host[HOST_SIZE];

    (void)pthread_mutex_lock(&f->lock);
    memcpy(host, f->host, sizeof(host));
    (void)pthread_mutex_unlock(&f->lock);
    return journal_send(r, host, f->ledger);
}

/* Sends one record as often as it takes; false if the feeder stops. What was sent is noted even then. */
static bool feeder_send(struct feeder *f, const struct record *r)
{
    int e;

    FAILPOINT(FEEDER_SENDING);
    e = send_from_host(f, r);
    while (e < 0 && !atomic_load(&f->stopping)) {
        feeder_pause(f);
        if (!atomic_load(&f->stopping))
            e = send_from_host(f, r);
    }
    FAILPOINT(FEEDER_SENT);
    if (e < 0 || !feeder_enter(f))
        return false;
    f->retry_seconds = RETRY_FIRST_SECONDS;
    (void)store_set_fed(f->store, r->sequence);
    feeder_leave(f);
    return !atomic_load(&f->stopping);
}

/* Waits for a record that was not fed. 0, or -ECANCELED (the feeder or the store stops). */
static int feeder_await(struct feeder *f)
{
    int r;

    if (!feeder_enter(f))
        return -ECANCELED;
    r = store_wait_beyond(f->store, store_fed(f->store), &f->stopping);
    feeder_leave(f);
    return r;
}

/* A record is committed while somebody waits for the answer, and the next login may be under way: reading it,
 * and what journald does with it, would take the processors from both. A moment later it is one read for
 * many. */
static void feeder_gather(struct feeder *f)
{
    const struct timespec until = after_ms(GATHER_MS);

    (void)pthread_mutex_lock(&f->lock);
    while (!f->hurried)
        if (pthread_cond_timedwait(&f->changed, &f->lock, &until) != 0)
            break;
    (void)pthread_mutex_unlock(&f->lock);
}

/* What was not fed, the oldest first. 0; -ECANCELED (the feeder or the store stops); other -errno. */
static int feeder_fetch(struct feeder *f, struct record **rows, size_t *n)
{
    struct record_filter filter = {.limit = BATCH};
    int r;

    *rows = NULL;
    *n = 0;
    if (!feeder_enter(f))
        return -ECANCELED;
    filter.after = store_fed(f->store);
    r = store_read_wait(f->store, &filter, rows, n);
    feeder_leave(f);
    return r;
}

static bool feeder_turn(struct feeder *f)
{
    struct record *rows = NULL;
    size_t n = 0;
    bool go = true;
    int r = feeder_await(f);

    if (r == 0 && !f->behind)
        feeder_gather(f);
    if (r == 0)
        r = feeder_fetch(f, &rows, &n);
    if (r == -ECANCELED)
        return false;
    if (r < 0)
        feeder_pause(f);
    f->behind = n == BATCH;
    for (size_t i = 0; i < n && go; i++)
        go = feeder_send(f, &rows[i]);
    record_free_array(rows, n);
    return go;
}

static void *feeder_run(void *userdata)
{
    struct feeder *f = userdata;

    while (feeder_turn(f))
        ;
    (void)pthread_mutex_lock(&f->lock);
    f->finished = true;
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
    feeder_unref(f);
    return NULL;
}

static int feeder_new(struct store *store, const char *host, const char *ledger, struct feeder **ret)
{
    struct feeder *f = calloc(1, sizeof(*f));
    pthread_condattr_t attributes;

    *ret = NULL;
    if (!f)
        return -ENOMEM;
    (void)snprintf(f->host, sizeof(f->host), "%s", host);
    (void)snprintf(f->ledger, sizeof(f->ledger), "%s", ledger);
    f->store = store;
    f->references = 1;
    f->retry_seconds = RETRY_FIRST_SECONDS;
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&f->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    *ret = f;
    return 0;
}

int feeder_start(struct store *store, const char *host, const char *ledger, struct feeder **ret)
{
    struct feeder *f;
    int r = feeder_new(store, host, ledger, &f);

    *ret = NULL;
    if (r < 0)
        return r;
    f->references = 2;
    r = thread_start(&f->thread, NULL, feeder_run, f);
    if (r < 0) {
        f->references = 1;
        feeder_unref(f);
        return r;
    }
    *ret = f;
    return 0;
}

void feeder_set_host(struct feeder *f, const char *host)
{
    (void)pthread_mutex_lock(&f->lock);
    (void)snprintf(f->host, sizeof(f->host), "%s", host);
    (void)pthread_mutex_unlock(&f->lock);
}

struct feeder *feeder_stop(struct feeder *f)
{
    struct timespec until;
    bool finished;

    if (!f)
        return NULL;
    until = after_ms(STOP_PATIENCE_MS);
    (void)pthread_mutex_lock(&f->lock);
    f->hurried = true;
    (void)pthread_cond_broadcast(&f->changed);
    while (!is_drained(f))
        if (pthread_cond_timedwait(&f->changed, &f->lock, &until) != 0)
            break;
    atomic_store(&f->stopping, true);
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
    store_wake_waiting(f->store);

    (void)pthread_mutex_lock(&f->lock);
    while (!f->finished)
        if (pthread_cond_timedwait(&f->changed, &f->lock, &until) != 0)
            break;
    while (f->in_store)
        (void)pthread_cond_wait(&f->changed, &f->lock);
    f->left_alone = true;
    finished = f->finished;
    (void)pthread_mutex_unlock(&f->lock);
    if (finished)
        (void)pthread_join(f->thread, NULL);
    else
        (void)pthread_detach(f->thread);
    feeder_unref(f);
    return NULL;
}
