#include "broker/daemon/sealer.h"

#include "broker/audit/checkpoint.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/sealer_key.h"
#include "broker/daemon/signer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_SECOND   1000000
#define FIRST_AFTER_US  ((uint64_t)10 * US_PER_SECOND) /* so that a start is not held up by a token */
#define ASKED_AGAIN_US  ((uint64_t)10 * US_PER_SECOND)
#define STOP_TIMEOUT_MS 3000
#define META_KEY        "ledger-key" /* fingerprint that was recorded last */

struct asker {
    struct asker *next;
    sealer_made *made;
    void *userdata;
};

struct sealer {
    struct broker *broker;
    struct signer *signer;
    sd_event_source *timer;
    char recorded[CHECKPOINT_KEY_SIZE]; /* empty: no key ever was */
    char recording[CHECKPOINT_KEY_SIZE];

    bool busy, again; /* one is being made; another one is wanted after it */
    bool stopping;
    struct checkpoint c; /* being signed */
    char *text;          /* on its way to the disk, then the last one */
    char *last;
    uint64_t last_sequence, made_at_us; /* boot clock; 0: none yet */
    struct asker *askers;

    char trouble[SIGNER_WHY_SIZE + 100]; /* empty: none */
    bool trouble_recorded;
};

/* ---- who asked ---- */

static void tell_askers(struct sealer *s, const char *why)
{
    while (s->askers) {
        struct asker *a = s->askers;

        s->askers = a->next;
        a->made(a->userdata, why ? NULL : s->last, why ? 0 : s->last_sequence, why);
        free(a);
    }
}

/* ---- making one ---- */

static void begin(struct sealer *s);

static void finish(struct sealer *s, const char *why)
{
    s->busy = false;
    tell_askers(s, why);
    if (s->again && !s->stopping) {
        s->again = false;
        begin(s);
    }
}

/* Recorded once, until one was made again. */
static void fail(struct sealer *s, const char *why)
{
    struct record r = ledger_record(EVENT_CHECKPOINT, (enum reason)0, false);

    (void)snprintf(s->trouble, sizeof(s->trouble), "%s", why);
    if (!s->trouble_recorded) {
        s->trouble_recorded = true;
        r.detail = s->trouble;
        ledger_write(s->broker, &r);
    }
    finish(s, s->trouble);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct sealer *s = userdata;

    if (result < 0) {
        s->text = (free(s->text), NULL);
        finish(s, _("the record could not be written"));
        return;
    }
    memcpy(s->recorded, s->recording, sizeof(s->recorded));
    free(s->last);
    s->last = s->text;
    s->text = NULL;
    s->last_sequence = sequence;
    s->made_at_us = clock_boot_us();
    s->trouble[0] = '\0';
    s->trouble_recorded = false;
    finish(s, NULL);
}

/* A key that was not there before the first checkpoint is nothing to worry about; another one than before is.
 */
static int put_key(struct sealer *s, struct store_txn *t)
{
    const struct ledger_public *p = signer_public(s->signer);
    struct record r = ledger_record(EVENT_LEDGER_KEY, (enum reason)0, s->recorded[0] == '\0');
    cleanup_free char *detail = sealer_key_text(p);

    (void)snprintf(s->recording, sizeof(s->recording), "%s", ledger_public_fingerprint(p));
    if (strcmp(s->recording, s->recorded) == 0)
        return 0;
    if (!detail)
        return -ENOMEM;
    r.detail = detail;
    store_txn_record(t, &r);
    store_txn_meta(t, META_KEY, s->recording);
    return 0;
}

static void write_checkpoint(struct sealer *s)
{
    struct record r = ledger_record(EVENT_CHECKPOINT, (enum reason)0, true);
    cleanup_buf struct buf b = BUF_INIT;
    struct store_txn *t = ledger_txn(s->broker);

    checkpoint_format(&s->c, &b);
    free(s->text);
    s->text = buf_steal_text(&b);
    if (t && (!s->text || put_key(s, t) < 0))
        t = store_txn_free(t);
    if (t) {
        r.detail = s->text;
        store_txn_record(t, &r);
    }
    ledger_submit(s->broker, t, on_written, s);
}

static void on_signed(void *userdata, const struct signer_answer *a)
{
    struct sealer *s = userdata;

    if (a->result < 0) {
        fail(s, a->why);
        return;
    }
    checkpoint_done(&s->c);
    s->c.signature = malloc(a->size);
    if (!s->c.signature) {
        fail(s, strerror(ENOMEM));
        return;
    }
    memcpy(s->c.signature, a->signature, a->size);
    s->c.signature_size = a->size;
    write_checkpoint(s);
}

/* What the ledger is now. */
static void describe(struct sealer *s)
{
    const struct ledger_public *p = signer_public(s->signer);
    const struct store_head head = store_head(s->broker->store);

    checkpoint_done(&s->c);
    s->c = (struct checkpoint){.sequence = head.sequence, .at = clock_wall()};
    memcpy(s->c.hash, head.hash, sizeof(s->c.hash));
    (void)snprintf(s->c.host, sizeof(s->c.host), "%s", s->broker->host.name);
    (void)snprintf(s->c.ledger, sizeof(s->c.ledger), "%s", s->broker->about.id);
    (void)snprintf(s->c.key, sizeof(s->c.key), "%s", ledger_public_fingerprint(p));
    (void)snprintf(s->c.alg, sizeof(s->c.alg), "%s", ledger_public_algorithm(p));
}

