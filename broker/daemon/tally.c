#include "broker/daemon/tally.h"

#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_FORMAT 1

static const char **text_slot(struct record *r, size_t n)
{
    return (const char **)(void *)((char *)r + record_text_offsets[n]);
}

struct tally *tally_free(struct tally *t)
{
    if (t)
        record_free_array(t->like, 1);
    free(t);
    return NULL;
}

/* ---- addresses ---- */

static void add_source(struct tally *t, uint64_t source)
{
    for (uint32_t i = 0; i < t->n_sources && i < TALLY_SOURCES; i++)
        if (t->sources[i] == source)
            return;
    if (t->n_sources < TALLY_SOURCES)
        t->sources[t->n_sources++] = source;
    else
        t->n_sources = RECORD_SOURCES_MANY;
}

/* By digest: what is refused for being no address is as long as its sender wants it. */
static void add_address(struct tally *t, const char *address)
{
    uint8_t digest[32];
    uint64_t source = 0;

    if (!address || address[0] == '\0')
        return;
    if (digest_sha256(address, strlen(address), digest) < 0) {
        t->n_sources = RECORD_SOURCES_MANY;
        return;
    }
    memcpy(&source, digest, sizeof(source));
    add_source(t, source);
}

/* ---- counting ---- */

/* What is not the same in all of them is said of none. The first text is the event, which is the same, and
 * holds the memory of the others; the reference is what those who were counted were told. */
static void keep_common(struct record *like, const struct record *r)
{
    for (size_t i = 1; i < RECORD_TEXTS; i++)
        if (record_text_offsets[i] != offsetof(struct record, reference) &&
            strcmp(record_text(like, i), record_text(r, i)) != 0)
            *text_slot(like, i) = "";
    if (like->version != r->version)
        like->version = 0;
    if (like->session != r->session)
        like->session = 0;
    if (like->deadline != r->deadline)
        like->deadline = 0;
    if (like->actor != r->actor)
        like->actor = UINT32_MAX;
    like->latency_us = 0;
}

struct tally *tally_new(const struct record *r)
{
    struct tally *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    if (record_copy(r, &t->like) < 0)
        return tally_free(t);
    record_clean(t->like);
    t->count = 1;
    t->first_us = t->last_us = r->at_us;
    add_address(t, r->address);
    return t;
}

void tally_add(struct tally *t, const struct record *r)
{
    keep_common(t->like, r);
    t->count++;
    t->last_us = r->at_us;
    add_address(t, r->address);
}

void tally_join(struct tally *t, struct tally *earlier)
{
    keep_common(t->like, earlier->like);
    t->count += earlier->count;
    t->first_us = earlier->first_us;
    for (uint32_t i = 0; i < earlier->n_sources && i < TALLY_SOURCES; i++)
        add_source(t, earlier->sources[i]);
    if (earlier->n_sources == RECORD_SOURCES_MANY)
        t->n_sources = RECORD_SOURCES_MANY;
    tally_free(earlier);
}

struct record tally_record(const struct tally *t)
{
    struct record r = *t->like;

    r.at_us = t->last_us;
    if (t->count == 1)
        return r;
    r.count = t->count;
    r.first_us = t->first_us;
    r.sources = t->n_sources;
    return r;
}

/* ---- on disk ---- */

void tally_encode_sample(const struct tally *t, struct buf *b)
{
    const struct record *r = t->like;

    buf_put_u16(b, SAMPLE_FORMAT);
    buf_put_u16(b, (uint16_t)r->reason);
    buf_put_u32(b, r->version);
    buf_put_u64(b, r->session);
    buf_put_u64(b, (uint64_t)r->deadline);
    buf_put_u64(b, r->latency_us);
    buf_put_u32(b, r->actor);
    for (size_t i = 0; i < RECORD_TEXTS; i++)
        buf_put_string(b, record_text(r, i));
}

void tally_encode_addresses(const struct tally *t, struct buf *b)
{
    buf_put_u32(b, t->n_sources);
    for (uint32_t i = 0; i < t->n_sources && i < TALLY_SOURCES; i++)
        buf_put_u64(b, t->sources[i]);
}

/* The texts of a record, while they are read. */
struct texts {
    char *items[RECORD_TEXTS];
};

static void texts_done(struct texts *texts)
{
    for (size_t i = 0; i < RECORD_TEXTS; i++)
        free(texts->items[i]);
}

static int read_texts(struct view *v, struct texts *texts)
{
    for (size_t i = 0; i < RECORD_TEXTS; i++) {
        uint16_t size = view_get_u16(v);
        const uint8_t *octets = view_get(v, size);

        if (!octets || memchr(octets, '\0', size))
            return -EBADMSG;
        texts->items[i] = strndup((const char *)octets, size);
        if (!texts->items[i])
            return -ENOMEM;
    }
    return 0;
}

static int read_sample(struct view v, struct record *like)
{
    cleanup(texts_done) struct texts texts = {0};
    uint16_t format = view_get_u16(&v), reason = view_get_u16(&v);
    int r;

    if (format != SAMPLE_FORMAT || (reason != 0 && reason_from_number(reason, &like->reason) < 0))
        return -EBADMSG;
    like->version = view_get_u32(&v);
    like->session = view_get_u64(&v);
    like->deadline = (when_t)view_get_u64(&v);
    like->latency_us = view_get_u64(&v);
    like->actor = view_get_u32(&v);
    r = read_texts(&v, &texts);
    if (r == 0)
        r = view_end(&v);
    return r < 0 ? r : record_own_texts(like, (const char *const *)texts.items);
}

static int read_sources(struct view v, struct tally *t)
{
    t->n_sources = view_get_u32(&v);
    if (t->n_sources > RECORD_SOURCES_MANY)
        return -EBADMSG;
    for (uint32_t i = 0; i < t->n_sources && i < TALLY_SOURCES; i++)
        t->sources[i] = view_get_u64(&v);
    return view_end(&v);
}

int tally_decode(const struct store_repetition *x, struct tally **ret)
{
    struct tally *t = calloc(1, sizeof(*t));
    struct record *like = calloc(1, sizeof(*like));
    int r = -ENOMEM;

    *ret = NULL;
    if (t && like)
        r = read_sample(view_of(x->sample, x->sample_size), like);
    if (r == 0) {
        t->like = steal_pointer(&like);
        t->count = x->count;
        t->first_us = x->first_us;
        t->last_us = t->like->at_us = x->last_us;
        r = read_sources(view_of(x->addresses, x->addresses_size), t);
    }
    free(like);
    if (r == 0 && t->count == 0)
        r = -EBADMSG;
    if (r == 0)
        *ret = steal_pointer(&t);
    tally_free(t);
    return r;
}
