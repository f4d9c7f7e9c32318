#include "broker/common/files.h"
#include "broker/ctl/backup_files.h"
#include "broker/ctl/call.h"
#include "broker/ctl/restore.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option_row rows[] = {
    {"check", 0, OPTION_FLAG, false, NULL, N_("look at it only; needs no broker and changes nothing"),
     offsetof(struct restore_settings, check)},
    {"configuration", 0, OPTION_FLAG, false, NULL, N_("put the files of /etc/hufu back, too"),
     offsetof(struct restore_settings, configuration)},
};

static enum exit_code damaged(const struct restore *r, const char *name, const char *what)
{
    return cli_fail(r->cli, EXIT_REFUSED, _("%s is no good backup: %s %s"), r->path, name, what);
}

static enum exit_code read_manifest(struct restore *r)
{
    cleanup_free char *path = NULL;
    cleanup_free char *octets = NULL;
    size_t size = 0;
    unsigned line;
    int e;

    if (asprintf(&path, "%s/" MANIFEST_NAME, r->path) < 0) {
        path = NULL;
        return cli_fail(r->cli, EXIT_REFUSED, _("out of memory"));
    }
    e = files_read(path, (uid_t)-1, MANIFEST_SIZE, &octets, &size);
    if (e == -ENOENT)
        return damaged(r, MANIFEST_NAME, _("is missing: it is written last, so this was not finished"));
    if (e < 0)
        return damaged(r, MANIFEST_NAME, strerror(-e));
    if (manifest_parse(octets, size, &r->manifest, &line) < 0)
        return cli_fail(r->cli, EXIT_REFUSED, _("%s is no good backup: %s, line %u, is cut or was changed"),
                        r->path, MANIFEST_NAME, line);
    return EXIT_DONE;
}

static enum exit_code check_file(const struct restore *r, const struct manifest_file *f)
{
    cleanup_close int fd = openat(r->folder, f->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    char text[MANIFEST_DIGEST];
    uint8_t sha256[32];
    uint64_t size = 0;
    int e;

    if (fd < 0)
        return damaged(r, f->name, errno == ENOENT ? _("is missing") : strerror(errno));
    e = digest_file(fd, sha256, &size);
    if (e < 0)
        return damaged(r, f->name, strerror(-e));
    if (size != f->size)
        return damaged(r, f->name, size < f->size ? _("is shorter than it was") : _("is longer than it was"));
    ident_format_hex(sha256, sizeof(sha256), text);
    return strcmp(text, f->sha256) == 0 ? EXIT_DONE
                                        : damaged(r, f->name, _("is not the file that was written"));
}

static enum exit_code check_strangers(const struct restore *r)
{
    DIR *d = opendir(r->path);
    enum exit_code code = EXIT_DONE;
    const struct dirent *e;

    while (d && code == EXIT_DONE && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            strcmp(e->d_name, MANIFEST_NAME) != 0 && !manifest_find(&r->manifest, e->d_name))
            code = damaged(r, e->d_name, _("is not in its manifest"));
    if (d)
        (void)closedir(d);
    return code;
}

static enum exit_code check_files(const struct restore *r)
{
    enum exit_code code = check_strangers(r);

    for (size_t i = 0; i < r->manifest.n_files && code == EXIT_DONE; i++)
        code = check_file(r, &r->manifest.files[i]);
    return code;
}

static bool is_the_same(const struct restore *r)
{
    const struct manifest *m = &r->manifest;

    return (uint64_t)json_integer_value(json_object_get(r->store, "last")) == m->sequence &&
           strcmp(table_text(r->store, "hash"), m->hash) == 0 &&
           strcmp(table_text(r->store, "host"), m->host) == 0 &&
           strcmp(table_text(r->store, "machine_id"), m->machine_id) == 0 &&
           strcmp(table_text(r->store, "ledger"), m->ledger) == 0;
}

static enum exit_code check_store(struct restore *r)
{
    cleanup_free char *path = NULL;
    enum exit_code code;

    if (asprintf(&path, "%s/" BACKUP_STORE, r->path) < 0) {
        path = NULL;
        return cli_fail(r->cli, EXIT_REFUSED, _("out of memory"));
    }
    code = backup_check_store(r->cli, path, &r->store);
    if (code == EXIT_DONE && !is_the_same(r))
        code = damaged(r, BACKUP_STORE, _("is another store than its manifest says"));
    return code;
}

static enum exit_code check(struct restore *r)
{
    enum exit_code code = EXIT_DONE;

