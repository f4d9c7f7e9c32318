#include "broker/review/auditd.h"

#include "broker/review/auditd_fields.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#define OPEN_MAX_EVENTS 32 /* whose end has not come; more are never interleaved */
#define WHAT_SIZE       40
#define UNSET           4294967295U

/* An event of which some lines have come. */
struct event {
    bool used, denied;
    int64_t time;
    uint64_t serial;
    uint32_t uid;
    char what[WHAT_SIZE];
    char program[PATH_MAX], cwd[PATH_MAX], path[PATH_MAX];
    uint64_t order;
};

struct auditd {
    when_t from, until;
    struct event events[OPEN_MAX_EVENTS];
    uint64_t order;
    struct auditd_row *rows;
    size_t n, room;
    size_t *table; /* by uid, what and path: index + 1 */
    uint64_t left_out;
    struct auditd_row rest;
};

#define TABLE_ROOM ((size_t)16384) /* a power of two, over twice AUDITD_ROWS_MAX */

int auditd_new(when_t from, when_t until, struct auditd **ret)
{
    struct auditd *a = calloc(1, sizeof(*a));

    *ret = NULL;
    if (!a)
        return -ENOMEM;
    a->table = calloc(TABLE_ROOM, sizeof(*a->table));
    if (!a->table) {
        free(a);
        return -ENOMEM;
    }
    a->from = from;
    a->until = until;
    *ret = a;
    return 0;
}

static void free_row(struct auditd_row *row)
{
    char *what, *path;

    memcpy(&what, &row->what, sizeof(what));
    memcpy(&path, &row->path, sizeof(path));
    free(what);
    free(path);
}

struct auditd *auditd_free(struct auditd *a)
{
    if (!a)
        return NULL;
    for (size_t i = 0; i < a->n && i < AUDITD_ROWS_MAX; i++)
        free_row(&a->rows[i]);
    free(a->rows);
    free(a->table);
    free(a);
    return NULL;
}

/* ---- counting ---- */

static size_t hash_of(uint32_t uid, const char *what, const char *path)
{
    uint64_t h = 0xcbf29ce484222325 ^ uid;

    for (; *what != '\0'; what++)
        h = (h ^ (unsigned char)*what) * 0x100000001b3;
    for (; *path != '\0'; path++)
        h = (h ^ (unsigned char)*path) * 0x100000001b3;
    return (size_t)(h ^ (h >> 32)) & (TABLE_ROOM - 1);
}

static size_t *slot_of(struct auditd *a, uint32_t uid, const char *what, const char *path)
{
    size_t at = hash_of(uid, what, path);

    while (a->table[at] != 0) {
        const struct auditd_row *row = &a->rows[a->table[at] - 1];

        if (row->uid == uid && strcmp(row->what, what) == 0 && strcmp(row->path, path) == 0)
            break;
        at = (at + 1) & (TABLE_ROOM - 1);
    }
    return &a->table[at];
}

static int add_row(struct auditd *a, size_t *slot, const struct event *e, const char *path)
{
    struct auditd_row row = {.first = e->time, .uid = e->uid, .count = 1};

    if (a->n == a->room) {
        size_t room = a->room ? 2 * a->room : 64;
        struct auditd_row *more = reallocarray(a->rows, room + 1, sizeof(*more));

        if (!more)
            return -ENOMEM;
        a->rows = more;
        a->room = room;
    }
    row.what = strdup(e->what);
    row.path = strdup(path);
    if (!row.what || !row.path) {
        free_row(&row);
        return -ENOMEM;
    }
    a->rows[a->n++] = row;
    *slot = a->n;
    return 0;
}

static int count(struct auditd *a, const struct event *e, const char *path)
{
    size_t *slot = slot_of(a, e->uid, e->what, path);

    if (*slot != 0) {
        a->rows[*slot - 1].count++;
        return 0;
    }
    if (a->n < AUDITD_ROWS_MAX)
        return add_row(a, slot, e, path);
    if (a->left_out++ == 0)
        a->rest.first = e->time;
    return 0;
}

/* ---- events ---- */

