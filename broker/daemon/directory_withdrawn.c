#include "broker/common/clock.h"
#include "broker/daemon/directory_internal.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/repetition.h"
#include "broker/daemon/revocations.h"
#include "broker/daemon/taking.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * What being there or not means. A grant is withdrawn while the octets of it that are in force here came from
 * the directory and are in none of its entries. While another document of the same grant is on its way
 * nothing is concluded: a version that takes the place of another one ends no session.
 */

struct directory_published *directory_find_published(const struct directory *d, const struct ident_id *id)
{
    return table_find(&d->published, id->octets);
}

struct directory_published *directory_make_published(struct directory *d, const struct ident_id *id)
{
    struct directory_published *p = directory_find_published(d, id);

    if (p)
        return p;
    p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    memcpy(p->item.key, id->octets, sizeof(p->item.key));
    if (table_put(&d->published, &p->item) < 0) {
        free(p);
        return NULL;
    }
    return p;
}

static void count_unverified(struct directory *d, struct directory_published *p, bool unverified)
{
    if (p->is_unverified && !unverified)
        d->unverified -= p->size;
    else if (!p->is_unverified && unverified)
        d->unverified += p->size;
    p->is_unverified = unverified;
}

/* Whether the published octets are those in force here. */
static void compare(struct directory *d, const struct ident_id *id, struct directory_published *p)
{
    const struct grant_entry *e = grants_find(d->broker->grants, id);
    cleanup_buf struct buf document = BUF_INIT;
    uint8_t digest[SHADOW_DIGEST_SIZE];

    p->is_in_force = e && p->is_known && grants_document(e, &document) == 0 &&
                     digest_sha256(document.data, document.size, digest) == 0 &&
                     memcmp(digest, p->digest, sizeof(digest)) == 0;
}

static bool is_unverified(const struct directory *d, const struct ident_id *id)
{
    const struct grant_entry *e = grants_find(d->broker->grants, id);

    return e && e->standing != REASON_OK && e->verified_version == 0;
}

static void forget(struct directory *d, struct directory_published *p)
{
    count_unverified(d, p, false);
    d->n_withdrawn -= p->is_withdrawn;
    free(table_take(&d->published, p->item.key));
}

void directory_publish(struct directory *d, const struct ident_id *id, const uint8_t *digest, size_t size,
                       bool verified)
{
    struct directory_published *p = directory_make_published(d, id);
    struct directory_published before;

    if (!p)
        return;
    before = *p;
    memcpy(p->digest, digest, sizeof(p->digest));
    p->is_known = true;
    compare(d, id, p);
    if (!p->is_in_force) { /* another one took its place meanwhile */
        memcpy(p->digest, before.digest, sizeof(p->digest));
        p->is_known = before.is_known;
        p->is_in_force = before.is_in_force;
        return;
    }
    count_unverified(d, p, false);
    p->size = size;
    count_unverified(d, p, !verified);
    directory_unwritten_grant(d, id);
}

void directory_grant_changed(struct directory *d, const struct ident_id *id)
{
    struct directory_published *p = d ? directory_find_published(d, id) : NULL;

    if (!p || !p->is_known)
        return;
    compare(d, id, p);
    count_unverified(d, p, p->is_unverified && p->is_in_force && is_unverified(d, id));
    if (p->is_in_force || !p->is_withdrawn)
        return;
    p->is_withdrawn = false;
    d->n_withdrawn--;
}

bool directory_has_withdrawn(const struct directory *d, const struct ident_id *grant)
{
    const struct directory_published *p = d && d->n_withdrawn > 0 ? directory_find_published(d, grant) : NULL;

    return p && p->is_withdrawn;
}

/* ---- noticing ---- */

static void notice(struct directory *d, const struct ident_id *id)
{
    if (d->n_changed == d->changed_capacity) {
        size_t capacity = d->changed_capacity > 0 ? 2 * d->changed_capacity : 64;
        struct ident_id *more = reallocarray(d->changed, capacity, sizeof(*more));

        d->changed_unsaid += !more;
        if (!more)
            return; /* it holds all the same, and nobody is told which it was */
        d->changed = more;
        d->changed_capacity = capacity;
    }
    d->changed[d->n_changed++] = *id;
}

