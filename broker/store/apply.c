#include "broker/store/commit.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/*
 * Operations as statements. SQLite's integers are signed 64 bits; the unsigned ones of the contract go
 * through their two's complement and come back the same.
 */

int ledger_hash(const struct committer *c, const struct record *r,
                const uint8_t previous[static RECORD_HASH_SIZE], uint8_t hash[static RECORD_HASH_SIZE])
{
    cleanup_buf struct buf b = BUF_INIT;

    buf_put(&b, previous, RECORD_HASH_SIZE);
    record_encode(r, &b);
    if (buf_error(&b) < 0)
        return buf_error(&b);
    if (r->format != RECORD_FORMAT_2_SM3)
        return c->sha256(b.data, b.size, hash);
    return c->sm3 ? c->sm3(b.data, b.size, hash) : -EOPNOTSUPP;
}

/* Binds in order; the first error stays. */
struct binder {
    sqlite3_stmt *statement;
    int next;
    int code;
};

static void bind_result(struct binder *b, int code)
{
    if (b->code == SQLITE_OK)
        b->code = code;
    b->next++;
}

static void bind_int(struct binder *b, int64_t v)
{
    bind_result(b, sqlite3_bind_int64(b->statement, b->next, v));
}

static void bind_unsigned(struct binder *b, uint64_t v)
{
    bind_int(b, (int64_t)v);
}

/* Statics: what is bound outlives the statement's run, and each run binds all of its statement anew. */
static void bind_text(struct binder *b, const char *text)
{
    bind_result(b, sqlite3_bind_text(b->statement, b->next, text, -1, SQLITE_STATIC));
}

static void bind_blob(struct binder *b, const void *data, size_t size)
{
    bind_result(b, sqlite3_bind_blob64(b->statement, b->next, size != 0 ? data : "", size, SQLITE_STATIC));
}

static int bind_run(struct binder *b)
{
    int r = b->code == SQLITE_OK ? 0 : sql_error(sqlite3_db_handle(b->statement), b->code);

    if (r == 0)
        r = sql_step(b->statement); /* none of them has rows */
    (void)sqlite3_reset(b->statement);
    return r;
}

static struct binder binder_of(const struct committer *c, enum commit_statement statement)
{
    return (struct binder){.statement = c->statements[statement], .next = 1};
}

static int apply_insert_record(struct committer *c, const struct record *r)
{
    struct binder b = binder_of(c, COMMIT_RECORD);

    bind_unsigned(&b, r->sequence);
    bind_int(&b, r->at_us);
    bind_int(&b, r->reason);
    bind_unsigned(&b, r->version);
    bind_unsigned(&b, r->session);
    bind_int(&b, r->deadline);
    bind_unsigned(&b, r->latency_us);
    bind_unsigned(&b, r->actor);
    bind_blob(&b, r->previous, sizeof(r->previous));
    bind_blob(&b, r->hash, sizeof(r->hash));
    for (size_t i = 0; i < RECORD_TEXTS; i++)
        bind_text(&b, record_text(r, i));
    bind_int(&b, r->format);
    bind_unsigned(&b, r->count);
    bind_int(&b, r->first_us);
    bind_unsigned(&b, r->sources);
    return bind_run(&b);
}

/* A copy of the struct (not of its texts): a group that is redone finds the operation as it was. */
static int apply_record(struct committer *c, const struct record *given, uint64_t *sequence)
{
    struct record r = *given;
    int e;

    r.format = (uint8_t)atomic_load(&c->format);
    r.sequence = c->head.sequence + 1;
    memcpy(r.previous, c->head.hash, sizeof(r.previous));
    e = ledger_hash(c, &r, r.previous, r.hash);
    if (e == 0)
        e = apply_insert_record(c, &r);
    if (e < 0)
        return e;
    c->head.sequence = r.sequence;
    memcpy(c->head.hash, r.hash, sizeof(r.hash));
    *sequence = r.sequence;
    return 0;
}

static int apply_document(struct committer *c, const struct op_document *d)
{
    struct binder b = binder_of(c, COMMIT_DOCUMENT);

    bind_blob(&b, d->id.octets, sizeof(d->id.octets));
    bind_int(&b, d->type);
    bind_unsigned(&b, d->version);
    bind_blob(&b, d->octets.data, d->octets.size);
    bind_blob(&b, d->approvals.data, d->approvals.size);
    return bind_run(&b);
}

static int apply_drop_documents(struct committer *c, const struct op_document *d)
{
    struct binder b = binder_of(c, COMMIT_DROP_DOCUMENTS);

    bind_blob(&b, d->id.octets, sizeof(d->id.octets));
    bind_int(&b, d->type);
    bind_unsigned(&b, d->version);
    return bind_run(&b);
}

