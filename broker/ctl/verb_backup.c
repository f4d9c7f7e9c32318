#include "broker/common/files.h"
#include "broker/ctl/backup_files.h"
#include "broker/ctl/call.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPYING_MS 3600000 /* a large store on a slow disk */

struct making {
    const struct cli *cli;
    const char *path;
    int folder;
    bool made; /* the folder itself */
    struct manifest manifest;
    json_t *checked;
};

static void making_done(struct making *m)
{
    m->folder = close_fd(m->folder);
    json_decref(m->checked);
}

/* ---- the folder ---- */

static bool is_empty(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *e;
    bool empty = d != NULL;

    while (d && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            empty = false;
    if (d)
        (void)closedir(d);
    return empty;
}

static enum exit_code make_folder(struct making *m)
{
    m->made = mkdir(m->path, 0700) == 0;
    if (!m->made && errno != EEXIST)
        return cli_fail(m->cli, EXIT_REFUSED, _("cannot make %s: %s"), m->path, strerror(errno));
    m->folder = open(m->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (m->folder < 0)
        return cli_fail(m->cli, EXIT_REFUSED, _("cannot open %s: %s"), m->path, strerror(errno));
    if (!m->made && !is_empty(m->path))
        return cli_fail(m->cli, EXIT_REFUSED, _("%s is not empty; a backup gets a folder of its own"),
                        m->path);
    if (fchmod(m->folder, 0700) < 0)
        return cli_fail(m->cli, EXIT_REFUSED, _("cannot close %s to others: %s"), m->path, strerror(errno));
    return EXIT_DONE;
}

/* A part of a backup is none. */
static void remove_all(struct making *m)
{
    if (m->folder < 0 || m->manifest.n_files == 0)
        return;
    for (size_t i = 0; i < m->manifest.n_files; i++)
        (void)unlinkat(m->folder, m->manifest.files[i].name, 0);
    (void)unlinkat(m->folder, MANIFEST_NAME, 0);
}

/* ---- what goes in ---- */

static enum exit_code not_written(const struct making *m, const char *name, int error)
{
    return cli_fail(m->cli, EXIT_REFUSED, _("cannot write %s/%s: %s; there is no backup"), m->path, name,
                    strerror(-error));
}

static enum exit_code take(struct making *m, int folder, const char *from, const char *name,
                           const char *expected)
{
    uint8_t sha256[32];
    uint64_t size;
    int r = backup_copy(folder, from, m->folder, name, 0600, sha256, &size);

    if (r == 0)
        r = manifest_add(&m->manifest, name, size, sha256);
    if (r < 0)
        return not_written(m, name, r);
    if (expected && strcmp(manifest_find(&m->manifest, name)->sha256, expected) != 0)
        return cli_fail(m->cli, EXIT_REFUSED, _("%s changed on its way; there is no backup"), from);
    return EXIT_DONE;
}

static int write_octets(int folder, const char *name, const char *text)
{
    cleanup_close int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t size = strlen(text);
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = write(fd, text, size);
    if (n == (ssize_t)size && fsync(fd) == 0 && fsync(folder) == 0)
        return 0;
    n = n < 0 || n == (ssize_t)size ? -errno : -ENOSPC;
    (void)unlinkat(folder, name, 0);
    return (int)n;
}

/* So that the copy holds a fresh one. A ledger that cannot be signed is worth a copy all the same: it is
 * said. */
static enum exit_code ask_for_checkpoint(const struct making *m)
{
    struct cli said = *m->cli;
    cleanup_json json_t *reply = NULL;
    enum exit_code code;

    said.json = false;
    code = call_broker(&said, "LedgerCheckpoint", json_object(), CALL_TIMEOUT_MS, &reply);
    return code == EXIT_REFUSED ? EXIT_DONE : code;
}

/* What the signatures in the ledger are verified with, where there is one. */
static enum exit_code take_public_key(struct making *m)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(m->cli, "LedgerKey", json_object(), CALL_TIMEOUT_MS, &reply);
    const char *pem;
    uint8_t sha256[32];
    int r;

    if (code != EXIT_DONE)
        return code;
    pem = json_string_value(json_object_get(reply, "public"));
    if (!pem)
        return EXIT_DONE;
    r = write_octets(m->folder, BACKUP_PUBLIC, pem);
    if (r == 0)
        r = digest_sha256(pem, strlen(pem), sha256);
    if (r == 0)
        r = manifest_add(&m->manifest, BACKUP_PUBLIC, strlen(pem), sha256);
    return r < 0 ? not_written(m, BACKUP_PUBLIC, r) : EXIT_DONE;
}

/* Where the copy lies is hufud's word, and root takes it away from there: so it is in a folder of hufud's
 * own, or nowhere. Its descriptor, or -1; *name is what comes behind it. */
static int open_shelf(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    const struct passwd *user = getpwnam(BACKUP_USER);
    cleanup_free char *folder = slash ? strndup(path, (size_t)(slash - path)) : NULL;
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    struct stat st;

    *name = slash ? slash + 1 : path;
    if (fd < 0 || (user && fstat(fd, &st) == 0 && st.st_uid == user->pw_uid))
        return fd;
    return close_fd(fd);
}

static enum exit_code take_store(struct making *m)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(m->cli, "Backup", json_object(), COPYING_MS, &reply);
    const char *path, *name = NULL;
    cleanup_close int shelf = -1;

    if (code != EXIT_DONE)
        return code;
    path = table_text(reply, "path");
    shelf = open_shelf(path, &name);
    if (shelf < 0)
        return cli_fail(m->cli, EXIT_REFUSED, _("%s is in no folder of the user %s; there is no backup"),
                        path, BACKUP_USER);
    code = take(m, shelf, name, BACKUP_STORE, table_text(reply, "sha256"));
    (void)unlinkat(shelf, name, 0);
    if (code != EXIT_DONE)
        return code;
    m->manifest.sequence = (uint64_t)json_integer_value(json_object_get(reply, "sequence"));
    (void)snprintf(m->manifest.hash, sizeof(m->manifest.hash), "%s", table_text(reply, "hash"));
    return EXIT_DONE;
}

