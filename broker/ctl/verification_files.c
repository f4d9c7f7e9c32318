#include "broker/audit/export_read.h"
#include "broker/common/files.h"
#include "broker/ctl/verification.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Exports of one ledger that join, in whatever order they are given. */

struct part {
    const char *path;
    int fd;
    struct export_file *file;
    const struct export_head *head;
};

struct parts {
    struct part items[OPTION_LIST_MAX];
    size_t n;
};

static void parts_done(struct parts *p)
{
    for (size_t i = 0; i < p->n; i++) {
        export_close(p->items[i].file);
        close_fd(p->items[i].fd);
    }
}

static enum exit_code say_bad_file(const struct verification *v, const char *path, int r, const char *error)
{
    if (r == -EBADMSG)
        return cli_fail(v->cli, EXIT_REFUSED, _("%s: %s"), path, error);
    return cli_fail(v->cli, r == -ENOENT ? EXIT_NOT_FOUND : EXIT_REFUSED, _("%s cannot be read: %s"), path,
                    strerror(-r));
}

static enum exit_code open_part(struct verification *v, struct parts *parts, const char *path)
{
    struct part *p = &parts->items[parts->n];
    char error[EXPORT_ERROR_SIZE];
    int r;

    *p = (struct part){.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (p->fd < 0)
        return say_bad_file(v, path, -errno, "");
    parts->n++;
    (void)posix_fadvise(p->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    r = export_open(p->fd, &p->file, error);
    if (r < 0)
        return say_bad_file(v, path, r, error);
    p->head = export_file_head(p->file);
    return EXIT_DONE;
}

static int by_first(const void *a, const void *b)
{
    const struct part *x = a, *y = b;

    return (x->head->first > y->head->first) - (x->head->first < y->head->first);
}

/* All of one ledger, and filtered ones alone. */
static enum exit_code compare_heads(const struct verification *v, const struct parts *p)
{
    for (size_t i = 1; i < p->n; i++)
        if (strcmp(p->items[i].head->ledger, p->items[0].head->ledger) != 0)
            return cli_fail(v->cli, EXIT_USAGE,
                            _("%s and %s are of two ledgers; verify them one after the other"),
                            p->items[0].path, p->items[i].path);
    for (size_t i = 0; i < p->n && p->n > 1; i++)
        if (p->items[i].head->filter)
            return cli_fail(v->cli, EXIT_USAGE,
                            _("%s is a filtered export, which joins nothing; verify it alone"),
                            p->items[i].path);
    return EXIT_DONE;
}

static enum exit_code take_heads(struct verification *v, const struct parts *p)
{
    const struct export_head *first = p->items[0].head, *last = p->items[p->n - 1].head;
    enum exit_code code = compare_heads(v, p);

    if (code != EXIT_DONE)
        return code;
    /* What is not there cannot be told from what was taken out, and then hashes can be made anew by anybody.
     */
    if (first->filter && (v->keys.n_pinned > 0 || v->n_checkpoints > 0))
        return cli_fail(v->cli, EXIT_REFUSED,
                        _("%s is a filtered export: no signature vouches for its records, whatever key or "
                          "checkpoint is given; "
                          "verify an export without filters"),
                        p->items[0].path);
    for (size_t i = 0; i < p->n; i++)
        if (ledger_keys_name(&v->keys, p->items[i].head->key) < 0)
            return cli_fail(v->cli, EXIT_REFUSED, _("out of memory"));
    (void)snprintf(v->ledger, sizeof(v->ledger), "%s", first->ledger);
    (void)snprintf(v->host, sizeof(v->host), "%s", last->host);
    v->filter = json_incref(first->filter);
    return verification_begin(v, first->segments, first->n_segments, last->last);
}

/* 1: go on; 0: a bad record, no more is wanted; -errno. */
static int feed(struct verification *v, struct part *p)
{
    char error[EXPORT_ERROR_SIZE], text[CHAIN_TEXT_SIZE];
    struct record record;
    int r, e = 0;

    while ((r = export_next(p->file, &record, error)) == 1 && e == 0)
        e = verification_take(v, &record);
    if (e == 0 && r == -EBADMSG) {
        (void)snprintf(text, sizeof(text), "%.100s: %s", p->path, error);
        chain_break(v->chain, text);
    }
    if (e == -EBADMSG || r == -EBADMSG)
        return 0;
    if (e < 0 || r < 0)
        return e < 0 ? e : r;
    return 1;
}

enum exit_code verification_files(struct verification *v, const struct option_list *paths)
{
    cleanup(parts_done) struct parts parts = {.n = 0};
    enum exit_code code = EXIT_DONE;
    int r = 1;

    for (size_t i = 0; i < paths->count && code == EXIT_DONE; i++)
        code = open_part(v, &parts, paths->items[i]);
    if (code != EXIT_DONE)
        return code;
    v->outsider = true;
    qsort(parts.items, parts.n, sizeof(parts.items[0]), by_first);
    code = take_heads(v, &parts);
    for (size_t i = 0; i < parts.n && code == EXIT_DONE && r == 1; i++)
        r = feed(v, &parts.items[i]);
    if (code == EXIT_DONE && r < 0)
        return cli_fail(v->cli, EXIT_REFUSED, _("cannot verify: %s"), strerror(-r));
    if (code == EXIT_DONE && r == 1)
        (void)chain_end(v->chain);
    return code;
}
