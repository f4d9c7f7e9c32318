#include "broker/daemon/directory_internal.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/documents_prepare.h"
#include "policy/engine/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A document on its way to the taker of its type, and what became of it. */

#define RESTARTS_MAX 4 /* of a task under whose hands the trust changes */

/* ---- the end of a task ---- */

struct outcome {
    bool taken, again;
    enum reason reason;
    const char *text;
};

static bool may_hold_unsigned(enum reason reason)
{
    return reason == REASON_APPROVAL_MISSING || reason == REASON_TRUST_EXPIRED ||
           reason == REASON_TRUST_MISSING || reason == REASON_STORE_UNAVAILABLE;
}

static bool is_current(const struct directory_task *t)
{
    struct shadow_record is;

    return shadow_find(t->directory->shadow, t->entry.uuid, &is) && is.serial == t->entry.serial;
}

/* What has to be kept of it with its entry: one that was taken in is on disk by itself, unless that failed.
 */
static struct octets settle_revocation(struct directory_task *t, const struct outcome *o,
                                       char text[static DIRECTORY_TEXT_SIZE])
{
    struct directory *d = t->directory;
    struct octets kept = {NULL, 0};

    if (o->taken && !o->again)
        directory_drop_unsigned(d, t->entry.digest);
    else if (may_hold_unsigned(o->reason) && directory_hold_unsigned(d, t, text))
        kept = t->document;
    if (o->again)
        (void)snprintf(text, DIRECTORY_TEXT_SIZE, "%s", o->text);
    return kept;
}

/* Of one that is not in force it is said why: also of one that takes away all the same. */
static void settle(struct directory_task *t, struct outcome *o)
{
    struct directory *d = t->directory;
    struct octets kept = {NULL, 0};
    char text[DIRECTORY_TEXT_SIZE];

    (void)snprintf(text, sizeof(text), "%s", o->text);
    if (o->taken && o->reason != REASON_OK && text[0] == '\0')
        (void)snprintf(text, sizeof(text), "it is not signed by its quorum");
    if (t->entry.type == DOCUMENT_REVOCATION)
        kept = settle_revocation(t, o, text);
    directory_settle(d, &t->entry, o->reason, o->again, text, kept);
}

static void settle_early(const struct directory_task *t, const struct outcome *o)
{
    struct directory_staged *s = table_find(&t->directory->staged, t->entry.uuid);

    if (s && !s->gone && o->taken && !o->again &&
        memcmp(s->entry.digest, t->entry.digest, SHADOW_DIGEST_SIZE) == 0)
        s->early = true;
}

static void end_grant(struct directory_task *t, const struct outcome *o)
{
    struct directory *d = t->directory;
    struct directory_published *p = directory_find_published(d, &t->entry.id);

    if (o->taken)
        directory_publish(d, &t->entry.id, t->entry.digest, t->size, o->reason == REASON_OK);
    if (p && !t->uncounted)
        p->tasks--;
    directory_look_at(d, &t->entry.id);
}

static void end_task(struct directory_task *t, struct outcome o)
{
    struct directory *d = t->directory;

    directory_left_queue(t);
    if (t->early)
        settle_early(t, &o);
    else if (is_current(t))
        settle(t, &o);
    if (t->entry.type == DOCUMENT_GRANT)
        end_grant(t, &o);
    d->left -= t->of_refresh;
    directory_task_free(t);
    directory_act(d);
    directory_pump_soon(d);
}

static void end_with(struct directory_task *t, enum reason reason, bool again, const char *text)
{
    end_task(t, (struct outcome){.reason = reason, .again = again, .text = text});
}

/* ---- the taker ---- */

/* A lower version beside a higher one, and the statuses of former trust epochs: that is how it should be. */
static bool is_old(const struct directory_task *t, enum reason reason)
{
    const struct broker *b = t->directory->broker;
    const struct grant_entry *e;
    const struct status *s = b->status.current.document;

    if (t->entry.type == DOCUMENT_STATUS)
        return reason == REASON_STATUS_STALE && s && t->entry.version < s->trust_epoch;
    if (t->entry.type != DOCUMENT_GRANT || reason != REASON_GRANT_SUPERSEDED)
        return false;
    e = grants_find(b->grants, &t->entry.id);
    return e && t->entry.version < e->version;
}

static void on_told(void *userdata, const struct addition_outcome *o)
{
    struct directory_task *t = userdata;
    struct outcome outcome = {.taken = o->taken, .reason = o->reason, .text = o->text};

    if (o->error < 0) {
        outcome.reason = REASON_STORE_UNAVAILABLE;
        outcome.text = "it could not be stored; it is asked for again";
        outcome.again = true;
    } else if (!o->taken) {
        outcome.again = o->reason == REASON_CLOCK_UNSURE || o->reason == REASON_STOPPING;
        if (is_old(t, o->reason))
            outcome.reason = REASON_GRANT_SUPERSEDED;
        else if (o->reason == REASON_GRANT_SUPERSEDED)
            outcome.reason = REASON_BAD_REQUEST;
    }
    end_task(t, outcome);
}

