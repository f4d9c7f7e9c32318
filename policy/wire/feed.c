#include "policy/wire/feed.h"

#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <string.h>

/*
 * Each type is described once, by a function that goes through its fields in order. What it calls for each
 * field writes the field or reads it, by the direction of the coder: what is encoded and what is decoded
 * cannot drift apart. (codec.c does the same by tables for frames of fixed size; here documents are not
 * copied, and a body has as many octets as it needs.)
 *
 * Integers are big-endian; text and cookies have a u16 length, documents and approvals a u32 length, lists
 * a u16 count.
 */
struct coder {
    struct buf *out; /* writes if set; a message is then not changed */
    struct view in;
    int error;    /* of writing */
    size_t start; /* of the body in `out` */
};

static bool is_writing(const struct coder *c)
{
    return c->out != NULL;
}

/* `error` is of the writer; for the reader all is one. */
static void fail(struct coder *c, int error)
{
    if (!is_writing(c))
        c->in.error = -EBADMSG;
    else if (c->error == 0)
        c->error = error;
}

static bool has_failed(const struct coder *c)
{
    return is_writing(c) ? c->error != 0 : c->in.error != 0;
}

static void code_u8(struct coder *c, uint8_t *value)
{
    if (is_writing(c))
        buf_put_u8(c->out, *value);
    else
        *value = view_get_u8(&c->in);
}

static void code_u32(struct coder *c, uint32_t *value)
{
    if (is_writing(c))
        buf_put_u32(c->out, *value);
    else
        *value = view_get_u32(&c->in);
}

static void code_bool(struct coder *c, bool *value)
{
    uint8_t octet = *value ? 1 : 0;

    code_u8(c, &octet);
    if (octet > 1)
        fail(c, -EINVAL);
    else if (!is_writing(c))
        *value = octet == 1;
}

/* One of 1 .. last, in one octet. The number, or 0 after a failure. */
static unsigned code_number(struct coder *c, unsigned number, unsigned last)
{
    uint8_t octet = (uint8_t)number;

    if (is_writing(c) && (number < 1 || number > last)) {
        fail(c, -EINVAL);
        return 0;
    }
    code_u8(c, &octet);
    if (octet < 1 || octet > last) {
        fail(c, -EINVAL);
        return 0;
    }
    return octet;
}

/* An enumerator; its type is that of the field. */
#define CODE_ENUM(c, field, last)                                          \
    do {                                                                   \
        unsigned code_enum_ = code_number((c), (unsigned)(field), (last)); \
        if (!is_writing(c))                                                \
            (field) = (__typeof__(field))code_enum_;                       \
    } while (0)

static void code_fixed(struct coder *c, uint8_t *octets, size_t size)
{
    const uint8_t *from;

    if (is_writing(c)) {
        buf_put(c->out, octets, size);
        return;
    }
    from = view_get(&c->in, size);
    if (from)
        memcpy(octets, from, size);
}

static void code_text(struct coder *c, char *text, size_t size)
{
    if (!is_writing(c))
        view_get_string(&c->in, text, size);
    else if (strnlen(text, size) == size)
        fail(c, -EMSGSIZE);
    else
        buf_put_string(c->out, text);
}

static void code_name(struct coder *c, char text[static IDENT_NAME_MAX + 1])
{
    code_text(c, text, IDENT_NAME_MAX + 1);
    if (!has_failed(c) && !ident_is_name(text, strlen(text)))
        fail(c, -EINVAL);
}

/* How many follow. 0 after a failure, so that nobody counts further than there is room. */
static size_t code_count(struct coder *c, size_t *count, size_t max)
{
    size_t n = is_writing(c) ? *count : view_get_u16(&c->in);

    if (n > max)
        fail(c, -EMSGSIZE);
    if (has_failed(c))
        return 0;
    if (is_writing(c))
        buf_put_u16(c->out, (uint16_t)n);
    else
        *count = n;
    return n;
}

static void code_octets_of(struct coder *c, const uint8_t **data, size_t size)
{
    if (size == 0)
        return;
    if (!is_writing(c))
        *data = view_get(&c->in, size);
    else if (c->out->size - c->start + size > FEED_BODY_MAX)
        fail(c, -EMSGSIZE); /* before there is a copy of it */
    else
        buf_put(c->out, *data, size);
}

/* The cookie. */
static void code_short_octets(struct coder *c, struct feed_octets *o)
{
    size_t size = code_count(c, &o->size, FEED_COOKIE_MAX);

    code_octets_of(c, &o->data, size);
}

/* A document or an approval: as long as the body may be. */
static void code_long_octets(struct coder *c, struct feed_octets *o)
{
    uint32_t size = (uint32_t)o->size;

    if (is_writing(c) && o->size > FEED_BODY_MAX)
        fail(c, -EMSGSIZE);
    if (has_failed(c))
        return;
    code_u32(c, &size);
    code_octets_of(c, &o->data, size);
    if (!is_writing(c))
        o->size = size;
}

static void code_start(struct coder *c, struct feed_message *m)
{
    size_t n;

    code_u32(c, &m->search);
    code_name(c, m->host);
    n = code_count(c, &m->n_groups, FEED_GROUPS_MAX);
    for (size_t i = 0; i < n && !has_failed(c); i++)
        code_name(c, m->groups[i]);
    code_short_octets(c, &m->cookie);
}

static void code_claim(struct coder *c, struct feed_message *m)
{
    code_u32(c, &m->number);
    CODE_ENUM(c, m->operation, FEED_GIVE_BACK);
    code_fixed(c, m->grant.octets, sizeof(m->grant.octets));
    code_fixed(c, m->nonce, sizeof(m->nonce));
}

