#include "broker/common/failpoint.h"
#include "broker/store/internal.h"

#include <errno.h>
#include <sys/eventfd.h>

/* The owner's side: what goes in, and the answers that come back. */

int store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    cleanup(store_txn_free_p) struct store_txn *own = t;
    bool wake = false;
    int r = t->error;

    if (r < 0)
        return r;
    t->done = done;
    t->userdata = userdata;
    (void)pthread_mutex_lock(&s->lock);
    if (s->closing) {
        r = -ESHUTDOWN;
    } else {
        *s->queue_end = steal_pointer(&own);
        s->queue_end = &t->next;
        s->n_submitted++;
        wake = !s->dispatching;
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (wake)
        (void)pthread_cond_signal(&s->work); /* who wakes up does not find the lock taken */
    return r;
}

int store_backup(struct store *s, const char *path, store_copied *done, void *userdata)
{
    cleanup(backup_free_p) struct backup *b = NULL;
    int r = backup_new(s->committer.sha256, path, s->event_fd, done, userdata, &b);

    if (r < 0)
        return r;
    (void)pthread_mutex_lock(&s->lock);
    if (s->closing) {
        r = -ESHUTDOWN;
    } else if (s->backup) {
        r = -EBUSY;
    } else {
        s->backup = steal_pointer(&b);
        (void)pthread_cond_signal(&s->work);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return r;
}

int store_fd(const struct store *s)
{
    return s->event_fd;
}

static void dispatch_txns(struct store_txn *t)
{
    while (t) {
        struct store_txn *next = t->next;

        if (t->done)
            t->done(t->userdata, t->result, t->result == 0 ? t->sequence : 0);
        store_txn_free(t);
        t = next;
    }
}

static void dispatch_reads(struct store_read *r)
{
    while (r) {
        struct store_read *next = r->next;

        r->rows(r->userdata, r->result, r->result < 0 ? NULL : r->found.rows, r->result < 0 ? 0 : r->found.n);
        read_free(r);
        r = next;
    }
}

/* Takes all answers at once: a callback that submits anew is answered in the next round, and the worker is
 * woken for all that they submitted together. */
void store_dispatch(struct store *s)
{
    struct store_txn *txns;
    struct store_read *reads;
    struct backup *backup = NULL;
    eventfd_t count;
    bool submitted;

    (void)eventfd_read(s->event_fd, &count);
    (void)pthread_mutex_lock(&s->lock);
    txns = s->answers;
    s->answers = NULL;
    s->answers_end = &s->answers;
    reads = s->read_answers;
    s->read_answers = NULL;
    s->read_answers_end = &s->read_answers;
    if (backup_is_finished(s->backup)) {
        backup = s->backup;
        s->backup = NULL;
    }
    s->dispatching = true;
    (void)pthread_mutex_unlock(&s->lock);
    FAILPOINT(STORE_DISPATCHING);
    dispatch_txns(txns);
    dispatch_reads(reads);
    if (backup)
        backup_answer(backup);
    FAILPOINT(STORE_DISPATCHED);
    (void)pthread_mutex_lock(&s->lock);
    s->dispatching = false;
    submitted = s->queue != NULL;
    (void)pthread_mutex_unlock(&s->lock);
    if (submitted)
        (void)pthread_cond_signal(&s->work);
}

int store_flush(struct store *s)
{
    uint64_t target;

    (void)pthread_mutex_lock(&s->lock);
    target = s->n_submitted;
    while (s->n_answered < target)
        (void)pthread_cond_wait(&s->settled, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
    store_dispatch(s);
    return store_health(s);
}

int store_health(struct store *s)
{
    int health;

    (void)pthread_mutex_lock(&s->lock);
    health = s->health;
    (void)pthread_mutex_unlock(&s->lock);
    return health;
}
