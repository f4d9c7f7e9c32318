#include "broker/trust/workers.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * One queue in, one list out, one lock over both that is held for a few instructions and never over a job or
 * a callback. `n_jobs` counts from submission to delivery, so that a slow owner is as much back-pressure as
 * slow workers are; only the owner looks at it.
 */
struct job {
    struct job *next;
    workers_run *run;
    workers_done *done;
    void *job;
    int result;
};

struct jobs {
    struct job *first, **end;
};

struct workers {
    int event_fd; /* readable when `finished` is not empty */
    size_t most, n_jobs;
    bool closing;

    pthread_mutex_t lock;
    pthread_cond_t work; /* something waits, or `stopping` */
    pthread_cond_t some; /* something was finished */
    bool stopping;
    struct jobs waiting, finished;

    size_t n_threads;
    pthread_t threads[WORKERS_MAX];
};

static void jobs_init(struct jobs *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void jobs_put(struct jobs *l, struct job *j)
{
    j->next = NULL;
    *l->end = j;
    l->end = &j->next;
}

static struct job *jobs_take(struct jobs *l)
{
    struct job *j = l->first;

    if (!j)
        return NULL;
    l->first = j->next;
    if (!l->first)
        l->end = &l->first;
    return j;
}

static void *work(void *userdata)
{
    struct workers *w = userdata;
    struct job *j;
    bool first;

    (void)pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        j = jobs_take(&w->waiting);
        if (!j) {
            (void)pthread_cond_wait(&w->work, &w->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&w->lock);
        j->run(j->job);
        (void)pthread_mutex_lock(&w->lock);
        first = !w->finished.first;
        jobs_put(&w->finished, j);
        if (!first)
            continue; /* the owner has been told, and takes them all */
        (void)eventfd_write(w->event_fd, 1);
        (void)pthread_cond_signal(&w->some);
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
    (void)pthread_cond_signal(&w->work);
    (void)pthread_mutex_unlock(&w->lock);
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

    (void)eventfd_read(w->event_fd, &count);
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
    while (!w->finished.first)
        (void)pthread_cond_wait(&w->some, &w->lock);
    first = take_finished(w);
    (void)pthread_mutex_unlock(&w->lock);
    deliver(w, first);
    return w->n_jobs;
}

static void stop(struct workers *w)
{
    w->closing = true;
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
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