    r->path = realpath(r->given, NULL);
    r->folder = r->path ? open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (r->folder < 0)
        code = cli_fail(r->cli, EXIT_REFUSED, _("cannot open %s: %s"), r->given, strerror(errno));
    if (code == EXIT_DONE)
        code = read_manifest(r);
    if (code == EXIT_DONE)
        code = check_files(r);
    return code == EXIT_DONE ? check_store(r) : code;
}

/* ---- what is told ---- */

static long long number(const struct restore *r, const char *name)
{
    return (long long)json_integer_value(json_object_get(r->store, name));
}

static void print(const struct restore *r)
{
    const struct manifest *m = &r->manifest;
    char time[WHEN_TEXT_SIZE];
    FILE *out = r->cli->out;

    when_format(m->time, time);
    (void)fprintf(out, _("The backup is whole: each file, each page and each record was looked at.\n"));
    (void)fprintf(out, _("Host:            %s, machine-id %s\n"), m->host, m->machine_id);
    (void)fprintf(out, _("Made:            %s (%lld h ago), by version %s\n"), time,
                  (long long)((r->cli->now - m->time) / 3600), m->version);
    (void)fprintf(out, _("Records:         %lld to %lld, the last of %s\n"), number(r, "first"),
                  number(r, "last"), table_text(r->store, "last_at"));
    (void)fprintf(out, _("Grants:          %lld, uses taken of them %lld\n"), number(r, "grants"),
                  number(r, "uses"));
    (void)fprintf(out, _("Taken away:      %lld revocations, %lld locks\n"), number(r, "tombstones"),
                  number(r, "locks"));
    (void)fprintf(out, _("Sessions open:   %lld\n"), number(r, "sessions_open"));
    (void)fprintf(out, _("Checkpoint:      %s\n"), m->checkpoint[0] != '\0' ? m->checkpoint : "-");
}

static json_t *files_json(const struct restore *r)
{
    json_t *files = json_array();

    for (size_t i = 0; i < r->manifest.n_files; i++)
        (void)json_array_append_new(files, json_string(r->manifest.files[i].name));
    return files;
}

static enum exit_code report_json(const struct restore *r, bool restored)
{
    cleanup_json json_t *value = json_deep_copy(r->store);
    char time[WHEN_TEXT_SIZE];

    when_format(r->manifest.time, time);
    (void)json_object_set_new(value, "made_at", json_string(time));
    (void)json_object_set_new(value, "files", files_json(r));
    (void)json_object_set_new(value, "restored", json_boolean(restored));
    return call_print_json(r->cli, value);
}

static void restore_done(struct restore *r)
{
    r->folder = close_fd(r->folder);
    free(r->path);
    json_decref(r->store);
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct restore_settings *s = settings;
    cleanup(restore_done) struct restore r = {.cli = cli, .given = arguments->items[0], .folder = -1};
    enum exit_code code;

    if (!s->check && geteuid() != 0)
        return cli_fail(cli, EXIT_NOT_PERMITTED, _("restore is for root; anybody may --check"));
    code = check(&r);
    if (code == EXIT_DONE && !s->check)
        code = restore_put_in_place(&r, s);
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        return report_json(&r, !s->check);
    print(&r);
    if (!s->check)
        restore_say_next(&r);
    return EXIT_DONE;
}

const struct verb verb_restore = {
    .name = "restore",
    .arguments = "DIR",
    .summary = N_("check a backup, or put it back"),
    .text = N_(
        "Checks a backup: its manifest, each file, each page of the store, each record of the ledger. With "
        "--check that is all, on any machine where Hufu is installed. Without it, and while hufud is "
        "stopped, "
        "puts the store in place of the one that is there, which is kept beside it. Nobody gated is let in "
        "then until root has confirmed it (hufuctl host confirm), since it does not know what was used and "
        "revoked after it was copied. For root; --check for whoever may read it."),
    .example = "  hufuctl restore /srv/backup/db01-2026-11-22 --check",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct restore_settings),
    .run = run,
};
