#include "policy/document/grant_common.h"

#include "policy/base/arena.h"
#include "policy/document/grant.h"

#include <errno.h>
#include <string.h>

/* Own lines stand together in four places, each with common lines before it. */
static const struct place {
    const char *first; /* own key */
    const char *after; /* first common key behind, or NULL: none */
} places[] = {{"id", "class"}, {"staff", "host"}, {"not-before", "hours"}, {"ticket", NULL}};

static bool has_key(const char *line, const char *end, const char *key)
{
    size_t length = strlen(key);

    return (size_t)(end - line) > length && memcmp(line, key, length) == 0 && line[length] == ':';
}

/* The line of that key, from `line` on; the end if there is none. */
static const char *find_line(const char *line, const char *end, const char *key)
{
    while (key && line < end && !has_key(line, end, key)) {
        const char *next = memchr(line, '\n', (size_t)(end - line));

        line = next ? next + 1 : end;
    }
    return key ? line : end;
}

int grant_common_cut(const char *document, size_t size, struct arena *arena, struct grant_common *ret)
{
    const char *at = document, *end = document + size;
    char *text = arena_new_array(arena, char, size);
    size_t n = 0;

    if (!text)
        return -ENOMEM;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        const char *own = find_line(at, end, places[i].first);

        memcpy(text + n, at, (size_t)(own - at));
        n += (size_t)(own - at);
        if (i < ARRAY_SIZE(ret->cut))
            ret->cut[i] = (uint16_t)n;
        at = find_line(own, end, places[i].after);
    }
    ret->text = text;
    ret->size = (uint16_t)n;
    return 0;
}

static void put_id(const struct grant *g, struct buf *b)
{
    char id[IDENT_ID_TEXT_SIZE];

    ident_format_id(&g->id, id);
    buf_printf(b, "id: %s\nversion: %u\n", id, g->version);
}

static void put_staff(const struct grant *g, struct buf *b)
{
    char key[IDENT_FINGERPRINT_TEXT_SIZE];

    buf_printf(b, "staff: %s\n", g->staff);
    if (g->password)
        buf_puts(b, "staff-key: password\n");
    for (size_t i = 0; i < g->n_keys; i++) {
        ident_format_fingerprint(&g->keys[i], key);
        buf_printf(b, "staff-key: %s\n", key);
    }
}

static void put_dates(const struct grant *g, struct buf *b)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

    when_format(g->valid.from, from);
    when_format(g->valid.until, until);
    buf_printf(b, "not-before: %s\nnot-after: %s\n", from, until);
}

void grant_common_join(const struct grant *g, struct buf *document)
{
    const struct grant_common *c = &g->common;

    buf_put(document, c->text, c->cut[0]);
    put_id(g, document);
    buf_put(document, c->text + c->cut[0], (size_t)(c->cut[1] - c->cut[0]));
    put_staff(g, document);
    buf_put(document, c->text + c->cut[1], (size_t)(c->cut[2] - c->cut[1]));
    put_dates(g, document);
    buf_put(document, c->text + c->cut[2], (size_t)(c->size - c->cut[2]));
    buf_printf(document, "ticket: %s\npurpose: %s\n", g->ticket, g->purpose);
}

void grant_common_only(struct grant *g)
{
    g->id = (struct ident_id){{0}};
    g->version = 0;
    g->staff = g->ticket = g->purpose = "";
    g->password = false;
    g->keys = NULL;
    g->n_keys = 0;
    g->valid = (struct when_interval){0, 0};
}
