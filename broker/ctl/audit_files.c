#include "broker/ctl/audit_files.h"

#include "broker/audit/checkpoint.h"
#include "broker/audit/export_read.h"
#include "broker/audit/record_json.h"
#include "broker/common/files.h"
#include "broker/ipc/varlink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The latest records so far, by time. There is room for twice as many as are wanted, so that the old ones are
 * seldom dropped. */
struct kept {
    struct record *record;
    char host[CHECKPOINT_HOST_SIZE];
};

struct latest {
    struct kept *items;
    size_t n, limit;
};

static void latest_done(struct latest *l)
{
    for (size_t i = 0; i < l->n; i++)
        record_free_array(l->items[i].record, 1);
    free(l->items);
}

static void drop_old(struct latest *l)
{
    size_t old = l->n > l->limit ? l->n - l->limit : 0;

    for (size_t i = 0; i < old; i++)
        record_free_array(l->items[i].record, 1);
    l->n -= old;
    memmove(l->items, l->items + old, l->n * sizeof(*l->items));
}

/* Records come by time, nearly all of them. */
static int take(struct latest *l, const struct record *r, const char *host)
{
    struct kept new = {.record = NULL};
    size_t at;

    if (l->n == 2 * l->limit)
        drop_old(l);
    if (record_copy(r, &new.record) < 0)
        return -ENOMEM;
    (void)snprintf(new.host, sizeof(new.host), "%s", host);
    for (at = l->n; at > 0 && l->items[at - 1].record->at_us > r->at_us; at--)
        ;
    memmove(l->items + at + 1, l->items + at, (l->n - at) * sizeof(*l->items));
    l->items[at] = new;
    l->n++;
    return 0;
}

static json_t *latest_json(struct latest *l)
{
    cleanup_json json_t *records = json_array();

    drop_old(l);
    for (size_t i = 0; i < l->n; i++) {
        json_t *record = record_json(l->items[i].record);

        if (!record || json_object_set_new(record, "host", json_string(l->items[i].host)) < 0 ||
            json_array_append(records, record) < 0) {
            json_decref(record);
            return NULL;
        }
        json_decref(record);
    }
    return json_pack("{sO}", "records", records);
}

static enum exit_code say_bad_file(const struct cli *cli, const char *path, int r, const char *error)
{
    if (r == -EBADMSG)
        return cli_fail(cli, EXIT_REFUSED, _("%s: %s"), path, error);
    return cli_fail(cli, r == -ENOENT ? EXIT_NOT_FOUND : EXIT_REFUSED, _("%s cannot be read: %s"), path,
                    strerror(-r));
}

static enum exit_code read_file(const struct cli *cli, const char *path, const struct record_filter *filter,
                                const char *host, struct latest *l)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    cleanup(export_close_p) struct export_file *file = NULL;
    char error[EXPORT_ERROR_SIZE] = "";
    const char *of;
    struct record r;
    int e = fd < 0 ? -errno : export_open(fd, &file, error);

    if (e < 0)
        return say_bad_file(cli, path, e, error);
    of = export_file_head(file)->host;
    if (host && strcmp(host, of) != 0)
        return EXIT_DONE;
    while ((e = export_next(file, &r, error)) == 1)
        if (record_filter_matches(filter, &r) && take(l, &r, of) < 0)
            return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return e < 0 ? say_bad_file(cli, path, e, error) : EXIT_DONE;
}

enum exit_code audit_files_read(const struct cli *cli, const struct option_list *files,
                                const struct record_filter *filter, const char *host, json_t **ret)
{
    cleanup(latest_done) struct latest l = {.limit = filter->limit};
    enum exit_code code = EXIT_DONE;

    *ret = NULL;
    l.items = calloc(2 * l.limit, sizeof(*l.items));
    if (!l.items)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    for (size_t i = 0; i < files->count && code == EXIT_DONE; i++)
        code = read_file(cli, files->items[i], filter, host, &l);
    if (code != EXIT_DONE)
        return code;
    *ret = latest_json(&l);
    return *ret ? EXIT_DONE : cli_fail(cli, EXIT_REFUSED, _("out of memory"));
}
