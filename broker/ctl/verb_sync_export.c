#include "broker/ctl/call.h"
#include "broker/ctl/directory.h"
#include "broker/ctl/output.h"
#include "broker/ctl/verbs.h"

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
    struct directory *directory;
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

static enum exit_code write_out(const struct cli *cli, FILE *out, void *userdata)
{
    struct export *e = userdata;

    (void)cli;
    e->out = out;
    return write_all(e->directory, e);
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
    struct export e = {.cli = cli, .directory = &directory};
    bool to_file = output_is_file(s->output);
    enum exit_code code;

    (void)arguments;
    if (cli->json && !to_file)
        return cli_fail(cli, EXIT_USAGE, _("what is exported is LDIF; --json goes with --output FILE"));
    code = directory_open(cli, s->directory, &directory);
    if (code != EXIT_DONE)
        return code;
    code = output_write(cli, s->output, write_out, &e);
    return code == EXIT_DONE && to_file ? report(cli, s->output, &e) : code;
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
