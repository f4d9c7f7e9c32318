#include "broker/store/txn.h"

#include <errno.h>
#include <string.h>

int store_txn_new(struct store *s, struct store_txn **ret)
{
    struct store_txn *t = calloc(1, sizeof(*t));

    (void)s;
    *ret = t;
    if (!t)
        return -ENOMEM;
    t->end = &t->first;
    return 0;
}

static void op_free(struct op *o)
{
    switch (o->kind) {
    case OP_RECORD:
        record_free_array(o->record, 1);
        break;
    case OP_DOCUMENT:
        buf_done(&o->document.octets);
        buf_done(&o->document.approvals);
        break;
    case OP_META:
        free(o->meta.name);
        free(o->meta.value);
        break;
    case OP_SEGMENT:
        free(o->segment.sealed);
        break;
    case OP_FEED:
        free(o->feed.name);
        free(o->feed.text);
        buf_done(&o->feed.octets);
        break;
    case OP_REPETITION:
    case OP_DROP_REPETITION:
        free(o->repetition.key);
        buf_done(&o->repetition.sample);
        buf_done(&o->repetition.addresses);
        break;
    case OP_DROP_DOCUMENTS:
    case OP_FORGET_GRANT:
    case OP_UNFEED:
    case OP_PUBLISHED:
    case OP_BOOKS:
    case OP_SESSION:
    case OP_TAKEN:
    case OP_UNTAKEN:
    case OP_VERDICT:
    case OP_KEEP_VERDICTS:
    case OP_CLAIM:
    case OP_DROP_CLAIM:
    case OP_TRIM:
        break;
    }
    free(o);
}

struct store_txn *store_txn_free(struct store_txn *t)
{
    struct op *o = t ? t->first : NULL;

    while (o) {
        struct op *next = o->next;

        op_free(o);
        o = next;
    }
    free(t);
    return NULL;
}

static void txn_fail(struct store_txn *t, int error)
{
    if (t->error == 0)
        t->error = error;
}

static struct op *txn_add(struct store_txn *t, enum op_kind kind)
{
    struct op *o;

    if (t->error != 0)
        return NULL;
    o = calloc(1, sizeof(*o));
    if (!o) {
        txn_fail(t, -ENOMEM);
        return NULL;
    }
    o->kind = kind;
    *t->end = o;
    t->end = &o->next;
    return o;
}

void store_txn_can_wait(struct store_txn *t)
{
    t->can_wait = true;
}

void store_txn_keep(struct store_txn *t)
{
    t->keep = true;
}

void store_txn_record(struct store_txn *t, const struct record *r)
{
    struct op *o = txn_add(t, OP_RECORD);
    int error;

    if (!o)
        return;
    error = record_copy(r, &o->record);
    if (error < 0)
        txn_fail(t, error);
    else
        record_clean(o->record);
}

void txn_approvals_encode(struct buf *b, const struct store_blob *approvals, size_t n)
{
    buf_put_u32(b, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        buf_put_u32(b, (uint32_t)approvals[i].size);
        buf_put(b, approvals[i].data, approvals[i].size);
    }
}

int txn_approvals_decode(const uint8_t *data, size_t size, struct store_blob **ret, size_t *n)
{
    struct view v = view_of(data, size);
    cleanup_free struct store_blob *approvals = NULL;
    uint32_t count = view_get_u32(&v);

    *ret = NULL;
    *n = 0;
    if (count > v.left / sizeof(uint32_t)) /* each has a length */
        return -EBADMSG;
    approvals = calloc((size_t)count + 1, sizeof(*approvals));
    if (!approvals)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        approvals[i].size = view_get_u32(&v);
        approvals[i].data = view_get(&v, approvals[i].size);
    }
    if (view_end(&v) < 0)
        return -EBADMSG;
    *ret = steal_pointer(&approvals);
    *n = count;
    return 0;
}

void store_txn_document(struct store_txn *t, const struct store_document *d)
{
    struct op *o = txn_add(t, OP_DOCUMENT);

    if (!o)
        return;
    o->document.type = d->type;
    o->document.id = d->id;
    o->document.version = d->version;
    buf_put(&o->document.octets, d->octets, d->size);
    txn_approvals_encode(&o->document.approvals, d->approvals, d->n_approvals);
    if (buf_error(&o->document.octets) < 0)
        txn_fail(t, buf_error(&o->document.octets));
    if (buf_error(&o->document.approvals) < 0)
        txn_fail(t, buf_error(&o->document.approvals));
}

void store_txn_drop_documents(struct store_txn *t, uint8_t type, const struct ident_id *id, uint32_t above)
{
    struct op *o = txn_add(t, OP_DROP_DOCUMENTS);

    if (!o)
        return;
    o->document.type = type;
    o->document.id = *id;
    o->document.version = above;
}

void store_txn_forget_grant(struct store_txn *t, const struct ident_id *id)
{
    struct op *o = txn_add(t, OP_FORGET_GRANT);

    if (o)
        o->published.id = *id;
}

void store_txn_feed(struct store_txn *t, const struct store_feed *x)
{
    struct op *o = txn_add(t, OP_FEED);

    if (!o)
        return;
    o->feed.row = *x;
    o->feed.name = strdup(x->name);
    o->feed.text = strdup(x->text);
    buf_put(&o->feed.octets, x->octets, x->size);
    if (!o->feed.name || !o->feed.text)
        txn_fail(t, -ENOMEM);
    if (buf_error(&o->feed.octets) < 0)
        txn_fail(t, buf_error(&o->feed.octets));
}

