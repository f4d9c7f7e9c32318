#include "broker/trust/workers.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * One queue in, one list out, one lock over both that is held for a few instructions and never over a job or
 * a callback. `n_jobs` counts from submission to delivery, so that a slow owner is as much back-pressure as
 * slow workers are; only the owner looks at it.
 *
 * An RSA signature takes 20 us to verify, and to wake a thread takes some 5 us. So a worker takes a share of
 * what waits at a time and gives it back at once: a fraction, which leaves the other workers theirs and gets
 * smaller with the queue, so that they end together. And only who sleeps is woken.
 */
#define SHARE_MAX 8U

struct job {
    struct job *next;
    workers_run *run;
    workers_done *done;
    void *job;
    int result;
};

struct jobs {
    struct job *first, **end;
    size_t n;
};

struct workers {
    int event_fd; /* readable when `finished` is not empty */
    size_t most, n_jobs;
    bool closing;

    pthread_mutex_t lock;
    pthread_cond_t work; /* something waits, or `stopping` */
    pthread_cond_t some; /* something was finished */
    bool owner_sleeps;   /* in workers_wait() */
    bool told;           /* by the descriptor */
    atomic_bool stopping;
    struct jobs waiting, finished;

    size_t n_threads;
    pthread_t threads[WORKERS_MAX];
};

static void jobs_init(struct jobs *l)
{
    l->first = NULL;
    l->end = &l->first;
    l->n = 0;
}

static void jobs_put(struct jobs *l, struct job *j)
{
    j->next = NULL;
    *l->end = j;
    l->end = &j->next;
    l->n++;
}

/* The first `n` of them, one at least, of which there are as many. */
static void jobs_take(struct jobs *l, size_t n, struct jobs *ret)
{
    struct job **end = &l->first;

    for (size_t i = 0; i < n; i++)
        end = &(*end)->next;
    *ret = (struct jobs){l->first, end, n};
    l->first = *end;
    l->n -= n;
    if (!l->first)
        l->end = &l->first;
    *end = NULL;
}

/* Leaves `from` empty. `from` may not be empty before. */
static void jobs_move(struct jobs *to, struct jobs *from)
{
    *to->end = from->first;
    to->end = from->end;
    to->n += from->n;
    jobs_init(from);
}

/* With `lock` held, and something waiting. */
static void take_share(struct workers *w, struct jobs *ret)
{
    size_t n = w->waiting.n / (2 * w->n_threads);

    if (n > SHARE_MAX)
        n = SHARE_MAX;
    jobs_take(&w->waiting, n > 0 ? n : 1, ret);
}

/* The first has begun when it is taken; whatever comes after it may still be cancelled. */
static void run_share(struct workers *w, struct job *first)
{
    for (struct job *j = first; j; j = j->next)
        if (j != first && atomic_load(&w->stopping))
            j->result = -ECANCELED;
        else
            j->run(j->job);
}

/* With `lock` held. True: the owner sleeps, and is to be woken. Who has been told already takes everything.
 */
static bool give_back(struct workers *w, struct jobs *share)
{
    bool first = !w->finished.first;

    jobs_move(&w->finished, share);
    if (first && !w->owner_sleeps) {
        (void)eventfd_write(w->event_fd, 1);
        w->told = true;
    }
    return first && w->owner_sleeps;
}

