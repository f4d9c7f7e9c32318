#include "broker/daemon/claim_settling.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/restored.h"

#include <sys/random.h>

/* At a time: so that logins never wait behind them. */
#define SETTLING_MAX 16

static void step(struct claim *x);

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
    (void)source;
    (void)now;
    step(userdata);
    return 0;
}

/* Not all hosts at once. */
static uint64_t with_jitter(uint64_t us)
{
    uint16_t random = 0;

    (void)!getrandom(&random, sizeof(random), 0);
    return us - us / 4 + us / 2 * random / UINT16_MAX;
}

static void arm(struct claim *x, uint64_t after_us)
{
    uint64_t at = clock_boot_us() + after_us;
    int r;

    if (!x->claiming->questions)
        return;
    if (!x->timer)
        r = sd_event_add_time(x->claiming->broker->event, &x->timer, CLOCK_BOOTTIME, at, 0, on_timer, x);
    else if ((r = sd_event_source_set_time(x->timer, at)) >= 0)
        r = sd_event_source_set_enabled(x->timer, SD_EVENT_ONESHOT);
    (void)r; /* without memory: the next start resolves it */
}

static void later(struct claim *x)
{
    const struct claiming_times *times = &x->claiming->times;

    x->busy = false;
    arm(x, with_jitter(x->wait_us));
    x->wait_us = x->wait_us * 2 < times->longest_us ? x->wait_us * 2 : times->longest_us;
}

/* ---- the disk ---- */

static void on_dropped(void *userdata, int result, uint64_t sequence)
{
    struct claim *x = userdata;

    (void)sequence;
    FAILPOINT(CLAIM_DROPPED);
    if (result < 0)
        later(x);
    else
        claim_book_remove(x);
}

void claim_settling_drop(struct claim *x, const char *event, const char *more)
{
    struct broker *b = x->claiming->broker;
    struct store_txn *t = ledger_txn(b);

    x->loose = true;
    x->busy = true;
    if (x->wait_us == 0)
        x->wait_us = x->claiming->times.retry_us;
    if (t) {
        store_txn_drop_claim(t, x->row.nonce);
        if (event)
            claim_book_record(x, event, REASON_OK, more, t);
    }
    ledger_submit(b, t, on_dropped, x);
}

static void on_owed_written(void *userdata, int result, uint64_t sequence)
{
    struct claim *x = userdata;

    (void)sequence;
    FAILPOINT(CLAIM_OWED);
    if (result < 0) {
        later(x);
        return;
    }
    x->busy = false;
    x->unwritten = false;
    step(x);
}

static void write_owed(struct claim *x)
{
    struct broker *b = x->claiming->broker;
    struct store_txn *t = ledger_txn(b);

    x->busy = true;
    if (t)
        store_txn_claim(t, &x->row);
    ledger_submit(b, t, on_owed_written, x);
}

/* ---- the provider ---- */

static void on_given_back(void *userdata, enum feed_outcome outcome)
{
    struct claim *x = userdata;

    x->claiming->settling--;
    FAILPOINT(CLAIM_BACK);
    if (outcome == FEED_NOT_HELD)
        claim_settling_drop(x, EVENT_CLAIM_BACK, "");
    else
        later(x);
}

static void note_found(struct claim *x)
{
    struct store_txn *t = ledger_txn(x->claiming->broker);

    x->found = true;
    if (t)
        claim_book_record(x, EVENT_CLAIM_RESOLVED, REASON_OK, "held, to be given back", t);
    ledger_submit(x->claiming->broker, t, NULL, NULL);
}

/* Whether no look has found it for so long that none will. */
static bool stays_missed(struct claim *x)
{
    uint64_t now = clock_boot_us();

    if (x->missed_us == 0)
        x->missed_us = now;
    return now - x->missed_us >= x->claiming->times.settle_us;
}

static void on_looked(void *userdata, enum feed_outcome outcome)
{
    struct claim *x = userdata;

    x->claiming->settling--;
    if (outcome == FEED_HELD) {
        note_found(x);
        x->busy = false;
        step(x);
    } else if (outcome != FEED_NOT_HELD) {
        x->missed_us = 0;
        later(x);
    } else if (stays_missed(x)) {
        claim_settling_drop(x, EVENT_CLAIM_RESOLVED, "not held");
    } else {
        later(x);
    }
}

/* Whoever is perhaps a copy of another host gives nothing back that may be the other's; nor does a store give
 * back what may have been used after it was copied. */
static bool may_ask(const struct claiming *c)
{
    return c->settling < SETTLING_MAX && c->broker->host_trouble[0] == '\0' && !restored_is(c->broker);
}

static void step(struct claim *x)
{
    struct claiming *c = x->claiming;
    bool back = x->row.state == STORE_CLAIM_OWED || x->found;

    if (x->busy || !c->questions || x->row.state == STORE_CLAIM_USED)
        return;
    if (x->unwritten) {
        write_owed(x);
        return;
    }
    x->busy = true;
    c->settling++;
    if (may_ask(c) && claim_book_ask(x, back ? FEED_GIVE_BACK : FEED_LOOK, CLAIMING_PATIENCE_US,
                                     back ? on_given_back : on_looked) == 0)
        return;
    c->settling--;
    later(x);
}

void claim_settling_begin(struct claim *x, bool at_once)
{
    x->loose = true;
    x->wait_us = x->claiming->times.retry_us;
    if (at_once)
        step(x);
    else
        later(x);
}

void claim_settling_hurry(struct claiming *c)
{
    for (struct claim *x = c->claims; x; x = x->next)
        if (x->loose && !x->busy) {
            x->wait_us = c->times.retry_us;
            arm(x, 0);
        }
}
