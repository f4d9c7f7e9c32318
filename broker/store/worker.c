#include "broker/common/failpoint.h"
#include "broker/store/internal.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

/*
 * The worker takes all transactions that wait and commits them as one; what arrives while they are applied
 * joins them, and what arrives while the disk writes is the next group. After each group it does one step of
 * one read, so that neither a long review of the ledger delays an admission nor a busy gate starves the
 * auditor.
 */
#define GROUP_MAX 256

/* The log is copied to the main file when it has this many pages and nothing waits; at the second bound
 * regardless. */
#define LOG_PAGES_IDLE 1000
#define LOG_PAGES_BUSY 8000

struct group {
    struct store_txn *txns[GROUP_MAX];
    size_t n;
    uint64_t fed;
};

/* With `lock` held. */
static size_t queue_take(struct store *s, struct store_txn **txns, size_t n)
{
    for (; s->queue && n < GROUP_MAX; n++) {
        txns[n] = s->queue;
        s->queue = s->queue->next;
        txns[n]->next = NULL;
    }
    if (!s->queue)
        s->queue_end = &s->queue;
    return n;
}

static void group_join(struct commit_group *g)
{
    struct store *s = g->userdata;

    (void)pthread_mutex_lock(&s->lock);
    g->n = queue_take(s, g->txns, g->n);
    (void)pthread_mutex_unlock(&s->lock);
}

static int mark_opened(struct store *s)
{
    int log_pages, copied, code;
    int r = committer_set_opened(&s->committer, 1);

    FAILPOINT(STORE_MARKED);
    if (r < 0)
        return r;
    /* The log keeps its pages, so that it has a header from now on (check.c). */
    code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log_pages, &copied);
    if (code != SQLITE_OK)
        return sql_error(s->db, code);
    if (log_pages != copied)
        return -EIO;
    FAILPOINT(STORE_MARK_COPIED);
    s->marked = true;
    return 0;
}

int worker_mark_opened(struct store *s)
{
    unsigned attempt = 0;
    int r;

    do
        r = mark_opened(s);
    while (committer_has_made_room(&s->committer, r, attempt++));
    return r;
}

static int group_refuse(struct group *g, int error)
{
    for (size_t i = 0; i < g->n; i++)
        g->txns[i]->result = error;
    return error;
}

/* What is kept stands in front. */
static int group_commit(struct store *s, struct group *g)
{
    struct commit_group all = {.txns = g->txns, .n = g->n, .fed = g->fed, .join = group_join, .userdata = s};
    int r = 0;

    if (!s->marked) {
        r = worker_mark_opened(s);
        if (r == 0)
            past_note(&s->past, &s->committer);
    }
    if (r == 0 && s->kept)
        r = -ENOSPC;
    if (r < 0)
        return group_refuse(g, r);
    r = committer_group(&s->committer, &all);
    g->n = all.n;
    return r;
}

/* One transaction that met damage is enough. */
static int group_health(const struct group *g, int result)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->txns[i]->result == -EBADMSG)
            return -EBADMSG;
    return result;
}

/* Without `lock`, which the owner takes first of all. Who flushes meanwhile is woken once for nothing. */
static void worker_wake_owner(struct store *s)
{
    (void)eventfd_write(s->event_fd, 1);
}

/* `counted`: of so many somebody who flushes has not heard. */
static void group_answer(struct store *s, struct group *g, size_t counted, int health)
{
    (void)pthread_mutex_lock(&s->lock);
    s->anchor_error = s->past.error;
    for (size_t i = 0; i < g->n; i++) {
        *s->answers_end = g->txns[i];
        s->answers_end = &g->txns[i]->next;
    }
    s->n_answered += counted;
    s->sequence = s->committer.head.sequence;
    memcpy(s->hash, s->committer.head.hash, sizeof(s->hash));
    if (s->survey.first != 0)
        s->first = s->survey.first;
    s->ledger_size = survey_ledger(&s->survey);
    if (s->health != -EBADMSG) /* which a reader may have found meanwhile */
        s->health = health;
    (void)pthread_mutex_unlock(&s->lock);
    worker_wake_owner(s);
    (void)pthread_cond_broadcast(&s->settled);
    FAILPOINT(STORE_ANSWERED);
}

/* With `connection` held. Where the ledger begins is looked at when it may have changed, or when it began. */
static void worker_survey(struct store *s)
{
    if (!s->committer.trimmed && s->survey.first != 0 && s->log_pages < LOG_PAGES_IDLE)
        return;
    s->committer.trimmed = false;
    (void)survey_again(&s->survey, s->db);
}

/* What is kept comes first, as far as there is room for it. */
static void worker_write_kept(struct store *s, uint64_t fed)
{
    struct group g = {.n = 0};
    int r = 0;

    while (s->kept && r == 0) {
        (void)pthread_mutex_lock(&s->connection);
        r = kept_commit(s, g.txns, GROUP_MAX, &g.n, fed);
        r = group_health(&g, r);
        past_follow(&s->past, &s->committer.head);
        (void)pthread_mutex_unlock(&s->connection);
        group_answer(s, &g, 0, r);
    }
}

