#include "broker/daemon/retention.h"

#include "broker/audit/checkpoint.h"
#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/i18n.h"
#include "broker/common/threads.h"
#include "broker/daemon/archive.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/sealer.h"
#include "broker/trust/ledger_public.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define US_PER_SECOND 1000000
#define DAY_US        ((int64_t)86400 * US_PER_SECOND)
#define SEGMENT_MOST  50000 /* records that leave at once */
#define SEGMENT_LEAST 1000  /* by age; fewer when they are a day overdue */
#define BATCH         1000  /* removed by one transaction, so that an admission waits for no more */

struct retention {
    struct broker *broker;
    bool busy;
    pthread_t thread;
    bool running;
    int wake;
    sd_event_source *source;
    struct archive_job job;
    uint64_t *live;
    char *key, *sealed;
    char host[CHECKPOINT_HOST_SIZE], folder[PATH_MAX]; /* the configuration may change meanwhile */
    bool by_size;
    char detail[400];
    char trouble[300]; /* empty: none */
    bool trouble_recorded;
};

static void settle(struct retention *r)
{
    free(r->live);
    free(r->key);
    free(r->sealed);
    r->live = NULL;
    r->key = r->sealed = NULL;
    r->busy = false;
}

/* Recorded once, until something left the ledger again. */
static void fail(struct retention *r, const char *why)
{
    struct record record = ledger_record(EVENT_LEDGER_TRIM, (enum reason)0, false);

    (void)snprintf(r->trouble, sizeof(r->trouble), "%s", why);
    if (!r->trouble_recorded && !r->broker->stopping) {
        r->trouble_recorded = true;
        record.detail = r->trouble;
        ledger_write(r->broker, &record);
    }
    settle(r);
}

/* ---- removing what is sealed ---- */

static uint64_t sealed_upto(const struct retention *r)
{
    const struct ledger_about *a = &r->broker->about;

    return a->n_segments > 0 ? a->segments[a->n_segments - 1].last : 0;
}

static void remove_some(struct retention *r);

static void on_removed(void *userdata, int result, uint64_t sequence)
{
    struct retention *r = userdata;

    FAILPOINT(SEGMENT_LEFT);
    (void)sequence;
    if (result < 0) {
        settle(r); /* tried again at the next look */
        return;
    }
    remove_some(r);
}

static void remove_some(struct retention *r)
{
    uint64_t first = store_ledger_first(r->broker->store), last = sealed_upto(r);
    struct store_txn *t;

    if (first > last || r->broker->stopping) {
        settle(r);
        return;
    }
    t = ledger_txn(r->broker);
    if (t)
        store_txn_trim(t, last - first < BATCH ? last : first + BATCH - 1);
    FAILPOINT(SEGMENT_LEAVING);
    ledger_submit(r->broker, t, on_removed, r);
}

/* ---- sealing ---- */

static void on_sealed(void *userdata, int result, uint64_t sequence)
{
    struct retention *r = userdata;
    struct sealed_segment x = {.first = r->job.first, .last = r->job.last, .sealed = r->sealed};

    FAILPOINT(SEGMENT_SEALED);
    (void)sequence;
    if (result < 0) {
        fail(r, _("the record could not be written"));
        return;
    }
    memcpy(x.hash, r->job.hash, sizeof(x.hash));
    if (ledger_about_sealed(&r->broker->about, &x) < 0) {
        settle(r); /* the next start knows */
        return;
    }
    r->trouble[0] = '\0';
    r->trouble_recorded = false;
    remove_some(r);
}

static void describe(struct retention *r)
{
    char hash[2 * RECORD_HASH_SIZE + 1], sha256[65] = "-";

    ident_format_hex(r->job.hash, sizeof(r->job.hash), hash);
    if (r->job.name[0] != '\0')
        ident_format_hex(r->job.sha256, sizeof(r->job.sha256), sha256);
    (void)snprintf(r->detail, sizeof(r->detail),
                   "first=%" PRIu64 " last=%" PRIu64 " hash=%s archive=%s sha256=%s", r->job.first,
                   r->job.last, hash, r->job.name[0] != '\0' ? r->job.name : "-", sha256);
}

static void on_signed(void *userdata, const char *checkpoint, uint64_t sequence, const char *why)
{
    struct retention *r = userdata;
    struct record record = ledger_record(EVENT_LEDGER_TRIM, (enum reason)0, true);
    struct sealed_segment x = {.first = r->job.first, .last = r->job.last};
    struct store_txn *t;

    (void)sequence;
    r->sealed = checkpoint ? strdup(checkpoint) : NULL;
    if (!checkpoint && !why) {
        settle(r);
        return;
    }
    if (!r->sealed) {
        fail(r, why ? why : strerror(ENOMEM));
        return;
    }
    memcpy(x.hash, r->job.hash, sizeof(x.hash));
    x.sealed = r->sealed;
    describe(r);
    record.detail = r->detail;
    t = ledger_txn(r->broker);
    if (t) {
        store_txn_segment(t, &x);
        store_txn_record(t, &record);
        if (sealer_announce(r->broker->sealer, t) < 0)
            t = store_txn_free(t);
    }
    FAILPOINT(SEGMENT_SEALING);
    ledger_submit(r->broker, t, on_sealed, r);
}

/* ---- finding and writing ---- */

static void *thread_main(void *userdata)
{
    struct retention *r = userdata;
    struct archive_job *j = &r->job;

    j->result = archive_find(j);
    if (j->result == 0 && j->last >= j->first && !r->by_size && j->last - j->first + 1 < SEGMENT_LEAST &&
        j->first_us > j->before_us - DAY_US)
        j->last = j->first - 1;
    if (j->result == 0 && j->last >= j->first)
        j->result = archive_write(j);
    (void)eventfd_write(r->wake, 1);
    return NULL;
}

