#include "broker/store/store.h"

#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/common/threads.h"
#include "broker/store/check.h"
#include "broker/store/internal.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

static int note_log_pages(void *userdata, sqlite3 *db, const char *name, int pages)
{
    struct store *s = userdata;

    (void)db;
    (void)name;
    s->log_pages = pages;
    return SQLITE_OK;
}

static int store_new(struct store **ret)
{
    struct store *s = calloc(1, sizeof(*s));

    *ret = NULL;
    if (!s)
        return -ENOMEM;
    s->queue_end = &s->queue;
    s->kept_end = &s->kept;
    s->answers_end = &s->answers;
    s->reads_end = &s->reads;
    s->read_answers_end = &s->read_answers;
    /* With default attributes these cannot fail. */
    (void)pthread_mutex_init(&s->connection, NULL);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->work, NULL);
    (void)pthread_cond_init(&s->settled, NULL);
    s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->event_fd < 0) {
        int r = -errno;

        store_close(s);
        return r;
    }
    *ret = s;
    return 0;
}

static int store_connect(struct store *s, const struct store_options *options, char *error)
{
    bool log;
    int r = check_files(options->path, &log, error);

    if (r < 0)
        return r;
    r = sql_open(options->path, SQLITE_OPEN_READWRITE, &s->db);
    if (r < 0)
        return check_sql(NULL, r, error);
    r = check_opened(s->db, log, error);
    if (r < 0)
        return r;
    (void)sqlite3_wal_hook(s->db, note_log_pages, s);
    r = committer_init(&s->committer, s->db, options);
    s->committer.make_room = options->make_room;
    s->committer.userdata = options->userdata;
    if (r == 0)
        r = check_hash(&s->committer, error);
    if (r == 0)
        r = survey_begin(&s->survey, s->db, options->measure);
    if (r == 0)
        r = check_ledger(&s->committer, error);
    return r < 0 ? r : past_judge(&s->past, &s->committer, options);
}

static int store_load_state(struct store *s)
{
    int64_t fed;
    int r = sql_get_int(s->db, "SELECT fed FROM state WHERE id = 1;", &fed);

    if (r < 0)
        return r;
    s->sequence = s->committer.head.sequence;
    memcpy(s->hash, s->committer.head.hash, sizeof(s->hash));
    s->first = s->survey.first != 0 ? s->survey.first : s->sequence + 1;
    s->ledger_size = survey_ledger(&s->survey);
    s->fed = (uint64_t)fed < s->sequence ? (uint64_t)fed : s->sequence;
    return 0;
}

static int store_start(struct store *s)
{
    int r = thread_start(&s->thread, NULL, worker_run, s);

    s->started = r == 0;
    return r;
}

static int store_begin(struct store *s, const struct store_options *options, char *error)
{
    int r = store_connect(s, options, error);

    if (r == 0)
        r = store_load_state(s);
    if (r < 0)
        return r;
    /* A full disk does not hide what the store knows: sessions can still be ended. Nothing is admitted then.
     */
    s->health = worker_mark_opened(s);
    if (s->health == 0)
        past_note(&s->past, &s->committer);
    s->past_found = s->past.found;
    s->anchor_error = s->past.error;
    return store_start(s);
}

int store_open(const struct store_options *options, struct store **ret, char error[static 200])
{
    cleanup(store_close_p) struct store *s = NULL;
    int r = store_new(&s);

    *ret = NULL;
    error[0] = '\0';
    if (s)
        r = store_begin(s, options, error);
    if (r < 0 && error[0] == '\0')
        (void)snprintf(error, 200, _("the store cannot be opened: %s"), strerrordesc_np(-r));
    if (r == 0)
        *ret = steal_pointer(&s);
    return r;
}

static void store_stop(struct store *s)
{
    (void)store_flush(s);
    (void)pthread_mutex_lock(&s->lock);
    s->closing = true;
    (void)pthread_cond_broadcast(&s->work);
    (void)pthread_cond_broadcast(&s->settled);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    (void)pthread_mutex_lock(&s->lock);
    while (s->n_waiting > 0)
        (void)pthread_cond_wait(&s->settled, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
    backup_wait(s->backup);
    store_dispatch(s);
}

/* Leaves one file that needs no log. If the disk does not take that, the log stays, and the next start reads
 * it. */
static void store_settle(struct store *s)
{
    int log_pages, copied;

    if (!s->marked || s->health == -EBADMSG)
        return;
    FAILPOINT(STORE_SETTLING);
    if (committer_set_fed(&s->committer, s->fed) < 0 || committer_set_opened(&s->committer, 0) < 0)
        return;
    FAILPOINT(STORE_UNMARKED);
    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log_pages, &copied) == SQLITE_OK)
        (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    FAILPOINT(STORE_SETTLED);
}

struct store *store_close(struct store *s)
{
    if (!s)
        return NULL;
    if (s->started) {
        store_stop(s);
        store_settle(s);
    }
    past_done(&s->past);
    finds_done(s);
    committer_done(&s->committer);
    (void)sqlite3_close(s->db);
    s->event_fd = close_fd(s->event_fd);
    (void)pthread_cond_destroy(&s->settled);
    (void)pthread_cond_destroy(&s->work);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_mutex_destroy(&s->connection);
    free(s);
    return NULL;
}

/* ---- where it comes from ---- */

struct store_past store_past(struct store *s)
{
    struct store_past found;

    (void)pthread_mutex_lock(&s->lock);
    found = s->past_found;
    (void)pthread_mutex_unlock(&s->lock);
    return found;
}

/* What it reads is the worker's to change only after store_accept_past(). */
void store_txn_accept_past(struct store *s, struct store_txn *t)
{
    past_accept_write(&s->past, t);
}

void store_accept_past(struct store *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->past_found = (struct store_past){.kind = STORE_PAST_KNOWN};
    s->past_accepted = true;
    (void)pthread_cond_signal(&s->work);
    (void)pthread_mutex_unlock(&s->lock);
}

int store_anchor_error(struct store *s)
{
    int error;

    (void)pthread_mutex_lock(&s->lock);
    error = s->anchor_error;
    (void)pthread_mutex_unlock(&s->lock);
    return error;
}
