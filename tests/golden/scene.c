#include "tests/golden/scene.h"

#include "policy/base/buf.h"
#include "tests/golden/scene_facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Keys of a grant in the order of the grammar (4-documents, "Grant"). */
static const char *const key_order[] = {
    "hufu-grant", "site",        "id",        "version",    "class",     "incident-level", "vendor",
    "employer",   "contract",    "staff",     "staff-key",  "host",      "service",        "channel",
    "run-as",     "command",     "source",    "not-before", "not-after", "hours",          "uses",
    "sessions",   "max-session", "recording", "requester",  "ticket",    "purpose",
};

struct ident_id scene_grant_id(char name)
{
    struct ident_id id;
    unsigned digit = (unsigned)(name - 'A' + 10);

    memset(id.octets, (int)(digit << 4 | digit), sizeof id.octets);
    return id;
}

char scene_grant_name(const struct grant_entry *entry)
{
    return entry ? (char)('A' + (entry->id.octets[0] & 0xf) - 10) : '-';
}

static int by_octets(const void *a, const void *b)
{
    const char *const *x = (const char *const *)a;
    const char *const *y = (const char *const *)b;

    return strcmp(*x, *y);
}

/* All lines of one key, sorted as the grammar wants repeats. */
static void put_key(struct buf *text, const struct table_lines *from, const char *key)
{
    const char *values[TABLE_LINES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < from->count; i++)
        if (strcmp(from->items[i].key, key) == 0)
            values[n++] = from->items[i].value;
    qsort((void *)values, n, sizeof values[0], by_octets);
    for (size_t i = 0; i < n; i++)
        buf_printf(text, "%s: %s\n", key, values[i]);
}

/* The document: the template's lines, each key replaced that the case names. */
static char *document_of(const struct table *t, const struct table_grant *g)
{
    char id[IDENT_ID_TEXT_SIZE];
    struct ident_id own = scene_grant_id(g->name);
    cleanup_buf struct buf text = BUF_INIT;

    ident_format_id(&own, id);
    for (size_t i = 0; i < ARRAY_SIZE(key_order); i++)
        if (strcmp(key_order[i], "id") == 0)
            buf_printf(&text, "id: %s\n", id);
        else
            put_key(&text, table_get(&g->lines, key_order[i]) ? &g->lines : table_template(t), key_order[i]);
    return buf_steal_text(&text);
}

/* Whether every line of the case's grant is a line of the grammar or a book. */
static const char *unknown_key(const struct table_grant *g)
{
    for (size_t i = 0; i < g->lines.count; i++) {
        const char *key = g->lines.items[i].key;
        bool known = key[0] == '@';

        for (size_t k = 0; k < ARRAY_SIZE(key_order) && !known; k++)
            known = strcmp(key_order[k], key) == 0 && strcmp(key, "id") != 0;
        if (!known)
            return key;
    }
    return NULL;
}

/* What the index answers to a put, as tables write it. */
static const char *put_name(int r)
{
    switch (r) {
    case 0:
        return "ok";
    case -ESTALE:
        return "stale";
    case -EPERM:
        return "unverified";
    case -EINVAL:
        return "identity";
    default:
        return "?";
    }
}

int scene_put(struct scene *s, const char *document, size_t size, const struct table_lines *lines,
              struct scene_put *ret)
{
    struct document_error bad = {0};
    struct scene_books books;
    struct grant *grant;
    struct grant_entry *entry = NULL;
    int r;

    if (grant_parse(document, size, &grant, &bad) < 0) {
        snprintf(ret->error, SCENE_TEXT_SIZE, "document line %u: %s\n%.*s", bad.line, bad.reason, (int)size,
                 document);
        return -1;
    }
    if (scene_books_read(&books, lines, ret->error) < 0) {
        grant_free(grant);
        return -1;
    }
    r = grant_index_put(s->index, grant, books.standing, books.votes_until, books.session_max, &entry);
    if (r == 0)
        scene_books_apply(&books, entry);
    ret->expected = books.put;
    ret->answer = put_name(r);
    return 0;
}

static int put_grant(struct scene *s, const struct table *t, const struct table_grant *g, char *error)
{
    cleanup_free char *text = document_of(t, g);
    struct scene_put put;

    if (unknown_key(g) || !text) {
        snprintf(error, SCENE_TEXT_SIZE, "grant %c: no such line: %s", g->name, text ? unknown_key(g) : "");
        return -1;
    }
    if (scene_put(s, text, strlen(text), &g->lines, &put) < 0) {
        snprintf(error, SCENE_TEXT_SIZE, "grant %c, %.1000s", g->name, put.error);
        return -1;
    }
    if (strcmp(put.answer, put.expected) != 0) {
        snprintf(error, SCENE_TEXT_SIZE, "grant %c: put is %s, not %s", g->name, put.answer, put.expected);
        return -1;
    }
    return 0;
}

int scene_make(struct scene *s, const struct table *t, const struct table_case *c,
               char error[static SCENE_TEXT_SIZE])
{
    static const uint8_t seed[GRANT_INDEX_SEED_SIZE] = {1, 2, 3};

    memset(s, 0, sizeof *s);
    if (grant_index_new(seed, &s->index) < 0) {
        snprintf(error, SCENE_TEXT_SIZE, "no memory");
        return -1;
    }
    for (size_t i = 0; i < c->n_grants; i++)
        if (put_grant(s, t, &c->grants[i], error) < 0)
            return -1;
    return scene_facts_read(s, table_facts(t), &c->facts, error);
}

void scene_done(struct scene *s)
{
    s->index = grant_index_free(s->index);
}