/* Of an id, a uuid or a nonce. */
#define NAME_SIZE 16
_Static_assert(IDENT_ID_SIZE == NAME_SIZE && STORE_UUID_SIZE == NAME_SIZE && STORE_CLAIM_NONCE == NAME_SIZE,
               "one size");

static int apply_by_name(struct committer *c, enum commit_statement statement, const uint8_t *name)
{
    struct binder b = binder_of(c, statement);

    bind_blob(&b, name, NAME_SIZE);
    return bind_run(&b);
}

/* Documents first, published last: each looks at what the books say. */
static int apply_forget_grant(struct committer *c, const struct ident_id *id)
{
    int r = apply_by_name(c, COMMIT_FORGET_DOCUMENTS, id->octets);

    if (r == 0)
        r = apply_by_name(c, COMMIT_FORGET_BOOKS, id->octets);
    return r == 0 ? apply_by_name(c, COMMIT_FORGET_PUBLISHED, id->octets) : r;
}

static int apply_feed(struct committer *c, const struct op_feed *f)
{
    struct binder b = binder_of(c, COMMIT_FEED);

    bind_blob(&b, f->row.uuid, sizeof(f->row.uuid));
    bind_blob(&b, f->row.digest, sizeof(f->row.digest));
    bind_blob(&b, f->row.approvals, sizeof(f->row.approvals));
    bind_int(&b, f->row.type);
    bind_blob(&b, f->row.id.octets, sizeof(f->row.id.octets));
    bind_int(&b, f->row.reason);
    bind_int(&b, f->row.again);
    bind_text(&b, f->name);
    bind_text(&b, f->text);
    bind_blob(&b, f->octets.data, f->octets.size);
    return bind_run(&b);
}

static int apply_published(struct committer *c, const struct store_published *x)
{
    struct binder b = binder_of(c, COMMIT_PUBLISHED);

    bind_blob(&b, x->id.octets, sizeof(x->id.octets));
    bind_blob(&b, x->digest, sizeof(x->digest));
    return bind_run(&b);
}

static int apply_books(struct committer *c, const struct store_books *x)
{
    struct binder b = binder_of(c, COMMIT_BOOKS);

    bind_blob(&b, x->id.octets, sizeof(x->id.octets));
    bind_unsigned(&b, x->uses_taken);
    bind_int(&b, x->closed);
    bind_unsigned(&b, x->verified_version);
    return bind_run(&b);
}

static int apply_session_row(struct committer *c, enum commit_statement statement,
                             const struct store_session *x)
{
    struct binder b = binder_of(c, statement);

    bind_unsigned(&b, x->number);
    bind_int(&b, x->state);
    bind_blob(&b, x->grant.octets, sizeof(x->grant.octets));
    bind_unsigned(&b, x->version);
    bind_text(&b, x->staff);
    bind_unsigned(&b, x->uid);
    bind_text(&b, x->service);
    bind_text(&b, x->source);
    bind_text(&b, x->tty);
    bind_text(&b, x->key);
    bind_text(&b, x->boot_id);
    bind_unsigned(&b, x->pid);
    bind_unsigned(&b, x->start_time);
    bind_unsigned(&b, x->parent);
    bind_unsigned(&b, x->parent_start_time);
    bind_unsigned(&b, x->audit_session);
    bind_int(&b, x->counts);
    bind_int(&b, x->reserved_at);
    bind_int(&b, x->opened_at);
    bind_int(&b, x->ended_at);
    bind_int(&b, x->deadline);
    bind_int(&b, x->end_reason);
    bind_int(&b, x->channels);
    return bind_run(&b);
}

static int apply_session(struct committer *c, const struct store_session *x)
{
    bool over = x->state == STORE_SESSION_ENDED || x->state == STORE_SESSION_RELEASED;
    struct binder b = binder_of(c, COMMIT_SESSION_IS_OVER);
    int r;

    if (!over)
        return apply_session_row(c, COMMIT_SESSION, x);
    bind_unsigned(&b, x->number);
    r = bind_run(&b);
    return r == 0 ? apply_session_row(c, COMMIT_SESSION_OVER, x) : r;
}

static int apply_taken(struct committer *c, const struct store_taken *x)
{
    struct binder b = binder_of(c, COMMIT_TAKEN);

    bind_int(&b, x->kind);
    bind_int(&b, x->scope);
    bind_text(&b, x->name);
    bind_int(&b, x->at);
    bind_int(&b, x->until);
    bind_unsigned(&b, x->by);
    bind_text(&b, x->why);
    return bind_run(&b);
}

static int apply_untaken(struct committer *c, const struct store_taken *x)
{
    struct binder b = binder_of(c, COMMIT_UNTAKEN);

    bind_int(&b, x->kind);
    bind_int(&b, x->scope);
    bind_text(&b, x->name);
    return bind_run(&b);
}