void store_txn_unfeed(struct store_txn *t, const uint8_t uuid[static STORE_UUID_SIZE])
{
    struct op *o = txn_add(t, OP_UNFEED);

    if (o)
        memcpy(o->feed.row.uuid, uuid, STORE_UUID_SIZE);
}

void store_txn_published(struct store_txn *t, const struct store_published *x)
{
    struct op *o = txn_add(t, OP_PUBLISHED);

    if (o)
        o->published = *x;
}

void store_txn_books(struct store_txn *t, const struct store_books *b)
{
    struct op *o = txn_add(t, OP_BOOKS);

    if (o)
        o->books = *b;
}

void store_txn_session(struct store_txn *t, const struct store_session *x)
{
    struct op *o = txn_add(t, OP_SESSION);

    if (o)
        o->session = *x;
}

void store_txn_taken(struct store_txn *t, const struct store_taken *x)
{
    struct op *o = txn_add(t, OP_TAKEN);

    if (o)
        o->taken = *x;
}

void store_txn_untaken(struct store_txn *t, enum store_taken_kind kind, enum store_taken_scope scope,
                       const char *name)
{
    struct op *o = txn_add(t, OP_UNTAKEN);
    size_t length = strlen(name);

    if (!o)
        return;
    o->taken.kind = kind;
    o->taken.scope = scope;
    if (length >= sizeof(o->taken.name))
        txn_fail(t, -EINVAL);
    else
        memcpy(o->taken.name, name, length);
}

void store_txn_meta(struct store_txn *t, const char *name, const char *value)
{
    struct op *o = txn_add(t, OP_META);

    if (!o)
        return;
    o->meta.name = strdup(name);
    o->meta.value = strdup(value);
    if (!o->meta.name || !o->meta.value)
        txn_fail(t, -ENOMEM);
}

void store_txn_segment(struct store_txn *t, const struct sealed_segment *x)
{
    struct op *o = txn_add(t, OP_SEGMENT);

    if (!o)
        return;
    o->segment = (struct op_segment){.first = x->first, .last = x->last, .sealed = strdup(x->sealed)};
    memcpy(o->segment.hash, x->hash, sizeof(x->hash));
    if (!o->segment.sealed)
        txn_fail(t, -ENOMEM);
}

void store_txn_trim(struct store_txn *t, uint64_t upto)
{
    struct op *o = txn_add(t, OP_TRIM);

    if (o)
        o->segment = (struct op_segment){.last = upto};
}

void store_txn_verdict(struct store_txn *t, const struct store_verdict *v)
{
    struct op *o = txn_add(t, OP_VERDICT);

    if (!o)
        return;
    o->verdict = *v;
    if (v->size < 1 || v->size > STORE_VERDICT_SIZE)
        txn_fail(t, -EINVAL);
}

/* Keys are digests, so that parts of all numbers are parts of all keys. */
static void put_number(uint64_t number, uint8_t key[static STORE_VERDICT_KEY])
{
    for (size_t i = 0; i < 4; i++)
        key[i] = (uint8_t)(number >> (24 - 8 * i));
}

void store_txn_keep_verdicts(struct store_txn *t, const uint8_t basis[static STORE_VERDICT_KEY],
                             uint32_t part, uint32_t of)
{
    struct op *o = part < of ? txn_add(t, OP_KEEP_VERDICTS) : NULL;

    if (part >= of)
        txn_fail(t, -EINVAL);
    if (!o)
        return;
    memcpy(o->keep_verdicts.basis, basis, sizeof(o->keep_verdicts.basis));
    memset(o->keep_verdicts.last, 0xff, sizeof(o->keep_verdicts.last));
    put_number(((uint64_t)part << 32) / of, o->keep_verdicts.first);
    put_number((((uint64_t)part + 1) << 32) / of - 1, o->keep_verdicts.last);
}

void store_txn_claim(struct store_txn *t, const struct store_claim *c)
{
    struct op *o = txn_add(t, OP_CLAIM);

    if (o)
        o->claim = *c;
}

void store_txn_drop_claim(struct store_txn *t, const uint8_t nonce[static STORE_CLAIM_NONCE])
{
    struct op *o = txn_add(t, OP_DROP_CLAIM);

    if (o)
        memcpy(o->claim.nonce, nonce, sizeof(o->claim.nonce));
}

void store_txn_repetition(struct store_txn *t, const struct store_repetition *x)
{
    struct op *o = txn_add(t, OP_REPETITION);
    struct op_repetition *own;

    if (!o)
        return;
    own = &o->repetition;
    own->key = strdup(x->key);
    buf_put(&own->sample, x->sample, x->sample_size);
    buf_put(&own->addresses, x->addresses, x->addresses_size);
    own->count = x->count;
    own->first_us = x->first_us;
    own->last_us = x->last_us;
    if (!own->key || buf_error(&own->sample) < 0 || buf_error(&own->addresses) < 0)
        txn_fail(t, -ENOMEM);
}

void store_txn_drop_repetition(struct store_txn *t, const char *key)
{
    struct op *o = txn_add(t, OP_DROP_REPETITION);

    if (!o)
        return;
    o->repetition.key = strdup(key);
    if (!o->repetition.key)
        txn_fail(t, -ENOMEM);
}
