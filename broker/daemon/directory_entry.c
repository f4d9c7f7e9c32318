#include "broker/common/clock.h"
#include "broker/daemon/directory_internal.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/repetition.h"
#include "broker/trust/digest.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is there: reading an entry, and noting what became of it. */

/* ---- reading ---- */

/* Fit to be seen, and as much of it as fits. */
void directory_copy_text(const char *from, char *to, size_t size)
{
    size_t length = strnlen(from, size - 1);
    bool visible;

    while (length > 0 && from[length] != '\0' && ((uint8_t)from[length] & 0xc0) == 0x80)
        length--;
    visible = ident_is_visible_text(from, length);
    for (size_t i = 0; i < length; i++)
        to[i] = (char)(visible || (from[i] >= 0x20 && from[i] < 0x7f) ? from[i] : '?');
    to[length] = '\0';
}

static int digest_approvals(const struct feed_message *m, uint8_t ret[static SHADOW_DIGEST_SIZE])
{
    cleanup_buf struct buf b = BUF_INIT;

    for (size_t i = 0; i < m->n_approvals; i++) {
        buf_put_u32(&b, (uint32_t)m->approvals[i].size);
        buf_put(&b, m->approvals[i].data, m->approvals[i].size);
    }
    return buf_error(&b) < 0 ? buf_error(&b)
                             : digest_sha256(b.size > 0 ? b.data : (const uint8_t *)"", b.size, ret);
}

static int read_grant(const struct directory *d, struct octets document, struct shadow_record *entry,
                      bool *for_this_host, struct document_error *error)
{
    cleanup(grant_free_p) struct grant *g = NULL;
    const struct host_identity *host = &d->broker->host;
    int r = grant_parse(document.data, document.size, &g, error);

    if (r < 0)
        return r;
    entry->id = g->id;
    entry->version = g->version;
    *for_this_host = grant_names_host(g, host->name, &host->groups);
    return 0;
}

static int read_document(const struct directory *d, struct octets document, struct shadow_record *entry,
                         bool *for_this_host, struct document_error *error)
{
    cleanup(revocation_free_p) struct revocation *x = NULL;
    cleanup(status_free_p) struct status *s = NULL;
    cleanup(trust_free_p) struct trust *t = NULL;
    int r = -EINVAL;

    switch ((enum document_type)entry->type) {
    case DOCUMENT_GRANT:
        return read_grant(d, document, entry, for_this_host, error);
    case DOCUMENT_REVOCATION:
        r = revocation_parse(document.data, document.size, &x, error);
        if (r == 0)
            entry->id = x->id;
        return r;
    case DOCUMENT_STATUS:
        r = status_parse(document.data, document.size, &s, error);
        if (r == 0)
            entry->version = s->trust_epoch;
        return r;
    case DOCUMENT_TRUST:
        r = trust_parse(document.data, document.size, &t, error);
        if (r == 0)
            entry->version = t->epoch;
        return r;
    case DOCUMENT_APPROVAL:
        *error = (struct document_error){.line = 1, .reason = "an approval is nothing by itself"};
        break;
    }
    return r;
}

static int classify(const struct directory *d, const struct feed_message *m, struct shadow_record *entry,
                    bool *for_this_host, char text[static DIRECTORY_TEXT_SIZE])
{
    const struct octets document = {m->document.data, m->document.size};
    struct document_error error = {.line = 1, .reason = "the first line is that of no document"};
    enum document_type type;
    int r;

    if (document.size == 0) {
        (void)snprintf(text, DIRECTORY_TEXT_SIZE, "the entry has no document");
        return -EINVAL;
    }
    r = document_type_of(document.data, document.size, &type);
    if (r == 0) {
        entry->type = (uint8_t)type;
        r = read_document(d, document, entry, for_this_host, &error);
    }
    if (r == -EINVAL) {
        entry->type = 0;
        (void)snprintf(text, DIRECTORY_TEXT_SIZE, "line %u: %s", error.line, error.reason);
    }
    return r;
}

static const uint8_t *copy_octets(uint8_t **at, struct feed_octets from)
{
    const uint8_t *here = *at;

    if (from.size > 0)
        memcpy(*at, from.data, from.size);
    *at += from.size;
    return here;
}

