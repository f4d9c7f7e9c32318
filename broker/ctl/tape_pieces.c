#include "broker/ctl/tape.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A message's `timing`: how much of its text came when. */

#define NUMBER_MAX ((size_t)1000 * 1000 * 1000)

/* What is left of one direction. */
struct reel {
    const char *text;
    size_t left; /* octets */
    const json_t *octets;
    size_t at;
};

struct pieces {
    const char *timing; /* what is left of it */
    int64_t ms;
    struct reel in, out;
    tape_heard *heard;
    void *userdata;
};

static struct reel reel_of(const json_t *message, const char *text, const char *octets)
{
    const json_t *value = json_object_get(message, text);

    return (struct reel){.text = value ? json_string_value(value) : "",
                         .left = json_string_length(value),
                         .octets = json_object_get(message, octets)};
}

static bool take_number(const char **at, size_t *ret)
{
    const char *digit = *at;

    for (*ret = 0; *digit >= '0' && *digit <= '9'; digit++) {
        *ret = *ret * 10 + (size_t)(*digit - '0');
        if (*ret > NUMBER_MAX)
            return false;
    }
    if (digit == *at)
        return false;
    *at = digit;
    return true;
}

static bool take_letter(const char **at, char letter)
{
    if (**at != letter)
        return false;
    ++*at;
    return true;
}

/* Octets of the next `characters` of the text, which is UTF-8 since it comes out of JSON. */
static bool skip(struct reel *r, size_t characters, size_t *size)
{
    size_t n = 0;

    for (; characters > 0; characters--) {
        if (n >= r->left)
            return false;
        n++;
        while (n < r->left && ((unsigned char)r->text[n] & 0xc0) == 0x80)
            n++;
    }
    *size = n;
    return true;
}

static void hear(const struct pieces *p, enum tape_what what, const char *octets, size_t size)
{
    if (p->heard && size > 0)
        p->heard(p->userdata, p->ms, what, octets, size);
}

static bool take_text(struct pieces *p, struct reel *r, enum tape_what what)
{
    size_t characters, size;

    if (!take_number(&p->timing, &characters) || !skip(r, characters, &size))
        return false;
    hear(p, what, r->text, size);
    r->text += size;
    r->left -= size;
    return true;
}

/* What is no UTF-8 stands as numbers, and as replacement characters in the text. */
static bool take_octets(struct pieces *p, struct reel *r, enum tape_what what)
{
    size_t characters, octets, size;

    if (!take_number(&p->timing, &characters) || !take_letter(&p->timing, '/') ||
        !take_number(&p->timing, &octets) || !skip(r, characters, &size))
        return false;
    r->text += size;
    r->left -= size;
    for (; octets > 0; octets--) {
        const json_t *value = json_array_get(r->octets, r->at++);
        json_int_t number = json_integer_value(value);
        char octet = (char)(unsigned char)number;

        if (!json_is_integer(value) || number < 0 || number > 0xff)
            return false;
        hear(p, what, &octet, 1);
    }
    return true;
}

static bool take_window(struct pieces *p)
{
    const char *beginning = p->timing;
    size_t columns, rows;

    if (!take_number(&p->timing, &columns) || !take_letter(&p->timing, 'x') ||
        !take_number(&p->timing, &rows))
        return false;
    hear(p, TAPE_WINDOW, beginning, (size_t)(p->timing - beginning));
    return true;
}

static bool take_piece(struct pieces *p)
{
    size_t delay;

    switch (*p->timing++) {
    case '+':
        if (!take_number(&p->timing, &delay))
            return false;
        p->ms += (int64_t)delay;
        return true;
    case '<':
        return take_text(p, &p->in, TAPE_INPUT);
    case '>':
        return take_text(p, &p->out, TAPE_OUTPUT);
    case '[':
        return take_octets(p, &p->in, TAPE_INPUT);
    case ']':
        return take_octets(p, &p->out, TAPE_OUTPUT);
    case '=':
        return take_window(p);
    default:
        return false;
    }
}

int tape_pieces(const json_t *message, int64_t *ms, tape_heard *heard, void *userdata)
{
    const json_t *timing = json_object_get(message, "timing");
    struct pieces p = {.timing = json_string_value(timing),
                       .ms = *ms,
                       .in = reel_of(message, "in_txt", "in_bin"),
                       .out = reel_of(message, "out_txt", "out_bin"),
                       .heard = heard,
                       .userdata = userdata};
    const char *end = p.timing ? p.timing + json_string_length(timing) : NULL;

    if (!end)
        return -EBADMSG;
    while (p.timing < end)
        if (!take_piece(&p))
            return -EBADMSG;
    if (p.in.left > 0 || p.out.left > 0 || p.in.at < json_array_size(p.in.octets) ||
        p.out.at < json_array_size(p.out.octets))
        return -EBADMSG;
    *ms = p.ms;
    return 0;
}