static void *work(void *userdata)
{
    struct workers *w = userdata;
    struct jobs share;

    (void)pthread_mutex_lock(&w->lock);
    while (!atomic_load(&w->stopping)) {
        bool wakes;

        if (w->waiting.n == 0) {
            (void)pthread_cond_wait(&w->work, &w->lock);
            continue;
        }
        take_share(w, &share);
        (void)pthread_mutex_unlock(&w->lock);
        run_share(w, share.first);
        (void)pthread_mutex_lock(&w->lock);
        wakes = give_back(w, &share);
        if (!wakes)
            continue;
        /* Without the lock, which is the first that it needs. */
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_cond_signal(&w->some);
        (void)pthread_mutex_lock(&w->lock);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

static size_t processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

    return n < 1 ? 1 : (size_t)n;
}

/* Signals are the owner's. */
static int start(struct workers *w, size_t n_threads)
{
    sigset_t all, before;
    int r = 0;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (w->n_threads < n_threads && r == 0) {
        r = pthread_create(&w->threads[w->n_threads], NULL, work, w);
        w->n_threads += r == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    /* Fewer than wanted do as well. */
    return w->n_threads > 0 ? 0 : -r;
}

int workers_new(size_t n_threads, size_t most, struct workers **ret)
{
    cleanup(workers_free_p) struct workers *w = calloc(1, sizeof(*w));
    int r;

    *ret = NULL;
    if (!w)
        return -ENOMEM;
    w->most = most;
    jobs_init(&w->waiting);
    jobs_init(&w->finished);
    /* With default attributes these cannot fail. */
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->work, NULL);
    (void)pthread_cond_init(&w->some, NULL);
    w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->event_fd < 0)
        return -errno;
    if (n_threads == 0)
        n_threads = processors();
    r = start(w, n_threads < WORKERS_MAX ? n_threads : WORKERS_MAX);
    if (r < 0)
        return r;
    *ret = steal_pointer(&w);
    return 0;
}

int workers_submit(struct workers *w, workers_run *run, workers_done *done, void *job)
{
    struct job *j;

    if (w->closing)
        return -ESHUTDOWN;
    if (w->n_jobs >= w->most)
        return -EAGAIN;
    j = malloc(sizeof(*j));
    if (!j)
        return -ENOMEM;
    *j = (struct job){.run = run, .done = done, .job = job};
    w->n_jobs++;
    (void)pthread_mutex_lock(&w->lock);
    jobs_put(&w->waiting, j);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_cond_signal(&w->work);
    return 0;
}

int workers_fd(const struct workers *w)
{
    return w->event_fd;
}

/* All that have been finished by now: what a callback submits is delivered the next time. */
static void deliver(struct workers *w, struct job *first)
{
    while (first) {
        struct job *j = first;

        first = j->next;
        w->n_jobs--;
        j->done(j->job, j->result);
        free(j);
    }
}

/* With `lock` held. */
static struct job *take_finished(struct workers *w)
{
    struct job *first = w->finished.first;
    eventfd_t count;

    if (w->told)
        (void)eventfd_read(w->event_fd, &count);
    w->told = false;
    jobs_init(&w->finished);
    return first;
}

void workers_dispatch(struct workers *w)
{
    struct job *first;

    (void)pthread_mutex_lock(&w->lock);
    first = take_finished(w);
    (void)pthread_mutex_unlock(&w->lock);
    deliver(w, first);
}

size_t workers_wait(struct workers *w)
{
    struct job *first;

    if (w->n_jobs == 0)
        return 0;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->finished.first) {
        w->owner_sleeps = true;
        (void)pthread_cond_wait(&w->some, &w->lock);
    }
    w->owner_sleeps = false;
    first = take_finished(w);
    (void)pthread_mutex_unlock(&w->lock);
    deliver(w, first);
    return w->n_jobs;
}

static void stop(struct workers *w)
{
    w->closing = true;
    (void)pthread_mutex_lock(&w->lock);
    atomic_store(&w->stopping, true);
    (void)pthread_cond_broadcast(&w->work);
    (void)pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->n_threads; i++)
        (void)pthread_join(w->threads[i], NULL);
    for (struct job *j = w->waiting.first; j; j = j->next)
        j->result = -ECANCELED;
    deliver(w, w->finished.first);
    deliver(w, w->waiting.first);
}

struct workers *workers_free(struct workers *w)
{
    if (!w)
        return NULL;
    stop(w);
    if (w->event_fd >= 0)
        (void)close(w->event_fd);
    (void)pthread_cond_destroy(&w->some);
    (void)pthread_cond_destroy(&w->work);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
    return NULL;
}