/* One that nobody approved and that is there no more was never anything. */
static bool forget_unverified(struct directory *d, const struct ident_id *id, struct directory_published *p)
{
    struct store_txn *t;

    if (!grants_forget(d->broker->grants, id))
        return false;
    forget(d, p);
    t = ledger_txn(d->broker);
    if (t)
        store_txn_forget_grant(t, id);
    ledger_submit(d->broker, t, NULL, NULL);
    return true;
}

/* As at a start with all grants there: what is withdrawn is no change, and nobody is told. */
static void settle_awaited(struct directory *d, const struct ident_id *id, struct directory_published *p)
{
    const struct grant_entry *e = grant_index_find(grants_index(d->broker->grants), id);
    cleanup_buf struct buf document = BUF_INIT;

    p->is_known = e != NULL;
    compare(d, id, p);
    p->is_known = p->is_in_force;
    if (!p->is_known)
        return;
    if (grants_document(e, &document) == 0)
        p->size = document.size;
    count_unverified(d, p, e->standing != REASON_OK && e->verified_version == 0);
    p->is_withdrawn = !p->was_there;
    d->n_withdrawn += p->is_withdrawn;
}

void directory_grant_came(struct directory *d, const struct ident_id *id)
{
    struct directory_published *p = d ? directory_find_published(d, id) : NULL;

    if (!p || !p->is_awaited)
        return;
    p->is_awaited = false;
    settle_awaited(d, id, p);
    if (!p->is_known && p->tasks == 0)
        forget(d, p);
    else if (p->is_known && p->was_there && shadow_count_of(d->shadow, p->digest) == 0)
        directory_look_at(d, id);
}

bool directory_next_came(struct directory *d)
{
    if (!d || d->next_awaited == d->n_awaited)
        return false;
    directory_grant_came(d, &d->awaited[d->next_awaited++]);
    return true;
}

void directory_look_at(struct directory *d, const struct ident_id *id)
{
    bool is_here = grants_know(d->broker->grants, id) == 0;
    struct directory_published *p = directory_find_published(d, id);
    bool gone;

    if (!p || p->tasks > 0 || (p->is_awaited && !is_here))
        return;
    if (!p->is_known) {
        forget(d, p);
        return;
    }
    gone = p->is_in_force && shadow_count_of(d->shadow, p->digest) == 0;
    if ((gone || d->unverified > DIRECTORY_UNVERIFIED) && p->is_unverified && forget_unverified(d, id, p))
        return;
    if (gone == p->is_withdrawn)
        return;
    p->is_withdrawn = gone;
    d->n_withdrawn += gone ? 1 : (size_t)-1;
    notice(d, id);
}

/* ---- acting ---- */

/* Of many that are withdrawn while many are in, neither is gone through for each of the other. */
static void note_sessions(struct directory *d, bool noted)
{
    for (const struct session *s = registry_first(d->broker->registry); s; s = registry_next(s)) {
        struct directory_published *p = directory_find_published(d, &s->grant);

        if (p)
            p->has_session = noted && (p->has_session || s->state != SESSION_ENDING);
    }
}

static bool has_session(const struct directory *d, const struct ident_id *id)
{
    const struct directory_published *p = directory_find_published(d, id);

    return p && p->has_session;
}

static void record_one(struct directory *d, const struct ident_id *id, bool gone, const char *detail,
                       bool always)
{
    struct record r = ledger_record(EVENT_WITHDRAWN, gone ? REASON_WITHDRAWN : REASON_OK, !gone);
    char text[IDENT_ID_TEXT_SIZE];

    ledger_grant(&r, grants_find(d->broker->grants, id), text);
    r.detail = detail;
    if (always)
        ledger_write(d->broker, &r);
    else
        (void)repetition_write_about(d->broker, &r, "", REPETITION_FEW_NAMED);
}

/* A sweep of many is one record, of which the first is named; but one for each that somebody is in under. */
static void record(struct directory *d, bool gone)
{
    const struct ident_id *first = NULL;
    size_t n = d->changed_unsaid;
    char detail[80] = "";

    for (size_t i = 0; i < d->n_changed; i++) {
        const struct ident_id *id = &d->changed[i];

        if (directory_has_withdrawn(d, id) != gone)
            continue;
        if (gone && has_session(d, id)) {
            record_one(d, id, gone, "sessions under it end", true);
            continue;
        }
        first = first ? first : id;
        n++;
    }
    if (!first)
        return;
    if (n > 1)
        (void)snprintf(detail, sizeof(detail), "and %zu others at once", n - 1);
    record_one(d, first, gone, detail, false);
}