static struct directory_task *make_task(struct directory *d, const struct feed_message *m,
                                        const struct shadow_record *entry)
{
    struct directory_task *t;
    size_t size = m->document.size;
    uint8_t *at;

    for (size_t i = 0; i < m->n_approvals; i++)
        size += m->approvals[i].size;
    t = calloc(1, sizeof(*t) + size);
    if (!t)
        return NULL;
    t->directory = d;
    t->entry = *entry;
    t->size = sizeof(*t) + size;
    (void)snprintf(t->name, sizeof(t->name), "%s", entry->name);
    t->entry.name = t->name;
    at = t->octets;
    t->document = (struct octets){copy_octets(&at, m->document), m->document.size};
    for (size_t i = 0; i < m->n_approvals; i++)
        t->approvals[t->n_approvals++] =
            (struct octets){copy_octets(&at, m->approvals[i]), m->approvals[i].size};
    d->held += t->size;
    return t;
}

static void hear_heartbeat(struct directory *d, const struct feed_message *m, struct shadow_record *entry,
                           char text[static DIRECTORY_TEXT_SIZE])
{
    when_t written;

    entry->type = DIRECTORY_HEARTBEAT;
    if (when_parse((const char *)m->document.data, m->document.size, &written) < 0) {
        (void)snprintf(text, DIRECTORY_TEXT_SIZE, "a heartbeat has to be an instant");
        return;
    }
    d->heartbeat_written = written;
    d->heartbeat_received = clock_wall();
}

struct directory_task *directory_read(struct directory *d, const struct feed_message *m,
                                      struct shadow_record *entry, char name[static DIRECTORY_NAME_SIZE],
                                      char text[static DIRECTORY_TEXT_SIZE], int *error)
{
    struct directory_task *t = NULL;
    bool for_this_host = false;

    *entry = (struct shadow_record){.name = name};
    memcpy(entry->uuid, m->uuid, sizeof(entry->uuid));
    directory_copy_text(m->name, name, DIRECTORY_NAME_SIZE);
    text[0] = '\0';
    *error = 0;
    if (m->kind == FEED_HEARTBEAT) {
        hear_heartbeat(d, m, entry, text);
        return NULL;
    }
    *error = digest_sha256(m->document.size > 0 ? m->document.data : (const uint8_t *)"", m->document.size,
                           entry->digest);
    if (*error == 0)
        *error = digest_approvals(m, entry->approvals);
    if (*error == 0)
        *error = classify(d, m, entry, &for_this_host, text);
    if (*error == -EINVAL)
        *error = 0;
    else if (*error == 0 && !directory_is_settled(d, entry)) {
        t = make_task(d, m, entry);
        *error = t ? 0 : -ENOMEM;
        if (t)
            t->for_this_host = for_this_host;
    }
    return t;
}

/* Of a grant only those approvals were kept that counted: with a new trust file it may be others of its entry
 * that do. */
bool directory_is_good_still(const struct directory *d, const struct shadow_record *is)
{
    const struct grant_entry *e = is->type == DOCUMENT_GRANT ? grants_find(d->broker->grants, &is->id) : NULL;

    return is->under >= d->anew_serial && (!e || e->standing == REASON_OK);
}

bool directory_is_settled(const struct directory *d, const struct shadow_record *told)
{
    struct shadow_record is;

    return shadow_find(d->shadow, told->uuid, &is) && is.type == told->type &&
           memcmp(is.digest, told->digest, sizeof(is.digest)) == 0 &&
           memcmp(is.approvals, told->approvals, sizeof(is.approvals)) == 0 && is.outcome != 0 && !is.again &&
           (is.under == d->trust_serial ||
            (is.outcome == REASON_OK && is.type != DOCUMENT_STATUS && directory_is_good_still(d, &is)));
}

/* ---- notes ---- */

struct directory_note *directory_note(const struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE])
{
    return table_find(&d->notes, uuid);
}

int directory_put_note(struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE], const char *text,
                       struct octets document)
{
    struct directory_note *n;

    free(table_take(&d->notes, uuid));
    if (text[0] == '\0' && document.size == 0)
        return 0;
    n = calloc(1, sizeof(*n) + document.size);
    if (!n)
        return -ENOMEM;
    memcpy(n->item.key, uuid, sizeof(n->item.key));
    (void)snprintf(n->text, sizeof(n->text), "%s", text);
    n->size = document.size;
    if (document.size > 0)
        memcpy(n->octets, document.data, document.size);
    if (table_put(&d->notes, &n->item) < 0) {
        free(n);
        return -ENOMEM;
    }
    return 0;
}

