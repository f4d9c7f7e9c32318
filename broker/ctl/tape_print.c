#include "broker/ctl/tape.h"
#include "broker/ctl/text.h"
#include "policy/base/buf.h"
#include "policy/base/when.h"

#include <errno.h>

/* A recording as lines of text. A line of a direction is printed when it ends, with the time when it began.
 */

#define LINE_OCTETS 4096 /* a longer one is printed in parts */

struct line {
    char mark;
    int64_t ms;
    struct buf octets;
};

struct printing {
    const struct tape *tape;
    FILE *out;
    struct line in, shown;
    int error;
};

static void print_time(FILE *out, int64_t ms)
{
    char text[WHEN_TEXT_SIZE];

    when_format((when_t)(ms / 1000), text);
    (void)fprintf(out, "%.19s.%03dZ", text, (int)(ms % 1000));
}

static void print_octets(struct printing *p, int64_t ms, char mark, const char *octets, size_t size)
{
    cleanup_free char *visible = text_escape(octets, size, !text_locale_is_utf8());

    if (!visible) {
        p->error = -ENOMEM;
        return;
    }
    print_time(p->out, p->tape->start_ms + ms);
    (void)fprintf(p->out, " %c %s\n", mark, visible);
}

static void end_line(struct printing *p, struct line *line)
{
    size_t size = line->octets.size;

    /* A terminal ends its lines with both. */
    if (size > 0 && line->octets.data[size - 1] == '\r')
        size--;
    print_octets(p, line->ms, line->mark, size > 0 ? (const char *)line->octets.data : "", size);
    if (buf_error(&line->octets) < 0)
        p->error = buf_error(&line->octets);
    line->octets.size = 0;
}

static void put_octet(struct printing *p, struct line *line, int64_t ms, char octet)
{
    if (line->octets.size == 0)
        line->ms = ms;
    if (octet == '\n') {
        end_line(p, line);
        return;
    }
    buf_put_u8(&line->octets, (uint8_t)octet);
    /* Whoever types ends a line with the one alone. */
    if ((line == &p->in && octet == '\r') || line->octets.size >= LINE_OCTETS)
        end_line(p, line);
}

static void on_piece(void *userdata, int64_t ms, enum tape_what what, const char *octets, size_t size)
{
    struct printing *p = userdata;
    struct line *line = what == TAPE_INPUT ? &p->in : &p->shown;

    if (what == TAPE_WINDOW) {
        print_octets(p, ms, '=', octets, size);
        return;
    }
    for (size_t i = 0; i < size; i++)
        put_octet(p, line, ms, octets[i]);
}

int tape_print(struct tape *t, const char *user, FILE *out, enum tape_end *end)
{
    struct printing p = {.tape = t, .out = out, .in = {.mark = '<'}, .shown = {.mark = '>'}};

    *end = tape_read(t, user, on_piece, &p);
    if (p.in.octets.size > 0)
        end_line(&p, &p.in);
    if (p.shown.octets.size > 0)
        end_line(&p, &p.shown);
    buf_done(&p.in.octets);
    buf_done(&p.shown.octets);
    return p.error;
}