static enum exit_code take_configuration(struct making *m)
{
    cleanup_close int folder = open(BACKUP_ETC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (size_t i = 0; backup_configuration[i]; i++) {
        enum exit_code code;

        if (faccessat(folder, backup_configuration[i], F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
            continue;
        code = take(m, folder, backup_configuration[i], backup_configuration[i], NULL);
        if (code != EXIT_DONE)
            return code;
    }
    return EXIT_DONE;
}

/* What is in a copy says the copy. */
static enum exit_code check(struct making *m)
{
    cleanup_free char *path = NULL;
    enum exit_code code;

    if (asprintf(&path, "%s/" BACKUP_STORE, m->path) < 0) {
        path = NULL;
        return cli_fail(m->cli, EXIT_REFUSED, _("out of memory"));
    }
    code = backup_check_store(m->cli, path, &m->checked);
    if (code != EXIT_DONE)
        return code;
    (void)snprintf(m->manifest.host, sizeof(m->manifest.host), "%s", table_text(m->checked, "host"));
    (void)snprintf(m->manifest.machine_id, sizeof(m->manifest.machine_id), "%s",
                   table_text(m->checked, "machine_id"));
    (void)snprintf(m->manifest.ledger, sizeof(m->manifest.ledger), "%s", table_text(m->checked, "ledger"));
    return EXIT_DONE;
}

/* The last one at or before the last record of the copy. */
static enum exit_code take_checkpoint(struct making *m)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(
        m->cli, "Audit", json_pack("{ss si}", "event", "checkpoint", "limit", 20), CALL_TIMEOUT_MS, &reply);
    json_t *record;
    json_int_t latest = 0;
    size_t i;

    json_array_foreach(json_object_get(reply, "records"), i, record)
    {
        json_int_t sequence = json_integer_value(json_object_get(record, "sequence"));

        if (sequence <= latest || (uint64_t)sequence > m->manifest.sequence)
            continue;
        latest = sequence;
        (void)snprintf(m->manifest.checkpoint, sizeof(m->manifest.checkpoint), "%s",
                       table_text(record, "detail"));
    }
    return code;
}

/* Last: without it there is no backup. */
static enum exit_code write_manifest(struct making *m)
{
    cleanup_free char *text = NULL;
    int r;

    m->manifest.time = m->cli->now;
    (void)snprintf(m->manifest.version, sizeof(m->manifest.version), "%s", HUFU_VERSION);
    text = manifest_format(&m->manifest);
    r = text ? write_octets(m->folder, MANIFEST_NAME, text) : -ENOMEM;
    if (r == 0)
        r = files_sync_folder(m->path);
    return r < 0 ? not_written(m, MANIFEST_NAME, r) : EXIT_DONE;
}

/* ---- */

static enum exit_code report(const struct making *m)
{
    if (m->cli->json) {
        cleanup_json json_t *value =
            json_pack("{ss sI ss ss}", "path", m->path, "sequence", (json_int_t)m->manifest.sequence, "hash",
                      m->manifest.hash, "host", m->manifest.host);

        return call_print_json(m->cli, value);
    }
    (void)fprintf(m->cli->out, _("Backed up and checked: %s, the store of %s up to record %llu.\n"), m->path,
                  m->manifest.host, (unsigned long long)m->manifest.sequence);
    text_print_wrapped(
        m->cli->out,
        _("No private key is in it: the ledger's key stays on this host, and hufud(8) says how to make "
          "another "
          "one if it is lost. Keep the backup on another machine, closed to others. Try it there: `hufuctl "
          "restore DIR --check` needs nothing of this host."));
    return EXIT_DONE;
}

static enum exit_code make(struct making *m)
{
    enum exit_code code = make_folder(m);

    if (code == EXIT_DONE)
        code = ask_for_checkpoint(m);
    if (code == EXIT_DONE)
        code = take_store(m);
    if (code == EXIT_DONE)
        code = take_configuration(m);
    if (code == EXIT_DONE)
        code = take_public_key(m);
    if (code == EXIT_DONE)
        code = check(m);
    if (code == EXIT_DONE)
        code = take_checkpoint(m);
    if (code == EXIT_DONE)
        code = write_manifest(m);
    if (code == EXIT_DONE)
        return report(m);
    remove_all(m);
    if (m->made)
        (void)rmdir(m->path);
    return code;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    cleanup(making_done) struct making m = {.cli = cli, .path = arguments->items[0], .folder = -1};

    (void)settings;
    if (geteuid() != 0)
        return cli_fail(cli, EXIT_NOT_PERMITTED, _("backup is for root"));
    return make(&m);
}

const struct verb verb_backup = {
    .name = "backup",
    .arguments = "DIR",
    .summary = N_("copy the store and the configuration, while all goes on"),
    .text = N_(
        "Has hufud copy its store as it is at one record, while logins go on, and puts the copy into a new "
        "or empty folder with the configuration and a manifest that has the SHA-256 of each file. The copy "
        "is checked record by record. Private keys are not in it. It is put on record. For root."),
    .example = "  hufuctl backup /srv/backup/db01-2026-11-22",
    .options = NULL,
    .n_options = 0,
    .least = 1,
    .most = 1,
    .settings_size = 1,
    .run = run,
};
