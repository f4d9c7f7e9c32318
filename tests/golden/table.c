#include "tests/golden/table.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFINES_MAX = 32,
    FILES_MAX = 4,
    FILE_SIZE_MAX = 1 << 20,
    PATH_SIZE = 4096,
};

struct define {
    const char *name;
    const char *value;
};

struct table {
    char *texts[FILES_MAX]; /* all strings point into these */
    size_t n_texts;
    struct define defines[DEFINES_MAX];
    size_t n_defines;
    struct table_lines template;
    struct table_lines facts;
    struct table_case *cases;
    size_t n_cases;
};

/* Where the reader is. */
struct reader {
    struct table *table;
    const char *path;
    unsigned number;
    bool included;
    struct table_lines *section; /* that indented lines go to; NULL in a case */
    struct table_case *in_case;
    struct table_grant *in_grant;
};

static int complain(const struct reader *r, const char *what, const char *word)
{
    fprintf(stderr, "%s:%u: %s: %s\n", r->path, r->number, what, word);
    return -1;
}

static int read_file(const char *path, char **ret)
{
    cleanup_free char *text = (char *)malloc(FILE_SIZE_MAX + 1);
    FILE *f = fopen(path, "re");
    size_t size;

    if (!f || !text) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        if (f)
            fclose(f);
        return -1;
    }
    size = fread(text, 1, FILE_SIZE_MAX, f);
    fclose(f);
    if (size == FILE_SIZE_MAX || memchr(text, '\0', size)) {
        fprintf(stderr, "%s: too large, or holds a NUL\n", path);
        return -1;
    }
    text[size] = '\0';
    *ret = steal_pointer(&text);
    return 0;
}

/* `$NAME` as a whole value stands for what was defined. */
static const char *expand(const struct reader *r, const char *value)
{
    if (value[0] != '$')
        return value;
    for (size_t i = 0; i < r->table->n_defines; i++)
        if (strcmp(r->table->defines[i].name, value + 1) == 0)
            return r->table->defines[i].value;
    return NULL;
}

