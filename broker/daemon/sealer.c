#include "broker/audit/checkpoint.h"
#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/retention.h"
#include "broker/daemon/sealer_internal.h"
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

void sealer_finish(struct sealer *s, const char *why)
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
    sealer_finish(s, s->trouble);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct sealer *s = userdata;

    FAILPOINT(CHECKPOINT_WRITTEN);
    if (result < 0) {
        s->text = (free(s->text), NULL);
        sealer_finish(s, _("the record could not be written"));
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
    sealer_finish(s, NULL);
    retention_look(s->broker->retention);
}

static void write_checkpoint(struct sealer *s)
{
    struct record r = ledger_record(EVENT_CHECKPOINT, (enum reason)0, true);
    cleanup_buf struct buf b = BUF_INIT;
    struct store_txn *t = ledger_txn(s->broker);

    checkpoint_format(&s->c, &b);
    free(s->text);
    s->text = buf_steal_text(&b);
    if (t && (!s->text || sealer_put_key(s, t, false) < 0))
        t = store_txn_free(t);
    if (t) {
        r.detail = s->text;
        store_txn_record(t, &r);
    }
    FAILPOINT(CHECKPOINT_SIGNED);
    ledger_submit(s->broker, t, on_written, s);
}

int sealer_take_signature(struct sealer *s, const struct signer_answer *a)
{
    checkpoint_done(&s->c);
    s->c.signature = malloc(a->size);
    if (!s->c.signature)
        return -ENOMEM;
    memcpy(s->c.signature, a->signature, a->size);
    s->c.signature_size = a->size;
    return 0;
}

static void on_signed(void *userdata, const struct signer_answer *a)
{
    struct sealer *s = userdata;

    if (a->result < 0) {
        fail(s, a->why);
        return;
    }
    if (sealer_take_signature(s, a) < 0)
        fail(s, strerror(ENOMEM));
    else
        write_checkpoint(s);
}

void sealer_describe(struct sealer *s, uint64_t sequence, const uint8_t hash[static RECORD_HASH_SIZE])
{
    const struct ledger_public *p = signer_public(s->signer);

    checkpoint_done(&s->c);
    s->c = (struct checkpoint){.sequence = sequence, .at = clock_wall()};
    memcpy(s->c.hash, hash, sizeof(s->c.hash));
    (void)snprintf(s->c.host, sizeof(s->c.host), "%s", s->broker->host.name);
    (void)snprintf(s->c.ledger, sizeof(s->c.ledger), "%s", s->broker->about.id);
    (void)snprintf(s->c.key, sizeof(s->c.key), "%s", ledger_public_fingerprint(p));
    (void)snprintf(s->c.alg, sizeof(s->c.alg), "%s", ledger_public_algorithm(p));
}

/* What the ledger is now. */
static int sign(struct sealer *s, bool now)
{
    const struct store_head head = store_head(s->broker->store);
    cleanup_buf struct buf b = BUF_INIT;

    sealer_describe(s, head.sequence, head.hash);
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
        sealer_finish(s, _("the ledger is empty"));
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
    sealer_end_seal(s, NULL, NULL);
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
