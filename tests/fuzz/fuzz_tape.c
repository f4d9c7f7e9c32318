// LAYERS: ipc common base
// LIBRARIES: jansson
// PARTS: ctl broker/ctl/tape.c broker/ctl/tape_pieces.c broker/ctl/tape_print.c broker/ctl/text.c
// COVERS: broker/ctl/tape.c:-open_below,tape_open broker/ctl/tape_pieces.c broker/ctl/tape_print.c
// OPTIONS: -max_len=4096
/*
 * Any octets as the file of a recording. What is heard of it is as much as its messages say and in the order
 * of time; what is printed of it is lines that each have a time and nothing that a terminal obeys.
 */
#include "broker/ctl/tape.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define USER "zhang.san"

struct heard {
    int64_t ms;
    size_t octets, most;
};

static void on_piece(void *userdata, int64_t ms, enum tape_what what, const char *octets, size_t size)
{
    struct heard *h = userdata;

    demand(what >= TAPE_INPUT && what <= TAPE_WINDOW && octets && size > 0, "a piece is something");
    demand(ms >= 0, "a piece has a time");
    if (what != TAPE_WINDOW)
        h->octets += size;
    demand(h->octets <= h->most, "more is heard than was recorded");
    h->ms = ms;
}

static enum tape_end hear(const uint8_t *data, size_t size, struct heard *h, struct tape *t)
{
    *t = (struct tape){.file = fmemopen((void *)(uintptr_t)data, size, "re"), .size = (off_t)size};
    *h = (struct heard){.most = 2 * size};
    demand(t->file != NULL, "a file");
    return tape_read(t, USER, on_piece, h);
}

static void demand_lines(const char *text, size_t size)
{
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : 0;

        demand(end != NULL, "a line has an end");
        demand(length >= 26 && text[4] == '-' && text[10] == 'T' && memcmp(text + 23, "Z ", 2) == 0,
               "a line has a time");
        demand(strchr("<>=", text[25]) != NULL, "a line says what it is");
        demand(ident_is_visible_text(text, length), "a terminal obeys what is printed");
        text = end + 1;
        size -= length + 1;
    }
}

static void print(const uint8_t *data, size_t size, enum tape_end expected)
{
    struct tape t = {.file = fmemopen((void *)(uintptr_t)data, size, "re"), .size = (off_t)size};
    char *text = NULL;
    size_t written = 0;
    FILE *out = open_memstream(&text, &written);
    enum tape_end end;

    demand(t.file && out, "files");
    demand(tape_print(&t, USER, out, &end) == 0 && end == expected, "what is printed is what was read");
    (void)fclose(out);
    demand_lines(text, written);
    free(text);
    tape_close(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard h;
    struct tape t;
    enum tape_end end;

    if (size == 0)
        return 0;
    end = hear(data, size, &h, &t);
    demand(end >= TAPE_WHOLE && end <= TAPE_DAMAGED, "a file ends somehow");
    demand((t.fault != NULL) == (end == TAPE_CUT || end == TAPE_DAMAGED), "a fault is told");
    demand(end != TAPE_WHOLE || (t.first && t.line > 0), "a whole file has a message");
    demand(h.octets == 0 || h.ms <= t.length_ms, "what is heard ends when it says");
    tape_close(&t);
    print(data, size, end);
    return 0;
}