/* Whether a grant's line may stand more than once. */
static bool may_repeat(const char *key)
{
    static const char *const keys[] = {"staff-key", "host",    "service", "channel",
                                       "run-as",    "command", "source",  "hours"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static int add_line(struct reader *r, struct table_lines *to, bool document, char *text)
{
    char *colon = strstr(text, ": ");
    const char *value;

    if (!colon)
        return complain(r, "not `key: value`", text);
    *colon = '\0';
    value = expand(r, colon + 2);
    if (!value)
        return complain(r, "not defined", colon + 2);
    if (table_get(to, text) && !(document && may_repeat(text)))
        return complain(r, "stands twice", text);
    if (to->count == TABLE_LINES_MAX)
        return complain(r, "too many lines", text);
    to->items[to->count++] = (struct table_line){.number = r->number, .key = text, .value = value};
    return 0;
}

static int begin_grant(struct reader *r, const char *name)
{
    struct table_case *c = r->in_case;

    if (!c)
        return complain(r, "grant outside of a case", name);
    if (name[0] < 'A' || name[0] > 'F' || name[1] != '\0')
        return complain(r, "grants are named A to F", name);
    if (c->n_grants == TABLE_GRANTS_MAX)
        return complain(r, "too many grants", name);
    r->in_grant = &c->grants[c->n_grants++];
    *r->in_grant = (struct table_grant){.number = r->number, .name = name[0]};
    return 0;
}

static int begin_case(struct reader *r, const char *name)
{
    struct table *t = r->table;
    struct table_case *cases;

    for (size_t i = 0; i < t->n_cases; i++)
        if (strcmp(t->cases[i].name, name) == 0)
            return complain(r, "a case of this name is there already", name);
    cases = (struct table_case *)reallocarray(t->cases, t->n_cases + 1, sizeof(struct table_case));
    if (!cases)
        return complain(r, "no memory", name);
    t->cases = cases;
    r->in_case = &t->cases[t->n_cases++];
    memset(r->in_case, 0, sizeof *r->in_case);
    r->in_case->number = r->number;
    r->in_case->name = name;
    return 0;
}

static int define(struct reader *r, char *text)
{
    char *blank = strchr(text, ' ');

    if (!blank || r->table->n_defines == DEFINES_MAX)
        return complain(r, "not `define NAME VALUE`, or too many", text);
    *blank = '\0';
    r->table->defines[r->table->n_defines++] = (struct define){.name = text, .value = blank + 1};
    return 0;
}

static int read_text(struct table *t, const char *path, bool included);

static int include(struct reader *r, const char *name)
{
    char folder[PATH_SIZE], path[PATH_SIZE];

    if (r->included)
        return complain(r, "included files include nothing", name);
    if ((size_t)snprintf(folder, sizeof folder, "%s", r->path) >= sizeof folder ||
        (size_t)snprintf(path, sizeof path, "%s/%s", dirname(folder), name) >= sizeof path)
        return complain(r, "too long", name);
    return read_text(r->table, path, true);
}

static int begin_section(struct reader *r, char *text)
{
    r->section = NULL;
    r->in_case = NULL;
    r->in_grant = NULL;
    if (strncmp(text, "include ", 8) == 0)
        return include(r, text + 8);
    if (strncmp(text, "define ", 7) == 0)
        return define(r, text + 7);
    if (strncmp(text, "case ", 5) == 0)
        return begin_case(r, text + 5);
    if (strcmp(text, "template") == 0)
        r->section = &r->table->template;
    else if (strcmp(text, "facts") == 0)
        r->section = &r->table->facts;
    else
        return complain(r, "no such section", text);
    return 0;
}

static int read_line(struct reader *r, char *line)
{
    size_t indent = strspn(line, " ");
    char *text = line + indent;

    if (*text == '\0' || *line == '#')
        return 0;
    if (strchr(line, '\t') || line[strlen(line) - 1] == ' ')
        return complain(r, "a tab, or a blank at the end", text);
    if (indent == 0)
        return begin_section(r, text);
    if (indent == 8 && r->in_grant)
        return add_line(r, &r->in_grant->lines, true, text);
    if (indent == 4 && r->section)
        return add_line(r, r->section, r->section == &r->table->template, text);
    if (indent == 4 && strncmp(text, "grant ", 6) == 0)
        return begin_grant(r, text + 6);
    if (indent == 4 && r->in_case) {
        r->in_grant = NULL;
        return add_line(r, &r->in_case->facts, false, text);
    }
    return complain(r, "belongs to nothing", text);
}

static int read_text(struct table *t, const char *path, bool included)
{
    struct reader r = {.table = t, .path = path, .included = included};
    char *rest;

    if (t->n_texts == FILES_MAX)
        return complain(&r, "too many files", path);
    if (read_file(path, &t->texts[t->n_texts]) < 0)
        return -1;
    rest = t->texts[t->n_texts++];
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        r.number++;
        if (read_line(&r, line) < 0)
            return -1;
    }
    return 0;
}

DEFINE_CLEANUP(struct table, table_free);

int table_read(const char *path, struct table **ret)
{
    cleanup(table_free_p) struct table *t = (struct table *)calloc(1, sizeof(struct table));

    if (!t || read_text(t, path, false) < 0)
        return -1;
    *ret = steal_pointer(&t);
    return 0;
}

struct table *table_free(struct table *t)
{
    if (!t)
        return NULL;
    for (size_t i = 0; i < t->n_texts; i++)
        free(t->texts[i]);
    free(t->cases);
    free(t);
    return NULL;
}

const struct table_lines *table_template(const struct table *t)
{
    return &t->template;
}

const struct table_lines *table_facts(const struct table *t)
{
    return &t->facts;
}

size_t table_n_cases(const struct table *t)
{
    return t->n_cases;
}

const struct table_case *table_case_at(const struct table *t, size_t i)
{
    return &t->cases[i];
}

const char *table_get(const struct table_lines *lines, const char *key)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strcmp(lines->items[i].key, key) == 0)
            return lines->items[i].value;
    return NULL;
}
