#include "broker/review/pool.h"

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/unicode.h"

#include <stdint.h>
#include <string.h>

#define ROOM_FIRST 256

void pool_done(struct pool *p)
{
    for (size_t i = 0; i < p->room; i++)
        free(p->texts[i]);
    free(p->texts);
    *p = POOL_INIT;
}

/* FNV-1a. Whoever chose names so that they collide would slow down a review, and nothing else. */
static uint64_t hash_of(const char *text)
{
    uint64_t h = 0xcbf29ce484222325;

    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3;
    return h;
}

static char **slot_of(char **texts, size_t room, const char *text)
{
    size_t at = (size_t)hash_of(text) & (room - 1);

    while (texts[at] && strcmp(texts[at], text) != 0)
        at = (at + 1) & (room - 1);
    return &texts[at];
}

static int grow(struct pool *p)
{
    size_t room = p->room ? 2 * p->room : ROOM_FIRST;
    char **texts = calloc(room, sizeof(*texts));

    if (!texts)
        return -1;
    for (size_t i = 0; i < p->room; i++)
        if (p->texts[i])
            *slot_of(texts, room, p->texts[i]) = p->texts[i];
    free(p->texts);
    p->texts = texts;
    p->room = room;
    return 0;
}

static void make_visible(char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        uint32_t code_point;
        size_t taken = unicode_take(text, left, &code_point);

        if (taken == 0 || !unicode_is_visible(code_point)) {
            taken = taken == 0 ? 1 : taken;
            memset(text, '?', taken);
        }
        text += taken;
        left -= taken;
    }
}

static const char *keep(struct pool *p, const char *text)
{
    char **slot;

    if (2 * (p->n + 1) > p->room && grow(p) < 0)
        return NULL;
    slot = slot_of(p->texts, p->room, text);
    if (!*slot) {
        *slot = strdup(text);
        p->n += *slot != NULL;
    }
    return *slot;
}

const char *pool_text(struct pool *p, const char *text)
{
    cleanup_free char *visible = NULL;

    if (!text || *text == '\0' || ident_is_visible_text(text, strlen(text)))
        return keep(p, text ? text : "");
    visible = strdup(text);
    if (!visible)
        return NULL;
    make_visible(visible);
    return keep(p, visible);
}
