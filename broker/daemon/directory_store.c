#include "broker/common/clock.h"
#include "broker/daemon/directory_internal.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/loading.h"
#include "broker/trust/digest.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * What is kept on disk: the entries as they were told, grants that came from there, and the cookie, from
 * which the next search goes on. A cookie is written only when all that it covers is on disk or goes there in
 * the same transaction; a broker that dies before asks from the one before, and is told again.
 */

#define META_COOKIE     "directory-cookie"
#define META_BASIS      "directory-basis"

#define COOKIE_ALONE_US ((uint64_t)300 * 1000000) /* a heartbeat a minute must not cost a commit a minute */

/* What a search depends on beside its cookie: who asks, and by what the answers were judged. */
static int basis_of(const struct broker *b, char text[static 65])
{
    cleanup_buf struct buf all = BUF_INIT;
    uint8_t digest[32];
    int r;

    buf_put_string(&all, b->config->host);
    for (size_t i = 0; i < b->config->n_groups; i++)
        buf_put_string(&all, b->config->groups[i]);
    buf_put_string(&all, b->identity.machine_id);
    if (b->trust)
        buf_put(&all, trust_set_basis(b->trust), TRUST_BASIS_SIZE);
    r = buf_error(&all) < 0 ? buf_error(&all) : digest_sha256(all.data, all.size, digest);
    if (r == 0)
        ident_format_hex(digest, sizeof(digest), text);
    return r;
}

bool directory_basis_changed(struct directory *d)
{
    char is[sizeof(d->basis)];

    if (basis_of(d->broker, is) < 0 || strcmp(is, d->basis) == 0)
        return false;
    memcpy(d->basis, is, sizeof(is));
    return true;
}

/* ---- loading ---- */

static int load_unsigned(struct directory *d, const struct store_feed *x)
{
    struct taken_entry entry;
    int r = directory_put_unsigned(d, (struct octets){x->octets, x->size}, &entry);

    return r == -EINVAL ? 0 : r; /* of the site before a reset */
}

static int load_entry(void *userdata, const struct store_feed *x)
{
    struct directory *d = userdata;
    struct shadow_record r = {.id = x->id,
                              .serial = ++d->serial,
                              .outcome = x->reason,
                              .under = d->trust_serial,
                              .again = x->again,
                              .type = x->type,
                              .name = x->name};
    int error;

    memcpy(r.uuid, x->uuid, sizeof(r.uuid));
    memcpy(r.digest, x->digest, sizeof(r.digest));
    memcpy(r.approvals, x->approvals, sizeof(r.approvals));
    error = shadow_put(d->shadow, &r, NULL);
    if (error >= 0)
        error = directory_put_note(d, x->uuid, x->text, (struct octets){x->octets, x->size});
    if (error >= 0 && x->size > 0)
        error = load_unsigned(d, x);
    d->full_wanted = d->full_wanted || x->again;
    return error < 0 ? error : 0;
}

/* Which of them are on their way is not asked: the store is busy with these rows. */
static int await(struct directory *d, const struct store_published *x)
{
    struct ident_id *more = d->awaited;
    struct directory_published *p;

    if ((d->n_awaited & (d->n_awaited - 1)) == 0)
        more = reallocarray(more, d->n_awaited == 0 ? 1 : 2 * d->n_awaited, sizeof(*more));
    if (!more)
        return -ENOMEM;
    d->awaited = more;
    p = directory_make_published(d, &x->id);
    if (!p)
        return -ENOMEM;
    d->awaited[d->n_awaited++] = x->id;
    memcpy(p->digest, x->digest, sizeof(p->digest));
    p->is_awaited = true;
    p->was_there = shadow_count_of(d->shadow, x->digest) > 0;
    return 0;
}

static int load_published(void *userdata, const struct store_published *x)
{
    struct directory *d = userdata;
    const struct grant_entry *e = grant_index_find(grants_index(d->broker->grants), &x->id);
    cleanup_buf struct buf document = BUF_INIT;

    if (!e)
        return loading_is(d->broker) ? await(d, x) : 0;
    if (grants_document(e, &document) < 0)
        return -ENOMEM;
    if (!directory_make_published(d, &x->id))
        return -ENOMEM;
    directory_publish(d, &x->id, x->digest, document.size,
                      e->standing == REASON_OK || e->verified_version > 0);
    return 0;
}