/* HELD is no answer to GIVE_BACK, and so on: see enum feed_outcome. */
static bool is_outcome_of(enum feed_outcome outcome, enum feed_operation operation)
{
    switch (outcome) {
    case FEED_HELD:
        return operation == FEED_TAKE || operation == FEED_LOOK;
    case FEED_NOT_HELD:
        return operation == FEED_LOOK || operation == FEED_GIVE_BACK;
    case FEED_EXHAUSTED:
        return operation == FEED_TAKE;
    case FEED_UNAVAILABLE:
    case FEED_UNKNOWN:
        return true;
    }
    return false;
}

static void code_claimed(struct coder *c, struct feed_message *m)
{
    code_claim(c, m);
    CODE_ENUM(c, m->outcome, FEED_UNKNOWN);
    if (!has_failed(c) && !is_outcome_of(m->outcome, m->operation))
        fail(c, -EINVAL);
}

static void code_begin(struct coder *c, struct feed_message *m)
{
    code_u32(c, &m->search);
    code_bool(c, &m->full);
}

static void code_entry(struct coder *c, struct feed_message *m)
{
    size_t n;

    code_u32(c, &m->search);
    code_fixed(c, m->uuid, sizeof(m->uuid));
    CODE_ENUM(c, m->kind, FEED_HEARTBEAT);
    code_text(c, m->name, sizeof(m->name));
    code_long_octets(c, &m->document);
    n = code_count(c, &m->n_approvals, FEED_APPROVALS_MAX);
    for (size_t i = 0; i < n && !has_failed(c); i++)
        code_long_octets(c, &m->approvals[i]);
}

/* DELETE and PRESENT */
static void code_uuids(struct coder *c, struct feed_message *m)
{
    size_t n;

    code_u32(c, &m->search);
    n = code_count(c, &m->n_uuids, FEED_PRESENT_MAX);
    code_octets_of(c, &m->uuids, n * sizeof(m->uuid));
}

static void code_end(struct coder *c, struct feed_message *m)
{
    code_u32(c, &m->search);
    code_bool(c, &m->refresh_deletes);
    code_u32(c, &m->count);
    code_short_octets(c, &m->cookie);
}

static void code_cookie(struct coder *c, struct feed_message *m)
{
    code_u32(c, &m->search);
    code_short_octets(c, &m->cookie);
}

static void code_state(struct coder *c, struct feed_message *m)
{
    CODE_ENUM(c, m->state, FEED_FAILED);
    code_bool(c, &m->pushes);
    code_text(c, m->server, sizeof(m->server));
    code_text(c, m->text, sizeof(m->text));
    code_u32(c, &m->seconds);
    code_bool(c, &m->claims_possible);
}

typedef void code_message(struct coder *c, struct feed_message *m);

static const struct {
    enum feed_type type;
    code_message *code;
} types[] = {
    {FEED_START, code_start},     {FEED_CLAIM, code_claim},   {FEED_BEGIN, code_begin},
    {FEED_ENTRY, code_entry},     {FEED_DELETE, code_uuids},  {FEED_PRESENT, code_uuids},
    {FEED_END, code_end},         {FEED_COOKIE, code_cookie}, {FEED_STATE, code_state},
    {FEED_CLAIMED, code_claimed},
};

/* NULL: there is no such type. */
static code_message *find_type(unsigned type)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if ((unsigned)types[i].type == type)
            return types[i].code;
    return NULL;
}

/* Header and body behind what `out` holds. */
static int write_frame(const struct feed_message *m, struct buf *out)
{
    static const uint8_t room[FRAME_HEADER_SIZE];
    code_message *code = find_type(m->type);
    size_t start = out->size, size;
    struct coder c = {.out = out, .start = start + FRAME_HEADER_SIZE};

    if (!code)
        return -EINVAL;
    buf_put(out, room, sizeof(room));
    code(&c, (struct feed_message *)m); /* which it only reads, since it writes */
    if (c.error != 0)
        return c.error;
    if (buf_error(out) != 0)
        return buf_error(out);
    size = out->size - c.start;
    if (size > FEED_BODY_MAX)
        return -EMSGSIZE;
    frame_write_header(out->data + start, m->type, (uint32_t)size);
    return 0;
}

int feed_encode(const struct feed_message *m, struct buf *out)
{
    size_t before = out->size;
    int r = buf_error(out);

    if (r != 0)
        return r;
    r = write_frame(m, out);
    if (r != 0) {
        out->size = before;
        out->error = 0;
    }
    return r;
}

int feed_parse_header(const uint8_t octets[static FRAME_HEADER_SIZE], enum feed_type *ret_type,
                      uint32_t *ret_length)
{
    uint16_t type;
    uint32_t length;
    int r = frame_read_header(octets, &type, &length);

    *ret_type = (enum feed_type)0;
    *ret_length = 0;
    if (r != 0)
        return r;
    if (!find_type(type) || length > FEED_BODY_MAX)
        return -EBADMSG;
    *ret_type = (enum feed_type)type;
    *ret_length = length;
    return 0;
}

int feed_decode(enum feed_type type, const uint8_t *body, size_t size, struct feed_message *ret)
{
    code_message *code = find_type(type);
    struct coder c = {.in = view_of(body, size)};

    memset(ret, 0, sizeof(*ret));
    if (!code || size > FEED_BODY_MAX)
        return -EBADMSG;
    code(&c, ret);
    if (view_end(&c.in) < 0) {
        memset(ret, 0, sizeof(*ret));
        return -EBADMSG;
    }
    ret->type = type;
    return 0;
}