static int apply_meta(struct committer *c, const struct op_meta *m)
{
    struct binder b = binder_of(c, COMMIT_META);

    bind_text(&b, m->name);
    bind_text(&b, m->value);
    return bind_run(&b);
}

static int apply_verdict(struct committer *c, const struct store_verdict *v)
{
    struct binder b = binder_of(c, COMMIT_VERDICT);

    bind_blob(&b, v->key, sizeof(v->key));
    bind_blob(&b, v->basis, sizeof(v->basis));
    bind_blob(&b, v->octets, v->size);
    return bind_run(&b);
}

static int apply_keep_verdicts(struct committer *c, const struct op_keep_verdicts *k)
{
    struct binder b = binder_of(c, COMMIT_KEEP_VERDICTS);

    bind_blob(&b, k->basis, sizeof(k->basis));
    bind_blob(&b, k->first, sizeof(k->first));
    bind_blob(&b, k->last, sizeof(k->last));
    return bind_run(&b);
}

static int apply_claim(struct committer *c, const struct store_claim *x)
{
    struct binder b = binder_of(c, COMMIT_CLAIM);

    bind_blob(&b, x->nonce, sizeof(x->nonce));
    bind_blob(&b, x->grant.octets, sizeof(x->grant.octets));
    bind_int(&b, x->state);
    bind_unsigned(&b, x->session);
    bind_int(&b, x->at);
    return bind_run(&b);
}

static int apply_repetition(struct committer *c, const struct op_repetition *x)
{
    struct binder b = binder_of(c, COMMIT_REPETITION);

    bind_text(&b, x->key);
    bind_blob(&b, x->sample.data, x->sample.size);
    bind_unsigned(&b, x->count);
    bind_int(&b, x->first_us);
    bind_int(&b, x->last_us);
    bind_blob(&b, x->addresses.data, x->addresses.size);
    return bind_run(&b);
}

static int apply_drop_repetition(struct committer *c, const struct op_repetition *x)
{
    struct binder b = binder_of(c, COMMIT_DROP_REPETITION);

    bind_text(&b, x->key);
    return bind_run(&b);
}

/* The trigger sees to it that it is what the ledger has. */
static int apply_segment(struct committer *c, const struct op_segment *x)
{
    struct binder b = binder_of(c, COMMIT_SEGMENT);

    bind_unsigned(&b, x->first);
    bind_unsigned(&b, x->last);
    bind_blob(&b, x->hash, sizeof(x->hash));
    bind_text(&b, x->sealed);
    return bind_run(&b);
}

static int apply_trim(struct committer *c, const struct op_segment *x)
{
    struct binder b = binder_of(c, COMMIT_TRIM);

    bind_unsigned(&b, x->last);
    c->trimmed = true;
    return bind_run(&b);
}

int apply_op(struct committer *c, const struct op *o, uint64_t *sequence)
{
    switch (o->kind) {
    case OP_RECORD:
        return apply_record(c, o->record, sequence);
    case OP_DOCUMENT:
        return apply_document(c, &o->document);
    case OP_DROP_DOCUMENTS:
        return apply_drop_documents(c, &o->document);
    case OP_FORGET_GRANT:
        return apply_forget_grant(c, &o->published.id);
    case OP_FEED:
        return apply_feed(c, &o->feed);
    case OP_UNFEED:
        return apply_by_name(c, COMMIT_UNFEED, o->feed.row.uuid);
    case OP_PUBLISHED:
        return apply_published(c, &o->published);
    case OP_BOOKS:
        return apply_books(c, &o->books);
    case OP_SESSION:
        return apply_session(c, &o->session);
    case OP_TAKEN:
        return apply_taken(c, &o->taken);
    case OP_UNTAKEN:
        return apply_untaken(c, &o->taken);
    case OP_SEGMENT:
        return apply_segment(c, &o->segment);
    case OP_TRIM:
        return apply_trim(c, &o->segment);
    case OP_META:
        return apply_meta(c, &o->meta);
    case OP_VERDICT:
        return apply_verdict(c, &o->verdict);
    case OP_KEEP_VERDICTS:
        return apply_keep_verdicts(c, &o->keep_verdicts);
    case OP_CLAIM:
        return apply_claim(c, &o->claim);
    case OP_DROP_CLAIM:
        return apply_by_name(c, COMMIT_DROP_CLAIM, o->claim.nonce);
    case OP_REPETITION:
        return apply_repetition(c, &o->repetition);
    case OP_DROP_REPETITION:
        return apply_drop_repetition(c, &o->repetition);
    }
    return -EINVAL;
}