static void look_at_all(struct directory *d)
{
    struct directory_published *p;
    size_t at = 0;

    while ((p = table_next(&d->published, &at)) != NULL) {
        p->is_unwritten = false;
        if (p->is_known && p->is_in_force && shadow_count_of(d->shadow, p->digest) == 0) {
            p->is_withdrawn = true;
            d->n_withdrawn++;
        }
    }
}

/* Whether what is kept was judged by what is in force now. */
static bool is_of_this_basis(const struct directory *d)
{
    char basis[65], is[65];

    return store_load_meta(d->broker->store, META_BASIS, basis, sizeof(basis)) == 0 &&
           basis_of(d->broker, is) == 0 && strcmp(basis, is) == 0;
}

static void load_cookie(struct directory *d)
{
    char text[2 * FEED_COOKIE_MAX + 1];
    size_t length;

    if (!is_of_this_basis(d)) {
        d->anew_serial = ++d->trust_serial;
        return;
    }
    if (store_load_meta(d->broker->store, META_COOKIE, text, sizeof(text)) < 0)
        return;
    length = strlen(text);
    if (length % 2 == 0 && ident_parse_hex(text, length, d->cookie.octets, length / 2) == 0)
        d->cookie.size = length / 2;
}

int directory_load(struct directory *d)
{
    struct store *s = d->broker->store;
    int r = store_load_feed(s, load_entry, d);

    if (r == 0)
        r = store_load_published(s, load_published, d);
    if (r < 0)
        return r;
    look_at_all(d);
    (void)directory_basis_changed(d);
    load_cookie(d);
    d->n_unwritten = 0; /* it comes from there */
    return 0;
}

/* ---- writing ---- */

void directory_unwritten(struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE])
{
    if (d->n_unwritten == d->unwritten_capacity) {
        size_t capacity = d->unwritten_capacity > 0 ? 2 * d->unwritten_capacity : 64;
        struct directory_uuid *more = reallocarray(d->unwritten, capacity, sizeof(*more));

        d->full_wanted = d->full_wanted || !more; /* no cookie covers what is not written */
        if (!more)
            return;
        d->unwritten = more;
        d->unwritten_capacity = capacity;
    }
    memcpy(d->unwritten[d->n_unwritten++].octets, uuid, SHADOW_UUID_SIZE);
}

/* Grants and entries are told apart when they are written: an id may be a uuid. */
void directory_unwritten_grant(struct directory *d, const struct ident_id *id)
{
    struct directory_published *p = directory_find_published(d, id);

    if (!p || p->is_unwritten)
        return;
    p->is_unwritten = true;
    directory_unwritten(d, id->octets);
}

static struct store_feed row_of(const struct shadow_record *r)
{
    struct store_feed x = {.type = r->type,
                           .id = r->id,
                           .reason = r->outcome,
                           .again = r->again,
                           .name = r->name ? r->name : "",
                           .text = ""};

    memcpy(x.uuid, r->uuid, sizeof(x.uuid));
    memcpy(x.digest, r->digest, sizeof(x.digest));
    memcpy(x.approvals, r->approvals, sizeof(x.approvals));
    return x;
}

void directory_write_row(const struct shadow_record *entry, enum reason outcome, bool again,
                         struct store_txn *t)
{
    struct store_feed x = row_of(entry);

    x.reason = outcome;
    x.again = again;
    store_txn_feed(t, &x);
}

static void write_entry(struct directory *d, const uint8_t *uuid, struct store_txn *t)
{
    const struct directory_note *n = directory_note(d, uuid);
    struct shadow_record r;
    struct store_feed x;

    if (!shadow_find(d->shadow, uuid, &r)) {
        store_txn_unfeed(t, uuid);
        return;
    }
    if (r.outcome == 0)
        return; /* it is on its way, and written then */
    x = row_of(&r);
    if (n) {
        x.text = n->text;
        x.octets = n->octets;
        x.size = n->size;
    }
    store_txn_feed(t, &x);
}

