#include "broker/audit/record_decode.h"

#include <errno.h>
#include <string.h>

int record_space_reserve(struct record_space *s, size_t size)
{
    char *text;

    if (size <= s->size && s->text)
        return 0;
    text = realloc(s->text, size + size / 2 + 64);
    if (!text)
        return -ENOMEM;
    s->text = text;
    s->size = size + size / 2 + 64;
    return 0;
}

struct decoder {
    struct view v;
    char *text; /* where the next one goes: each is shorter there than it was, by its length of two octets */
};

/* An integer of exactly `width` octets. */
static uint64_t take_number(struct decoder *d, size_t width)
{
    uint64_t n = 0;
    const uint8_t *octets;

    if (view_get_u16(&d->v) != width && d->v.error == 0)
        d->v.error = -EBADMSG;
    octets = view_get(&d->v, width);
    for (size_t i = 0; octets && i < width; i++)
        n = n << 8 | octets[i];
    return n;
}

static const char *take_text(struct decoder *d)
{
    size_t length = view_get_u16(&d->v);
    const uint8_t *octets = view_get(&d->v, length);
    char *text = d->text;

    if (!octets)
        return "";
    if (memchr(octets, 0, length) && d->v.error == 0)
        d->v.error = -EBADMSG;
    memcpy(text, octets, length);
    text[length] = '\0';
    d->text += length + 1;
    return text;
}

/* 0: none of ours. */
static uint8_t format_of(const char *label)
{
    for (uint8_t format = RECORD_FORMAT_1; record_format_label(format); format++)
        if (strcmp(record_format_label(format), label) == 0)
            return format;
    return 0;
}

static void take_fields(struct decoder *d, struct record *r)
{
    r->sequence = take_number(d, 8);
    r->at_us = (int64_t)take_number(d, 8);
    r->event = take_text(d);
    r->result = take_text(d);
    r->reason = (enum reason)take_number(d, 2);
    r->staff = take_text(d);
    r->vendor = take_text(d);
    r->account = take_text(d);
    r->service = take_text(d);
    r->address = take_text(d);
    r->tty = take_text(d);
    r->grant = take_text(d);
    r->version = (uint32_t)take_number(d, 4);
    r->ticket = take_text(d);
    r->session = take_number(d, 8);
    r->deadline = (when_t)take_number(d, 8);
    r->latency_us = take_number(d, 8);
    r->reference = take_text(d);
    r->actor = (uint32_t)take_number(d, 4);
    r->detail = take_text(d);
    if (r->format == RECORD_FORMAT_1)
        return;
    r->count = take_number(d, 8);
    r->first_us = (int64_t)take_number(d, 8);
    r->sources = (uint32_t)take_number(d, 4);
}

int record_decode(const void *octets, size_t size, struct record_space *space, struct record *ret)
{
    struct decoder d = {.v = view_of(octets, size)};
    const char *label;

    *ret = (struct record){0};
    if (record_space_reserve(space, size) < 0)
        return -ENOMEM;
    d.text = space->text;
    label = take_text(&d);
    if (d.v.error < 0)
        return -EBADMSG;
    ret->format = format_of(label);
    if (ret->format == 0)
        return -ENOTSUP;
    take_fields(&d, ret);
    return view_end(&d.v);
}