/* ---- what became of it ---- */

bool directory_is_bad(enum reason outcome)
{
    return outcome != 0 && outcome != REASON_OK && outcome != REASON_APPROVAL_MISSING &&
           outcome != REASON_GRANT_SUPERSEDED && outcome != REASON_STORE_UNAVAILABLE;
}

static void record_bad(struct directory *d, const char *name, enum reason outcome, const char *text)
{
    struct record r = ledger_record(EVENT_DIRECTORY_ENTRY, outcome, false);
    char detail[DIRECTORY_NAME_SIZE + DIRECTORY_TEXT_SIZE + 4];

    (void)snprintf(detail, sizeof(detail), "%s: %s", name, text);
    r.detail = detail;
    (void)repetition_write_about(d->broker, &r, "", REPETITION_FEW_NAMED);
}

void directory_settle(struct directory *d, const struct shadow_record *entry, enum reason outcome, bool again,
                      const char *text, struct octets document)
{
    struct shadow_record is;

    if (!shadow_find(d->shadow, entry->uuid, &is) || is.serial != entry->serial)
        return;
    if (directory_is_bad(outcome) && is.outcome != outcome)
        record_bad(d, is.name ? is.name : "", outcome, text);
    if (outcome == REASON_OK && is.outcome == REASON_OK && is.type == DIRECTORY_HEARTBEAT)
        return;
    (void)shadow_set_outcome(d->shadow, entry->uuid, outcome, d->trust_serial, again);
    if (directory_put_note(d, entry->uuid, text, document) < 0)
        again = true;
    directory_unwritten(d, entry->uuid);
    if (again) {
        d->full_wanted = true;
        directory_retry(d);
    }
}

static void document_is_gone(struct directory *d, const struct shadow_record *was)
{
    if (was->type == DOCUMENT_GRANT)
        directory_look_at(d, &was->id);
    else if (was->type == DOCUMENT_REVOCATION)
        directory_drop_unsigned(d, was->digest);
}

static void cannot_keep(struct directory *d, struct directory_task *t, const char *why)
{
    directory_trouble(d, "an entry cannot be taken note of: %s", why);
    directory_task_free(t);
    d->strange = d->full_wanted = true;
    directory_retry(d);
}

void directory_put(struct directory *d, const struct shadow_record *told, struct directory_task *t,
                   const char *text)
{
    static const struct octets nothing;
    struct shadow_record entry = *told, is, was;
    bool known = shadow_find(d->shadow, told->uuid, &is);
    bool same = known && is.type == told->type && memcmp(is.digest, told->digest, sizeof(is.digest)) == 0;
    bool kept = same && !t && text[0] == '\0'; /* what became of it stays as it is known */

    if (!known && shadow_count(d->shadow) >= DIRECTORY_ENTRIES_MAX) {
        cannot_keep(d, t, "there are too many");
        return;
    }
    entry.serial = ++d->serial;
    entry.outcome = same ? is.outcome : 0;
    entry.under = kept ? is.under : d->trust_serial;
    entry.again = kept ? is.again : t != NULL; /* until its task has ended */
    if (shadow_put(d->shadow, &entry, &was) < 0) {
        cannot_keep(d, t, "no memory");
        return;
    }
    if (!same) {
        free(table_take(&d->notes, entry.uuid));
        d->last_change = clock_wall();
        d->n_new++;
    }
    if (t) {
        t->entry.serial = entry.serial;
        directory_enqueue(d, t);
    } else if (text[0] != '\0') {
        directory_settle(d, &entry, REASON_BAD_REQUEST, false, text, nothing);
    } else if (entry.type == DIRECTORY_HEARTBEAT) {
        directory_settle(d, &entry, REASON_OK, false, "", nothing);
    }
    if (known && !same)
        document_is_gone(d, &was);
}

void directory_removed(struct directory *d, const struct shadow_record *was)
{
    free(table_take(&d->notes, was->uuid));
    d->last_change = clock_wall();
    d->n_gone++;
    directory_unwritten(d, was->uuid);
    document_is_gone(d, was);
}

void directory_remove(struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE])
{
    struct shadow_record was;

    if (shadow_remove(d->shadow, uuid, &was))
        directory_removed(d, &was);
}