static void write_published(struct directory *d, const uint8_t *key, struct store_txn *t)
{
    struct directory_published *p = table_find(&d->published, key);
    struct store_published x;

    if (!p || !p->is_unwritten || !p->is_known)
        return;
    p->is_unwritten = false;
    memcpy(x.id.octets, key, sizeof(x.id.octets));
    memcpy(x.digest, p->digest, sizeof(x.digest));
    store_txn_published(t, &x);
}

static void write_cookie(struct directory *d, struct store_txn *t)
{
    char text[2 * FEED_COOKIE_MAX + 1], basis[65];

    if (basis_of(d->broker, basis) < 0)
        return;
    ident_format_hex(d->wanted.octets, d->wanted.size, text);
    store_txn_meta(t, META_COOKIE, text);
    store_txn_meta(t, META_BASIS, basis);
    d->cookie_writing = d->wanted;
    d->writing_cookie = true;
    d->wants_cookie = false;
    d->cookie_written_us = clock_boot_us();
}

static void write_again(struct directory *d)
{
    for (size_t i = 0; i < d->n_writing; i++) {
        struct directory_published *p = table_find(&d->published, d->writing[i].octets);

        if (p)
            p->is_unwritten = true;
        directory_unwritten(d, d->writing[i].octets);
    }
    d->full_wanted = true;
    directory_retry(d);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct directory *d = userdata;

    (void)sequence;
    d->is_writing = false;
    if (result < 0)
        write_again(d);
    else if (d->writing_cookie)
        d->cookie = d->cookie_writing;
    d->writing_cookie = false;
    free(d->writing);
    d->writing = NULL;
    d->n_writing = 0;
    if (result == 0)
        directory_pump_soon(d);
    directory_press(d);
}

/* The first rows move to what is being written. */
static bool take_rows(struct directory *d)
{
    size_t n = d->n_unwritten < DIRECTORY_ROWS ? d->n_unwritten : DIRECTORY_ROWS;

    d->writing = calloc(n + 1, sizeof(*d->writing));
    if (!d->writing)
        return false;
    if (n > 0)
        memcpy(d->writing, d->unwritten, n * sizeof(*d->writing));
    d->n_writing = n;
    d->n_unwritten -= n;
    if (d->n_unwritten > 0)
        memmove(d->unwritten, d->unwritten + n, d->n_unwritten * sizeof(*d->unwritten));
    return true;
}

static void write_rows(struct directory *d, bool with_cookie)
{
    struct store_txn *t;

    if (!take_rows(d))
        return;
    t = ledger_txn(d->broker);
    for (size_t i = 0; t && i < d->n_writing; i++) {
        write_published(d, d->writing[i].octets, t);
        write_entry(d, d->writing[i].octets, t);
    }
    if (t && with_cookie && d->n_unwritten == 0)
        write_cookie(d, t);
    d->is_writing = true;
    if (t)
        store_txn_can_wait(t); /* it is asked for again; what it takes away holds already */
    ledger_submit(d->broker, t, on_written, d);
}

static bool cookie_is_due(const struct directory *d)
{
    return d->wants_cookie && !d->full_wanted && !d->trust_moved && directory_is_quiet(d);
}

void directory_write(struct directory *d)
{
    bool cookie = cookie_is_due(d);

    if (d->is_writing)
        return;
    if (d->n_unwritten == 0) {
        if (cookie && (d->cookie.size == 0 || clock_boot_us() - d->cookie_written_us >= COOKIE_ALONE_US))
            write_rows(d, true);
        return;
    }
    if (directory_is_quiet(d) || d->n_unwritten >= DIRECTORY_ROWS)
        write_rows(d, cookie);
}

void directory_want_cookie(struct directory *d, struct feed_octets cookie)
{
    d->wants_cookie = !d->full_wanted && cookie.size > 0;
    if (!d->wants_cookie)
        return;
    memcpy(d->wanted.octets, cookie.data, cookie.size);
    d->wanted.size = cookie.size;
}
