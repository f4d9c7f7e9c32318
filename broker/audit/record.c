#include "broker/audit/record.h"

#include "policy/base/cleanup.h"
#include "policy/base/unicode.h"

#include <errno.h>
#include <string.h>

/* record_free_array() frees the first text: the others lie behind it. */
const size_t record_text_offsets[RECORD_TEXTS] = {
    offsetof(struct record, event),   offsetof(struct record, result),    offsetof(struct record, staff),
    offsetof(struct record, vendor),  offsetof(struct record, account),   offsetof(struct record, service),
    offsetof(struct record, address), offsetof(struct record, tty),       offsetof(struct record, grant),
    offsetof(struct record, ticket),  offsetof(struct record, reference), offsetof(struct record, detail),
};

static const char **record_text_slot(struct record *r, size_t n)
{
    return (const char **)(void *)((char *)r + record_text_offsets[n]);
}

const char *record_text(const struct record *r, size_t n)
{
    const char *text = *(const char *const *)(const void *)((const char *)r + record_text_offsets[n]);

    return text ? text : "";
}

static void put_u16(struct buf *b, uint16_t v)
{
    buf_put_u16(b, sizeof(v));
    buf_put_u16(b, v);
}

static void put_u32(struct buf *b, uint32_t v)
{
    buf_put_u16(b, sizeof(v));
    buf_put_u32(b, v);
}

static void put_u64(struct buf *b, uint64_t v)
{
    buf_put_u16(b, sizeof(v));
    buf_put_u64(b, v);
}

const char *record_format_label(uint8_t format)
{
    static const char *const labels[] = {[RECORD_FORMAT_1] = "hufu-record-1",
                                         [RECORD_FORMAT_2_SHA256] = "hufu-record-2-sha256",
                                         [RECORD_FORMAT_2_SM3] = "hufu-record-2-sm3"};

    return format < ARRAY_SIZE(labels) ? labels[format] : NULL;
}

void record_encode(const struct record *r, struct buf *b)
{
    const char *label = record_format_label(r->format);

    if (!label) {
        b->error = b->error < 0 ? b->error : -EINVAL;
        return;
    }
    buf_put_string(b, label);
    put_u64(b, r->sequence);
    put_u64(b, (uint64_t)r->at_us);
    buf_put_string(b, r->event);
    buf_put_string(b, r->result);
    put_u16(b, (uint16_t)r->reason);
    buf_put_string(b, r->staff);
    buf_put_string(b, r->vendor);
    buf_put_string(b, r->account);
    buf_put_string(b, r->service);
    buf_put_string(b, r->address);
    buf_put_string(b, r->tty);
    buf_put_string(b, r->grant);
    put_u32(b, r->version);
    buf_put_string(b, r->ticket);
    put_u64(b, r->session);
    put_u64(b, (uint64_t)r->deadline);
    put_u64(b, r->latency_us);
    buf_put_string(b, r->reference);
    put_u32(b, r->actor);
    buf_put_string(b, r->detail);
    if (r->format == RECORD_FORMAT_1)
        return;
    put_u64(b, r->count);
    put_u64(b, (uint64_t)r->first_us);
    put_u32(b, r->sources);
}

int record_own_texts(struct record *into, const char *const texts[static RECORD_TEXTS])
{
    size_t size = 0;
    char *block, *at;

    for (size_t i = 0; i < RECORD_TEXTS; i++)
        size += strlen(texts[i]) + 1;
    at = block = malloc(size);
    if (!block)
        return -ENOMEM;
    for (size_t i = 0; i < RECORD_TEXTS; i++) {
        size = strlen(texts[i]) + 1;
        memcpy(at, texts[i], size);
        *record_text_slot(into, i) = at;
        at += size;
    }
    return 0;
}

int record_copy(const struct record *r, struct record **ret)
{
    const char *texts[RECORD_TEXTS];
    cleanup_free struct record *copy = malloc(sizeof(*copy));

    *ret = NULL;
    if (!copy)
        return -ENOMEM;
    *copy = *r;
    for (size_t i = 0; i < RECORD_TEXTS; i++)
        texts[i] = record_text(r, i);
    if (record_own_texts(copy, texts) < 0)
        return -ENOMEM;
    *ret = steal_pointer(&copy);
    return 0;
}

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~';
}

/* The next character, of which it returns the size. */
static size_t clean_one(char *text, size_t left)
{
    uint32_t code_point;
    size_t taken = unicode_take(text, left, &code_point);

    if (taken != 0 && unicode_is_visible(code_point))
        return taken;
    taken = taken == 0 ? 1 : taken;
    memset(text, '?', taken);
    return taken;
}

/* Part of what is recorded comes from people: a command, a terminal's name. Nearly all of it is plain. */
static void clean_text(char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t taken = is_plain(*text) ? 1 : clean_one(text, left);

        text += taken;
        left -= taken;
    }
}

void record_clean(struct record *copy)
{
    for (size_t i = 0; i < RECORD_TEXTS; i++) {
        char *text;

        memcpy(&text, record_text_slot(copy, i), sizeof(text));
        clean_text(text);
    }
}

/* As it was allocated: without the const that readers see. */
static void *record_text_block(struct record *r)
{
    void *block;

    memcpy(&block, record_text_slot(r, 0), sizeof(block));
    return block;
}

void record_free_array(struct record *rows, size_t n)
{
    for (size_t i = 0; rows && i < n; i++)
        free(record_text_block(&rows[i]));
    free(rows);
}
