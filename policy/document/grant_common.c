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

static void empty_own(struct grant *g)
{
    g->id = (struct ident_id){{0}};
    g->version = 0;
    g->staff = g->ticket = g->purpose = "";
    g->password = false;
    g->keys = NULL;
    g->n_keys = 0;
    g->valid = (struct when_interval){0, 0};
}

/* ---- a copy that is one allocation, no larger than it has to be ---- */

#define N_TEXTS 5
#define N_WORDS 4

struct parts {
    const char **texts[N_TEXTS];
    struct grant_strings *words[N_WORDS];
};

static struct parts parts_of(struct grant *g)
{
    return (struct parts){{&g->site, &g->vendor, &g->employer, &g->contract, &g->requester},
                          {&g->hosts, &g->services, &g->run_as, &g->commands}};
}

static size_t size_of(const struct grant *g, const struct parts *parts)
{
    size_t size = sizeof(*g) + g->n_networks * sizeof(*g->networks) + g->n_hours * sizeof(*g->hours) +
                  g->common.size + _Alignof(max_align_t);

    for (size_t i = 0; i < N_TEXTS; i++)
        size += strlen(*parts->texts[i]) + 1;
    for (size_t i = 0; i < N_WORDS; i++)
        for (size_t j = 0; j < parts->words[i]->count; j++)
            size += sizeof(char *) + strlen(parts->words[i]->items[j]) + 1;
    return size;
}

static int copy_octets(struct arena *arena, const void *octets, size_t size, size_t alignment,
                       const void **ret)
{
    void *copy = arena_alloc(arena, 1, size, alignment);

    if (!copy)
        return -ENOMEM;
    if (size > 0)
        memcpy(copy, octets, size);
    *ret = copy;
    return 0;
}

static int copy_text(struct arena *arena, const char **text)
{
    *text = arena_copy_text(arena, *text, strlen(*text));
    return *text ? 0 : -ENOMEM;
}

/* Arrays first, those of the widest items before others, so that nothing is lost between them. */
static int copy_arrays(struct arena *arena, struct grant *g, const struct parts *parts, const char **items[])
{
    const void *networks, *hours;

    for (size_t i = 0; i < N_WORDS; i++) {
        items[i] = arena_new_array(arena, const char *, parts->words[i]->count);
        if (!items[i])
            return -ENOMEM;
    }
    if (copy_octets(arena, g->networks, g->n_networks * sizeof(*g->networks), _Alignof(struct network),
                    &networks) < 0 ||
        copy_octets(arena, g->hours, g->n_hours * sizeof(*g->hours), _Alignof(struct grant_hours), &hours) <
            0)
        return -ENOMEM;
    g->networks = networks;
    g->hours = hours;
    return 0;
}

static int copy_words(struct arena *arena, struct grant_strings *words, const char **items)
{
    for (size_t i = 0; i < words->count; i++) {
        items[i] = words->items[i];
        if (copy_text(arena, &items[i]) < 0)
            return -ENOMEM;
    }
    words->items = items;
    return 0;
}

static int copy_parts(struct arena *arena, struct grant *g)
{
    const struct parts parts = parts_of(g);
    const char **items[N_WORDS];
    const void *text;
    int r = copy_arrays(arena, g, &parts, items);

    for (size_t i = 0; i < N_WORDS && r == 0; i++)
        r = copy_words(arena, parts.words[i], items[i]);
    for (size_t i = 0; i < N_TEXTS && r == 0; i++)
        r = copy_text(arena, parts.texts[i]);
    if (r == 0)
        r = copy_octets(arena, g->common.text, g->common.size, 1, &text);
    if (r == 0)
        g->common.text = text;
    return r;
}

int grant_common_copy(const struct grant *g, struct grant **ret)
{
    struct grant own = *g;
    const struct parts parts = parts_of(&own);
    cleanup(arena_free_p) struct arena *arena = arena_new(size_of(g, &parts));
    struct grant *copy = arena ? arena_new_array(arena, struct grant, 1) : NULL;

    *ret = NULL;
    if (!copy)
        return -ENOMEM;
    *copy = *g;
    empty_own(copy);
    if (copy_parts(arena, copy) < 0)
        return -ENOMEM;
    copy->arena = steal_pointer(&arena);
    *ret = copy;
    return 0;
}