static void on_found(struct retention *r)
{
    struct archive_job *j = &r->job;
    char why[280];

    if (j->result < 0) {
        (void)snprintf(why, sizeof(why),
                       _("%.120s cannot be written: %.120s (ReadWritePaths= of hufud.service, owner hufu)"),
                       j->folder ? j->folder : "-", strerror(-j->result));
        fail(r, why);
        return;
    }
    if (j->last < j->first) {
        r->trouble[0] = '\0';
        if (r->by_size)
            (void)snprintf(r->trouble, sizeof(r->trouble), "%s",
                           _("it takes more room than keep-size, and what is in it has to stay"));
        settle(r);
        return;
    }
    sealer_seal(r->broker->sealer, j->last, j->hash, on_signed, r);
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct retention *r = userdata;
    eventfd_t n;

    (void)source;
    (void)events;
    (void)eventfd_read(fd, &n);
    (void)pthread_join(r->thread, NULL);
    r->running = false;
    on_found(r);
    return 0;
}

static int start_thread(struct retention *r)
{
    int e = thread_start(&r->thread, NULL, thread_main, r);

    r->running = e == 0;
    return e;
}

static int note_live(struct retention *r)
{
    size_t n = 0;

    for (const struct session *s = registry_first(r->broker->registry); s; s = registry_next(s))
        n++;
    r->live = calloc(n + 1, sizeof(*r->live));
    if (!r->live)
        return -ENOMEM;
    n = 0;
    for (const struct session *s = registry_first(r->broker->registry); s; s = registry_next(s))
        r->live[n++] = s->number;
    r->job.live = r->live;
    r->job.n_live = n;
    return 0;
}

/* How far records may go for their room: as many as are too much, and a tenth of that more. */
static uint64_t upto_by_size(const struct retention *r, uint64_t first, uint64_t last)
{
    uint64_t size = store_ledger_size(r->broker->store), keep = r->broker->config->keep_size;
    double share;

    if (keep == 0 || size <= keep || last < first)
        return 0;
    share = (double)(size - keep) / (double)size * 1.1;
    return first + (uint64_t)((double)(last - first + 1) * (share < 1 ? share : 1));
}

static bool plan(struct retention *r)
{
    const struct config *c = r->broker->config;
    const struct store_head head = store_head(r->broker->store);
    uint64_t first = store_ledger_first(r->broker->store), upto = store_fed(r->broker->store), by_size;

    if (upto >= head.sequence)
        upto = head.sequence > 0 ? head.sequence - 1 : 0;
    if (upto < first || (c->keep == 0 && c->keep_size == 0))
        return false;
    by_size = upto_by_size(r, first, head.sequence);
    r->by_size = by_size != 0;
    if (c->keep == 0 && !r->by_size)
        return false;
    if (c->keep == 0 && by_size < upto)
        upto = by_size;
    (void)snprintf(r->host, sizeof(r->host), "%s", c->host);
    (void)snprintf(r->folder, sizeof(r->folder), "%s", c->archive ? c->archive : "");
    r->job = (struct archive_job){.store = r->broker->store,
                                  .folder = c->archive ? r->folder : NULL,
                                  .host = r->host,
                                  .ledger = r->broker->about.id,
                                  .segments = r->broker->about.segments,
                                  .n_segments = r->broker->about.n_segments,
                                  .first = first,
                                  .upto = upto - first < SEGMENT_MOST ? upto : first + SEGMENT_MOST - 1,
                                  .before_us = INT64_MAX,
                                  .now = clock_wall()};
    if (c->keep != 0)
        r->job.before_us = clock_wall_us() - (int64_t)c->keep * US_PER_SECOND;
    return true;
}

void retention_look(struct retention *r)
{
    const struct ledger_public *key;

    if (!r || r->busy || r->broker->stopping)
        return;
    r->busy = true;
    if (store_ledger_first(r->broker->store) <= sealed_upto(r)) {
        remove_some(r); /* what was interrupted */
        return;
    }
    if (!plan(r)) {
        settle(r);
        return;
    }
    key = sealer_key(r->broker->sealer);
    r->key = key ? ledger_public_pem(key) : NULL;
    r->job.key = r->key;
    if (note_live(r) < 0 || start_thread(r) < 0)
        fail(r, strerror(ENOMEM));
}

int retention_new(struct broker *b, struct retention **ret)
{
    cleanup(retention_free_p) struct retention *r = calloc(1, sizeof(*r));
    int e;

    *ret = NULL;
    if (!r)
        return -ENOMEM;
    r->broker = b;
    r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->wake < 0)
        return -errno;
    e = sd_event_add_io(b->event, &r->source, r->wake, EPOLLIN, on_wake, r);
    if (e < 0)
        return e;
    *ret = steal_pointer(&r);
    return 0;
}

void retention_stop(struct retention *r)
{
    if (!r || !r->running)
        return;
    atomic_store(&r->job.cancelled, true);
    (void)pthread_join(r->thread, NULL);
    r->running = false;
}

struct retention *retention_free(struct retention *r)
{
    if (!r)
        return NULL;
    settle(r);
    sd_event_source_disable_unref(r->source);
    if (r->wake >= 0)
        (void)close(r->wake);
    free(r);
    return NULL;
}

size_t retention_findings(const struct retention *r, struct status_finding ret[static RETENTION_FINDINGS_MAX])
{
    if (!r || r->trouble[0] == '\0')
        return 0;
    ret[0] = (struct status_finding){.severity = "warning", .subject = "ledger"};
    (void)snprintf(ret[0].message, sizeof(ret[0].message),
                   _("No records leave the ledger, although they are due: %.250s."), r->trouble);
    return 1;
}
