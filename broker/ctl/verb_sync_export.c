#include "broker/common/files.h"
#include "broker/ctl/call.h"
#include "broker/ctl/directory.h"
#include "broker/ctl/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Sets of documents as LDIF, entry by entry: as much as there is passes through little memory. A file appears
 * under its name once it is whole. */

struct settings {
    const char *output, *directory;
};

static const struct option_row rows[] = {
    {"output", 'o', OPTION_TEXT, false, "FILE", N_("where to write it [standard output]"),
     offsetof(struct settings, output)},
    DIRECTORY_OPTION(offsetof(struct settings, directory)),
};

static const char *const attributes[] = {
    "objectClass", "cn",         "hufuDocument", "hufuApproval", "hufuId",   "hufuVersion", "hufuHost",
    "hufuStaff",   "hufuVendor", "hufuNotAfter", "hufuEpoch",    "hufuSlot", "hufuHolder",  NULL,
};

#define DOCUMENTS \
    "(|(objectClass=hufuTrust)(objectClass=hufuStatus)(objectClass=hufuRevocation)(objectClass=hufuGrant))"

struct export
{
    const struct cli *cli;
    FILE *out;
    size_t n;
};

static enum exit_code hear(struct ldif_record **record, void *userdata)
{
    struct export *e = userdata;
    cleanup_buf struct buf text = BUF_INIT;

    ldif_put_text(&text, "dn", (*record)->dn);
    for (size_t i = 0; i < (*record)->n_lines; i++)
        ldif_put(&text, (*record)->lines[i].name, (*record)->lines[i].value, (*record)->lines[i].size);
    ldif_put_end(&text);
    if (buf_error(&text) < 0 || fwrite(text.data, 1, text.size, e->out) != text.size)
        return cli_fail(e->cli, EXIT_REFUSED, _("cannot write the output"));
    e->n++;
    return EXIT_DONE;
}

/* Uses first: what is imported in this order has them before the grant. */
static enum exit_code write_all(struct directory *d, struct export *e)
{
    enum exit_code code;

    if (fputs("version: 1\n\n", e->out) == EOF)
        return cli_fail(d->cli, EXIT_REFUSED, _("cannot write the output"));
    code = directory_list(d, "ou=uses", "(objectClass=hufuUse)", attributes, hear, e);
    return code == EXIT_DONE ? directory_list(d, NULL, DOCUMENTS, attributes, hear, e) : code;
}

/* A file of its own until it is whole. */
static enum exit_code write_file(struct directory *d, const char *path, struct export *e)
{
    cleanup_free char *temporary = NULL;
    enum exit_code code;
    int fd = -1;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL; /* undefined after a failure, says asprintf(3) */
        return cli_fail(d->cli, EXIT_REFUSED, _("out of memory"));
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    e->out = fd >= 0 ? fdopen(fd, "we") : NULL;
    if (!e->out) {
        code = cli_fail(d->cli, EXIT_REFUSED, _("cannot write %s: %s"), path, strerror(errno));
        if (fd >= 0)
            (void)unlink(temporary);
        (void)close_fd(fd);
        return code;
    }
    code = write_all(d, e);
    if (code == EXIT_DONE && (fflush(e->out) != 0 || fsync(fd) < 0))
        code = cli_fail(d->cli, EXIT_REFUSED, _("cannot write %s: %s"), path, strerror(errno));
    if (fclose(e->out) != 0 && code == EXIT_DONE)
        code = cli_fail(d->cli, EXIT_REFUSED, _("cannot write %s: %s"), path, strerror(errno));
    if (code == EXIT_DONE && rename(temporary, path) < 0)
        code = cli_fail(d->cli, EXIT_REFUSED, _("cannot write %s: %s"), path, strerror(errno));
    if (code != EXIT_DONE)
        (void)unlink(temporary);
    return code;
}

static enum exit_code report(const struct cli *cli, const char *path, const struct export *e)
{
    if (cli->json) {
        cleanup_json json_t *value = json_pack("{s:s, s:I}", "file", path, "entries", (json_int_t)e->n);

        return call_print_json(cli, value);
    }
    (void)fprintf(cli->out, ngettext("Exported to %s: %zu entry.\n", "Exported to %s: %zu entries.\n", e->n),
                  path, e->n);
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct settings *s = settings;
    cleanup_directory struct directory directory = {0};
    struct export e = {.cli = cli, .out = cli->out};
    bool to_file = s->output && strcmp(s->output, "-") != 0;
    enum exit_code code;

    (void)arguments;
    if (cli->json && !to_file)
        return cli_fail(cli, EXIT_USAGE, _("what is exported is LDIF; --json goes with --output FILE"));
    code = directory_open(cli, s->directory, &directory);
    if (code != EXIT_DONE)
        return code;
    if (!to_file)
        return write_all(&directory, &e);
    code = write_file(&directory, s->output, &e);
    return code == EXIT_DONE ? report(cli, s->output, &e) : code;
}

const struct verb verb_sync_export = {
    .name = "sync export",
    .arguments = "",
    .summary = N_("write the documents of the directory into a file"),
    .text = N_(
        "Writes all grants, revocations, statuses and trust files with their approvals, and the uses across "
        "the "
        "fleet with their holders, as LDIF (RFC 2849): for a backup, or for another directory. `sync import` "
        "reads it.\n"
        "Exit status 1: not complete; with --output no file was made. 5: the directory cannot be reached. 6: "
        "it does not let you in."),
    .example = "  hufuctl sync export -o hufu.ldif",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct settings),
    .run = run,
};