/* With the document itself: a broker that dies now knows at its start where it came from and that it is
 * there. It has to be told again, since what became of it is not known yet. */
static void on_writing(void *userdata, struct store_txn *txn)
{
    const struct directory_task *t = userdata;
    struct store_published published = {.id = t->entry.id};

    if (is_current(t))
        directory_write_row(&t->entry, REASON_STORE_UNAVAILABLE, true, txn);
    memcpy(published.digest, t->entry.digest, sizeof(published.digest));
    if (t->entry.type == DOCUMENT_GRANT)
        store_txn_published(txn, &published);
}

static void take(struct directory_task *t)
{
    struct addition *a = addition_of_entry(t->directory->broker, (enum document_type)t->entry.type, t->name,
                                           on_told, on_writing, t);

    if (a)
        a->take(a, &(struct offer){t->document, t->good, t->n_good});
    else
        end_with(t, REASON_STORE_UNAVAILABLE, true, "no memory");
}

/* Should another trust have come in force meanwhile, what was verified under the one before is of no use. */
static bool begins_anew(struct directory_task *t)
{
    if (t->trust == t->directory->broker->trust)
        return false;
    if (t->restarts++ < RESTARTS_MAX)
        directory_begin_task(t);
    else
        end_with(t, REASON_STORE_UNAVAILABLE, true, "the trust changes all the time");
    return true;
}

static void failed(struct directory_task *t, int error)
{
    if (error == -ECANCELED)
        end_with(t, REASON_STOPPING, true, "hufud was being stopped");
    else if (error == -EINVAL)
        end_with(t, REASON_BAD_REQUEST, false, "its certificates are not sound");
    else
        end_with(t, REASON_STORE_UNAVAILABLE, true, strerrordesc_np(-error));
}

static void on_prepared(void *userdata, int result)
{
    struct directory_task *t = userdata;

    if (result < 0)
        failed(t, result);
    else if (!begins_anew(t))
        take(t);
}

void directory_sifted(struct directory_task *t, int result)
{
    const struct offer offer = {t->document, t->good, t->n_good};

    if (result < 0)
        failed(t, result);
    else if (!begins_anew(t))
        documents_prepare(t->directory->broker, (enum document_type)t->entry.type, &offer, on_prepared, t);
}

/* A grant of another host is of interest if it takes the place of one of this host. */
static bool takes_from_here(const struct directory_task *t)
{
    const struct directory_published *p = directory_find_published(t->directory, &t->entry.id);

    return grants_find(t->directory->broker->grants, &t->entry.id) || (p && p->tasks > 1);
}

/* All epochs stay in the directory; another document under the number of the one in force is a fault. */
static void end_old_trust(struct directory_task *t, uint32_t epoch)
{
    const uint8_t *in_force = t->directory->broker->trust_keeper.sha256;

    if (t->entry.version == epoch && memcmp(t->entry.digest, in_force, SHADOW_DIGEST_SIZE) != 0)
        end_with(t, REASON_BAD_REQUEST, false, "it is not the trust file of this epoch that is in force");
    else
        end_with(t, REASON_OK, false, "");
}

/* What can be said without looking at a signature. True: that was all. */
static bool ends_here(struct directory_task *t)
{
    const struct broker *b = t->directory->broker;
    uint32_t epoch = trust_set_document(b->trust)->epoch;
    char text[DIRECTORY_TEXT_SIZE];

    switch ((enum document_type)t->entry.type) {
    case DOCUMENT_GRANT:
        if (t->for_this_host || takes_from_here(t))
            return false;
        end_with(t, REASON_WRONG_HOST, false,
                 "the grant does not name this host; the entry says that it does");
        return true;
    case DOCUMENT_STATUS:
        if (t->entry.version <= epoch)
            return false;
        (void)snprintf(text, sizeof(text), "it waits for trust epoch %u", t->entry.version);
        break;
    case DOCUMENT_TRUST:
        if (t->entry.version == epoch + 1)
            return false;
        if (t->entry.version <= epoch) {
            end_old_trust(t, epoch);
            return true;
        }
        (void)snprintf(text, sizeof(text), "it waits for trust epoch %u", t->entry.version - 1);
        break;
    case DOCUMENT_REVOCATION:
    case DOCUMENT_APPROVAL:
        return false;
    }
    end_with(t, REASON_APPROVAL_MISSING, false, text);
    return true;
}

void directory_begin_task(struct directory_task *t)
{
    struct broker *b = t->directory->broker;

    t->trust = trust_set_free(t->trust);
    if (!b->trust) {
        end_with(t, REASON_TRUST_MISSING, false, "this host has no valid trust to verify signatures with");
        return;
    }
    t->trust = trust_set_ref(b->trust);
    if (!ends_here(t))
        directory_sift(t);
}
