#include "broker/daemon/repetition.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S  ((uint64_t)1000000)
#define WINDOW_US (60 * US_PER_S)
#define QUIET_US  (10 * US_PER_S)
#define LOOK_US   US_PER_S
#define FLUSH_US  ((uint64_t)50000)
#define AGAIN_US  US_PER_S /* after the disk did not take it */

struct repetition {
    struct broker *broker;
    struct kinds kinds;
    sd_event_source *flush, *look;
    bool flushing, over;
    uint64_t n_counted, n_transactions;
};

/* A record of its own, on its way to the disk. */
struct single {
    struct repetition *repetition;
    struct record *record;
    char key[KIND_KEY_SIZE];
};

/* ---- what is counted becomes a record ---- */

static void arm(sd_event_source *source, uint64_t us)
{
    int enabled = SD_EVENT_OFF;

    (void)sd_event_source_get_enabled(source, &enabled);
    if (enabled != SD_EVENT_OFF)
        return;
    (void)sd_event_source_set_time_relative(source, us);
    (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void need_flush(struct kind *k, uint64_t us)
{
    k->dirty = true;
    arm(k->kinds->owner->flush, us);
}

static void on_closed(void *userdata, int result, uint64_t sequence)
{
    struct kind *k = userdata;
    struct tally *closing = steal_pointer(&k->closing);

    FAILPOINT(REPETITION_CLOSED);
    (void)sequence;
    if (result == 0) {
        tally_free(closing);
        if (k->dirty)
            arm(k->kinds->owner->flush, FLUSH_US);
        return;
    }
    if (k->counted)
        tally_join(k->counted, closing);
    else
        k->counted = closing;
    need_flush(k, AGAIN_US);
}

static struct record record_of(const struct kind *k)
{
    struct record r = tally_record(k->closing);

    if (k->common && r.detail[0] == '\0')
        r.detail = "of various kinds, more than are counted one by one";
    return r;
}

/* Record and row in one transaction: the same refusals are never in both, nor in neither. */
static void close_kind(struct kind *k)
{
    struct broker *b = k->kinds->owner->broker;
    struct store_txn *t;
    struct record r;

    if (!k->counted || k->closing)
        return;
    t = ledger_txn(b);
    if (!t)
        return;
    k->closing = steal_pointer(&k->counted);
    k->dirty = false;
    k->reference[0] = '\0';
    r = record_of(k);
    store_txn_record(t, &r);
    store_txn_drop_repetition(t, k->key);
    k->kinds->owner->n_transactions++;
    FAILPOINT(REPETITION_CLOSING);
    ledger_submit(b, t, on_closed, k);
}

static void turn_over(struct kind *k, uint64_t now)
{
    if (now - k->since < WINDOW_US)
        return;
    close_kind(k);
    k->since = now;
    k->written = 0;
}

/* False: there is nothing to be remembered of it. */
static bool look_at(struct kind *k, void *userdata)
{
    uint64_t now = *(const uint64_t *)userdata;

    if (now - k->since >= WINDOW_US || now - k->last >= QUIET_US)
        close_kind(k);
    return k->counted || k->closing || now - k->since < WINDOW_US;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct repetition *rep = userdata;
    uint64_t now = clock_boot_us();

    (void)source;
    (void)usec;
    kinds_sweep(&rep->kinds, look_at, &now);
    if (rep->kinds.first)
        arm(rep->look, LOOK_US);
    return 0;
}

/* ---- what is counted is put on disk ---- */

static void on_flushed(void *userdata, int result, uint64_t sequence)
{
    struct repetition *rep = userdata;

    FAILPOINT(REPETITION_FLUSHED);
    (void)sequence;
    rep->flushing = false;
    for (struct kind *k = rep->kinds.first; k; k = k->next)
        if (k->counted && (k->dirty || result < 0))
            need_flush(k, result < 0 ? AGAIN_US : FLUSH_US);
}

static void write_row(struct kind *k, struct store_txn *t)
{
    cleanup_buf struct buf sample = BUF_INIT;
    cleanup_buf struct buf addresses = BUF_INIT;
    struct store_repetition x = {.key = k->key,
                                 .count = k->counted->count,
                                 .first_us = k->counted->first_us,
                                 .last_us = k->counted->last_us};

    tally_encode_sample(k->counted, &sample);
    tally_encode_addresses(k->counted, &addresses);
    if (buf_error(&sample) < 0 || buf_error(&addresses) < 0)
        return;
    x.sample = sample.data;
    x.sample_size = sample.size;
    x.addresses = addresses.data;
    x.addresses_size = addresses.size;
    store_txn_repetition(t, &x);
    k->dirty = false;
}

/* While a kind's record is on its way its row stays as it is: should the record not be written, the row says
 * all that it would have. */
static void flush(struct repetition *rep)
{
    struct store_txn *t = NULL;

    for (struct kind *k = rep->kinds.first; k && !rep->flushing; k = k->next) {
        if (!k->dirty || !k->counted || k->closing)
            continue;
        if (!t)
            t = ledger_txn(rep->broker);
        if (!t)
            return;
        write_row(k, t);
    }
    if (!t)
        return;
    rep->flushing = true;
    rep->n_transactions++;
    FAILPOINT(REPETITION_FLUSHING);
    ledger_submit(rep->broker, t, on_flushed, rep);
}

static int on_flush(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    flush(userdata);
    return 0;
}

/* ---- one more ---- */

static const char *count(struct kind *k, const struct record *given)
{
    struct repetition *rep = k->kinds->owner;
    struct record r = *given;

    if (k->reference[0] == '\0')
        (void)snprintf(k->reference, sizeof(k->reference), "%s", given->reference);
    r.reference = k->reference;
    if (k->counted) {
        tally_add(k->counted, &r);
    } else {
        k->counted = tally_new(&r);
        if (!k->counted) {
            ledger_write(rep->broker, given);
            return given->reference;
        }
    }
    rep->n_counted++;
    need_flush(k, FLUSH_US);
    arm(rep->look, LOOK_US); /* of one that failed after a minute nobody else comes to look */
    return k->reference;
}

static struct single *single_free(struct single *x)
{
    record_free_array(x->record, 1);
    free(x);
    return NULL;
}

/* What the disk did not take is counted, and tried again with the rest. */
static void on_single(void *userdata, int result, uint64_t sequence)
{
    struct single *x = userdata;
    struct kind *k = result < 0 && !x->repetition->over ? kind_of_key(&x->repetition->kinds, x->key) : NULL;

    (void)sequence;
    if (k)
        (void)count(k, x->record);
    single_free(x);
}

static const char *write_single(struct kind *k, const struct record *r)
{
    struct repetition *rep = k->kinds->owner;
    struct store_txn *t = ledger_txn(rep->broker);
    struct single *x = calloc(1, sizeof(*x));

    k->written++;
    if (!k->common)
        (void)snprintf(k->reference, sizeof(k->reference), "%s", r->reference);
    if (t)
        store_txn_record(t, r);
    if (x && record_copy(r, &x->record) == 0) {
        x->repetition = rep;
        memcpy(x->key, k->key, sizeof(x->key));
        rep->n_transactions++;
        ledger_submit(rep->broker, t, on_single, x);
    } else {
        free(x);
        ledger_submit(rep->broker, t, NULL, NULL);
    }
    return r->reference;
}

static const char *write_some(struct broker *b, const struct record *r, const char *about, unsigned few)
{
    struct repetition *rep = b->repetition;
    uint64_t now = clock_boot_us();
    struct kind *k = b->store && rep && !rep->over ? kind_of(&rep->kinds, r, about) : NULL;

    if (!k) {
        ledger_write(b, r);
        return r->reference;
    }
    turn_over(k, now);
    k->last = now;
    arm(rep->look, LOOK_US);
    return k->written < few ? write_single(k, r) : count(k, r);
}

const char *repetition_write(struct broker *b, const struct record *r)
{
    return write_some(b, r, NULL, REPETITION_FEW);
}

const char *repetition_write_some(struct broker *b, const struct record *r, unsigned few)
{
    return write_some(b, r, NULL, few);
}

const char *repetition_write_about(struct broker *b, const struct record *r, const char *about, unsigned few)
{
    return write_some(b, r, about, few);
}

/* ---- start and stop ---- */

static int timer_new(sd_event *event, sd_event_time_handler_t handler, struct repetition *rep,
                     sd_event_source **ret)
{
    int r = sd_event_add_time_relative(event, ret, CLOCK_BOOTTIME, 0, 1000, handler, rep);

    return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int repetition_new(struct broker *b, struct repetition **ret)
{
    struct repetition *rep = calloc(1, sizeof(*rep));
    int r;

    *ret = NULL;
    if (!rep)
        return -ENOMEM;
    rep->broker = b;
    rep->kinds.owner = rep;
    r = timer_new(b->event, on_flush, rep, &rep->flush);
    if (r == 0)
        r = timer_new(b->event, on_look, rep, &rep->look);
    if (r < 0) {
        repetition_free(rep);
        return r;
    }
    *ret = rep;
    return 0;
}

struct repetition *repetition_free(struct repetition *rep)
{
    if (!rep)
        return NULL;
    kinds_done(&rep->kinds);
    sd_event_source_disable_unref(rep->flush);
    sd_event_source_disable_unref(rep->look);
    free(rep);
    return NULL;
}

static int load_one(void *userdata, const struct store_repetition *x)
{
    struct repetition *rep = userdata;
    struct kind *k;

    if (strlen(x->key) >= KIND_KEY_SIZE)
        return -EBADMSG;
    k = kind_of_key(&rep->kinds, x->key);
    return k ? tally_decode(x, &k->counted) : -ENOMEM;
}

int repetition_load(struct repetition *rep)
{
    int r = store_load_repetitions(rep->broker->store, load_one, rep);

    if (r == 0)
        repetition_settle(rep, false);
    if (rep->kinds.first)
        arm(rep->look, LOOK_US);
    return r;
}

void repetition_settle(struct repetition *rep, bool last)
{
    for (struct kind *k = rep ? rep->kinds.first : NULL; k; k = k->next)
        close_kind(k);
    if (rep)
        rep->over = last;
}

struct repetition_counters repetition_counters(const struct repetition *rep)
{
    return (struct repetition_counters){rep->n_counted, rep->n_transactions, rep->kinds.n};
}