void directory_act(struct directory *d)
{
    if (d->n_changed == 0 && d->changed_unsaid == 0)
        return;
    d->broker->generation++;
    note_sessions(d, true);
    record(d, true);
    record(d, false);
    note_sessions(d, false);
    d->n_changed = d->changed_unsaid = 0;
    life_recheck_under(d->broker, NULL);
}

/* ---- revocations that nobody signed who may ---- */

static void record_unsigned(struct directory *d, const struct taken_entry *x, bool there, const char *name)
{
    struct record r = ledger_record(EVENT_UNSIGNED, there ? REASON_REVOKED : REASON_OK, !there);
    char detail[DIRECTORY_NAME_SIZE + 64], id[IDENT_ID_TEXT_SIZE];

    ident_format_id(&x->revocation, id);
    (void)snprintf(detail, sizeof(detail), "revocation %s%s%s", id, name[0] != '\0' ? ", " : "", name);
    r.detail = detail;
    r.deadline = x->what.until == WHEN_NEVER ? 0 : x->what.until;
    if (x->what.scope == STORE_TAKEN_GRANT)
        r.grant = x->what.name;
    else if (x->what.scope == STORE_TAKEN_STAFF)
        r.staff = x->what.name;
    else
        r.vendor = x->what.name;
    (void)repetition_write_about(d->broker, &r, "", REPETITION_FEW_NAMED);
}

int directory_put_unsigned(struct directory *d, struct octets document, struct taken_entry *x)
{
    size_t before = taken_count(d->broker->taken);
    int r = revocations_unsigned(document, d->broker->host.site, x);

    if (r == 0)
        r = taken_put_unsigned(d->broker->taken, x);
    if (r < 0)
        return r;
    r = taken_count(d->broker->taken) > before;
    d->n_unsigned += (size_t)r;
    return r;
}

bool directory_hold_unsigned(struct directory *d, const struct directory_task *t,
                             char text[static DIRECTORY_TEXT_SIZE])
{
    struct taken_entry x;
    int r = d->n_unsigned < DIRECTORY_UNSIGNED_MAX ? directory_put_unsigned(d, t->document, &x) : -ENOSPC;

    if (r < 0) {
        (void)snprintf(text, DIRECTORY_TEXT_SIZE,
                       "nobody signed it who may, and it takes nothing away here: %s",
                       r == -EINVAL ? "it is of another site" : "there are too many");
        return false;
    }
    (void)snprintf(text, DIRECTORY_TEXT_SIZE,
                   "nobody signed it who may: it takes away as long as it is there");
    if (r > 0) {
        record_unsigned(d, &x, true, t->name);
        d->broker->generation++;
        taking_end(d->broker, NULL);
    }
    return true;
}

void directory_drop_unsigned(struct directory *d, const uint8_t digest[static SHADOW_DIGEST_SIZE])
{
    const struct taken_entry *there = taken_find_unsigned(d->broker->taken, digest);
    struct taken_entry x;
    uint32_t row;
    bool is_signed = there && taken_find_document(d->broker->taken, &there->revocation, digest, &row);

    if (!there || (!is_signed && shadow_count_of(d->shadow, digest) > 0))
        return; /* it was none, or another entry has it */
    (void)taken_remove_unsigned(d->broker->taken, digest, &x);
    d->n_unsigned--;
    d->broker->generation++;
    record_unsigned(d, &x, false, is_signed ? "somebody signed it who may" : "it is gone");
}

void directory_check_site(struct directory *d)
{
    struct directory_note *n;
    struct taken_entry x;
    size_t at = 0;

    while ((n = table_next(&d->notes, &at)) != NULL) {
        const struct octets document = {n->octets, n->size};
        uint8_t digest[SHADOW_DIGEST_SIZE];

        if (n->size == 0 || revocations_unsigned(document, d->broker->host.site, &x) == 0 ||
            digest_sha256(n->octets, n->size, digest) < 0)
            continue;
        if (taken_remove_unsigned(d->broker->taken, digest, &x)) {
            d->n_unsigned--;
            d->broker->generation++;
        }
    }
}