static int finish(struct auditd *a, struct event *e)
{
    char path[2 * PATH_MAX];

    if (!e->used)
        return 0;
    e->used = false;
    if (!e->denied || e->time < a->from || e->time >= a->until)
        return 0;
    if (e->path[0] == '\0')
        (void)snprintf(path, sizeof(path), "%s", e->program);
    else if (e->path[0] == '/' || e->cwd[0] == '\0')
        (void)snprintf(path, sizeof(path), "%s", e->path);
    else
        (void)snprintf(path, sizeof(path), "%s/%s", strcmp(e->cwd, "/") == 0 ? "" : e->cwd, e->path);
    return count(a, e, path);
}

/* The event of a line; the one that waits longest makes room. NULL without memory. */
static struct event *event_of(struct auditd *a, const struct auditd_fields *f)
{
    struct event *oldest = &a->events[0];

    for (size_t i = 0; i < OPEN_MAX_EVENTS; i++) {
        struct event *e = &a->events[i];

        if (e->used && e->serial == f->serial && e->time == f->time)
            return e;
        if (!e->used || (oldest->used && e->order < oldest->order))
            oldest = e;
    }
    if (finish(a, oldest) < 0)
        return NULL;
    *oldest = (struct event){.used = true, .time = f->time, .serial = f->serial, .order = a->order++};
    return oldest;
}

static bool is_denied(const struct auditd_fields *f)
{
    char key[64];

    return auditd_field_text(f, "key", key, sizeof(key)) && strcmp(key, AUDITD_KEY) == 0;
}

static void take_call(struct event *e, const struct auditd_fields *f)
{
    uint64_t auid = UNSET, uid = UNSET, number = 0;
    size_t size;
    const char *name = auditd_field(f, "SYSCALL", &size);

    (void)auditd_field_number(f, "auid", &auid);
    (void)auditd_field_number(f, "uid", &uid);
    e->denied = is_denied(f);
    e->uid = (uint32_t)(auid != UNSET ? auid : uid);
    if (name && size > 0 && size < sizeof(e->what))
        (void)snprintf(e->what, sizeof(e->what), "%.*s", (int)size, name);
    else if (auditd_field_number(f, "syscall", &number) == 0)
        (void)snprintf(e->what, sizeof(e->what), "syscall %llu", (unsigned long long)number);
    (void)auditd_field_text(f, "exe", e->program, sizeof(e->program));
}

/* Of several it is the last one that is no folder on the way. */
static void take_path(struct event *e, const struct auditd_fields *f)
{
    char path[PATH_MAX];
    size_t size;
    const char *type = auditd_field(f, "nametype", &size);
    bool parent = type && size == 6 && memcmp(type, "PARENT", 6) == 0;

    if ((!parent || e->path[0] == '\0') && auditd_field_text(f, "name", path, sizeof(path)))
        memcpy(e->path, path, strlen(path) + 1);
}

int auditd_line(struct auditd *a, const char *line, size_t size)
{
    struct auditd_fields f;
    struct event *e;

    if (size > AUDITD_LINE_MAX || auditd_fields_parse(line, size, &f) < 0)
        return 0;
    if (strcmp(f.type, "SYSCALL") != 0 && strcmp(f.type, "CWD") != 0 && strcmp(f.type, "PATH") != 0 &&
        strcmp(f.type, "EOE") != 0)
        return 0;
    e = event_of(a, &f);
    if (!e)
        return -ENOMEM;
    if (strcmp(f.type, "SYSCALL") == 0)
        take_call(e, &f);
    else if (strcmp(f.type, "CWD") == 0)
        (void)auditd_field_text(&f, "cwd", e->cwd, sizeof(e->cwd));
    else if (strcmp(f.type, "PATH") == 0)
        take_path(e, &f);
    else
        return finish(a, e);
    return 0;
}

int auditd_end(struct auditd *a)
{
    for (size_t i = 0; i < OPEN_MAX_EVENTS; i++)
        if (finish(a, &a->events[i]) < 0)
            return -ENOMEM;
    if (a->left_out > 0) {
        a->rest.what = a->rest.path = "";
        a->rest.count = a->left_out;
        a->rows[AUDITD_ROWS_MAX] = a->rest;
        a->n = AUDITD_ROWS_MAX + 1;
    }
    return 0;
}

size_t auditd_rows(const struct auditd *a, const struct auditd_row **ret)
{
    *ret = a->rows;
    return a->n;
}