static void worker_commit(struct store *s, struct group *g, int health)
{
    size_t n;

    if (health != -EBADMSG)
        worker_write_kept(s, g->fed);
    (void)pthread_mutex_lock(&s->connection);
    if (health == -EBADMSG)
        (void)group_refuse(g, health);
    else
        health = group_health(g, group_commit(s, g));
    n = g->n;
    kept_add(s, g->txns, &g->n);
    past_follow(&s->past, &s->committer.head); /* before anybody is told */
    worker_survey(s);
    (void)pthread_mutex_unlock(&s->connection);
    group_answer(s, g, n, health);
}

/* The store closes: once more, and then it is lost. */
static void worker_finish_kept(struct store *s)
{
    struct group g;

    if (store_health(s) != -EBADMSG)
        worker_write_kept(s, store_fed(s));
    while (s->kept) {
        g.n = kept_take(s, g.txns, GROUP_MAX);
        (void)group_refuse(&g, -ENOSPC);
        group_answer(s, &g, 0, -ENOSPC);
    }
}

/* What the main file grows by has to be there twice for a moment; a log that could never be copied would grow
 * instead, and twice as much. */
static void worker_copy_log(struct store *s)
{
    unsigned attempt = 0;
    int code;

    do
        code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    while (code != SQLITE_OK && committer_has_made_room(&s->committer, sql_error(s->db, code), attempt++));
}

/* A failure here costs nothing but space: the log goes on, and the next commit tries again. */
static void worker_trim_log(struct store *s, bool busy)
{
    (void)pthread_mutex_lock(&s->connection);
    if (s->log_pages >= (busy ? LOG_PAGES_BUSY : LOG_PAGES_IDLE)) {
        s->log_pages = 0;
        FAILPOINT(STORE_TRIMMING);
        worker_copy_log(s);
        FAILPOINT(STORE_TRIMMED);
    }
    (void)pthread_mutex_unlock(&s->connection);
}

/* With `lock` held; takes the first read out of the queue. */
static void read_answer(struct store *s, struct store_read *r)
{
    s->reads = r->next;
    if (!s->reads)
        s->reads_end = &s->reads;
    r->next = NULL;
    r->finished = true;
    s->n_answered++;
    if (r->rows) {
        *s->read_answers_end = r;
        s->read_answers_end = &r->next;
    }
    (void)pthread_cond_broadcast(&s->settled);
}

static void worker_read(struct store *s, struct store_read *r)
{
    bool finished, wake;

    (void)pthread_mutex_lock(&s->connection);
    finished = read_step(s, r);
    (void)pthread_mutex_unlock(&s->connection);

    (void)pthread_mutex_lock(&s->lock);
    wake = finished && r->rows;
    if (finished)
        read_answer(s, r); /* a waiting thread frees it as soon as it has the lock */
    (void)pthread_mutex_unlock(&s->lock);
    if (wake)
        worker_wake_owner(s);
}

static void worker_cancel_reads(struct store *s)
{
    while (s->reads) {
        s->reads->result = -ECANCELED;
        read_answer(s, s->reads);
    }
}

static void worker_accept_past(struct store *s)
{
    (void)pthread_mutex_lock(&s->connection);
    past_accept(&s->past, &s->committer.head);
    (void)pthread_mutex_unlock(&s->connection);
    (void)pthread_mutex_lock(&s->lock);
    s->anchor_error = s->past.error;
    (void)pthread_mutex_unlock(&s->lock);
}

static void worker_backup(struct store *s, struct backup *b, bool closing)
{
    (void)pthread_mutex_lock(&s->connection);
    if (closing)
        backup_cancel(b);
    else
        backup_step(b, s->db);
    (void)pthread_mutex_unlock(&s->connection);
}

/* With `lock` held: whether there is anything to do. */
static bool worker_has_work(const struct store *s)
{
    return s->queue || s->reads || s->past_accepted || backup_is_copying(s->backup) || s->closing;
}

/* One turn; false when the store closes and nothing is left to commit. */
static bool worker_turn(struct store *s)
{
    struct group g;
    struct store_read *read;
    struct backup *backup;
    bool busy, accepted, closing;
    int health;

    (void)pthread_mutex_lock(&s->lock);
    while (!worker_has_work(s))
        (void)pthread_cond_wait(&s->work, &s->lock);
    if (s->closing)
        worker_cancel_reads(s);
    g.fed = s->fed;
    g.n = queue_take(s, g.txns, 0);
    busy = s->queue != NULL;
    read = s->reads;
    health = s->health;
    accepted = s->past_accepted;
    s->past_accepted = false;
    backup = backup_is_copying(s->backup) ? s->backup : NULL;
    closing = s->closing;
    (void)pthread_mutex_unlock(&s->lock);

    if (accepted)
        worker_accept_past(s);
    if (g.n == 0 && !read && !backup && closing)
        return false;
    if (g.n > 0) {
        worker_commit(s, &g, health);
        worker_trim_log(s, busy);
    }
    if (read)
        worker_read(s, read);
    if (backup)
        worker_backup(s, backup, closing);
    return true;
}

void *worker_run(void *store)
{
    while (worker_turn(store))
        ;
    worker_finish_kept(store);
    return NULL;
}