static int sign(struct sealer *s, bool now)
{
    cleanup_buf struct buf b = BUF_INIT;

    describe(s);
    checkpoint_signed_octets(&s->c, &b);
    if (buf_error(&b) < 0)
        return buf_error(&b);
    return now ? signer_sign_now(s->signer, b.data, b.size, STOP_TIMEOUT_MS, on_signed, s)
               : signer_sign(s->signer, b.data, b.size, on_signed, s);
}

static void on_learnt(void *userdata, const struct signer_answer *a)
{
    struct sealer *s = userdata;
    int r;

    if (a->result < 0) {
        fail(s, a->why);
        return;
    }
    r = sign(s, false);
    if (r < 0)
        fail(s, strerror(-r));
}

/* A key that was away may be back. */
static bool has_key(struct sealer *s)
{
    char why[SIGNER_WHY_SIZE];

    if (signer_is_set(s->signer) || sealer_key_load(s->broker, s->signer, s->recorded[0] != '\0', why) == 0)
        return true;
    fail(s, why);
    return false;
}

static void begin(struct sealer *s)
{
    int r;

    s->busy = true;
    if (store_head(s->broker->store).sequence == 0) {
        finish(s, _("the ledger is empty"));
        return;
    }
    if (!has_key(s))
        return;
    r = signer_public(s->signer) ? sign(s, false) : signer_sign(s->signer, NULL, 0, on_learnt, s);
    if (r < 0)
        fail(s, strerror(-r));
}

void sealer_checkpoint(struct sealer *s)
{
    if (!s || s->stopping)
        return;
    if (s->busy)
        s->again = true;
    else
        begin(s);
}

void sealer_ask(struct sealer *s, sealer_made *made, void *userdata)
{
    struct asker *a;

    if (!s) {
        made(userdata, NULL, 0, _("there is no ledger: the store cannot be read"));
        return;
    }
    if (s->last && clock_boot_us() - s->made_at_us < ASKED_AGAIN_US) {
        made(userdata, s->last, s->last_sequence, NULL);
        return;
    }
    a = calloc(1, sizeof(*a));
    if (!a) {
        made(userdata, NULL, 0, strerror(ENOMEM));
        return;
    }
    *a = (struct asker){.next = s->askers, .made = made, .userdata = userdata};
    s->askers = a;
    if (!s->busy)
        begin(s);
}

/* ---- when ---- */

static int on_time(sd_event_source *source, uint64_t at, void *userdata)
{
    struct sealer *s = userdata;
    uint64_t every = (uint64_t)s->broker->config->checkpoint_every * US_PER_SECOND;

    (void)at;
    sealer_checkpoint(s);
    (void)sd_event_source_set_time_relative(source, every);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start_timer(struct sealer *s)
{
    uint64_t every = (uint64_t)s->broker->config->checkpoint_every * US_PER_SECOND;

    return sd_event_add_time_relative(s->broker->event, &s->timer, CLOCK_BOOTTIME,
                                      every < FIRST_AFTER_US ? every : FIRST_AFTER_US, US_PER_SECOND / 10,
                                      on_time, s);
}

void sealer_reload(struct sealer *s)
{
    if (!s)
        return;
    s->busy = false; /* what was under way is given up with its key; its askers wait for the next one */
    signer_use_none(s->signer);
    (void)sd_event_source_set_time_relative(s->timer,
                                            (uint64_t)s->broker->config->checkpoint_every * US_PER_SECOND);
    sealer_checkpoint(s);
}

/* ---- start and stop ---- */

static int load(struct sealer *s)
{
    int r = store_load_meta(s->broker->store, META_KEY, s->recorded, sizeof(s->recorded));
    return r == -ENOENT ? 0 : r;
}

int sealer_new(struct broker *b, struct sealer **ret)
{
    const char *program = b->options.signer ? b->options.signer : HUFU_LIBEXECDIR "/hufu-ledger-sign";
    cleanup(sealer_free_p) struct sealer *s = calloc(1, sizeof(*s));
    char why[SIGNER_WHY_SIZE];
    int r;

    *ret = NULL;
    if (!s)
        return -ENOMEM;
    s->broker = b;
    r = signer_new(b->event, program, &s->signer);
    if (r == 0)
        r = load(s);
    if (r == 0)
        r = start_timer(s);
    if (r < 0)
        return r;
    if (sealer_key_load(b, s->signer, s->recorded[0] != '\0', why) < 0)
        (void)snprintf(s->trouble, sizeof(s->trouble), "%s", why);
    *ret = steal_pointer(&s);
    return 0;
}

void sealer_stop(struct sealer *s)
{
    if (!s)
        return;
    s->stopping = true;
    s->timer = sd_event_source_disable_unref(s->timer);
    s->busy = true;
    /* A token that did not show its key yet is not waited for. */
    if (store_head(s->broker->store).sequence > 0 && has_key(s) && signer_public(s->signer))
        (void)sign(s, true);
    tell_askers(s, _("the broker stops"));
}

struct sealer *sealer_free(struct sealer *s)
{
    if (!s)
        return NULL;
    sd_event_source_disable_unref(s->timer);
    signer_free(s->signer);
    checkpoint_done(&s->c);
    free(s->text);
    free(s->last);
    free(s);
    return NULL;
}

/* ---- what is known ---- */

const struct ledger_public *sealer_key(const struct sealer *s)
{
    return signer_public(s->signer);
}

size_t sealer_findings(const struct sealer *s, struct status_finding ret[static SEALER_FINDINGS_MAX])
{
    if (!s || s->trouble[0] == '\0')
        return 0;
    ret[0] = (struct status_finding){.severity = "warning", .subject = "ledger"};
    (void)snprintf(ret[0].message, sizeof(ret[0].message),
                   _("The ledger is not being signed: %.250s. Records are written all the same."),
                   s->trouble);
    return 1;
}
